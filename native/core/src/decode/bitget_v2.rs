//! Bitget v2 public messages: books, the best price, trades, tickers, candles of spot and of every kind of futures.
//!
//! catalogue: M1. The document of the classic account, <https://www.bitget.com/docs/classic/websocket/contract/public/Order-Book-Channel>
//! and the channels beside it. One address serves all markets, and `instType` of each message says which: a connection of
//! ours reads those of its own. `books` sends a whole book and changes, `books5` and `books15` whole books, `books1` the
//! best level. Books had a checksum alone at first, then a `seq` too, and today a `seq` with the `pseq` before it and no
//! checksum; a checksum of 0 is none. Envelope, candles and trades of a `snapshot` are as in v1.

use super::bitget::{Arg, Push, klines, usual_head};
use super::figures::Figure::{
    Ask, AskQty, Bid, BidQty, High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Turnover, Volume,
};
use super::figures::Place::{self, Is, Members, Next};
use super::figures::{Clock, FiguresMessage, time};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage, only_level, signed_sum};
use super::scan::{Value, members, need};
use super::usual::{Form, usual};
use crate::error::Result;
use crate::instrument::Market;
use crate::units::{NO_TIME, Nanos};

members! {
    /// One item of a book's `data`.
    Book { asks = b"asks", bids = b"bids", checksum = b"checksum", seq = b"seq", previous = b"pseq", time = b"ts" }
}

members! {
    /// One trade.
    Trade { time = b"ts", price = b"price", qty = b"size", side = b"side", id = b"tradeId" }
}

members! {
    /// The time of a ticker.
    Ticker { time = b"ts" }
}

/// A ticker; one of spot has no members of derivatives.
const FIGURES: Place = Members(&[
    (b"lastPr", Is(Last)),
    (b"bidPr", Is(Bid)),
    (b"askPr", Is(Ask)),
    (b"bidSz", Is(BidQty)),
    (b"askSz", Is(AskQty)),
    (b"open24h", Is(Open)),
    (b"high24h", Is(High)),
    (b"low24h", Is(Low)),
    (b"fundingRate", Is(Rate)),
    (b"nextFundingTime", Next(Clock::Millis)),
    (b"markPrice", Is(Mark)),
    (b"indexPrice", Is(Index)),
    (b"holdingAmount", Is(OpenInterest)),
    (b"baseVolume", Is(Volume)),
    (b"quoteVolume", Is(Turnover)),
]);

/// How an instrument of the futures settles: what names a stablecoin (`BTCUSDT`, `BTCPERP` of USDC) in it, the rest
/// (`BTCUSD`, `BTCUSDH26`) in the coin.
pub(super) fn mix_market(symbol: &[u8]) -> Market {
    let stable = symbol.ends_with(b"PERP") || symbol.windows(4).any(|part| matches!(part, b"USDT" | b"USDC"));
    if stable { Market::Linear } else { Market::Inverse }
}

