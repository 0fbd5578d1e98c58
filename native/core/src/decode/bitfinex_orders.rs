//! Bitfinex's raw books: the best orders of a pair, each with its id, price and what is left of it.
//!
//! catalogue: M1, M2. <https://docs.bitfinex.com/reference-link/ws-public-raw-books> (`book` with `prec: R0`). A channel's number is
//! bound to its symbol when it is subscribed; the first array of arrays is the whole book, each later array one order;
//! price 0 takes it out, and a negative amount is an ask. Only the best `len` orders of a side are told, so orders come
//! and go at the edge. With the flag `SEQ_ALL` every message of the connection ends with its number.

use super::message::first;
use super::order_message::{Connection, OrderMessage, Take};
use super::scan::{Shape, Value, members};
use super::symbols::is_zero;
use crate::book::l3::{RecordKind, record_flags as flags};
use crate::error::Result;
use crate::units::{NO_TIME, Side};

members! {
    /// An event: what was subscribed.
    Event { event = b"event", channel = b"channel", number = b"chanId", symbol = b"symbol", precision = b"prec" }
}

/// A number above this is a time in milliseconds, which another flag puts behind the number of the message.
const NUMBER_MAX: u64 = 1_000_000_000_000;

/// Takes one message apart.
pub(super) fn read(message: Value<'_>, connection: &mut Connection, take: Take<'_>) -> Result<()> {
    if message.shape == Shape::Object {
        return subscribed(&Event::of(message, "message")?, connection);
    }
    let [channel, body, third, fourth] = first::<4>(message, "message")?;
    let (Some(channel), Some(body)) = (channel, body) else { return Ok(()) };
    // A word other than `hb` (`te`, `tu`, `cs`) stands before what it is about.
    let worded = body.shape == Shape::Text && body.raw != b"hb";
    let number = if worded { fourth } else { third }.filter(|number| number.shape == Shape::Number);
    let number = number.and_then(|number| number.whole("sequence").ok()).filter(|number| *number < NUMBER_MAX);
    if let Some(number) = number {
        // A gap may come to light at a message of another channel: the next order tells it.
        connection.gap |= connection.misses(b"", number)?;
    }
    let Some(symbol) = connection.channels.get(&channel.whole("channel")?) else { return Ok(()) };
    if body.shape != Shape::Array {
        return Ok(());
    }
    let gap = if std::mem::take(&mut connection.gap) { flags::GAP } else { 0 };
    match first::<1>(body, "book")? {
        [Some(inner)] if inner.shape == Shape::Array => snapshot(symbol, body, gap, take),
        [Some(_)] => {
            let order = order(symbol, body)?;
            take(OrderMessage { flags: flags::LAST | flags::MESSAGE | gap, ..order })
        }
        [None] => Ok(()),
    }
}

fn subscribed(event: &Event<'_>, connection: &mut Connection) -> Result<()> {
    let is = |value: Option<Value<'_>>, text: &[u8]| value.is_some_and(|value| value.raw == text);
    match (event.number, event.symbol) {
        (Some(number), Some(symbol))
            if is(event.event, b"subscribed") && is(event.channel, b"book") && is(event.precision, b"R0") =>
        {
            connection.name(number.whole("chanId")?, symbol.text("symbol")?)
        }
        _ => Ok(()),
    }
}

/// The book is emptied, then filled; the last order completes it.
fn snapshot(symbol: &[u8], orders: Value<'_>, gap: u16, take: Take<'_>) -> Result<()> {
    let mut count = 0;
    orders.items("book", |_| {
        count += 1;
        Ok(())
    })?;
    let clear = OrderMessage { flags: flags::MESSAGE | flags::SNAPSHOT | gap, ..OrderMessage::cleared(symbol) };
    take(clear)?;
    orders.items("book", |item| {
        count -= 1;
        let last = if count == 0 { flags::LAST } else { 0 };
        take(OrderMessage { event: "snapshot", flags: flags::SNAPSHOT | last, ..order(symbol, item)? })
    })
}

fn order<'a>(symbol: &'a [u8], item: Value<'a>) -> Result<OrderMessage<'a>> {
    let [Some(id), Some(price), Some(amount)] = first::<3>(item, "order")? else { return Err(item.refuse("order")) };
    let (price, amount) = (price.figure("price")?, amount.figure("amount")?);
    let gone = is_zero(price);
    let (side, qty) = amount.strip_prefix(b"-").map_or((Side::Buy, amount), |ask| (Side::Sell, ask));
    Ok(OrderMessage {
        symbol,
        event: "update",
        kind: if gone { RecordKind::Delete } else { RecordKind::Put },
        id: id.whole("order id")?,
        side,
        price: if gone { b"" } else { price },
        qty: if gone { b"" } else { qty },
        ts_venue: NO_TIME,
        flags: 0,
    })
}
