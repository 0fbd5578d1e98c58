//! Amounts between two prices, and the price after an amount: every rounding in the pool's favour.
//!
//! catalogue: S4. The contracts' SqrtPriceMath (MIT in v4-core). Prices are Q64.96 square roots below 2^160, liquidity
//! is a `u128`; with L and prices p < q, token 0 between them is L * 2^96 * (q - p) / (q * p), token 1 is
//! L * (q - p) / 2^96. Results equal Uniswap v3's; reverts are
//! v4's, and `dialect` says them as v3 does.

use super::full_math::{mul_div_rem, mul_div_up};
use super::i256::I256;
use super::revert::{Custom, Revert};
use super::u256::U256;

/// The largest 160-bit number.
pub const MAX_U160: U256 = U256([u64::MAX, u64::MAX, u32::MAX as u64, 0]);

/// L * 2^96, which 224 bits hold.
#[inline(always)]
fn scaled(liquidity: u128) -> U256 {
    let (low, high) = (liquidity as u64, (liquidity >> 64) as u64);
    U256([0, low << 32, low >> 32 | high << 32, high >> 32])
}

/// The token 0 that `liquidity` spans between two prices in either order, rounded up or down.
/// `InvalidPrice` when the lower one is 0.
#[inline]
pub fn amount0_delta(a: U256, b: U256, liquidity: u128, round_up: bool) -> Result<U256, Revert> {
    let (low, high) = if a > b { (b, a) } else { (a, b) };
    if low.is_zero() {
        return Err(Revert::Custom(Custom::InvalidPrice));
    }
    let (quotient, rest) = mul_div_rem(scaled(liquidity), high.wrapping_sub(low), high)?;
    if round_up {
        let up = quotient.wrapping_add(U256::from(u64::from(!rest.is_zero())));
        up.div_ceil(low).ok_or(Revert::Custom(Custom::InvalidPrice))
    } else {
        quotient.div_rem(low).map(|(amount, _)| amount).ok_or(Revert::Custom(Custom::InvalidPrice))
    }
}

/// The token 1 that `liquidity` spans between two prices in either order, rounded up or down: below 2^192.
#[must_use]
#[inline]
pub fn amount1_delta(a: U256, b: U256, liquidity: u128, round_up: bool) -> U256 {
    let (low, high) = U256::from(liquidity).full_mul(a.abs_diff(b)).halves();
    let [_, b, c, d] = low.0;
    let [e, f, ..] = high.0;
    let down = U256([b >> 32 | c << 32, c >> 32 | d << 32, d >> 32 | e << 32, e >> 32 | f << 32]);
    let rest = low.0[0] | b & 0xffff_ffff;
    down.wrapping_add(U256::from(u64::from(round_up && rest != 0)))
}

/// `amount0_delta` of liquidity that is added (an amount owed, rounded up) or taken (negative, rounded down), as v3
/// signs it; v4 gives the same with the other sign.
pub fn amount0_delta_signed(a: U256, b: U256, liquidity: i128) -> Result<I256, Revert> {
    let amount = amount0_delta(a, b, liquidity.unsigned_abs(), liquidity >= 0)?;
    I256::from_sign_and_size(liquidity < 0, amount).ok_or(Revert::Custom(Custom::SafeCastOverflow))
}

/// `amount1_delta` of liquidity that is added (an amount owed, rounded up) or taken (negative, rounded down), as v3
/// signs it; v4 gives the same with the other sign.
pub fn amount1_delta_signed(a: U256, b: U256, liquidity: i128) -> Result<I256, Revert> {
    let amount = amount1_delta(a, b, liquidity.unsigned_abs(), liquidity >= 0);
    I256::from_sign_and_size(liquidity < 0, amount).ok_or(Revert::Custom(Custom::SafeCastOverflow))
}

