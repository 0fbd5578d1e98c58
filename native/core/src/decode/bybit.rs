//! Bybit v5 public messages: order books, trades, tickers, klines; the same topics on the spot, linear and inverse
//! connections.
//!
//! catalogue: M1. <https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook> and
//! <https://bybit-exchange.github.io/docs/v5/websocket/public/trade>, `/ticker` and `/kline` beside them. Tickers are changes
//! of an earlier whole one: their best price is no record of its own, because a size may come without its price; the book has it.

use super::figures::Figure::{
    Ask, AskQty, Bid, BidQty, High, Index, Last, Low, Mark, Open, OpenInterest, OpenValue, Rate, Turnover, Volume,
};
use super::figures::Place::{self, Begin, Closed, Every, Is, Members, Next};
use super::figures::{Clock, FiguresMessage, Found, FoundMessage, HOUR, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TradeMessage};
use super::scan::{Scan, Value, members, need};
use super::usual::{Form, done, in_order, usual};
use super::venue_time;
use crate::error::Result;
use crate::units::{NO_TIME, Nanos};

members! {
    /// The envelope of a push.
    Push { topic = b"topic", kind = b"type", time = b"ts", matched = b"cts", data = b"data" }
}

members! {
    /// The data of a book.
    Book { symbol = b"s", bids = b"b", asks = b"a", update = b"u" }
}

members! {
    /// One trade.
    Trade { symbol = b"s", time = b"T", price = b"p", qty = b"v", side = b"S", block = b"BT", sequence = b"seq" }
}

members! {
    /// The data of a ticker.
    Ticker { symbol = b"symbol" }
}

/// A ticker. The spot one's `usdIndexPrice` is the worth of the coin as collateral, no index of the instrument.
const FIGURES: Place = Members(&[
    (b"lastPrice", Is(Last)),
    (b"prevPrice24h", Is(Open)),
    (b"highPrice24h", Is(High)),
    (b"lowPrice24h", Is(Low)),
    (b"volume24h", Is(Volume)),
    (b"turnover24h", Is(Turnover)),
    (b"bid1Price", Is(Bid)),
    (b"bid1Size", Is(BidQty)),
    (b"ask1Price", Is(Ask)),
    (b"ask1Size", Is(AskQty)),
    (b"markPrice", Is(Mark)),
    (b"indexPrice", Is(Index)),
    (b"openInterest", Is(OpenInterest)),
    (b"openInterestValue", Is(OpenValue)),
    (b"fundingRate", Is(Rate)),
    (b"nextFundingTime", Next(Clock::Millis)),
    (b"fundingIntervalHour", Every(HOUR)),
]);
/// One bar.
const KLINE: Place = Members(&[
    (b"start", Begin(Clock::Millis)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"volume", Is(Volume)),
    (b"turnover", Is(Turnover)),
    (b"confirm", Closed),
]);

