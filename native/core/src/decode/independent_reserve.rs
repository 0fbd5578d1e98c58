//! Independent Reserve's order book channel: every order of a currency as it is made, filled and cancelled.
//!
//! catalogue: M1, M2. <https://github.com/independentreserve/websockets/blob/master/orderbook-ticker.md> and
//! `GetAllOrders` of <https://www.independentreserve.com/api>. A channel is one currency, whose orders are priced in every
//! money at once, so there is a book for each (`eth-aud`, ..); a channel's nonce counts up by one. A whole book has nearly
//! every message of its time and before: those are applied over it, and what they end may be gone from it. Orders have GUIDs: their
//! two halves and the money make the id of 64 bits, which two orders share once in 10^19.

use super::order_message::{Connection, OrderMessage, Take};
use super::scan::{Value, members, need};
use super::{utc_text, venue_time};
use crate::book::l3::{RecordKind, record_flags as flags};
use crate::error::Result;
use crate::units::{NO_TIME, Nanos, Side};

members! {
    /// A push.
    Push { channel = b"Channel", nonce = b"Nonce", data = b"Data", time = b"Time", event = b"Event" }
}

members! {
    /// The data of an order.
    Data { kind = b"OrderType", guid = b"OrderGuid", price = b"Price", qty = b"Volume" }
}

members! {
    /// A whole book.
    Whole { bids = b"BuyOrders", asks = b"SellOrders", made = b"CreatedTimestampUtc" }
}

members! {
    /// An order of a whole book.
    Resting { guid = b"Guid", price = b"Price", qty = b"Volume" }
}

/// The moneys in which an order is priced (`GetValidSecondaryCurrencyCodes`).
const MONEYS: [&[u8]; 4] = [b"aud", b"usd", b"nzd", b"sgd"];

/// What a message says of an order, whatever the money.
struct Said<'a> {
    event: &'static str,
    kind: RecordKind,
    guid: Value<'a>,
    side: Side,
    qty: &'a [u8],
    ts_venue: Nanos,
    flags: u16,
}

/// Takes one message apart.
pub(super) fn read(message: Value<'_>, connection: &mut Connection, take: Take<'_>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(data)) = (push.channel, push.data) else { return Ok(()) };
    let channel = channel.text("channel")?;
    let Some(currency) = channel.strip_prefix(b"orderbook-") else { return Ok(()) };
    let (event, kind) = match need(push.event, "event")?.text("event")? {
        b"NewOrder" => ("NewOrder", RecordKind::Put),
        b"OrderChanged" => ("OrderChanged", RecordKind::Resize),
        b"OrderCanceled" => ("OrderCanceled", RecordKind::Delete),
        _ => return Ok(()),
    };
    let gap = connection.misses(channel, need(push.nonce, "nonce")?.whole("nonce")?)?;
    let data = Data::of(data, "data")?;
    let said = Said {
        event,
        kind,
        guid: need(data.guid, "order guid")?,
        side: side_of(need(data.kind, "order type")?)?,
        qty: data.qty.map_or(Ok(b"" as &[u8]), |qty| qty.figure("volume"))?,
        ts_venue: push.time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("time")?))?,
        flags: flags::LAST | flags::MESSAGE | if gap { flags::GAP } else { 0 },
    };
    let mut tell = |money: &[u8], price: &[u8]| {
        let symbol = symbol(currency, money);
        let old =
            connection.whole_at.get(&symbol).is_some_and(|made| said.ts_venue != NO_TIME && said.ts_venue <= *made);
        said.to(&symbol, money, price, if old { flags::OLD } else { 0 }, take)
    };
    match (kind, data.price) {
        (RecordKind::Put, price) => need(price, "price")?
            .members("price", |money, price| tell(&money.to_ascii_lowercase(), price.figure("price")?)),
        // A change and a cancellation name no price: they are about the order in every money.
        _ => MONEYS.into_iter().try_for_each(|money| tell(money, b"")),
    }
}

/// Takes the body of a whole book of `symbol`, such as `eth-aud`, apart.
pub(super) fn whole(symbol: &[u8], body: Value<'_>, connection: &mut Connection, take: Take<'_>) -> Result<()> {
    let whole = Whole::of(body, "body")?;
    let made = match whole.made {
        Some(made) => utc_text::nanos(made.text("time")?).ok_or_else(|| made.refuse("time"))?,
        None => NO_TIME,
    };
    connection.whole(symbol, made)?;
    let money = symbol.rsplit(|byte| *byte == b'-').next().unwrap_or_default();
    take(OrderMessage::cleared(symbol))?;
    for (side, orders) in [(Side::Buy, whole.bids), (Side::Sell, whole.asks)] {
        need(orders, "orders")?.items("orders", |item| {
            let order = Resting::of(item, "order")?;
            let said = Said {
                event: "snapshot",
                kind: RecordKind::Add,
                guid: need(order.guid, "guid")?,
                side,
                qty: need(order.qty, "volume")?.figure("volume")?,
                ts_venue: NO_TIME,
                flags: flags::SNAPSHOT,
            };
            said.to(symbol, money, need(order.price, "price")?.figure("price")?, 0, take)
        })?;
    }
    Ok(())
}

impl Said<'_> {
    /// Hands it on as a message about the book in one money, with `more` flags.
    fn to(&self, symbol: &[u8], money: &[u8], price: &[u8], more: u16, take: Take<'_>) -> Result<()> {
        let Self { event, kind, side, qty, ts_venue, .. } = *self;
        let (id, flags) = (id_of(self.guid, money)?, self.flags | more);
        take(OrderMessage { symbol, event, kind, id, side, price, qty, ts_venue, flags })
    }
}

fn symbol(currency: &[u8], money: &[u8]) -> Vec<u8> {
    [currency, b"-", money].concat()
}

/// The halves of a GUID and the name of the money, mixed into one number.
pub(super) fn id_of(guid: Value<'_>, money: &[u8]) -> Result<u64> {
    let mut number: u128 = 0;
    let mut digits = 0;
    for byte in guid.text("guid")?.iter().filter(|byte| **byte != b'-') {
        let digit = char::from(*byte).to_digit(16).ok_or_else(|| guid.refuse("guid"))?;
        number = number << 4 | u128::from(digit);
        digits += 1;
    }
    if digits != 32 {
        return Err(guid.refuse("guid"));
    }
    let tag = money.iter().fold(0_u64, |tag, byte| tag << 8 | u64::from(*byte));
    Ok((number >> 64) as u64 ^ number as u64 ^ tag.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn side_of(kind: Value<'_>) -> Result<Side> {
    match kind.text("order type")? {
        b"LimitBid" => Ok(Side::Buy),
        b"LimitOffer" => Ok(Side::Sell),
        _ => Err(kind.refuse("order type")),
    }
}
