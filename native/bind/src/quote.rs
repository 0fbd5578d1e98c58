//! Quoting models and the pinned mathematics for research.
//!
//! catalogue: P2, P4. The same code as the live path: what a notebook computes equals the engine's quote to the bit.

use crate::error::raise;
use pyo3::prelude::*;
use tickwright_core::event::Level;
use tickwright_core::quote::levels::{self, Quotes, Shape, View};
use tickwright_core::quote::{avellaneda as stoikov, fair, glft as closed, math, volatility};
use tickwright_core::units::{NO_PRICE, Ticks};

/// Natural logarithm, as the core computes it.
#[pyfunction]
fn ln(x: f64) -> f64 {
    math::ln(x)
}

/// e to the power x, as the core computes it.
#[pyfunction]
fn exp(x: f64) -> f64 {
    math::exp(x)
}

/// Square root, as the core computes it.
#[pyfunction]
fn sqrt(x: f64) -> f64 {
    math::sqrt(x)
}

/// `base` to the power `exponent`, as the core computes it.
#[pyfunction]
fn pow(base: f64, exponent: f64) -> f64 {
    math::pow(base, exponent)
}

/// The middle of best bid and ask in ticks; None where there is none.
#[pyfunction]
fn mid(bid: Option<Ticks>, ask: Option<Ticks>) -> Option<f64> {
    fair::mid(bid.unwrap_or(NO_PRICE), ask.unwrap_or(NO_PRICE))
}

/// The mid weighted by the other side's size, in ticks; None where there is none.
#[pyfunction]
fn weighted_mid(bid: Option<Ticks>, bid_qty: i64, ask: Option<Ticks>, ask_qty: i64) -> Option<f64> {
    fair::weighted_mid(bid.unwrap_or(NO_PRICE), bid_qty, ask.unwrap_or(NO_PRICE), ask_qty)
}

/// (reservation price, half-spread) of Avellaneda-Stoikov in the unit of `fair`.
#[pyfunction]
#[pyo3(signature = (*, gamma, sigma, k, time_left, inventory, fair))]
fn avellaneda(gamma: f64, sigma: f64, k: f64, time_left: f64, inventory: f64, fair: f64) -> PyResult<(f64, f64)> {
    let model = stoikov::Model::new(gamma, sigma, k).map_err(raise)?;
    let quote = model.quote(fair, inventory, time_left).map_err(raise)?;
    Ok((quote.reservation, quote.half_spread))
}

/// (half-spread, skew for each unit of inventory) of GLFT in ticks.
#[pyfunction]
#[pyo3(signature = (*, a, k, gamma, xi, sigma, size = 1.0))]
fn glft(a: f64, k: f64, gamma: f64, xi: f64, sigma: f64, size: f64) -> PyResult<(f64, f64)> {
    let model = closed::Model::new(&closed::Parameters { a, k, gamma, xi, sigma, size }).map_err(raise)?;
    Ok((model.half_spread(), model.skew()))
}

/// Levels as Python sees them.
type Pairs = Vec<(i64, i64)>;

/// From real-valued quotes to levels of whole ticks and lots.
#[pyclass(frozen, module = "native._core")]
struct Ladder {
    inner: levels::Ladder,
}

#[pymethods]
impl Ladder {
    #[new]
    #[pyo3(signature = (*, count, step, size, position_max, spread_min = 1, post_only = true))]
    fn new(count: u32, step: i64, size: i64, position_max: i64, spread_min: i64, post_only: bool) -> PyResult<Self> {
        let shape = Shape { count, step, size, spread_min, post_only, position_max };
        levels::Ladder::new(shape).map(|inner| Self { inner }).map_err(raise)
    }

    /// (bids, asks) as (price in ticks, lots), best first.
    #[pyo3(signature = (*, fair, half_spread, skew, inventory, bid = None, ask = None))]
    fn quote(
        &self,
        fair: f64,
        half_spread: f64,
        skew: f64,
        inventory: i64,
        bid: Option<Ticks>,
        ask: Option<Ticks>,
    ) -> PyResult<(Pairs, Pairs)> {
        let (bid, ask) = (bid.unwrap_or(NO_PRICE), ask.unwrap_or(NO_PRICE));
        let mut out = Quotes::default();
        self.inner.quote(&View { fair, half_spread, skew, inventory, bid, ask }, &mut out).map_err(raise)?;
        let pairs = |levels: &[Level]| levels.iter().map(|level| (level.price, level.qty)).collect();
        Ok((pairs(out.bids()), pairs(out.asks())))
    }
}

/// Streaming volatility of a price in ticks per square root of a second.
#[pyclass(module = "native._core")]
struct Volatility {
    inner: volatility::Volatility,
}

#[pymethods]
impl Volatility {
    #[new]
    fn new(memory_ns: i64, sample_ns: i64) -> PyResult<Self> {
        volatility::Volatility::new(memory_ns, sample_ns).map(|inner| Self { inner }).map_err(raise)
    }

    /// The price is `price` ticks at `ts` ns.
    fn observe(&mut self, ts: i64, price: f64) -> PyResult<()> {
        self.inner.observe(ts, price).map_err(raise)
    }

    /// The estimate, or None before two samples.
    #[getter]
    fn sigma(&self) -> Option<f64> {
        self.inner.sigma()
    }
}

/// Streaming estimate of fills per second by distance: A exp(-k distance), for each side.
#[pyclass(module = "native._core")]
struct Intensity {
    inner: volatility::Intensity,
}

#[pymethods]
impl Intensity {
    #[new]
    fn new(memory_ns: i64, width: f64) -> PyResult<Self> {
        volatility::Intensity::new(memory_ns, width).map(|inner| Self { inner }).map_err(raise)
    }

    /// A trade at `ts` ns, `distance` ticks from the mid before it.
    fn trade(&mut self, ts: i64, distance: f64) -> PyResult<()> {
        self.inner.trade(ts, distance).map_err(raise)
    }

    /// Time passes without a trade.
    fn advance(&mut self, ts: i64) {
        self.inner.pass(ts);
    }

    /// (A per second, k per tick), or None while too little has been seen.
    #[pyo3(signature = (trades_min = 10.0))]
    fn curve(&self, trades_min: f64) -> Option<(f64, f64)> {
        self.inner.curve(trades_min).map(|curve| (curve.a, curve.k))
    }
}

/// Adds this file's functions and classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(ln, m)?)?;
    m.add_function(wrap_pyfunction!(exp, m)?)?;
    m.add_function(wrap_pyfunction!(sqrt, m)?)?;
    m.add_function(wrap_pyfunction!(pow, m)?)?;
    m.add_function(wrap_pyfunction!(mid, m)?)?;
    m.add_function(wrap_pyfunction!(weighted_mid, m)?)?;
    m.add_function(wrap_pyfunction!(avellaneda, m)?)?;
    m.add_function(wrap_pyfunction!(glft, m)?)?;
    m.add_class::<Ladder>()?;
    m.add_class::<Volatility>()?;
    m.add_class::<Intensity>()
}
