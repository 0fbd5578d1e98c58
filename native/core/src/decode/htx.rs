//! HTX (Huobi) swap public messages: books, trades, the best price, tickers, klines, marks and funding; the same topics on
//! the coin-margined and the linear connection.
//!
//! catalogue: M1. <https://www.htx.com/en-us/opend/newApiPages/?id=28c33ab2-77ae-11ed-9966-0242ac110003>
//! (`market.$contract_code.depth.step0`, `.trade.detail`, `.bbo`, `.detail`, `.kline.$period`; on the index connection
//! `.mark_price.$period` and `.index.$period`; as a notification `public.$contract_code.funding_rate`; over REST `swap_open_interest`). Every book is whole, at most 150 levels a side and numbered by
//! `mrid`; prices and sizes are JSON numbers, sizes in contracts. Frames are gzip, which the reader of the recording undoes.

use super::figures::Figure::{
    High, Index, Last, Low, Mark, Open, OpenInterest, OpenValue, Rate, Trades, Turnover, Volume,
};
use super::figures::Place::{self, Begin, Is, Members, Next};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage, first_two};
use super::scan::{Value, members, need};
use super::usual::{Form, done, usual};
use super::venue_time;
use crate::error::Result;
use crate::units::{NO_TIME, Nanos};

members! {
    /// The envelope of a push.
    Push { channel = b"ch", tick = b"tick", topic = b"topic", data = b"data", time = b"ts" }
}

members! {
    /// A book, or what holds the trades.
    Tick {
        id = b"mrid",
        time = b"ts",
        bids = b"bids",
        asks = b"asks",
        bid = b"bid",
        ask = b"ask",
        data = b"data",
    }
}

members! {
    /// One trade.
    Trade { id = b"id", time = b"ts", price = b"price", qty = b"amount", side = b"direction" }
}

members! {
    /// The contract of a funding rate or an open interest.
    Funding { symbol = b"contract_code" }
}

/// `detail`: the 24 hours, sizes in contracts.
const TICKER: Place = Members(&[
    (b"close", Is(Last)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"vol", Is(Volume)),
    (b"trade_turnover", Is(Turnover)),
]);
/// `kline`.
const KLINE: Place = Members(&[
    (b"id", Begin(Clock::Seconds)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"vol", Is(Volume)),
    (b"trade_turnover", Is(Turnover)),
    (b"count", Is(Trades)),
]);
/// `mark_price`: a bar, of which the last price is the mark price now.
const MARK: Place = Members(&[(b"close", Is(Mark))]);
/// `index`: likewise, of the index price.
const INDEX: Place = Members(&[(b"close", Is(Index))]);
/// An open interest over REST: contracts, and what they are worth.
const INTEREST: Place = Members(&[(b"volume", Is(OpenInterest)), (b"value", Is(OpenValue))]);
/// A notified funding rate.
const FUNDING: Place = Members(&[(b"funding_rate", Is(Rate)), (b"settlement_time", Next(Clock::Millis))]);

/// Takes a book apart in the order in which the venue writes it.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut tick, mut form) = (Tick::default(), Form::new(message));
    let channel: Option<Value<'a>>;
    usual!(
        form,
        br#"{"ch":"market."# channel => rest,
        br#","ts":"# _ => number,
        br#","tick":{"mrid":"# tick.id => number,
        br#","id":"# _ => number,
        br#","bids":"# tick.bids => list,
        br#","asks":"# tick.asks => list,
        br#","ts":"# tick.time => number,
        br#","version":"# _ => number,
        br#","ch":"# _ => text;
        b"}}"
    );
    let symbol = channel?.raw.strip_suffix(b".depth.step0")?;
    done(book(symbol, &tick, take))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(tick)) = (push.channel, push.tick) else { return funding(&push, take) };
    let Some(topic) = channel.text("ch")?.strip_prefix(b"market.") else { return Ok(()) };
    if let Some(symbol) = topic.strip_suffix(b".depth.step0") {
        return book(symbol, &Tick::of(tick, "tick")?, take);
    }
    if let Some(symbol) = topic.strip_suffix(b".trade.detail") {
        let trades = need(Tick::of(tick, "tick")?.data, "data")?;
        return trades.items("data", |item| take(&trade(symbol, &Trade::of(item, "data")?)?));
    }
    if let Some(symbol) = topic.strip_suffix(b".bbo") {
        return take(&top(symbol, &Tick::of(tick, "tick")?)?);
    }
    let (mut parts, ts_venue) = (topic.split(|byte| *byte == b'.'), time(push.time)?);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(symbol), Some(b"detail"), None) => {
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: tick, place: &TICKER }))
        }
        (Some(symbol), Some(b"mark_price"), Some(_)) => {
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: tick, place: &MARK }))
        }
        (Some(symbol), Some(b"index"), Some(_)) => {
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: tick, place: &INDEX }))
        }
        (Some(symbol), Some(b"kline"), Some(length)) => {
            let interval = interval(length)?;
            take(&Message::Kline(KlineMessage { symbol, ts_venue, interval, item: tick, place: &KLINE }))
        }
        _ => Ok(()),
    }
}

