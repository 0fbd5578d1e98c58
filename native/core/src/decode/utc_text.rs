//! A time as text, `2026-08-09T21:05:48.483587501Z` (RFC 3339 in UTC), to nanoseconds.
//!
//! catalogue: K1. Days are counted as in Howard Hinnant's `days_from_civil`
//! (<https://howardhinnant.github.io/date_algorithms.html>).

use super::number;
use crate::units::Nanos;

/// Nanoseconds since the epoch; None where the text is no such time. Decimals beyond the ninth are cut.
pub(super) fn nanos(text: &[u8]) -> Option<Nanos> {
    let text = text.strip_suffix(b"Z")?;
    let (front, decimals) = match text.iter().position(|byte| *byte == b'.') {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, b"".as_slice()),
    };
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2] = *front else {
        return None;
    };
    let year = digits(&[y1, y2, y3, y4])?;
    let (month, day) = (digits(&[m1, m2])?, digits(&[d1, d2])?);
    let (hour, minute, second) = (digits(&[h1, h2])?, digits(&[i1, i2])?, digits(&[s1, s2])?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    let mut fraction = 0;
    for at in 0..9 {
        fraction = fraction * 10 + decimals.get(at).map_or(Some(0), |byte| digits(&[*byte]))?;
    }
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// Digits only, as a number.
fn digits(text: &[u8]) -> Option<i64> {
    let (value, end) = number::whole(text, 0)?;
    if end == text.len() { i64::try_from(value).ok() } else { None }
}

/// Days since the epoch of a date in the Gregorian calendar.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_what_is_none() {
        for (text, want) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-08-09T21:05:48.483587501Z", Some(1_786_309_548_483_587_501)),
            ("2024-02-29T23:59:59.5Z", Some(1_709_251_199_500_000_000)),
            ("2000-03-01T00:00:00.1234567899Z", Some(951_868_800_123_456_789)),
            ("2026-08-09T21:05:48", None),
            ("2026-13-09T21:05:48Z", None),
            ("2026-08-09 21:05:48Z", None),
            ("2026-08-09T21:05:48.4x3Z", None),
            ("9999-12-31T23:59:59Z", None),
            ("", None),
        ] {
            assert_eq!(nanos(text.as_bytes()), want, "{text}");
        }
    }
}
