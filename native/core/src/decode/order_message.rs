//! What a message says of a single order, and what its connection has said before.
//!
//! catalogue: M1, M2. Every venue's file of single orders makes these; `orders` turns them into records.

use super::message::first;
use super::scan::{Scan, Value, need};
use crate::book::l3::{RecordKind, record_flags as flags};
use crate::error::{CoreError, Result};
use crate::units::{NO_TIME, Nanos, Side};
use std::collections::{BTreeMap, BTreeSet};

/// The most channels and books of one connection.
const NAMES_MAX: usize = 4_096;
/// Levels a side of a book of Kraken's whose depth nobody told.
const DEPTH: u64 = 1_000;

/// What a message says of one order.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderMessage<'a> {
    /// The venue's symbol of the book.
    pub symbol: &'a [u8],
    /// The venue's word for what happened.
    pub event: &'static str,
    /// What it does.
    pub kind: RecordKind,
    /// The order.
    pub id: u64,
    /// Its side.
    pub side: Side,
    /// Price text; empty where the message has none.
    pub price: &'a [u8],
    /// Size text; empty where the message has none.
    pub qty: &'a [u8],
    /// The venue's time, or `NO_TIME`.
    pub ts_venue: Nanos,
    /// Bits of `record_flags`.
    pub flags: u16,
}

impl<'a> OrderMessage<'a> {
    /// That the whole book of a symbol follows, from nothing.
    pub const fn cleared(symbol: &'a [u8]) -> Self {
        Self {
            symbol,
            event: "snapshot",
            kind: RecordKind::Clear,
            id: 0,
            side: Side::Buy,
            price: b"",
            qty: b"",
            ts_venue: NO_TIME,
            flags: flags::MESSAGE | flags::SNAPSHOT,
        }
    }
}

/// Who takes the messages of one payload.
pub(super) type Take<'f> = &'f mut dyn FnMut(OrderMessage<'_>) -> Result<()>;

/// What a connection has said of one book of Kraken's.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// Levels a side that are told.
    pub depth: u64,
    /// One of the last decimal that prices were written with so far, as text.
    pub price_unit: &'static [u8],
    /// The same of sizes.
    pub qty_unit: &'static [u8],
}

/// What a connection has said before.
#[derive(Debug, Clone, Default)]
pub(super) struct Connection {
    /// Symbols by the venue's number of their channel.
    pub channels: BTreeMap<u64, Vec<u8>>,
    /// When the whole book of a symbol was made, where it came over REST; of Coinbase the number of the last message in it.
    pub whole_at: BTreeMap<Vec<u8>, Nanos>,
    /// Books of Kraken's by symbol.
    kept: BTreeMap<Vec<u8>, Kept>,
    /// Messages are missing, and no record has said so yet.
    pub gap: bool,
    /// Orders that never rest, by id: market orders, which change like others and end; of Coinbase those that were
    /// received and do not rest yet.
    pub market: BTreeSet<u64>,
    /// The last number of each counted line, by its name.
    numbers: BTreeMap<Vec<u8>, u64>,
}

impl Connection {
    /// Whether messages are missing on the line called `name` before the one numbered `number`.
    ///
    /// A number that is not larger than the last one begins anew, as after a reconnect.
    pub fn misses(&mut self, name: &[u8], number: u64) -> Result<bool> {
        if let Some(last) = self.numbers.get_mut(name) {
            let before = std::mem::replace(last, number);
            return Ok(number > before && number != before.wrapping_add(1));
        }
        room(self.numbers.len())?;
        self.numbers.insert(name.to_owned(), number);
        Ok(false)
    }

    /// Whether a message is about an order that never rests: it does not now, or it did not when it began.
    pub fn never_rests(&mut self, id: u64, kind: RecordKind, now: bool) -> bool {
        let known = match kind {
            RecordKind::Trade => return false,
            RecordKind::Delete => self.market.remove(&id),
            _ => self.market.contains(&id),
        };
        if now && kind == RecordKind::Add && self.market.len() < NAMES_MAX {
            self.market.insert(id);
        }
        known || now
    }

    /// Notes that an order was received and does not rest yet; beyond the bound it is taken for one that rests.
    pub fn waits(&mut self, id: u64) {
        if self.market.len() < NAMES_MAX {
            self.market.insert(id);
        }
    }

    /// Whether an order was received and does not rest yet.
    pub fn is_waiting(&self, id: u64) -> bool {
        self.market.contains(&id)
    }

    /// The same, of one that waits no longer.
    pub fn waited(&mut self, id: u64) -> bool {
        self.market.remove(&id)
    }

    /// What was said of a book of Kraken's; of a new one, that it has the thousand levels that our session subscribes.
    pub fn kept(&mut self, symbol: &[u8]) -> Result<&mut Kept> {
        if !self.kept.contains_key(symbol) {
            room(self.kept.len())?;
        }
        let new = Kept { depth: DEPTH, price_unit: b"1", qty_unit: b"1" };
        Ok(self.kept.entry(symbol.to_owned()).or_insert(new))
    }

    /// Notes when the whole book of a symbol was made.
    pub fn whole(&mut self, symbol: &[u8], at: Nanos) -> Result<()> {
        room(self.whole_at.len())?;
        self.whole_at.insert(symbol.to_owned(), at);
        Ok(())
    }

    /// Notes which symbol a channel is about.
    pub fn name(&mut self, channel: u64, symbol: &[u8]) -> Result<()> {
        room(self.channels.len())?;
        self.channels.insert(channel, symbol.to_owned());
        Ok(())
    }
}

/// Room for one more name, or the error that says there is none.
pub(super) fn room(count: usize) -> Result<()> {
    if count < NAMES_MAX { Ok(()) } else { Err(CoreError::Full { what: "channels", capacity: NAMES_MAX }) }
}

/// The orders of a whole book that REST brings, bids and asks: price, size and id of each, which `id_of` reads.
pub(super) fn rest_book<'a>(
    symbol: &[u8],
    sides: [Option<Value<'a>>; 2],
    id_of: impl Fn(Value<'a>) -> Result<u64>,
    take: Take<'_>,
) -> Result<()> {
    let said = OrderMessage::cleared(symbol);
    take(said)?;
    for (side, orders) in [Side::Buy, Side::Sell].into_iter().zip(sides) {
        need(orders, "orders")?.items("orders", |item| {
            let [Some(price), Some(qty), Some(id)] = first::<3>(item, "order")? else {
                return Err(item.refuse("order"));
            };
            let (price, qty, id) = (price.figure("price")?, qty.figure("size")?, id_of(id)?);
            take(OrderMessage { kind: RecordKind::Add, id, side, price, qty, flags: flags::SNAPSHOT, ..said })
        })?;
    }
    Ok(())
}

/// The one JSON value that a payload is.
pub(super) fn whole(payload: &[u8]) -> Result<Value<'_>> {
    let mut scan = Scan::new(payload);
    let value = scan.value("message")?;
    scan.end()?;
    Ok(value)
}
