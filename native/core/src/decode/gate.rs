//! Gate spot public messages, WebSocket v4, and its REST book: books, the best price, trades, tickers, candles.
//!
//! catalogue: M1. <https://www.gate.com/docs/developers/apiv4/ws/en/>: `spot.order_book_update`, whose whole book is
//! `GET /api/v4/spot/order_book` asked with `with_id=true`, or `spot.obu`, which sends it in the stream (`full`);
//! `spot.book_ticker`, `spot.trades`, `spot.tickers` and `spot.candlesticks`. No recording has been read: this follows the document alone.

use super::figures::Figure::{Ask, Bid, High, Last, Low, Open, Turnover, Volume};
use super::figures::Place::{self, Begin, Closed, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use super::venue_time;
use crate::error::Result;
use crate::units::{Decimal, NO_TIME, Nanos};

members! {
    /// The envelope of a push.
    Push { channel = b"channel", event = b"event", result = b"result", time = b"time_ms" }
}

members! {
    /// A book or a best price.
    Book {
        symbol = b"s",
        time = b"t",
        full = b"full",
        first = b"U",
        last = b"u",
        bids = b"b",
        asks = b"a",
        bid_qty = b"B",
        ask_qty = b"A",
    }
}

members! {
    /// One trade.
    Trade {
        symbol = b"currency_pair",
        id = b"id",
        time = b"create_time_ms",
        side = b"side",
        price = b"price",
        qty = b"amount",
    }
}

members! {
    /// A REST book.
    Whole { id = b"id", time = b"update", bids = b"bids", asks = b"asks" }
}

members! {
    /// The pair of a ticker, and the length and pair of a candle.
    Named { symbol = b"currency_pair", candle = b"n" }
}

/// A ticker.
const FIGURES: Place = Members(&[
    (b"last", Is(Last)),
    (b"highest_bid", Is(Bid)),
    (b"lowest_ask", Is(Ask)),
    (b"high_24h", Is(High)),
    (b"low_24h", Is(Low)),
    (b"base_volume", Is(Volume)),
    (b"quote_volume", Is(Turnover)),
]);
/// A candle: `v` is what was paid, `a` how much was traded.
const KLINE: Place = Members(&[
    (b"t", Begin(Clock::Seconds)),
    (b"o", Is(Open)),
    (b"h", Is(High)),
    (b"l", Is(Low)),
    (b"c", Is(Last)),
    (b"a", Is(Volume)),
    (b"v", Is(Turnover)),
    (b"w", Closed),
]);

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(result)) = (push.channel, push.result) else { return Ok(()) };
    // A push of `spot.obu` names no event; an answer to a subscription does.
    let event = push.event.map_or(Ok(b"update".as_slice()), |event| event.text("event"))?;
    match (channel.text("channel")?, event) {
        (b"spot.order_book_update" | b"spot.obu", b"update") => take(&book(&Book::of(result, "result")?)?),
        (b"spot.book_ticker", b"update") => take(&top(&Book::of(result, "result")?)?),
        (b"spot.trades", b"update") => take(&trade(&Trade::of(result, "result")?)?),
        (b"spot.tickers", b"update") => {
            let symbol = need(Named::of(result, "result")?.symbol, "currency_pair")?.text("currency_pair")?;
            let ts_venue = milliseconds(push.time)?;
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: result, place: &FIGURES }))
        }
        (b"spot.candlesticks", b"update") => take(&candle(result, milliseconds(push.time)?)?),
        _ => Ok(()),
    }
}

/// A candle: its name is `1m_BTC_USDT`.
fn candle(item: Value<'_>, ts_venue: Nanos) -> Result<Message<'_>> {
    let name = need(Named::of(item, "result")?.candle, "n")?;
    let mut parts = name.text("n")?.splitn(2, |byte| *byte == b'_');
    let (Some(length), Some(symbol)) = (parts.next(), parts.next()) else { return Err(name.refuse("n")) };
    Ok(Message::Kline(KlineMessage { symbol, ts_venue, interval: interval(length)?, item, place: &KLINE }))
}

/// Takes the body of a REST book of `symbol` apart; one that was asked for without its id joins no stream and is left out.
pub(super) fn whole<'a>(symbol: &'a [u8], body: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let found = Whole::of(body, "body")?;
    let Some(id) = found.id else { return Ok(()) };
    let id = id.whole("id")?;
    take(&Message::Book(BookMessage {
        symbol,
        snapshot: true,
        ids: (id, id, 0),
        ts_venue: milliseconds(found.time)?,
        checksum: None,
        depth: None,
        levels: Levels::Pairs { bids: Some(need(found.bids, "bids")?), asks: Some(need(found.asks, "asks")?) },
    }))
}

fn book<'a>(book: &Book<'a>) -> Result<Message<'a>> {
    let snapshot = book.full.map_or(Ok(false), |full| full.flag("full"))?;
    let last = need(book.last, "u")?.whole("u")?;
    let first = if snapshot { last } else { need(book.first, "U")?.whole("U")? };
    Ok(Message::Book(BookMessage {
        symbol: symbol(book)?,
        snapshot,
        ids: (first, last, 0),
        ts_venue: milliseconds(book.time)?,
        checksum: None,
        depth: None,
        // `spot.obu` leaves out a side without a change.
        levels: Levels::Pairs { bids: book.bids, asks: book.asks },
    }))
}

/// The pair of a book: `spot.obu` writes `ob.BTC_USDT.50`.
fn symbol<'a>(book: &Book<'a>) -> Result<&'a [u8]> {
    let name = need(book.symbol, "s")?.text("s")?;
    let pair = name.strip_prefix(b"ob.").and_then(|rest| rest.split(|byte| *byte == b'.').next());
    Ok(pair.unwrap_or(name))
}

fn top<'a>(found: &Book<'a>) -> Result<Message<'a>> {
    let side = |price, qty| -> Result<(&'a [u8], &'a [u8])> {
        Ok((need(price, "best price")?.text("best price")?, need(qty, "best size")?.text("best size")?))
    };
    let (bid, ask) = (side(found.bids, found.bid_qty)?, side(found.asks, found.ask_qty)?);
    // Its `u` is a number of the book, but no recording has shown that the book has this top at it.
    Ok(Message::Top(TopMessage { symbol: symbol(found)?, bid, ask, id: 0, ts_venue: milliseconds(found.time)? }))
}

fn trade<'a>(trade: &Trade<'a>) -> Result<Message<'a>> {
    let side = need(trade.side, "side")?;
    let sell = side.either("side", b"sell", b"buy")?;
    Ok(Message::Trade(TradeMessage {
        symbol: need(trade.symbol, "currency_pair")?.text("currency_pair")?,
        price: need(trade.price, "price")?.text("price")?,
        qty: need(trade.qty, "amount")?.text("amount")?,
        sell,
        off_book: false,
        id: need(trade.id, "id")?.whole("id")?,
        ts_venue: trade.time.map_or(Ok(NO_TIME), fractional)?,
    }))
}

/// Milliseconds with decimals as a text, in ns.
fn fractional(value: Value<'_>) -> Result<Nanos> {
    let ns = Decimal::parse(value.text("create_time_ms")?, "create_time_ms")?.to_scale(6, "create_time_ms")?;
    i64::try_from(ns).ok().filter(|ns| *ns >= 0).ok_or_else(|| value.refuse("create_time_ms"))
}

fn milliseconds(value: Option<Value<'_>>) -> Result<Nanos> {
    value.map_or(Ok(NO_TIME), |time| venue_time(time.whole("time")?))
}
