//! Kraken's `level3` channel, WebSocket v2: every order of the best levels of a pair as it comes, changes and goes.
//!
//! catalogue: M1, M2. <https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/level3>: a whole book, then changes;
//! orders of a level stand in the order of their queue. Only the levels within the subscribed depth are told: orders of a
//! level that comes into it are added then, again where they were told before, and what falls out of it is told no more
//! (`feeds.l3.kraken` takes it out and holds the book to the checksum). A message has no number.

use super::order_message::{OrderMessage, Take};
use super::scan::{Value, members, need};
use super::utc_text;
use crate::book::l3::{RecordKind, record_flags as flags};
use crate::error::Result;
use crate::units::{NO_TIME, Side};

members! {
    /// The envelope of a push.
    Push { channel = b"channel", kind = b"type", data = b"data" }
}

members! {
    /// A whole book or a change of one.
    Book { symbol = b"symbol", bids = b"bids", asks = b"asks" }
}

members! {
    /// One order; one of a whole book has no event.
    Order { event = b"event", id = b"order_id", price = b"limit_price", qty = b"order_qty", time = b"timestamp" }
}

/// Takes one message apart.
pub(super) fn read(message: Value<'_>, take: Take<'_>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(kind), Some(data)) = (push.channel, push.kind, push.data) else { return Ok(()) };
    if channel.text("channel")? != b"level3" {
        return Ok(());
    }
    let whole = kind.text("type")? == b"snapshot";
    data.items("data", |item| book(&Book::of(item, "data")?, whole, take))
}

fn book(book: &Book<'_>, whole: bool, take: Take<'_>) -> Result<()> {
    let symbol = need(book.symbol, "symbol")?.text("symbol")?;
    let (mut first, snapshot) = (flags::MESSAGE, if whole { flags::SNAPSHOT } else { 0 });
    let said = OrderMessage { flags: first | snapshot, ..OrderMessage::cleared(symbol) };
    if whole {
        take(OrderMessage { ..said })?;
        first = 0;
    }
    let mut left = 0;
    let sides = [(Side::Buy, need(book.bids, "bids")?), (Side::Sell, need(book.asks, "asks")?)];
    for (_, orders) in sides {
        orders.items("orders", |_| {
            left += 1;
            Ok(())
        })?;
    }
    for (side, orders) in sides {
        orders.items("orders", |item| {
            let order = Order::of(item, "order")?;
            let (event, kind) = what(&order, item)?;
            let gone = kind == RecordKind::Delete;
            let figure = |value, field| if gone { Ok(b"" as &[u8]) } else { need(value, field)?.figure(field) };
            left -= 1;
            let flags = std::mem::take(&mut first) | snapshot | if left == 0 { flags::LAST } else { 0 };
            take(OrderMessage {
                event,
                kind,
                id: id_of(need(order.id, "order_id")?)?,
                side,
                price: figure(order.price, "limit_price")?,
                qty: figure(order.qty, "order_qty")?,
                ts_venue: order.time.map_or(Ok(NO_TIME), |time| {
                    utc_text::nanos(time.text("timestamp")?).ok_or_else(|| time.refuse("timestamp"))
                })?,
                flags,
                ..said
            })
        })?;
    }
    Ok(())
}

fn what(order: &Order<'_>, item: Value<'_>) -> Result<(&'static str, RecordKind)> {
    Ok(match order.event.map(|event| event.text("event")).transpose()? {
        None => ("snapshot", RecordKind::Add),
        // One that was told, fell out of the depth and comes again is there already, where nobody took it out.
        Some(b"add") => ("add", RecordKind::Put),
        Some(b"modify") => ("modify", RecordKind::Amend),
        Some(b"delete") => ("delete", RecordKind::Delete),
        Some(_) => return Err(item.refuse("event")),
    })
}

/// Letters and digits, as `OABCDE-FGHIJ-KLMNOP`, mixed into one number: seventeen of them have more than 64 bits.
fn id_of(text: Value<'_>) -> Result<u64> {
    let mut number: u128 = 0;
    for byte in text.text("order_id")?.iter().filter(|byte| **byte != b'-') {
        let digit = char::from(*byte).to_digit(36).ok_or_else(|| text.refuse("order_id"))?;
        number = number.wrapping_mul(36).wrapping_add(u128::from(digit));
    }
    Ok((number >> 64) as u64 ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
