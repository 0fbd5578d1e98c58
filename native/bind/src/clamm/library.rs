//! The libraries' functions for Python, one by one and exhaustively: what the parity tests hold against the bytecode.
//!
//! catalogue: S4.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tickwright_core::clamm::u256::U256;
use tickwright_core::clamm::{Revert, bit_math, full_math, liquidity_math, sqrt_price, swap_math, tick_math};
use tickwright_core::error::CoreError;

use super::read::price;
use super::word::{Signed, Word, dialect, int, reverted, signed_int};
use crate::array::{bytes_of, copied};
use crate::error::raise;

/// The pure functions of the contracts' libraries, in the words of one version.
///
/// Integers in, integers out. What the contract reverts raises `RevertError` with the text and the return data.
#[pyclass(module = "native._core", frozen)]
struct ClammMath {
    says: fn(Revert) -> Revert,
    fees: swap_math::Fees,
}

impl ClammMath {
    fn number<'py>(&self, py: Python<'py>, result: Result<U256, Revert>) -> PyResult<Bound<'py, PyAny>> {
        int(py, self.or_raise(result)?)
    }

    fn or_raise<T>(&self, result: Result<T, Revert>) -> PyResult<T> {
        result.map_err(|revert| reverted((self.says)(revert)))
    }
}

#[pymethods]
impl ClammMath {
    /// `version` is 3 (Uniswap v3, Pancake v3) or 4.
    #[new]
    #[pyo3(signature = (version = 3))]
    fn new(version: u8) -> PyResult<Self> {
        let fees = if version == 4 { swap_math::Fees::V4 } else { swap_math::Fees::V3 };
        Ok(Self { says: dialect(version)?, fees })
    }

