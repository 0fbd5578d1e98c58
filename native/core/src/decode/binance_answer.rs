//! Answers of Binance's WebSocket API: what became of a request, and what its result says about orders and wallets.
//!
//! catalogue: O2. Follows <https://developers.binance.com/docs/binance-spot-api-docs/websocket-api> ("Response format",
//! "Trading requests", "Account requests") and
//! <https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-api-general-info>.
//! Error codes: <https://developers.binance.com/docs/binance-spot-api-docs/errors>. A request is `Unknown` where the
//! venue says so (-1006, -1007) or fails itself (status 5xx); an error never counts as a not-found.

use super::binance::e8;
use super::binance_user::{Context, balance, fee, name_order, price, side_flag, signed_lots, status_of, sum};
use super::scan::{Scan, Shape, Value, members, need};
use super::symbols::{Symbols, is_zero};
use super::{Stamp, client_id, venue_time};
use crate::error::Result;
use crate::event::{Answer, Exec, Outcome, RecordBuf, Report, Request, VenuePosition, VenueStatus, Wide, flags};
use crate::instrument::Market;
use crate::units::{Lots, NO_PRICE, NO_TIME};

/// "UNEXPECTED_RESP": the execution status is unknown.
const UNEXPECTED_RESPONSE: i32 = -1006;
/// "TIMEOUT": the execution status is unknown.
const TIMEOUT: i32 = -1007;
/// "CANCEL_REJECTED": there is no such open order.
const CANCEL_REJECTED: i32 = -2011;
/// "NO_SUCH_ORDER": a query found nothing.
const NO_SUCH_ORDER: i32 = -2013;

members! {
    /// The envelope.
    Envelope { id = b"id", status = b"status", result = b"result", error = b"error" }
}

members! {
    /// An error, and the two halves of a failed cancel-replace in its `data`.
    Failure { code = b"code", data = b"data" }
}

members! {
    /// The two halves of a cancel-replace, and the venue's clock in the data of a rate-limit error.
    Halves { cancel = b"cancelResponse", place = b"newOrderResponse", server_time = b"serverTime" }
}

members! {
    /// An order as REST and the WebSocket API write it.
    Order {
        symbol = b"symbol",
        order = b"orderId",
        client = b"clientOrderId",
        original = b"origClientOrderId",
        price = b"price",
        qty = b"origQty",
        cum_qty = b"executedQty",
        status = b"status",
        side = b"side",
        transact_time = b"transactTime",
        update_time = b"updateTime",
        fills = b"fills",
        cancel = b"cancelResponse",
        place = b"newOrderResponse",
        balances = b"balances",
        assets = b"assets",
        positions = b"positions",
    }
}

members! {
    /// One fill of an answer in full.
    Fill { price = b"price", qty = b"qty", fee = b"commission", fee_asset = b"commissionAsset", trade = b"tradeId" }
}

members! {
    /// One asset of an account: spot (`free`, `locked`), futures account (`walletBalance`), futures balance (`balance`).
    Wallet { asset = b"asset", free = b"free", locked = b"locked", wallet = b"walletBalance", total = b"balance" }
}

members! {
    /// One position of a futures account.
    Held { symbol = b"symbol", qty = b"positionAmt", entry = b"entryPrice", unrealised = b"unrealizedProfit" }
}

/// Reads one answer; returns how many records were written.
pub(super) fn answer(
    symbols: &Symbols,
    market: Market,
    account: u16,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let mut scan = Scan::new(payload);
    let message = scan.value("answer")?;
    scan.end()?;
    let found = Envelope::of(message, "answer")?;
    let context = Context { symbols, market, account, stamp, ts_venue: NO_TIME };
    let id = need(found.id, "id")?;
    let status = need(found.status, "status")?.whole("status")?;
    let ours = if id.shape == Shape::Text { client_id::parse_request_id(id.raw) } else { None };
    let Some((request, order)) = ours else {
        return match found.result {
            Some(result) if status == 200 => account_of(context, result, out),
            _ => Ok(0),
        };
    };
    let about = About { request, order, status };
    match (found.result, found.error) {
        (Some(result), None) => accepted(context, about, result, out),
        (_, Some(error)) => failed(context, about, error, out),
        (None, None) => Err(message.refuse("result or error of the answer")),
    }
}

/// What an answer is about.
#[derive(Clone, Copy)]
struct About {
    request: Request,
    order: u64,
    status: u64,
}

