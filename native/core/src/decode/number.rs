//! Decimal digits to integers, eight bytes at a time, without allocation and without a float.
//!
//! catalogue: M1. The venue sends numbers as text with a known count of decimals, so a price becomes ticks by
//! reading its digits: eight characters are one load, three multiplications turn them into a number. What does
//! not fit the usual form (exponents, more than eight digits a part, signs) is left to `units::Decimal`.

const ZEROS: u64 = 0x3030_3030_3030_3030;

/// 10^0 to 10^8, for the parts that the eight-byte form can hold.
const POW10: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// How a text becomes a count: `unit * 10^-decimals` is one tick or lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    /// Decimals of the unit.
    pub decimals: u8,
    /// Mantissa of the unit, above zero.
    pub unit: i64,
}

/// Eight bytes at `at`; behind the end of the message stand zero bytes, which are no digits.
#[inline(always)]
fn load(buf: &[u8], at: usize) -> Option<u64> {
    let rest = buf.get(at..)?;
    match rest.first_chunk::<8>() {
        Some(bytes) => Some(u64::from_le_bytes(*bytes)),
        None => Some(load_tail(rest)),
    }
}

/// The last, shorter load of a message.
#[cold]
fn load_tail(rest: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
    u64::from_le_bytes(bytes)
}

/// The values of eight characters at `at`, one a byte: 0 to 9 where the character is a digit.
#[inline(always)]
pub(super) fn load_digits(buf: &[u8], at: usize) -> Option<u64> {
    Some(load(buf, at)? ^ ZEROS)
}

/// The values of the first `count` (0 to 8) bytes, raised to the top: what the decimals of a number look like to `fold`.
#[inline(always)]
pub(super) fn raised(values: u64, count: usize) -> u64 {
    // Two halves, because a shift by all 64 bits is not a shift.
    let half = 32 - 4 * count as u32;
    values << half << half
}

/// The number of `front` (its digits in the top bytes) and `back` (`back_digits` values in the top bytes), where every
/// byte of both is the value of a digit.
#[inline(always)]
pub(super) fn joined(front: u64, front_digits: usize, back: u64, back_digits: usize) -> Option<i64> {
    let all_digits = |values: u64| (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080 == 0;
    if front_digits + back_digits <= 8 {
        // At least one digit stands in front, so the shift is by 56 bits at most.
        let values = front >> (8 * back_digits as u32) | back;
        return all_digits(values).then(|| fold_aligned(values) as i64);
    }
    let scale = *POW10.get(back_digits)?;
    (all_digits(front) && all_digits(back)).then(|| (fold_aligned(front) * scale + fold_aligned(back)) as i64)
}

/// The digits' values, one a byte, and how many bits of the eight characters are digits before the first that is not.
#[inline(always)]
fn digit_bits(chunk: u64) -> (u64, u32) {
    let values = chunk ^ ZEROS;
    // 0x76 + 9 = 0x7f: the high bit appears from 10 on. A carry disturbs only bytes behind the first non-digit.
    let beyond = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    (values, beyond.trailing_zeros() & !7)
}

/// How many of eight characters are digits or points before the first that is neither.
#[inline(always)]
pub(super) fn digits_and_points(chunk: u64) -> usize {
    // A point becomes a digit: only its byte is zero here, and a zero byte has its high bit set below.
    let points = chunk ^ 0x2e2e_2e2e_2e2e_2e2e;
    let others =
        ((points & 0x7f7f_7f7f_7f7f_7f7f).wrapping_add(0x7f7f_7f7f_7f7f_7f7f) | points) & 0x8080_8080_8080_8080;
    let values = chunk ^ ZEROS;
    let strange = ((values & 0x7f7f_7f7f_7f7f_7f7f).wrapping_add(0x7676_7676_7676_7676) | values) & others;
    (strange.trailing_zeros() / 8) as usize
}

/// The place behind the digits and points from `at` on.
#[inline(always)]
pub(super) fn end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    while let Some(chunk) = bytes.get(end..).and_then(|rest| rest.first_chunk::<WIDTH>()) {
        let digits = leading(ours(chunk));
        end += digits;
        if digits < WIDTH {
            return Some(end);
        }
    }
    end_near(bytes, end)
}