/// The price after `amount` of token 0 is added to (or taken from) the pool, rounded up.
///
/// `PriceOverflow` when more is taken than lies above the price, `SafeCastOverflow` when the price leaves 160 bits,
/// `Panic(0x11)` when an added amount overflows even the coarser formula.
#[inline]
pub fn next_price_from_amount0(price: U256, liquidity: u128, amount: U256, add: bool) -> Result<U256, Revert> {
    if amount.is_zero() {
        return Ok(price);
    }
    let numerator = scaled(liquidity);
    let (product, over) = amount.overflowing_mul(price);
    if add {
        if !over && let Some(denominator) = numerator.checked_add(product) {
            return mul_div_up(numerator, price, denominator).map(low_160);
        }
        let (quotient, _) = numerator.div_rem(price).ok_or(Revert::Panic(0x12))?;
        let denominator = quotient.checked_add(amount).ok_or(Revert::Panic(0x11))?;
        return numerator.div_ceil(denominator).map(low_160).ok_or(Revert::Panic(0x12));
    }
    if over || numerator <= product {
        return Err(Revert::Custom(Custom::PriceOverflow));
    }
    fits_160(mul_div_up(numerator, price, numerator.wrapping_sub(product))?)
}

/// The price after `amount` of token 1 is added to (or taken from) the pool, rounded down.
///
/// `NotEnoughLiquidity` when more is taken than lies below the price, `SafeCastOverflow` when the price leaves 160
/// bits, `Empty` when the quotient leaves 256 bits, `Panic(0x12)` when something is added without liquidity.
#[inline]
pub fn next_price_from_amount1(price: U256, liquidity: u128, amount: U256, add: bool) -> Result<U256, Revert> {
    let by = U256::from(liquidity);
    let (quotient, rest) = if amount <= MAX_U160 {
        match (amount << 96).div_rem(by) {
            Some(found) => found,
            // What is taken is divided in assembly, where a division by 0 is 0.
            None if !add => (U256::ZERO, U256::ZERO),
            None => return Err(Revert::Panic(0x12)),
        }
    } else {
        mul_div_rem(amount, U256([0, 1 << 32, 0, 0]), by)?
    };
    if add {
        return fits_160(price.checked_add(quotient).ok_or(Revert::Panic(0x11))?);
    }
    let (up, over) = quotient.overflowing_add(U256::from(u64::from(!rest.is_zero())));
    if over {
        return Err(Revert::Empty);
    }
    if price <= up {
        return Err(Revert::Custom(Custom::NotEnoughLiquidity));
    }
    Ok(price.wrapping_sub(up))
}

/// The price after `amount` is paid in, rounded so that it never passes the target.
/// `InvalidPriceOrLiquidity` when either is 0; else what `next_price_from_amount0` and `..1` say.
#[inline]
pub fn next_price_from_input(price: U256, liquidity: u128, amount: U256, zero_for_one: bool) -> Result<U256, Revert> {
    if price.is_zero() || liquidity == 0 {
        return Err(Revert::Custom(Custom::InvalidPriceOrLiquidity));
    }
    if zero_for_one {
        next_price_from_amount0(price, liquidity, amount, true)
    } else {
        next_price_from_amount1(price, liquidity, amount, true)
    }
}

/// The price after `amount` is paid out, rounded so that it passes the target.
/// `InvalidPriceOrLiquidity` when either is 0; else what `next_price_from_amount0` and `..1` say.
#[inline]
pub fn next_price_from_output(price: U256, liquidity: u128, amount: U256, zero_for_one: bool) -> Result<U256, Revert> {
    if price.is_zero() || liquidity == 0 {
        return Err(Revert::Custom(Custom::InvalidPriceOrLiquidity));
    }
    if zero_for_one {
        next_price_from_amount1(price, liquidity, amount, false)
    } else {
        next_price_from_amount0(price, liquidity, amount, false)
    }
}

/// A price that the contracts cast without a check, because it always fits.
#[inline(always)]
fn low_160(value: U256) -> U256 {
    value & MAX_U160
}

#[inline(always)]
fn fits_160(value: U256) -> Result<U256, Revert> {
    if value <= MAX_U160 { Ok(value) } else { Err(Revert::Custom(Custom::SafeCastOverflow)) }
}
