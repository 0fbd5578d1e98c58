//! HTX (Huobi) swap public messages: books and trades; the same topics on the coin-margined and the linear connection.
//!
//! catalogue: M1. <https://www.htx.com/en-us/opend/newApiPages/?id=28c33ab2-77ae-11ed-9966-0242ac110003>
//! (`market.$contract_code.depth.step0` and `.trade.detail`). Every book is whole, at most 150 levels a side and numbered by
//! `mrid`; prices and sizes are JSON numbers, sizes in contracts. Frames are gzip, which the reader of the recording undoes.

use super::levels::Levels;
use super::public::{BookMessage, Message, Take, TradeMessage};
use super::scan::{Value, members, need};
use super::venue_time;
use crate::error::Result;
use crate::units::{NO_TIME, Nanos};

members! {
    /// The envelope of a push.
    Push { channel = b"ch", tick = b"tick" }
}

members! {
    /// A book, or what holds the trades.
    Tick { id = b"mrid", time = b"ts", bids = b"bids", asks = b"asks", data = b"data" }
}

members! {
    /// One trade.
    Trade { id = b"id", time = b"ts", price = b"price", qty = b"amount", side = b"direction" }
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(tick)) = (push.channel, push.tick) else { return Ok(()) };
    let Some(topic) = channel.text("ch")?.strip_prefix(b"market.") else { return Ok(()) };
    if let Some(symbol) = topic.strip_suffix(b".depth.step0") {
        return take(book(symbol, &Tick::of(tick, "tick")?)?);
    }
    if let Some(symbol) = topic.strip_suffix(b".trade.detail") {
        let trades = need(Tick::of(tick, "tick")?.data, "data")?;
        return trades.items("data", |item| take(trade(symbol, &Trade::of(item, "data")?)?));
    }
    Ok(())
}

fn book<'a>(symbol: &'a [u8], tick: &Tick<'a>) -> Result<Message<'a>> {
    let id = need(tick.id, "mrid")?.whole("mrid")?;
    Ok(Message::Book(BookMessage {
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
    let sell = match side.text("direction")? {
        b"sell" => true,
        b"buy" => false,
        _ => return Err(side.refuse("direction")),
    };
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
