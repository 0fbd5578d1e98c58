//! One pool of v4 for Python, as the logs of its manager tell it.
//!
//! catalogue: S4, M6. Its id is the Keccak-256 of its key, which every log of the manager's names first.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::collections::BTreeMap;
use tickwright_core::canon::Canon;
use tickwright_core::clamm::position::{Position, PositionKey};
use tickwright_core::clamm::tick::Tick;
use tickwright_core::clamm::ticks::Ticks;
use tickwright_core::clamm::v4::{FollowedV4, PoolId, PoolV4};
use tickwright_core::error::CoreError;
use tickwright_core::state_hash::component_hash;

use super::pool_state::{get, pair};
use super::read::{address, price};
use super::v4::{salt_of, state};
use super::word::{Word, int};
use crate::error::raise;

type Int<'py> = Bound<'py, PyAny>;

/// A pool of Uniswap v4 without hooks that follows its chain.
#[pyclass(module = "native._core")]
pub struct ClammV4Pool {
    pub(super) inner: FollowedV4,
}

fn id_of(id: &[u8]) -> PyResult<PoolId> {
    id.try_into().map_err(|_| {
        let was = format!("{} bytes", id.len());
        raise(CoreError::Field { field: "id", was, why: "must be 32 bytes" })
    })
}

fn ticks_of(dict: &Bound<'_, PyDict>) -> PyResult<Ticks> {
    let mut ticks = Ticks::default();
    for (tick, (gross, net, outside)) in get::<BTreeMap<i32, (u128, i128, (Word, Word))>>(dict, "ticks")? {
        let data = Tick { gross, net, fee_growth_outside: [outside.0.0, outside.1.0], ..Tick::default() };
        ticks.set(tick, Some(data)).map_err(|_| {
            raise(CoreError::Field { field: "tick", was: tick.to_string(), why: "must be within the range of ticks" })
        })?;
    }
    Ok(ticks)
}

fn positions_of(dict: &Bound<'_, PyDict>) -> PyResult<BTreeMap<PositionKey, Position>> {
    let mut positions = BTreeMap::new();
    for (name, data) in &get::<Bound<'_, PyDict>>(dict, "positions")? {
        let (owner, lower, upper, salt) = name.extract::<(Vec<u8>, i32, i32, Vec<u8>)>()?;
        let (liquidity, growth) = data.extract::<(u128, (Word, Word))>()?;
        let key = PositionKey { owner: address(&owner)?, lower, upper, salt: salt_of(&salt)? };
        let fee_growth_inside_last = [growth.0.0, growth.1.0];
        positions.insert(key, Position { liquidity, fee_growth_inside_last, owed: [0; 2] });
    }
    Ok(positions)
}

#[pymethods]
impl ClammV4Pool {
    /// A pool that is still to be initialised; `id` is 32 bytes.
    #[new]
    fn new(id: &[u8]) -> PyResult<Self> {
        Ok(Self { inner: FollowedV4::new(id_of(id)?) })
    }

    /// The pool in a state as `state` gives it.
    #[staticmethod]
    fn from_state(id: &[u8], state: &Bound<'_, PyDict>) -> PyResult<Self> {
        let tick_spacing: i32 = get(state, "tick_spacing")?;
        if !(1..=i32::from(i16::MAX)).contains(&tick_spacing) {
            let was = tick_spacing.to_string();
            return Err(raise(CoreError::Field { field: "tick_spacing", was, why: "must be from 1 to 32767" }));
        }
        let pool = PoolV4 {
            sqrt_price: price("sqrt_price", &get::<Word>(state, "sqrt_price")?)?,
            tick: get(state, "tick")?,
            protocol_fee: get(state, "protocol_fee")?,
            lp_fee: get(state, "lp_fee")?,
            tick_spacing,
            fee_growth_global: pair(state, "fee_growth_global")?,
            liquidity: get(state, "liquidity")?,
            ticks: ticks_of(state)?,
            positions: positions_of(state)?,
        };
        Ok(Self { inner: FollowedV4::from_pool(id_of(id)?, pool) })
    }

    /// The whole state by name.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        state(py, self.inner.pool())
    }

    /// The hash of the pool's key.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.inner.id())
    }

    /// The square root of the price times 2^96; 0 before the pool is initialised.
    #[getter]
    fn sqrt_price<'py>(&self, py: Python<'py>) -> PyResult<Int<'py>> {
        int(py, self.inner.pool().sqrt_price)
    }

    /// The tick of the price.
    #[getter]
    fn tick(&self) -> i32 {
        self.inner.pool().tick
    }

    /// The liquidity in range.
    #[getter]
    fn liquidity(&self) -> u128 {
        self.inner.pool().liquidity
    }

    /// One SHA-256 of the whole state.
    #[getter]
    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut bytes = Vec::new();
        self.inner.pool().put(&mut bytes);
        PyBytes::new(py, &component_hash(&bytes))
    }
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<ClammV4Pool>()
}
