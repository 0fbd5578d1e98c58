//! Deribit v2 public messages: books, the best price, trades, tickers with funding, open interest and marks, klines.
//!
//! catalogue: M1. <https://docs.deribit.com/#book-instrument_name-interval>, and `ticker`, `quote`, `trades` and `chart.trades`
//! beside it.Prices and sizes are JSON numbers; a level begins with the word that says what happened to it.
//! Funding runs without end: the rate is of eight hours, and there is no next payment.

use super::figures::Figure::{High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Turnover, Volume};
use super::figures::Place::{self, Begin, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::public::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use super::usual::{Form, usual};
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

/// A ticker of an instrument whose sizes are coins, beside its best price.
const IN_COIN: Place = Members(&[
    (b"last_price", Is(Last)),
    (b"mark_price", Is(Mark)),
    (b"index_price", Is(Index)),
    (b"open_interest", Is(OpenInterest)),
    (b"current_funding", Is(Rate)),
    (
        b"stats",
        Members(&[(b"high", Is(High)), (b"low", Is(Low)), (b"volume", Is(Volume)), (b"volume_usd", Is(Turnover))]),
    ),
]);
/// A ticker of an instrument whose sizes are dollars (inverse futures), beside its best price.
const IN_USD: Place = Members(&[
    (b"last_price", Is(Last)),
    (b"mark_price", Is(Mark)),
    (b"index_price", Is(Index)),
    (b"open_interest", Is(OpenInterest)),
    (b"current_funding", Is(Rate)),
    (
        b"stats",
        Members(&[(b"high", Is(High)), (b"low", Is(Low)), (b"volume", Is(Turnover)), (b"volume_usd", Is(Volume))]),
    ),
]);
/// A bar: `volume` is in coin, `cost` in dollars.
const KLINE_IN_COIN: Place = Members(&[
    (b"tick", Begin(Clock::Millis)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"volume", Is(Volume)),
    (b"cost", Is(Turnover)),
]);
/// The same of an instrument whose sizes are dollars.
const KLINE_IN_USD: Place = Members(&[
    (b"tick", Begin(Clock::Millis)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"volume", Is(Turnover)),
    (b"cost", Is(Volume)),
]);

/// Whether the sizes of an instrument are dollars: an inverse one that is no option.
fn in_usd(symbol: &[u8]) -> bool {
    market_of(symbol) == Market::Inverse && !symbol.ends_with(b"-C") && !symbol.ends_with(b"-P")
}

/// How an instrument settles: `BTC_USDC` is spot, `BTC_USDC-..` pays in the quote, `BTC-..` in the coin.
pub(super) fn market_of(symbol: &[u8]) -> Market {
    match (symbol.contains(&b'_'), symbol.contains(&b'-')) {
        (true, true) => Market::Linear,
        (true, false) => Market::Spot,
        _ => Market::Inverse,
    }
}

/// Takes any channel's push apart in the order in which the venue writes it.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let mut form = Form::new(message);
    let (channel, data): (Option<Value<'a>>, Option<Value<'a>>);
    usual!(
        form,
        br#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"# channel => text,
        br#","data":"# data => nested;
        b"}}"
    );
    Some(told(channel?.raw, data?, take))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let Some(params) = Push::of(message, "message")?.params else { return Ok(()) };
    let params = Params::of(params, "params")?;
    let (Some(channel), Some(data)) = (params.channel, params.data) else { return Ok(()) };
    told(channel.text("channel")?, data, take)
}

/// Takes the data of a channel apart.
fn told<'a>(channel: &'a [u8], data: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let mut parts = channel.split(|byte| *byte == b'.');
    match parts.next() {
        Some(b"book") => take(book(&Data::of(data, "data")?)?),
        Some(b"quote") => take(top(&Data::of(data, "data")?)?),
        Some(b"ticker") => {
            let found = Data::of(data, "data")?;
            take(top(&found)?)?;
            let (symbol, ts_venue) = (symbol(&found)?, time(&found)?);
            let place = if in_usd(symbol) { &IN_USD } else { &IN_COIN };
            take(Message::Figures(FiguresMessage { symbol, ts_venue, item: data, place }))
        }
        Some(b"chart") => match (parts.nth(1), parts.next()) {
            (Some(symbol), Some(length)) => {
                let (interval, ts_venue) = (interval(length)?, NO_TIME);
                let place = if in_usd(symbol) { &KLINE_IN_USD } else { &KLINE_IN_COIN };
                take(Message::Kline(KlineMessage { symbol, ts_venue, interval, item: data, place }))
            }
            _ => Ok(()),
        },
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
    let sell = direction.either("direction", b"sell", b"buy")?;
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
