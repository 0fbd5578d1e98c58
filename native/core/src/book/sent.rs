//! Levels as the texts that the venue sent, for the checksums that are made of those texts.
//!
//! catalogue: M4, M9. It stands beside an `L2Book` where checksums are verified:
//! - OKX, <https://www.okx.com/docs-v5/en/#overview-websocket-checksum>: CRC32 of the best 25 levels as
//!   `bid:size:ask:size:..`, bids and asks in turn, a side that has ended left out; Bitget's (<https://bitgetlimited.github.io/apidoc/en/spot/#calculate-checksum>) is
//!   made likewise, and Bitfinex's
//!   (<https://docs.bitfinex.com/docs/ws-websocket-checksum>) with a minus before the sizes of asks;
//! - Kraken, <https://docs.kraken.com/api/docs/guides/spot-ws-book-v1>: CRC32 of the best ten asks, then the best ten bids,
//!   price and size without point and leading zeros, nothing between them.

use super::l2::L2Book;
use crate::decode::message::BookMessage;
use crate::error::{CoreError, Result};
use crate::event::Level;
use crate::instrument::Venue;
use crate::units::{Side, Ticks};
use crc32fast::Hasher;
use std::collections::BTreeMap;

/// The longest number text; eighteen digits, a point and a sign fit twice.
const TEXT_MAX: usize = 39;
/// Levels a side of OKX's checksum.
const OKX_LEVELS: usize = 25;
/// Levels a side of Kraken's checksum.
const KRAKEN_LEVELS: usize = 10;

/// A number as sent.
#[derive(Debug, Clone, Copy)]
struct Text {
    len: u8,
    bytes: [u8; TEXT_MAX],
}

