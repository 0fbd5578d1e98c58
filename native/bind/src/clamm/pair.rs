//! A v2 pair for Python: every call of the contract, and its state.
//!
//! catalogue: S4. Holders are 20 bytes, `now` is the block's time. What the contract reverts raises `RevertError` and
//! changes nothing.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tickwright_core::clamm::Revert;
use tickwright_core::clamm::u256::U256;
use tickwright_core::clamm::v2::{PAIR, Pair};

use super::read::address;
use super::word::{Word, int, reverted};

type Int<'py> = Bound<'py, PyAny>;
type Ints<'py> = (Int<'py>, Int<'py>);

/// A pair of Uniswap v2.
#[pyclass(module = "native._core")]
pub struct ClammPair {
    inner: Pair,
}

fn ints<'py>(py: Python<'py>, pair: Result<[U256; 2], Revert>) -> PyResult<Ints<'py>> {
    let [first, second] = pair.map_err(reverted)?;
    Ok((int(py, first)?, int(py, second)?))
}

#[pymethods]
impl ClammPair {
    /// A pair as its factory deploys it: empty.
    #[new]
    fn new() -> Self {
        Self { inner: Pair::default() }
    }

    /// Tokens that somebody sent to the pair.
    fn deposit(&mut self, amount0: Word, amount1: Word) -> PyResult<()> {
        self.inner.deposit([amount0.0, amount1.0]).map_err(reverted)
    }

    /// Moves shares between holders; `to` None is the pair itself, as before a burn.
    fn transfer(&mut self, sender: &[u8], to: Option<&[u8]>, value: Word) -> PyResult<()> {
        let to = to.map_or(Ok(PAIR), address)?;
        self.inner.transfer(address(sender)?, to, value.0).map_err(reverted)
    }

    /// Gives shares for what was paid in; returns how many.
    fn mint<'py>(&mut self, py: Python<'py>, to: &[u8], now: u32) -> PyResult<Int<'py>> {
        int(py, self.inner.mint(address(to)?, now).map_err(reverted)?)
    }

    /// Pays both tokens for the shares that the pair holds; returns the amounts.
    fn burn<'py>(&mut self, py: Python<'py>, now: u32) -> PyResult<Ints<'py>> {
        ints(py, self.inner.burn(now))
    }

    /// Pays out amounts against what the callback pays; returns what came in.
    #[pyo3(signature = (out0, out1, paid0, paid1, now, to_token = false))]
    #[expect(clippy::too_many_arguments, reason = "they are the contract's, the payment and the block's time")]
    fn swap<'py>(
        &mut self,
        py: Python<'py>,
        out0: Word,
        out1: Word,
        paid0: Word,
        paid1: Word,
        now: u32,
        to_token: bool,
    ) -> PyResult<Ints<'py>> {
        ints(py, self.inner.swap([out0.0, out1.0], [paid0.0, paid1.0], to_token, now))
    }

    /// Pays out what the pair owns beyond its reserves; returns the amounts.
    fn skim<'py>(&mut self, py: Python<'py>) -> PyResult<Ints<'py>> {
        ints(py, self.inner.skim())
    }

    /// Counts what the pair owns as its reserves.
    fn sync(&mut self, now: u32) -> PyResult<()> {
        self.inner.sync(now).map_err(reverted)
    }

    /// Says who gets the protocol's part; None switches it off.
    fn set_fee_to(&mut self, holder: Option<&[u8]>) -> PyResult<()> {
        self.inner.set_fee_to(holder.map(address).transpose()?);
        Ok(())
    }

    /// Locks or unlocks the pair, as whoever is called back in the middle of a swap finds it.
    fn set_locked(&mut self, locked: bool) {
        self.inner.set_locked(locked);
    }

    /// The sums of price times seconds up to now, in 112 bits of fraction.
    fn price_cumulatives<'py>(&self, py: Python<'py>, now: u32) -> PyResult<Ints<'py>> {
        ints(py, Ok(self.inner.price_cumulatives(now)))
    }

    /// The whole state by name.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (out, head, shares) = (PyDict::new(py), self.inner.head(), PyDict::new(py));
        for (holder, held) in self.inner.holders() {
            shares.set_item(PyBytes::new(py, holder), int(py, *held)?)?;
        }
        out.set_item("reserves", (head.reserves[0], head.reserves[1]))?;
        out.set_item("time_last", head.time_last)?;
        out.set_item("price_cumulative_last", ints(py, Ok(head.price_cumulative_last))?)?;
        out.set_item("k_last", int(py, head.k_last)?)?;
        out.set_item("total_supply", int(py, head.total_supply)?)?;
        out.set_item("balances", ints(py, Ok(head.balances))?)?;
        out.set_item("shares", shares)?;
        Ok(out)
    }

    /// One SHA-256 of the whole state.
    #[getter]
    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.state_hash())
    }
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<ClammPair>()
}
