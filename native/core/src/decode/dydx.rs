//! dYdX public messages, indexer v4: books, trades, markets with oracle price, funding and open interest, candles.
//!
//! catalogue: M1. <https://docs.dydx.xyz/indexer-client/websockets>: what a subscription answers (`subscribed`) is whole, what
//! follows (`channel_data`, `channel_batch_data`) are changes. Every message of a connection has a `message_id`, but they come
//! out of order while subscriptions are answered (in a session of 2021 32, 20, 33), so that it is no proof of a gap. The books
//! and trades of v3 have the same form under `v3_`. A book may be crossed for a while, because its orders live in the
//! memory of many nodes. Trades of `subscribed` were made before it, come again with each new one, and are left out.

use super::figures::Figure::{High, Index, Last, Low, Open, OpenInterest, Rate, Trades, Turnover, Volume};
use super::figures::Place::{self, Begin, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TradeMessage};
use super::scan::{Shape, Value, members, need};
use super::utc_text;
use crate::error::Result;
use crate::units::{NO_TIME, Nanos};

members! {
    /// The envelope of a message.
    Push { kind = b"type", channel = b"channel", id = b"id", contents = b"contents" }
}

members! {
    /// The contents of any channel.
    Contents {
        bids = b"bids",
        asks = b"asks",
        trades = b"trades",
        markets = b"markets",
        trading = b"trading",
        oracle = b"oraclePrices",
        candles = b"candles",
    }
}

members! {
    /// One trade.
    Trade { price = b"price", qty = b"size", side = b"side", time = b"createdAt" }
}

/// A market, whole or what changed of it. The oracle price is the one that funding and margins are reckoned by.
const FIGURES: Place = Members(&[
    (b"oraclePrice", Is(Index)),
    (b"nextFundingRate", Is(Rate)),
    (b"openInterest", Is(OpenInterest)),
    (b"volume24H", Is(Turnover)),
]);
/// A candle.
const KLINE: Place = Members(&[
    (b"startedAt", Begin(Clock::Utc)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"baseTokenVolume", Is(Volume)),
    (b"usdVolume", Is(Turnover)),
    (b"trades", Is(Trades)),
]);

/// What the contents of a channel are.
#[derive(Clone, Copy)]
enum Read {
    Book,
    Trades,
    Markets,
    Candles,
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(kind), Some(channel), Some(contents)) = (push.kind, push.channel, push.contents) else {
        return Ok(());
    };
    let whole = kind.text("type")? == b"subscribed";
    let read = match channel.text("channel")? {
        b"v4_orderbook" | b"v3_orderbook" => Read::Book,
        b"v4_trades" | b"v3_trades" => Read::Trades,
        b"v4_markets" => Read::Markets,
        b"v4_candles" => Read::Candles,
        _ => return Ok(()),
    };
    let id = push.id.map_or(Ok(b"".as_slice()), |id| id.text("id"))?;
    let mut one = |contents| match read {
        Read::Book => take(&book(id, contents, whole)?),
        Read::Trades if whole => Ok(()),
        Read::Trades => trades(id, contents, take),
        Read::Markets => markets(contents, take),
        Read::Candles => candles(id, contents, take),
    };
    match contents.shape {
        Shape::Array => contents.items("contents", one),
        _ => one(contents),
    }
}

fn book<'a>(symbol: &'a [u8], contents: Value<'a>, snapshot: bool) -> Result<Message<'a>> {
    let found = Contents::of(contents, "contents")?;
    Ok(Message::Book(BookMessage {
        symbol,
        snapshot,
        ids: (0, 0, 0),
        ts_venue: NO_TIME,
        checksum: None,
        depth: None,
        levels: Levels::Either { bids: found.bids, asks: found.asks, names: (b"price", b"size") },
    }))
}

fn trades<'a>(symbol: &'a [u8], contents: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    need(Contents::of(contents, "contents")?.trades, "trades")?.items("trades", |item| {
        let trade = Trade::of(item, "trades")?;
        let side = need(trade.side, "side")?;
        let sell = side.either("side", b"SELL", b"BUY")?;
        let (price, qty) = (need(trade.price, "price")?.text("price")?, need(trade.qty, "size")?.text("size")?);
        let ts_venue = trade.time.map_or(Ok(NO_TIME), |time| utc(&time))?;
        // Its id is hexadecimal.
        take(&Message::Trade(TradeMessage { symbol, price, qty, sell, off_book: false, id: 0, ts_venue }))
    })
}

/// The markets of a message: whole, or changes by `trading`, or oracle prices.
fn markets<'a>(contents: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let found = Contents::of(contents, "contents")?;
    for markets in [found.markets, found.trading, found.oracle].into_iter().flatten() {
        markets.members("markets", |symbol, item| {
            take(&Message::Figures(FiguresMessage { symbol, ts_venue: NO_TIME, item, place: &FIGURES }))
        })?;
    }
    Ok(())
}

/// The candles of `BTC-USD/1MIN`: those of before with the subscription, then one.
fn candles<'a>(id: &'a [u8], contents: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let mut parts = id.splitn(2, |byte| *byte == b'/');
    let (Some(symbol), Some(length)) = (parts.next(), parts.next()) else { return Err(contents.refuse("id")) };
    let interval = interval(length)?;
    let mut one =
        |item| take(&Message::Kline(KlineMessage { symbol, ts_venue: NO_TIME, interval, item, place: &KLINE }));
    match Contents::of(contents, "contents")?.candles {
        Some(candles) => candles.items("candles", one),
        None => one(contents),
    }
}

fn utc(value: &Value<'_>) -> Result<Nanos> {
    utc_text::nanos(value.text("createdAt")?).ok_or_else(|| value.refuse("createdAt"))
}
