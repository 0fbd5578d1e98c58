//! Kraken spot public messages, WebSocket v2: books with checksum, the best price, trades, tickers, klines.
//!
//! catalogue: M1. <https://docs.kraken.com/api/docs/websocket-v2/book>, `/ticker`, `/trade` and `/ohlc` beside it. Prices and
//! sizes are JSON numbers with the decimals of the instrument, so that the checksum is made of them as sent. A book keeps
//! the depth that was subscribed, which the answer to the subscription names; without it, the least depth that is offered
//! and holds the snapshot. Trades of a `snapshot` were made before the subscription and are left out.

use super::figures::Figure::{High, Last, Low, Open, Trades, Volume};
use super::figures::Place::{self, Begin, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, MINUTE};
use super::levels::Levels;
use super::memory::Memory;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use super::utc_text;
use crate::error::Result;
use crate::units::{NO_TIME, Nanos, Side};

/// The depths that are offered.
const DEPTHS: [usize; 5] = [10, 25, 100, 500, 1000];

members! {
    /// The envelope of a push or of an answer.
    Push { channel = b"channel", kind = b"type", data = b"data", method = b"method", result = b"result" }
}

members! {
    /// What an answer to a subscription says.
    Answer { channel = b"channel", symbol = b"symbol", depth = b"depth" }
}

members! {
    /// One item of `data`, of any channel.
    Item {
        symbol = b"symbol",
        time = b"timestamp",
        bids = b"bids",
        asks = b"asks",
        checksum = b"checksum",
        bid = b"bid",
        bid_qty = b"bid_qty",
        ask = b"ask",
        ask_qty = b"ask_qty",
        side = b"side",
        price = b"price",
        qty = b"qty",
        trade = b"trade_id",
        interval = b"interval",
    }
}

/// A ticker, beside its best price.
const FIGURES: Place = Members(&[(b"last", Is(Last)), (b"high", Is(High)), (b"low", Is(Low)), (b"volume", Is(Volume))]);
/// A bar.
const KLINE: Place = Members(&[
    (b"interval_begin", Begin(Clock::Utc)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"volume", Is(Volume)),
    (b"trades", Is(Trades)),
]);

/// Takes one message apart.
pub(super) fn read<'a>(memory: &'a mut Memory, message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    if let (Some(_), Some(result)) = (push.method, push.result) {
        return subscribed(memory, &Answer::of(result, "result")?);
    }
    let (Some(channel), Some(kind), Some(data)) = (push.channel, push.kind, push.data) else { return Ok(()) };
    let (channel, whole) = (channel.text("channel")?, kind.text("type")? == b"snapshot");
    if !matches!(channel, b"book" | b"ticker" | b"trade" | b"ohlc") || channel == b"trade" && whole {
        return Ok(());
    }
    data.items("data", |raw| {
        let item = Item::of(raw, "data")?;
        let (symbol, ts_venue) = (need(item.symbol, "symbol")?.text("symbol")?, time(item.time)?);
        match channel {
            b"book" => take(&book(memory, &item, symbol, whole)?),
            b"trade" => take(&trade(&item, symbol, ts_venue)?),
            b"ticker" => {
                take(&top(&item, symbol, ts_venue)?)?;
                take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: raw, place: &FIGURES }))
            }
            _ => {
                let minutes = i64::try_from(need(item.interval, "interval")?.whole("interval")?);
                let interval = minutes.ok().and_then(|minutes| minutes.checked_mul(MINUTE));
                let interval = interval.ok_or_else(|| raw.refuse("interval"))?;
                take(&Message::Kline(KlineMessage { symbol, ts_venue, interval, item: raw, place: &KLINE }))
            }
        }
    })
}

/// Remembers the depth of a subscribed book.
fn subscribed(memory: &mut Memory, answer: &Answer<'_>) -> Result<()> {
    match (answer.channel, answer.symbol, answer.depth) {
        (Some(channel), Some(symbol), Some(depth)) if channel.raw == b"book" => {
            let depth = usize::try_from(depth.whole("depth")?).map_err(|_| depth.refuse("depth"))?;
            memory.set_depth(symbol.text("symbol")?, depth)
        }
        _ => Ok(()),
    }
}

fn book<'a>(memory: &mut Memory, item: &Item<'a>, symbol: &'a [u8], snapshot: bool) -> Result<Message<'a>> {
    let levels = Levels::Named { bids: need(item.bids, "bids")?, asks: need(item.asks, "asks")? };
    if snapshot && memory.depth(symbol).is_none() {
        memory.set_depth(symbol, depth_of(levels)?)?;
    }
    let checksum = item.checksum.map(|sum| u32::try_from(sum.whole("checksum")?).map_err(|_| sum.refuse("checksum")));
    Ok(Message::Book(BookMessage {
        symbol,
        snapshot,
        ids: (0, 0, 0),
        ts_venue: time(item.time)?,
        checksum: checksum.transpose()?,
        depth: memory.depth(symbol),
        levels,
    }))
}

/// The least depth that is offered and holds every level of a snapshot.
fn depth_of(levels: Levels<'_>) -> Result<usize> {
    let mut most = 0;
    for side in [Side::Buy, Side::Sell] {
        let mut count = 0;
        levels.each(side, |_, _| {
            count += 1;
            Ok(())
        })?;
        most = most.max(count);
    }
    Ok(DEPTHS.into_iter().find(|depth| *depth >= most).unwrap_or(most))
}

fn top<'a>(item: &Item<'a>, symbol: &'a [u8], ts_venue: Nanos) -> Result<Message<'a>> {
    let side = |price, qty| -> Result<(&'a [u8], &'a [u8])> {
        Ok((need(price, "best price")?.figure("best price")?, need(qty, "best size")?.figure("best size")?))
    };
    let (bid, ask) = (side(item.bid, item.bid_qty)?, side(item.ask, item.ask_qty)?);
    Ok(Message::Top(TopMessage { symbol, bid, ask, id: 0, ts_venue }))
}

fn trade<'a>(item: &Item<'a>, symbol: &'a [u8], ts_venue: Nanos) -> Result<Message<'a>> {
    let side = need(item.side, "side")?;
    let sell = side.either("side", b"sell", b"buy")?;
    Ok(Message::Trade(TradeMessage {
        symbol,
        price: need(item.price, "price")?.figure("price")?,
        qty: need(item.qty, "qty")?.figure("qty")?,
        sell,
        off_book: false,
        id: need(item.trade, "trade_id")?.whole("trade_id")?,
        ts_venue,
    }))
}

fn time(value: Option<Value<'_>>) -> Result<Nanos> {
    let Some(time) = value else { return Ok(NO_TIME) };
    utc_text::nanos(time.text("timestamp")?).ok_or_else(|| time.refuse("timestamp"))
}
