//! Amounts between two prices, and the price after an amount: every rounding in the pool's favour.
//!
//! catalogue: S4. The contracts' SqrtPriceMath (MIT in v4-core). Prices are Q64.96 square roots below 2^160, liquidity
//! is a `u128`; with L and prices p < q, token 0 between them is L * 2^96 * (q - p) / (q * p), token 1 is
//! L * (q - p) / 2^96. Results equal Uniswap v3's; reverts are
//! v4's, and `dialect` says them as v3 does.

use super::division::divide;
use super::full_math::mul_div_rem;
use super::i256::I256;
use super::limbs::mul_add;
use super::narrow::{self, Divisor};
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
    if let (Some(low), Some(high)) = (low.to_u128(), high.to_u128())
        && let Some(amount) = narrow::amount0(low, high, liquidity, round_up)
    {
        return Ok(U256::from(amount));
    }
    amount0_long(low, high, liquidity, round_up)
}

/// The same for numbers of any length.
#[inline(never)]
fn amount0_long(low: U256, high: U256, liquidity: u128, round_up: bool) -> Result<U256, Revert> {
    // Rounding twice, at `high` and at `low`, is rounding once at their product: one division instead of two, and the
    // quotient is short. Prices of more than 160 bits are none, and the products stay below 384 and 320 bits.
    let above = scaled_times(liquidity, high.wrapping_sub(low));
    let (quotient, rest) = divide(&above, &product(low, high)).ok_or(Revert::Custom(Custom::InvalidPrice))?;
    let [a, b, c, d, ..] = quotient;
    let up = round_up && any(rest);
    Ok(U256([a, b, c, d]).wrapping_add(U256::from(u64::from(up))))
}

/// Whether a limb is not 0; comparing arrays would be a call.
#[inline(always)]
fn any<const L: usize>(limbs: [u64; L]) -> bool {
    limbs.iter().fold(0, |all, limb| all | limb) != 0
}

/// A product with a number below 2^192.
#[inline(always)]
fn times(factor: u128, x: U256) -> [u64; 5] {
    let (low, high) = (factor as u64, (factor >> 64) as u64);
    let (a, carry) = mul_add(low, x.0[0], 0, 0);
    let (b, carry) = mul_add(low, x.0[1], carry, 0);
    let (c, d) = mul_add(low, x.0[2], carry, 0);
    let (b, carry) = mul_add(high, x.0[0], b, 0);
    let (c, carry) = mul_add(high, x.0[1], c, carry);
    let (d, e) = mul_add(high, x.0[2], d, carry);
    [a, b, c, d, e]
}

/// L * x * 2^96 for x below 2^192.
#[inline(always)]
fn scaled_times(liquidity: u128, x: U256) -> [u64; 7] {
    let [a, b, c, d, e] = times(liquidity, x);
    [0, a << 32, a >> 32 | b << 32, b >> 32 | c << 32, c >> 32 | d << 32, d >> 32 | e << 32, e >> 32]
}

/// The product of two prices.
#[inline(always)]
fn product(x: U256, y: U256) -> [u64; 5] {
    let (a, carry) = mul_add(x.0[0], y.0[0], 0, 0);
    let (b, carry) = mul_add(x.0[0], y.0[1], carry, 0);
    let (c, d) = mul_add(x.0[0], y.0[2], carry, 0);
    let (b, carry) = mul_add(x.0[1], y.0[0], b, 0);
    let (c, carry) = mul_add(x.0[1], y.0[1], c, carry);
    let (d, e) = mul_add(x.0[1], y.0[2], d, carry);
    let (c, carry) = mul_add(x.0[2], y.0[0], c, 0);
    let (d, carry) = mul_add(x.0[2], y.0[1], d, carry);
    // Two numbers of 160 bits: the product's highest limb takes no carry.
    let (e, _) = mul_add(x.0[2], y.0[2], e, carry);
    [a, b, c, d, e]
}

