//! A product of two 256-bit numbers divided by a third, without losing the bits in between.
//!
//! catalogue: S4. The contracts' FullMath and UnsafeMath (MIT). The results are theirs; the way is a long division of
//! the 512-bit product instead of their modular inverse.

use super::division::divide;
use super::revert::Revert;
use super::u256::U256;

/// floor(a * b / d). `Revert::Empty` when d is 0 or the result exceeds 256 bits, as the contracts' bare `require`.
#[inline]
pub fn mul_div(a: U256, b: U256, d: U256) -> Result<U256, Revert> {
    mul_div_rem(a, b, d).map(|(quotient, _)| quotient)
}

/// ceil(a * b / d). `Revert::Empty` when d is 0 or the result exceeds 256 bits.
#[inline]
pub fn mul_div_up(a: U256, b: U256, d: U256) -> Result<U256, Revert> {
    let (quotient, rest) = mul_div_rem(a, b, d)?;
    if rest.is_zero() { Ok(quotient) } else { quotient.checked_add(U256::ONE).ok_or(Revert::Empty) }
}

/// floor(a * b / d) and the remainder; `Revert::Empty` when d is 0 or the quotient exceeds 256 bits.
#[inline]
pub fn mul_div_rem(a: U256, b: U256, d: U256) -> Result<(U256, U256), Revert> {
    let product = a.full_mul(b);
    let (low, high) = product.halves();
    if d <= high {
        return Err(Revert::Empty);
    }
    let done = if high.is_zero() { low.div_rem(d) } else { wide(&product.0, d) };
    // invariant: d is above the product's high half, so it is not 0.
    done.ok_or(Revert::Empty)
}

#[inline]
fn wide(product: &[u64; 8], d: U256) -> Option<(U256, U256)> {
    let ([a, b, c, e, ..], rest) = divide(product, &d.0)?;
    Some((U256([a, b, c, e]), U256(rest)))
}

/// ceil(x / y), and 0 when y is 0 because the EVM's division gives that (UnsafeMath.divRoundingUp).
#[must_use]
#[inline]
pub fn div_rounding_up(x: U256, y: U256) -> U256 {
    x.div_ceil(y).unwrap_or(U256::ZERO)
}
