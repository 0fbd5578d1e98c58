//! BitMEX public messages: books by id, trades, best prices, the figures of an instrument, bars.
//!
//! catalogue: M1. <https://www.bitmex.com/app/wsAPI>: every message names a table and an action. `orderBookL2` and
//! `orderBookL2_25` send a whole book (`partial`) and then rows that are inserted, updated or deleted by an id, which stands
//! for a price for ever; since 2023 every row names its price, before only those that come in. Rows that arrive before the
//! whole book and name no known price are left out. Trades of a `partial` were made before the subscription. Sizes are
//! contracts; a contract that settles in bitcoin is inverse here, a quanto one too, because only its money differs.

use super::figures::Figure::{
    Ask, Bid, High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Trades, Turnover, Volume,
};
use super::figures::Place::{self, End, Is, Members, Next};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::memory::Memory;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::rows::{ById, side_of, symbol};
use super::scan::{Value, members, need};
use super::utc_text;
use crate::error::Result;
use crate::instrument::Market;
use crate::units::{NO_TIME, Nanos, Side};

members! {
    /// The envelope of a message.
    Push { table = b"table", action = b"action", data = b"data" }
}

members! {
    /// One row of any table.
    Row {
        symbol = b"symbol",
        time = b"timestamp",
        id = b"id",
        side = b"side",
        price = b"price",
        qty = b"size",
        bids = b"bids",
        asks = b"asks",
        bid = b"bidPrice",
        bid_qty = b"bidSize",
        ask = b"askPrice",
        ask_qty = b"askSize",
    }
}

/// `instrument`, whole or what changed of it, and `funding`, which tells a rate when it is paid.
const FIGURES: Place = Members(&[
    (b"bidPrice", Is(Bid)),
    (b"askPrice", Is(Ask)),
    (b"lastPrice", Is(Last)),
    (b"prevPrice24h", Is(Open)),
    (b"highPrice", Is(High)),
    (b"lowPrice", Is(Low)),
    (b"volume24h", Is(Volume)),
    (b"homeNotional24h", Is(Turnover)),
    (b"markPrice", Is(Mark)),
    (b"indicativeSettlePrice", Is(Index)),
    (b"openInterest", Is(OpenInterest)),
    (b"fundingRate", Is(Rate)),
    (b"fundingTimestamp", Next(Clock::Utc)),
]);
/// A bar, named by its end.
const KLINE: Place = Members(&[
    (b"timestamp", End(Clock::Utc)),
    (b"open", Is(Open)),
    (b"high", Is(High)),
    (b"low", Is(Low)),
    (b"close", Is(Last)),
    (b"volume", Is(Volume)),
    (b"homeNotional", Is(Turnover)),
    (b"trades", Is(Trades)),
]);

/// How an instrument settles: `XBT_USDT` is spot, `XBTUSDT` pays in the quote, `XBTUSD` in bitcoin.
pub(super) fn market_of(symbol: &[u8]) -> Market {
    let holds = |part: &[u8]| symbol.windows(part.len()).any(|window| window == part);
    match (symbol.contains(&b'_'), holds(b"USDT")) {
        (true, _) => Market::Spot,
        (_, true) => Market::Linear,
        _ => Market::Inverse,
    }
}

/// Takes one message apart.
pub(super) fn read<'a>(memory: &'a mut Memory, message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(table), Some(action), Some(data)) = (push.table, push.action, push.data) else { return Ok(()) };
    let (table, action) = (table.text("table")?, action.text("action")?);
    let whole = action == b"partial";
    match table {
        b"orderBookL2" | b"orderBookL2_25" => {
            if action != b"delete" {
                remember(memory, data)?;
            }
            books(memory, data, action, take)
        }
        b"orderBook10" => data.items("data", |row| take(&ten(&Row::of(row, "data")?)?)),
        b"trade" if whole => Ok(()),
        b"trade" => data.items("data", |row| take(&trade(&Row::of(row, "data")?)?)),
        b"quote" => data.items("data", |row| take(&top(&Row::of(row, "data")?)?)),
        b"instrument" | b"funding" => data.items("data", |item| {
            let row = Row::of(item, "data")?;
            let (symbol, ts_venue) = (symbol(row.symbol)?, time(&row)?);
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item, place: &FIGURES }))
        }),
        _ => bars(table, data, take),
    }
}

