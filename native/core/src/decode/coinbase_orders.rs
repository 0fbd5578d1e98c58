//! Coinbase Exchange's `full` channel: every order of a product as it is received, rests, is filled, changed and ends.
//!
//! catalogue: M1, M2. <https://docs.cdp.coinbase.com/exchange/websocket-feed/channels> (`full`) and, for the whole book,
//! <https://docs.cdp.coinbase.com/exchange/reference/exchangerestapi_getproductbook> (`level=3`), which names the number of
//! the last message in it. Every message of a product has the next number. An order that was received rests only once
//! `open` says so; what a `match` takes from the maker leaves the book then, so that the end of a filled order changes
//! nothing more. Stop orders (`activate`) are no part of the book.

use super::independent_reserve::id_of;
use super::order_message::{Connection, OrderMessage, Take, rest_book};
use super::scan::{Value, members, need};
use super::utc_text;
use crate::book::l3::{RecordKind, record_flags as flags};
use crate::error::Result;
use crate::units::{NO_TIME, Nanos, Side};

members! {
    /// A message of any type.
    Push {
        kind = b"type",
        time = b"time",
        symbol = b"product_id",
        number = b"sequence",
        order = b"order_id",
        maker = b"maker_order_id",
        price = b"price",
        size = b"size",
        remaining = b"remaining_size",
        new_size = b"new_size",
        new_price = b"new_price",
        reason = b"reason",
        side = b"side",
    }
}

members! {
    /// A whole book with the orders' ids.
    Whole { number = b"sequence", bids = b"bids", asks = b"asks" }
}

/// What becomes of an order.
struct Told<'a> {
    event: &'static str,
    kind: RecordKind,
    id: u64,
    price: &'a [u8],
    qty: &'a [u8],
}

/// Takes one message apart.
pub(super) fn read(message: Value<'_>, connection: &mut Connection, take: Take<'_>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(kind), Some(symbol), Some(number)) = (push.kind, push.symbol, push.number) else { return Ok(()) };
    let (kind, symbol, number) = (kind.text("type")?, symbol.text("product_id")?, number.whole("sequence")?);
    // Others carry a number of their own (a heartbeat) or that of the last match (a ticker).
    if !matches!(kind, b"received" | b"open" | b"done" | b"match" | b"change" | b"activate") {
        return Ok(());
    }
    let gap = connection.misses(symbol, number)?;
    let old = connection.whole_at.get(symbol).is_some_and(|made| u64::try_from(*made).is_ok_and(|made| number <= made));
    let told = told(&push, kind, connection)?;
    let side = match (told.kind, push.side) {
        (_, Some(side)) => side_of(side)?,
        (RecordKind::Nothing, None) => Side::Buy,
        _ => return Err(message.refuse("side")),
    };
    take(OrderMessage {
        symbol,
        event: told.event,
        kind: if old { RecordKind::Nothing } else { told.kind },
        id: told.id,
        side,
        price: told.price,
        qty: told.qty,
        ts_venue: time(push.time)?,
        flags: flags::LAST | flags::MESSAGE | if gap { flags::GAP } else { 0 } | if old { flags::OLD } else { 0 },
    })
}

fn told<'a>(push: &Push<'a>, kind: &[u8], connection: &mut Connection) -> Result<Told<'a>> {
    let nothing = |event| Told { event, kind: RecordKind::Nothing, id: 0, price: b"", qty: b"" };
    let id = |value, field| id_of(need(value, field)?, b"");
    Ok(match kind {
        b"received" => {
            connection.waits(id(push.order, "order_id")?);
            nothing("received")
        }
        b"open" => {
            let id = id(push.order, "order_id")?;
            connection.waited(id);
            let (price, qty) = (figure(push.price, "price")?, figure(push.remaining, "remaining_size")?);
            Told { event: "open", kind: RecordKind::Add, id, price, qty }
        }
        b"match" => {
            let (id, qty) = (id(push.maker, "maker_order_id")?, figure(push.size, "size")?);
            Told { event: "match", kind: RecordKind::Reduce, id, price: b"", qty }
        }
        b"done" => {
            let id = id(push.order, "order_id")?;
            let filled = need(push.reason, "reason")?.text("reason")? == b"filled";
            if connection.waited(id) || filled {
                return Ok(nothing("done"));
            }
            Told { event: "done", kind: RecordKind::Delete, id, price: b"", qty: b"" }
        }
        b"change" => {
            let id = id(push.order, "order_id")?;
            // One that does not rest yet, or a market order, which has funds and no price.
            let price = push.new_price.or(push.price).filter(|price| !price.is_null());
            let (Some(price), false) = (price, connection.is_waiting(id)) else { return Ok(nothing("change")) };
            let (price, qty) = (price.figure("price")?, figure(push.new_size, "new_size")?);
            Told { event: "change", kind: RecordKind::Amend, id, price, qty }
        }
        _ => nothing("activate"),
    })
}

/// Takes the body of a whole book of `symbol` apart: orders as price, size and id.
pub(super) fn whole(symbol: &[u8], body: Value<'_>, connection: &mut Connection, take: Take<'_>) -> Result<()> {
    let whole = Whole::of(body, "body")?;
    let number = need(whole.number, "sequence")?;
    let made = i64::try_from(number.whole("sequence")?).map_err(|_| number.refuse("sequence"))?;
    connection.whole(symbol, made)?;
    rest_book(symbol, [whole.bids, whole.asks], |order| id_of(order, b""), take)
}

fn figure<'a>(value: Option<Value<'a>>, field: &'static str) -> Result<&'a [u8]> {
    need(value, field)?.figure(field)
}

fn side_of(value: Value<'_>) -> Result<Side> {
    Ok(if value.either("side", b"sell", b"buy")? { Side::Sell } else { Side::Buy })
}

fn time(value: Option<Value<'_>>) -> Result<Nanos> {
    let Some(time) = value else { return Ok(NO_TIME) };
    utc_text::nanos(time.text("time")?).ok_or_else(|| time.refuse("time"))
}
