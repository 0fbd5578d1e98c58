//! Texts, dicts and bytes of the simulated exchange: what its values look like in Python.

use crate::error::raise;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tickwright_core::error::CoreError;
use tickwright_core::event::{OrderType, TimeInForce};
use tickwright_core::units::{NO_PRICE, Side};
use tickwright_core::venue::accounts::Accounts;
use tickwright_core::venue::conditional::{Condition, Conditional, Step};
use tickwright_core::venue::legs::Leg;
use tickwright_core::venue::order::{Exec, ExecKind, Fill, Order, Reason, Status, Stp};
use tickwright_core::venue::recorded::Set;

/// One of a few texts as a value, or an error that names field and value.
pub fn choice<T: Copy>(field: &'static str, was: &str, all: &[(&str, T)]) -> PyResult<T> {
    let found = all.iter().find(|(text, _)| *text == was).map(|(_, value)| *value);
    found.ok_or_else(|| raise(CoreError::Field { field, was: was.to_owned(), why: "is not a known value" }))
}

pub const SIDES: [(&str, Side); 2] = [("BUY", Side::Buy), ("SELL", Side::Sell)];
pub const LEGS: [(&str, Leg); 3] = [("BOTH", Leg::Both), ("LONG", Leg::Long), ("SHORT", Leg::Short)];
pub const TYPES: [(&str, OrderType); 2] = [("LIMIT", OrderType::Limit), ("MARKET", OrderType::Market)];
pub const TIFS: [(&str, TimeInForce); 4] =
    [("GTC", TimeInForce::Gtc), ("IOC", TimeInForce::Ioc), ("FOK", TimeInForce::Fok), ("GTX", TimeInForce::PostOnly)];
pub const STPS: [(&str, Stp); 4] = [
    ("NONE", Stp::None),
    ("EXPIRE_TAKER", Stp::ExpireTaker),
    ("EXPIRE_MAKER", Stp::ExpireMaker),
    ("EXPIRE_BOTH", Stp::ExpireBoth),
];

pub const CONDITIONS: [(&str, Condition); 3] =
    [("STOP", Condition::Stop), ("TAKE_PROFIT", Condition::TakeProfit), ("TRAILING", Condition::Trailing)];

pub fn name<T: Copy + PartialEq>(value: T, all: &[(&'static str, T)]) -> &'static str {
    all.iter().find(|(_, known)| *known == value).map_or("", |(text, _)| *text)
}

pub const fn status_name(status: Status) -> &'static str {
    match status {
        Status::New => "NEW",
        Status::PartiallyFilled => "PARTIALLY_FILLED",
        Status::Filled => "FILLED",
        Status::Canceled => "CANCELED",
        Status::Expired => "EXPIRED",
        Status::ExpiredInMatch => "EXPIRED_IN_MATCH",
    }
}

pub const fn exec_name(kind: ExecKind) -> &'static str {
    match kind {
        ExecKind::New => "NEW",
        ExecKind::Trade => "TRADE",
        ExecKind::Canceled => "CANCELED",
        ExecKind::Expired => "EXPIRED",
        ExecKind::Amendment => "AMENDMENT",
        ExecKind::Funding => "FUNDING",
        ExecKind::Conditional => "CONDITIONAL",
    }
}

pub const fn step_name(step: Step) -> &'static str {
    match step {
        Step::New => "NEW",
        Step::Triggering => "TRIGGERING",
        Step::Triggered => "TRIGGERED",
        Step::Finished => "FINISHED",
        Step::Canceled => "CANCELED",
        Step::Rejected => "REJECTED",
        Step::Expired => "EXPIRED",
    }
}

pub const fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::None => "",
        Reason::TimeInForce => "TIME_IN_FORCE",
        Reason::NoLiquidity => "NO_LIQUIDITY",
        Reason::SelfTrade => "SELF_TRADE",
        Reason::ReduceOnly => "REDUCE_ONLY",
        Reason::Liquidation => "LIQUIDATION",
        Reason::Funding => "FUNDING",
        Reason::Triggered => "TRIGGERED",
        Reason::NoFunds => "NO_FUNDS",
    }
}

pub fn price_of(price: i64) -> Option<i64> {
    (price != NO_PRICE).then_some(price)
}

/// Fills a dict by name, with interned keys.
macro_rules! fill {
    ($py:expr, $dict:expr, { $($key:literal: $value:expr),* $(,)? }) => {
        $($dict.set_item(intern!($py, $key), $value)?;)*
    };
}

pub(super) use fill;

/// Writes an order into a dict.
pub fn order_into(dict: &Bound<'_, PyDict>, symbol: u32, order: &Order) -> PyResult<()> {
    let py = dict.py();
    fill!(py, dict, {
        "account": order.account,
        "symbol": symbol,
        "order_id": order.id,
        "client_id": order.client_id.as_str(),
        "side": name(order.side, &SIDES),
        "leg": name(order.leg, &LEGS),
        "type": name(order.kind, &TYPES),
        "tif": name(order.tif, &TIFS),
        "price": price_of(order.price),
        "qty": order.qty,
        "cum_qty": order.cum_qty,
        "cum_quote": order.cum_quote,
        "status": status_name(order.status),
        "reduce_only": order.reduce_only,
        "stp": name(order.stp, &STPS),
        "ts": order.updated_ts,
        "created_ts": order.created_ts,
    });
    Ok(())
}

