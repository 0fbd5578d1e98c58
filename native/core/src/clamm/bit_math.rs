//! The highest and the lowest set bit of a 256-bit number.
//!
//! catalogue: S4. The contracts' BitMath (MIT), by the processor's own count of zeros.

use super::revert::Revert;
use super::u256::U256;

/// The index of the highest set bit; `Revert::Empty` for 0, as the contracts' bare `require`.
#[inline]
pub fn most_significant_bit(x: U256) -> Result<u8, Revert> {
    x.bits().checked_sub(1).map(|bit| bit as u8).ok_or(Revert::Empty)
}

/// The index of the lowest set bit; `Revert::Empty` for 0, as the contracts' bare `require`.
#[inline]
pub fn least_significant_bit(x: U256) -> Result<u8, Revert> {
    let found = x.0.iter().enumerate().find(|(_, limb)| **limb != 0);
    found.map(|(at, limb)| (at as u32 * 64 + limb.trailing_zeros()) as u8).ok_or(Revert::Empty)
}