/// An answer record with nothing known about the order at the venue.
fn blank(context: Context<'_>, about: About, outcome: Outcome, code: i32) -> Answer {
    Answer {
        header: context.stamp.header::<Answer>(0),
        order: about.order,
        venue_order: 0,
        code,
        request: about.request as u8,
        outcome: outcome as u8,
        account: context.account,
        ts_query: NO_TIME,
    }
}

/// The request was taken: the answer, then what its result says.
fn accepted(context: Context<'_>, about: About, result: Value<'_>, out: &mut RecordBuf) -> Result<usize> {
    let found = Order::of(result, "result")?;
    let own = match found.place {
        Some(place) => Order::of(place, "newOrderResponse")?,
        None => found,
    };
    let mut answer = blank(context, about, Outcome::Accepted, 0);
    answer.venue_order = own.order.map_or(Ok(0), |id| id.whole("orderId"))?;
    if let Some(time) = own.transact_time {
        answer.ts_query = venue_time(time.whole("transactTime")?)?;
        answer.header.ts_venue = answer.ts_query;
    }
    if let Some(symbol) = own.symbol {
        answer.header.instrument = context.symbols.need(context.market, symbol.text("symbol")?)?.instrument.id;
    }
    out.push(&answer)?;
    let mut written = 1;
    if let Some(cancel) = found.cancel {
        written += reports(context, &Order::of(cancel, "cancelResponse")?, out)?;
    }
    Ok(written + reports(context, &own, out)?)
}

/// The request failed: the answer, and the half of a cancel-replace that did not.
fn failed(context: Context<'_>, about: About, error: Value<'_>, out: &mut RecordBuf) -> Result<usize> {
    let found = Failure::of(error, "error")?;
    let mut code = code_of(need(found.code, "error code")?)?;
    let data = found.data.filter(|data| data.shape == Shape::Object);
    let halves = data.map_or(Ok(Halves::default()), |data| Halves::of(data, "error data"))?;
    let mut canceled = None;
    for half in [halves.place, halves.cancel].into_iter().flatten().filter(|half| half.shape == Shape::Object) {
        match Failure::of(half, "error data")?.code {
            Some(inner) => code = code_of(inner)?,
            None => canceled = Some(Order::of(half, "cancelResponse")?),
        }
    }
    let outcome = match (about.request, code) {
        (_, UNEXPECTED_RESPONSE | TIMEOUT) => Outcome::Unknown,
        _ if about.status >= 500 => Outcome::Unknown,
        (Request::Query, NO_SUCH_ORDER) => Outcome::NotFound,
        (Request::Cancel, CANCEL_REJECTED) => Outcome::TooLate,
        // An amend in place of what is not there; on spot these codes are the cancel half's, and the place half is new.
        (Request::Replace, NO_SUCH_ORDER | CANCEL_REJECTED) if context.market != Market::Spot => Outcome::TooLate,
        _ => Outcome::Rejected,
    };
    let mut answer = blank(context, about, outcome, code);
    if let Some(time) = halves.server_time {
        answer.ts_query = venue_time(time.whole("serverTime")?)?;
    }
    out.push(&answer)?;
    Ok(1 + canceled.map_or(Ok(0), |order| reports(context, &order, out))?)
}

/// An error code as the records carry it.
fn code_of(value: Value<'_>) -> Result<i32> {
    i32::try_from(value.signed("error code")?).map_err(|_| value.refuse("error code"))
}

/// What an order in an answer says: a report for each fill it lists, then its status. An answer without a status
/// (`newOrderRespType=ACK`) says nothing more.
fn reports(context: Context<'_>, found: &Order<'_>, out: &mut RecordBuf) -> Result<usize> {
    let (Some(symbol), Some(status)) = (found.symbol, found.status) else {
        return Ok(0);
    };
    let listed = context.symbols.need(context.market, symbol.text("symbol")?)?;
    let mut report = Report {
        header: context.stamp.header::<Report>(listed.instrument.id),
        account: context.account,
        strategy: 0,
        exec: Exec::Status as u8,
        status: status_of(status)? as u8,
        fee_asset: 0,
        order: 0,
        venue_order: need(found.order, "orderId")?.whole("orderId")?,
        trade: 0,
        price: price(listed, need(found.price, "price")?)?,
        qty: listed.lots(need(found.qty, "origQty")?.text("origQty")?)?,
        last_price: NO_PRICE,
        last_qty: 0,
        cum_qty: listed.lots(need(found.cum_qty, "executedQty")?.text("executedQty")?)?,
        fee: Wide::from(0),
        realised: Wide::from(0),
    };
    name_order(&mut report, found.original, need(found.client, "clientOrderId")?)?;
    report.header.flags |= flags::QUERIED | side_flag(need(found.side, "side")?)?;
    if let Some(time) = found.transact_time.or(found.update_time) {
        report.header.ts_venue = venue_time(time.whole("time")?)?;
    }
    let mut written = 1;
    if let Some(fills) = found.fills {
        written += fills_of(context, report, fills, out)?;
    }
    out.push(&report)?;
    Ok(written)
}

