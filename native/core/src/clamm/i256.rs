//! Signed integers of 256 bits in two's complement, as the EVM's `int256`.
//!
//! catalogue: S4. A view of the same four limbs: the highest bit is the sign.

use std::cmp::Ordering;

use super::u256::U256;

/// A signed integer of 256 bits; the limbs are its two's complement.
#[repr(transparent)]
#[derive(Copy, Clone, PartialEq, Eq, Hash, Default)]
pub struct I256(pub U256);

impl I256 {
    /// 0.
    pub const ZERO: Self = Self(U256::ZERO);
    /// 2^255 - 1.
    pub const MAX: Self = Self(U256([u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 1]));
    /// -2^255.
    pub const MIN: Self = Self(U256([0, 0, 0, 1 << 63]));

    /// The number.
    #[must_use]
    #[inline]
    pub const fn from_i128(value: i128) -> Self {
        Self(U256::from_halves(value as u128, (value >> 127) as u128))
    }

    /// The number as 128 bits, if it fits.
    #[must_use]
    #[inline]
    pub const fn to_i128(&self) -> Option<i128> {
        let low = self.0.low_u128() as i128;
        if self.0.high_u128() == (low >> 127) as u128 { Some(low) } else { None }
    }

    /// A count as a signed number; `None` from 2^255 on (the contracts' `toInt256`).
    #[must_use]
    #[inline]
    pub const fn from_u256(value: U256) -> Option<Self> {
        if value.0[3] >> 63 == 0 { Some(Self(value)) } else { None }
    }

    /// The number as a count; `None` below 0.
    #[must_use]
    #[inline]
    pub const fn to_u256(&self) -> Option<U256> {
        if self.is_negative() { None } else { Some(self.0) }
    }

    /// Whether it is below 0.
    #[must_use]
    #[inline]
    pub const fn is_negative(&self) -> bool {
        self.0.0[3] >> 63 == 1
    }

    /// Whether it is 0.
    #[must_use]
    #[inline]
    pub const fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// How far it is from 0; 2^255 for `MIN`.
    #[must_use]
    #[inline]
    pub const fn unsigned_abs(&self) -> U256 {
        if self.is_negative() { self.wrapping_neg().0 } else { self.0 }
    }

    /// The number with the other sign modulo 2^256; `MIN` stays itself.
    #[must_use]
    #[inline]
    pub const fn wrapping_neg(&self) -> Self {
        Self(U256::ZERO.wrapping_sub(self.0))
    }

    /// The number with the other sign, unless it is `MIN`.
    #[must_use]
    #[inline]
    pub const fn checked_neg(&self) -> Option<Self> {
        Self::ZERO.checked_sub(*self)
    }

    /// The sum modulo 2^256.
    #[must_use]
    #[inline]
    pub const fn wrapping_add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// The difference modulo 2^256.
    #[must_use]
    #[inline]
    pub const fn wrapping_sub(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    /// The sum, unless it leaves the 256 bits.
    #[must_use]
    #[inline]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        let sum = self.wrapping_add(other);
        let over = self.is_negative() == other.is_negative() && sum.is_negative() != self.is_negative();
        if over { None } else { Some(sum) }
    }

    /// The difference, unless it leaves the 256 bits.
    #[must_use]
    #[inline]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        let rest = self.wrapping_sub(other);
        let over = self.is_negative() != other.is_negative() && rest.is_negative() != self.is_negative();
        if over { None } else { Some(rest) }
    }

    /// The product, unless it leaves the 256 bits.
    #[must_use]
    pub const fn checked_mul(self, other: Self) -> Option<Self> {
        let Some(size) = self.unsigned_abs().checked_mul(other.unsigned_abs()) else { return None };
        Self::from_sign_and_size(self.is_negative() != other.is_negative(), size)
    }

    /// `size` with a sign; `None` when that leaves the 256 bits.
    #[must_use]
    pub const fn from_sign_and_size(negative: bool, size: U256) -> Option<Self> {
        let value = if negative { Self(size).wrapping_neg() } else { Self(size) };
        if value.is_negative() == negative || value.is_zero() { Some(value) } else { None }
    }

    /// The 32 bytes of the EVM's word, the highest first.
    #[must_use]
    pub const fn to_be_bytes(&self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// The number in a word of the EVM.
    #[must_use]
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }
}

impl From<i128> for I256 {
    #[inline]
    fn from(value: i128) -> Self {
        Self::from_i128(value)
    }
}

impl Ord for I256 {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        other.is_negative().cmp(&self.is_negative()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for I256 {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
