//! Rows of levels as only one venue writes them: with a count of orders (Bitfinex), with times (Kraken), by id (BitMEX).
//!
//! catalogue: M1.

use super::memory::Memory;
use super::message::first;
use super::scan::{Value, members, need};
use crate::error::Result;
use crate::units::{Decimal, NO_TIME, Nanos, Side};

members! {
    /// A level of BitMEX.
    Row { symbol = b"symbol", id = b"id", side = b"side", price = b"price", qty = b"size" }
}

/// Rows of a book by id.
#[derive(Debug, Clone, Copy)]
pub(super) struct ById<'a> {
    pub rows: Value<'a>,
    pub symbol: &'a [u8],
    pub delete: bool,
    pub memory: &'a Memory,
}

impl<'a> ById<'a> {
    /// Calls `each` with price and size of every row of a side.
    pub fn each(self, side: Side, each: &mut dyn FnMut(&'a [u8], &'a [u8]) -> Result<()>) -> Result<()> {
        self.rows.items("data", |row| {
            let row = Row::of(row, "data")?;
            if symbol(row.symbol)? != self.symbol || side_of(row.side)? != side {
                return Ok(());
            }
            let told = row.price.map(|price| price.figure("price")).transpose()?;
            let price = match told {
                Some(price) => Some(price),
                None => self.memory.price(self.symbol, need(row.id, "id")?.whole("id")?),
            };
            let Some(price) = price else { return Ok(()) };
            each(price, if self.delete { b"0" } else { need(row.qty, "size")?.figure("size")? })
        })
    }
}

/// Side, price and size of one row; a level without orders has size 0.
pub(super) fn counted(row: Value<'_>) -> Result<(Side, &[u8], &[u8])> {
    let [Some(price), Some(count), Some(amount)] = first::<3>(row, "level")? else {
        return Err(row.refuse("level"));
    };
    let amount = amount.figure("amount")?;
    let (side, size) = match amount.strip_prefix(b"-") {
        Some(size) => (Side::Sell, size),
        None => (Side::Buy, amount),
    };
    let gone = count.whole("count")? == 0;
    Ok((side, price.figure("price")?, if gone { b"0" } else { size }))
}

/// The latest time of the levels of a side, as the third item of each.
pub(super) fn latest(side: Value<'_>) -> Result<Nanos> {
    let mut latest = NO_TIME;
    side.items("book", |level| {
        let [_, _, time] = first::<3>(level, "book")?;
        latest = latest.max(time.map_or(Ok(NO_TIME), seconds)?);
        Ok(())
    })?;
    Ok(latest)
}

/// Seconds since the epoch as a decimal text, in ns.
pub(super) fn seconds(value: Value<'_>) -> Result<Nanos> {
    let ns = Decimal::parse(value.text("time")?, "time")?.to_scale(9, "time")?;
    i64::try_from(ns).ok().filter(|ns| *ns >= 0).ok_or_else(|| value.refuse("time"))
}

/// The instrument of a row of BitMEX.
pub(super) fn symbol(symbol: Option<Value<'_>>) -> Result<&[u8]> {
    need(symbol, "symbol")?.text("symbol")
}

/// Of a level of BitMEX its side, of a trade the taker's.
pub(super) fn side_of(side: Option<Value<'_>>) -> Result<Side> {
    let side = need(side, "side")?;
    match side.text("side")? {
        b"Buy" => Ok(Side::Buy),
        b"Sell" => Ok(Side::Sell),
        _ => Err(side.refuse("side")),
    }
}
