//! What a strategy reads of a pool: its terms, its price and liquidity, an owner's positions, and a copy to compute on.

use super::pool::ClammPool;
use super::swap::swap_class;
use super::word::int;
use crate::evm::word::{address, address_text};
use pyo3::prelude::*;
use tickwright_core::clamm::pool::Family;

/// A position without its key.
#[pyclass(frozen, get_all, module = "native._core")]
pub struct ClammPosition {
    /// Its liquidity.
    liquidity: u128,
    /// What is owed of token 0 as far as it was counted, in smallest units.
    owed0: u128,
    /// What is owed of token 1.
    owed1: u128,
}

/// Owner, lower and upper tick, and the position.
type Held = ((String, i32, i32), ClammPosition);

/// Adds this file's classes to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("ClammSwap", swap_class(m.py())?)?;
    m.add_class::<ClammPosition>()
}

#[pymethods]
impl ClammPool {
    /// uniswap or pancake.
    #[getter]
    fn family(&self) -> &'static str {
        match self.inner.terms().family {
            Family::Uniswap => "uniswap",
            Family::Pancake => "pancake",
        }
    }

    /// The fee in millionths.
    #[getter]
    fn fee(&self) -> u32 {
        self.inner.terms().fee
    }

    /// Which ticks positions may use: multiples of this.
    #[getter]
    fn tick_spacing(&self) -> i32 {
        self.inner.terms().tick_spacing
    }

    /// The square root of the price, Q64.96; 0 before the first.
    #[getter]
    fn sqrt_price<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        int(py, self.inner.head().sqrt_price)
    }

    /// The tick of the price.
    #[getter]
    fn tick(&self) -> i32 {
        self.inner.head().tick
    }

    /// The liquidity in range.
    #[getter]
    fn liquidity(&self) -> u128 {
        self.inner.head().liquidity
    }

    /// ((owner, lower, upper), position) of everything that the owner ever had, by ticks.
    fn positions_of(&self, owner: &Bound<'_, PyAny>) -> PyResult<Vec<Held>> {
        let owner = address("owner", owner)?;
        let held = self.inner.positions().iter().filter(|(key, _)| key.owner == owner.into_array());
        Ok(held
            .map(|(key, position)| {
                let [owed0, owed1] = position.owed;
                let told = ClammPosition { liquidity: position.liquidity, owed0, owed1 };
                ((address_text(owner), key.lower, key.upper), told)
            })
            .collect())
    }
}
