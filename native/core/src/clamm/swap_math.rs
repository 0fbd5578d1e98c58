//! One step of a swap: how far an amount moves the price inside one range of liquidity, and what it costs.
//!
//! catalogue: S4. The contracts' SwapMath (MIT in v4-core). Versions agree on price, output and total input; when an
//! exact input ends inside the range, v3 takes as input what the price moved by and calls the rest fee, v4 takes the
//! whole amount less its fee as input. `Fees` says which, because the fee growth differs by it.

use super::full_math::{mul_div, mul_div_up};
use super::i256::I256;
use super::narrow::Word;
use super::revert::Revert;
use super::sqrt_price::{amount0_delta, amount1_delta, next_price_from_input, next_price_from_output};
use super::u256::U256;

/// One in millionths: what a fee is a part of.
pub const FEE_ONE: u32 = 1_000_000;
/// One in millionths, ready to divide by.
pub(crate) const IN_MILLIONTHS: Word = Word::new(FEE_ONE as u64);
/// An amount below this times a million (or 2^20 - 1) stays below 2^128.
pub(crate) const MILLIONS_MAX: u128 = 1 << 108;

/// Which version's split between input and fee holds where an exact input ends inside a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fees {
    /// Uniswap v3 and Pancake v3: the input is what the move of the price needs, the rest is fee.
    V3,
    /// Uniswap v4: the fee is its share rounded up, the rest is input.
    V4,
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwapStep {
    /// The price after the step.
    pub sqrt_price: U256,
    /// What was paid in, without the fee.
    pub amount_in: U256,
    /// What was paid out.
    pub amount_out: U256,
    /// The fee, in the token that was paid in.
    pub fee: U256,
}

/// Moves the price from `current` towards `target` by at most `remaining`: an input when it is at least 0, an output
/// when negative (v3's signs). `fee_millionths` is at most a million, and less than that for an output.
///
/// What the price and amount functions refuse is refused alike; `Empty` for a fee of everything on an output.
#[inline]
pub fn compute_swap_step(
    current: U256,
    target: U256,
    liquidity: u128,
    remaining: I256,
    fee_millionths: u32,
    fees: Fees,
) -> Result<SwapStep, Revert> {
    let size = remaining.unsigned_abs();
    if remaining.is_negative() {
        step_exact_out(current, target, liquidity, size, fee_millionths)
    } else {
        step_exact_in(current, target, liquidity, size, fee_millionths, fees)
    }
}

/// What moving the price costs: token 0 when it falls, token 1 when it rises; rounded up.
#[inline(always)]
pub(crate) fn input_between(zero_for_one: bool, from: U256, to: U256, liquidity: u128) -> Result<U256, Revert> {
    if zero_for_one { amount0_delta(to, from, liquidity, true) } else { Ok(amount1_delta(from, to, liquidity, true)) }
}

/// What moving the price yields: token 1 when it falls, token 0 when it rises; rounded down.
#[inline(always)]
pub(crate) fn output_between(zero_for_one: bool, from: U256, to: U256, liquidity: u128) -> Result<U256, Revert> {
    if zero_for_one { Ok(amount1_delta(to, from, liquidity, false)) } else { amount0_delta(from, to, liquidity, false) }
}

/// The fee on an input that is known: ceil(amount * f / (1 - f)).
#[inline(always)]
pub(crate) fn fee_on(amount_in: U256, fee_millionths: u32) -> Result<U256, Revert> {
    let (fee, rest) = (u64::from(fee_millionths), u64::from(FEE_ONE.wrapping_sub(fee_millionths)));
    match amount_in.to_u128() {
        Some(small) if small < MILLIONS_MAX && rest > 0 => {
            let (whole, more) = Word::new(rest).divide(small * u128::from(fee));
            Ok(U256::from(whole + u128::from(more)))
        }
        _ => mul_div_up(amount_in, U256::from(fee), U256::from(rest)),
    }
}

/// What is left of an amount after its fee: floor(amount * (1 - f)).
#[inline(always)]
pub(crate) fn less_fee(amount: U256, fee_millionths: u32) -> Result<U256, Revert> {
    let rest = u64::from(FEE_ONE.wrapping_sub(fee_millionths));
    match amount.to_u128() {
        Some(small) if small < MILLIONS_MAX => Ok(U256::from(IN_MILLIONTHS.divide(small * u128::from(rest)).0)),
        _ => mul_div(amount, U256::from(rest), U256::from(u64::from(FEE_ONE))),
    }
}

#[inline]
fn step_exact_in(
    current: U256,
    target: U256,
    liquidity: u128,
    size: U256,
    fee_millionths: u32,
    fees: Fees,
) -> Result<SwapStep, Revert> {
    let zero_for_one = current >= target;
    let available = less_fee(size, fee_millionths)?;
    let needed = input_between(zero_for_one, current, target, liquidity)?;
    if available >= needed {
        let amount_out = output_between(zero_for_one, current, target, liquidity)?;
        // A fee of everything leaves nothing available, so that nothing is needed either.
        let fee = if fee_millionths == FEE_ONE { needed } else { fee_on(needed, fee_millionths)? };
        return Ok(SwapStep { sqrt_price: target, amount_in: needed, amount_out, fee });
    }
    let next = next_price_from_input(current, liquidity, available, zero_for_one)?;
    let amount_in = match fees {
        Fees::V3 => input_between(zero_for_one, current, next, liquidity)?,
        Fees::V4 => available,
    };
    let amount_out = output_between(zero_for_one, current, next, liquidity)?;
    Ok(SwapStep { sqrt_price: next, amount_in, amount_out, fee: size.wrapping_sub(amount_in) })
}

#[inline]
fn step_exact_out(
    current: U256,
    target: U256,
    liquidity: u128,
    size: U256,
    fee_millionths: u32,
) -> Result<SwapStep, Revert> {
    let zero_for_one = current >= target;
    let most = output_between(zero_for_one, current, target, liquidity)?;
    let (sqrt_price, amount_out) = if size >= most {
        (target, most)
    } else {
        (next_price_from_output(current, liquidity, size, zero_for_one)?, size)
    };
    let amount_in = input_between(zero_for_one, current, sqrt_price, liquidity)?;
    Ok(SwapStep { sqrt_price, amount_in, amount_out, fee: fee_on(amount_in, fee_millionths)? })
}
