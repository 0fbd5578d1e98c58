//! Messages about single orders, venue by venue, as the records that books of single orders take.
//!
//! catalogue: M1, M2, M12. A venue's file takes its JSON apart into `OrderMessage`s. A decoder learns ticks and lots in a first pass over a
//! recording, or is told them; it then writes records. No bytes make it panic.

use super::order_message::{Connection, OrderMessage, Take, room, whole};
use super::survey::Surveyed;
use super::symbols::{Listed, Symbols, is_zero};
use super::{bitfinex_orders, bitstamp_orders, coinbase_orders, independent_reserve, kraken_orders};
use crate::book::l3::{OrderRecord, RecordKind, record_flags as flags};
use crate::error::{CoreError, Result};
use crate::instrument::{Instrument, Market};
use crate::units::{NO_TIME, Nanos};
use std::collections::BTreeMap;

/// A venue's stream of single orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderFeed {
    /// Bitstamp, `live_orders_..`, with `live_trades_..`.
    Bitstamp,
    /// Bitfinex, `book` with precision `R0`.
    Bitfinex,
    /// Independent Reserve, `orderbook-..`.
    IndependentReserve,
    /// Coinbase Exchange, `full`.
    Coinbase,
    /// Kraken v2, `level3`.
    Kraken,
}

impl OrderFeed {
    /// The feeds by name.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("bitstamp-orders", Self::Bitstamp),
        ("bitfinex-orders", Self::Bitfinex),
        ("independent-reserve", Self::IndependentReserve),
        ("coinbase-orders", Self::Coinbase),
        ("kraken-orders", Self::Kraken),
    ];

    /// The feed called `name`.
    pub fn parse(name: &str) -> Result<Self> {
        let why = "must be bitstamp-orders, bitfinex-orders, independent-reserve, coinbase-orders or kraken-orders";
        let found = Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, feed)| *feed);
        found.ok_or_else(|| CoreError::Field { field: "order feed", was: name.to_owned(), why })
    }
}

/// Reads one venue's messages about single orders.
#[derive(Debug, Clone)]
pub struct OrderDecoder {
    feed: OrderFeed,
    symbols: Symbols,
    connection: Connection,
    learnt: Vec<Surveyed>,
    told: Vec<BTreeMap<&'static str, u64>>,
}

impl OrderDecoder {
    /// A decoder that knows no book yet.
    #[must_use]
    pub fn new(feed: OrderFeed) -> Self {
        let (symbols, connection) = (Symbols::default(), Connection::default());
        Self { feed, symbols, connection, learnt: Vec::new(), told: Vec::new() }
    }

    /// Makes a book known; its number is one less than the instrument's.
    pub fn define(&mut self, instrument: &Instrument) -> Result<()> {
        self.symbols.define(instrument)?;
        let books = self.told.len().max(instrument.id as usize);
        self.told.resize(books, BTreeMap::new());
        Ok(())
    }

    /// Learns from one payload which books there are, and the coarsest tick and lot of each. `symbol` is whose REST book
    /// it is, where it is one.
    pub fn learn(&mut self, payload: &[u8], symbol: Option<&[u8]>) -> Result<()> {
        let Self { feed, connection, learnt, .. } = self;
        messages(*feed, connection, payload, symbol, &mut |message| {
            let at = learnt.iter().position(|known| known.symbol.as_bytes() == message.symbol);
            let at = at.map_or_else(|| new_book(learnt, message.symbol), Ok)?;
            learnt.get_mut(at).map_or(Ok(()), |known| known.told(message.price, message.qty))
        })
    }

    /// What was learnt, in the order in which the books were first seen.
    #[must_use]
    pub fn learnt(&self) -> &[Surveyed] {
        &self.learnt
    }

