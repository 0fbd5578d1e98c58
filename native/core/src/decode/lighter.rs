//! Lighter public messages: books with every change numbered, trades, figures of a market.
//!
//! catalogue: M1. <https://apidocs.lighter.xyz/docs/websocket-reference> (`order_book/..`, `trade/..`, `market_stats/..`). A market is
//! known by its number, which the channel ends with. A change's `offset` counts up by one; where a change names the nonce
//! that it goes on from (`begin_nonce`), that chain is followed instead. Funding rates are left out: their unit is not said.

use super::figures::Figure::{High, Index, Last, Low, Mark, OpenValue, Turnover, Volume};
use super::figures::FiguresMessage;
use super::figures::Place::{self, Is, Members};
use super::levels::Levels;
use super::message::{BookMessage, Message, Take, TradeMessage};
use super::scan::{Scan, Value, members, need};
use super::usual::{Form, done, in_order, usual};
use super::venue_time;
use crate::error::Result;
use crate::units::{NO_TIME, Nanos};

members! {
    /// The envelope of a push.
    Push {
        channel = b"channel",
        kind = b"type",
        book = b"order_book",
        trades = b"trades",
        liquidations = b"liquidation_trades",
        time = b"timestamp",
    }
}

members! {
    /// A book or a change of one.
    Book { bids = b"bids", asks = b"asks", offset = b"offset", nonce = b"nonce", before = b"begin_nonce" }
}

members! {
    /// A trade.
    Trade { id = b"trade_id", price = b"price", qty = b"size", maker_sells = b"is_maker_ask", time = b"timestamp" }
}

/// The figures of a market: of one day, and of now.
const FIGURES: Place = Members(&[(
    b"market_stats",
    Members(&[
        (b"index_price", Is(Index)),
        (b"mark_price", Is(Mark)),
        (b"last_trade_price", Is(Last)),
        (b"open_interest", Is(OpenValue)),
        (b"daily_base_token_volume", Is(Volume)),
        (b"daily_quote_token_volume", Is(Turnover)),
        (b"daily_price_low", Is(Low)),
        (b"daily_price_high", Is(High)),
    ]),
)]);

/// Takes a book apart in the order in which the venue writes it.
pub(super) fn usual<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let (mut found, mut form) = (Book::default(), Form::new(message));
    let (channel, time, kind): (Option<Value<'a>>, _, Option<Value<'a>>);
    usual!(form, br#"{"channel":"# channel => text);
    if form.piece(br#","liquidation_trades":null,"nonce":"#).is_some() {
        return usual_trades(form, channel?, take);
    }
    usual!(
        form,
        br#","offset":"# _ => number,
        br#","order_book":{"code":"# _ => number,
        br#","asks":"# found.asks => list,
        br#","bids":"# found.bids => list,
        br#","offset":"# found.offset => number,
        br#","nonce":"# found.nonce => number,
        br#"},"timestamp":"# time => number,
        br#","type":"# kind => text;
        b"}"
    );
    let snapshot = match kind?.raw {
        b"subscribed/order_book" => true,
        b"update/order_book" => false,
        _ => return None,
    };
    done(book(market_number(channel?.raw), snapshot, pushed(time).ok()?, &found, take))
}

/// Trades without liquidations, behind that they are none.
fn usual_trades<'a>(mut form: Form<'a>, channel: Value<'a>, take: Take<'_, 'a>) -> Option<Result<()>> {
    let mut push = Push::default();
    let kind: Option<Value<'a>>;
    usual!(
        form,
        b"" _ => number,
        br#","trades":"# push.trades => nested,
        br#","type":"# kind => text;
        b"}"
    );
    if kind?.raw != b"update/trade" {
        return None;
    }
    done(trades(market_number(channel.raw), &push, take))
}

