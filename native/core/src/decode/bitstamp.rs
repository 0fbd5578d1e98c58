//! Bitstamp public messages, WebSocket v2, and what it answers over REST: changes of the book, trades; books, tickers, bars.
//!
//! catalogue: M1. <https://www.bitstamp.net/websocket/v2/> (`diff_order_book_..`, `live_trades_..`) and
//! <https://www.bitstamp.net/api/#tag/Order-book>, `#tag/Tickers` and `#tag/Market-info` (`/ohlc`) beside it. Nothing is numbered: a book's `microtimestamp` stands for its number.

use super::figures::Figure::{Ask, Bid, High, Last, Low, Open, Volume};
use super::figures::Place::{self, Begin, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, time};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TradeMessage};
use super::scan::{Value, members, need};
use super::usual::{Form, done, usual};
use super::venue_time;
use crate::error::Result;
use crate::units::NO_TIME;

members! {
    /// The envelope of a push.
    Push { channel = b"channel", event = b"event", data = b"data" }
}

members! {
    /// The data of any channel, and a REST book.
    Data {
        micros = b"microtimestamp",
        bids = b"bids",
        asks = b"asks",
        id = b"id",
        price = b"price_str",
        qty = b"amount_str",
        kind = b"type",
    }
}

members! {
    /// What tells a REST answer: a book has bids, a ticker the last price, bars come in `data`.
    Answer { bids = b"bids", last = b"last", data = b"data", time = b"timestamp" }
}

members! {
    /// Bars over REST, oldest first.
    Bars { bars = b"ohlc" }
}

/// A ticker over REST; its open is that of 24 hours ago.
const FIGURES: Place = Members(&[
    (b"last", Is(Last)),
    (b"bid", Is(Bid)),
    (b"ask", Is(Ask)),
    (b"open_24", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"volume", Is(Volume)),
]);
/// A bar over REST.
const KLINE: Place = Members(&[
    (b"timestamp", Begin(Clock::Seconds)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"volume", Is(Volume)),
]);

/// Takes a change of a book apart in the order in which the venue writes it.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut data, mut form) = (Data::default(), Form::new(message));
    let symbol: Option<Value<'a>>;
    usual!(
        form,
        br#"{"data":{"timestamp":"# _ => text,
        br#","microtimestamp":"# data.micros => text,
        br#","bids":"# data.bids => list,
        br#","asks":"# data.asks => list,
        br#"},"channel":"diff_order_book_"# symbol => rest;
        br#","event":"data"}"#
    );
    done(book(symbol?.raw, false, &data, take))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(event), Some(data)) = (push.channel, push.event, push.data) else { return Ok(()) };
    let (channel, event) = (channel.text("channel")?, event.text("event")?);
    if let (Some(symbol), b"data") = (channel.strip_prefix(b"diff_order_book_"), event) {
        return book(symbol, false, &Data::of(data, "data")?, take);
    }
    if let (Some(symbol), b"trade") = (channel.strip_prefix(b"live_trades_"), event) {
        return take(&trade(symbol, &Data::of(data, "data")?)?);
    }
    Ok(())
}

/// Takes the body of a REST answer about `symbol` apart: a book, a ticker, or bars, which do not say how long they are.
pub(super) fn whole<'a>(symbol: &'a [u8], body: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let answer = Answer::of(body, "body")?;
    if let Some(data) = answer.data {
        let bars = need(Bars::of(data, "data")?.bars, "ohlc")?;
        return bars.items("ohlc", |item| {
            take(&Message::Kline(KlineMessage { symbol, ts_venue: NO_TIME, interval: 0, item, place: &KLINE }))
        });
    }
    if answer.bids.is_none() && answer.last.is_some() {
        let ts_venue = answer.time.map_or(Ok(NO_TIME), |value| time(value, Clock::Seconds))?;
        return take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: body, place: &FIGURES }));
    }
    book(symbol, true, &Data::of(body, "body")?, take)
}

fn book<'a>(symbol: &'a [u8], snapshot: bool, data: &Data<'a>, take: Take<'_, 'a>) -> Result<()> {
    let micros = need(data.micros, "microtimestamp")?.digits("microtimestamp")?;
    take(&Message::Book(BookMessage {
        symbol,
        snapshot,
        ids: (micros, micros, 0),
        ts_venue: venue_time(micros)?,
        checksum: None,
        depth: None,
        levels: Levels::Pairs { bids: Some(need(data.bids, "bids")?), asks: Some(need(data.asks, "asks")?) },
    }))
}

fn trade<'a>(symbol: &'a [u8], data: &Data<'a>) -> Result<Message<'a>> {
    let kind = need(data.kind, "type")?;
    let sell = match kind.whole("type")? {
        1 => true,
        0 => false,
        _ => return Err(kind.refuse("type")),
    };
    Ok(Message::Trade(TradeMessage {
        symbol,
        price: need(data.price, "price_str")?.text("price_str")?,
        qty: need(data.qty, "amount_str")?.text("amount_str")?,
        sell,
        off_book: false,
        id: need(data.id, "id")?.whole("id")?,
        ts_venue: venue_time(need(data.micros, "microtimestamp")?.digits("microtimestamp")?)?,
    }))
}