/// The same where less than `WIDTH` bytes follow.
#[inline(never)]
fn end_near(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    match bytes.last_chunk::<WIDTH>() {
        // The last bytes, without those before `at`.
        Some(chunk) if rest.len() <= WIDTH => Some(at + leading(ours(chunk) >> (WIDTH - rest.len()))),
        _ => Some(at + rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.')).count()),
    }
}

/// Bytes that `end` looks at together.
const WIDTH: usize = 16;

/// How many of the lowest bits are set, at most `WIDTH`.
#[inline(always)]
const fn leading(bits: u32) -> usize {
    (!bits | 1 << WIDTH).trailing_zeros() as usize
}

/// Which bytes are digits or points.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn ours(chunk: &[u8; WIDTH]) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
        _mm_sub_epi8,
    };
    // SAFETY: SSE2 is part of x86-64, and the load reads the sixteen bytes of the chunk.
    unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast::<__m128i>());
        let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
        let digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
        let points = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'.' as i8));
        _mm_movemask_epi8(_mm_or_si128(digits, points)).cast_unsigned()
    }
}

/// The same a byte at a time.
#[cfg(not(target_arch = "x86_64"))]
fn ours(chunk: &[u8; WIDTH]) -> u32 {
    let is_ours = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.');
    chunk.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(is_ours(byte)))
}

/// The same with the length as a count of digits.
#[inline(always)]
fn digits(chunk: u64) -> (u64, u32) {
    let (values, bits) = digit_bits(chunk);
    (values, bits / 8)
}

/// The number that the first `count` (1 to 8) digits make.
#[inline(always)]
fn fold(values: u64, count: u32) -> u64 {
    // Shifting up drops what follows the digits and puts leading zeros before them.
    fold_aligned(values << (64 - 8 * count))
}

/// The number that eight digits make, the first in the lowest byte.
#[inline(always)]
fn fold_aligned(aligned: u64) -> u64 {
    let pairs = aligned.wrapping_mul(10).wrapping_add(aligned >> 8);
    let high = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let low = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    high.wrapping_add(low) >> 32
}

/// An unsigned whole number at `at`: its value and the place behind it. None where there is none or it is too large.
#[inline(always)]
pub(super) fn whole(buf: &[u8], at: usize) -> Option<(u64, usize)> {
    let (values, count) = digits(load(buf, at)?);
    if (1..8).contains(&count) {
        return Some((fold(values, count), at + count as usize));
    }
    if count == 8 {
        let (next, more) = digits(load(buf, at + 8)?);
        if more == 0 {
            return Some((fold(values, 8), at + 8));
        }
        if more < 8 {
            return Some((fold(values, 8) * POW10[more as usize] + fold(next, more), at + 8 + more as usize));
        }
    }
    whole_slow(buf, at)
}

/// The same a byte at a time: the end of a message, and numbers of more than fifteen digits.
#[cold]
fn whole_slow(buf: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value: u64 = 0;
    let mut end = at;
    while let Some(digit) = buf.get(end).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        end += 1;
    }
    (end > at).then_some((value, end))
}

/// A decimal text of at most sixteen characters as a count of units, whatever number of decimals it shows.
///
/// None where the text is longer, not in the usual form, or not a whole count: the caller's general path says what is
/// wrong.
#[inline]
pub(super) fn counted(text: &[u8], scale: Scale) -> Option<i64> {
    let digits = Digits::of(text)?;
    let (mantissa, shown, decimals) = (digits.mantissa(), digits.shown as usize, usize::from(scale.decimals));
    let mantissa = if shown <= decimals {
        mantissa.checked_mul(*POW10.get(decimals - shown)?)?
    } else {
        let beyond = POW10.get(shown - decimals)?;
        if !mantissa.is_multiple_of(*beyond) {
            return None;
        }
        mantissa / beyond
    };
    let mantissa = i64::try_from(mantissa).ok()?;
    if scale.unit == 1 {
        return Some(mantissa);
    }
    (mantissa % scale.unit == 0).then_some(mantissa / scale.unit)
}