/// The rates of a notification about funding; of any other message nothing.
fn funding<'a>(push: &Push<'a>, take: Take<'_, 'a>) -> Result<()> {
    let (Some(topic), Some(data)) = (push.topic, push.data) else { return Ok(()) };
    if !topic.text("topic")?.ends_with(b".funding_rate") {
        return Ok(());
    }
    let ts_venue = push.time.map_or(Ok(NO_TIME), |value| super::figures::time(value, Clock::Millis))?;
    data.items("data", |item| {
        let symbol = need(Funding::of(item, "data")?.symbol, "contract_code")?.text("contract_code")?;
        take(&Message::Figures(FiguresMessage { symbol, ts_venue, item, place: &FUNDING }))
    })
}

/// Takes the REST answer about the open interest of contracts apart; each names itself.
pub(super) fn whole<'a>(body: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let answer = Push::of(body, "body")?;
    let ts_venue = time(answer.time)?;
    need(answer.data, "data")?.items("data", |item| {
        let symbol = need(Funding::of(item, "data")?.symbol, "contract_code")?.text("contract_code")?;
        take(&Message::Figures(FiguresMessage { symbol, ts_venue, item, place: &INTEREST }))
    })
}

fn top<'a>(symbol: &'a [u8], tick: &Tick<'a>) -> Result<Message<'a>> {
    let side = |level: Option<Value<'a>>| -> Result<(&'a [u8], &'a [u8])> {
        match level {
            Some(level) if !level.is_null() => {
                let [price, qty] = first_two(level, "best price")?;
                Ok((price.figure("best price")?, qty.figure("best size")?))
            }
            _ => Ok((b"", b"")),
        }
    };
    let (bid, ask) = (side(tick.bid)?, side(tick.ask)?);
    // It has a number too, but no recording has shown that the book with this number has this top.
    Ok(Message::Top(TopMessage { symbol, bid, ask, id: 0, ts_venue: time(tick.time)? }))
}

fn book<'a>(symbol: &'a [u8], tick: &Tick<'a>, take: Take<'_, 'a>) -> Result<()> {
    let id = need(tick.id, "mrid")?.whole("mrid")?;
    take(&Message::Book(BookMessage {
        symbol,
        snapshot: true,
        ids: (id, id, 0),
        ts_venue: time(tick.time)?,
        checksum: None,
        depth: None,
        levels: Levels::Figures { bids: need(tick.bids, "bids")?, asks: need(tick.asks, "asks")? },
    }))
}

fn trade<'a>(symbol: &'a [u8], trade: &Trade<'a>) -> Result<Message<'a>> {
    let side = need(trade.side, "direction")?;
    let sell = side.either("direction", b"sell", b"buy")?;
    Ok(Message::Trade(TradeMessage {
        symbol,
        price: need(trade.price, "price")?.figure("price")?,
        qty: need(trade.qty, "amount")?.figure("amount")?,
        sell,
        off_book: false,
        id: need(trade.id, "id")?.whole("id")?,
        ts_venue: time(trade.time)?,
    }))
}

fn time(value: Option<Value<'_>>) -> Result<Nanos> {
    value.map_or(Ok(NO_TIME), |time| venue_time(time.whole("ts")?))
}
