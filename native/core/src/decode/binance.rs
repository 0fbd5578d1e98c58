//! Binance market data: every public message that becomes a record, in any order of its members.
//!
//! catalogue: M1. Follows <https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams>,
//! <https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams> and
//! <https://developers.binance.com/docs/derivatives/coin-margined-futures/websocket-market-streams>.
//! Spot's `bookTicker` has no `e`, and its partial depth neither `e` nor a symbol: the members that are there decide.
//! Events and members that we have no use for are skipped.

use super::binance_depth::{Depth, is_partial};
use super::binance_figures;
use super::scan::{Scan, Value, members, need};
use super::symbols::{Listed, Symbols, is_zero};
use super::{Stamp, venue_time};
use crate::error::Result;
use crate::event::{Bbo, Header, Mark, RecordBuf, Trade, flags};
use crate::instrument::Market;
use crate::units::{Decimal, Lots, NO_TIME, Nanos, Ticks};

members! {
    /// The members of every message of this file; one letter means different things in different events.
    Members {
        stream = b"stream",
        data = b"data",
        event = b"e",
        event_time = b"E",
        time = b"T",
        symbol = b"s",
        rest_symbol = b"symbol",
        first = b"U",
        last = b"u",
        previous = b"pu",
        snapshot_id = b"lastUpdateId",
        rest_bids = b"bids",
        rest_asks = b"asks",
        bid = b"b",
        bid_qty = b"B",
        ask = b"a",
        ask_qty = b"A",
        trade = b"t",
        price = b"p",
        qty = b"q",
        buyer_is_maker = b"m",
        trade_kind = b"X",
        index = b"i",
        rate = b"r",
    }
}

impl Members<'_> {
    /// The matching engine's time where the venue sends it, else the time of the push, else `NO_TIME`.
    fn ts_venue(&self) -> Result<Nanos> {
        match self.time.or(self.event_time) {
            Some(time) => venue_time(time.whole("time")?),
            None => Ok(NO_TIME),
        }
    }

    fn listed<'s>(&self, symbols: &'s Symbols, market: Market) -> Result<&'s Listed> {
        symbols.need(market, need(self.symbol, "symbol")?.text("symbol")?)
    }
}

/// Reads one message; returns how many records were written.
pub(super) fn market(
    symbols: &Symbols,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let mut scan = Scan::new(payload);
    if scan.peek() == Some(b'[') {
        // The all-market streams (`!ticker@arr`) send arrays of events that we have no use for.
        scan.value("message")?;
        return scan.end().map(|()| 0);
    }
    let mut outer = Members::default();
    scan.members("message", |key, value| {
        outer.set(key, value);
        Ok(())
    })?;
    scan.end()?;
    match (outer.stream, outer.data) {
        (Some(stream), Some(data)) if data.raw.first() == Some(&b'{') => {
            let inner = Members::of(data, "data")?;
            event(symbols, market, &inner, (payload, stream.text("stream")?), stamp, out)
        }
        (Some(_), Some(_)) => Ok(0),
        _ => event(symbols, market, &outer, (payload, b""), stamp, out),
    }
}

/// Writes what one event means.
fn event(
    symbols: &Symbols,
    market: Market,
    found: &Members<'_>,
    (payload, stream): (&[u8], &[u8]),
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let Some(name) = found.event else {
        return unnamed(symbols, market, found, (payload, stream), stamp, out);
    };
    match name.text("event")? {
        b"depthUpdate" => delta(found, is_partial(stream))?.write(found.listed(symbols, market)?, payload, stamp, out),
        b"bookTicker" => top(found, found.listed(symbols, market)?, stamp, out),
        b"trade" => trade(found, found.trade, found.listed(symbols, market)?, stamp, out),
        b"aggTrade" => trade(found, found.ask, found.listed(symbols, market)?, stamp, out),
        b"kline" => binance_figures::kline(symbols, market, payload, stamp, out),
        b"24hrTicker" => binance_figures::ticker(symbols, market, payload, stamp, out),
        b"forceOrder" => binance_figures::liquidation(symbols, market, payload, stamp, out),
        b"markPriceUpdate" => mark(found, found.listed(symbols, market)?, stamp, out),
        _ => Ok(0),
    }
}

/// Spot's two messages without an event's name, told by their members.
fn unnamed(
    symbols: &Symbols,
    market: Market,
    found: &Members<'_>,
    (payload, stream): (&[u8], &[u8]),
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    if let Some(id) = found.snapshot_id {
        let listed = match found.symbol.or(found.rest_symbol) {
            Some(symbol) => symbols.need(market, symbol.text("symbol")?)?,
            None => symbols.of_stream(market, stream)?,
        };
        return full(found, id)?.write(listed, payload, stamp, out);
    }
    if found.bid.is_some() && found.ask.is_some() && found.last.is_some() {
        return top(found, found.listed(symbols, market)?, stamp, out);
    }
    Ok(0)
}