/// A decimal text of at most eighteen digits as its mantissa and its decimals, without the zeros at their end; zero has
/// none. None where the text is longer or not in the usual form.
#[inline]
pub(super) fn mantissa_and_decimals(text: &[u8]) -> Option<(i64, u8)> {
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    let (mantissa, decimals) = if text.len() <= 16 {
        let digits = Digits::of(text)?.without_zeros();
        (digits.mantissa(), digits.shown)
    } else {
        let point = text.iter().position(|byte| *byte == b'.')?;
        let (front, behind) = (Digits::of(text.get(..point)?)?, text.get(point + 1..)?);
        let back = Digits::of(behind)?;
        if front.shown != 0 || back.shown != 0 {
            return None;
        }
        let back = Digits { shown: behind.len() as u32, ..back }.without_zeros();
        let power = 10u64.checked_pow(back.shown)?;
        (front.mantissa().checked_mul(power)?.checked_add(back.mantissa())?, back.shown)
    };
    let mantissa = i64::try_from(mantissa).ok()?;
    Some(if mantissa == 0 { (0, 0) } else { (if negative { -mantissa } else { mantissa }, decimals as u8) })
}

/// The digits of a text of 1 to 16 characters without its point, right-aligned: the last of each eight in the top byte.
#[derive(Clone, Copy)]
struct Digits {
    front: u64,
    back: u64,
    /// How many stand behind the point.
    shown: u32,
}

impl Digits {
    /// The point is the one character that is no digit, and is taken out; None where there is another one, or no digit on
    /// either side of it.
    #[inline(always)]
    fn of(text: &[u8]) -> Option<Self> {
        let missing = 16u32.checked_sub(text.len() as u32)?;
        if text.len() <= 8 {
            let values = right_aligned(text)? ^ ZEROS;
            let others = strange(values);
            if others == 0 {
                return Some(Self { front: 0, back: values, shown: 0 });
            }
            let point = only_point(values, others)?;
            let whole_before = point > 8 * (missing - 8);
            return (whole_before && point < 56).then_some(Self {
                front: 0,
                back: without(values, point),
                shown: (56 - point) / 8,
            });
        }
        let first = u64::from_le_bytes(*text.first_chunk()?) ^ ZEROS;
        let (front, back) = (first << (8 * missing), u64::from_le_bytes(*text.last_chunk()?) ^ ZEROS);
        match (strange(front), strange(back)) {
            (0, 0) => Some(Self { front, back, shown: 0 }),
            (0, others) => {
                let point = only_point(back, others)?;
                // What the point leaves free goes to the last digit of the front.
                let back = without(back, point) | front >> 56;
                (point < 56).then_some(Self { front: front << 8, back, shown: (56 - point) / 8 })
            }
            (others, 0) => {
                let point = only_point(front, others)?;
                let whole_before = point > 8 * missing;
                whole_before.then_some(Self { front: without(front, point), back, shown: 8 + (56 - point) / 8 })
            }
            _ => None,
        }
    }

    /// The same number without the zeros at the end of its decimals.
    #[inline(always)]
    fn without_zeros(self) -> Self {
        let both = u128::from(self.back) << 64 | u128::from(self.front);
        let zeros = (both.leading_zeros() / 8).min(self.shown);
        if zeros == 0 {
            return self;
        }
        // A shift by all 128 bits is not a shift: sixteen zeros are the number zero.
        let both = both.checked_shl(8 * zeros).unwrap_or(0);
        Self { front: both as u64, back: (both >> 64) as u64, shown: self.shown - zeros }
    }

