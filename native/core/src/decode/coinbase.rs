//! Coinbase Advanced Trade public messages: level-2 books, the best price, trades, tickers, candles of five minutes.
//!
//! catalogue: M1. <https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels>: every
//! message of a connection, of whatever channel, has the next `sequence_num`. A trade's side is the maker's: in the
//! recording of 2026 all 65 trades at a known best price say SELL at the ask and BUY at the bid. The trades of a
//! `snapshot` were made before the subscription, come again with each new one, and are left out.

use super::figures::Figure::{High, Last, Low, Open, Volume};
use super::figures::Place::{self, Begin, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, MINUTE, time};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use crate::error::Result;
use crate::units::{NO_TIME, Nanos};

members! {
    /// The envelope of a message.
    Push { channel = b"channel", time = b"timestamp", sequence = b"sequence_num", events = b"events" }
}

members! {
    /// One event.
    Event {
        kind = b"type",
        product = b"product_id",
        updates = b"updates",
        trades = b"trades",
        tickers = b"tickers",
        candles = b"candles",
    }
}

members! {
    /// One trade.
    Trade { product = b"product_id", id = b"trade_id", price = b"price", qty = b"size", time = b"time", side = b"side" }
}

members! {
    /// One ticker.
    Ticker {
        product = b"product_id",
        bid = b"best_bid",
        bid_qty = b"best_bid_quantity",
        ask = b"best_ask",
        ask_qty = b"best_ask_quantity",
    }
}

members! {
    /// One candle.
    Candle { product = b"product_id" }
}

/// A ticker, beside its best price.
const FIGURES: Place =
    Members(&[(b"price", Is(Last)), (b"high_24_h", Is(High)), (b"low_24_h", Is(Low)), (b"volume_24_h", Is(Volume))]);
/// A candle of five minutes, the only length.
const KLINE: Place = Members(&[
    (b"start", Begin(Clock::Seconds)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"volume", Is(Volume)),
]);

/// Takes one message apart; returns its place among all of its connection.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<Option<u64>> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(events)) = (push.channel, push.events) else { return Ok(None) };
    let sequence = need(push.sequence, "sequence_num")?.whole("sequence_num")?;
    let channel = channel.text("channel")?;
    if !matches!(channel, b"l2_data" | b"market_trades" | b"ticker" | b"candles") {
        return Ok(Some(sequence));
    }
    let ts_venue = push.time.map_or(Ok(NO_TIME), |value| time(value, Clock::Utc))?;
    events.items("events", |event| {
        let event = Event::of(event, "events")?;
        let whole = need(event.kind, "type")?.text("type")? == b"snapshot";
        match channel {
            b"l2_data" => take(&book(&event, sequence, whole, ts_venue)?),
            b"market_trades" if whole => Ok(()),
            b"market_trades" => need(event.trades, "trades")?.items("trades", |item| take(&trade(item)?)),
            b"candles" => need(event.candles, "candles")?.items("candles", |item| take(&candle(item, ts_venue)?)),
            _ => need(event.tickers, "tickers")?.items("tickers", |item| {
                let top = ticker(item, ts_venue)?;
                let symbol = top.symbol();
                take(&top)?;
                take(&Message::Figures(FiguresMessage { symbol, ts_venue, item, place: &FIGURES }))
            }),
        }
    })?;
    Ok(Some(sequence))
}

fn book<'a>(event: &Event<'a>, sequence: u64, snapshot: bool, ts_venue: Nanos) -> Result<Message<'a>> {
    Ok(Message::Book(BookMessage {
        symbol: need(event.product, "product_id")?.text("product_id")?,
        snapshot,
        ids: (sequence, sequence, 0),
        ts_venue,
        checksum: None,
        depth: None,
        levels: Levels::Sided(need(event.updates, "updates")?),
    }))
}

fn trade<'a>(item: Value<'a>) -> Result<Message<'a>> {
    let trade = Trade::of(item, "trades")?;
    let side = need(trade.side, "side")?;
    let sell = side.either("side", b"BUY", b"SELL")?;
    Ok(Message::Trade(TradeMessage {
        symbol: need(trade.product, "product_id")?.text("product_id")?,
        price: need(trade.price, "price")?.text("price")?,
        qty: need(trade.qty, "size")?.text("size")?,
        sell,
        off_book: false,
        id: need(trade.id, "trade_id")?.digits("trade_id")?,
        ts_venue: trade.time.map_or(Ok(NO_TIME), |value| time(value, Clock::Utc))?,
    }))
}

fn ticker<'a>(item: Value<'a>, ts_venue: Nanos) -> Result<Message<'a>> {
    let found = Ticker::of(item, "tickers")?;
    let side = |price, qty| -> Result<(&'a [u8], &'a [u8])> {
        Ok((need(price, "best price")?.text("best price")?, need(qty, "best quantity")?.text("best quantity")?))
    };
    let (bid, ask) = (side(found.bid, found.bid_qty)?, side(found.ask, found.ask_qty)?);
    let symbol = need(found.product, "product_id")?.text("product_id")?;
    Ok(Message::Top(TopMessage { symbol, bid, ask, id: 0, ts_venue }))
}

fn candle<'a>(item: Value<'a>, ts_venue: Nanos) -> Result<Message<'a>> {
    let symbol = need(Candle::of(item, "candles")?.product, "product_id")?.text("product_id")?;
    Ok(Message::Kline(KlineMessage { symbol, ts_venue, interval: 5 * MINUTE, item, place: &KLINE }))
}
