//! Unsigned integers of 256 bits, the EVM's word, and the 512 bits that a product of two of them needs.
//!
//! catalogue: S4. Four limbs of 64 bits, the lowest first. Every operation is plain integer arithmetic without
//! allocation; what can overflow says so (`checked_`, `overflowing_`) or wraps as the EVM does (`wrapping_`).

use std::cmp::Ordering;
use std::ops::{BitAnd, BitOr, BitXor, Not, Shl, Shr};

use super::division::divide;
use super::limbs::{add_carry, mul_add, sub_borrow};

/// An unsigned integer of 256 bits; the lowest limb stands first.
#[repr(transparent)]
#[derive(Copy, Clone, PartialEq, Eq, Hash, Default)]
pub struct U256(pub [u64; 4]);

/// An unsigned integer of 512 bits, what `U256::full_mul` gives; the lowest limb stands first.
#[repr(transparent)]
#[derive(Copy, Clone, PartialEq, Eq, Hash, Default)]
pub struct U512(pub [u64; 8]);

impl U256 {
    /// 0.
    pub const ZERO: Self = Self([0; 4]);
    /// 1.
    pub const ONE: Self = Self([1, 0, 0, 0]);
    /// 2^256 - 1.
    pub const MAX: Self = Self([u64::MAX; 4]);

    /// The number with these low and high halves.
    #[must_use]
    #[inline]
    pub const fn from_halves(low: u128, high: u128) -> Self {
        Self([low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64])
    }

    /// The lowest 128 bits.
    #[must_use]
    #[inline]
    pub const fn low_u128(&self) -> u128 {
        self.0[0] as u128 | (self.0[1] as u128) << 64
    }

    /// The highest 128 bits.
    #[must_use]
    #[inline]
    pub const fn high_u128(&self) -> u128 {
        self.0[2] as u128 | (self.0[3] as u128) << 64
    }

    /// The number as 128 bits, if it fits.
    #[must_use]
    #[inline]
    pub const fn to_u128(&self) -> Option<u128> {
        if self.0[2] | self.0[3] == 0 { Some(self.low_u128()) } else { None }
    }

    /// Whether it is 0.
    #[must_use]
    #[inline]
    pub const fn is_zero(&self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }

    /// How many bits the number takes: 0 for 0, 256 at most.
    #[must_use]
    #[inline]
    pub const fn bits(&self) -> u32 {
        let mut at = 4;
        while at > 0 {
            at -= 1;
            if self.0[at] != 0 {
                return at as u32 * 64 + 64 - self.0[at].leading_zeros();
            }
        }
        0
    }

    /// Whether the bit at `index` (below 256) is set.
    #[must_use]
    #[inline]
    pub const fn bit(&self, index: u32) -> bool {
        index < 256 && self.0[(index / 64) as usize] >> (index % 64) & 1 == 1
    }

    /// The sum modulo 2^256, and whether it overflowed.
    #[must_use]
    #[inline]
    pub const fn overflowing_add(self, other: Self) -> (Self, bool) {
        let (a, carry) = add_carry(self.0[0], other.0[0], false);
        let (b, carry) = add_carry(self.0[1], other.0[1], carry);
        let (c, carry) = add_carry(self.0[2], other.0[2], carry);
        let (d, carry) = add_carry(self.0[3], other.0[3], carry);
        (Self([a, b, c, d]), carry)
    }

    /// The difference modulo 2^256, and whether it went below 0.
    #[must_use]
    #[inline]
    pub const fn overflowing_sub(self, other: Self) -> (Self, bool) {
        let (a, borrow) = sub_borrow(self.0[0], other.0[0], false);
        let (b, borrow) = sub_borrow(self.0[1], other.0[1], borrow);
        let (c, borrow) = sub_borrow(self.0[2], other.0[2], borrow);
        let (d, borrow) = sub_borrow(self.0[3], other.0[3], borrow);
        (Self([a, b, c, d]), borrow)
    }

    /// The product modulo 2^256, and whether it overflowed.
    #[must_use]
    #[inline]
    pub const fn overflowing_mul(self, other: Self) -> (Self, bool) {
        let (low, high) = self.full_mul(other).halves();
        (low, !high.is_zero())
    }

    /// The sum modulo 2^256.
    #[must_use]
    #[inline]
    pub const fn wrapping_add(self, other: Self) -> Self {
        self.overflowing_add(other).0
    }

    /// The difference modulo 2^256.
    #[must_use]
    #[inline]
    pub const fn wrapping_sub(self, other: Self) -> Self {
        self.overflowing_sub(other).0
    }

    /// The product modulo 2^256.
    #[must_use]
    #[inline]
    pub const fn wrapping_mul(self, other: Self) -> Self {
        self.full_mul(other).halves().0
    }

