//! The simulated exchange for the box: texts and dicts in and out, no rule of its own.

mod dicts;

use crate::error::{TickwrightError, raise};
use dicts::{
    CONDITIONS, LEGS, SIDES, STPS, TIFS, TYPES, choice, conditional_dict, exec_dict, fill, fill_dict, name, order_into,
    pairs, position_dict, price_of, sets,
};
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use tickwright_core::instrument::Market;
use tickwright_core::units::Side;
use tickwright_core::venue::accounts::VENUE;
use tickwright_core::venue::conditional::{Conditional, NewConditional};
use tickwright_core::venue::flow::FlowSpec;
use tickwright_core::venue::order::{ClientId, Exec, Fault, Order};
use tickwright_core::venue::place::NewOrder;
use tickwright_core::venue::{self};

create_exception!(
    native._core,
    Refused,
    TickwrightError,
    "The venue refuses a request by its rules, args[0] says why; nothing changed."
);

type Dicts<'py> = PyResult<Bound<'py, PyList>>;

fn fault(fault: Fault) -> PyErr {
    match fault {
        Fault::Refused(refusal) => Refused::new_err(refusal.name()),
        Fault::Core(error) => raise(error),
    }
}

/// A simulated exchange: one market ("spot" or "linear"), many symbols and accounts, exact money, no clock.
///
/// Prices are ticks, sizes lots, money smallest units, times ns since the epoch; all ints. The same calls with the
/// same seed give the same state hash anywhere. Bad input raises InputError and names field and value; a refusal by
/// the venue's rules raises Refused; after either nothing has changed.
#[pyclass(module = "native._core", unsendable)]
pub struct Exchange {
    inner: venue::Exchange,
    events: Vec<Exec>,
}

impl Exchange {
    /// Runs an operation and hands its events out.
    fn run<'py, T>(
        &mut self,
        py: Python<'py>,
        operation: impl FnOnce(&mut venue::Exchange, &mut Vec<Exec>) -> Result<T, Fault>,
    ) -> Dicts<'py> {
        self.events.clear();
        operation(&mut self.inner, &mut self.events).map_err(fault)?;
        let list = PyList::empty(py);
        for exec in &self.events {
            list.append(exec_dict(py, exec, self.asset_name(exec.fee_asset))?)?;
        }
        Ok(list)
    }

    fn asset_name(&self, asset: u16) -> &str {
        self.inner.accounts.assets.get(usize::from(asset)).map_or("", |asset| asset.name.as_str())
    }

    fn symbol_ids(&self, symbol: Option<u32>) -> PyResult<std::ops::Range<u32>> {
        match symbol {
            None => Ok(0..self.inner.symbols.len() as u32),
            Some(id) => self.inner.known(id).map(|_| id..id + 1).map_err(raise),
        }
    }
}

#[pymethods]
impl Exchange {
    /// An empty exchange. Fees are rates times 10^8 (a negative maker fee is a rebate).
    #[new]
    #[pyo3(signature = (market, *, maker_fee_e8, taker_fee_e8, seed))]
    fn new(market: &str, maker_fee_e8: i64, taker_fee_e8: i64, seed: u64) -> PyResult<Self> {
        let markets = [("spot", Market::Spot), ("linear", Market::Linear), ("inverse", Market::Inverse)];
        let market = choice("market", market, &markets)?;
        let inner = venue::Exchange::new(market, maker_fee_e8, taker_fee_e8, seed).map_err(raise)?;
        Ok(Self { inner, events: Vec::with_capacity(1024) })
    }

    /// Defines an asset by its smallest unit's decimals and returns its id.
    fn asset(&mut self, name: &str, scale: u8) -> PyResult<u16> {
        self.inner.accounts.asset(name, scale).map_err(raise)
    }

