//! Uniswap v4's manager for Python: pools without hooks, what callers owe, and the state for comparison.
//!
//! catalogue: S4. A key is (currency0, currency1, fee, tick spacing), currencies and callers are 20 bytes. What the contract
//! reverts raises `RevertError` and changes nothing.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tickwright_core::clamm::u256::U256;
use tickwright_core::clamm::v4::{Account, Change, Manager, PoolKey, PoolV4};
use tickwright_core::error::CoreError;

use super::read::{address, price};
use super::word::{Signed, Word, int, reverted, signed_int};
use crate::error::raise;

type Int<'py> = Bound<'py, PyAny>;
type Key = (Vec<u8>, Vec<u8>, u32, i32);
type Pair = (i128, i128);
/// Amounts, price, liquidity, tick and the whole fee.
type Swapped<'py> = (i128, i128, Int<'py>, u128, i32, u32);

/// The singleton of Uniswap v4 with its pools and balances. Amounts are positive where the caller is paid.
#[pyclass(module = "native._core")]
pub struct ClammV4 {
    inner: Manager,
}

fn key_of(key: &Key) -> PyResult<PoolKey> {
    let (currency0, currency1) = (address(&key.0)?, address(&key.1)?);
    Ok(PoolKey { currency0, currency1, fee: key.2, tick_spacing: key.3 })
}

pub(super) fn salt_of(salt: &[u8]) -> PyResult<[u8; 32]> {
    salt.try_into().map_err(|_| {
        let was = format!("{} bytes", salt.len());
        raise(CoreError::Field { field: "salt", was, why: "must be 32 bytes" })
    })
}

#[pymethods]
impl ClammV4 {
    /// A manager without pools.
    #[new]
    fn new() -> Self {
        Self { inner: Manager::default() }
    }

    /// Another manager in the same state: what a transaction begins from, to go back to when it fails.
    fn copy(&self) -> Self {
        Self { inner: self.inner.clone() }
    }

    /// Creates a pool at a price; returns its tick.
    fn initialize(&mut self, key: Key, sqrt_price: Word) -> PyResult<i32> {
        self.inner.initialize(key_of(&key)?, price("sqrt_price", &sqrt_price)?).map_err(reverted)
    }

    /// Begins what `unlock` begins on the chain.
    fn unlock(&mut self) -> PyResult<()> {
        self.inner.unlock().map_err(reverted)
    }

    /// Ends it; everything must be settled.
    fn lock(&mut self) -> PyResult<()> {
        self.inner.lock().map_err(reverted)
    }

    /// Changes a position; returns what the caller is paid in all, and how much of that is fees.
    #[pyo3(signature = (caller, key, lower, upper, liquidity, salt = None))]
    fn modify_liquidity(
        &mut self,
        caller: &[u8],
        key: Key,
        lower: i32,
        upper: i32,
        liquidity: Signed,
        salt: Option<&[u8]>,
    ) -> PyResult<(Pair, Pair)> {
        let change = Change { lower, upper, liquidity: liquidity.0, salt: salt.map_or(Ok([0; 32]), salt_of)? };
        let done = self.inner.modify_liquidity(address(caller)?, &key_of(&key)?, &change);
        let (total, fees) = done.map_err(reverted)?;
        Ok((total.into(), fees.into()))
    }