/// A trade where it stands; what it says of its two sides is passed over.
fn usual_trade<'a>(scan: &mut Scan<'a>) -> Option<Trade<'a>> {
    let (mut trade, mut form) = (Trade::default(), Form::of(scan));
    usual!(
        form,
        br#"{"trade_id":"# trade.id => number,
        br#","tx_hash":"# _ => text,
        br#","type":"# _ => text,
        br#","market_id":"# _ => number,
        br#","size":"# trade.qty => text,
        br#","price":"# trade.price => text,
        br#","usd_amount":"# _ => text,
        br#","ask_id":"# _ => number,
        br#","bid_id":"# _ => number,
        br#","ask_client_id":"# _ => number,
        br#","bid_client_id":"# _ => number,
        br#","ask_account_id":"# _ => number,
        br#","bid_account_id":"# _ => number,
        br#","is_maker_ask":"# trade.maker_sells => flag,
        br#","block_height":"# _ => number,
        br#","timestamp":"# trade.time => number,
    );
    usual_sides(&mut form)?;
    scan.move_to(form.place());
    Some(trade)
}

/// What a trade says of its two sides, up to its end.
fn usual_sides(form: &mut Form<'_>) -> Option<()> {
    in_order!(
        form,
        br#","taker_fee":"# _ => number,
        br#","taker_position_size_before":"# _ => text,
        br#","taker_entry_quote_before":"# _ => text,
        br#","taker_initial_margin_fraction_before":"# _ => number,
        br#","taker_position_sign_changed":"# _ => flag,
        br#","maker_fee":"# _ => number,
        br#","maker_position_size_before":"# _ => text,
        br#","maker_entry_quote_before":"# _ => text,
        br#","maker_initial_margin_fraction_before":"# _ => number,
        br#","maker_position_sign_changed":"# _ => flag,
    );
    form.piece(b"}")
}

/// The number of the market that a channel ends with.
fn market_number(channel: &[u8]) -> &[u8] {
    channel.rsplit(|byte| *byte == b':').next().unwrap_or_default()
}

/// The time of a push.
fn pushed(time: Option<Value<'_>>) -> Result<Nanos> {
    time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("timestamp")?))
}

/// Takes one message apart. What is told on subscription besides the book is of the past.
pub(super) fn read<'a>(message: Value<'a>, take: Take<'_, 'a>) -> Result<()> {
    let push = Push::of(message, "message")?;
    let (Some(channel), Some(kind)) = (push.channel, push.kind) else { return Ok(()) };
    let (symbol, ts_venue) = (market_number(channel.text("channel")?), pushed(push.time)?);
    match kind.text("type")? {
        b"subscribed/order_book" | b"update/order_book" => {
            let found = Book::of(need(push.book, "order_book")?, "order_book")?;
            book(symbol, kind.raw.starts_with(b"subscribed"), ts_venue, &found, take)
        }
        b"update/trade" => trades(symbol, &push, take),
        b"update/market_stats" => {
            take(&Message::Figures(FiguresMessage { symbol, ts_venue, item: message, place: &FIGURES }))
        }
        _ => Ok(()),
    }
}

#[inline(always)]
fn book<'a>(symbol: &'a [u8], snapshot: bool, ts_venue: Nanos, book: &Book<'a>, take: Take<'_, 'a>) -> Result<()> {
    let ids = match book.before {
        Some(before) => {
            let nonce = need(book.nonce, "nonce")?.whole("nonce")?;
            (nonce, nonce, before.whole("begin_nonce")?)
        }
        None => {
            let offset = need(book.offset, "offset")?.whole("offset")?;
            (offset, offset, 0)
        }
    };
    let levels = Levels::Named { bids: need(book.bids, "bids")?, asks: need(book.asks, "asks")? };
    take(&Message::Book(BookMessage { symbol, snapshot, ids, ts_venue, checksum: None, depth: None, levels }))
}

fn trades<'a>(symbol: &'a [u8], push: &Push<'a>, take: Take<'_, 'a>) -> Result<()> {
    for list in [push.trades, push.liquidations].into_iter().flatten().filter(|list| !list.is_null()) {
        list.run("trades", usual_trade, Trade::of, |trade| {
            take(&Message::Trade(TradeMessage {
                symbol,
                price: need(trade.price, "price")?.text("price")?,
                qty: need(trade.qty, "size")?.text("size")?,
                sell: !need(trade.maker_sells, "is_maker_ask")?.flag("is_maker_ask")?,
                off_book: false,
                id: need(trade.id, "trade_id")?.whole("trade_id")?,
                ts_venue: venue_time(need(trade.time, "timestamp")?.whole("timestamp")?)?,
            }))
        })?;
    }
    Ok(())
}
