//! OKX v5 public messages: books with checksum, the best price, trades, tickers, funding, open interest, marks, klines.
//!
//! catalogue: M1. <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel>, and the
//! channels beside it: tickers, trades, mark price, index tickers, funding rate, open interest; candles come on `/business`. `books` and its faster siblings send a snapshot and changes; `books5` sends whole books;
//! `bbo-tbt` is one level. The checksum is 0 in production since 2026-06-23: 0 is none.

use super::figures::Figure::{
    High, Index, Last, LastQty, Low, Mark, Open, OpenInterest, OpenValue, Rate, Turnover, Volume,
};
use super::figures::Place::{self, Begin, Closed, Is, Items, Members, Next, Skip};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage, only_level, signed_sum};
use super::scan::{Value, members, need};
use super::usual::{Form, done, usual};
use super::venue_time;
use crate::error::Result;
use crate::instrument::Market;
use crate::units::{NO_TIME, Nanos};

members! {
    /// The envelope of a push.
    Push { arg = b"arg", action = b"action", data = b"data" }
}

members! {
    /// The channel and instrument of a push.
    Arg { channel = b"channel", symbol = b"instId" }
}

members! {
    /// One item of `data`, of any channel.
    Item {
        symbol = b"instId",
        time = b"ts",
        bids = b"bids",
        asks = b"asks",
        checksum = b"checksum",
        sequence = b"seqId",
        previous = b"prevSeqId",
        trade = b"tradeId",
        price = b"px",
        qty = b"sz",
        side = b"side",
        bid = b"bidPx",
        bid_qty = b"bidSz",
        ask = b"askPx",
        ask_qty = b"askSz",
    }
}

/// How an instrument settles, from its name: `BTC-USDT` is spot, `BTC-USD-..` pays in the coin, the rest in the quote.
pub(super) fn market_of(symbol: &[u8]) -> Market {
    let mut parts = symbol.split(|byte| *byte == b'-').skip(1);
    match (parts.next(), parts.next()) {
        (Some(b"USD"), Some(_)) => Market::Inverse,
        (_, Some(_)) => Market::Linear,
        _ => Market::Spot,
    }
}

/// Every channel of figures but `index-tickers`, whose names for the 24 hours mean the index. Of an option or a future
/// `vol24h` counts contracts, and `volCcy24h` the coin.
const FIGURES: Place = Members(&[
    (b"last", Is(Last)),
    (b"lastSz", Is(LastQty)),
    (b"open24h", Is(Open)),
    (b"high24h", Is(High)),
    (b"low24h", Is(Low)),
    (b"vol24h", Is(Volume)),
    (b"volCcy24h", Is(Turnover)),
    (b"markPx", Is(Mark)),
    (b"fundingRate", Is(Rate)),
    (b"fundingTime", Next(Clock::Millis)),
    (b"oi", Is(OpenInterest)),
    (b"oiUsd", Is(OpenValue)),
]);
/// `index-tickers`: its `instId` is the index, which has the name of the spot pair.
const INDEX: Place = Members(&[(b"idxPx", Is(Index))]);
/// A candle: begin, four prices, volume, volume in coin, volume in quote, whether it is over.
const KLINE: Place =
    Items(&[Begin(Clock::Millis), Is(Open), Is(High), Is(Low), Is(Last), Is(Volume), Skip, Is(Turnover), Closed]);