    /// Reads one payload into records; those of books that are not defined are left out. `ts_ns` is its receive time,
    /// for messages without a time of their own.
    ///
    /// Errors: `Decode` or `Field` for what cannot be read; records of the payload before the fault stay in `out`.
    pub fn read(
        &mut self,
        payload: &[u8],
        symbol: Option<&[u8]>,
        ts_ns: Nanos,
        out: &mut Vec<OrderRecord>,
    ) -> Result<()> {
        let Self { feed, connection, symbols, told, .. } = self;
        messages(*feed, connection, payload, symbol, &mut |message| {
            let Some(listed) = symbols.find(Market::Spot, message.symbol) else { return Ok(()) };
            let record = record(&message, listed, ts_ns)?;
            if message.flags & flags::MESSAGE != 0
                && let Some(told) = told.get_mut(record.book as usize)
            {
                *told.entry(message.event).or_default() += 1;
            }
            out.push(record);
            Ok(())
        })
    }

    /// How often a book's messages said each of the venue's words.
    pub fn told(&self, book: u32) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.told.get(book as usize).into_iter().flatten().map(|(word, count)| (*word, *count))
    }
}

fn new_book(learnt: &mut Vec<Surveyed>, symbol: &[u8]) -> Result<usize> {
    room(learnt.len())?;
    let text = std::str::from_utf8(symbol).map_err(|_| {
        let was = String::from_utf8_lossy(symbol).into_owned();
        CoreError::Field { field: "symbol", was, why: "must be UTF-8" }
    })?;
    learnt.push(Surveyed::new(text));
    Ok(learnt.len() - 1)
}

/// Takes one payload apart, or the body of the REST book of `symbol`.
fn messages(
    feed: OrderFeed,
    connection: &mut Connection,
    payload: &[u8],
    symbol: Option<&[u8]>,
    take: Take<'_>,
) -> Result<()> {
    match (feed, symbol) {
        (OrderFeed::Bitstamp, None) => bitstamp_orders::read(payload, connection, take),
        (OrderFeed::Bitfinex, None) => bitfinex_orders::read(whole(payload)?, connection, take),
        (OrderFeed::IndependentReserve, None) => independent_reserve::read(whole(payload)?, connection, take),
        (OrderFeed::IndependentReserve, Some(symbol)) => {
            independent_reserve::whole(symbol, whole(payload)?, connection, take)
        }
        (OrderFeed::Bitstamp, Some(symbol)) => bitstamp_orders::whole_book(symbol, whole(payload)?, connection, take),
        (OrderFeed::Coinbase, None) => coinbase_orders::read(whole(payload)?, connection, take),
        (OrderFeed::Coinbase, Some(symbol)) => coinbase_orders::whole(symbol, whole(payload)?, connection, take),
        (OrderFeed::Kraken, None) => kraken_orders::read(whole(payload)?, connection, take),
        (OrderFeed::Bitfinex | OrderFeed::Kraken, Some(_)) => {
            let why = "must be bitstamp-orders, coinbase-orders or independent-reserve for a REST book";
            Err(CoreError::Field { field: "order feed", was: format!("{feed:?}"), why })
        }
    }
}

fn record(message: &OrderMessage<'_>, listed: &Listed, ts_ns: Nanos) -> Result<OrderRecord> {
    // A price below the last decimal of its money is sent as 0 (Independent Reserve).
    let price = if message.price.is_empty() || is_zero(message.price) { 0 } else { listed.ticks(message.price)? };
    let qty = match message.kind {
        _ if message.qty.is_empty() => 0,
        // A unit that is no whole count of lots would give another checksum.
        RecordKind::Sum => listed.lots(message.qty)?,
        _ => listed.shown_lots(message.qty)?,
    };
    let ts_ns = if message.ts_venue == NO_TIME { ts_ns } else { message.ts_venue };
    let (kind, side) = (message.kind as u8, message.side as u8);
    let book = listed.instrument.id.wrapping_sub(1);
    Ok(OrderRecord { id: message.id, new_id: 0, price, qty, ts_ns, book, kind, side, flags: message.flags })
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
