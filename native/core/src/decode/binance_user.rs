//! Binance user data: what happened to our orders, our balances and our positions.
//!
//! catalogue: O2. Follows <https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream> (spot, over the
//! WebSocket API, wrapped with a `subscriptionId`) and
//! <https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams> (also COIN-M).
//! `TRADE_LITE` repeats what `ORDER_TRADE_UPDATE` says in full and is left out, as are events about settings.

use super::binance::e8;
use super::scan::{Scan, Value, members, need};
use super::symbols::{Listed, Symbols};
use super::{Stamp, client_id, venue_time};
use crate::error::{CoreError, Result};
use crate::event::{Balance, Exec, Funding, RecordBuf, Report, VenuePosition, VenueStatus, Wide, flags};
use crate::instrument::Market;
use crate::units::{Amount, Decimal, NO_PRICE, NO_TIME, Nanos};

members! {
    /// The members of an event, wrapped or not.
    Event {
        wrapped = b"event",
        data = b"data",
        event = b"e",
        event_time = b"E",
        time = b"T",
        order = b"o",
        account = b"a",
        balances = b"B",
        delta = b"d",
    }
}

members! {
    /// The members of a report; spot and futures use the same letters.
    Fields {
        symbol = b"s",
        client = b"c",
        original = b"C",
        side = b"S",
        qty = b"q",
        price = b"p",
        exec = b"x",
        status = b"X",
        order = b"i",
        last_qty = b"l",
        cum_qty = b"z",
        last_price = b"L",
        fee = b"n",
        fee_asset = b"N",
        time = b"T",
        trade = b"t",
        maker = b"m",
        realised = b"rp",
    }
}

members! {
    /// One asset of `outboundAccountPosition` (`a f l`) or of `ACCOUNT_UPDATE` (`a wb bc`).
    Wallet { asset = b"a", free = b"f", locked = b"l", wallet = b"wb", change = b"bc" }
}

members! {
    /// One position of `ACCOUNT_UPDATE`.
    Held { symbol = b"s", qty = b"pa", entry = b"ep", unrealised = b"up", side = b"ps" }
}

members! {
    /// The body of `ACCOUNT_UPDATE`.
    Update { reason = b"m", balances = b"B", positions = b"P" }
}

/// What every record of a message shares.
#[derive(Clone, Copy)]
pub(super) struct Context<'s> {
    /// The definitions.
    pub symbols: &'s Symbols,
    /// The market of the stream.
    pub market: Market,
    /// Whose stream it is.
    pub account: u16,
    /// Where and when it was received.
    pub stamp: Stamp,
    /// The venue's time of the event.
    pub ts_venue: Nanos,
}