    /// floor(a * b / d) over 512 bits.
    fn mul_div<'py>(&self, py: Python<'py>, a: Word, b: Word, d: Word) -> PyResult<Bound<'py, PyAny>> {
        self.number(py, full_math::mul_div(a.0, b.0, d.0))
    }

    /// ceil(a * b / d) over 512 bits.
    fn mul_div_up<'py>(&self, py: Python<'py>, a: Word, b: Word, d: Word) -> PyResult<Bound<'py, PyAny>> {
        self.number(py, full_math::mul_div_up(a.0, b.0, d.0))
    }

    /// ceil(x / y); 0 when y is 0, as the EVM divides.
    fn div_rounding_up<'py>(&self, py: Python<'py>, x: Word, y: Word) -> PyResult<Bound<'py, PyAny>> {
        int(py, full_math::div_rounding_up(x.0, y.0))
    }

    /// The index of the highest set bit.
    fn most_significant_bit(&self, x: Word) -> PyResult<u8> {
        self.or_raise(bit_math::most_significant_bit(x.0))
    }

    /// The index of the lowest set bit.
    fn least_significant_bit(&self, x: Word) -> PyResult<u8> {
        self.or_raise(bit_math::least_significant_bit(x.0))
    }

    /// The Q64.96 square-root price of a tick.
    fn sqrt_price_at_tick<'py>(&self, py: Python<'py>, tick: i32) -> PyResult<Bound<'py, PyAny>> {
        self.number(py, tick_math::sqrt_price_at_tick(tick))
    }

    /// The greatest tick at or below a square-root price.
    fn tick_at_sqrt_price(&self, sqrt_price: Word) -> PyResult<i32> {
        self.or_raise(tick_math::tick_at_sqrt_price(price("sqrt_price", &sqrt_price)?))
    }

    /// The square-root prices of the ticks from `first` to `last`, both included, as uint64[n, 4].
    fn sqrt_prices_at_ticks<'py>(&self, py: Python<'py>, first: i32, last: i32) -> PyResult<Bound<'py, PyBytes>> {
        let prices = py.detach(|| (first..=last).map(tick_math::sqrt_price_at_tick).collect::<Result<Vec<_>, _>>());
        Ok(bytes_of(py, &self.or_raise(prices)?))
    }

    /// The ticks of square-root prices given as uint64[n, 4], as int32[n].
    fn ticks_at_sqrt_prices<'py>(
        &self,
        py: Python<'py>,
        sqrt_prices: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let limbs: Vec<u64> = copied(sqrt_prices, "sqrt_prices", "must be uint64[n, 4]")?;
        let (rows, rest) = limbs.as_chunks::<4>();
        if !rest.is_empty() {
            let was = format!("{} limbs", limbs.len());
            return Err(raise(CoreError::Field { field: "sqrt_prices", was, why: "must be uint64[n, 4]" }));
        }
        let ticks = py.detach(|| rows.iter().map(|row| tick_math::tick_at_sqrt_price(U256(*row))).collect());
        Ok(bytes_of(py, &self.or_raise::<Vec<i32>>(ticks)?))
    }

    /// The token 0 between two prices.
    fn amount0_delta<'py>(
        &self,
        py: Python<'py>,
        a: Word,
        b: Word,
        liquidity: u128,
        round_up: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.number(py, sqrt_price::amount0_delta(price("a", &a)?, price("b", &b)?, liquidity, round_up))
    }

    /// The token 1 between two prices.
    fn amount1_delta<'py>(
        &self,
        py: Python<'py>,
        a: Word,
        b: Word,
        liquidity: u128,
        round_up: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        int(py, sqrt_price::amount1_delta(price("a", &a)?, price("b", &b)?, liquidity, round_up))
    }

    /// The token 0 of liquidity that is added (positive, rounded up) or taken (negative, rounded down); v3's sign.
    fn amount0_delta_signed<'py>(
        &self,
        py: Python<'py>,
        a: Word,
        b: Word,
        liquidity: i128,
    ) -> PyResult<Bound<'py, PyAny>> {
        let amount = sqrt_price::amount0_delta_signed(price("a", &a)?, price("b", &b)?, liquidity);
        signed_int(py, self.or_raise(amount)?)
    }

    /// The token 1 of liquidity that is added (positive, rounded up) or taken (negative, rounded down); v3's sign.
    fn amount1_delta_signed<'py>(
        &self,
        py: Python<'py>,
        a: Word,
        b: Word,
        liquidity: i128,
    ) -> PyResult<Bound<'py, PyAny>> {
        let amount = sqrt_price::amount1_delta_signed(price("a", &a)?, price("b", &b)?, liquidity);
        signed_int(py, self.or_raise(amount)?)
    }

    /// The price after token 0 is added or taken.
    fn next_price_from_amount0<'py>(
        &self,
        py: Python<'py>,
        sqrt_price: Word,
        liquidity: u128,
        amount: Word,
        add: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let from = price("sqrt_price", &sqrt_price)?;
        self.number(py, sqrt_price::next_price_from_amount0(from, liquidity, amount.0, add))
    }

    /// The price after token 1 is added or taken.
    fn next_price_from_amount1<'py>(
        &self,
        py: Python<'py>,
        sqrt_price: Word,
        liquidity: u128,
        amount: Word,
        add: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let from = price("sqrt_price", &sqrt_price)?;
        self.number(py, sqrt_price::next_price_from_amount1(from, liquidity, amount.0, add))
    }

    /// The price after an amount is paid in.
    fn next_price_from_input<'py>(
        &self,
        py: Python<'py>,
        sqrt_price: Word,
        liquidity: u128,
        amount: Word,
        zero_for_one: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let from = price("sqrt_price", &sqrt_price)?;
        self.number(py, sqrt_price::next_price_from_input(from, liquidity, amount.0, zero_for_one))
    }

    /// The price after an amount is paid out.
    fn next_price_from_output<'py>(
        &self,
        py: Python<'py>,
        sqrt_price: Word,
        liquidity: u128,
        amount: Word,
        zero_for_one: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let from = price("sqrt_price", &sqrt_price)?;
        self.number(py, sqrt_price::next_price_from_output(from, liquidity, amount.0, zero_for_one))
    }

    /// (price after, amount in, amount out, fee) of one step; `remaining` is an input, or an output below 0.
    fn swap_step<'py>(
        &self,
        py: Python<'py>,
        current: Word,
        target: Word,
        liquidity: u128,
        remaining: Signed,
        fee_millionths: u32,
    ) -> PyResult<[Bound<'py, PyAny>; 4]> {
        if fee_millionths > swap_math::FEE_ONE {
            let was = fee_millionths.to_string();
            return Err(raise(CoreError::Field { field: "fee_millionths", was, why: "must be at most 1000000" }));
        }
        let (from, to) = (price("current", &current)?, price("target", &target)?);
        let step = swap_math::compute_swap_step(from, to, liquidity, remaining.0, fee_millionths, self.fees);
        let step = self.or_raise(step)?;
        Ok([int(py, step.sqrt_price)?, int(py, step.amount_in)?, int(py, step.amount_out)?, int(py, step.fee)?])
    }

    /// Liquidity after a signed change.
    fn add_delta(&self, liquidity: u128, delta: i128) -> PyResult<u128> {
        self.or_raise(liquidity_math::add_delta(liquidity, delta))
    }
}

/// Adds the class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<ClammMath>()
}
