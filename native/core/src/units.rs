//! What numbers mean: prices in ticks, sizes in lots, money in an asset's smallest unit, decimals as sent.
//!
//! catalogue: K1. No float appears here. A decimal text becomes an integer at one place, `Decimal::parse`.

use crate::canon_enum;
use crate::error::{CoreError, Result};

/// A price as a count of the instrument's tick size.
pub type Ticks = i64;
/// A size as a count of the instrument's lot size.
pub type Lots = i64;
/// Nanoseconds since the Unix epoch (UTC), or of a monotonic clock where the name says `mono`.
pub type Nanos = i64;
/// Money: a signed count of an asset's smallest unit.
pub type Amount = i128;

/// A price that is not there (a market order, an empty side).
pub const NO_PRICE: Ticks = i64::MAX;
/// A size that is not there.
pub const NO_QTY: Lots = i64::MAX;
/// A time that the venue did not send.
pub const NO_TIME: Nanos = i64::MIN;

/// Which side of the book an order or a level is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Side {
    /// Bids: wants to own more.
    Buy = 0,
    /// Asks: wants to own less.
    Sell = 1,
}
canon_enum!(Side { Buy, Sell });

impl Side {
    /// The other side.
    #[must_use]
    pub const fn flip(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// +1 for a buy, -1 for a sell: the direction in which a fill moves the position.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// The side behind a raw byte, or an error that names the value.
    pub fn from_raw(raw: u8) -> Result<Self> {
        match raw {
            0 => Ok(Self::Buy),
            1 => Ok(Self::Sell),
            _ => Err(CoreError::Field { field: "side", was: raw.to_string(), why: "must be 0 (buy) or 1 (sell)" }),
        }
    }
}

/// A decimal number as an integer mantissa and a count of decimals: `mantissa * 10^-scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// The digits without the point, signed.
    pub mantissa: i128,
    /// How many of the digits stand behind the point, at most 38.
    pub scale: u8,
}

/// 10 to the power of the index, for every power that an i128 holds.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < 39 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// 10 to the power `exp` for every power that an i128 holds (up to 38).
#[must_use]
#[inline]
pub const fn pow10(exp: u8) -> i128 {
    POWERS[exp as usize]
}

impl Decimal {
    /// Reads plain or exponent notation (`"61837.64"`, `"1e-05"`); NaN, infinities and stray bytes are refused.
    pub fn parse(text: &[u8], field: &'static str) -> Result<Self> {
        let bad = |why| CoreError::Field { field, was: String::from_utf8_lossy(text).into_owned(), why };
        let (body, exp) = match text.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(at) => {
                let exp = std::str::from_utf8(&text[at + 1..]).ok().and_then(|t| t.parse::<i32>().ok());
                (&text[..at], exp.ok_or_else(|| bad("has an unreadable exponent"))?)
            }
            None => (text, 0),
        };
        let (negative, digits) = match body.first() {
            Some(b'-') => (true, &body[1..]),
            Some(b'+') => (false, &body[1..]),
            _ => (false, body),
        };
        let mut mantissa: i128 = 0;
        let mut scale: i32 = 0;
        let mut seen = (0usize, false);
        for &byte in digits {
            match byte {
                b'0'..=b'9' => {
                    mantissa = mantissa
                        .checked_mul(10)
                        .and_then(|m| m.checked_add(i128::from(byte - b'0')))
                        .ok_or_else(|| bad("has too many digits"))?;
                    seen.0 += 1;
                    scale += i32::from(seen.1);
                }
                b'.' if !seen.1 => seen.1 = true,
                _ => return Err(bad("must be a decimal number")),
            }
        }
        if seen.0 == 0 {
            return Err(bad("must be a decimal number"));
        }
        if mantissa == 0 {
            return Ok(Self { mantissa, scale: 0 });
        }
        scale = scale.checked_sub(exp).ok_or_else(|| bad("has an exponent out of range"))?;
        while scale < 0 {
            mantissa = mantissa.checked_mul(10).ok_or_else(|| bad("is too large"))?;
            scale += 1;
        }
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        let scale = u8::try_from(scale).ok().filter(|s| *s <= 38).ok_or_else(|| bad("has too many decimals"))?;
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    /// The number as a count of `10^-scale`, refused where it is not a whole count.
    pub fn to_scale(self, scale: u8, field: &'static str) -> Result<i128> {
        let bad = |why| CoreError::Field { field, was: self.to_string(), why };
        if scale >= self.scale {
            self.mantissa.checked_mul(pow10(scale - self.scale)).ok_or_else(|| bad("is too large"))
        } else {
            let unit = pow10(self.scale - scale);
            if self.mantissa % unit == 0 { Ok(self.mantissa / unit) } else { Err(bad("has too many decimals")) }
        }
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let unit = pow10(self.scale).unsigned_abs();
        write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit, width = self.scale as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_decimals_exactly() {
        for (text, mantissa, scale) in [
            ("61837.64000000", 6_183_764, 2),
            ("0.00000000", 0, 0),
            ("1e-05", 1, 5),
            ("-3.50", -35, 1),
            ("2E3", 2000, 0),
        ] {
            assert_eq!(Decimal::parse(text.as_bytes(), "price").unwrap(), Decimal { mantissa, scale }, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_number() {
        for text in ["", "NaN", "inf", "1.2.3", "-", ".", "0x10", "1e", "99999999999999999999999999999999999999999"] {
            assert!(Decimal::parse(text.as_bytes(), "price").is_err(), "{text}");
        }
    }

    #[test]
    fn rescales_or_says_why_not() {
        let price = Decimal::parse(b"10.25", "price").unwrap();
        assert_eq!(price.to_scale(4, "price"), Ok(102_500));
        assert_eq!(price.to_scale(1, "price").unwrap_err().to_string(), "price has too many decimals, was 10.25");
    }
}
