//! Binance's tickers, klines, open interest and liquidations: figures and klines as every venue's are.
//!
//! catalogue: M1. Follows the pages that `binance` names (`kline`, `24hrTicker`, `forceOrder`), and for the open interest, which no
//! stream carries, <https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/Open-Interest>.
//! The mark price and the funding rate are `binance`'s own record, because the engine's state follows them.

use super::figure_records::{self, aligned, header};
use super::figures::Figure::{
    Ask, AskQty, Bid, BidQty, High, Last, LastQty, Low, Open, OpenInterest, Trades, Turnover, Volume,
};
use super::figures::Place::{self, Begin, Closed, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval, time};
use super::scan::{Scan, Shape, Value, members, need};
use super::symbols::Symbols;
use super::{Stamp, venue_time};
use crate::error::Result;
use crate::event::{Liquidation, RecordBuf, flags};
use crate::instrument::Market;
use crate::units::NO_TIME;

members! {
    /// The envelope of a combined stream.
    Envelope { data = b"data" }
}

members! {
    /// What an event or a REST answer is about.
    Event { symbol = b"s", rest_symbol = b"symbol", time = b"E", rest_time = b"time", kline = b"k", order = b"o" }
}

members! {
    /// The length of a kline.
    Length { length = b"i" }
}

members! {
    /// The order of a `forceOrder`.
    Forced {
        symbol = b"s",
        side = b"S",
        price = b"p",
        average = b"ap",
        qty = b"q",
        filled = b"z",
        time = b"T",
    }
}

/// `24hrTicker`; futures send no best price in it.
const TICKER: Place = Members(&[
    (b"b", Is(Bid)),
    (b"B", Is(BidQty)),
    (b"a", Is(Ask)),
    (b"A", Is(AskQty)),
    (b"c", Is(Last)),
    (b"Q", Is(LastQty)),
    (b"o", Is(Open)),
    (b"h", Is(High)),
    (b"l", Is(Low)),
    (b"v", Is(Volume)),
    (b"q", Is(Turnover)),
]);
/// The `k` of a kline: of COIN-M `v` counts contracts and `q` the coin.
const KLINE: Place = Members(&[
    (b"t", Begin(Clock::Millis)),
    (b"o", Is(Open)),
    (b"h", Is(High)),
    (b"l", Is(Low)),
    (b"c", Is(Last)),
    (b"v", Is(Volume)),
    (b"q", Is(Turnover)),
    (b"n", Is(Trades)),
    (b"x", Closed),
]);
/// An answer about open interest.
const INTEREST: Place = Members(&[(b"openInterest", Is(OpenInterest))]);

/// The event of a message, combined or raw.
fn event(payload: &[u8]) -> Result<Value<'_>> {
    let mut scan = Scan::new(payload);
    let message = scan.value("message")?;
    scan.end()?;
    let data = Envelope::of(message, "message")?.data;
    Ok(data.filter(|data| data.shape == Shape::Object).unwrap_or(message))
}

/// Writes the kline of a message; one of an instrument that is not defined is left out.
pub(super) fn kline(
    symbols: &Symbols,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let found = Event::of(event(payload)?, "event")?;
    let symbol = need(found.symbol, "symbol")?.text("symbol")?;
    let Some(listed) = symbols.find(market, symbol) else { return Ok(0) };
    let item = need(found.kline, "k")?;
    let interval = interval(need(Length::of(item, "k")?.length, "i")?.text("i")?)?;
    let ts_venue = found.time.map_or(Ok(NO_TIME), |value| time(value, Clock::Millis))?;
    let told = KlineMessage { symbol, ts_venue, interval, item, place: &KLINE };
    figure_records::write_kline(&told, listed.instrument.id, stamp, out).map(|()| 1)
}

/// Writes the ticker of a message; one of an instrument that is not defined is left out.
pub(super) fn ticker(
    symbols: &Symbols,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let item = event(payload)?;
    let found = Event::of(item, "event")?;
    let symbol = need(found.symbol, "symbol")?.text("symbol")?;
    let Some(listed) = symbols.find(market, symbol) else { return Ok(0) };
    let ts_venue = found.time.map_or(Ok(NO_TIME), |value| time(value, Clock::Millis))?;
    let told = FiguresMessage { symbol, ts_venue, item, place: &TICKER };
    figure_records::write(&told, listed.instrument.id, stamp, out)
}

/// Writes the liquidation of a message; one of an instrument that is not defined is left out, because the stream of all
/// symbols is one. Of several in a second the venue tells the latest alone.
pub(super) fn liquidation(
    symbols: &Symbols,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let found = Forced::of(need(Event::of(event(payload)?, "event")?.order, "o")?, "o")?;
    let symbol = need(found.symbol, "symbol")?.text("symbol")?;
    let Some(listed) = symbols.find(market, symbol) else { return Ok(0) };
    let figure = |value, field| -> Result<_> {
        let value = need(value, field)?;
        value.figure(field).map(|_| value)
    };
    let prices = [figure(found.price, "p")?, figure(found.average, "ap")?];
    let sizes = [figure(found.qty, "q")?, figure(found.filled, "z")?];
    let ([price, average], price_scale) = aligned(prices.each_ref().map(Some), b"", "price")?;
    let ([qty, filled], qty_scale) = aligned(sizes.each_ref().map(Some), b"", "quantity")?;
    let ts_venue = found.time.map_or(Ok(NO_TIME), |value| time(value, Clock::Millis))?;
    let mut header = header::<Liquidation>((listed.instrument.id, ts_venue, stamp));
    header.flags = if need(found.side, "S")?.either("S", b"SELL", b"BUY")? { flags::SELL } else { 0 };
    out.push(&Liquidation { header, price, average, qty, filled, price_scale, qty_scale, pad: [0; 6] })?;
    Ok(1)
}

/// Writes the open interest that a REST answer tells.
pub(super) fn open_interest(
    symbols: &Symbols,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let mut scan = Scan::new(payload);
    let item = scan.value("open interest")?;
    scan.end()?;
    let found = Event::of(item, "open interest")?;
    let symbol = need(found.rest_symbol, "symbol")?.text("symbol")?;
    let listed = symbols.need(market, symbol)?;
    let ts_venue = found.rest_time.map_or(Ok(NO_TIME), |value| venue_time(value.whole("time")?))?;
    let told = FiguresMessage { symbol, ts_venue, item, place: &INTEREST };
    figure_records::write(&told, listed.instrument.id, stamp, out)
}