    #[inline(always)]
    fn mantissa(self) -> u64 {
        fold_aligned(self.front) * POW10[8] + fold_aligned(self.back)
    }
}

/// The unsigned whole number that all of a text is; None where it is anything else, or too large.
#[inline]
pub(super) fn all_of(text: &[u8]) -> Option<u64> {
    if text.len() <= 8 {
        let values = right_aligned(text)? ^ ZEROS;
        return (strange(values) == 0).then(|| fold_aligned(values));
    }
    if let Some(missing) = 16usize.checked_sub(text.len()) {
        let front = (u64::from_le_bytes(*text.first_chunk()?) ^ ZEROS) << (8 * missing);
        let back = u64::from_le_bytes(*text.last_chunk()?) ^ ZEROS;
        return (strange(front) | strange(back) == 0).then(|| fold_aligned(front) * POW10[8] + fold_aligned(back));
    }
    whole_slow(text, 0).filter(|(_, end)| *end == text.len()).map(|(value, _)| value)
}

/// The high bit of each byte that is not the value of a digit.
#[inline(always)]
fn strange(values: u64) -> u64 {
    (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080
}

/// How many bits stand before the point, where that is the only one of the `others`.
#[inline(always)]
fn only_point(values: u64, others: u64) -> Option<u32> {
    let point = others.trailing_zeros() & !7;
    (others & (others - 1) == 0 && (values >> point) as u8 == b'.' ^ b'0').then_some(point)
}

/// The digits without the byte at `point`, moved up from below it.
#[inline(always)]
fn without(values: u64, point: u32) -> u64 {
    (values >> point >> 8 << point << 8) | (values & ((1 << point) - 1)) << 8
}

/// The number that eight digits make; None where one of them is none.
#[inline(always)]
pub(super) fn eight_digits(text: &[u8; 8]) -> Option<u64> {
    let values = u64::from_le_bytes(*text) ^ ZEROS;
    (strange(values) == 0).then(|| fold_aligned(values))
}

/// The characters of a text of 1 to 8, the last one in the top byte and zeros before the first.
#[inline(always)]
fn right_aligned(text: &[u8]) -> Option<u64> {
    let missing = 8 - text.len();
    let low = |len: usize| (1_u64 << (8 * len)) - 1;
    let characters = match text.len() {
        8 => return Some(u64::from_le_bytes(*text.first_chunk()?)),
        4..8 => {
            let first = u32::from_le_bytes(*text.first_chunk()?);
            let last = u32::from_le_bytes(*text.last_chunk()?);
            u64::from(last) << 32 | (u64::from(first) << (8 * missing)) & low(4)
        }
        1..4 => text.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)) << (8 * missing),
        _ => return None,
    };
    Some(characters | ZEROS & low(missing))
}

/// A decimal text at `at` that ends with a quote: its count of units and the place of the quote.
///
/// None where the text is not in the usual form, or not a whole count: the caller's general path says what is wrong.
#[inline(always)]
pub(super) fn fixed(buf: &[u8], at: usize, scale: Scale) -> Option<(i64, usize)> {
    let (mantissa, end) = match mantissa(buf, at, scale.decimals) {
        Some(found) => found,
        None => mantissa_slow(buf, at, scale.decimals)?,
    };
    if scale.unit == 1 {
        return Some((mantissa, end));
    }
    (mantissa % scale.unit == 0).then_some((mantissa / scale.unit, end))
}

