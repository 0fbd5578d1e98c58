//! Bitget v1 public messages: books with checksum, trades, tickers, candles; the same channels on the spot and mix
//! connections.
//!
//! catalogue: M1. The v1 document, <https://bitgetlimited.github.io/apidoc/en/spot/#depth-channel> and
//! <https://bitgetlimited.github.io/apidoc/en/mix/#order-book-channel>: `books` sends a snapshot and changes, `books5` and
//! `books15` whole books. A trade is an array without an id; those of a `snapshot` were made before the subscription, come
//! again with each new one, and are left out. A ticker's best prices have no sizes, so that they are no best-price record. The venue
//! serves v2 since (`bitget_v2`), which shares the envelope and the candles: v1 is for recordings.

use super::figures::Figure::{Ask, Bid, High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Turnover, Volume};
use super::figures::Place::{self, Begin, Is, Items, Members, Next};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval, time};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TradeMessage, first, signed_sum};
use super::scan::{Value, members, need};
use super::usual::{Form, usual};
use super::venue_time;
use crate::error::Result;
use crate::instrument::Market;
use crate::units::NO_TIME;

members! {
    /// The envelope of a push; v1's has no time.
    pub(super) Push { action = b"action", arg = b"arg", data = b"data", time = b"ts" }
}

members! {
    /// The kind of instrument, the channel and the instrument of a push.
    pub(super) Arg { kind = b"instType", channel = b"channel", symbol = b"instId" }
}

members! {
    /// One item of a book's `data`.
    Book { bids = b"bids", asks = b"asks", checksum = b"checksum", time = b"ts" }
}

members! {
    /// The time of a ticker: `ts` on spot, `systemTime` on mix.
    Ticker { time = b"ts", system_time = b"systemTime" }
}

/// A ticker of either connection.
const FIGURES: Place = Members(&[
    (b"last", Is(Last)),
    (b"open24h", Is(Open)),
    (b"high24h", Is(High)),
    (b"low24h", Is(Low)),
    (b"bestBid", Is(Bid)),
    (b"bestAsk", Is(Ask)),
    (b"baseVolume", Is(Volume)),
    (b"quoteVolume", Is(Turnover)),
    (b"markPrice", Is(Mark)),
    (b"indexPrice", Is(Index)),
    (b"capitalRate", Is(Rate)),
    (b"nextSettleTime", Next(Clock::Millis)),
    (b"holding", Is(OpenInterest)),
]);
/// A candle: begin, four prices, volume; in v2 the turnover too.
const KLINE: Place = Items(&[Begin(Clock::Millis), Is(Open), Is(High), Is(Low), Is(Last), Is(Volume), Is(Turnover)]);

/// How an instrument of the mix connection settles: a name that ends in `USD` pays in the coin.
pub(super) fn mix_market(symbol: &[u8]) -> Market {
    if symbol.ends_with(b"USD") { Market::Inverse } else { Market::Linear }
}

/// Takes the envelope up to the instrument, in the order in which the venue writes it; the data follow.
#[inline(always)]
pub(super) fn usual_head<'a>(form: &mut Form<'a>, push: &mut Push<'a>, arg: &mut Arg<'a>) -> Option<()> {
    usual!(
        form,
        br#"{"action":"# push.action => text,
        br#","arg":{"instType":"# arg.kind => text,
        br#","channel":"# arg.channel => text,
        br#","instId":"# arg.symbol => text,
    );
    Some(())
}

/// Takes a book, a ticker or candles apart in the order in which the venue writes them.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut found, mut push, mut arg, mut form) =
        (Book::default(), Push::default(), Arg::default(), Form::new(message));
    usual_head(&mut form, &mut push, &mut arg)?;
    let (channel, symbol) = (arg.channel?.raw, arg.symbol?.raw);
    if channel != b"books" {
        usual!(form, br#"},"data":"# push.data => nested; b"}");
        return Some(items(channel, symbol, &push, take));
    }
    usual!(
        form,
        br#"},"data":[{"asks":"# found.asks => list,
        br#","bids":"# found.bids => list,
        br#","checksum":"# found.checksum => number,
        br#","ts":"# found.time => text;
        b"}]}"
    );
    Some(book(&found, symbol, push.action?.raw == b"snapshot", take))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(arg), Some(_), Some(_)) = (push.arg, push.data, push.action) else { return Ok(()) };
    let arg = Arg::of(arg, "arg")?;
    let channel = need(arg.channel, "channel")?.text("channel")?;
    let symbol = need(arg.symbol, "instId")?.text("instId")?;
    items(channel, symbol, &push, take)
}

/// Takes the items of a push apart.
fn items<'a>(channel: &[u8], symbol: &'a [u8], push: &Push<'a>, take: Take<'_, 'a>) -> Result<()> {
    let whole = need(push.action, "action")?.text("action")? == b"snapshot";
    let data = need(push.data, "data")?;
    match channel {
        b"books" | b"books5" | b"books15" => {
            data.items("data", |item| book(&Book::of(item, "data")?, symbol, whole, take))
        }
        b"trade" if !whole => data.items("data", |item| take(&trade(item, symbol)?)),
        b"ticker" => data.items("data", |item| take(&ticker(item, symbol)?)),
        _ => klines(channel, symbol, push, take),
    }
}

fn ticker<'a>(item: Value<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let found = Ticker::of(item, "data")?;
    let ts_venue = found.time.or(found.system_time).map_or(Ok(NO_TIME), |value| time(value, Clock::Millis))?;
    Ok(Message::Figures(FiguresMessage { symbol, ts_venue, item, place: &FIGURES }))
}

/// The candles of `candle1m` and its siblings; a snapshot has those of the hours before.
pub(super) fn klines<'a>(channel: &[u8], symbol: &'a [u8], push: &Push<'a>, take: Take<'_, 'a>) -> Result<()> {
    let Some(length) = channel.strip_prefix(b"candle") else { return Ok(()) };
    let interval = interval(length)?;
    let ts_venue = push.time.map_or(Ok(NO_TIME), |value| time(value, Clock::Millis))?;
    need(push.data, "data")?
        .items("data", |item| take(&Message::Kline(KlineMessage { symbol, ts_venue, interval, item, place: &KLINE })))
}

fn book<'a>(book: &Book<'a>, symbol: &'a [u8], snapshot: bool, take: Take<'_, 'a>) -> Result<()> {
    take(&Message::Book(BookMessage {
        symbol,
        snapshot,
        ids: (0, 0, 0),
        ts_venue: book.time.map_or(Ok(NO_TIME), |time| venue_time(time.digits("ts")?))?,
        checksum: book.checksum.map(|sum| signed_sum(&sum)).transpose()?,
        depth: None,
        levels: Levels::Pairs { bids: Some(need(book.bids, "bids")?), asks: Some(need(book.asks, "asks")?) },
    }))
}

/// A trade is time, price, size, side of the taker.
fn trade<'a>(item: Value<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let [Some(time), Some(price), Some(qty), Some(side)] = first::<4>(item, "data")? else {
        return Err(item.refuse("data"));
    };
    let sell = side.either("side", b"sell", b"buy")?;
    let ts_venue = venue_time(time.digits("ts")?)?;
    let (price, qty) = (price.text("price")?, qty.text("quantity")?);
    Ok(Message::Trade(TradeMessage { symbol, price, qty, sell, off_book: false, id: 0, ts_venue }))
}
