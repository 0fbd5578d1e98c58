//! A pool's state as a dict and back: the names of the contract's storage, numbers as integers.
//!
//! catalogue: S4. What `state` writes, `parts` reads; what follows from the rest (the bitmap's words, the share of a
//! tick) is written for comparison and not read.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use std::collections::BTreeMap;
use tickwright_core::clamm::oracle::Observation;
use tickwright_core::clamm::pool::{Family, Head, Parts, Pool, Terms};
use tickwright_core::clamm::position::{Position, PositionKey};
use tickwright_core::clamm::tick::Tick;
use tickwright_core::clamm::ticks::Ticks;
use tickwright_core::clamm::u256::U256;
use tickwright_core::error::CoreError;

use super::read::{address, family};
use super::word::{Word, int};
use crate::error::raise;

/// The whole state by name.
pub fn state<'py>(py: Python<'py>, pool: &Pool) -> PyResult<Bound<'py, PyDict>> {
    let (out, terms, head) = (PyDict::new(py), pool.terms(), pool.head());
    out.set_item("family", if terms.family == Family::Uniswap { "uniswap" } else { "pancake" })?;
    out.set_item("fee", terms.fee)?;
    out.set_item("tick_spacing", terms.tick_spacing)?;
    out.set_item("max_liquidity_per_tick", terms.max_liquidity_per_tick)?;
    out.set_item("slot0", slot0(py, head)?)?;
    out.set_item("fee_growth_global", ints(py, head.fee_growth_global)?)?;
    out.set_item("protocol_fees", (head.protocol_fees[0], head.protocol_fees[1]))?;
    out.set_item("liquidity", head.liquidity)?;
    out.set_item("balances", head.balances.map(|balances| ints(py, balances)).transpose()?)?;
    out.set_item("ticks", ticks(py, pool.ticks())?)?;
    let words = PyDict::new(py);
    for (word, bits) in pool.ticks().words(terms.tick_spacing) {
        words.set_item(word, int(py, bits)?)?;
    }
    out.set_item("tick_bitmap", words)?;
    let positions = PyDict::new(py);
    for (key, position) in pool.positions() {
        let name = (PyBytes::new(py, &key.owner), key.lower, key.upper);
        positions.set_item(name, position_dict(py, position)?)?;
    }
    out.set_item("positions", positions)?;
    let observations = pool.observations().iter().map(|one| observation(py, one));
    out.set_item("observations", PyList::new(py, observations.collect::<PyResult<Vec<_>>>()?)?)?;
    Ok(out)
}

/// Two Python integers.
pub type Ints<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Two numbers as Python integers.
pub fn ints<'py>(py: Python<'py>, pair: [U256; 2]) -> PyResult<Ints<'py>> {
    Ok((int(py, pair[0])?, int(py, pair[1])?))
}

fn slot0<'py>(py: Python<'py>, head: &Head) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("sqrt_price", int(py, head.sqrt_price)?)?;
    out.set_item("tick", head.tick)?;
    out.set_item("observation_index", head.observation_index)?;
    out.set_item("observation_cardinality", head.observation_cardinality)?;
    out.set_item("observation_cardinality_next", head.observation_cardinality_next)?;
    out.set_item("fee_protocol", head.fee_protocol)?;
    out.set_item("unlocked", head.unlocked)?;
    Ok(out)
}

fn ticks<'py>(py: Python<'py>, ticks: &Ticks) -> PyResult<Bound<'py, PyDict>> {
    let all = PyDict::new(py);
    for (tick, data) in ticks.iter() {
        let out = PyDict::new(py);
        out.set_item("liquidity_gross", data.gross)?;
        out.set_item("liquidity_net", data.net)?;
        out.set_item("fee_growth_outside", ints(py, data.fee_growth_outside)?)?;
        out.set_item("tick_cumulative_outside", data.tick_cumulative_outside)?;
        out.set_item("seconds_per_liquidity_outside", int(py, data.seconds_per_liquidity_outside)?)?;
        out.set_item("seconds_outside", data.seconds_outside)?;
        out.set_item("initialized", true)?;
        all.set_item(tick, out)?;
    }
    Ok(all)
}

fn position_dict<'py>(py: Python<'py>, position: &Position) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("liquidity", position.liquidity)?;
    out.set_item("fee_growth_inside_last", ints(py, position.fee_growth_inside_last)?)?;
    out.set_item("tokens_owed", (position.owed[0], position.owed[1]))?;
    Ok(out)
}