/// The digits of a decimal text as a count of `10^-decimals`: at most seven digits before the point, eight behind it,
/// and behind the `decimals` nothing but zeros. All lengths are in bits, eight a character.
#[inline(always)]
fn mantissa(buf: &[u8], at: usize, decimals: u8) -> Option<(i64, usize)> {
    let chunk = load(buf, at)?;
    let (front, front_bits) = digit_bits(chunk);
    if !(8..=56).contains(&front_bits) || decimals > 8 {
        return None;
    }
    let front = front << (64 - front_bits);
    let end = at + front_bits as usize / 8;
    let behind_front = (chunk >> front_bits) as u8;
    if behind_front != b'.' {
        let mantissa = fold_aligned(front) * POW10[decimals as usize];
        return (behind_front == b'"').then_some((mantissa as i64, end));
    }
    let (back, back_bits) = digit_bits(load(buf, end + 1)?);
    let wanted = u32::from(decimals) * 8;
    let beyond = back_bits.checked_sub(wanted)?;
    // Halved shifts, because a shift by all 64 bits is not a shift.
    let kept = back << (32 - wanted / 2) << (32 - wanted / 2);
    let rest = back >> (wanted / 2) >> (wanted / 2) << (32 - beyond / 2) << (32 - beyond / 2);
    if rest != 0 || back_bits == 0 {
        return None;
    }
    let mantissa = if front_bits + wanted <= 64 {
        fold_aligned(front >> wanted | kept)
    } else {
        fold_aligned(front) * POW10[decimals as usize] + fold_aligned(kept)
    };
    let end = end + 1 + back_bits as usize / 8;
    (*buf.get(end)? == b'"').then_some((mantissa as i64, end))
}

