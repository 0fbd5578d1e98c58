//! Bitfinex public messages, WebSocket v2: books with checksum, trades, tickers, candles, the status of derivatives.
//!
//! catalogue: M1. <https://docs.bitfinex.com/reference/ws-public-books>, `/ws-public-trades`, `/ws-public-ticker`,
//! `/ws-public-candles` and `/ws-public-status` beside it, and <https://docs.bitfinex.com/docs/ws-general> for the flags of a
//! connection. A push is an array that begins with the number of its channel, which `subscribed` names; with the flag SEQ_ALL
//! it ends with its place among all of the connection, and the checksum of a book (`cs`) is a message of its own. Of a trade
//! `te` and then `tu` tell: `te` counts. Raw books (R0) are orders, and funding books (`fUSD`) are none of ours. A ticker's
//! sizes are sums of the best 25 levels, so that it is no best price.

use super::figures::Figure::{Ask, Bid, High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Volume};
use super::figures::Place::{self, Begin, Is, Items, Next, Skip};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::memory::{Channel, Content, Memory};
use super::message::{BookMessage, Message, Take, TradeMessage, first, signed_sum};
use super::rows::counted;
use super::scan::{Shape, Value, members, need};
use super::venue_time;
use crate::error::Result;
use crate::instrument::Market;
use crate::units::{NO_TIME, Nanos};

members! {
    /// An answer to a subscription.
    Answer {
        event = b"event",
        channel = b"channel",
        id = b"chanId",
        symbol = b"symbol",
        precision = b"prec",
        key = b"key",
    }
}

/// A ticker of a trading pair.
static TICKER: Place = Items(&[Is(Bid), Skip, Is(Ask), Skip, Skip, Skip, Is(Last), Is(Volume), Is(High), Is(Low)]);
/// A candle: begin, open, close, high, low, volume.
const KLINE: Place = Items(&[Begin(Clock::Millis), Is(Open), Is(Last), Is(High), Is(Low), Is(Volume)]);
/// The status of a derivative: the spot price is its index.
static STATUS: Place = Items(&[
    Skip,
    Skip,
    Skip,
    Is(Index),
    Skip,
    Skip,
    Skip,
    Next(Clock::Millis),
    Skip,
    Skip,
    Skip,
    Is(Rate),
    Skip,
    Skip,
    Is(Mark),
    Skip,
    Skip,
    Is(OpenInterest),
]);

/// How an instrument settles: `tBTCF0:USTF0` is a perpetual that pays in the quote.
pub(super) fn market_of(symbol: &[u8]) -> Market {
    if symbol.windows(3).any(|part| part == b"F0:") { Market::Linear } else { Market::Spot }
}

/// Takes one message apart.
pub(super) fn read<'a>(memory: &'a mut Memory, message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    if message.shape == Shape::Object {
        return named(memory, &Answer::of(message, "message")?);
    }
    // Channel number, then the content, or a word and the content.
    let [Some(id), Some(second), third] = first::<3>(message, "message")? else {
        return Err(message.refuse("message"));
    };
    let Some(channel) = memory.channel(id.whole("channel")?) else { return Ok(()) };
    let worded = second.shape == Shape::Text;
    match (channel.content, worded) {
        (Content::Book, true) if second.raw == b"cs" => {
            let sum = signed_sum(&need(third, "checksum")?)?;
            take(&book(channel, false, Some(sum), Levels::None))
        }
        (Content::Book, false) => take(&levels(channel, second)?),
        (Content::Trades, true) if second.raw == b"te" => take(&trade(channel, need(third, "trade")?)?),
        (Content::Figures(place), false) => take(&figures(channel, second, place)?),
        (Content::Klines(interval), false) => candles(channel, second, interval, take),
        _ => Ok(()),
    }
}

