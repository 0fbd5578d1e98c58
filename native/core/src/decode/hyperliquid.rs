//! Hyperliquid public messages: books of the best twenty levels, trades, figures of an asset, candles.
//!
//! catalogue: M1. <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions> (`l2Book`,
//! `trades`, `bbo`, `activeAssetCtx`, `candle`). Every book is whole and numbered by its block's time; a trade's side is the taker's, `B` or `A`.

use super::figures::Figure::{High, Index, Last, Low, Mark, Open, OpenInterest, Rate, Trades, Turnover, Volume};
use super::figures::Place::{self, Begin, Is, Members};
use super::figures::{Clock, FiguresMessage, KlineMessage, interval};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TopMessage, TradeMessage, first_two};
use super::scan::{Value, members, need};
use super::usual::{Form, done, usual};
use super::venue_time;
use crate::error::Result;
use crate::instrument::Market;
use crate::units::NO_TIME;

members! {
    /// The envelope of a push.
    Push { channel = b"channel", data = b"data" }
}

members! {
    /// A book, a best price or a trade.
    Data {
        coin = b"coin",
        time = b"time",
        levels = b"levels",
        best = b"bbo",
        side = b"side",
        price = b"px",
        qty = b"sz",
        id = b"tid",
    }
}

members! {
    /// The name and the length of a candle.
    Candle { coin = b"s", length = b"i" }
}

/// The context of an asset: its oracle price is the index that funding is reckoned by, once an hour.
const FIGURES: Place = Members(&[(
    b"ctx",
    Members(&[
        (b"prevDayPx", Is(Open)),
        (b"dayBaseVlm", Is(Volume)),
        (b"dayNtlVlm", Is(Turnover)),
        (b"markPx", Is(Mark)),
        (b"oraclePx", Is(Index)),
        (b"funding", Is(Rate)),
        (b"openInterest", Is(OpenInterest)),
    ]),
)]);
/// A candle.
const KLINE: Place = Members(&[
    (b"t", Begin(Clock::Millis)),
    (b"o", Is(Open)),
    (b"h", Is(High)),
    (b"l", Is(Low)),
    (b"c", Is(Last)),
    (b"v", Is(Volume)),
    (b"n", Is(Trades)),
]);

/// How an instrument settles: `PURR/USDC` and `@107` are spot, all else pays in USDC.
pub(super) fn market_of(symbol: &[u8]) -> Market {
    if symbol.starts_with(b"@") || symbol.contains(&b'/') { Market::Spot } else { Market::Linear }
}

/// Takes a book apart in the order in which the venue writes it, or as it was recorded, with the time at the end.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut data, mut form) = (Data::default(), Form::new(message));
    let (bids, asks);
    form.piece(br#"{"channel":"l2Book","data":{"coin":"#)?;
    data.coin = Some(form.text()?);
    if form.piece(br#","time":"#).is_some() {
        data.time = Some(form.number()?);
        usual!(form, br#","levels":["# bids => list, b"," asks => list; b"]}}");
    } else {
        usual!(form, br#","levels":["# bids => list, b"," asks => list, br#"],"time":"# data.time => number; b"}}");
    }
    done(book(&data, [bids?, asks?], take))
}

/// Takes one message apart.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(data)) = (push.channel, push.data) else { return Ok(()) };
    match channel.text("channel")? {
        b"l2Book" => {
            let data = Data::of(data, "data")?;
            book(&data, first_two(need(data.levels, "levels")?, "levels")?, take)
        }
        b"bbo" => take(&top(&Data::of(data, "data")?)?),
        b"activeAssetCtx" | b"activeSpotAssetCtx" => {
            let symbol = coin(&Data::of(data, "data")?)?;
            take(&Message::Figures(FiguresMessage { symbol, ts_venue: NO_TIME, item: data, place: &FIGURES }))
        }
        b"candle" => {
            let found = Candle::of(data, "data")?;
            let (symbol, length) = (need(found.coin, "s")?.text("s")?, need(found.length, "i")?.text("i")?);
            let (interval, ts_venue) = (interval(length)?, NO_TIME);
            take(&Message::Kline(KlineMessage { symbol, ts_venue, interval, item: data, place: &KLINE }))
        }
        b"trades" => data.items("data", |item| take(&trade(&Data::of(item, "data")?)?)),
        _ => Ok(()),
    }
}

fn book<'a>(data: &Data<'a>, [bids, asks]: [Value<'a>; 2], take: Take<'_, 'a>) -> Result<()> {
    let time = need(data.time, "time")?.whole("time")?;
    take(&Message::Book(BookMessage {
        symbol: coin(data)?,
        snapshot: true,
        ids: (time, time, 0),
        ts_venue: venue_time(time)?,
        checksum: None,
        depth: None,
        levels: Levels::Short { bids, asks },
    }))
}

fn top<'a>(data: &Data<'a>) -> Result<Message<'a>> {
    let [bid, ask] = first_two(need(data.best, "bbo")?, "bbo")?;
    let side = |level: Value<'a>| -> Result<(&'a [u8], &'a [u8])> {
        if level.is_null() {
            return Ok((b"", b""));
        }
        let level = Data::of(level, "bbo")?;
        Ok((need(level.price, "px")?.text("px")?, need(level.qty, "sz")?.text("sz")?))
    };
    let ts_venue = venue_time(need(data.time, "time")?.whole("time")?)?;
    // The book is sent more rarely than this, at other blocks: there is none to compare it with.
    Ok(Message::Top(TopMessage { symbol: coin(data)?, bid: side(bid)?, ask: side(ask)?, id: 0, ts_venue }))
}

fn trade<'a>(data: &Data<'a>) -> Result<Message<'a>> {
    let side = need(data.side, "side")?;
    let sell = side.either("side", b"A", b"B")?;
    Ok(Message::Trade(TradeMessage {
        symbol: coin(data)?,
        price: need(data.price, "px")?.text("px")?,
        qty: need(data.qty, "sz")?.text("sz")?,
        sell,
        off_book: false,
        id: need(data.id, "tid")?.whole("tid")?,
        ts_venue: venue_time(need(data.time, "time")?.whole("time")?)?,
    }))
}

fn coin<'a>(data: &Data<'a>) -> Result<&'a [u8]> {
    need(data.coin, "coin")?.text("coin")
}