/// Takes a book, trades, a ticker or candles apart in the order in which the venue writes them; `spot` says which kind of
/// instrument the connection is about.
pub(super) fn usual<'a>(spot: bool, message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut found, mut push, mut arg, mut form) =
        (Book::default(), Push::default(), Arg::default(), Form::new(message));
    usual_head(&mut form, &mut push, &mut arg)?;
    let (channel, symbol) = (arg.channel?.raw, arg.symbol?.raw);
    if (arg.kind?.raw == b"SPOT") != spot {
        return None;
    }
    if channel != b"books" {
        usual!(form, br#"},"data":"# push.data => nested);
        if form.piece(b"}").is_none() {
            usual!(form, br#","ts":"# push.time => number; b"}");
        }
        form.end()?;
        return Some(items(channel, symbol, &push, take));
    }
    usual!(form, br#"},"data":[{"asks":"# found.asks => list, br#","bids":"# found.bids => list);
    if form.piece(br#","checksum":"#).is_some() {
        found.checksum = Some(form.number()?);
        if form.piece(br#","seq":"#).is_some() {
            found.seq = Some(form.number()?);
        }
        usual!(form, br#","ts":"# found.time => text);
    } else {
        usual!(
            form,
            br#","ts":"# found.time => text,
            br#","seq":"# found.seq => number,
            br#","pseq":"# found.previous => number,
        );
    }
    usual!(form, br#"}],"ts":"# push.time => number; b"}");
    Some(book(&found, symbol, push.action?.raw == b"snapshot", take))
}

/// Takes one message apart.
pub(super) fn read<'a>(spot: bool, message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(arg), Some(_), Some(_)) = (push.arg, push.data, push.action) else { return Ok(()) };
    let arg = Arg::of(arg, "arg")?;
    if (need(arg.kind, "instType")?.text("instType")? == b"SPOT") != spot {
        return Ok(());
    }
    let channel = need(arg.channel, "channel")?.text("channel")?;
    items(channel, need(arg.symbol, "instId")?.text("instId")?, &push, take)
}

/// Takes the items of a push apart.
fn items<'a>(channel: &[u8], symbol: &'a [u8], push: &Push<'a>, take: Take<'_, 'a>) -> Result<()> {
    let whole = need(push.action, "action")?.text("action")? == b"snapshot";
    let data = need(push.data, "data")?;
    match channel {
        b"books" | b"books5" | b"books15" => {
            data.items("data", |item| book(&Book::of(item, "data")?, symbol, whole, take))
        }
        b"books1" => data.items("data", |item| take(&top(&Book::of(item, "data")?, symbol)?)),
        b"trade" if !whole => data.items("data", |item| take(&trade(&Trade::of(item, "data")?, symbol)?)),
        b"ticker" => data.items("data", |item| {
            let ts_venue = stamped(Ticker::of(item, "data")?.time)?;
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item, place: &FIGURES }))
        }),
        _ => klines(channel, symbol, push, take),
    }
}

fn book<'a>(book: &Book<'a>, symbol: &'a [u8], snapshot: bool, take: Take<'_, 'a>) -> Result<()> {
    let last = book.seq.map_or(Ok(0), |seq| seq.whole("seq"))?;
    // A change names the push before it; a whole book stands for itself, whatever it names.
    let (first, previous) = match book.previous {
        Some(previous) if !snapshot => {
            let previous = previous.whole("pseq")?;
            (previous.saturating_add(1), previous)
        }
        _ => (0, 0),
    };
    let checksum = book.checksum.map_or(Ok(0), |sum| signed_sum(&sum))?;
    take(&Message::Book(BookMessage {
        symbol,
        snapshot,
        ids: (first, last, previous),
        ts_venue: stamped(book.time)?,
        checksum: (checksum != 0).then_some(checksum),
        depth: None,
        levels: Levels::Pairs { bids: Some(need(book.bids, "bids")?), asks: Some(need(book.asks, "asks")?) },
    }))
}

fn top<'a>(book: &Book<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let (bid, ask) = (only_level(book.bids, "bids")?, only_level(book.asks, "asks")?);
    // It has a number too, but no recording has shown that the book with this number has this top.
    Ok(Message::Top(TopMessage { symbol, bid, ask, id: 0, ts_venue: stamped(book.time)? }))
}

fn trade<'a>(trade: &Trade<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    Ok(Message::Trade(TradeMessage {
        symbol,
        price: need(trade.price, "price")?.text("price")?,
        qty: need(trade.qty, "size")?.text("size")?,
        sell: need(trade.side, "side")?.either("side", b"sell", b"buy")?,
        off_book: false,
        id: need(trade.id, "tradeId")?.digits("tradeId")?,
        ts_venue: stamped(trade.time)?,
    }))
}

/// The venue writes the milliseconds of an item as a text.
fn stamped(value: Option<Value<'_>>) -> Result<Nanos> {
    value.map_or(Ok(NO_TIME), |value| time(value, Clock::Millis))
}