/// Takes a book apart in the order in which the venue writes it: futures have the type before the time, spot behind it.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut push, mut data, mut form) = (Push::default(), Book::default(), Form::new(message));
    if form.piece(br#"{"topic":"orderbook."#).is_none() {
        return usual_other(message, take);
    }
    form.rest()?;
    if form.piece(br#","type":"#).is_some() {
        push.kind = Some(form.text()?);
        in_order!(form, br#","ts":"# push.time => number);
    } else {
        form.piece(br#","ts":"#)?;
        push.time = Some(form.number()?);
        in_order!(form, br#","type":"# push.kind => text);
    }
    usual!(
        form,
        br#","data":{"s":"# data.symbol => text,
        br#","b":"# data.bids => list,
        br#","a":"# data.asks => list,
        br#","u":"# data.update => number,
        br#","seq":"# _ => number,
        br#"},"cts":"# push.matched => number;
        b"}"
    );
    done(book(&push, &data, take))
}

/// The same of a ticker or of trades.
fn usual_other<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut push, mut form) = (Push::default(), Form::new(message));
    if form.piece(br#"{"topic":"tickers."#).is_some() {
        return usual_ticker(form, take);
    }
    usual!(form, br#"{"topic":"publicTrade."# push.topic => rest);
    if form.piece(br#","ts":"#).is_some() {
        // Spot.
        push.time = Some(form.number()?);
        usual!(form, br#","type":"# push.kind => text);
    } else {
        usual!(form, br#","type":"# push.kind => text, br#","ts":"# push.time => number);
    }
    usual!(form, br#","data":"# push.data => nested; b"}");
    done(trades(push.data?, take))
}

/// A ticker behind the beginning of its topic: whole on spot, of a future the members that changed.
fn usual_ticker<'a>(mut form: Form<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut push, mut found) = (Push::default(), Found::NONE);
    let symbol: Option<Value<'a>>;
    form.rest()?;
    if form.piece(br#","ts":"#).is_some() {
        push.time = Some(form.number()?);
        usual!(
            form,
            br#","type":"# push.kind => text,
            br#","cs":"# _ => number,
            br#","data":{"symbol":"# symbol => text,
            br#","lastPrice":"# found[Last] => text,
            br#","highPrice24h":"# found[High] => text,
            br#","lowPrice24h":"# found[Low] => text,
            br#","prevPrice24h":"# found[Open] => text,
            br#","volume24h":"# found[Volume] => text,
            br#","turnover24h":"# found[Turnover] => text,
            br#","price24hPcnt":"# _ => text,
        );
        in_order!(form, br#","usdIndexPrice":"# _ => text);
        form.piece(b"}}")?;
    } else {
        usual!(form, br#","type":"# push.kind => text, br#","data":{"symbol":"# symbol => text);
        usual_change(&mut form, &mut found)?;
        usual!(form, br#"},"cs":"# _ => number, br#","ts":"# push.time => number);
        form.piece(b"}")?;
    }
    form.end()?;
    let (symbol, ts_venue) = (symbol?.raw, pushed(&push).ok()?);
    done(take(&Message::Found(FoundMessage { symbol, ts_venue, found })))
}

/// What changed of a future's ticker.
#[inline(always)]
fn usual_change<'a>(form: &mut Form<'a>, found: &mut Found<'a>) -> Option<()> {
    usual_day(form, found)?;
    usual_funding(form, found)?;
    usual_best(form, found)
}

/// Its last trade, the 24 hours and the marks.
#[inline(always)]
fn usual_day<'a>(form: &mut Form<'a>, found: &mut Found<'a>) -> Option<()> {
    in_order!(
        form,
        br#","tickDirection":"# _ => text,
        br#","price24hPcnt":"# _ => text,
        br#","lastPrice":"# found[Last] => text,
        br#","prevPrice24h":"# found[Open] => text,
        br#","highPrice24h":"# found[High] => text,
        br#","lowPrice24h":"# found[Low] => text,
        br#","prevPrice1h":"# _ => text,
        br#","markPrice":"# found[Mark] => text,
        br#","indexPrice":"# found[Index] => text,
        br#","openInterest":"# found[OpenInterest] => text,
        br#","openInterestValue":"# found[OpenValue] => text,
        br#","turnover24h":"# found[Turnover] => text,
        br#","volume24h":"# found[Volume] => text,
    );
    Some(())
}

/// Its funding. One side's open interest stands here in a whole ticker, and behind the best prices in a change.
#[inline(always)]
fn usual_funding<'a>(form: &mut Form<'a>, found: &mut Found<'a>) -> Option<()> {
    let (hours, next): (Option<Value<'a>>, Option<Value<'a>>);
    in_order!(
        form,
        br#","fundingIntervalHour":"# hours => text,
        br#","fundingCap":"# _ => text,
        br#","singleOpenInterest":"# _ => text,
        br#","singleOpenInterestValue":"# _ => text,
        br#","nextFundingTime":"# next => text,
        br#","fundingRate":"# found[Rate] => text,
    );
    for (value, place) in [(hours, Every(HOUR)), (next, Next(Clock::Millis))] {
        if let Some(value) = value {
            found.gather(value, &place).ok()?;
        }
    }
    Some(())
}

/// Its best prices and what is behind them.
#[inline(always)]
fn usual_best<'a>(form: &mut Form<'a>, found: &mut Found<'a>) -> Option<()> {
    in_order!(
        form,
        br#","bid1Price":"# found[Bid] => text,
        br#","bid1Size":"# found[BidQty] => text,
        br#","ask1Price":"# found[Ask] => text,
        br#","ask1Size":"# found[AskQty] => text,
        br#","singleOpenInterest":"# _ => text,
        br#","singleOpenInterestValue":"# _ => text,
        br#","preOpenPrice":"# _ => text,
        br#","preQty":"# _ => text,
        br#","curPreListingPhase":"# _ => text,
    );
    Some(())
}

/// A trade where it stands: spot has its id first.
fn usual_trade<'a>(scan: &mut Scan<'a>) -> Option<Trade<'a>> {
    let (mut trade, mut form) = (Trade::default(), Form::of(scan));
    if form.piece(br#"{"i":"#).is_some() {
        usual!(
            form,
            b"" _ => text,
            br#","T":"# trade.time => number,
            br#","p":"# trade.price => text,
            br#","v":"# trade.qty => text,
            br#","S":"# trade.side => text,
            br#","seq":"# trade.sequence => number,
            br#","s":"# trade.symbol => text,
            br#","BT":"# trade.block => flag,
        );
        in_order!(form, br#","RPI":"# _ => flag);
    } else {
        usual!(
            form,
            br#"{"T":"# trade.time => number,
            br#","s":"# trade.symbol => text,
            br#","S":"# trade.side => text,
            br#","v":"# trade.qty => text,
            br#","p":"# trade.price => text,
            br#","L":"# _ => text,
            br#","i":"# _ => text,
            br#","BT":"# trade.block => flag,
        );
        in_order!(form, br#","RPI":"# _ => flag, br#","seq":"# trade.sequence => number);
    }
    form.piece(b"}")?;
    scan.move_to(form.place());
    Some(trade)
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(topic), Some(data)) = (push.topic, push.data) else { return Ok(()) };
    told(topic.text("topic")?, &push, data, take)
}

/// Takes the data of a topic apart.
fn told<'a>(topic: &'a [u8], push: &Push<'a>, data: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    if topic.starts_with(b"orderbook.") {
        return book(push, &Book::of(data, "data")?, take);
    }
    if topic.starts_with(b"publicTrade.") {
        return trades(data, take);
    }
    if topic.starts_with(b"tickers.") {
        let symbol = need(Ticker::of(data, "data")?.symbol, "symbol")?.text("symbol")?;
        let ts_venue = pushed(push)?;
        return take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: data, place: &FIGURES }));
    }
    match topic.strip_prefix(b"kline.") {
        Some(rest) => klines(rest, push, data, take),
        None => Ok(()),
    }
}

