//! KuCoin futures public messages and their REST answers: books, the best price, trades, tickers, marks, funding, candles.
//!
//! catalogue: M1. <https://www.kucoin.com/docs/websocket/futures-trading/public-channels/level2-market-data>, `/tickerv2`,
//! `/match-execution-data`, `/contract-market-data`, `/transaction-statistics-timer-event` and `/klines` beside it; the whole
//! book is `GET /api/v1/level2/snapshot`, the open interest stands in `GET /api/v1/contracts/$symbol`. A change is one level
//! in one text, `5000.0,sell,83`, and its number counts up by one. Sizes are contracts; of a candle the sixth figure is not to
//! be used and the seventh is the volume. No recording has been read: this follows the document alone.

use super::figures::Figure::{High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Turnover, Volume};
use super::figures::Place::{self, Begin, Is, Items, Members, Next, Skip};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval, time};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use crate::error::Result;
use crate::instrument::Market;
use crate::units::{NO_TIME, Nanos, Side};

members! {
    /// The envelope of a push, and of an answer over REST.
    Push { topic = b"topic", data = b"data" }
}

members! {
    /// The data of any topic.
    Data {
        sequence = b"sequence",
        time = b"timestamp",
        nanos = b"ts",
        change = b"change",
        bids = b"bids",
        asks = b"asks",
        bid = b"bestBidPrice",
        bid_qty = b"bestBidSize",
        ask = b"bestAskPrice",
        ask_qty = b"bestAskSize",
        side = b"side",
        price = b"price",
        qty = b"size",
        candles = b"candles",
    }
}

/// `snapshot` (24 hours), `instrument` (mark, index, funding), and a contract over REST.
const FIGURES: Place = Members(&[
    (b"lastPrice", Is(Last)),
    (b"price24HoursBefore", Is(Open)),
    (b"highPrice", Is(High)),
    (b"lowPrice", Is(Low)),
    (b"volume", Is(Volume)),
    (b"turnover", Is(Turnover)),
    (b"markPrice", Is(Mark)),
    (b"indexPrice", Is(Index)),
    (b"fundingRate", Is(Rate)),
]);
/// A contract over REST.
const CONTRACT: Place = Members(&[
    (b"lastTradePrice", Is(Last)),
    (b"markPrice", Is(Mark)),
    (b"indexPrice", Is(Index)),
    (b"fundingFeeRate", Is(Rate)),
    (b"nextFundingRateDateTime", Next(Clock::Millis)),
    (b"openInterest", Is(OpenInterest)),
]);
/// A candle: begin, open, close, high, low, a figure that is not to be used, volume.
const KLINE: Place = Items(&[Begin(Clock::Seconds), Is(Open), Is(Last), Is(High), Is(Low), Skip, Is(Volume)]);

/// How an instrument settles: `XBTUSDTM` and `XBTUSDCM` pay in the quote, `XBTUSDM` and dated ones in the coin.
pub(super) fn market_of(symbol: &[u8]) -> Market {
    if symbol.ends_with(b"USDTM") || symbol.ends_with(b"USDCM") { Market::Linear } else { Market::Inverse }
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(topic), Some(item)) = (push.topic, push.data) else { return Ok(()) };
    let mut parts = topic.text("topic")?.splitn(2, |byte| *byte == b':');
    let (Some(topic), Some(symbol)) = (parts.next(), parts.next()) else { return Ok(()) };
    match topic {
        b"/contractMarket/level2" => take(&change(symbol, &Data::of(item, "data")?)?),
        b"/contractMarket/execution" => take(&trade(symbol, &Data::of(item, "data")?)?),
        b"/contractMarket/tickerV2" => take(&top(symbol, &Data::of(item, "data")?)?),
        b"/contractMarket/snapshot" | b"/contract/instrument" => {
            let ts_venue = stamp(&Data::of(item, "data")?)?;
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item, place: &FIGURES }))
        }
        b"/contractMarket/limitCandle" => take(&candle(symbol, &Data::of(item, "data")?)?),
        _ => Ok(()),
    }
}