/// The token 1 that `liquidity` spans between two prices in either order, rounded up or down: below 2^192.
#[must_use]
#[inline]
pub fn amount1_delta(a: U256, b: U256, liquidity: u128, round_up: bool) -> U256 {
    // The scaled product is L * (q - p) * 2^96, so its limbs from the third on are the amount.
    let [_, low, middle, a, b, c, d] = scaled_times(liquidity, a.abs_diff(b));
    let up = round_up && low | middle != 0;
    U256([a, b, c, d]).wrapping_add(U256::from(u64::from(up)))
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
    if let (Some(short), Some(small)) = (price.to_u128(), amount.to_u128())
        && let Some(distance) = narrow::distance0(short, liquidity, small, add)
    {
        let distance = U256::from(distance);
        return Ok(if add { price.wrapping_sub(distance) } else { price.wrapping_add(distance) });
    }
    next_price_from_amount0_long(price, liquidity, amount, add)
}

/// The same for numbers of any length.
#[inline(never)]
fn next_price_from_amount0_long(price: U256, liquidity: u128, amount: U256, add: bool) -> Result<U256, Revert> {
    let numerator = scaled(liquidity);
    let (moved, over) = match amount.to_u128() {
        Some(small) => {
            let [a, b, c, d, e] = times(small, price);
            (U256([a, b, c, d]), e != 0)
        }
        None => amount.overflowing_mul(price),
    };
    if add {
        if !over && let Some(denominator) = numerator.checked_add(moved) {
            return scaled_over(liquidity, price, denominator).map(low_160);
        }
        let (quotient, _) = numerator.div_rem(price).ok_or(Revert::Panic(0x12))?;
        let denominator = quotient.checked_add(amount).ok_or(Revert::Panic(0x11))?;
        return numerator.div_ceil(denominator).map(low_160).ok_or(Revert::Panic(0x12));
    }
    if over || numerator <= moved {
        return Err(Revert::Custom(Custom::PriceOverflow));
    }
    fits_160(scaled_over(liquidity, price, numerator.wrapping_sub(moved))?)
}

/// ceil(L * 2^96 * price / denominator); `Empty` when it leaves 256 bits, or the denominator is 0.
#[inline(always)]
fn scaled_over(liquidity: u128, price: U256, denominator: U256) -> Result<U256, Revert> {
    let (quotient, rest) = divide(&scaled_times(liquidity, price), &denominator.0).ok_or(Revert::Empty)?;
    let [a, b, c, d, above @ ..] = quotient;
    if any(above) {
        return Err(Revert::Empty);
    }
    U256([a, b, c, d]).checked_add(U256::from(u64::from(any(rest)))).ok_or(Revert::Empty)
}

/// The price after `amount` of token 1 is added to (or taken from) the pool, rounded down.
///
/// `NotEnoughLiquidity` when more is taken than lies below the price, `SafeCastOverflow` when the price leaves 160
/// bits, `Empty` when the quotient leaves 256 bits, `Panic(0x12)` when something is added without liquidity.
#[inline]
pub fn next_price_from_amount1(price: U256, liquidity: u128, amount: U256, add: bool) -> Result<U256, Revert> {
    let short = amount.to_u128().and_then(|amount| Divisor::new(liquidity).of_scaled(amount, 96));
    if let Some((quotient, more)) = short {
        return moved_by_amount1(price, U256::from(quotient), more, add);
    }
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
    moved_by_amount1(price, quotient, !rest.is_zero(), add)
}

/// The price after it moved up (`add`) or down by a quotient, and 1 more down where something remained.
#[inline(always)]
fn moved_by_amount1(price: U256, quotient: U256, more: bool, add: bool) -> Result<U256, Revert> {
    if add {
        return fits_160(price.checked_add(quotient).ok_or(Revert::Panic(0x11))?);
    }
    let (up, over) = quotient.overflowing_add(U256::from(u64::from(more)));
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
