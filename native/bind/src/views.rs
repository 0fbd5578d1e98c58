//! Read-only views of the state as Python values: shared by the engine and a replay.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tickwright_core::event::Level;
use tickwright_core::ledger::entry::Class;
use tickwright_core::order::Order;
use tickwright_core::state::State;
use tickwright_core::units::{NO_PRICE, NO_QTY, Side};

use crate::market::market_name;

/// Best bid, its size, best ask, its size; None for an empty side.
pub type Top = (Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// `(bid, bid_qty, ask, ask_qty)` with None for an empty side, or None while the book is not in sync.
pub fn top(state: &State, instrument: u32) -> Option<Top> {
    let top = state.top(instrument);
    if top.bid == NO_PRICE && top.ask == NO_PRICE {
        return None;
    }
    let price = |p: i64| (p != NO_PRICE).then_some(p);
    let size = |q: i64| (q != NO_QTY).then_some(q);
    Some((price(top.bid), size(top.bid_qty), price(top.ask), size(top.ask_qty)))
}

/// The best `n` levels of a side as bytes of int64 pairs (price, size): `numpy.frombuffer(..., dtype="<i8")`.
pub fn levels<'py>(
    py: Python<'py>,
    state: &State,
    instrument: u32,
    side: u8,
    n: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let side = Side::from_raw(side).map_err(crate::error::raise)?;
    let mut out = vec![Level { price: 0, qty: 0 }; n.min(5000)];
    let book = state.books.get((instrument as usize).wrapping_sub(1));
    let count = book.map_or(0, |synced| synced.book().top(side, &mut out));
    let mut bytes = Vec::with_capacity(count * 16);
    for level in &out[..count] {
        bytes.extend_from_slice(&level.price.to_le_bytes());
        bytes.extend_from_slice(&level.qty.to_le_bytes());
    }
    Ok(PyBytes::new(py, &bytes))
}

fn order<'py>(py: Python<'py>, o: &Order) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("order", o.id)?;
    row.set_item("account", o.account)?;
    row.set_item("strategy", o.strategy)?;
    row.set_item("instrument", o.instrument)?;
    row.set_item("side", if o.side == Side::Buy { "BUY" } else { "SELL" })?;
    row.set_item("type", o.order_type as u8)?;
    row.set_item("tif", o.tif as u8)?;
    row.set_item("price", (o.price != NO_PRICE).then_some(o.price))?;
    row.set_item("qty", o.qty)?;
    row.set_item("cum_qty", o.filled)?;
    row.set_item("state", o.state.text())?;
    row.set_item("venue_order", o.venue_order)?;
    row.set_item("tag", o.tag)?;
    row.set_item("expires", o.expires)?;
    Ok(row)
}

/// Orders as dicts: the open ones, or also the recent closed ones.
pub fn orders<'py>(py: Python<'py>, state: &State, open_only: bool) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for o in state.orders.open() {
        list.append(order(py, o)?)?;
    }
    if !open_only {
        for o in state.orders.recent() {
            list.append(order(py, o)?)?;
        }
    }
    Ok(list)
}

/// Positions as dicts; strategy 0 is the account's net row (first), which alone has what belongs to no strategy. Money in
/// the settlement asset's smallest unit, but `fees_base` in the base asset's. What depends on a price counts at the mark or
/// the mid, while nobody quotes (after a stop) at the last trade's, and is 0 where nothing was ever heard.
pub fn positions<'py>(py: Python<'py>, state: &State) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for p in state.positions.iter_net().chain(state.positions.iter().filter(|row| row.strategy != 0)) {
        let Ok(instrument) = state.definitions.instrument(p.instrument) else { continue };
        let reference = state.valued_e8(p.instrument);
        let row = PyDict::new(py);
        row.set_item("account", p.account)?;
        row.set_item("strategy", p.strategy)?;
        row.set_item("instrument", p.instrument)?;
        row.set_item("qty", p.qty)?;
        row.set_item("entry_e8", p.average_e8(instrument))?;
        row.set_item("realised", p.realised(instrument).map_err(crate::error::raise)?)?;
        let open = if reference == 0 { Ok(0) } else { p.unrealised(instrument, reference) };
        row.set_item("unrealised", open.map_err(crate::error::raise)?)?;
        row.set_item("fees", p.fees)?;
        row.set_item("fees_base", p.fees_base)?;
        let paid = p.fees_base_value(instrument, reference).map_err(crate::error::raise)?;
        row.set_item("fees_base_value", paid)?;
        row.set_item("funding", p.funding)?;
        row.set_item("settle", instrument.settle)?;
        list.append(row)?;
    }
    Ok(list)
}

/// Wallets as dicts, in the asset's smallest unit; `stated` counts the venue's statements.
pub fn balances<'py>(py: Python<'py>, state: &State) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (key, account) in state.ledger.iter().filter(|(key, _)| key.class == Class::Wallet) {
        let row = PyDict::new(py);
        row.set_item("account", key.account)?;
        row.set_item("market", market_name(key.market))?;
        row.set_item("asset", key.asset)?;
        row.set_item("total", account.balance)?;
        row.set_item("stated", state.ledger.stated(key).count)?;
        list.append(row)?;
    }
    Ok(list)
}