    /// The sum, unless it overflows.
    #[must_use]
    #[inline]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        let (sum, over) = self.overflowing_add(other);
        if over { None } else { Some(sum) }
    }

    /// The difference, unless it goes below 0.
    #[must_use]
    #[inline]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        let (rest, under) = self.overflowing_sub(other);
        if under { None } else { Some(rest) }
    }

    /// The product, unless it overflows.
    #[must_use]
    #[inline]
    pub const fn checked_mul(self, other: Self) -> Option<Self> {
        let (product, over) = self.overflowing_mul(other);
        if over { None } else { Some(product) }
    }

    /// The whole product, which 512 bits always hold.
    #[must_use]
    #[inline]
    pub const fn full_mul(self, other: Self) -> U512 {
        let mut out = [0; 8];
        let mut at = 0;
        while at < 4 {
            let digit = self.0[at];
            let (a, carry) = mul_add(digit, other.0[0], out[at], 0);
            let (b, carry) = mul_add(digit, other.0[1], out[at + 1], carry);
            let (c, carry) = mul_add(digit, other.0[2], out[at + 2], carry);
            let (d, carry) = mul_add(digit, other.0[3], out[at + 3], carry);
            out[at] = a;
            out[at + 1] = b;
            out[at + 2] = c;
            out[at + 3] = d;
            out[at + 4] = carry;
            at += 1;
        }
        U512(out)
    }

    /// Quotient (rounded down) and remainder; `None` when `divisor` is 0.
    #[must_use]
    #[inline]
    pub fn div_rem(self, divisor: Self) -> Option<(Self, Self)> {
        let (quotient, rest) = divide(&self.0, &divisor.0)?;
        Some((Self(quotient), Self(rest)))
    }

    /// The quotient rounded up; `None` when `divisor` is 0. It cannot overflow: only a divisor of 1 gives `MAX`.
    #[must_use]
    #[inline]
    pub fn div_ceil(self, divisor: Self) -> Option<Self> {
        let (quotient, rest) = self.div_rem(divisor)?;
        Some(if rest.is_zero() { quotient } else { quotient.wrapping_add(Self::ONE) })
    }

    /// The distance between two numbers.
    #[must_use]
    #[inline]
    pub const fn abs_diff(self, other: Self) -> Self {
        let (rest, under) = self.overflowing_sub(other);
        if under { Self::ZERO.wrapping_sub(rest) } else { rest }
    }

    /// The 32 bytes of the EVM's word, the highest first.
    #[must_use]
    pub const fn to_be_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let mut at = 0;
        while at < 32 {
            bytes[31 - at] = (self.0[at / 8] >> (at % 8 * 8)) as u8;
            at += 1;
        }
        bytes
    }

    /// The number in a word of the EVM, its highest byte first.
    #[must_use]
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        let [a, b, c, d] = *bytes.as_chunks::<8>().0 else { return Self::ZERO };
        Self([u64::from_be_bytes(d), u64::from_be_bytes(c), u64::from_be_bytes(b), u64::from_be_bytes(a)])
    }
}

impl U512 {
    /// The low and the high 256 bits.
    #[must_use]
    #[inline]
    pub const fn halves(&self) -> (U256, U256) {
        let [a, b, c, d, e, f, g, h] = self.0;
        (U256([a, b, c, d]), U256([e, f, g, h]))
    }

    /// Quotient (rounded down) and remainder; `None` when `divisor` is 0.
    #[must_use]
    #[inline]
    pub fn div_rem(&self, divisor: U256) -> Option<(Self, U256)> {
        let (quotient, rest) = divide(&self.0, &divisor.0)?;
        Some((Self(quotient), U256(rest)))
    }
}

impl From<u64> for U256 {
    #[inline]
    fn from(value: u64) -> Self {
        Self([value, 0, 0, 0])
    }
}

impl From<u128> for U256 {
    #[inline]
    fn from(value: u128) -> Self {
        Self::from_halves(value, 0)
    }
}

impl Ord for U256 {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.high_u128().cmp(&other.high_u128()).then_with(|| self.low_u128().cmp(&other.low_u128()))
    }
}

impl PartialOrd for U256 {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    // A comparison is the borrow of a subtraction: no branch, where the derived order takes one for each half.
    #[inline]
    fn lt(&self, other: &Self) -> bool {
        self.overflowing_sub(*other).1
    }

    #[inline]
    fn gt(&self, other: &Self) -> bool {
        other.overflowing_sub(*self).1
    }

    #[inline]
    fn le(&self, other: &Self) -> bool {
        !other.overflowing_sub(*self).1
    }

    #[inline]
    fn ge(&self, other: &Self) -> bool {
        !self.overflowing_sub(*other).1
    }
}

impl Shl<u32> for U256 {
    type Output = Self;

    /// The number times 2^`by` modulo 2^256; 0 from 256 on.
    #[inline]
    fn shl(self, by: u32) -> Self {
        let (limbs, bits) = ((by / 64) as usize, by % 64);
        let mut out = [0; 4];
        for (at, digit) in out.iter_mut().enumerate().skip(limbs) {
            let below = if bits > 0 && at > limbs { self.0[at - limbs - 1] >> (64 - bits) } else { 0 };
            *digit = self.0[at - limbs] << bits | below;
        }
        Self(out)
    }
}

impl Shr<u32> for U256 {
    type Output = Self;

    /// The number divided by 2^`by`, rounded down; 0 from 256 on.
    #[inline]
    fn shr(self, by: u32) -> Self {
        let (limbs, bits) = ((by / 64) as usize, by % 64);
        let mut out = [0; 4];
        for (at, digit) in out.iter_mut().enumerate().take(4usize.saturating_sub(limbs)) {
            let above = if bits > 0 && at + limbs < 3 { self.0[at + limbs + 1] << (64 - bits) } else { 0 };
            *digit = self.0[at + limbs] >> bits | above;
        }
        Self(out)
    }
}

/// A bitwise operation limb by limb.
macro_rules! bitwise {
    ($trait:ident, $method:ident, $op:tt) => {
        impl $trait for U256 {
            type Output = Self;

            #[inline]
            fn $method(self, other: Self) -> Self {
                let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
                Self([a $op e, b $op f, c $op g, d $op h])
            }
        }
    };
}

bitwise!(BitAnd, bitand, &);
bitwise!(BitOr, bitor, |);
bitwise!(BitXor, bitxor, ^);

impl Not for U256 {
    type Output = Self;

    #[inline]
    fn not(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([!a, !b, !c, !d])
    }
}
