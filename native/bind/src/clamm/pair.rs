//! A v2 pair for Python: every call of the contract, what it logs, and its state in and out.
//!
//! catalogue: S4. Accounts are 20 bytes, `now` is the block's time. What the contract reverts raises `RevertError` and
//! changes nothing.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::collections::BTreeMap;
use tickwright_core::clamm::Revert;
use tickwright_core::clamm::u256::U256;
use tickwright_core::clamm::v2::{PAIR, Pair, PairHead, PairParts};
use tickwright_core::error::CoreError;

use super::pool_state::{Ints, get, ints, pair};
use super::read::address;
use super::word::{Word, int, reverted};
use crate::error::raise;

type Int<'py> = Bound<'py, PyAny>;
/// The topics and the data of a log.
type Log<'py> = (Vec<Bound<'py, PyBytes>>, Bound<'py, PyBytes>);

/// A pair of Uniswap v2.
#[pyclass(module = "native._core")]
pub struct ClammPair {
    pub(super) inner: Pair,
}

fn two<'py>(py: Python<'py>, amounts: Result<[U256; 2], Revert>) -> PyResult<Ints<'py>> {
    ints(py, amounts.map_err(reverted)?)
}

/// A reserve of 112 bits; else an `InputError`.
fn reserve(given: u128) -> PyResult<u128> {
    if given >> 112 == 0 {
        return Ok(given);
    }
    Err(raise(CoreError::Field { field: "reserves", was: given.to_string(), why: "must fit 112 bits" }))
}

#[pymethods]
impl ClammPair {
    /// A pair as its factory deploys it, at this address: empty, and of no tokens yet.
    #[new]
    #[pyo3(signature = (address = None))]
    fn new(address: Option<&[u8]>) -> PyResult<Self> {
        Ok(Self { inner: Pair::new(address.map_or(Ok(PAIR), self::address)?) })
    }

    /// The pair in a state as `state` gives it; allowances are not read.
    #[staticmethod]
    fn from_state(state: &Bound<'_, PyDict>) -> PyResult<Self> {
        let account = |field| -> PyResult<_> { address(&get::<Vec<u8>>(state, field)?) };
        let tokens: (Vec<u8>, Vec<u8>) = get(state, "tokens")?;
        let reserves: (u128, u128) = get(state, "reserves")?;
        let mut shares = BTreeMap::new();
        for (holder, held) in get::<BTreeMap<Vec<u8>, Word>>(state, "shares")? {
            shares.insert(address(&holder)?, held.0);
        }
        let head = PairHead {
            tokens: [address(&tokens.0)?, address(&tokens.1)?],
            reserves: [reserve(reserves.0)?, reserve(reserves.1)?],
            time_last: get(state, "time_last")?,
            price_cumulative_last: pair(state, "price_cumulative_last")?,
            k_last: get::<Word>(state, "k_last")?.0,
            total_supply: get::<Word>(state, "total_supply")?.0,
            balances: pair(state, "balances")?,
            locked: false,
        };
        let fee_to = get::<Option<Vec<u8>>>(state, "fee_to")?;
        let fee_to = fee_to.map(|holder| address(&holder)).transpose()?;
        Ok(Self { inner: Pair::from_parts(PairParts { address: account("address")?, head, shares, fee_to }) })
    }

    /// Says what the two tokens are. Only the factory may.
    #[pyo3(signature = (token0, token1, by_factory = true))]
    fn initialize(&mut self, token0: &[u8], token1: &[u8], by_factory: bool) -> PyResult<()> {
        self.inner.initialize(by_factory, [address(token0)?, address(token1)?]).map_err(reverted)
    }

    /// Tokens that somebody sent to the pair.
    fn deposit(&mut self, amount0: Word, amount1: Word) -> PyResult<()> {
        self.inner.deposit([amount0.0, amount1.0]).map_err(reverted)
    }

    /// What the pair owns from now on, where the tokens changed it by themselves.
    fn set_balances(&mut self, balance0: Word, balance1: Word) {
        self.inner.set_balances([balance0.0, balance1.0]);
    }

    /// Moves shares between holders; `to` None is the pair itself, as before a burn.
    fn transfer(&mut self, sender: &[u8], to: Option<&[u8]>, value: Word) -> PyResult<()> {
        let to = to.map_or(Ok(*self.inner.address()), address)?;
        self.inner.transfer(address(sender)?, to, value.0).map_err(reverted)
    }

