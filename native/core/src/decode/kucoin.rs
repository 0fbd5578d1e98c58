//! KuCoin spot public messages and its REST book: books, the best price, trades, tickers, candles.
//!
//! catalogue: M1. <https://www.kucoin.com/docs/websocket/spot-trading/public-channels/level2-market-data>, `/ticker`,
//! `/market-snapshot`, `/klines` and `/match-execution-data` beside it; the whole book is `GET /api/v3/market/orderbook/level2`. A change of price 0 carries
//! only its number. A ticker has the number of the book that it belongs to: in the recording of 2021 all 810 whose number
//! ends a change equal the rebuilt top.

use super::figures::Figure::{Ask, Bid, High, Last, LastQty, Low, Open, Turnover, Volume};
use super::figures::Place::{self, Begin, Is, Items, Members};
use super::figures::{Clock, FiguresMessage, Found, FoundMessage, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use super::usual::{Form, done, usual};
use super::venue_time;
use crate::error::Result;
use crate::units::{NO_TIME, Nanos};

members! {
    /// The envelope of a push, and of an answer over REST.
    Push { topic = b"topic", data = b"data" }
}

members! {
    /// The data of any topic.
    Data {
        symbol = b"symbol",
        time = b"time",
        first = b"sequenceStart",
        last = b"sequenceEnd",
        changes = b"changes",
        sequence = b"sequence",
        bid = b"bestBid",
        bid_qty = b"bestBidSize",
        ask = b"bestAsk",
        ask_qty = b"bestAskSize",
        side = b"side",
        price = b"price",
        qty = b"size",
    }
}

members! {
    /// Two sides of a book.
    Sides { bids = b"bids", asks = b"asks" }
}

members! {
    /// What a push of `/market/snapshot` and of `/market/candles` holds.
    Inner { data = b"data", candles = b"candles", time = b"time", stamp = b"datetime" }
}

/// A ticker, beside its best price.
const TICKER: Place = Members(&[(b"price", Is(Last)), (b"size", Is(LastQty))]);
/// A market snapshot: the 24 hours.
const SNAPSHOT: Place = Members(&[
    (b"lastTradedPrice", Is(Last)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"buy", Is(Bid)),
    (b"sell", Is(Ask)),
    (b"vol", Is(Volume)),
    (b"volValue", Is(Turnover)),
]);
/// A candle: begin, open, close, high, low, volume, turnover.
const KLINE: Place = Items(&[Begin(Clock::Seconds), Is(Open), Is(Last), Is(High), Is(Low), Is(Volume), Is(Turnover)]);

/// Takes a change of a book or a ticker apart in the order in which the venue writes it.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut data, mut sides, mut form) = (Data::default(), Sides::default(), Form::new(message));
    if form.piece(br#"{"data":{"sequenceStart":"#).is_none() {
        return usual_ticker(message, take);
    }
    data.first = Some(form.number()?);
    usual!(
        form,
        br#","symbol":"# data.symbol => text,
        br#","changes":{"asks":"# sides.asks => list,
        br#","bids":"# sides.bids => list,
        br#"},"sequenceEnd":"# data.last => number,
        br#"},"subject":"trade.l2update","topic":"/market/level2:"# _ => rest;
        br#","type":"message"}"#
    );
    done(change(&data, &sides, take))
}

/// The same of a ticker.
fn usual_ticker<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut data, mut found, mut form) = (Data::default(), Found::NONE, Form::new(message));
    let symbol: Option<Value<'a>>;
    usual!(
        form,
        br#"{"data":{"sequence":"# data.sequence => text,
        br#","bestAsk":"# data.ask => text,
        br#","size":"# found[LastQty] => text,
        br#","bestBidSize":"# data.bid_qty => text,
        br#","price":"# found[Last] => text,
        br#","time":"# data.time => number,
        br#","bestAskSize":"# data.ask_qty => text,
        br#","bestBid":"# data.bid => text,
        br#"},"subject":"trade.ticker","topic":"/market/ticker:"# symbol => rest;
        br#","type":"message"}"#
    );
    let symbol = symbol?.raw;
    let (top, ts_venue) = (top(&data, symbol).ok()?, milliseconds(&data).ok()?);
    let told = FoundMessage { symbol, ts_venue, found };
    if symbol == b"all" {
        return None;
    }
    done(take(&top).and_then(|()| take(&Message::Found(told))))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(topic), Some(data)) = (push.topic, push.data) else { return Ok(()) };
    let topic = topic.text("topic")?;
    if topic.starts_with(b"/market/level2:") {
        let data = Data::of(data, "data")?;
        return change(&data, &Sides::of(need(data.changes, "changes")?, "changes")?, take);
    }
    if topic.starts_with(b"/market/match:") {
        return take(&trade(&Data::of(data, "data")?)?);
    }
    match (topic.strip_prefix(b"/market/ticker:"), topic.strip_prefix(b"/market/snapshot:")) {
        // Under `all` the symbol is the subject.
        (Some(b"all"), _) => Ok(()),
        (Some(symbol), _) => {
            let found = Data::of(data, "data")?;
            take(&top(&found, symbol)?)?;
            let ts_venue = milliseconds(&found)?;
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: data, place: &TICKER }))
        }
        (None, Some(symbol)) => {
            let Some(item) = Inner::of(data, "data")?.data else { return Ok(()) };
            let ts_venue = match Inner::of(item, "data")?.stamp {
                Some(time) => venue_time(time.whole("datetime")?)?,
                None => NO_TIME,
            };
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item, place: &SNAPSHOT }))
        }
        (None, None) => match topic.strip_prefix(b"/market/candles:") {
            Some(rest) => take(&candle(rest, &Inner::of(data, "data")?)?),
            None => Ok(()),
        },
    }
}

