//! Kraken spot public messages, WebSocket v1: books with checksum, the best price, trades, tickers, klines.
//!
//! catalogue: M1. <https://docs.kraken.com/api/docs/websocket-v1/book>, `/ticker`, `/trade` and
//! `/ohlc` beside it. A push is an
//! array: channel number, one or two payloads, channel name, pair. A change of both sides comes as two payloads of which the
//! last has the checksum; a snapshot has none. Objects are answers and heartbeats.

use super::figures::Figure::{High, Last, LastQty, Low, Open, Trades, Volume};
use super::figures::Place::{self, End, Is, Items, Members, Skip};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage, first};
use super::number;
use super::rows::seconds;
use super::scan::{Shape, Value, members, need, quoted};
use super::usual::{Form, done, usual};
use crate::error::{CoreError, Result};
use crate::units::NO_TIME;

/// Channel number, two payloads, channel name and pair.
const PARTS_MAX: usize = 5;

members! {
    /// The payload of a book or a ticker.
    Payload { asks = b"a", bids = b"b", all_asks = b"as", all_bids = b"bs", checksum = b"c" }
}

/// A ticker, beside its best price: of each pair of figures the first is of today, the second of 24 hours.
const FIGURES: Place = Members(&[
    (b"c", Items(&[Is(Last), Is(LastQty)])),
    (b"v", Items(&[Skip, Is(Volume)])),
    (b"h", Items(&[Skip, Is(High)])),
    (b"l", Items(&[Skip, Is(Low)])),
    (b"o", Items(&[Skip, Is(Open)])),
]);
/// A bar: time of its last trade, its end, four prices, average, volume, count.
const KLINE: Place =
    Items(&[Skip, End(Clock::Seconds), Is(Open), Is(High), Is(Low), Is(Last), Skip, Is(Volume), Is(Trades)]);

/// Takes a book apart in the order in which the venue writes it: both sides of a whole one, one side of a change, or one
/// after the other with the checksum in the last.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut found, mut form) = (Payload::default(), Form::new(message));
    let (channel, pair): (Option<Value<'a>>, Option<Value<'a>>);
    form.piece(b"[")?;
    form.number()?;
    if form.piece(br#",{"as":"#).is_some() {
        found.all_asks = Some(form.list()?);
        form.piece(br#","bs":"#)?;
        found.all_bids = Some(form.list()?);
    } else {
        if form.piece(br#",{"a":"#).is_some() {
            let asks = form.list()?;
            found.asks = Some(asks);
            if form.piece(br#"},{"b":"#).is_some() {
                found.bids = Some(form.list()?);
            } else if asks.raw.contains(&b'{') {
                // The list's end is a guess: where white space parts its own brackets, it is the end of the bids.
                return None;
            }
        } else {
            form.piece(br#",{"b":"#)?;
            found.bids = Some(form.list()?);
        }
        form.piece(br#","c":"#)?;
        found.checksum = Some(form.text()?);
    }
    usual!(form, b"}," channel => text, b"," pair => text; b"]");
    let channel = channel?.raw;
    if !channel.starts_with(b"book-") {
        return None;
    }
    done(book(&found, pair?.raw, channel, take))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    if message.shape == Shape::Object {
        return Ok(());
    }
    let mut parts = [None; PARTS_MAX];
    let mut count = 0;
    message.items("message", |part| {
        let slot = parts.get_mut(count).ok_or_else(|| message.refuse("message"))?;
        *slot = Some(part);
        count += 1;
        Ok(())
    })?;
    let (payloads, channel, pair) = match parts {
        [Some(_), Some(one), Some(channel), Some(pair), None] => ([Some(one), None], channel, pair),
        [Some(_), Some(one), Some(two), Some(channel), Some(pair)] => ([Some(one), Some(two)], channel, pair),
        _ => return Err(message.refuse("message")),
    };
    let (channel, symbol) = (channel.text("channel")?, pair.text("pair")?);
    let depth = channel.strip_prefix(b"book-");
    match (channel, payloads) {
        _ if depth.is_some() => {
            let mut found = Payload::default();
            for payload in payloads.into_iter().flatten() {
                payload.members("book", |key, value| {
                    found.set(key, value);
                    Ok(())
                })?;
            }
            book(&found, symbol, channel, take)
        }
        (b"ticker", [Some(one), _]) => {
            take(&ticker(one, symbol)?)?;
            take(&Message::Figures(FiguresMessage { symbol, ts_venue: NO_TIME, item: one, place: &FIGURES }))
        }
        (b"trade", [Some(one), _]) => one.items("trade", |item| take(&trade(item, symbol)?)),
        (_, [Some(item), _]) => match channel.strip_prefix(b"ohlc-") {
            Some(length) => {
                let (interval, ts_venue) = (interval(length)?, NO_TIME);
                take(&Message::Kline(KlineMessage { symbol, ts_venue, interval, item, place: &KLINE }))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

#[inline(always)]
fn book<'a>(found: &Payload<'a>, symbol: &'a [u8], channel: &'a [u8], take: Take<'_, 'a>) -> Result<()> {
    let snapshot = found.all_asks.is_some() || found.all_bids.is_some();
    let (bids, asks) = if snapshot { (found.all_bids, found.all_asks) } else { (found.bids, found.asks) };
    take(&Message::Book(BookMessage {
        symbol,
        snapshot,
        ids: (0, 0, 0),
        ts_venue: NO_TIME,
        checksum: found.checksum.map(checksum).transpose()?,
        depth: Some(depth_of(channel)?),
        levels: Levels::Timed { bids, asks },
    }))
}

/// The subscribed levels a side, from `book-1000`.
#[inline(always)]
fn depth_of(channel: &[u8]) -> Result<usize> {
    let depth = channel.strip_prefix(b"book-").and_then(number::all_of).filter(|depth| *depth > 0);
    match depth.and_then(|depth| usize::try_from(depth).ok()) {
        Some(depth) => Ok(depth),
        None => Err(no_depth(channel)),
    }
}

#[cold]
fn no_depth(channel: &[u8]) -> CoreError {
    CoreError::Field { field: "channel", was: quoted(channel), why: "must be book- and a depth above zero" }
}

#[inline(always)]
fn checksum(value: Value<'_>) -> Result<u32> {
    match number::all_of(value.text("checksum")?).and_then(|sum| u32::try_from(sum).ok()) {
        Some(sum) => Ok(sum),
        None => Err(value.refuse("checksum")),
    }
}

/// A side of a ticker is price, whole lots, size.
fn ticker<'a>(payload: Value<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let found = Payload::of(payload, "ticker")?;
    let side = |side, field| -> Result<(&'a [u8], &'a [u8])> {
        let [price, _, qty] = first::<3>(need(side, field)?, field)?;
        Ok((need(price, "price")?.text("price")?, need(qty, "quantity")?.text("quantity")?))
    };
    let (bid, ask) = (side(found.bids, "b")?, side(found.asks, "a")?);
    Ok(Message::Top(TopMessage { symbol, bid, ask, id: 0, ts_venue: NO_TIME }))
}

/// A trade is price, size, time, side, order type, misc.
fn trade<'a>(item: Value<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let [Some(price), Some(qty), Some(time), Some(side)] = first::<4>(item, "trade")? else {
        return Err(item.refuse("trade"));
    };
    let sell = side.either("side", b"s", b"b")?;
    let (price, qty) = (price.text("price")?, qty.text("quantity")?);
    Ok(Message::Trade(TradeMessage { symbol, price, qty, sell, off_book: false, id: 0, ts_venue: seconds(time)? }))
}