/// One report for each fill of an answer in full. They took liquidity: a resting order's fills come on the stream.
fn fills_of(context: Context<'_>, status: Report, fills: Value<'_>, out: &mut RecordBuf) -> Result<usize> {
    let listed = context.symbols.by_id(status.header.instrument)?;
    let (mut filled, mut written): (Lots, usize) = (0, 0);
    fills.items("fills", |item| {
        let fill = Fill::of(item, "fill")?;
        let qty = need(fill.qty, "fill quantity")?;
        let mut report = Report { exec: Exec::Trade as u8, ..status };
        report.last_price = listed.ticks(need(fill.price, "fill price")?.text("fill price")?)?;
        report.last_qty = listed.lots(qty.text("fill quantity")?)?;
        filled = filled.checked_add(report.last_qty).ok_or_else(|| qty.refuse("fill quantity"))?;
        report.cum_qty = filled;
        report.trade = need(fill.trade, "tradeId")?.whole("tradeId")?;
        report.header.stream_seq = report.trade;
        if filled < status.cum_qty {
            report.status = VenueStatus::PartiallyFilled as u8;
        }
        (report.fee_asset, report.fee) = fee(context.symbols, fill.fee_asset, fill.fee)?;
        written += 1;
        out.push(&report)
    })?;
    Ok(written)
}

/// Balances and positions of an account query; anything else says nothing.
fn account_of(context: Context<'_>, result: Value<'_>, out: &mut RecordBuf) -> Result<usize> {
    let mut written = 0;
    let mut lists = [None, None];
    match result.shape {
        Shape::Array => lists[0] = Some(result),
        Shape::Object => {
            let found = Order::of(result, "result")?;
            lists = [found.balances.or(found.assets), found.positions];
        }
        _ => {}
    }
    if let Some(wallets) = lists[0] {
        wallets.items("balances", |item| {
            written += if item.shape == Shape::Object { wallet(context, item, out)? } else { 0 };
            Ok(())
        })?;
    }
    if let Some(positions) = lists[1] {
        positions.items("positions", |item| {
            written += position(context, &Held::of(item, "position")?, out)?;
            Ok(())
        })?;
    }
    Ok(written)
}

/// One wallet. A venue lists every asset it knows, so an empty wallet of an asset that is not defined is left out.
fn wallet(context: Context<'_>, item: Value<'_>, out: &mut RecordBuf) -> Result<usize> {
    let found = Wallet::of(item, "balance")?;
    let (Some(asset), Some(whole)) = (found.asset, found.free.or(found.wallet).or(found.total)) else {
        return Ok(0);
    };
    let whole = whole.text("balance")?;
    let locked = found.locked.map_or(Ok(b"0".as_slice()), |locked| locked.text("locked"))?;
    let name = asset.text("asset")?;
    if is_zero(whole) && is_zero(locked) && context.symbols.asset(name).is_err() {
        return Ok(0);
    }
    let asset = context.symbols.asset(name)?;
    let total = sum(asset.amount(whole, "balance")?, asset.amount(locked, "locked")?)?;
    balance(context, asset.id, 0, total, out)?;
    Ok(1)
}

/// One position; a flat one of a symbol that is not defined is left out.
fn position(context: Context<'_>, found: &Held<'_>, out: &mut RecordBuf) -> Result<usize> {
    let symbol = need(found.symbol, "symbol")?.text("symbol")?;
    let amount = need(found.qty, "positionAmt")?.text("positionAmt")?;
    if is_zero(amount) && context.symbols.find(context.market, symbol).is_none() {
        return Ok(0);
    }
    let listed = context.symbols.need(context.market, symbol)?;
    out.push(&VenuePosition {
        header: context.stamp.header::<VenuePosition>(listed.instrument.id),
        account: context.account,
        pad: [0; 6],
        qty: signed_lots(listed, amount)?,
        entry_e8: found.entry.map_or(Ok(0), |price| e8(price, "entry price"))?,
        unrealised_e8: found.unrealised.map_or(Ok(0), |profit| e8(profit, "unrealised profit"))?,
    })?;
    Ok(1)
}