/// Remembers what a channel is, once its subscription is answered.
fn named(memory: &mut Memory, answer: &Answer<'_>) -> Result<()> {
    let (Some(event), Some(channel), Some(id)) = (answer.event, answer.channel, answer.id) else { return Ok(()) };
    if event.text("event")? != b"subscribed" {
        return Ok(());
    }
    let key = answer.key.map_or(Ok(b"".as_slice()), |key| key.text("key"))?;
    let symbol = answer.symbol.map_or(Ok(b"".as_slice()), |symbol| symbol.text("symbol"))?;
    let raw = answer.precision.is_some_and(|precision| precision.raw.starts_with(b"R"));
    let funding = symbol.starts_with(b"f");
    let (content, symbol) = match channel.text("channel")? {
        b"book" if !raw && !funding => (Content::Book, symbol),
        b"trades" if !funding => (Content::Trades, symbol),
        b"ticker" if !funding => (Content::Figures(&TICKER), symbol),
        b"candles" => match candles_of(key)? {
            Some((interval, symbol)) => (Content::Klines(interval), symbol),
            None => (Content::Other, key),
        },
        b"status" => match key.strip_prefix(b"deriv:") {
            Some(symbol) => (Content::Figures(&STATUS), symbol),
            None => (Content::Other, key),
        },
        _ => (Content::Other, symbol),
    };
    let symbol = if symbol.is_empty() { b"-".as_slice() } else { symbol };
    memory.name(id.whole("chanId")?, content, symbol)
}

/// Interval and symbol of `trade:1m:tBTCUSD`; None for candles of funding.
fn candles_of(key: &[u8]) -> Result<Option<(Nanos, &[u8])>> {
    let mut parts = key.splitn(3, |byte| *byte == b':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(b"trade"), Some(length), Some(symbol)) if symbol.starts_with(b"t") => {
            Ok(Some((interval(length)?, symbol)))
        }
        _ => Ok(None),
    }
}

/// Whether an array holds arrays: a snapshot, where a change is one row.
fn is_rows(value: Value<'_>) -> bool {
    value.raw.iter().skip(1).find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

fn book<'a>(channel: &'a Channel, snapshot: bool, checksum: Option<u32>, levels: Levels<'a>) -> Message<'a> {
    let (symbol, ids) = (channel.symbol.as_slice(), (0, 0, 0));
    Message::Book(BookMessage { symbol, snapshot, ids, ts_venue: NO_TIME, checksum, depth: None, levels })
}

/// A whole book of rows, or one row: price, count of orders, amount, which is below zero for asks.
fn levels<'a>(channel: &'a Channel, rows: Value<'a>) -> Result<Message<'a>> {
    if is_rows(rows) || rows.raw == b"[]" {
        return Ok(book(channel, true, None, Levels::Counted(rows)));
    }
    let (side, price, qty) = counted(rows)?;
    Ok(book(channel, false, None, Levels::One { side, price, qty }))
}

/// A trade: id, time, amount, which is below zero where the taker sold, price.
fn trade<'a>(channel: &'a Channel, item: Value<'a>) -> Result<Message<'a>> {
    let [Some(id), Some(time), Some(amount), Some(price)] = first::<4>(item, "trade")? else {
        return Err(item.refuse("trade"));
    };
    let amount = amount.figure("amount")?;
    Ok(Message::Trade(TradeMessage {
        symbol: &channel.symbol,
        price: price.figure("price")?,
        qty: amount.strip_prefix(b"-").unwrap_or(amount),
        sell: amount.starts_with(b"-"),
        off_book: false,
        id: id.whole("id")?,
        ts_venue: venue_time(time.whole("time")?)?,
    }))
}

/// A ticker or a status, whose first item is its time.
fn figures<'a>(channel: &'a Channel, item: Value<'a>, place: &'static Place) -> Result<Message<'a>> {
    let timed = std::ptr::eq(place, &STATUS);
    let ts_venue = match first::<1>(item, "figures")? {
        [Some(time)] if timed => venue_time(time.whole("time")?)?,
        _ => NO_TIME,
    };
    Ok(Message::Figures(FiguresMessage { symbol: &channel.symbol, ts_venue, item, place }))
}

/// One candle, or those of the time before.
fn candles<'a>(channel: &'a Channel, rows: Value<'a>, interval: Nanos, take: Take<'_, 'a>) -> Result<()> {
    let (symbol, ts_venue) = (channel.symbol.as_slice(), NO_TIME);
    let mut one = |item| take(&Message::Kline(KlineMessage { symbol, ts_venue, interval, item, place: &KLINE }));
    match rows.raw {
        b"[]" => Ok(()),
        _ if is_rows(rows) => rows.items("candles", one),
        _ => one(rows),
    }
}
