//! What a Python strategy sees and answers: `View`, `OwnOrder` and `Wish`, the twins of the kernel's C structs.

use pyo3::prelude::*;
use tickwright_core::event::{Action, OrderType, TimeInForce};
use tickwright_core::kernel;
use tickwright_core::units::{NO_PRICE, NO_QTY, Side};

use crate::error::raise;

/// One of the strategy's own open orders.
#[pyclass(frozen, get_all, module = "native._core", from_py_object)]
#[derive(Debug, Clone)]
pub struct OwnOrder {
    /// Our id: the `target` of a cancel or replace.
    id: u64,
    /// The strategy's own number from the wish that made it.
    tag: u64,
    /// Limit price in ticks.
    price: i64,
    /// What is still open of it, in lots.
    qty: i64,
    /// 0 buy, 1 sell.
    side: u8,
    /// 0 in flight, 1 resting, 2 unknown.
    state: u8,
    /// A cancel or replace of it is on its way.
    pending: bool,
}

/// The strategy's world at one moment; missing prices and sizes are None.
#[pyclass(frozen, get_all, module = "native._core")]
#[derive(Debug, Clone)]
pub struct View {
    /// UTC ns of the last event.
    now: i64,
    /// Number of the last event.
    seq: u64,
    /// What happened: 1 book, 2 trade, 4 fill, 8 order, 16 timer.
    happened: u32,
    /// The instrument.
    instrument: u32,
    /// Best bid in ticks.
    bid: Option<i64>,
    /// Size at the best bid in lots.
    bid_qty: Option<i64>,
    /// Best ask in ticks.
    ask: Option<i64>,
    /// Size at the best ask in lots.
    ask_qty: Option<i64>,
    /// Price of the last trade in ticks.
    last_price: Option<i64>,
    /// Size of the last trade in lots.
    last_qty: Option<i64>,
    /// Own position in lots, signed.
    position: i64,
    /// Mark price in 1e-8 of the quote asset, or 0.
    mark_e8: i64,
    /// Only cancels pass.
    halted: bool,
    /// Own open orders, oldest first.
    orders: Vec<OwnOrder>,
}

impl View {
    /// The Python view of a kernel's view.
    pub fn of(view: &kernel::View, own: &[kernel::OwnOrder]) -> Self {
        let price = |p: i64| (p != NO_PRICE).then_some(p);
        let size = |q: i64| (q != NO_QTY).then_some(q);
        let order = |o: &kernel::OwnOrder| OwnOrder {
            id: o.id,
            tag: o.tag,
            price: o.price,
            qty: o.qty,
            side: o.side,
            state: o.state,
            pending: o.pending != 0,
        };
        Self {
            now: view.now,
            seq: view.seq,
            happened: view.happened,
            instrument: view.instrument,
            bid: price(view.bid),
            bid_qty: size(view.bid_qty),
            ask: price(view.ask),
            ask_qty: size(view.ask_qty),
            last_price: price(view.last_price),
            last_qty: size(view.last_qty),
            position: view.position,
            mark_e8: view.mark_e8,
            halted: view.halted != 0,
            orders: own.iter().map(order).collect(),
        }
    }
}

/// One wish of a strategy; the engine gives it an order id and asks the gate.
#[pyclass(frozen, get_all, eq, module = "native._core", from_py_object)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// 1 place, 2 cancel, 3 replace.
    action: u8,
    /// 0 buy, 1 sell.
    side: u8,
    /// 1 limit, 2 market.
    order_type: u8,
    /// 1 GTC, 2 post-only, 3 IOC, 4 FOK.
    tif: u8,
    /// `event::flags` (32 reduce-only).
    flags: u32,
    /// The own order to cancel or replace, else 0.
    target: u64,
    /// Limit price in ticks; 2**63 - 1 where there is none.
    price: i64,
    /// Size in lots.
    qty: i64,
    /// The strategy's own number.
    tag: u64,
}

impl Wish {
    /// The kernel's struct.
    pub const fn wire(&self) -> kernel::Wish {
        kernel::Wish {
            action: self.action,
            side: self.side,
            order_type: self.order_type,
            tif: self.tif,
            flags: self.flags,
            target: self.target,
            price: self.price,
            qty: self.qty,
            tag: self.tag,
        }
    }

    /// The Python twin of a kernel's wish.
    pub const fn of(w: &kernel::Wish) -> Self {
        Self {
            action: w.action,
            side: w.side,
            order_type: w.order_type,
            tif: w.tif,
            flags: w.flags,
            target: w.target,
            price: w.price,
            qty: w.qty,
            tag: w.tag,
        }
    }
}

#[pymethods]
impl Wish {
    #[new]
    #[pyo3(signature = (action, side, order_type, tif, flags, target, price, qty, tag))]
    #[expect(clippy::too_many_arguments, reason = "one argument a field of the record")]
    fn new(
        action: u8,
        side: u8,
        order_type: u8,
        tif: u8,
        flags: u32,
        target: u64,
        price: i64,
        qty: i64,
        tag: u64,
    ) -> PyResult<Self> {
        Action::from_byte(action).map_err(raise)?;
        Side::from_raw(side).map_err(raise)?;
        OrderType::from_byte(order_type).map_err(raise)?;
        TimeInForce::from_byte(tif).map_err(raise)?;
        Ok(Self { action, side, order_type, tif, flags, target, price, qty, tag })
    }

    /// A post-only limit order.
    #[staticmethod]
    #[pyo3(signature = (side, price, qty, tag=0))]
    fn place(side: u8, price: i64, qty: i64, tag: u64) -> PyResult<Self> {
        let side = Side::from_raw(side).map_err(raise)?;
        Ok(Self::of(&kernel::Wish::place(side, price, qty, tag)))
    }

    /// A cancel of an own order.
    #[staticmethod]
    #[pyo3(signature = (target, side=0, tag=0))]
    fn cancel(target: u64, side: u8, tag: u64) -> PyResult<Self> {
        let side = Side::from_raw(side).map_err(raise)?;
        let base = kernel::Wish::place(side, NO_PRICE, 0, tag);
        Ok(Self::of(&kernel::Wish { action: Action::Cancel as u8, target, ..base }))
    }

    /// A replace of an own order by a post-only limit order.
    #[staticmethod]
    #[pyo3(signature = (target, side, price, qty, tag=0))]
    fn replace(target: u64, side: u8, price: i64, qty: i64, tag: u64) -> PyResult<Self> {
        let side = Side::from_raw(side).map_err(raise)?;
        let base = kernel::Wish::place(side, price, qty, tag);
        Ok(Self::of(&kernel::Wish { action: Action::Replace as u8, target, ..base }))
    }

    fn __repr__(&self) -> String {
        format!(
            "Wish(action={}, side={}, tif={}, target={}, price={}, qty={}, tag={})",
            self.action, self.side, self.tif, self.target, self.price, self.qty, self.tag
        )
    }
}

/// Adds this file's classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<OwnOrder>()?;
    m.add_class::<View>()?;
    m.add_class::<Wish>()
}