/// Pairs of int64 (price, size) as bytes.
pub fn pairs<'py>(py: Python<'py>, levels: impl ExactSizeIterator<Item = Set>) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, levels.len() * 16, |out| {
        for (chunk, (price, qty)) in out.chunks_exact_mut(16).zip(levels) {
            chunk[..8].copy_from_slice(&price.to_le_bytes());
            chunk[8..].copy_from_slice(&qty.to_le_bytes());
        }
        Ok(())
    })
}

/// Bytes of int64 pairs as levels.
pub fn sets(raw: &[u8], field: &'static str) -> PyResult<Vec<Set>> {
    if !raw.len().is_multiple_of(16) {
        let was = format!("{} bytes", raw.len());
        return Err(raise(CoreError::Field { field, was, why: "must be pairs of int64" }));
    }
    let int = |half: &[u8]| half.try_into().map(i64::from_le_bytes).unwrap_or(0);
    Ok(raw.chunks_exact(16).map(|pair| (int(&pair[..8]), int(&pair[8..]))).collect())
}

/// An execution event; `asset` names the asset of its fee.
pub fn exec_dict<'py>(py: Python<'py>, exec: &Exec, asset: &str) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    order_into(&dict, exec.symbol, &exec.order)?;
    fill!(py, dict, {
        "exec": exec_name(exec.kind),
        "last_price": price_of(exec.last_price),
        "last_qty": exec.last_qty,
        "last_quote": exec.last_quote,
        "fee": exec.fee,
        "fee_asset": asset,
        "maker": exec.maker,
        "trade_id": exec.trade_id,
        "realised": exec.realised,
        "ts": exec.ts,
        "reason": reason_name(exec.reason),
    });
    if exec.kind == ExecKind::Funding {
        fill!(py, dict, { "asset": asset, "amount": exec.last_quote });
    }
    if exec.kind == ExecKind::Conditional {
        fill!(py, dict, { "step": step_name(exec.step) });
    }
    Ok(dict)
}

/// A conditional order.
pub fn conditional_dict<'py>(py: Python<'py>, symbol: u32, one: &Conditional) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    fill!(py, dict, {
        "account": one.account,
        "symbol": symbol,
        "id": one.id,
        "client_id": one.client_id.as_str(),
        "side": name(one.side, &SIDES),
        "leg": name(one.leg, &LEGS),
        "condition": name(one.condition, &CONDITIONS),
        "type": name(one.kind, &TYPES),
        "tif": name(one.tif, &TIFS),
        "price": price_of(one.price),
        "qty": one.qty,
        "reduce_only": one.reduce_only,
        "close_position": one.close_position,
        "stp": name(one.stp, &STPS),
        "trigger": price_of(one.trigger),
        "rate_e8": one.rate_e8,
        "by_mark": one.by_mark,
        "step": step_name(one.step),
        "order_id": one.order,
        "created_ts": one.created_ts,
        "ts": one.updated_ts,
        "triggered_ts": one.triggered_ts,
    });
    Ok(dict)
}

/// A kept fill; `asset` names the asset of its fee.
pub fn fill_dict<'py>(py: Python<'py>, symbol: u32, fill: &Fill, asset: &str) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    fill!(py, dict, {
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "client_id": fill.client_id.as_str(),
        "symbol": symbol,
        "price": fill.price,
        "qty": fill.qty,
        "quote": fill.quote,
        "fee": fill.fee,
        "fee_asset": asset,
        "maker": fill.maker,
        "side": name(fill.side, &SIDES),
        "leg": name(fill.leg, &LEGS),
        "realised": fill.realised,
        "ts": fill.ts,
    });
    Ok(dict)
}

/// One position by account, symbol and leg.
pub fn position_dict<'py>(
    py: Python<'py>,
    accounts: &Accounts,
    (account, symbol, leg): (u32, u32, Leg),
) -> PyResult<Bound<'py, PyDict>> {
    let position = accounts.position(account, symbol, leg);
    let dict = PyDict::new(py);
    fill!(py, dict, {
        "symbol": symbol,
        "leg": name(leg, &LEGS),
        "qty": position.qty,
        "entry_e8": accounts.entry_e8(account, symbol, leg),
        "mark_e8": accounts.mark_e8(symbol),
        "notional": accounts.notional(account, symbol, leg),
        "unrealised": accounts.unrealised(account, symbol, leg),
        "margin": accounts.position_margin(account, symbol, leg),
        "initial_margin": accounts.initial_margin(account, symbol, leg),
        "maintenance": accounts.maintenance_margin(account, symbol, leg),
        "leverage": position.leverage,
        "isolated": position.isolated,
        "wallet": position.wallet,
        "liquidation_e8": accounts.liquidation_e8(account, symbol, leg),
    });
    Ok(dict)
}
