//! What a connection has said that its later messages build on: which channel a number stands for, which price an id, and how
//! deep a book was subscribed.
//!
//! catalogue: M1. Most venues' messages say everything themselves; those of Bitfinex, BitMEX (until 2023) and Kraken's v2 do
//! not. It is bounded and says so when it is full; what is told again replaces what was known.

use super::figures::Place;
use crate::error::{CoreError, Result};
use crate::units::Nanos;
use std::collections::BTreeMap;

/// The most channels of a connection; Bitfinex allows thirty.
const CHANNELS_MAX: usize = 4096;
/// The most prices by id; BitMEX has some thousand levels an instrument.
const PRICES_MAX: usize = 1 << 20;
/// The longest symbol, as in a definition.
const SYMBOL_MAX: usize = 40;

/// What the messages of a channel are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// Changes of a book.
    Book,
    /// Trades.
    Trades,
    /// Figures at a place.
    Figures(&'static Place),
    /// Klines of an interval.
    Klines(Nanos),
    /// Nothing of ours.
    Other,
}

/// One channel of a connection.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    /// Its number.
    pub id: u64,
    /// What its messages are.
    pub content: Content,
    /// Whose.
    pub symbol: Vec<u8>,
}

impl PartialEq for Channel {
    /// What a channel's messages are follows from how it was named.
    fn eq(&self, other: &Self) -> bool {
        (self.id, &self.symbol) == (other.id, &other.symbol)
    }
}

impl Eq for Channel {}

/// What one connection has said so far. Empty until a message has to be remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    channels: Vec<Channel>,
    symbols: Vec<Vec<u8>>,
    depths: Vec<(Vec<u8>, usize)>,
    prices: BTreeMap<(usize, u64), Box<[u8]>>,
}

impl Memory {
    /// A channel is named, or named anew.
    pub(super) fn name(&mut self, id: u64, content: Content, symbol: &[u8]) -> Result<()> {
        let channel = Channel { id, content, symbol: checked(symbol)? };
        self.channels.retain(|known| known.id != id);
        if self.channels.len() == CHANNELS_MAX {
            return Err(full("channels of a connection", CHANNELS_MAX));
        }
        self.channels.push(channel);
        Ok(())
    }

    /// The channel of a number, where it was named.
    pub(super) fn channel(&self, id: u64) -> Option<&Channel> {
        self.channels.iter().find(|known| known.id == id)
    }

    /// A book was subscribed so deep.
    pub(super) fn set_depth(&mut self, symbol: &[u8], depth: usize) -> Result<()> {
        self.depths.retain(|(known, _)| known != symbol);
        if self.depths.len() == CHANNELS_MAX {
            return Err(full("books of a connection", CHANNELS_MAX));
        }
        self.depths.push((checked(symbol)?, depth));
        Ok(())
    }

    /// How deep a book was subscribed, where that was told.
    pub(super) fn depth(&self, symbol: &[u8]) -> Option<usize> {
        self.depths.iter().find(|(known, _)| known == symbol).map(|(_, depth)| *depth)
    }

    /// An id of an instrument stands for a price, as sent; it does so for ever.
    pub(super) fn set_price(&mut self, symbol: &[u8], id: u64, price: &[u8]) -> Result<()> {
        let at = match self.symbols.iter().position(|known| known == symbol) {
            Some(at) => at,
            None if self.symbols.len() == CHANNELS_MAX => return Err(full("books of a connection", CHANNELS_MAX)),
            None => {
                self.symbols.push(checked(symbol)?);
                self.symbols.len() - 1
            }
        };
        if self.prices.len() == PRICES_MAX && !self.prices.contains_key(&(at, id)) {
            return Err(full("prices by id", PRICES_MAX));
        }
        self.prices.insert((at, id), price.into());
        Ok(())
    }

    /// The price of an id, where it was told.
    pub(super) fn price(&self, symbol: &[u8], id: u64) -> Option<&[u8]> {
        let at = self.symbols.iter().position(|known| known == symbol)?;
        self.prices.get(&(at, id)).map(|price| &**price)
    }
}

fn checked(symbol: &[u8]) -> Result<Vec<u8>> {
    if symbol.is_empty() || symbol.len() > SYMBOL_MAX {
        let was = String::from_utf8_lossy(symbol).chars().take(SYMBOL_MAX).collect();
        return Err(CoreError::Field { field: "symbol", was, why: "must be 1 to 40 characters" });
    }
    Ok(symbol.to_vec())
}

#[cold]
fn full(what: &'static str, capacity: usize) -> CoreError {
    CoreError::Full { what, capacity }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_again_replaces_what_was_known() {
        let mut memory = Memory::default();
        memory.name(7, Content::Book, b"tBTCUSD").unwrap();
        memory.name(7, Content::Trades, b"tETHUSD").unwrap();
        let channel = memory.channel(7).unwrap();
        assert!(matches!(channel.content, Content::Trades) && channel.symbol == b"tETHUSD");
        assert!(memory.channel(8).is_none());
        memory.set_depth(b"BTC/USD", 10).unwrap();
        memory.set_depth(b"BTC/USD", 25).unwrap();
        assert_eq!((memory.depth(b"BTC/USD"), memory.depth(b"ETH/USD")), (Some(25), None));
        memory.set_price(b"XBTUSD", 1, b"9000.5").unwrap();
        memory.set_price(b"ETHUSD", 1, b"200").unwrap();
        assert_eq!((memory.price(b"XBTUSD", 1), memory.price(b"XBTUSD", 2)), (Some(b"9000.5".as_slice()), None));
    }

    #[test]
    fn it_is_bounded_and_says_so() {
        let mut memory = Memory::default();
        for id in 0..CHANNELS_MAX as u64 {
            memory.name(id, Content::Other, b"tBTCUSD").unwrap();
        }
        let error = memory.name(9999, Content::Other, b"tBTCUSD").unwrap_err();
        assert_eq!(error, CoreError::Full { what: "channels of a connection", capacity: CHANNELS_MAX });
        memory.name(0, Content::Book, b"tBTCUSD").unwrap();
        assert!(memory.name(0, Content::Book, &[b'x'; 41]).unwrap_err().to_string().starts_with("symbol must be"));
    }
}