/// What the items of a channel are.
#[derive(Clone, Copy)]
enum Read {
    Book,
    BestLevel,
    Ticker,
    Figures(&'static Place),
    Trade,
}

/// Takes a change or a whole of `books`, trades or a ticker apart in the order in which the venue writes them.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut item, mut form) = (Item::default(), Form::new(message));
    let (action, channel, symbol): (Option<Value<'a>>, Option<Value<'a>>, Option<Value<'a>>);
    usual!(form, br#"{"arg":{"channel":"# channel => text, br#","instId":"# symbol => text);
    let read = match channel?.raw {
        b"books" => Read::Book,
        b"trades" => Read::Trade,
        b"tickers" => Read::Ticker,
        _ => return None,
    };
    if !matches!(read, Read::Book) {
        let data: Option<Value<'a>>;
        usual!(form, br#"},"data":"# data => nested; b"}");
        return done(items(data?, read, symbol, true, take));
    }
    usual!(
        form,
        br#"},"action":"# action => text,
        br#","data":[{"asks":"# item.asks => list,
        br#","bids":"# item.bids => list,
        br#","ts":"# item.time => text,
        br#","checksum":"# item.checksum => number,
    );
    if form.piece(br#","prevSeqId":"#).is_some() {
        item.previous = Some(form.number()?);
        usual!(form, br#","seqId":"# item.sequence => number);
    }
    form.piece(b"}]}")?;
    form.end()?;
    done(book(&item, symbol?.raw, action?.raw == b"snapshot", take))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(arg), Some(data)) = (push.arg, push.data) else { return Ok(()) };
    let arg = Arg::of(arg, "arg")?;
    let channel = need(arg.channel, "channel")?.text("channel")?;
    let whole = match push.action {
        Some(action) => action.text("action")? == b"snapshot",
        None => true,
    };
    let read = match channel {
        b"books" | b"books-l2-tbt" | b"books50-l2-tbt" | b"books5" => Read::Book,
        b"bbo-tbt" => Read::BestLevel,
        b"tickers" => Read::Ticker,
        b"trades" | b"trades-all" => Read::Trade,
        b"mark-price" | b"funding-rate" | b"open-interest" => Read::Figures(&FIGURES),
        b"index-tickers" => Read::Figures(&INDEX),
        // The items of other channels are not always objects.
        _ => return klines(channel, arg.symbol, data, take),
    };
    items(data, read, arg.symbol, whole, take)
}

/// Takes the items of a push apart; `named` is the instrument that the push names.
fn items<'a>(data: Value<'a>, read: Read, named: Option<Value<'a>>, whole: bool, take: Take<'_, 'a>) -> Result<()> {
    data.items("data", |raw| {
        let item = Item::of(raw, "data")?;
        let symbol = need(item.symbol.or(named), "instId")?.text("instId")?;
        match read {
            Read::Book => book(&item, symbol, whole, take),
            Read::BestLevel => take(&best_level(&item, symbol)?),
            Read::Trade => take(&trade(&item, symbol)?),
            Read::Figures(place) => take(&figures(raw, &item, symbol, place)?),
            Read::Ticker => {
                take(&ticker(&item, symbol)?)?;
                take(&figures(raw, &item, symbol, &FIGURES)?)
            }
        }
    })
}

fn figures<'a>(raw: Value<'a>, item: &Item<'a>, symbol: &'a [u8], place: &'static Place) -> Result<Message<'a>> {
    Ok(Message::Figures(FiguresMessage { symbol, ts_venue: time(item)?, item: raw, place }))
}

/// The candles of `candle1m` and its siblings; other channels say nothing.
fn klines<'a>(channel: &[u8], symbol: Option<Value<'a>>, data: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let Some(length) = channel.strip_prefix(b"candle") else { return Ok(()) };
    let symbol = need(symbol, "instId")?.text("instId")?;
    let interval = interval(length)?;
    data.items("data", |item| {
        take(&Message::Kline(KlineMessage { symbol, ts_venue: NO_TIME, interval, item, place: &KLINE }))
    })
}

fn book<'a>(item: &Item<'a>, symbol: &'a [u8], snapshot: bool, take: Take<'_, 'a>) -> Result<()> {
    let last = item.sequence.map_or(Ok(0), |id| id.whole("seqId"))?;
    // A snapshot has no message before it, which the venue writes as -1.
    let previous = match item.previous {
        Some(id) if !snapshot => id.whole("prevSeqId")?,
        _ => 0,
    };
    let checksum = item.checksum.map_or(Ok(0), |sum| signed_sum(&sum))?;
    take(&Message::Book(BookMessage {
        symbol,
        snapshot,
        ids: (last, last, previous),
        ts_venue: time(item)?,
        checksum: (checksum != 0).then_some(checksum),
        depth: None,
        levels: Levels::Pairs { bids: Some(need(item.bids, "bids")?), asks: Some(need(item.asks, "asks")?) },
    }))
}

fn best_level<'a>(item: &Item<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let id = item.sequence.map_or(Ok(0), |id| id.whole("seqId"))?;
    let (bid, ask) = (only_level(item.bids, "bids")?, only_level(item.asks, "asks")?);
    Ok(Message::Top(TopMessage { symbol, bid, ask, id, ts_venue: time(item)? }))
}

fn ticker<'a>(item: &Item<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let side = |price, qty| -> Result<(&'a [u8], &'a [u8])> {
        Ok((need(price, "price")?.text("price")?, need(qty, "quantity")?.text("quantity")?))
    };
    let (bid, ask) = (side(item.bid, item.bid_qty)?, side(item.ask, item.ask_qty)?);
    Ok(Message::Top(TopMessage { symbol, bid, ask, id: 0, ts_venue: time(item)? }))
}

fn trade<'a>(item: &Item<'a>, symbol: &'a [u8]) -> Result<Message<'a>> {
    let side = need(item.side, "side")?;
    let sell = side.either("side", b"sell", b"buy")?;
    Ok(Message::Trade(TradeMessage {
        symbol,
        price: need(item.price, "price")?.text("price")?,
        qty: need(item.qty, "quantity")?.text("quantity")?,
        sell,
        off_book: false,
        id: need(item.trade, "tradeId")?.digits("tradeId")?,
        ts_venue: time(item)?,
    }))
}

/// The venue writes milliseconds as a text.
fn time(item: &Item<'_>) -> Result<Nanos> {
    item.time.map_or(Ok(NO_TIME), |time| venue_time(time.digits("ts")?))
}
