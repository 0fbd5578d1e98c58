//! Gate futures public messages, WebSocket v4, and their REST book: books, the best price, trades, tickers, candles.
//!
//! catalogue: M1. <https://www.gate.com/docs/developers/futures/ws/en/>: `futures.order_book_update`, whose whole book is
//! `GET /api/v4/futures/$settle/order_book` asked with `with_id=true`, or `futures.obu`, which sends it in the stream (`full`);
//! `futures.book_ticker`, `futures.trades`, `futures.tickers` and `futures.candlesticks`; the same channels on the connection
//! that settles in USDT and the one in BTC. Sizes are contracts, of a trade below zero where the taker sold. No recording has
//! been read: this follows the document alone.

use super::figures::Figure::{High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Turnover, Volume};
use super::figures::Place::{self, Begin, Closed, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval, time};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use crate::error::Result;
use crate::units::{NO_TIME, Nanos};

/// The members of a level that is an object.
const LEVEL: (&[u8], &[u8]) = (b"p", b"s");

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
    /// A trade, and of a ticker the contract, of a candle its name.
    Item {
        symbol = b"contract",
        id = b"id",
        time = b"create_time_ms",
        price = b"price",
        qty = b"size",
        candle = b"n",
    }
}

members! {
    /// A REST book.
    Whole { id = b"id", time = b"update", bids = b"bids", asks = b"asks" }
}

/// A ticker.
const FIGURES: Place = Members(&[
    (b"last", Is(Last)),
    (b"high_24h", Is(High)),
    (b"low_24h", Is(Low)),
    (b"volume_24h", Is(Volume)),
    (b"volume_24h_settle", Is(Turnover)),
    (b"mark_price", Is(Mark)),
    (b"index_price", Is(Index)),
    (b"funding_rate", Is(Rate)),
    (b"total_size", Is(OpenInterest)),
]);
/// A candle.
const KLINE: Place = Members(&[
    (b"t", Begin(Clock::Seconds)),
    (b"o", Is(Open)),
    (b"h", Is(High)),
    (b"l", Is(Low)),
    (b"c", Is(Last)),
    (b"v", Is(Volume)),
    (b"w", Closed),
]);

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(result)) = (push.channel, push.result) else { return Ok(()) };
    // A push of `futures.obu` names no event; an answer to a subscription does.
    let event = push.event.map_or(Ok(b"update".as_slice()), |event| event.text("event"))?;
    if event != b"update" {
        return Ok(());
    }
    let pushed = milliseconds(push.time)?;
    match channel.text("channel")? {
        b"futures.order_book_update" | b"futures.obu" => take(&book(&Book::of(result, "result")?)?),
        b"futures.book_ticker" => take(&top(&Book::of(result, "result")?)?),
        b"futures.trades" => result.items("result", |item| take(&trade(&Item::of(item, "result")?)?)),
        b"futures.tickers" => result.items("result", |item| {
            let symbol = need(Item::of(item, "result")?.symbol, "contract")?.text("contract")?;
            take(&Message::Figures(FiguresMessage { symbol, ts_venue: pushed, item, place: &FIGURES }))
        }),
        b"futures.candlesticks" => result.items("result", |item| take(&candle(item, pushed)?)),
        _ => Ok(()),
    }
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
        ts_venue: found.time.map_or(Ok(NO_TIME), |value| time(value, Clock::Seconds))?,
        checksum: None,
        depth: None,
        levels: Levels::Either {
            bids: Some(need(found.bids, "bids")?),
            asks: Some(need(found.asks, "asks")?),
            names: LEVEL,
        },
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
        levels: Levels::Either { bids: book.bids, asks: book.asks, names: LEVEL },
    }))
}

/// The contract of a book: `futures.obu` writes `ob.BTC_USDT.50`.
fn symbol<'a>(book: &Book<'a>) -> Result<&'a [u8]> {
    let name = need(book.symbol, "s")?.text("s")?;
    let contract = name.strip_prefix(b"ob.").and_then(|rest| rest.split(|byte| *byte == b'.').next());
    Ok(contract.unwrap_or(name))
}

fn top<'a>(found: &Book<'a>) -> Result<Message<'a>> {
    let side = |price, qty| -> Result<(&'a [u8], &'a [u8])> {
        Ok((need(price, "best price")?.figure("best price")?, need(qty, "best size")?.figure("best size")?))
    };
    let (bid, ask) = (side(found.bids, found.bid_qty)?, side(found.asks, found.ask_qty)?);
    // As on spot, its `u` has not been shown to be that of a book with this top.
    Ok(Message::Top(TopMessage { symbol: symbol(found)?, bid, ask, id: 0, ts_venue: milliseconds(found.time)? }))
}

fn trade<'a>(trade: &Item<'a>) -> Result<Message<'a>> {
    let size = need(trade.qty, "size")?.figure("size")?;
    Ok(Message::Trade(TradeMessage {
        symbol: need(trade.symbol, "contract")?.text("contract")?,
        price: need(trade.price, "price")?.figure("price")?,
        qty: size.strip_prefix(b"-").unwrap_or(size),
        sell: size.starts_with(b"-"),
        off_book: false,
        id: need(trade.id, "id")?.whole("id")?,
        ts_venue: milliseconds(trade.time)?,
    }))
}

/// A candle: its name is `1m_BTC_USDT`.
fn candle(item: Value<'_>, ts_venue: Nanos) -> Result<Message<'_>> {
    let name = need(Item::of(item, "result")?.candle, "n")?;
    let mut parts = name.text("n")?.splitn(2, |byte| *byte == b'_');
    let (Some(length), Some(symbol)) = (parts.next(), parts.next()) else { return Err(name.refuse("n")) };
    Ok(Message::Kline(KlineMessage { symbol, ts_venue, interval: interval(length)?, item, place: &KLINE }))
}

fn milliseconds(value: Option<Value<'_>>) -> Result<Nanos> {
    value.map_or(Ok(NO_TIME), |value| time(value, Clock::Millis))
}
