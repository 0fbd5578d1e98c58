//! Deribit v2 public messages: books, the best price, trades.
//!
//! catalogue: M1. <https://docs.deribit.com/#book-instrument_name-interval>, and `ticker`, `quote` and `trades` beside it.
//! Prices and sizes are JSON numbers; a level begins with the word that says what happened to it.

use super::levels::Levels;
use super::public::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use super::venue_time;
use crate::error::Result;
use crate::instrument::Market;
use crate::units::{NO_TIME, Nanos};

members! {
    /// A notification.
    Push { params = b"params" }
}

members! {
    /// The channel of a notification and its data.
    Params { channel = b"channel", data = b"data" }
}

members! {
    /// The data of any channel.
    Data {
        symbol = b"instrument_name",
        time = b"timestamp",
        kind = b"type",
        change = b"change_id",
        previous = b"prev_change_id",
        bids = b"bids",
        asks = b"asks",
        bid = b"best_bid_price",
        bid_qty = b"best_bid_amount",
        ask = b"best_ask_price",
        ask_qty = b"best_ask_amount",
        trade = b"trade_seq",
        price = b"price",
        qty = b"amount",
        direction = b"direction",
        block = b"block_trade_id",
    }
}

/// How an instrument settles: `BTC_USDC` is spot, `BTC_USDC-..` pays in the quote, `BTC-..` in the coin.
pub(super) fn market_of(symbol: &[u8]) -> Market {
    match (symbol.contains(&b'_'), symbol.contains(&b'-')) {
        (true, true) => Market::Linear,
        (true, false) => Market::Spot,
        _ => Market::Inverse,
    }
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let Some(params) = Push::of(message, "message")?.params else { return Ok(()) };
    let params = Params::of(params, "params")?;
    let (Some(channel), Some(data)) = (params.channel, params.data) else { return Ok(()) };
    match channel.text("channel")?.split(|byte| *byte == b'.').next() {
        Some(b"book") => take(book(&Data::of(data, "data")?)?),
        Some(b"ticker" | b"quote") => take(top(&Data::of(data, "data")?)?),
        Some(b"trades") => data.items("data", |item| take(trade(&Data::of(item, "data")?)?)),
        _ => Ok(()),
    }
}

fn book<'a>(data: &Data<'a>) -> Result<Message<'a>> {
    let last = need(data.change, "change_id")?.whole("change_id")?;
    let snapshot = need(data.kind, "type")?.text("type")? == b"snapshot";
    let previous = match data.previous {
        Some(id) if !snapshot => id.whole("prev_change_id")?,
        _ => 0,
    };
    let levels = Levels::Worded { bids: need(data.bids, "bids")?, asks: need(data.asks, "asks")? };
    Ok(Message::Book(BookMessage {
        symbol: symbol(data)?,
        snapshot,
        ids: (last, last, previous),
        ts_venue: time(data)?,
        checksum: None,
        depth: None,
        levels,
    }))
}

fn top<'a>(data: &Data<'a>) -> Result<Message<'a>> {
    let side = |price, qty| -> Result<(&'a [u8], &'a [u8])> {
        match price {
            Some(price) if !Value::is_null(&price) => {
                Ok((price.figure("best price")?, need(qty, "best amount")?.figure("best amount")?))
            }
            _ => Ok((b"", b"")),
        }
    };
    let (bid, ask) = (side(data.bid, data.bid_qty)?, side(data.ask, data.ask_qty)?);
    Ok(Message::Top(TopMessage { symbol: symbol(data)?, bid, ask, id: 0, ts_venue: time(data)? }))
}

fn trade<'a>(data: &Data<'a>) -> Result<Message<'a>> {
    let direction = need(data.direction, "direction")?;
    let sell = match direction.text("direction")? {
        b"sell" => true,
        b"buy" => false,
        _ => return Err(direction.refuse("direction")),
    };
    Ok(Message::Trade(TradeMessage {
        symbol: symbol(data)?,
        price: need(data.price, "price")?.figure("price")?,
        qty: need(data.qty, "amount")?.figure("amount")?,
        sell,
        off_book: data.block.is_some(),
        id: need(data.trade, "trade_seq")?.whole("trade_seq")?,
        ts_venue: time(data)?,
    }))
}

fn symbol<'a>(data: &Data<'a>) -> Result<&'a [u8]> {
    need(data.symbol, "instrument_name")?.text("instrument_name")
}

fn time(data: &Data<'_>) -> Result<Nanos> {
    data.time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("timestamp")?))
}
