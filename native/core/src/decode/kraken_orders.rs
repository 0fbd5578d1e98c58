//! Kraken's `level3` channel, WebSocket v2: every order of the best levels of a pair as it comes, changes and goes.
//!
//! catalogue: M1, M2. <https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/level3>: a whole book, then changes;
//! orders of a level stand in the order of their queue. Only the levels within the subscribed depth are told: orders of a
//! level that comes into it are added then, again where they were told before, and what falls out of it is told no more:
//! a message ends with a `Cut` to the depth and the `Sum` that the book has then, in units of the last decimal that the
//! pair's numbers were written with so far. A message has no number. The answer to a subscription may name its depth.

use super::order_message::{Connection, Kept, OrderMessage, Take};
use super::scan::{Value, members, need};
use super::utc_text;
use crate::book::l3::{RecordKind, record_flags as flags};
use crate::error::Result;
use crate::units::{Decimal, NO_TIME, Side};

/// Ten to the minus as many decimals as the place says; a number may have so many as a survey keeps.
const UNITS: [&[u8]; 13] = [
    b"1",
    b"0.1",
    b"0.01",
    b"0.001",
    b"0.0001",
    b"0.00001",
    b"0.000001",
    b"0.0000001",
    b"0.00000001",
    b"0.000000001",
    b"0.0000000001",
    b"0.00000000001",
    b"0.000000000001",
];

members! {
    /// The envelope of a push or of an answer.
    Push { channel = b"channel", kind = b"type", data = b"data", result = b"result" }
}

members! {
    /// What an answer to a subscription says.
    Answer { channel = b"channel", symbol = b"symbol", depth = b"depth" }
}

members! {
    /// A whole book or a change of one.
    Book { symbol = b"symbol", bids = b"bids", asks = b"asks", checksum = b"checksum" }
}

members! {
    /// One order; one of a whole book has no event.
    Order { event = b"event", id = b"order_id", price = b"limit_price", qty = b"order_qty", time = b"timestamp" }
}

/// Takes one message apart.
pub(super) fn read(message: Value<'_>, connection: &mut Connection, take: Take<'_>) -> Result<()> {
    let push = Push::of(message, "message")?;
    if let Some(result) = push.result {
        return subscribed(&Answer::of(result, "result")?, connection);
    }
    let (Some(channel), Some(kind), Some(data)) = (push.channel, push.kind, push.data) else { return Ok(()) };
    if channel.text("channel")? != b"level3" {
        return Ok(());
    }
    let whole = kind.text("type")? == b"snapshot";
    data.items("data", |item| book(&Book::of(item, "data")?, whole, connection, take))
}

/// Remembers how deep a book was subscribed.
fn subscribed(answer: &Answer<'_>, connection: &mut Connection) -> Result<()> {
    match (answer.channel, answer.symbol, answer.depth) {
        (Some(channel), Some(symbol), Some(depth)) if channel.raw == b"level3" => {
            connection.kept(symbol.text("symbol")?)?.depth = depth.whole("depth")?;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn book(book: &Book<'_>, whole: bool, connection: &mut Connection, take: Take<'_>) -> Result<()> {
    let symbol = need(book.symbol, "symbol")?.text("symbol")?;
    let kept = connection.kept(symbol)?;
    let snapshot = if whole { flags::SNAPSHOT } else { 0 };
    let said = OrderMessage { flags: snapshot, ..OrderMessage::cleared(symbol) };
    let mut first = flags::MESSAGE;
    if whole {
        take(OrderMessage { flags: std::mem::take(&mut first) | snapshot, ..said })?;
    }
    for (side, orders) in [(Side::Buy, need(book.bids, "bids")?), (Side::Sell, need(book.asks, "asks")?)] {
        orders.items("orders", |item| {
            let flags = std::mem::take(&mut first) | snapshot;
            take(OrderMessage { side, flags, ..order(item, &said, kept)? })
        })?;
    }
    let told = need(book.checksum, "checksum")?.whole("checksum")?;
    let ends = OrderMessage { event: "checksum", flags: first | snapshot, ..said };
    take(OrderMessage { kind: RecordKind::Cut, id: kept.depth, ..ends })?;
    let (price, qty) = (kept.price_unit, kept.qty_unit);
    take(OrderMessage { kind: RecordKind::Sum, id: told, price, qty, flags: snapshot | flags::LAST, ..ends })
}

/// One order, and what its texts tell about how the pair's numbers are written.
fn order<'a>(item: Value<'a>, said: &OrderMessage<'a>, kept: &mut Kept) -> Result<OrderMessage<'a>> {
    let order = Order::of(item, "order")?;
    let (event, kind) = what(&order, item)?;
    let gone = kind == RecordKind::Delete;
    let figure = |value: Option<Value<'a>>, unit: &mut &'static [u8], field| -> Result<&'a [u8]> {
        if value.is_none() && gone {
            return Ok(b"");
        }
        let text = need(value, field)?.figure(field)?;
        let finest = unit_of(text).ok_or_else(|| item.refuse(field))?;
        *unit = if finest.len() > unit.len() { finest } else { *unit };
        Ok(if gone { b"" } else { text })
    };
    let price = figure(order.price, &mut kept.price_unit, "limit_price")?;
    let qty = figure(order.qty, &mut kept.qty_unit, "order_qty")?;
    let ts_venue = order
        .time
        .map_or(Ok(NO_TIME), |time| utc_text::nanos(time.text("timestamp")?).ok_or_else(|| time.refuse("timestamp")))?;
    Ok(OrderMessage { event, kind, id: id_of(need(order.id, "order_id")?)?, price, qty, ts_venue, ..*said })
}

/// The unit of the last decimal of a text; None where there are more than anybody keeps.
fn unit_of(text: &[u8]) -> Option<&'static [u8]> {
    let decimals = if text.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        Decimal::parse(text, "figure").ok()?.scale as usize
    } else {
        text.iter().position(|byte| *byte == b'.').map_or(0, |point| text.len() - point - 1)
    };
    UNITS.get(decimals).copied()
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
