//! Deribit v2 public messages: books, the best price, trades, tickers with funding, open interest and marks, klines.
//!
//! catalogue: M1. <https://docs.deribit.com/#book-instrument_name-interval>, and `ticker`, `quote`, `trades` and `chart.trades`
//! beside it.Prices and sizes are JSON numbers; a level begins with the word that says what happened to it.
//! Funding runs without end: the rate is of eight hours, and there is no next payment.

use super::figures::Figure::{High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Turnover, Volume};
use super::figures::Place::{self, Begin, Is, Members};
use super::figures::{Clock, FiguresMessage, Found, FoundMessage, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage};
use super::scan::{Value, members, need};
use super::usual::{Form, done, in_order, usual};
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
    // One pass without a way out: a symbol is short.
    let (under, dash) =
        symbol.iter().fold((false, false), |(under, dash), byte| (under | (*byte == b'_'), dash | (*byte == b'-')));
    match (under, dash) {
        (true, true) => Market::Linear,
        (true, false) => Market::Spot,
        _ => Market::Inverse,
    }
}

/// Takes any channel's push apart in the order in which the venue writes it.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let mut form = Form::new(message);
    let (channel, data): (Option<Value<'a>>, Option<Value<'a>>);
    usual!(form, br#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"# channel => text);
    let channel = channel?.raw;
    form.piece(br#","data":"#)?;
    if channel.starts_with(b"ticker.") {
        return usual_ticker(form, take);
    }
    if channel.starts_with(b"book.") {
        return usual_book(form, take);
    }
    data = Some(form.nested()?);
    form.piece(b"}}")?;
    form.end()?;
    done(told(channel, data?, take))
}

/// The data of a book.
fn usual_book<'a>(mut form: Form<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let mut data = Data::default();
    usual!(
        form,
        br#"{"type":"# data.kind => text,
        br#","timestamp":"# data.time => number,
    );
    in_order!(form, br#","prev_change_id":"# data.previous => number);
    usual!(
        form,
        br#","instrument_name":"# data.symbol => text,
        br#","change_id":"# data.change => number,
        br#","bids":"# data.bids => list,
        br#","asks":"# data.asks => list;
        b"}}}"
    );
    done(book(&data).and_then(|book| take(&book)))
}

/// A ticker: the members in the order in which they come, whatever the instrument. A future has no Greeks, an option no
/// funding, and the volume in dollars is not told of all.
fn usual_ticker<'a>(mut form: Form<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut data, mut found) = (Data::default(), Found::NONE);
    form.piece(b"{")?;
    if form.piece(br#""underlying_price":"#).is_some() {
        usual!(form, b"" _ => figure, br#","underlying_index":"# _ => text);
        form.piece(b",")?;
    }
    usual!(form, br#""timestamp":"# data.time => number);
    usual_stats(&mut form, &mut found)?;
    usual_marks(&mut form, &mut data, &mut found)?;
    usual_best(&mut form, &mut data, &mut found)?;
    form.piece(b"}}}")?;
    form.end()?;
    let (symbol, ts_venue, top) = (data.symbol?.raw, time(&data).ok()?, top(&data).ok()?);
    if in_usd(symbol) {
        (found[Volume], found[Turnover]) = (found[Turnover], found[Volume]);
    }
    done(take(&top).and_then(|()| take(&Message::Found(FoundMessage { symbol, ts_venue, found }))))
}

/// The members of a ticker up to the Greeks.
#[inline(always)]
fn usual_marks<'a>(form: &mut Form<'a>, data: &mut Data<'a>, found: &mut Found<'a>) -> Option<()> {
    in_order!(
        form,
        br#","settlement_price":"# _ => figure,
        br#","open_interest":"# found[OpenInterest] => figure,
        br#","min_price":"# _ => figure,
        br#","max_price":"# _ => figure,
        br#","mark_price":"# found[Mark] => figure,
        br#","mark_iv":"# _ => figure,
        br#","last_price":"# found[Last] => figure,
        br#","interest_value":"# _ => figure,
        br#","interest_rate":"# _ => figure,
        br#","instrument_name":"# data.symbol => text,
        br#","index_price":"# found[Index] => figure,
        br#","greeks":"# _ => nested,
    );
    Some(())
}

/// The members of a ticker from the funding on.
#[inline(always)]
fn usual_best<'a>(form: &mut Form<'a>, data: &mut Data<'a>, found: &mut Found<'a>) -> Option<()> {
    in_order!(
        form,
        br#","funding_8h":"# _ => figure,
        br#","estimated_delivery_price":"# _ => figure,
        br#","current_funding":"# found[Rate] => figure,
        br#","bid_iv":"# _ => figure,
        br#","best_bid_price":"# data.bid => figure,
        br#","best_bid_amount":"# data.bid_qty => figure,
        br#","best_ask_price":"# data.ask => figure,
        br#","best_ask_amount":"# data.ask_qty => figure,
        br#","ask_iv":"# _ => figure,
    );
    Some(())
}

/// The 24 hours of a ticker and its state, with the volume where it is in coins.
#[inline(always)]
fn usual_stats<'a>(form: &mut Form<'a>, found: &mut Found<'a>) -> Option<()> {
    form.piece(br#","stats":{"#)?;
    if form.piece(br#""volume_usd":"#).is_some() {
        usual!(form, b"" found[Turnover] => figure);
        form.piece(b",")?;
    }
    usual!(
        form,
        br#""volume":"# found[Volume] => figure,
        br#","price_change":"# _ => figure,
        br#","low":"# found[Low] => figure,
        br#","high":"# found[High] => figure,
        br#"},"state":"# _ => text,
    );
    Some(())
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
        Some(b"book") => take(&book(&Data::of(data, "data")?)?),
        Some(b"quote") => take(&top(&Data::of(data, "data")?)?),
        Some(b"ticker") => {
            let found = Data::of(data, "data")?;
            take(&top(&found)?)?;
            let (symbol, ts_venue) = (symbol(&found)?, time(&found)?);
            let place = if in_usd(symbol) { &IN_USD } else { &IN_COIN };
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: data, place }))
        }
        Some(b"chart") => match (parts.nth(1), parts.next()) {
            (Some(symbol), Some(length)) => {
                let (interval, ts_venue) = (interval(length)?, NO_TIME);
                let place = if in_usd(symbol) { &KLINE_IN_USD } else { &KLINE_IN_COIN };
                take(&Message::Kline(KlineMessage { symbol, ts_venue, interval, item: data, place }))
            }
            _ => Ok(()),
        },
        Some(b"trades") => data.items("data", |item| take(&trade(&Data::of(item, "data")?)?)),
        _ => Ok(()),
    }
}

#[inline(always)]
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

#[inline(always)]
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

#[inline(always)]
fn symbol<'a>(data: &Data<'a>) -> Result<&'a [u8]> {
    need(data.symbol, "instrument_name")?.text("instrument_name")
}

#[inline(always)]
fn time(data: &Data<'_>) -> Result<Nanos> {
    data.time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("timestamp")?))
}