fn observation<'py>(py: Python<'py>, one: &Observation) -> PyResult<(u32, i64, Bound<'py, PyAny>, bool)> {
    Ok((one.time, one.tick_cumulative, int(py, one.seconds_per_liquidity)?, one.initialized))
}

/// A member of a dict; an `InputError` that names it where it is missing or of another type.
pub fn get<'py, T>(dict: &Bound<'py, PyDict>, field: &'static str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    let Some(value) = dict.get_item(field)? else {
        return Err(raise(CoreError::Field { field, was: "missing".into(), why: "must be given" }));
    };
    value.extract::<T>().map_err(|_| {
        let was =
            value.repr().map_or_else(|_| "unprintable".into(), |text| text.to_string().chars().take(100).collect());
        raise(CoreError::Field { field, was, why: "must be of its type" })
    })
}

/// Two numbers of a dict.
pub fn pair(dict: &Bound<'_, PyDict>, field: &'static str) -> PyResult<[U256; 2]> {
    let (first, second) = get::<(Word, Word)>(dict, field)?;
    Ok([first.0, second.0])
}

/// The parts of a pool from a dict as `state` writes it.
pub fn parts(dict: &Bound<'_, PyDict>) -> PyResult<Parts> {
    let name: String = get(dict, "family")?;
    let terms = Terms::new(family(&name)?, get(dict, "fee")?, get(dict, "tick_spacing")?).map_err(raise)?;
    let mut ticks = Ticks::default();
    for (tick, data) in get::<BTreeMap<i32, Bound<'_, PyDict>>>(dict, "ticks")? {
        ticks.set(tick, Some(tick_of(&data)?)).map_err(|_| {
            raise(CoreError::Field { field: "tick", was: tick.to_string(), why: "must be within the range of ticks" })
        })?;
    }
    let mut positions = BTreeMap::new();
    for (key, data) in &get::<Bound<'_, PyDict>>(dict, "positions")? {
        let (owner, lower, upper) = key.extract::<(Vec<u8>, i32, i32)>()?;
        positions.insert(PositionKey::new(address(&owner)?, lower, upper), position_of(data.cast::<PyDict>()?)?);
    }
    let rows: Vec<(u32, i64, Word, bool)> = get(dict, "observations")?;
    let observations = rows.into_iter().map(|(time, tick_cumulative, seconds, initialized)| Observation {
        time,
        tick_cumulative,
        seconds_per_liquidity: seconds.0,
        initialized,
    });
    Ok(Parts { terms, head: head_of(dict)?, ticks, positions, observations: observations.collect() })
}

fn head_of(dict: &Bound<'_, PyDict>) -> PyResult<Head> {
    let slot0: Bound<'_, PyDict> = get(dict, "slot0")?;
    let (protocol0, protocol1) = get(dict, "protocol_fees")?;
    Ok(Head {
        sqrt_price: get::<Word>(&slot0, "sqrt_price")?.0,
        tick: get(&slot0, "tick")?,
        observation_index: get(&slot0, "observation_index")?,
        observation_cardinality: get(&slot0, "observation_cardinality")?,
        observation_cardinality_next: get(&slot0, "observation_cardinality_next")?,
        fee_protocol: get(&slot0, "fee_protocol")?,
        unlocked: get(&slot0, "unlocked")?,
        fee_growth_global: pair(dict, "fee_growth_global")?,
        protocol_fees: [protocol0, protocol1],
        liquidity: get(dict, "liquidity")?,
        balances: get::<Option<(Word, Word)>>(dict, "balances")?.map(|(first, second)| [first.0, second.0]),
    })
}

fn tick_of(dict: &Bound<'_, PyDict>) -> PyResult<Tick> {
    Ok(Tick {
        gross: get(dict, "liquidity_gross")?,
        net: get(dict, "liquidity_net")?,
        fee_growth_outside: pair(dict, "fee_growth_outside")?,
        seconds_per_liquidity_outside: get::<Word>(dict, "seconds_per_liquidity_outside")?.0,
        tick_cumulative_outside: get(dict, "tick_cumulative_outside")?,
        seconds_outside: get(dict, "seconds_outside")?,
    })
}

fn position_of(dict: &Bound<'_, PyDict>) -> PyResult<Position> {
    let (owed0, owed1) = get(dict, "tokens_owed")?;
    Ok(Position {
        liquidity: get(dict, "liquidity")?,
        fee_growth_inside_last: pair(dict, "fee_growth_inside_last")?,
        owed: [owed0, owed1],
    })
}