/// Reads one event; returns how many records were written.
pub(super) fn user(
    symbols: &Symbols,
    market: Market,
    account: u16,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Result<usize> {
    let mut scan = Scan::new(payload);
    let message = scan.value("message")?;
    scan.end()?;
    let outer = Event::of(message, "message")?;
    let event = match outer.wrapped.or(outer.data) {
        Some(inner) => Event::of(inner, "event")?,
        None => outer,
    };
    let Some(name) = event.event else {
        return Ok(0);
    };
    let time = event.time.or(event.event_time);
    let ts_venue = time.map_or(Ok(NO_TIME), |time| venue_time(time.whole("time")?))?;
    let context = Context { symbols, market, account, stamp, ts_venue };
    match name.text("event")? {
        b"executionReport" => {
            report(context, &Fields::of(outer.wrapped.or(outer.data).unwrap_or(message), "order")?, out)
        }
        b"ORDER_TRADE_UPDATE" => report(context, &Fields::of(need(event.order, "o")?, "order")?, out),
        b"outboundAccountPosition" => statement(context, need(event.balances, "balances")?, out),
        b"balanceUpdate" => transfer(context, &event, out),
        b"ACCOUNT_UPDATE" => update(context, &Update::of(need(event.account, "a")?, "a")?, out),
        _ => Ok(0),
    }
}

/// A report on one order.
fn report(context: Context<'_>, found: &Fields<'_>, out: &mut RecordBuf) -> Result<usize> {
    let listed = context.symbols.need(context.market, need(found.symbol, "symbol")?.text("symbol")?)?;
    let exec = need(found.exec, "execution type")?;
    let last_qty = listed.lots(need(found.last_qty, "last quantity")?.text("last quantity")?)?;
    let mut record = Report {
        header: context.stamp.header::<Report>(listed.instrument.id),
        account: context.account,
        strategy: 0,
        exec: exec_of(exec, last_qty != 0)? as u8,
        status: status_of(need(found.status, "order status")?)? as u8,
        fee_asset: 0,
        order: 0,
        venue_order: need(found.order, "order id")?.whole("order id")?,
        trade: trade_id(found.trade)?,
        price: price(listed, need(found.price, "price")?)?,
        qty: listed.lots(need(found.qty, "quantity")?.text("quantity")?)?,
        last_price: NO_PRICE,
        last_qty,
        cum_qty: listed.lots(need(found.cum_qty, "filled quantity")?.text("filled quantity")?)?,
        fee: Wide::from(0),
        realised: Wide::from(0),
    };
    if last_qty != 0 {
        record.last_price = price(listed, need(found.last_price, "last price")?)?;
    }
    name_order(&mut record, found.original, need(found.client, "client order id")?)?;
    (record.fee_asset, record.fee) = fee(context.symbols, found.fee_asset, found.fee)?;
    if let Some(realised) = found.realised {
        record.realised = Wide::from(settled(listed, realised)?);
    }
    record.header.flags |= side_flag(need(found.side, "side")?)?;
    if found.maker.map_or(Ok(false), |maker| maker.flag("maker"))? {
        record.header.flags |= flags::MAKER;
    }
    record.header.stream_seq = record.trade;
    // Futures repeat the order's own trade time inside `o`; spot has it beside the event's.
    record.header.ts_venue = found.time.map_or(Ok(context.ts_venue), |time| venue_time(time.whole("time")?))?;
    out.push(&record)?;
    Ok(1)
}

/// Whose order it is: the original id where there is one (a cancel has an id of its own on spot), else the client id.
pub(super) fn name_order(record: &mut Report, original: Option<Value<'_>>, client: Value<'_>) -> Result<()> {
    let original = original.filter(|id| !id.is_null() && !id.raw.is_empty());
    match client_id::decode(original.unwrap_or(client).text("client order id")?) {
        Some(order) => record.order = order,
        None => record.header.flags |= flags::FOREIGN,
    }
    Ok(())
}

/// The trade's id; the venue sends -1 (spot) or 0 (futures) where there is none.
fn trade_id(value: Option<Value<'_>>) -> Result<u64> {
    let Some(value) = value else { return Ok(0) };
    Ok(u64::try_from(value.signed("trade id")?).unwrap_or(0))
}

/// The price in ticks; `NO_PRICE` where the venue says zero (a market order).
pub(super) fn price(listed: &Listed, value: Value<'_>) -> Result<i64> {
    listed.ticks_or_none(value.text("price")?)
}

/// `SELL` or nothing.
pub(super) fn side_flag(value: Value<'_>) -> Result<u32> {
    match value.text("side")? {
        b"BUY" => Ok(0),
        b"SELL" => Ok(flags::SELL),
        _ => Err(value.refuse("side")),
    }
}

/// The fee asset's number and the fee in its smallest unit; (0, 0) where the venue names no asset.
pub(super) fn fee(symbols: &Symbols, asset: Option<Value<'_>>, fee: Option<Value<'_>>) -> Result<(u16, Wide)> {
    let (Some(asset), Some(fee)) = (asset.filter(|a| !a.is_null()), fee.filter(|f| !f.is_null())) else {
        return Ok((0, Wide::from(0)));
    };
    let asset = symbols.asset(asset.text("fee asset")?)?;
    Ok((asset.id, Wide::from(asset.amount(fee.text("fee")?, "fee")?)))
}

/// An amount of the settlement asset in its smallest unit.
fn settled(listed: &Listed, value: Value<'_>) -> Result<Amount> {
    Decimal::parse(value.text("realised profit")?, "realised profit")?
        .to_scale(listed.instrument.settle_scale, "realised profit")
}

/// Why the venue reports. `CALCULATED` is a liquidation or ADL fill; `TRADE_PREVENTION` ends an order by its STP.
fn exec_of(value: Value<'_>, filled: bool) -> Result<Exec> {
    Ok(match value.text("execution type")? {
        b"NEW" => Exec::New,
        b"TRADE" => Exec::Trade,
        b"CALCULATED" if filled => Exec::Trade,
        b"CALCULATED" => Exec::Status,
        b"CANCELED" => Exec::Canceled,
        b"REJECTED" => Exec::Rejected,
        b"EXPIRED" | b"TRADE_PREVENTION" => Exec::Expired,
        b"REPLACED" | b"AMENDMENT" => Exec::Amended,
        _ => return Err(value.refuse("execution type")),
    })
}

/// The order's status.
pub(super) fn status_of(value: Value<'_>) -> Result<VenueStatus> {
    Ok(match value.text("order status")? {
        b"NEW" | b"PENDING_NEW" | b"NEW_INSURANCE" | b"NEW_ADL" => VenueStatus::New,
        b"PARTIALLY_FILLED" => VenueStatus::PartiallyFilled,
        b"FILLED" => VenueStatus::Filled,
        b"CANCELED" => VenueStatus::Canceled,
        b"REJECTED" => VenueStatus::Rejected,
        b"EXPIRED" | b"EXPIRED_IN_MATCH" => VenueStatus::Expired,
        b"PENDING_CANCEL" => VenueStatus::PendingCancel,
        _ => return Err(value.refuse("order status")),
    })
}

/// Writes a balance: the venue's statement (`reason` 0) or a transfer (`reason` 1).
pub(super) fn balance(context: Context<'_>, asset: u16, reason: u8, amount: Amount, out: &mut RecordBuf) -> Result<()> {
    let mut header = context.stamp.header::<Balance>(0);
    header.ts_venue = context.ts_venue;
    let (account, market) = (context.account, context.market as u8);
    out.push(&Balance { header, account, asset, reason, market, pad: 0, reference: 0, amount: Wide::from(amount) })
}

/// `outboundAccountPosition`: what is free and what is locked, together.
fn statement(context: Context<'_>, balances: Value<'_>, out: &mut RecordBuf) -> Result<usize> {
    let mut written = 0;
    balances.items("balances", |item| {
        let wallet = Wallet::of(item, "balance")?;
        let asset = context.symbols.asset(need(wallet.asset, "asset")?.text("asset")?)?;
        let free = asset.amount(need(wallet.free, "free")?.text("free")?, "free")?;
        let locked = asset.amount(need(wallet.locked, "locked")?.text("locked")?, "locked")?;
        written += 1;
        balance(context, asset.id, 0, sum(free, locked)?, out)
    })?;
    Ok(written)
}

/// The sum of two amounts, or an error where it does not fit.
pub(super) fn sum(one: Amount, other: Amount) -> Result<Amount> {
    one.checked_add(other).ok_or_else(|| CoreError::Field {
        field: "balance",
        was: format!("{one} + {other}"),
        why: "is too large",
    })
}

/// `balanceUpdate`: a deposit, withdrawal or transfer.
fn transfer(context: Context<'_>, event: &Event<'_>, out: &mut RecordBuf) -> Result<usize> {
    let asset = context.symbols.asset(need(event.account, "asset")?.text("asset")?)?;
    let amount = asset.amount(need(event.delta, "balance delta")?.text("balance delta")?, "balance delta")?;
    balance(context, asset.id, 1, amount, out)?;
    Ok(1)
}

/// `ACCOUNT_UPDATE`: wallets, what moved them other than fills, and positions.
fn update(context: Context<'_>, found: &Update<'_>, out: &mut RecordBuf) -> Result<usize> {
    let funding = need(found.reason, "reason")?.text("reason")? == b"FUNDING_FEE";
    let mut written = 0;
    // An isolated position's funding names the position; a crossed one's names only the asset.
    let mut instrument = 0;
    if let Some(positions) = found.positions {
        positions.items("positions", |item| {
            let held = Held::of(item, "position")?;
            if let Some(record) = position(context, &held)? {
                instrument = record.header.instrument;
                out.push(&record)?;
                written += 1;
            }
            Ok(())
        })?;
    }
    if let Some(balances) = found.balances {
        balances.items("balances", |item| {
            written += wallet(context, &Wallet::of(item, "balance")?, funding.then_some(instrument), out)?;
            Ok(())
        })?;
    }
    Ok(written)
}

/// One wallet of an `ACCOUNT_UPDATE`. `bc` is the change that neither profit nor commission explains: funding, where
/// `funding` names the instrument (or 0), else a transfer.
fn wallet(context: Context<'_>, found: &Wallet<'_>, funding: Option<u32>, out: &mut RecordBuf) -> Result<usize> {
    let asset = context.symbols.asset(need(found.asset, "asset")?.text("asset")?)?;
    let change = match found.change {
        Some(change) => asset.amount(change.text("balance change")?, "balance change")?,
        None => 0,
    };
    let mut written = 1;
    if let Some(instrument) = funding {
        let mut header = context.stamp.header::<Funding>(instrument);
        header.ts_venue = context.ts_venue;
        let amount = Wide::from(change);
        out.push(&Funding { header, account: context.account, asset: asset.id, pad: 0, rate_e8: 0, amount })?;
        written += 1;
    } else if change != 0 {
        balance(context, asset.id, 1, change, out)?;
        written += 1;
    }
    let total = asset.amount(need(found.wallet, "wallet balance")?.text("wallet balance")?, "wallet balance")?;
    balance(context, asset.id, 0, total, out)?;
    Ok(written)
}

/// One position; None for the empty half of a hedge-mode pair.
fn position(context: Context<'_>, found: &Held<'_>) -> Result<Option<VenuePosition>> {
    let listed = context.symbols.need(context.market, need(found.symbol, "symbol")?.text("symbol")?)?;
    let qty = signed_lots(listed, need(found.qty, "position amount")?.text("position amount")?)?;
    if let Some(side) = found.side.filter(|side| side.raw != b"BOTH") {
        return if qty == 0 { Ok(None) } else { Err(side.refuse("position side: one-way mode (BOTH) is needed")) };
    }
    let mut header = context.stamp.header::<VenuePosition>(listed.instrument.id);
    header.ts_venue = context.ts_venue;
    Ok(Some(VenuePosition {
        header,
        account: context.account,
        pad: [0; 6],
        qty,
        entry_e8: found.entry.map_or(Ok(0), |price| e8(price, "entry price"))?,
        unrealised_e8: found.unrealised.map_or(Ok(0), |profit| e8(profit, "unrealised profit"))?,
    }))
}

/// A signed quantity text in lots.
pub(super) fn signed_lots(listed: &Listed, text: &[u8]) -> Result<i64> {
    match text.strip_prefix(b"-") {
        Some(short) => listed.lots(short).map(|lots| -lots),
        None => listed.lots(text),
    }
}

#[cfg(test)]
#[path = "binance_user_tests.rs"]
mod tests;