/// Reads the body of a REST depth answer.
pub(super) fn snapshot(listed: &Listed, payload: &[u8], stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
    let mut scan = Scan::new(payload);
    let mut found = Members::default();
    scan.members("depth snapshot", |key, value| {
        found.set(key, value);
        Ok(())
    })?;
    scan.end()?;
    if let Some(symbol) = found.rest_symbol {
        let expected = listed.instrument.symbol.as_bytes();
        if symbol.text("symbol")? != expected {
            return Err(symbol.refuse("symbol of the depth snapshot"));
        }
    }
    full(&found, need(found.snapshot_id, "lastUpdateId")?)?.write(listed, payload, stamp, out)
}

/// The members of a book that replaces what was there.
fn full<'a>(found: &Members<'a>, id: Value<'a>) -> Result<Depth<'a>> {
    let id = id.whole("lastUpdateId")?;
    Ok(Depth {
        bids: need(found.rest_bids, "bids")?,
        asks: need(found.rest_asks, "asks")?,
        ids: (id, id, 0),
        ts_venue: found.ts_venue()?,
        snapshot: true,
    })
}

/// The members of a change.
fn delta<'a>(found: &Members<'a>, snapshot: bool) -> Result<Depth<'a>> {
    let previous = found.previous.map_or(Ok(0), |id| id.whole("previous update id"))?;
    let first = need(found.first, "first update id")?.whole("first update id")?;
    let last = need(found.last, "last update id")?.whole("last update id")?;
    Ok(Depth {
        bids: need(found.bid, "bids")?,
        asks: need(found.ask, "asks")?,
        ids: (first, last, previous),
        ts_venue: found.ts_venue()?,
        snapshot,
    })
}

fn top(found: &Members<'_>, listed: &Listed, stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
    let (bid, bid_qty) = side(found.bid, found.bid_qty, listed)?;
    let (ask, ask_qty) = side(found.ask, found.ask_qty, listed)?;
    let mut header = stamp.header::<Bbo>(listed.instrument.id);
    header.stream_seq = need(found.last, "update id")?.whole("update id")?;
    header.ts_venue = found.ts_venue()?;
    out.push(&Bbo { header, bid, bid_qty, ask, ask_qty })?;
    Ok(1)
}

fn side(price: Option<Value<'_>>, qty: Option<Value<'_>>, listed: &Listed) -> Result<(Ticks, Lots)> {
    let price = listed.ticks_or_none(need(price, "price")?.text("price")?)?;
    Ok((price, listed.shown_lots(need(qty, "quantity")?.text("quantity")?)?))
}

/// A `trade` (its id is `t`) or an `aggTrade` (its id is `a`).
fn trade(
    found: &Members<'_>,
    id: Option<Value<'_>>,
    listed: &Listed,
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let mut header = stamp.header::<Trade>(listed.instrument.id);
    header.stream_seq = need(id, "trade id")?.whole("trade id")?;
    header.ts_venue = found.ts_venue()?;
    let sold = need(found.buyer_is_maker, "buyer is maker")?.flag("buyer is maker")?;
    header.flags = if sold { flags::SELL } else { 0 };
    if let Some(kind) = found.trade_kind {
        // Futures name what is no trade on the book: INSURANCE_FUND, ADL, and NA with price and size 0.
        if kind.text("trade kind")? != b"MARKET" {
            header.flags |= flags::OFF_BOOK;
        }
    }
    let price = need(found.price, "price")?.text("price")?;
    let price = if header.has(flags::OFF_BOOK) { listed.ticks_or_none(price)? } else { listed.ticks(price)? };
    let qty = listed.shown_lots(need(found.qty, "quantity")?.text("quantity")?)?;
    out.push(&Trade { header, price, qty })?;
    Ok(1)
}

fn mark(found: &Members<'_>, listed: &Listed, stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
    let header = Header {
        ts_venue: found.event_time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("event time")?))?,
        ..stamp.header::<Mark>(listed.instrument.id)
    };
    let next_funding = match found.time {
        // A quarterly contract has no funding: the venue sends an empty rate and time 0.
        Some(time) => venue_time(time.whole("next funding time")?)?,
        None => NO_TIME,
    };
    out.push(&Mark {
        header,
        mark_e8: positive_e8(need(found.price, "mark price")?, "mark price")?,
        index_e8: found.index.map_or(Ok(0), |price| positive_e8(price, "index price"))?,
        rate_e8: found.rate.map_or(Ok(0), |rate| e8(rate, "funding rate"))?,
        next_funding,
    })?;
    Ok(1)
}

/// A price in 1e-8, not below zero.
fn positive_e8(value: Value<'_>, field: &'static str) -> Result<i64> {
    e8(value, field).and_then(|price| if price < 0 { Err(value.refuse(field)) } else { Ok(price) })
}

/// A decimal text in 1e-8; an empty text is 0. A figure finer than 1e-8 is cut there.
pub(super) fn e8(value: Value<'_>, field: &'static str) -> Result<i64> {
    let text = value.text(field)?;
    if text.is_empty() || is_zero(text) {
        return Ok(0);
    }
    let decimal = Decimal::parse(text, field)?;
    let scaled = match decimal.scale {
        0..=8 => decimal.to_scale(8, field)?,
        finer => decimal.mantissa / crate::units::pow10(finer - 8),
    };
    i64::try_from(scaled).map_err(|_| value.refuse(field))
}

#[cfg(test)]
#[path = "binance_tests.rs"]
mod tests;