/// Keeps the price of every id that names one.
fn remember(memory: &mut Memory, data: Value<'_>) -> Result<()> {
    data.items("data", |row| {
        let row = Row::of(row, "data")?;
        match (row.price, row.id) {
            (Some(price), Some(id)) => memory.set_price(symbol(row.symbol)?, id.whole("id")?, price.figure("price")?),
            _ => Ok(()),
        }
    })
}

/// A message for each run of rows of one instrument: a size is the whole size, so that one told twice changes nothing.
fn books<'a>(memory: &'a Memory, data: Value<'a>, action: &[u8], take: Take<'_, 'a>) -> Result<()> {
    let (snapshot, delete) = (action == b"partial", action == b"delete");
    let mut last: Option<&[u8]> = None;
    data.items("data", |row| {
        let row = Row::of(row, "data")?;
        let symbol = symbol(row.symbol)?;
        if last.replace(symbol) == Some(symbol) {
            return Ok(());
        }
        take(&Message::Book(BookMessage {
            symbol,
            snapshot,
            ids: (0, 0, 0),
            ts_venue: time(&row)?,
            checksum: None,
            depth: None,
            levels: Levels::Rows(ById { rows: data, symbol, delete, memory }),
        }))
    })
}

/// The best ten levels, whole.
fn ten<'a>(row: &Row<'a>) -> Result<Message<'a>> {
    Ok(Message::Book(BookMessage {
        symbol: symbol(row.symbol)?,
        snapshot: true,
        ids: (0, 0, 0),
        ts_venue: time(row)?,
        checksum: None,
        depth: None,
        levels: Levels::Figures { bids: need(row.bids, "bids")?, asks: need(row.asks, "asks")? },
    }))
}

fn trade<'a>(row: &Row<'a>) -> Result<Message<'a>> {
    Ok(Message::Trade(TradeMessage {
        symbol: symbol(row.symbol)?,
        price: need(row.price, "price")?.figure("price")?,
        qty: need(row.qty, "size")?.figure("size")?,
        sell: side_of(row.side)? == Side::Sell,
        off_book: false,
        // Its id is a UUID.
        id: 0,
        ts_venue: time(row)?,
    }))
}

fn top<'a>(row: &Row<'a>) -> Result<Message<'a>> {
    let side = |price: Option<Value<'a>>, qty| -> Result<(&'a [u8], &'a [u8])> {
        match price {
            Some(price) if !price.is_null() => {
                Ok((price.figure("best price")?, need(qty, "best size")?.figure("best size")?))
            }
            _ => Ok((b"", b"")),
        }
    };
    let (bid, ask) = (side(row.bid, row.bid_qty)?, side(row.ask, row.ask_qty)?);
    Ok(Message::Top(TopMessage { symbol: symbol(row.symbol)?, bid, ask, id: 0, ts_venue: time(row)? }))
}

/// The bars of `tradeBin1m` and its siblings; other tables say nothing.
fn bars<'a>(table: &[u8], data: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let Some(length) = table.strip_prefix(b"tradeBin") else { return Ok(()) };
    let interval = interval(length)?;
    data.items("data", |item| {
        let symbol = symbol(Row::of(item, "data")?.symbol)?;
        take(&Message::Kline(KlineMessage { symbol, ts_venue: NO_TIME, interval, item, place: &KLINE }))
    })
}

fn time(row: &Row<'_>) -> Result<Nanos> {
    let Some(time) = row.time else { return Ok(NO_TIME) };
    utc_text::nanos(time.text("timestamp")?).ok_or_else(|| time.refuse("timestamp"))
}