/// Takes the body of a REST answer about `symbol` apart: a whole book, or a contract.
pub(super) fn whole<'a>(symbol: &'a [u8], body: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let Some(item) = Push::of(body, "body")?.data else { return Ok(()) };
    let data = Data::of(item, "data")?;
    let Some(bids) = data.bids else {
        return take(&Message::Figures(FiguresMessage { symbol, ts_venue: NO_TIME, item, place: &CONTRACT }));
    };
    let sequence = need(data.sequence, "sequence")?.whole("sequence")?;
    take(&Message::Book(BookMessage {
        symbol,
        snapshot: true,
        ids: (sequence, sequence, 0),
        ts_venue: stamp(&data)?,
        checksum: None,
        depth: None,
        levels: Levels::Figures { bids, asks: need(data.asks, "asks")? },
    }))
}

/// A change of one level.
fn change<'a>(symbol: &'a [u8], data: &Data<'a>) -> Result<Message<'a>> {
    let change = need(data.change, "change")?;
    let mut parts = change.text("change")?.split(|byte| *byte == b',');
    let (Some(price), Some(side), Some(qty), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(change.refuse("change"));
    };
    let side = match side {
        b"buy" => Side::Buy,
        b"sell" => Side::Sell,
        _ => return Err(change.refuse("side")),
    };
    let sequence = need(data.sequence, "sequence")?.whole("sequence")?;
    Ok(Message::Book(BookMessage {
        symbol,
        snapshot: false,
        ids: (sequence, sequence, 0),
        ts_venue: stamp(data)?,
        checksum: None,
        depth: None,
        levels: Levels::One { side, price, qty },
    }))
}

fn trade<'a>(symbol: &'a [u8], data: &Data<'a>) -> Result<Message<'a>> {
    let side = need(data.side, "side")?;
    let sell = side.either("side", b"sell", b"buy")?;
    Ok(Message::Trade(TradeMessage {
        symbol,
        price: need(data.price, "price")?.figure("price")?,
        qty: need(data.qty, "size")?.figure("size")?,
        sell,
        off_book: false,
        // The trade's own id is hexadecimal; its place in the symbol's sequence is a number.
        id: need(data.sequence, "sequence")?.whole("sequence")?,
        ts_venue: stamp(data)?,
    }))
}

fn top<'a>(symbol: &'a [u8], data: &Data<'a>) -> Result<Message<'a>> {
    let side = |price: Option<Value<'a>>, qty| -> Result<(&'a [u8], &'a [u8])> {
        match price {
            Some(price) if !price.is_null() => {
                Ok((price.figure("best price")?, need(qty, "best size")?.figure("best size")?))
            }
            _ => Ok((b"", b"")),
        }
    };
    let (bid, ask) = (side(data.bid, data.bid_qty)?, side(data.ask, data.ask_qty)?);
    // It has a number too, but no recording has shown that the book with this number has this top.
    Ok(Message::Top(TopMessage { symbol, bid, ask, id: 0, ts_venue: stamp(data)? }))
}

/// The candle of `XBTUSDTM_1min`.
fn candle<'a>(topic: &'a [u8], data: &Data<'a>) -> Result<Message<'a>> {
    let item = need(data.candles, "candles")?;
    let mut parts = topic.splitn(2, |byte| *byte == b'_');
    let (Some(symbol), Some(length)) = (parts.next(), parts.next()) else { return Err(item.refuse("topic")) };
    Ok(Message::Kline(KlineMessage { symbol, ts_venue: NO_TIME, interval: interval(length)?, item, place: &KLINE }))
}

/// `timestamp` is in milliseconds, `ts` in nanoseconds.
fn stamp(data: &Data<'_>) -> Result<Nanos> {
    match (data.time, data.nanos) {
        (Some(value), _) => time(value, Clock::Millis),
        (None, Some(value)) => value.signed("ts"),
        (None, None) => Ok(NO_TIME),
    }
}