/// The bars of `kline.1.BTCUSDT`.
fn klines<'a>(topic: &'a [u8], push: &Push<'a>, data: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let mut parts = topic.splitn(2, |byte| *byte == b'.');
    let (Some(length), Some(symbol)) = (parts.next(), parts.next()) else { return Ok(()) };
    let (interval, ts_venue) = (interval(length)?, pushed(push)?);
    data.items("data", |item| take(&Message::Kline(KlineMessage { symbol, ts_venue, interval, item, place: &KLINE })))
}

/// The time of the push.
fn pushed(push: &Push<'_>) -> Result<Nanos> {
    push.time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("ts")?))
}

#[inline(always)]
fn book<'a>(push: &Push<'a>, book: &Book<'a>, take: Take<'_, 'a>) -> Result<()> {
    let update = need(book.update, "u")?.whole("u")?;
    // The matching engine's time where the venue sends it, else that of the push.
    let ts_venue = push.matched.or(push.time).map_or(Ok(NO_TIME), |time| venue_time(time.whole("cts")?))?;
    take(&Message::Book(BookMessage {
        symbol: need(book.symbol, "s")?.text("s")?,
        // Update 1 is a whole book after a restart of the service, however it is called.
        snapshot: update == 1 || need(push.kind, "type")?.text("type")? == b"snapshot",
        ids: (update, update, 0),
        ts_venue,
        checksum: None,
        depth: None,
        levels: Levels::Pairs { bids: Some(need(book.bids, "b")?), asks: Some(need(book.asks, "a")?) },
    }))
}

fn trades<'a>(data: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    data.run("data", usual_trade, Trade::of, |item| take(&trade(&item)?))
}

fn trade<'a>(trade: &Trade<'a>) -> Result<Message<'a>> {
    let side = need(trade.side, "S")?;
    let sell = side.either("S", b"Sell", b"Buy")?;
    Ok(Message::Trade(TradeMessage {
        symbol: need(trade.symbol, "s")?.text("s")?,
        price: need(trade.price, "p")?.text("p")?,
        qty: need(trade.qty, "v")?.text("v")?,
        sell,
        off_book: trade.block.map_or(Ok(false), |block| block.flag("BT"))?,
        // The trade's own id is a UUID on futures; its place in the venue's sequence is a number everywhere.
        id: trade.sequence.map_or(Ok(0), |sequence| sequence.whole("seq"))?,
        ts_venue: trade.time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("T")?))?,
    }))
}
