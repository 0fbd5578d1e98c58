//! The messages of `public` as the records that Binance's decoder writes: depth, best price, trade, figures, klines.
//!
//! catalogue: M1. It holds no state but the definitions, like `Decoder`, and what its connection has said before (`memory`).

use super::figure_records;
use super::level::{self, Layouts};
use super::memory::Memory;
use super::public::{BookMessage, Message, Public, TopMessage, TradeMessage};
use super::symbols::{Listed, Symbols};
use super::{Stamp, whole_message};
use crate::error::Result;
use crate::event::{Bbo, DepthHead, Level, RecordBuf, Trade, flags};
use crate::instrument::{Instrument, Market};
use crate::units::{Lots, NO_PRICE, Side, Ticks};

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
        // The reader borrows the memory while what it reads is written here.
        let mut memory = std::mem::take(&mut self.memory);
        let written = whole_message(out, |out| {
            let mut written = 0;
            self.public.read(&mut memory, payload, &mut |message| {
                written += self.write(&message, stamp, out)?.1;
                Ok(())
            })?;
            Ok(written)
        });
        self.memory = memory;
        written
    }

    /// Reads the body of a REST answer about `symbol`, where the venue's stream does not send it; else like `market`.
    pub fn snapshot(&self, symbol: &[u8], body: &[u8], stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
        whole_message(out, |out| {
            let mut written = 0;
            self.public.read_whole(symbol, body, &mut |message| {
                written += self.write(&message, stamp, out)?.1;
                Ok(())
            })?;
            Ok(written)
        })
    }

    /// Writes the records of one message, and returns the number of its instrument and how many they are. Figures and klines
    /// of an instrument that is not defined are left out (0 and 0), because some venues send them of all at once.
    pub fn write(&self, message: &Message<'_>, stamp: Stamp, out: &mut RecordBuf) -> Result<(u32, usize)> {
        let symbol = message.symbol();
        let market = self.public.market_of(symbol);
        let listed = match message {
            Message::Figures(_) | Message::Kline(_) => match self.symbols.find(market, symbol) {
                Some(listed) => listed,
                None => return Ok((0, 0)),
            },
            _ => self.symbols.need(market, symbol)?,
        };
        let id = listed.instrument.id;
        let written = match message {
            Message::Book(book) => depth(book, listed, stamp, out).map(|()| 1),
            Message::Trade(told) => trade(told, listed, stamp, out).map(|()| 1),
            Message::Top(told) => top(told, listed, stamp, out).map(|()| 1),
            Message::Figures(told) => figure_records::write(told, id, stamp, out),
            Message::Kline(told) => figure_records::write_kline(told, id, stamp, out).map(|()| 1),
        }?;
        Ok((id, written))
    }

    /// A level's price in ticks and size in lots.
    pub(crate) fn level(&self, instrument: u32, price: &[u8], qty: &[u8]) -> Result<Level> {
        level_of(self.symbols.by_id(instrument)?, price, qty)
    }
}

fn level_of(listed: &Listed, price: &[u8], qty: &[u8]) -> Result<Level> {
    Ok(Level { price: listed.ticks(price)?, qty: listed.shown_lots(qty)? })
}

fn depth(book: &BookMessage<'_>, listed: &Listed, stamp: Stamp, out: &mut RecordBuf) -> Result<()> {
    let at = out.begin_depth()?;
    let mut layouts = Layouts::default();
    let bids = side(book, Side::Buy, &mut layouts, listed, out)?;
    let asks = side(book, Side::Sell, &mut layouts, listed, out)?;
    let mut header = stamp.header::<DepthHead>(listed.instrument.id);
    let (first, last, previous) = book.ids;
    header.stream_seq = last;
    header.ts_venue = book.ts_venue;
    header.flags = if book.snapshot { flags::SNAPSHOT } else { 0 };
    out.end_depth(at, DepthHead { header, first, previous, bids, asks });
    Ok(())
}

/// Writes the levels of one side, in the fastest way that their form allows; how many there are.
fn side(
    book: &BookMessage<'_>,
    side: Side,
    layouts: &mut Layouts,
    listed: &Listed,
    out: &mut RecordBuf,
) -> Result<u32> {
    if let Some(raw) = book.levels.pairs(side)
        && raw.starts_with(b"[[\"")
    {
        let mark = out.mark();
        if let Some((count, end)) = level::run(raw, 3, layouts, listed, out)
            && end == raw.len()
        {
            return Ok(count);
        }
        out.rollback(mark);
    }
    let mut count = 0;
    book.levels(side, |price, qty| {
        count += 1;
        out.level(level_of(listed, price, qty)?)
    })?;
    Ok(count)
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
