//! Liquidity and a signed change of it.
//!
//! catalogue: S4. The contracts' LiquidityMath (MIT in v4-core).

use super::revert::Revert;

/// `x + y`. `Ls` below 0, `La` from 2^128 on.
#[inline]
pub fn add_delta(x: u128, y: i128) -> Result<u128, Revert> {
    let error = if y < 0 { Revert::Ls } else { Revert::La };
    x.checked_add_signed(y).ok_or(error)
}