    /// Defines a symbol and returns its id; tick and lot are decimal texts, maintenance a rate times 10^8.
    #[pyo3(signature = (symbol, base, quote, tick, lot, *, maintenance_e8=0))]
    fn symbol(
        &mut self,
        symbol: &str,
        base: &str,
        quote: &str,
        tick: &str,
        lot: &str,
        maintenance_e8: i64,
    ) -> PyResult<u32> {
        self.inner.symbol(symbol, base, quote, tick, lot, maintenance_e8).map_err(raise)
    }

    /// The id of an account, made at the first call.
    fn account(&mut self, name: &str) -> u32 {
        self.inner.accounts.account(name)
    }

    /// Gives an account its own fee rates times 10^8.
    fn fees(&mut self, account: u32, maker_fee_e8: i64, taker_fee_e8: i64) -> PyResult<()> {
        self.inner.fees(account, maker_fee_e8, taker_fee_e8).map_err(raise)
    }

    /// Money from outside, in smallest units.
    fn deposit(&mut self, account: u32, asset: &str, amount: i128, ts: i64) -> PyResult<()> {
        let _ = ts;
        let asset = self.inner.accounts.asset_id(asset).map_err(raise)?;
        self.inner.accounts.deposit(account, asset, amount).map_err(raise)
    }

    /// Sets the leverage (1 to 125) of an account's position in a linear symbol.
    fn leverage(&mut self, account: u32, symbol: u32, x: i64, ts: i64) -> PyResult<()> {
        let _ = ts;
        self.inner.leverage(account, symbol, x).map_err(fault)
    }

    /// Sets hedge mode (a long and a short position in every symbol) or one-way mode for an account of a linear market
    /// that has neither orders nor positions.
    fn position_mode(&mut self, account: u32, hedge: bool, ts: i64) -> PyResult<()> {
        let _ = ts;
        self.inner.position_mode(account, hedge).map_err(fault)
    }

