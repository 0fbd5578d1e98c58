//! The messages of `public` as the records that Binance's decoder writes: depth, best price, trade, figures, klines.
//!
//! catalogue: M1. It holds no state but the definitions, like `Decoder`, and what its connection has said before (`memory`).

use super::figure_records;
use super::levels::Written;
use super::memory::Memory;
use super::message::{BookMessage, Message, TopMessage, TradeMessage};
use super::public::Public;
use super::symbols::{Listed, Symbols};
use super::{Stamp, whole_message};
use crate::error::Result;
use crate::event::{Bbo, DepthHead, Level, RecordBuf, Trade, flags};
use crate::instrument::{Instrument, Market};
use crate::units::{Lots, NO_PRICE, Ticks};

/// Reads the public messages of one kind of connection into records.
#[derive(Debug, Clone)]
pub struct PublicDecoder {
    public: Public,
    symbols: Symbols,
    memory: Memory,
}

impl PublicDecoder {
    /// A decoder that knows no instrument yet.
    #[must_use]
    pub fn new(public: Public) -> Self {
        Self { public, symbols: Symbols::default(), memory: Memory::default() }
    }

    /// Which market a symbol of this connection belongs to.
    #[must_use]
    pub fn market_of(&self, symbol: &[u8]) -> Market {
        self.public.market_of(symbol)
    }

    /// Makes an instrument known, or replaces the definition of the same symbol and market.
    pub fn define(&mut self, instrument: &Instrument) -> Result<()> {
        self.symbols.define(instrument)
    }

    /// Reads one message of a socket and says how many records it gave; 0 for what is no market data of ours.
    ///
    /// Errors: `Decode` or `Field` for what cannot be read, `Unknown` for a symbol that is not defined, `Full` where
    /// `out` has no room.
    pub fn market(&mut self, payload: &[u8], stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
        let Self { public, symbols, memory } = self;
        whole_message(out, |out| {
            let mut written = 0;
            public.read(memory, payload, &mut |message| {
                written += write((*public, symbols), message, payload, stamp, out)?.1;
                Ok(())
            })?;
            Ok(written)
        })
    }

    /// Reads the body of a REST answer about `symbol`, where the venue's stream does not send it; else like `market`.
    pub fn snapshot(&self, symbol: &[u8], body: &[u8], stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
        whole_message(out, |out| {
            let mut written = 0;
            self.public.read_whole(symbol, body, &mut |message| {
                written += self.write(message, body, stamp, out)?.1;
                Ok(())
            })?;
            Ok(written)
        })
    }

    /// Writes the records of one message of `payload`, and returns the number of its instrument and how many they are.
    /// Figures and klines of an instrument that is not defined are left out (0 and 0), because some venues send them of all
    /// at once.
    pub fn write(
        &self,
        message: &Message<'_>,
        payload: &[u8],
        stamp: Stamp,
        out: &mut RecordBuf,
    ) -> Result<(u32, usize)> {
        write((self.public, &self.symbols), message, payload, stamp, out)
    }

    /// A level's price in ticks and size in lots.
    pub(crate) fn level(&self, instrument: u32, price: &[u8], qty: &[u8]) -> Result<Level> {
        self.symbols.by_id(instrument)?.level(price, qty)
    }
}

/// See `PublicDecoder::write`.
fn write(
    (public, symbols): (Public, &Symbols),
    message: &Message<'_>,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<(u32, usize)> {
    let symbol = message.symbol();
    let market = public.market_of(symbol);
    let listed = match message {
        Message::Figures(_) | Message::Found(_) | Message::Kline(_) => match symbols.find(market, symbol) {
            Some(listed) => listed,
            None => return Ok((0, 0)),
        },
        _ => symbols.need(market, symbol)?,
    };
    let id = listed.instrument.id;
    let written = match message {
        Message::Figures(told) => figure_records::write(told, id, stamp, out)?,
        Message::Found(told) => figure_records::write_found((&told.found, payload), told.ts_venue, id, stamp, out)?,
        Message::Book(book) => {
            depth((book, payload), listed, stamp, out)?;
            1
        }
        Message::Trade(told) => {
            trade(told, listed, stamp, out)?;
            1
        }
        Message::Top(told) => {
            top(told, listed, stamp, out)?;
            1
        }
        Message::Kline(told) => {
            figure_records::write_kline(told, id, stamp, out)?;
            1
        }
    };
    Ok((id, written))
}

fn depth((book, payload): (&BookMessage<'_>, &[u8]), listed: &Listed, stamp: Stamp, out: &mut RecordBuf) -> Result<()> {
    let at = out.begin_depth()?;
    let Written { bids, asks, latest } = book.levels.write(payload, listed, out)?;
    let mut header = stamp.header::<DepthHead>(listed.instrument.id);
    let (first, last, previous) = book.ids;
    header.stream_seq = last;
    header.ts_venue = book.ts_venue.max(latest);
    header.flags = if book.snapshot { flags::SNAPSHOT } else { 0 };
    out.end_depth(at, DepthHead { header, first, previous, bids, asks });
    Ok(())
}

fn trade(told: &TradeMessage<'_>, listed: &Listed, stamp: Stamp, out: &mut RecordBuf) -> Result<()> {
    let mut header = stamp.header::<Trade>(listed.instrument.id);
    header.stream_seq = told.id;
    header.ts_venue = told.ts_venue;
    header.flags = if told.sell { flags::SELL } else { 0 } | if told.off_book { flags::OFF_BOOK } else { 0 };
    out.push(&Trade { header, price: listed.ticks(told.price)?, qty: listed.shown_lots(told.qty)? })
}

fn top(told: &TopMessage<'_>, listed: &Listed, stamp: Stamp, out: &mut RecordBuf) -> Result<()> {
    let mut header = stamp.header::<Bbo>(listed.instrument.id);
    header.stream_seq = told.id;
    header.ts_venue = told.ts_venue;
    let (bid, bid_qty) = best(told.bid, listed)?;
    let (ask, ask_qty) = best(told.ask, listed)?;
    out.push(&Bbo { header, bid, bid_qty, ask, ask_qty })
}

/// Price and size of one side, `NO_PRICE` and 0 where it is empty.
fn best((price, qty): (&[u8], &[u8]), listed: &Listed) -> Result<(Ticks, Lots)> {
    if price.is_empty() {
        return Ok((NO_PRICE, 0));
    }
    Ok((listed.ticks_or_none(price)?, listed.shown_lots(qty)?))
}