/// The candle of `/market/candles:BTC-USDT_1min`.
fn candle<'a>(topic: &'a [u8], data: &Inner<'a>) -> Result<Message<'a>> {
    let item = need(data.candles, "candles")?;
    let mut parts = topic.splitn(2, |byte| *byte == b'_');
    let (Some(symbol), Some(length)) = (parts.next(), parts.next()) else { return Err(item.refuse("topic")) };
    let ts_venue = data.time.map_or(Ok(NO_TIME), |time| time.signed("time"))?;
    Ok(Message::Kline(KlineMessage { symbol, ts_venue, interval: interval(length)?, item, place: &KLINE }))
}

/// Takes the body of a REST book of `symbol` apart.
pub(super) fn whole<'a>(symbol: &'a [u8], body: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let Some(found) = Push::of(body, "body")?.data else { return Ok(()) };
    let data = Data::of(found, "data")?;
    let sides = Sides::of(found, "data")?;
    let sequence = need(data.sequence, "sequence")?.digits("sequence")?;
    take(&Message::Book(BookMessage {
        symbol,
        snapshot: true,
        ids: (sequence, sequence, 0),
        ts_venue: milliseconds(&data)?,
        checksum: None,
        depth: None,
        levels: Levels::Pairs { bids: Some(need(sides.bids, "bids")?), asks: Some(need(sides.asks, "asks")?) },
    }))
}

#[inline(always)]
fn change<'a>(data: &Data<'a>, sides: &Sides<'a>, take: Take<'_, 'a>) -> Result<()> {
    let first = need(data.first, "sequenceStart")?.whole("sequenceStart")?;
    let last = need(data.last, "sequenceEnd")?.whole("sequenceEnd")?;
    take(&Message::Book(BookMessage {
        symbol: need(data.symbol, "symbol")?.text("symbol")?,
        snapshot: false,
        ids: (first, last, 0),
        ts_venue: milliseconds(data)?,
        checksum: None,
        depth: None,
        levels: Levels::Priced { bids: need(sides.bids, "bids")?, asks: need(sides.asks, "asks")? },
    }))
}

fn trade<'a>(data: &Data<'a>) -> Result<Message<'a>> {
    let side = need(data.side, "side")?;
    let sell = side.either("side", b"sell", b"buy")?;
    // Nanoseconds, unlike every other time here.
    let ts_venue =
        data.time.map_or(Ok(NO_TIME), |time| i64::try_from(time.digits("time")?).map_err(|_| time.refuse("time")))?;
    Ok(Message::Trade(TradeMessage {
        symbol: need(data.symbol, "symbol")?.text("symbol")?,
        price: need(data.price, "price")?.text("price")?,
        qty: need(data.qty, "size")?.text("size")?,
        sell,
        off_book: false,
        // The trade's own id is hexadecimal; its place in the symbol's sequence is a number.
        id: need(data.sequence, "sequence")?.digits("sequence")?,
        ts_venue,
    }))
}

#[inline(always)]
fn top<'a>(data: &Data<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let side = |price: Option<Value<'a>>, qty| -> Result<(&'a [u8], &'a [u8])> {
        match price {
            Some(price) if !price.is_null() => {
                Ok((price.text("best price")?, need(qty, "best size")?.text("best size")?))
            }
            _ => Ok((b"", b"")),
        }
    };
    let (bid, ask) = (side(data.bid, data.bid_qty)?, side(data.ask, data.ask_qty)?);
    let id = need(data.sequence, "sequence")?.digits("sequence")?;
    Ok(Message::Top(TopMessage { symbol, bid, ask, id, ts_venue: milliseconds(data)? }))
}

fn milliseconds(data: &Data<'_>) -> Result<Nanos> {
    data.time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("time")?))
}