    /// The positions that an account has in every symbol: BOTH in one-way mode, LONG and SHORT in hedge mode.
    fn legs(&self, account: u32) -> PyResult<Vec<&'static str>> {
        self.inner.accounts.known(account).map_err(raise)?;
        Ok(self.inner.accounts.legs(account).iter().map(|leg| name(*leg, &LEGS)).collect())
    }

    /// Sets isolated or cross margin for an account in a linear symbol without position and orders.
    fn isolate(&mut self, account: u32, symbol: u32, isolated: bool, ts: i64) -> PyResult<()> {
        let _ = ts;
        self.inner.isolate(account, symbol, isolated).map_err(fault)
    }

    /// Moves money from the cross wallet into an isolated position's wallet, or back where negative.
    #[pyo3(signature = (account, symbol, amount, ts, *, leg="BOTH"))]
    fn add_margin(&mut self, account: u32, symbol: u32, amount: i128, ts: i64, leg: &str) -> PyResult<()> {
        let _ = ts;
        let leg = choice("leg", leg, &LEGS)?;
        self.inner.add_margin(account, symbol, leg, amount).map_err(fault)
    }

    /// Takes an order in; returns the events in the order they happened, counterparties' included. `leg` is the
    /// position that it is for: BOTH in one-way mode, LONG or SHORT in hedge mode.
    #[pyo3(signature = (
        account, symbol, client_id, side, r#type, tif, price, qty, ts, *,
        reduce_only=false, stp="NONE", quote_qty=None, leg="BOTH"
    ))]
    #[expect(clippy::too_many_arguments, reason = "the Python signature is the contract with the box")]
    fn place<'py>(
        &mut self,
        py: Python<'py>,
        account: u32,
        symbol: u32,
        client_id: &str,
        side: &str,
        r#type: &str,
        tif: &str,
        price: Option<i64>,
        qty: Option<i64>,
        ts: i64,
        reduce_only: bool,
        stp: &str,
        quote_qty: Option<i128>,
        leg: &str,
    ) -> Dicts<'py> {
        let new = NewOrder {
            account,
            client_id: ClientId::new(client_id).map_err(raise)?,
            side: choice("side", side, &SIDES)?,
            leg: choice("leg", leg, &LEGS)?,
            kind: choice("type", r#type, &TYPES)?,
            tif: choice("tif", tif, &TIFS)?,
            price,
            qty,
            quote_qty,
            reduce_only,
            stp: choice("stp", stp, &STPS)?,
        };
        self.run(py, |exchange, out| exchange.place(symbol, &new, ts, out))
    }

    /// Takes a conditional order in. It waits for the last or the mark price to meet `trigger` (`condition` STOP or
    /// TAKE_PROFIT) or to fall back by `rate_e8` (TRAILING, from `trigger` on) and then places its order. On spot it is
    /// an order of its own from the start; on linear markets its events are of kind CONDITIONAL with a `step`.
    #[pyo3(signature = (
        account, symbol, client_id, side, condition, r#type, tif, price, qty, trigger, ts, *,
        rate_e8=0, by_mark=false, reduce_only=false, close_position=false, stp="NONE", leg="BOTH"
    ))]
    #[expect(clippy::too_many_arguments, reason = "the Python signature is the contract with the box")]
    fn arm<'py>(
        &mut self,
        py: Python<'py>,
        account: u32,
        symbol: u32,
        client_id: &str,
        side: &str,
        condition: &str,
        r#type: &str,
        tif: &str,
        price: Option<i64>,
        qty: Option<i64>,
        trigger: Option<i64>,
        ts: i64,
        rate_e8: i64,
        by_mark: bool,
        reduce_only: bool,
        close_position: bool,
        stp: &str,
        leg: &str,
    ) -> Dicts<'py> {
        let order = NewOrder {
            account,
            client_id: ClientId::new(client_id).map_err(raise)?,
            side: choice("side", side, &SIDES)?,
            leg: choice("leg", leg, &LEGS)?,
            kind: choice("type", r#type, &TYPES)?,
            tif: choice("tif", tif, &TIFS)?,
            price,
            qty,
            quote_qty: None,
            reduce_only,
            stp: choice("stp", stp, &STPS)?,
        };
        let condition = choice("condition", condition, &CONDITIONS)?;
        let new = NewConditional { order, condition, trigger, rate_e8, by_mark, close_position };
        self.run(py, |exchange, out| exchange.arm(symbol, &new, ts, out))
    }

    /// Takes back a conditional order of a linear market.
    fn disarm<'py>(&mut self, py: Python<'py>, account: u32, symbol: u32, id: u64, ts: i64) -> Dicts<'py> {
        self.run(py, |exchange, out| exchange.disarm(account, symbol, id, ts, out))
    }

    /// One conditional order of an account by id or client id (the newest with it), or None.
    #[pyo3(signature = (account, symbol, *, id=None, client_id=None))]
    fn conditional<'py>(
        &self,
        py: Python<'py>,
        account: u32,
        symbol: u32,
        id: Option<u64>,
        client_id: Option<&str>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let all = &self.inner.known(symbol).map_err(raise)?.conditionals;
        let found = match (id, client_id) {
            (Some(id), _) => all.get(id).filter(|one| one.account == account),
            (None, Some(text)) => ClientId::new(text).ok().and_then(|id| all.by_client(account, id)),
            (None, None) => return Err(PyValueError::new_err("conditional needs id or client_id")),
        };
        found.map(|one| conditional_dict(py, symbol, one)).transpose()
    }

    /// An account's conditional orders in a symbol, oldest first: those that wait, or all that are remembered.
    #[pyo3(signature = (account, symbol, *, open_only))]
    fn conditionals<'py>(&self, py: Python<'py>, account: u32, symbol: u32, open_only: bool) -> Dicts<'py> {
        let all = &self.inner.known(symbol).map_err(raise)?.conditionals;
        let found: Vec<&Conditional> = if open_only { all.waiting_of(account).collect() } else { all.all_of(account) };
        let list = PyList::empty(py);
        found.into_iter().try_for_each(|one| list.append(conditional_dict(py, symbol, one)?))?;
        Ok(list)
    }

    /// Cancels an open order.
    fn cancel<'py>(&mut self, py: Python<'py>, account: u32, symbol: u32, order_id: u64, ts: i64) -> Dicts<'py> {
        self.run(py, |exchange, out| exchange.cancel(account, symbol, order_id, ts, out))
    }

    /// Cancels an account's open orders in a symbol.
    fn cancel_all<'py>(&mut self, py: Python<'py>, account: u32, symbol: u32, ts: i64) -> Dicts<'py> {
        self.run(py, |exchange, out| exchange.cancel_all(account, symbol, ts, out))
    }

    /// Gives an open order a new total size and, with a price, a new price.
    #[expect(clippy::too_many_arguments, reason = "the Python signature is the contract with the box")]
    fn amend<'py>(
        &mut self,
        py: Python<'py>,
        account: u32,
        symbol: u32,
        order_id: u64,
        price: Option<i64>,
        qty: i64,
        ts: i64,
    ) -> Dicts<'py> {
        self.run(py, |exchange, out| exchange.amend(account, symbol, order_id, (price, qty), ts, out))
    }

    /// One order of an account by id or client id (the newest with it), or None.
    #[pyo3(signature = (account, symbol, *, order_id=None, client_id=None))]
    fn find<'py>(
        &self,
        py: Python<'py>,
        account: u32,
        symbol: u32,
        order_id: Option<u64>,
        client_id: Option<&str>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let history = &self.inner.known(symbol).map_err(raise)?.history;
        let found = match (order_id, client_id) {
            (Some(id), _) => history.get(id).filter(|order| order.account == account),
            (None, Some(text)) => ClientId::new(text).ok().and_then(|id| history.by_client(account, id)),
            (None, None) => return Err(PyValueError::new_err("find needs order_id or client_id")),
        };
        found
            .map(|order| {
                let dict = PyDict::new(py);
                order_into(&dict, symbol, order).map(|()| dict)
            })
            .transpose()
    }

    /// An account's orders in one symbol or in all, oldest first.
    #[pyo3(signature = (account, symbol, *, open_only))]
    fn orders<'py>(&self, py: Python<'py>, account: u32, symbol: Option<u32>, open_only: bool) -> Dicts<'py> {
        let list = PyList::empty(py);
        let add = |symbol: u32, order: &Order| {
            let dict = PyDict::new(py);
            order_into(&dict, symbol, order)?;
            list.append(dict)
        };
        for id in self.symbol_ids(symbol)? {
            let history = &self.inner.symbols[id as usize].history;
            if open_only {
                history.open_of(account).try_for_each(|order| add(id, order))?;
            } else {
                history.all_of(account).into_iter().try_for_each(|order| add(id, order))?;
            }
        }
        Ok(list)
    }

    /// How many open orders an account has in a symbol.
    fn open_count(&self, account: u32, symbol: u32) -> PyResult<usize> {
        Ok(self.inner.known(symbol).map_err(raise)?.history.open_of(account).count())
    }

    /// An account's fills in a symbol, oldest first.
    fn trades<'py>(&self, py: Python<'py>, account: u32, symbol: u32) -> Dicts<'py> {
        let list = PyList::empty(py);
        for fill in self.inner.known(symbol).map_err(raise)?.history.fills_of(account) {
            list.append(fill_dict(py, symbol, fill, self.asset_name(fill.fee_asset))?)?;
        }
        Ok(list)
    }

    /// Balances by asset: (free, locked) on spot, (wallet, initial margin) on linear markets.
    fn balances<'py>(&self, py: Python<'py>, account: u32) -> PyResult<Bound<'py, PyDict>> {
        let accounts = &self.inner.accounts;
        accounts.known(account).map_err(raise)?;
        let dict = PyDict::new(py);
        for (id, purse) in accounts.list[account as usize].purses.iter().enumerate() {
            let second = match accounts.market {
                Market::Spot => purse.locked,
                Market::Linear | Market::Inverse => accounts.margin_used(account, id as u16),
            };
            dict.set_item(self.asset_name(id as u16), (purse.free, second))?;
        }
        Ok(dict)
    }

    /// An account's linear positions that are not flat, each with the `leg` that it is.
    fn positions<'py>(&self, py: Python<'py>, account: u32) -> Dicts<'py> {
        let accounts = &self.inner.accounts;
        accounts.known(account).map_err(raise)?;
        let list = PyList::empty(py);
        for symbol in self.symbol_ids(None)? {
            for leg in accounts.legs(account) {
                if accounts.position(account, symbol, *leg).qty != 0 {
                    list.append(position_dict(py, accounts, (account, symbol, *leg))?)?;
                }
            }
        }
        Ok(list)
    }

    /// Pays funding on all positions of a symbol; events are of kind FUNDING with asset and amount.
    fn funding<'py>(&mut self, py: Python<'py>, symbol: u32, rate_e8: i64, mark_e8: i64, ts: i64) -> Dicts<'py> {
        self.run(py, |exchange, out| exchange.funding(symbol, rate_e8, mark_e8, ts, out))
    }

    /// Sets the mark price times 10^8; liquidates who falls below maintenance.
    fn mark<'py>(&mut self, py: Python<'py>, symbol: u32, mark_e8: i64, ts: i64) -> Dicts<'py> {
        self.run(py, |exchange, out| exchange.mark(symbol, mark_e8, ts, out))
    }

    /// Starts the seeded generator of background flow around `mid` ticks at `ts`. `size` is a typical order in lots
    /// (0: worth about 1,000 of the quote asset), `gap` the typical distance of levels in ticks (0: by volatility).
    /// Returns the events of known accounts whose resting orders the first quotes met.
    #[pyo3(signature = (
        symbol, *, mid, kind="generated", ts=0, volatility=0.6, jumps_per_day=200.0, maker_rate=40.0,
        trade_rate=4.0, informed=0.25, orders=300, size=0, gap=0
    ))]
    #[expect(clippy::too_many_arguments, reason = "the Python signature is the contract with the box")]
    fn flow<'py>(
        &mut self,
        py: Python<'py>,
        symbol: u32,
        mid: i64,
        kind: &str,
        ts: i64,
        volatility: f64,
        jumps_per_day: f64,
        maker_rate: f64,
        trade_rate: f64,
        informed: f64,
        orders: u32,
        size: i64,
        gap: i64,
    ) -> Dicts<'py> {
        choice("kind", kind, &[("generated", ())])?;
        let size = if size == 0 { self.inner.typical_size(symbol, mid).map_err(raise)? } else { size };
        let spec = FlowSpec { mid, volatility, jumps_per_day, maker_rate, trade_rate, informed, orders, size, gap };
        self.run(py, |exchange, out| exchange.flow(symbol, spec, ts, out))
    }

    /// Hands a symbol's background over to a recording.
    fn replay_open(&mut self, symbol: u32) -> PyResult<()> {
        self.inner.replay_open(symbol).map_err(raise)
    }

    /// Applies recorded levels: bytes of int64 (price, size) pairs; a snapshot replaces the whole background.
    fn replay_depth<'py>(
        &mut self,
        py: Python<'py>,
        symbol: u32,
        snapshot: bool,
        bids: &[u8],
        asks: &[u8],
        ts: i64,
    ) -> Dicts<'py> {
        let (bids, asks) = (sets(bids, "bids")?, sets(asks, "asks")?);
        self.run(py, |exchange, out| exchange.replay_depth(symbol, snapshot, (&bids, &asks), ts, out))
    }

    /// Applies a recorded trade: fills our orders by price and time with at most its size.
    fn replay_trade<'py>(
        &mut self,
        py: Python<'py>,
        symbol: u32,
        price: i64,
        qty: i64,
        taker_sell: bool,
        ts: i64,
    ) -> Dicts<'py> {
        self.run(py, |exchange, out| exchange.replay_trade(symbol, (price, qty), taker_sell, ts, out))
    }

    /// Runs the generators up to `until_ts`; returns the events of known accounts.
    fn advance<'py>(&mut self, py: Python<'py>, until_ts: i64) -> Dicts<'py> {
        self.run(py, |exchange, out| exchange.advance(until_ts, out))
    }

    /// When a symbol's generator wants to act next; without one the far future (2^63 - 1).
    fn next_ts(&self, symbol: u32) -> PyResult<i64> {
        let at = self.inner.known(symbol).map_err(raise)?;
        Ok(at.flow.as_ref().map_or(i64::MAX, |flow| flow.next_ts()))
    }

    /// What changed since the last call: update ids U and u, levels, trades, whether the top moved, what was lost.
    fn take_updates<'py>(&mut self, py: Python<'py>, symbol: u32) -> PyResult<Bound<'py, PyDict>> {
        self.inner.known(symbol).map_err(raise)?;
        let at = &mut self.inner.symbols[symbol as usize];
        let batch = at.updates.take(&at.book);
        let trades = batch.trades.iter();
        let trades = trades.map(|t| (t.id, t.price, t.qty, t.taker_sell, t.ts, t.buyer, t.seller));
        let dict = PyDict::new(py);
        fill!(py, dict, {
            "U": batch.first,
            "u": batch.last,
            "bids": pairs(py, batch.bids.into_iter())?,
            "asks": pairs(py, batch.asks.into_iter())?,
            "trades": PyList::new(py, trades)?,
            "bbo_changed": batch.bbo_changed,
            "lost": batch.lost,
        });
        Ok(dict)
    }

    /// (update id, bid, bid size, ask, ask size); None and 0 for an empty side.
    #[expect(clippy::type_complexity, reason = "the tuple is the contract with the box")]
    fn bbo(&self, symbol: u32) -> PyResult<(u64, Option<i64>, i64, Option<i64>, i64)> {
        let at = self.inner.known(symbol).map_err(raise)?;
        let top = venue::updates::Top::of(&at.book);
        Ok((at.updates.last, price_of(top.bid), top.bid_qty, price_of(top.ask), top.ask_qty))
    }

    /// The best `n` levels a side, best first, with the update id they stand at.
    fn depth<'py>(&self, py: Python<'py>, symbol: u32, n: usize) -> PyResult<Bound<'py, PyDict>> {
        let at = self.inner.known(symbol).map_err(raise)?;
        let side = |side| {
            let levels = at.book.levels(side);
            pairs(py, levels.iter().rev().take(n).map(|level| (level.price, level.qty)))
        };
        let dict = PyDict::new(py);
        fill!(py, dict, { "u": at.updates.last, "bids": side(Side::Buy)?, "asks": side(Side::Sell)? });
        Ok(dict)
    }

    /// How much stands before an open order in its queue; None where it does not rest.
    fn queue_ahead(&self, symbol: u32, order_id: u64) -> PyResult<Option<i64>> {
        self.inner.queue_ahead(symbol, order_id).map_err(raise)
    }

    /// Raises BrokenError unless money is conserved per asset and every book is well formed and uncrossed.
    fn check(&self) -> PyResult<()> {
        self.inner.check().map_err(raise)
    }

    /// SHA-256 over the whole canonical state, as hex.
    fn state_hash(&self) -> String {
        self.inner.state_hash().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What the venue itself holds (fees less rebates and insurance), by asset.
    fn venue_balances<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (id, purse) in self.inner.accounts.list[VENUE as usize].purses.iter().enumerate() {
            dict.set_item(self.asset_name(id as u16), purse.free)?;
        }
        Ok(dict)
    }
}

/// Adds this file's classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("Refused", m.py().get_type::<Refused>())?;
    m.add_class::<Exchange>()
}
