//! 256-bit integers as decimal text, and decimal text as them.
//!
//! catalogue: S4. Amounts cross files and logs as decimal digits; nothing here is on a hot path.

use std::fmt;
use std::str::FromStr;

use super::i256::I256;
use super::u256::U256;
use crate::error::CoreError;

/// The largest power of ten in a limb, and its exponent.
const CHUNK: u64 = 10_000_000_000_000_000_000;
const CHUNK_DIGITS: usize = 19;

impl fmt::Display for U256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 2^256 has 78 digits: five chunks of nineteen.
        let mut chunks = [0_u64; 5];
        let mut rest = *self;
        for chunk in &mut chunks {
            let (above, low) = rest.div_rem(Self::from(CHUNK)).unwrap_or_default();
            (*chunk, rest) = (low.0[0], above);
        }
        let mut text = String::with_capacity(chunks.len() * CHUNK_DIGITS);
        for chunk in chunks.iter().rev() {
            text.push_str(&format!("{chunk:019}"));
        }
        let digits = text.trim_start_matches('0');
        f.pad_integral(true, "", if digits.is_empty() { "0" } else { digits })
    }
}

impl fmt::Display for I256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad_integral(!self.is_negative(), "", &self.unsigned_abs().to_string())
    }
}

impl fmt::Debug for U256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for I256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The error of a text that is no number of the type.
fn refused(field: &'static str, text: &str, why: &'static str) -> CoreError {
    CoreError::Field { field, was: text.chars().take(100).collect(), why }
}

impl FromStr for U256 {
    type Err = CoreError;

    /// Decimal digits alone. A `Field` error when there is anything else, nothing, or more than 256 bits.
    fn from_str(text: &str) -> Result<Self, CoreError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused("uint256", text, "must be decimal digits"));
        }
        let mut value = Self::ZERO;
        for byte in text.bytes() {
            value = value
                .checked_mul(Self::from(10_u64))
                .and_then(|tens| tens.checked_add(Self::from(u64::from(byte - b'0'))))
                .ok_or_else(|| refused("uint256", text, "must fit 256 bits"))?;
        }
        Ok(value)
    }
}

impl FromStr for I256 {
    type Err = CoreError;

    /// Decimal digits, behind a minus sign below 0. A `Field` error for anything else and outside the 256 bits.
    fn from_str(text: &str) -> Result<Self, CoreError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        Self::from_sign_and_size(negative, digits.parse()?).ok_or_else(|| refused("int256", text, "must fit 256 bits"))
    }
}
