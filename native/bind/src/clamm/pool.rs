//! The v3 pool for Python: every call of the contract, what QuoterV2 answers, its state in and out, and undo.
//!
//! catalogue: S4. Amounts cross as integers; a call that the contract reverts raises `RevertError` and changes nothing.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tickwright_core::clamm::Revert;
use tickwright_core::clamm::pool::{NoQuote, Payment, Pool, Quote, Terms};
use tickwright_core::clamm::position::PositionKey;
use tickwright_core::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE};
use tickwright_core::clamm::u256::U256;

use super::pool_state;
use super::read::{Owner, family, price};
use super::swap::swap_class;
use super::word::{Signed, Word, int, reverted, signed_int};
use crate::error::{RevertError, raise};

/// A Python integer.
type Int<'py> = Bound<'py, PyAny>;
/// Two amounts.
type Pair<'py> = (Int<'py>, Int<'py>);

/// A pool of Uniswap v3 or Pancake v3 with its whole state.
///
/// `now` is the block's time (uint32), an owner 20 bytes, `paid` what the callback pays of both tokens (exactly what is
/// owed when not given). A pool is not shared between threads.
#[pyclass(module = "native._core")]
pub struct ClammPool {
    pub(crate) inner: Pool,
}

fn payment(paid: Option<(Word, Word)>) -> Payment {
    paid.map_or(Payment::Due, |(paid0, paid1)| Payment::Amounts([paid0.0, paid1.0]))
}

fn pair<'py>(py: Python<'py>, amounts: Result<[U256; 2], Revert>) -> PyResult<Pair<'py>> {
    let [amount0, amount1] = amounts.map_err(reverted)?;
    Ok((int(py, amount0)?, int(py, amount1)?))
}

fn quoted<'py>(py: Python<'py>, quote: Result<Quote, NoQuote>) -> PyResult<(Int<'py>, Int<'py>, u32)> {
    match quote {
        Ok(quote) => Ok((int(py, quote.amount)?, int(py, quote.sqrt_price_after)?, quote.initialized_ticks_crossed)),
        Err(NoQuote::Pool(revert)) => Err(reverted(revert)),
        Err(no @ NoQuote::Unexpected) => Err(RevertError::new_err((NoQuote::UNEXPECTED, no.data()))),
    }
}

#[pymethods]
impl ClammPool {
    /// A pool as its factory deploys it: `fee` in millionths, family uniswap or pancake; without a price, and locked.
    #[new]
    #[pyo3(signature = (fee, tick_spacing, family = "uniswap"))]
    fn new(fee: u32, tick_spacing: i32, family: &str) -> PyResult<Self> {
        let terms = Terms::new(self::family(family)?, fee, tick_spacing).map_err(raise)?;
        Ok(Self { inner: Pool::new(terms) })
    }

    /// The pool in a state as `state` gives it.
    #[staticmethod]
    fn from_state(state: &Bound<'_, PyDict>) -> PyResult<Self> {
        Ok(Self { inner: Pool::from_parts(pool_state::parts(state)?).map_err(raise)? })
    }

