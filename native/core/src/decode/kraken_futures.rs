//! Kraken Futures public messages, WebSocket v1: books, trades, tickers with funding, open interest and mark price.
//!
//! catalogue: M1. <https://docs.kraken.com/api/docs/futures-api/websocket/book> `/trade`, `/ticker` and
//! `/ticker_lite` beside it; klines come over REST alone (`/api/charts/v1/trade/$symbol/$resolution`). A snapshot, then one
//! level a message; prices and sizes are JSON numbers. The trades of a `trade_snapshot` were made before the subscription
//! and are left out; `ticker_lite` has no sizes. The rate is the relative one: `funding_rate` is money of a contract.

use super::figures::Figure::{
    Ask, AskQty, Bid, BidQty, High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Turnover, Volume,
};
use super::figures::Place::{self, Begin, Is, Members, Next};
use super::figures::{Clock, FiguresMessage, KlineMessage};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TradeMessage};
use super::scan::{Value, members, need};
use super::usual::{Form, done, usual};
use super::venue_time;
use crate::error::Result;
use crate::instrument::Market;
use crate::units::{NO_TIME, Nanos, Side};

members! {
    /// The members of a push, of any feed.
    Push {
        feed = b"feed",
        event = b"event",
        symbol = b"product_id",
        sequence = b"seq",
        pushed = b"timestamp",
        time = b"time",
        bids = b"bids",
        asks = b"asks",
        side = b"side",
        price = b"price",
        qty = b"qty",
        kind = b"type",
    }
}

/// `ticker` and `ticker_lite`.
const FIGURES: Place = Members(&[
    (b"bid", Is(Bid)),
    (b"bid_size", Is(BidQty)),
    (b"ask", Is(Ask)),
    (b"ask_size", Is(AskQty)),
    (b"last", Is(Last)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"volume", Is(Volume)),
    (b"volumeQuote", Is(Turnover)),
    (b"markPrice", Is(Mark)),
    (b"index", Is(Index)),
    (b"openInterest", Is(OpenInterest)),
    (b"relative_funding_rate", Is(Rate)),
    (b"next_funding_rate_time", Next(Clock::Millis)),
]);

/// A candle over REST.
const KLINE: Place = Members(&[
    (b"time", Begin(Clock::Millis)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"volume", Is(Volume)),
]);

members! {
    /// The answer about candles, which does not say how long they are.
    Chart { candles = b"candles" }
}

/// How an instrument settles: the second letter of its name is `I` where it pays in the coin (`PI_XBTUSD`).
pub(super) fn market_of(symbol: &[u8]) -> Market {
    if symbol.get(1) == Some(&b'I') { Market::Inverse } else { Market::Linear }
}

/// Takes a change of a book apart in the order in which the venue writes it.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut push, mut form) = (Push::default(), Form::new(message));
    usual!(
        form,
        br#"{"feed":"book","product_id":"# push.symbol => text,
        br#","side":"# push.side => text,
        br#","seq":"# push.sequence => number,
        br#","price":"# push.price => number,
        br#","qty":"# push.qty => number,
        br#","timestamp":"# push.pushed => number;
        b"}"
    );
    done(change(&push, take))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(feed), None) = (push.feed, push.event) else { return Ok(()) };
    match feed.text("feed")? {
        b"book_snapshot" => {
            let levels = Levels::Named { bids: need(push.bids, "bids")?, asks: need(push.asks, "asks")? };
            book(&push, true, levels, take)
        }
        b"book" => change(&push, take),
        b"trade" => take(&trade(&push)?),
        b"ticker" | b"ticker_lite" => {
            let (symbol, ts_venue) = (symbol(&push)?, time(push.time)?);
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: message, place: &FIGURES }))
        }
        _ => Ok(()),
    }
}

/// Takes the REST answer about the candles of `symbol` apart.
pub(super) fn whole<'a>(symbol: &'a [u8], body: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    need(Chart::of(body, "body")?.candles, "candles")?.items("candles", |item| {
        take(&Message::Kline(KlineMessage { symbol, ts_venue: NO_TIME, interval: 0, item, place: &KLINE }))
    })
}

/// A change of one level.
#[inline(always)]
fn change<'a>(push: &Push<'a>, take: Take<'_, 'a>) -> Result<()> {
    let side = if sells(push)? { Side::Sell } else { Side::Buy };
    let (price, qty) = level(push)?;
    book(push, false, Levels::One { side, price, qty }, take)
}

#[inline(always)]
fn book<'a>(push: &Push<'a>, snapshot: bool, levels: Levels<'a>, take: Take<'_, 'a>) -> Result<()> {
    let sequence = need(push.sequence, "seq")?.whole("seq")?;
    take(&Message::Book(BookMessage {
        symbol: symbol(push)?,
        snapshot,
        ids: (sequence, sequence, 0),
        ts_venue: time(push.pushed)?,
        checksum: None,
        depth: None,
        levels,
    }))
}

fn trade<'a>(push: &Push<'a>) -> Result<Message<'a>> {
    let (price, qty) = level(push)?;
    Ok(Message::Trade(TradeMessage {
        symbol: symbol(push)?,
        price,
        qty,
        sell: sells(push)?,
        off_book: push.kind.map_or(Ok(b"".as_slice()), |kind| kind.text("type"))? == b"block",
        id: need(push.sequence, "seq")?.whole("seq")?,
        ts_venue: time(push.time)?,
    }))
}

#[inline(always)]
fn symbol<'a>(push: &Push<'a>) -> Result<&'a [u8]> {
    need(push.symbol, "product_id")?.text("product_id")
}

#[inline(always)]
fn level<'a>(push: &Push<'a>) -> Result<(&'a [u8], &'a [u8])> {
    Ok((need(push.price, "price")?.figure("price")?, need(push.qty, "qty")?.figure("qty")?))
}

/// Of a level: whether it is an ask; of a trade: whether the taker sold.
#[inline(always)]
fn sells(push: &Push<'_>) -> Result<bool> {
    let side = need(push.side, "side")?;
    match side.text("side")? {
        b"sell" => Ok(true),
        b"buy" => Ok(false),
        _ => Err(side.refuse("side")),
    }
}

#[inline(always)]
fn time(value: Option<Value<'_>>) -> Result<Nanos> {
    value.map_or(Ok(NO_TIME), |time| venue_time(time.whole("time")?))
}