impl Text {
    fn of(text: &[u8], field: &'static str) -> Result<Self> {
        let mut bytes = [0; TEXT_MAX];
        let room = bytes.get_mut(..text.len()).ok_or_else(|| {
            let was = String::from_utf8_lossy(text).chars().take(TEXT_MAX).collect();
            CoreError::Field { field, was, why: "must be at most 39 characters" }
        })?;
        room.copy_from_slice(text);
        Ok(Self { len: text.len() as u8, bytes })
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// One level in all its forms.
#[derive(Debug, Clone, Copy)]
struct Sent {
    level: Level,
    price: Text,
    qty: Text,
}

/// Both sides as sent, best first.
#[derive(Debug, Clone, Default)]
pub struct SentBook {
    /// By price with the sign turned, so that the best bid comes first.
    bids: BTreeMap<Ticks, Sent>,
    asks: BTreeMap<Ticks, Sent>,
}

impl SentBook {
    /// An empty book.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets every level.
    pub fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    fn side(&self, side: Side) -> &BTreeMap<Ticks, Sent> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// Sets a level, whose texts were sent as `price` and `qty`; one of size 0 goes.
    ///
    /// Errors: `Field` for a text that no venue would send, `Full` where the side has `LEVELS_MAX` levels.
    pub fn apply(&mut self, side: Side, level: Level, price: &[u8], qty: &[u8]) -> Result<()> {
        let (levels, key) = match side {
            Side::Buy => (&mut self.bids, -level.price),
            Side::Sell => (&mut self.asks, level.price),
        };
        if level.qty == 0 {
            levels.remove(&key);
            return Ok(());
        }
        if levels.len() >= super::LEVELS_MAX && !levels.contains_key(&key) {
            return Err(CoreError::Full { what: "book side as sent", capacity: super::LEVELS_MAX });
        }
        levels.insert(key, Sent { level, price: Text::of(price, "price")?, qty: Text::of(qty, "quantity")? });
        Ok(())
    }

    /// Deletes what is beyond the best `count` levels of each side.
    pub fn keep(&mut self, count: usize) {
        for levels in [&mut self.bids, &mut self.asks] {
            while levels.len() > count {
                levels.pop_last();
            }
        }
    }

    /// Brings the texts up to date with a message that `book` has taken. Where the message carries a checksum: whether
    /// it is that of the texts, these being the book's own best levels, and the texts' own. `level` reads price and size.
    ///
    /// Errors: as `apply`, and whatever `level` fails with.
    pub fn follow(
        &mut self,
        venue: Venue,
        told: &BookMessage<'_>,
        book: &L2Book,
        level: impl Fn(&[u8], &[u8]) -> Result<Level>,
    ) -> Result<Option<(bool, u32)>> {
        if !matches!(venue, Venue::Okx | Venue::Bitget | Venue::Kraken | Venue::Bitfinex) {
            return Ok(None);
        }
        if told.snapshot {
            self.clear();
        }
        for side in [Side::Buy, Side::Sell] {
            told.levels(side, |price, qty| self.apply(side, level(price, qty)?, price, qty))?;
        }
        if let Some(depth) = told.depth {
            self.keep(depth);
        }
        let (Some(want), Some(sum)) = (told.checksum, self.checksum(venue)) else { return Ok(None) };
        Ok(Some((sum == want && self.is_top_of(book), sum)))
    }

    /// The venue's checksum of what is here; None where the venue has none.
    #[must_use]
    pub fn checksum(&self, venue: Venue) -> Option<u32> {
        match venue {
            Venue::Okx | Venue::Bitget => Some(self.in_turn(b"")),
            Venue::Bitfinex => Some(self.in_turn(b"-")),
            Venue::Kraken => Some(self.digits()),
            Venue::Binance | Venue::Bybit | Venue::Coinbase | Venue::Deribit | Venue::KrakenFutures => None,
            Venue::Kucoin | Venue::Bitstamp | Venue::Hyperliquid | Venue::Gate | Venue::Htx => None,
            Venue::Bitmex | Venue::Dydx | Venue::Lighter => None,
        }
    }

    /// Whether the best levels, as many as a checksum covers at most, are those of `book`.
    #[must_use]
    pub fn is_top_of(&self, book: &L2Book) -> bool {
        [Side::Buy, Side::Sell].into_iter().all(|side| {
            let ours = self.side(side).values().map(|sent| sent.level).take(OKX_LEVELS);
            ours.eq(book.levels(side).take(OKX_LEVELS))
        })
    }

    /// OKX's: levels of both sides in turn, all texts joined by colons; `before_asks` stands before the size of an ask.
    fn in_turn(&self, before_asks: &[u8]) -> u32 {
        let mut hasher = Hasher::new();
        let mut between: &[u8] = b"";
        let (mut bids, mut asks) = (self.bids.values(), self.asks.values());
        for _ in 0..OKX_LEVELS {
            for (sent, sign) in [(bids.next(), b"".as_slice()), (asks.next(), before_asks)] {
                let Some(sent) = sent else { continue };
                for (sign, text) in [(b"".as_slice(), &sent.price), (sign, &sent.qty)] {
                    hasher.update(between);
                    hasher.update(sign);
                    hasher.update(text.as_bytes());
                    between = b":";
                }
            }
        }
        hasher.finalize()
    }

    /// Kraken's: the digits of the asks, then those of the bids.
    fn digits(&self) -> u32 {
        let mut hasher = Hasher::new();
        for levels in [&self.asks, &self.bids] {
            for sent in levels.values().take(KRAKEN_LEVELS) {
                add_digits(&mut hasher, sent.price.as_bytes());
                add_digits(&mut hasher, sent.qty.as_bytes());
            }
        }
        hasher.finalize()
    }
}

/// Adds a number without its point and leading zeros.
fn add_digits(hasher: &mut Hasher, text: &[u8]) {
    let first = text.iter().position(|byte| !matches!(byte, b'0' | b'.')).unwrap_or(text.len());
    for part in text.get(first..).unwrap_or_default().split(|byte| *byte == b'.') {
        hasher.update(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(levels: &[(Side, &str, &str)]) -> SentBook {
        let mut sent = SentBook::new();
        for (at, (side, price, qty)) in levels.iter().enumerate() {
            let price_ticks = if *side == Side::Buy { 100 - at as i64 } else { 100 + at as i64 };
            let level = Level { price: price_ticks, qty: 1 };
            sent.apply(*side, level, price.as_bytes(), qty.as_bytes()).unwrap();
        }
        sent
    }

    #[test]
    fn okx_takes_the_sides_in_turn_and_a_short_side_ends() {
        // The venue's document gives both texts.
        let (bid, ask) = (Side::Buy, Side::Sell);
        let even = book(&[(bid, "3366.1", "7"), (bid, "3366", "6"), (ask, "3366.8", "9"), (ask, "3368", "8")]);
        let want = crc32fast::hash(b"3366.1:7:3366.8:9:3366:6:3368:8");
        assert_eq!(even.checksum(Venue::Okx), Some(want));
        let short = book(&[(bid, "3366.1", "7"), (ask, "3366.8", "9"), (ask, "3368", "8"), (ask, "3372", "8")]);
        let want = crc32fast::hash(b"3366.1:7:3366.8:9:3368:8:3372:8");
        assert_eq!(short.checksum(Venue::Okx), Some(want));
    }

    #[test]
    fn kraken_agrees_with_the_example_of_its_document() {
        // <https://docs.kraken.com/api/docs/guides/spot-ws-book-v1>: prices and sizes 0.05005 0.00000500 and on.
        let ticks = |at: usize| format!("0.05{:03}", if at < 10 { 5 + 5 * at } else { 0 });
        let asks: Vec<String> = (0..10).map(ticks).collect();
        let bids = "0.05000 0.04995 0.04990 0.04980 0.04975 0.04970 0.04965 0.04960 0.04955 0.04950";
        let mut levels: Vec<(Side, &str, &str)> = asks.iter().map(|p| (Side::Sell, p.as_str(), "0.00000500")).collect();
        levels.extend(bids.split(' ').map(|price| (Side::Buy, price, "0.00000500")));
        assert_eq!(book(&levels).checksum(Venue::Kraken), Some(974_947_235));
    }

    #[test]
    fn levels_go_by_size_zero_and_by_depth() {
        let mut sent = book(&[(Side::Buy, "1", "1"), (Side::Buy, "2", "1"), (Side::Sell, "3", "1")]);
        let mut plain = L2Book::new();
        for (side, price) in [(Side::Buy, 100), (Side::Buy, 99), (Side::Sell, 102)] {
            plain.apply(side, price, 1).unwrap();
        }
        assert!(sent.is_top_of(&plain));
        sent.keep(1);
        assert!(!sent.is_top_of(&plain));
        plain.apply(Side::Buy, 99, 0).unwrap();
        assert!(sent.is_top_of(&plain));
        sent.apply(Side::Sell, Level { price: 102, qty: 0 }, b"3", b"0").unwrap();
        assert_eq!(sent.checksum(Venue::Okx), Some(crc32fast::hash(b"1:1")));
        assert_eq!(sent.checksum(Venue::Bybit), None);
        assert!(sent.apply(Side::Buy, Level { price: 1, qty: 1 }, &[b'1'; 40], b"1").is_err());
    }
}