/// Every ledger account's balance as dicts: class, account, asset, balance.
pub fn ledger<'py>(py: Python<'py>, state: &State) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (key, account) in state.ledger.iter() {
        let row = PyDict::new(py);
        row.set_item("class", format!("{:?}", key.class).to_lowercase())?;
        row.set_item("account", key.account)?;
        row.set_item("market", market_name(key.market))?;
        row.set_item("asset", key.asset)?;
        row.set_item("balance", account.balance)?;
        list.append(row)?;
    }
    Ok(list)
}

/// Instruments as dicts.
pub fn instruments<'py>(py: Python<'py>, state: &State) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for i in &state.definitions.instruments {
        let row = PyDict::new(py);
        row.set_item("id", i.id)?;
        row.set_item("venue", "binance")?;
        row.set_item("market", market_name(i.market))?;
        row.set_item("symbol", &i.symbol)?;
        for (name, asset) in [("base", i.base), ("quote", i.quote), ("settle", i.settle)] {
            let asset = state.definitions.assets.get((asset as usize).wrapping_sub(1));
            row.set_item(name, asset.map_or("?", |a| a.name.as_str()))?;
        }
        row.set_item("tick_size", i.price_decimal(1).to_string())?;
        row.set_item("lot_size", i.qty_decimal(1).to_string())?;
        row.set_item("tick", i.tick)?;
        row.set_item("lot", i.lot)?;
        row.set_item("price_scale", i.price_scale)?;
        row.set_item("qty_scale", i.qty_scale)?;
        row.set_item("multiplier", i.multiplier)?;
        row.set_item("settle_scale", i.settle_scale)?;
        row.set_item("base_scale", i.base_scale)?;
        list.append(row)?;
    }
    Ok(list)
}

/// How often each check refused.
pub fn refusals<'py>(py: Python<'py>, state: &State) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    for (name, count) in state.gate.refusals() {
        if count > 0 {
            row.set_item(name, count)?;
        }
    }
    Ok(row)
}

/// The hash of each component by name.
pub fn component_hashes<'py>(py: Python<'py>, state: &State) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    for (name, hash) in state.component_hashes(&mut Vec::new()) {
        row.set_item(name, tickwright_core::state_hash::hex(&hash))?;
    }
    Ok(row)
}

/// A class that shows a state.
pub trait HasState {
    /// The state.
    fn state(&self) -> &State;
}

/// Gives a class the view methods over its state.
macro_rules! state_views {
    ($class:ident) => {
        #[pymethods]
        impl $class {
            /// `(bid, bid_qty, ask, ask_qty)` in ticks and lots, None where there is none.
            fn top(&self, instrument: u32) -> Option<$crate::views::Top> {
                $crate::views::top($crate::views::HasState::state(self), instrument)
            }
            /// The best `n` levels of side 0 (bids) or 1 (asks) as bytes of int64 pairs.
            fn levels<'py>(
                &self,
                py: Python<'py>,
                instrument: u32,
                side: u8,
                n: usize,
            ) -> PyResult<Bound<'py, pyo3::types::PyBytes>> {
                $crate::views::levels(py, $crate::views::HasState::state(self), instrument, side, n)
            }
            /// Orders as dicts.
            #[pyo3(signature = (open_only=true))]
            fn orders<'py>(&self, py: Python<'py>, open_only: bool) -> PyResult<Bound<'py, pyo3::types::PyList>> {
                $crate::views::orders(py, $crate::views::HasState::state(self), open_only)
            }
            /// Positions as dicts; strategy 0 is the account's net.
            fn positions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyList>> {
                $crate::views::positions(py, $crate::views::HasState::state(self))
            }
            /// Wallets as dicts.
            fn balances<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyList>> {
                $crate::views::balances(py, $crate::views::HasState::state(self))
            }
            /// Ledger accounts as dicts.
            fn ledger<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyList>> {
                $crate::views::ledger(py, $crate::views::HasState::state(self))
            }
            /// Instruments as dicts.
            fn instruments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyList>> {
                $crate::views::instruments(py, $crate::views::HasState::state(self))
            }
            /// Strategy numbers by name.
            fn strategies(&self) -> std::collections::BTreeMap<String, u16> {
                let names = $crate::views::HasState::state(self).definitions.strategies.iter();
                names.enumerate().map(|(at, name)| (name.clone(), at as u16 + 1)).collect()
            }
            /// Account numbers by name.
            fn accounts(&self) -> std::collections::BTreeMap<String, u16> {
                let names = $crate::views::HasState::state(self).definitions.accounts.iter();
                names.enumerate().map(|(at, name)| (name.clone(), at as u16 + 1)).collect()
            }
            /// How often each check of the gate refused.
            fn refusals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                $crate::views::refusals(py, $crate::views::HasState::state(self))
            }
            /// Instruments whose book needs a snapshot.
            fn resyncs(&self) -> Vec<u32> {
                let books = $crate::views::HasState::state(self).books.iter().enumerate();
                books.filter(|(_, b)| b.needs_snapshot()).map(|(at, _)| at as u32 + 1).collect()
            }
            /// The hash of each component by name.
            fn component_hashes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                $crate::views::component_hashes(py, $crate::views::HasState::state(self))
            }
        }
    };
}
pub(crate) use state_views;