    /// Swaps: `amount` is paid when negative, received when positive. Returns both amounts, and price, liquidity, tick and
    /// the whole fee in millionths.
    fn swap<'py>(
        &mut self,
        py: Python<'py>,
        caller: &[u8],
        key: Key,
        zero_for_one: bool,
        amount: Signed,
        limit: Word,
    ) -> PyResult<Swapped<'py>> {
        let limit = price("limit", &limit)?;
        let done = self.inner.swap(address(caller)?, &key_of(&key)?, zero_for_one, amount.0, limit);
        let done = done.map_err(reverted)?;
        Ok((done.delta[0], done.delta[1], int(py, done.sqrt_price)?, done.liquidity, done.tick, done.fee))
    }

    /// Gives amounts to the liquidity in range; returns what the caller is paid (nothing or less).
    fn donate(&mut self, caller: &[u8], key: Key, amount0: Word, amount1: Word) -> PyResult<Pair> {
        let delta = self.inner.donate(address(caller)?, &key_of(&key)?, [amount0.0, amount1.0]);
        Ok(delta.map_err(reverted)?.into())
    }

    /// Sets a pool's protocol fees: twelve bits a direction. Only the controller may.
    #[pyo3(signature = (key, fee, by_controller = true))]
    fn set_protocol_fee(&mut self, key: Key, fee: u32, by_controller: bool) -> PyResult<()> {
        self.inner.set_protocol_fee(by_controller, &key_of(&key)?, fee).map_err(reverted)
    }

    /// Pays the protocol an amount, all of it for 0; returns what was paid. Only the controller may.
    #[pyo3(signature = (currency, amount, by_controller = true))]
    fn collect_protocol_fees<'py>(
        &mut self,
        py: Python<'py>,
        currency: &[u8],
        amount: Word,
        by_controller: bool,
    ) -> PyResult<Int<'py>> {
        let paid = self.inner.collect_protocol_fees(by_controller, address(currency)?, amount.0);
        int(py, paid.map_err(reverted)?)
    }

    /// Takes a currency out.
    fn take(&mut self, caller: &[u8], currency: &[u8], amount: Word) -> PyResult<()> {
        self.inner.take(address(caller)?, address(currency)?, amount.0).map_err(reverted)
    }

    /// Pays a currency in, for whoever it is.
    fn settle(&mut self, recipient: &[u8], currency: &[u8], paid: Word) -> PyResult<()> {
        self.inner.settle(address(recipient)?, address(currency)?, paid.0).map_err(reverted)
    }

    /// Forgoes exactly what the caller is owed.
    fn clear(&mut self, caller: &[u8], currency: &[u8], amount: Word) -> PyResult<()> {
        self.inner.clear(address(caller)?, address(currency)?, amount.0).map_err(reverted)
    }

    /// What an account is owed; negative for what it owes.
    fn delta<'py>(&self, py: Python<'py>, owner: &[u8], currency: &[u8]) -> PyResult<Int<'py>> {
        signed_int(py, self.inner.delta(&Account { owner: address(owner)?, currency: address(currency)? }))
    }

    /// Turns what the caller is owed into claims (ERC-6909) of `to`.
    fn mint_claims(&mut self, caller: &[u8], to: &[u8], id: Word, amount: Word) -> PyResult<()> {
        self.inner.mint_claims(address(caller)?, address(to)?, id.0, amount.0).map_err(reverted)
    }

    /// Turns claims of `owner` into what the caller is owed.
    fn burn_claims(&mut self, caller: &[u8], owner: &[u8], id: Word, amount: Word) -> PyResult<()> {
        self.inner.burn_claims(address(caller)?, address(owner)?, id.0, amount.0).map_err(reverted)
    }

    /// Moves the caller's claims.
    fn transfer_claims(&mut self, caller: &[u8], to: &[u8], id: Word, amount: Word) -> PyResult<()> {
        self.inner.transfer_claims(address(caller)?, address(to)?, id.0, amount.0).map_err(reverted)
    }

    /// Moves claims of `owner` that the caller may spend.
    fn transfer_claims_from(&mut self, caller: &[u8], owner: &[u8], to: &[u8], id: Word, amount: Word) -> PyResult<()> {
        let (caller, owner, to) = (address(caller)?, address(owner)?, address(to)?);
        self.inner.transfer_claims_from(caller, owner, to, id.0, amount.0).map_err(reverted)
    }

    /// Lets a spender spend so many of the caller's claims.
    fn approve_claims(&mut self, caller: &[u8], spender: &[u8], id: Word, amount: Word) -> PyResult<()> {
        self.inner.approve_claims(address(caller)?, address(spender)?, id.0, amount.0);
        Ok(())
    }

    /// Says whether an operator may spend all of the caller's claims.
    fn set_operator(&mut self, caller: &[u8], operator: &[u8], approved: bool) -> PyResult<()> {
        self.inner.set_operator(address(caller)?, address(operator)?, approved);
        Ok(())
    }

    /// All claims: `balances` by (owner, id), `allowances` by (owner, spender, id), `operators` as (owner, operator).
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (out, balances, allowances) = (PyDict::new(py), PyDict::new(py), PyDict::new(py));
        let id = |id: &[u8; 32]| int(py, U256::from_be_bytes(*id));
        for (claim, held) in self.inner.claims() {
            balances.set_item((PyBytes::new(py, &claim.owner), id(&claim.id)?), int(py, *held)?)?;
        }
        for (key, allowed) in self.inner.claim_allowances() {
            let name = (PyBytes::new(py, &key.owner), PyBytes::new(py, &key.spender), id(&key.id)?);
            allowances.set_item(name, int(py, *allowed)?)?;
        }
        let approved = self.inner.operators().iter().filter(|(_, approved)| **approved);
        let operators = approved.map(|(key, _)| (PyBytes::new(py, &key.owner), PyBytes::new(py, &key.operator)));
        out.set_item("balances", balances)?;
        out.set_item("allowances", allowances)?;
        out.set_item("operators", operators.collect::<Vec<_>>())?;
        Ok(out)
    }

    /// What the protocol earned in a currency and has not collected.
    fn protocol_fees<'py>(&self, py: Python<'py>, currency: &[u8]) -> PyResult<Int<'py>> {
        int(py, self.inner.protocol_fees(address(currency)?))
    }

    /// A pool's whole state by name; None for one that does not exist.
    fn pool<'py>(&self, py: Python<'py>, key: Key) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.inner.pool(&key_of(&key)?).map(|pool| state(py, pool)).transpose()
    }

    /// One SHA-256 of all pools and balances.
    #[getter]
    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.state_hash())
    }
}

