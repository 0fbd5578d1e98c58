//! Bybit v5 public messages: order books and trades; the same topics on the spot, linear and inverse connections.
//!
//! catalogue: M1. <https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook> and
//! <https://bybit-exchange.github.io/docs/v5/websocket/public/trade>. Tickers are changes of an earlier whole one, and on
//! spot carry no best price: the book has it.

use super::levels::Levels;
use super::public::{BookMessage, Message, Take, TradeMessage};
use super::scan::{Value, members, need};
use super::venue_time;
use crate::error::Result;
use crate::units::NO_TIME;

members! {
    /// The envelope of a push.
    Push { topic = b"topic", kind = b"type", time = b"ts", matched = b"cts", data = b"data" }
}

members! {
    /// The data of a book.
    Book { symbol = b"s", bids = b"b", asks = b"a", update = b"u" }
}

members! {
    /// One trade.
    Trade { symbol = b"s", time = b"T", price = b"p", qty = b"v", side = b"S", block = b"BT", sequence = b"seq" }
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(topic), Some(data)) = (push.topic, push.data) else { return Ok(()) };
    let topic = topic.text("topic")?;
    if topic.starts_with(b"orderbook.") {
        return take(book(&push, data)?);
    }
    if topic.starts_with(b"publicTrade.") {
        return data.items("data", |item| take(trade(item)?));
    }
    Ok(())
}

fn book<'a>(push: &Push<'a>, data: Value<'a>) -> Result<Message<'a>> {
    let book = Book::of(data, "data")?;
    let update = need(book.update, "u")?.whole("u")?;
    // The matching engine's time where the venue sends it, else that of the push.
    let ts_venue = push.matched.or(push.time).map_or(Ok(NO_TIME), |time| venue_time(time.whole("cts")?))?;
    Ok(Message::Book(BookMessage {
        symbol: need(book.symbol, "s")?.text("s")?,
        // Update 1 is a whole book after a restart of the service, however it is called.
        snapshot: update == 1 || need(push.kind, "type")?.text("type")? == b"snapshot",
        ids: (update, update, 0),
        ts_venue,
        checksum: None,
        depth: None,
        levels: Levels::Pairs { bids: Some(need(book.bids, "b")?), asks: Some(need(book.asks, "a")?) },
    }))
}

fn trade<'a>(item: Value<'a>) -> Result<Message<'a>> {
    let trade = Trade::of(item, "data")?;
    let side = need(trade.side, "S")?;
    let sell = match side.text("S")? {
        b"Sell" => true,
        b"Buy" => false,
        _ => return Err(side.refuse("S")),
    };
    Ok(Message::Trade(TradeMessage {
        symbol: need(trade.symbol, "s")?.text("s")?,
        price: need(trade.price, "p")?.text("p")?,
        qty: need(trade.qty, "v")?.text("v")?,
        sell,
        off_book: trade.block.map_or(Ok(false), |block| block.flag("BT"))?,
        // The trade's own id is a UUID on futures; its place in the venue's sequence is a number everywhere.
        id: trade.sequence.map_or(Ok(0), |sequence| sequence.whole("seq"))?,
        ts_venue: trade.time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("T")?))?,
    }))
}
