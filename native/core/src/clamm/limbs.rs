//! What arithmetic of many limbs is made of: sums, differences and products of 64 bits with what they carry.
//!
//! catalogue: S4.

/// `a + b + carry`, and the carry out of it.
#[inline(always)]
pub(crate) const fn add_carry(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, over) = a.overflowing_add(b);
    let (sum, more) = sum.overflowing_add(carry as u64);
    (sum, over | more)
}

/// `a - b - borrow`, and the borrow out of it.
#[inline(always)]
pub(crate) const fn sub_borrow(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (rest, under) = a.overflowing_sub(b);
    let (rest, more) = rest.overflowing_sub(borrow as u64);
    (rest, under | more)
}

/// `a * b + c + d`, which always fits, as its low and high limb.
#[inline(always)]
pub(crate) const fn mul_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let wide = a as u128 * b as u128 + c as u128 + d as u128;
    (wide as u64, (wide >> 64) as u64)
}