/// A pool's whole state by name.
pub(super) fn state<'py>(py: Python<'py>, pool: &PoolV4) -> PyResult<Bound<'py, PyDict>> {
    let (out, ticks, words, positions) = (PyDict::new(py), PyDict::new(py), PyDict::new(py), PyDict::new(py));
    let growth = |pair: [U256; 2]| Ok::<_, PyErr>((int(py, pair[0])?, int(py, pair[1])?));
    for (tick, data) in pool.ticks.iter() {
        ticks.set_item(tick, (data.gross, data.net, growth(data.fee_growth_outside)?))?;
    }
    for (word, bits) in pool.ticks.words(pool.tick_spacing) {
        words.set_item(word, int(py, bits)?)?;
    }
    for (key, position) in &pool.positions {
        let name = (PyBytes::new(py, &key.owner), key.lower, key.upper, PyBytes::new(py, &key.salt));
        positions.set_item(name, (position.liquidity, growth(position.fee_growth_inside_last)?))?;
    }
    out.set_item("sqrt_price", int(py, pool.sqrt_price)?)?;
    out.set_item("tick", pool.tick)?;
    out.set_item("protocol_fee", pool.protocol_fee)?;
    out.set_item("lp_fee", pool.lp_fee)?;
    out.set_item("tick_spacing", pool.tick_spacing)?;
    out.set_item("fee_growth_global", growth(pool.fee_growth_global)?)?;
    out.set_item("liquidity", pool.liquidity)?;
    out.set_item("ticks", ticks)?;
    out.set_item("tick_bitmap", words)?;
    out.set_item("positions", positions)?;
    Ok(out)
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<ClammV4>()
}