/// The same a byte at a time, for longer numbers and fewer decimals than the unit has.
#[cold]
fn mantissa_slow(buf: &[u8], at: usize, decimals: u8) -> Option<(i64, usize)> {
    let (mut mantissa, mut end) = whole_slow(buf, at)?;
    let mut missing = decimals;
    if *buf.get(end)? == b'.' {
        end += 1;
        let first = end;
        while let Some(digit) = buf.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            if missing > 0 {
                mantissa = mantissa.checked_mul(10)?.checked_add(u64::from(digit))?;
                missing -= 1;
            } else if digit != 0 {
                return None;
            }
            end += 1;
        }
        if end == first {
            return None;
        }
    }
    let mantissa = mantissa.checked_mul(10u64.checked_pow(u32::from(missing))?)?;
    let mantissa = i64::try_from(mantissa).ok()?;
    (*buf.get(end)? == b'"').then_some((mantissa, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Decimal;
    use proptest::prelude::*;

    #[test]
    fn whole_numbers_of_every_length() {
        for text in ["0", "7", "1723161257440", "12345678", "123456789", "1234567890123456", "18446744073709551615"] {
            for tail in ["", ",", ",\"u\":12", "}                "] {
                let input = format!("{text}{tail}");
                assert_eq!(whole(input.as_bytes(), 0), Some((text.parse().unwrap(), text.len())), "{input}");
            }
        }
        assert_eq!(whole(b"18446744073709551616,       ", 0), None);
        assert_eq!(whole(b"x1234567", 0), None);
        assert_eq!(whole(b"", 0), None);
    }

    #[test]
    fn fixed_numbers_at_their_scale() {
        let scale = |decimals, unit| Scale { decimals, unit };
        for (text, scale, want) in [
            ("61837.64000000", scale(2, 1), Some(6_183_764)),
            ("61837.64000001", scale(2, 1), None),
            ("61837.6", scale(2, 1), Some(6_183_760)),
            ("137", scale(0, 1), Some(137)),
            ("137.00", scale(0, 1), Some(137)),
            ("0.00006547", scale(8, 1), Some(6547)),
            ("2683.75", scale(2, 25), Some(10_735)),
            ("2683.76", scale(2, 25), None),
            ("-1.0", scale(2, 1), None),
            ("NaN", scale(2, 1), None),
            ("1.", scale(2, 1), None),
            (".5", scale(2, 1), None),
            ("1e5", scale(2, 1), None),
        ] {
            let input = format!("{text}\",\"1.00000000\"]");
            assert_eq!(fixed(input.as_bytes(), 0, scale).map(|f| f.0), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_fast_form_agrees_with_the_exact_decimal(front in 0u64..9_999_999, back in 0u32..100_000_000, show in 0usize..=8,
                                                       decimals in 0u8..=8, unit in prop_oneof![Just(1i64), Just(5), Just(25)]) {
            let back = format!("{back:08}");
            let text = if show == 0 { format!("{front}") } else { format!("{front}.{}", &back[..show]) };
            let exact = Decimal::parse(text.as_bytes(), "price").unwrap().to_scale(decimals, "price").ok()
                .filter(|raw| raw % i128::from(unit) == 0).map(|raw| (raw / i128::from(unit)) as i64);
            let input = format!("{text}\",\"0\"]      ");
            prop_assert_eq!(fixed(input.as_bytes(), 0, Scale { decimals, unit }), exact.map(|v| (v, text.len())));
        }

        #[test]
        fn a_text_counts_as_the_exact_decimal(front in 0u64..10_000_000_000, back in 0u32..100_000_000, show in 0usize..=8,
                                              decimals in 0u8..=12, unit in prop_oneof![Just(1i64), Just(5), Just(25)]) {
            let back = format!("{back:08}");
            let text = if show == 0 { format!("{front}") } else { format!("{front}.{}", &back[..show]) };
            let exact = Decimal::parse(text.as_bytes(), "price").unwrap().to_scale(decimals, "price").ok()
                .filter(|raw| raw % i128::from(unit) == 0).and_then(|raw| i64::try_from(raw / i128::from(unit)).ok());
            let found = counted(text.as_bytes(), Scale { decimals, unit });
            // What it leaves to the general path: long texts, and counts that do not fit before the unit divides them.
            let large = (front + 1) as f64 * 10f64.powi(decimals.into()) > 9e18;
            prop_assert!(found == exact || found.is_none() && (text.len() > 16 || usize::from(decimals) > show + 8 || large));
        }

        #[test]
        fn a_text_is_a_whole_number_where_all_of_it_is(text in "[0-9]{0,21}[ .x-]?") {
            let exact = (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok());
            prop_assert_eq!(all_of(text.as_bytes()), exact.flatten());
        }

        #[test]
        fn a_text_has_the_mantissa_of_the_exact_decimal(text in "-?[0-9]{1,12}(\\.[0-9]{1,12}0{0,9})?") {
            let exact = Decimal::parse(text.as_bytes(), "price").unwrap();
            match mantissa_and_decimals(text.as_bytes()) {
                Some((mantissa, decimals)) => prop_assert_eq!((i128::from(mantissa), decimals), (exact.mantissa, exact.scale)),
                None => prop_assert!(text.len() > 16, "{text}"),
            }
        }

        #[test]
        fn a_text_that_is_no_decimal_has_no_count(text in "[0-9.e+-]{0,18}", decimals in 0u8..=8) {
            let usual = |text: &str| text.split('.').count() <= 2 && text.split('.').all(|part| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
            });
            let found = counted(text.as_bytes(), Scale { decimals, unit: 1 });
            prop_assert!(found.is_none() || usual(&text));
            // A figure may be below zero.
            let unsigned = text.strip_prefix('-').unwrap_or(&text);
            prop_assert!(mantissa_and_decimals(text.as_bytes()).is_none() || usual(unsigned));
        }

        #[test]
        fn a_number_ends_where_the_first_other_byte_stands(text in "[0-9./:-]{0,40}", at in 0usize..42) {
            let found = text.as_bytes().get(at..).map(|rest| {
                at + rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(rest.len())
            });
            prop_assert_eq!(end(text.as_bytes(), at), found);
        }

        #[test]
        fn digits_and_points_end_where_the_first_other_stands(chunk in any::<[u8; 8]>()) {
            let end = chunk.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(8);
            prop_assert_eq!(digits_and_points(u64::from_le_bytes(chunk)), end);
        }

        #[test]
        fn no_bytes_can_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..40), at in 0usize..48, decimals in 0u8..=12) {
            let _ = whole(&bytes, at);
            let _ = fixed(&bytes, at, Scale { decimals, unit: 1 });
        }
    }
}