    /// The pool that `to_bytes` wrote.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        Ok(Self { inner: Pool::from_bytes(bytes).map_err(raise)? })
    }

    /// Gives the pool its first price; returns its tick.
    fn initialize(&mut self, sqrt_price: Word, now: u32) -> PyResult<i32> {
        self.inner.initialize(price("sqrt_price", &sqrt_price)?, now).map_err(reverted)
    }

    /// Adds liquidity to a position; returns what it costs of both tokens.
    #[pyo3(signature = (owner, lower, upper, liquidity, now, paid = None))]
    #[expect(clippy::too_many_arguments, reason = "they are the contract's, the block's time and the payment")]
    fn mint<'py>(
        &mut self,
        py: Python<'py>,
        owner: Owner,
        lower: i32,
        upper: i32,
        liquidity: u128,
        now: u32,
        paid: Option<(Word, Word)>,
    ) -> PyResult<Pair<'py>> {
        pair(py, self.inner.mint(owner.0, lower, upper, liquidity, now, payment(paid)))
    }

    /// Takes liquidity out of a position; returns what the position is owed for it. 0 only books the fees.
    fn burn<'py>(
        &mut self,
        py: Python<'py>,
        owner: Owner,
        lower: i32,
        upper: i32,
        liquidity: u128,
        now: u32,
    ) -> PyResult<Pair<'py>> {
        pair(py, self.inner.burn(owner.0, lower, upper, liquidity, now))
    }

    /// Pays a position at most these amounts of what it is owed; returns what was paid.
    fn collect(&mut self, owner: Owner, lower: i32, upper: i32, most0: u128, most1: u128) -> PyResult<(u128, u128)> {
        let paid = self.inner.collect(owner.0, lower, upper, [most0, most1]).map_err(reverted)?;
        Ok(paid.into())
    }

    /// Swaps: `amount` is paid when positive, received when negative; without a limit, to the end of all prices.
    /// Returns both amounts (positive is the pool's gain), and price, liquidity and tick afterwards.
    #[pyo3(signature = (zero_for_one, amount, limit, now, paid = None))]
    fn swap<'py>(
        &mut self,
        py: Python<'py>,
        zero_for_one: bool,
        amount: Signed,
        limit: Option<Word>,
        now: u32,
        paid: Option<(Word, Word)>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let limit = match limit {
            Some(limit) => price("limit", &limit)?,
            None if zero_for_one => MIN_SQRT_PRICE.wrapping_add(U256::ONE),
            None => MAX_SQRT_PRICE.wrapping_sub(U256::ONE),
        };
        let done = self.inner.swap(zero_for_one, amount.0, limit, now, payment(paid)).map_err(reverted)?;
        let (amount0, amount1) = (signed_int(py, done.amount0)?, signed_int(py, done.amount1)?);
        swap_class(py)?.call1((amount0, amount1, int(py, done.sqrt_price)?, done.liquidity, done.tick))
    }

    /// Lends both tokens for a call; returns what was paid above the loan.
    #[pyo3(signature = (amount0, amount1, paid = None))]
    fn flash<'py>(
        &mut self,
        py: Python<'py>,
        amount0: Word,
        amount1: Word,
        paid: Option<(Word, Word)>,
    ) -> PyResult<Pair<'py>> {
        pair(py, self.inner.flash([amount0.0, amount1.0], payment(paid)).map(|flash| flash.paid))
    }

    /// Sets the protocol's shares of the fees; returns the old ones. Only the factory's owner may.
    #[pyo3(signature = (share0, share1, by_owner = true))]
    fn set_fee_protocol(&mut self, share0: u32, share1: u32, by_owner: bool) -> PyResult<(u32, u32)> {
        Ok(self.inner.set_fee_protocol(by_owner, [share0, share1]).map_err(reverted)?.into())
    }

    /// Pays the protocol at most these amounts; returns what was paid. Only the factory's owner may.
    #[pyo3(signature = (most0, most1, by_owner = true))]
    fn collect_protocol(&mut self, most0: u128, most1: u128, by_owner: bool) -> PyResult<(u128, u128)> {
        Ok(self.inner.collect_protocol(by_owner, [most0, most1]).map_err(reverted)?.into())
    }

    /// Makes room for more observations; returns the old and the new room.
    fn increase_observation_cardinality_next(&mut self, next: u16) -> PyResult<(u16, u16)> {
        self.inner.increase_observation_cardinality_next(next).map_err(reverted)
    }

    /// The sums of tick, and of seconds per liquidity times 2^128, each number of seconds ago.
    fn observe<'py>(&self, py: Python<'py>, now: u32, seconds_ago: Vec<u32>) -> PyResult<Vec<(i64, Int<'py>)>> {
        let sums = self.inner.observe(now, &seconds_ago).map_err(reverted)?;
        sums.into_iter().map(|(ticks, seconds)| Ok((ticks, int(py, seconds)?))).collect()
    }

    /// The sums inside a range: tick times seconds, seconds per liquidity, seconds.
    fn snapshot_cumulatives_inside<'py>(
        &self,
        py: Python<'py>,
        lower: i32,
        upper: i32,
        now: u32,
    ) -> PyResult<(i64, Int<'py>, u32)> {
        let (ticks, growth, seconds) = self.inner.snapshot_cumulatives_inside(lower, upper, now).map_err(reverted)?;
        Ok((ticks, int(py, growth)?, seconds))
    }

    /// QuoterV2's quoteExactInputSingle: the amount received, the price after it, the ticks counted. Limit 0 is none.
    #[pyo3(signature = (zero_for_one, amount, limit = Word(U256::ZERO)))]
    fn quote_exact_input<'py>(
        &mut self,
        py: Python<'py>,
        zero_for_one: bool,
        amount: Word,
        limit: Word,
    ) -> PyResult<(Int<'py>, Int<'py>, u32)> {
        quoted(py, self.inner.quote_exact_input(zero_for_one, amount.0, price("limit", &limit)?))
    }

    /// QuoterV2's quoteExactOutputSingle: the amount paid, the price after it, the ticks counted. Limit 0 is none.
    #[pyo3(signature = (zero_for_one, amount, limit = Word(U256::ZERO)))]
    fn quote_exact_output<'py>(
        &mut self,
        py: Python<'py>,
        zero_for_one: bool,
        amount: Word,
        limit: Word,
    ) -> PyResult<(Int<'py>, Int<'py>, u32)> {
        quoted(py, self.inner.quote_exact_output(zero_for_one, amount.0, price("limit", &limit)?))
    }

    /// What a position would be owed of both tokens if it were touched now.
    fn owed(&self, owner: Owner, lower: i32, upper: i32) -> PyResult<(u128, u128)> {
        Ok(self.inner.owed(&PositionKey::new(owner.0, lower, upper)).map_err(reverted)?.into())
    }

    /// The fee growth inside a range now, of both tokens, times 2^128, modulo 2^256.
    fn fee_growth_inside<'py>(&self, py: Python<'py>, lower: i32, upper: i32) -> PyResult<Pair<'py>> {
        pair(py, self.inner.fee_growth_inside(lower, upper))
    }

    /// Locks or unlocks the pool, as whoever is called back in the middle of a call finds it.
    fn set_unlocked(&mut self, unlocked: bool) {
        self.inner.set_unlocked(unlocked);
    }

    /// Sets what the pool owns of both tokens; None when nobody knows, and then no transfer out fails.
    #[pyo3(signature = (balances))]
    fn set_balances(&mut self, balances: Option<(Word, Word)>) {
        self.inner.set_balances(balances.map(|(balance0, balance1)| [balance0.0, balance1.0]));
    }

    /// The whole state by name, as the contract's storage holds it.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        pool_state::state(py, &self.inner)
    }

    /// One SHA-256 of the whole state.
    #[getter]
    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.state_hash())
    }

    /// The whole state as bytes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.to_bytes())
    }
}

/// Adds this file's class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<ClammPool>()
}