    /// Lets a spender spend so much of the owner's shares.
    fn approve(&mut self, owner: &[u8], spender: &[u8], value: Word) -> PyResult<()> {
        self.inner.approve(address(owner)?, address(spender)?, value.0);
        Ok(())
    }

    /// Moves shares that the spender may spend.
    fn transfer_from(&mut self, spender: &[u8], owner: &[u8], to: &[u8], value: Word) -> PyResult<()> {
        let (spender, owner, to) = (address(spender)?, address(owner)?, address(to)?);
        self.inner.transfer_from(spender, owner, to, value.0).map_err(reverted)
    }

    /// Gives `to` shares for what was paid in; returns how many.
    fn mint<'py>(&mut self, py: Python<'py>, sender: &[u8], to: &[u8], now: u32) -> PyResult<Int<'py>> {
        int(py, self.inner.mint(address(sender)?, address(to)?, now).map_err(reverted)?)
    }

    /// Pays `to` both tokens for the shares that the pair holds; returns the amounts.
    fn burn<'py>(&mut self, py: Python<'py>, sender: &[u8], to: &[u8], now: u32) -> PyResult<Ints<'py>> {
        two(py, self.inner.burn(address(sender)?, address(to)?, now))
    }

    /// Pays `to` both `out` against what was paid in before and what the callback pays; returns what came in.
    #[pyo3(signature = (sender, to, out, now, paid = None))]
    fn swap<'py>(
        &mut self,
        py: Python<'py>,
        sender: &[u8],
        to: &[u8],
        out: (Word, Word),
        now: u32,
        paid: Option<(Word, Word)>,
    ) -> PyResult<Ints<'py>> {
        let paid = paid.map_or([U256::ZERO; 2], |paid| [paid.0.0, paid.1.0]);
        two(py, self.inner.swap(address(sender)?, address(to)?, [out.0.0, out.1.0], paid, now))
    }

    /// Pays `to` what the pair owns beyond its reserves; returns the amounts.
    fn skim<'py>(&mut self, py: Python<'py>, to: &[u8]) -> PyResult<Ints<'py>> {
        two(py, self.inner.skim(address(to)?))
    }

    /// Counts what the pair owns as its reserves.
    fn sync(&mut self, now: u32) -> PyResult<()> {
        self.inner.sync(now).map_err(reverted)
    }

    /// What the last call logged: topics and data, as the bytecode writes them.
    fn logs<'py>(&self, py: Python<'py>) -> Vec<Log<'py>> {
        let log = |(topics, data): (Vec<[u8; 32]>, Vec<u8>)| {
            (topics.iter().map(|topic| PyBytes::new(py, topic)).collect(), PyBytes::new(py, &data))
        };
        self.inner.told().iter().map(|event| log(event.to_log())).collect()
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
        ints(py, self.inner.price_cumulatives(now))
    }

    /// The whole state by name.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (out, head, shares, allowances) = (PyDict::new(py), self.inner.head(), PyDict::new(py), PyDict::new(py));
        let account = |account: &[u8; 20]| PyBytes::new(py, account);
        for (holder, held) in self.inner.holders() {
            shares.set_item(account(holder), int(py, *held)?)?;
        }
        for (key, value) in self.inner.allowances() {
            allowances.set_item((account(&key.owner), account(&key.spender)), int(py, *value)?)?;
        }
        out.set_item("address", account(self.inner.address()))?;
        out.set_item("tokens", (account(&head.tokens[0]), account(&head.tokens[1])))?;
        out.set_item("reserves", (head.reserves[0], head.reserves[1]))?;
        out.set_item("time_last", head.time_last)?;
        out.set_item("price_cumulative_last", ints(py, head.price_cumulative_last)?)?;
        out.set_item("k_last", int(py, head.k_last)?)?;
        out.set_item("total_supply", int(py, head.total_supply)?)?;
        out.set_item("balances", ints(py, head.balances)?)?;
        out.set_item("fee_to", self.inner.fee_to().as_ref().map(account))?;
        out.set_item("shares", shares)?;
        out.set_item("allowances", allowances)?;
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
