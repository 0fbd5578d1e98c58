//! Bitstamp's live orders: every order of a pair as it is created, changed and deleted, and the trades with both orders.
//!
//! catalogue: M1, M2. <https://www.bitstamp.net/websocket/v2/> (`live_orders_..`, `live_trades_..`), and the form of a log
//! of 2015, when the stream had one pair: `<event> <data>`. `amount` is what is left of an order. A market order is created at
//! price 0, or for an amount of 0, and changes at the prices of its trades; it never rests. A taker's order is told before its trade, so that the book is crossed for an instant.

use super::message::figure_of;
use super::order_message::{Connection, OrderMessage, Take, rest_book, whole};
use super::scan::{Value, members, need};
use super::symbols::is_zero;
use super::venue_time;
use crate::book::l3::{RecordKind, record_flags as flags};
use crate::error::Result;
use crate::units::{NO_TIME, Side};

members! {
    /// The envelope of a push.
    Push { channel = b"channel", event = b"event", data = b"data" }
}

members! {
    /// The data of an order or a trade; the texts beside the numbers came later.
    Data {
        micros = b"microtimestamp",
        seconds = b"datetime",
        id = b"id",
        price = b"price",
        price_text = b"price_str",
        qty = b"amount",
        qty_text = b"amount_str",
        side = b"order_type",
        buyer = b"buy_order_id",
        seller = b"sell_order_id",
        taker = b"type",
    }
}

members! {
    /// A whole book with the orders' ids (`order_book/..?group=2`).
    Whole { micros = b"microtimestamp", bids = b"bids", asks = b"asks" }
}

/// The only pair of the stream before pairs had channels of their own.
const FIRST_PAIR: &[u8] = b"btcusd";

/// Takes one message apart.
pub(super) fn read(payload: &[u8], connection: &mut Connection, take: Take<'_>) -> Result<()> {
    if payload.first().is_some_and(u8::is_ascii_alphabetic) {
        let at = payload.iter().position(|byte| *byte == b' ').unwrap_or(payload.len());
        let (event, data) = payload.split_at(at);
        return told(FIRST_PAIR, event, || whole(data), connection, take);
    }
    let push = Push::of(whole(payload)?, "message")?;
    let (Some(channel), Some(event), Some(data)) = (push.channel, push.event, push.data) else { return Ok(()) };
    let (channel, event) = (channel.text("channel")?, event.text("event")?);
    let symbol = channel.strip_prefix(b"live_orders_").or_else(|| channel.strip_prefix(b"live_trades_"));
    symbol.map_or(Ok(()), |symbol| told(symbol, event, || Ok(data), connection, take))
}

/// Takes the body of a whole book of `symbol` apart: orders as price, amount and id. What the stream says of its time and
/// before is in it already.
pub(super) fn whole_book(symbol: &[u8], body: Value<'_>, connection: &mut Connection, take: Take<'_>) -> Result<()> {
    let whole = Whole::of(body, "body")?;
    connection.whole(symbol, venue_time(need(whole.micros, "microtimestamp")?.digits("microtimestamp")?)?)?;
    rest_book(symbol, [whole.bids, whole.asks], |id| id.digits("id"), take)
}

fn told<'a>(
    symbol: &'a [u8],
    event: &[u8],
    data: impl Fn() -> Result<Value<'a>>,
    connection: &mut Connection,
    take: Take<'_>,
) -> Result<()> {
    let (event, kind) = match event {
        b"order_created" => ("created", RecordKind::Add),
        b"order_changed" => ("changed", RecordKind::Amend),
        b"order_deleted" => ("deleted", RecordKind::Delete),
        b"trade" => ("trade", RecordKind::Trade),
        _ => return Ok(()),
    };
    let data = Data::of(data()?, "data")?;
    let price = figure_of(data.price_text, data.price, "price")?;
    let qty = figure_of(data.qty_text, data.qty, "amount")?;
    let (id, side) = match kind {
        RecordKind::Trade => maker(&data)?,
        _ => (need(data.id, "id")?.whole("id")?, side_of(need(data.side, "order_type")?)?),
    };
    let market = connection.never_rests(id, kind, is_zero(price) || kind == RecordKind::Add && is_zero(qty));
    let ts_venue = time(&data)?;
    let old = ts_venue != NO_TIME && connection.whole_at.get(symbol).is_some_and(|made| ts_venue <= *made);
    take(OrderMessage {
        symbol,
        event,
        kind: if market || old { RecordKind::Nothing } else { kind },
        id,
        side,
        price: if market { b"" } else { price },
        qty,
        ts_venue,
        flags: flags::LAST | flags::MESSAGE | if old { flags::OLD } else { 0 },
    })
}

/// The resting order of a trade and its side: the one that did not take. Trades of 2015 name no orders: 0.
fn maker(data: &Data<'_>) -> Result<(u64, Side)> {
    let (Some(taker), Some(buyer), Some(seller)) = (data.taker, data.buyer, data.seller) else {
        return Ok((0, Side::Buy));
    };
    Ok(match side_of(taker)? {
        Side::Buy => (seller.whole("sell_order_id")?, Side::Sell),
        Side::Sell => (buyer.whole("buy_order_id")?, Side::Buy),
    })
}

fn side_of(value: Value<'_>) -> Result<Side> {
    match value.whole("order_type")? {
        0 => Ok(Side::Buy),
        1 => Ok(Side::Sell),
        _ => Err(value.refuse("order_type")),
    }
}

fn time(data: &Data<'_>) -> Result<i64> {
    match (data.micros, data.seconds) {
        (Some(micros), _) => venue_time(micros.digits("microtimestamp")?),
        (None, Some(seconds)) => venue_time(seconds.digits("datetime")?.saturating_mul(1_000)),
        (None, None) => Ok(NO_TIME),
    }
}
