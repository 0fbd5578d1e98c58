//! One decimal text of at most sixteen characters at once: its mantissa, and its decimals without the zeros at their end.
//!
//! catalogue: M1. For processors with AVX2. Nothing depends on how long the text is or where its point stands but the row of
//! a table (see `level_wide`), so that no guess is wrong where a ticker's figures are of every length.

use super::level_wide::{BEFORE, LAST, ROWS};
use std::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_madd_epi16, _mm_maddubs_epi16,
    _mm_min_epu8, _mm_movemask_epi8, _mm_packus_epi32, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32,
    _mm_setzero_si128, _mm_shuffle_epi8, _mm_sub_epi8, _mm_subs_epu8,
};

/// The number that the text of `length` bytes at `at` in `bytes` is, as its mantissa and its decimals; zero has none.
///
/// None where it is another text, or where this processor or the sixteen bytes before its end are not to be had: see
/// `number::mantissa_and_decimals`, which says the same of the texts that both read.
#[inline]
pub(super) fn mantissa_and_decimals(bytes: &[u8], at: usize, length: usize) -> Option<(i64, u8)> {
    if !is_x86_feature_detected!("avx2") {
        return None;
    }
    let window = bytes.get((at + length).checked_sub(BEFORE)?..at + length)?.first_chunk()?;
    let below = bytes.get(at) == Some(&b'-');
    // SAFETY: the processor has AVX2; BMI1 and LZCNT came with it.
    let (mantissa, decimals) = unsafe { unsigned(window, length.checked_sub(usize::from(below))?) }?;
    Some((if below { -mantissa } else { mantissa }, decimals))
}

/// The same of the last `length` bytes of a window, without a sign.
#[target_feature(enable = "avx2,bmi1,lzcnt")]
fn unsigned(window: &[u8; BEFORE], length: usize) -> Option<(i64, u8)> {
    let missing = BEFORE.checked_sub(length)?;
    // SAFETY: all that is loaded is sixteen bytes long: the window, the arrays of a move, and what is behind the first
    // sixteen of the 32 bytes of `LAST`.
    let load = |from: *const u8| unsafe { _mm_loadu_si128(from.cast::<__m128i>()) };
    let mask = |bytes| _mm_movemask_epi8(bytes).cast_unsigned();
    let text = load(window.as_ptr());
    let values = _mm_sub_epi8(text, _mm_set1_epi8(b'0' as i8));
    let digits = mask(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values));
    let inside = 0xffff_u32 & 0xffff_u32.checked_shl(missing as u32)?;
    let points = inside & mask(_mm_cmpeq_epi8(text, _mm_set1_epi8(b'.' as i8)));
    // One point at most, behind a digit and before one; all else are digits.
    let first_or_last = 1 << missing | 1 << (BEFORE - 1);
    if inside == 0 || (digits | points) & inside != inside || points & points.wrapping_sub(1) & points != 0 {
        return None;
    }
    if points & first_or_last != 0 {
        return None;
    }
    // How far the point is from the end, 0 where there is none, and how many decimals are shown.
    let point = if points == 0 { 0 } else { points.leading_zeros() - 15 };
    let zeros = (mask(_mm_cmpeq_epi8(values, _mm_setzero_si128())) << 16).leading_ones();
    let shown = point.saturating_sub(1);
    let decimals = shown - zeros.min(shown);
    let moves = ROWS.get(decimals as usize)?.get(point as usize)?;
    let kept = load(LAST.get(length..)?.first_chunk::<BEFORE>()?.as_ptr());
    let digits = _mm_subs_epu8(_mm_and_si128(text, kept), _mm_set1_epi8(b'0' as i8));
    let mantissa = folded(_mm_shuffle_epi8(digits, load(moves.shuffle.as_ptr())));
    Some((mantissa, if mantissa == 0 { 0 } else { decimals as u8 }))
}

/// The number that sixteen digits make.
#[target_feature(enable = "avx2,bmi1,lzcnt")]
fn folded(digits: __m128i) -> i64 {
    let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
    let eights = _mm_cvtsi128_si64(_mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x0001_2710)));
    i64::from(eights as u32) * 100_000_000 + (eights.cast_unsigned() >> 32).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::super::number;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_says_what_the_slower_way_says(before in "[0-9.,\"-]{0,20}", text in "-?[0-9]{0,9}[.0-9x/]?[0-9]{0,5}0{0,4}") {
            let bytes = format!("{before}{text}");
            let found = mantissa_and_decimals(bytes.as_bytes(), before.len(), text.len());
            let slower = number::mantissa_and_decimals(text.as_bytes());
            let unsigned = text.strip_prefix('-').unwrap_or(&text).len();
            if bytes.len() < BEFORE || unsigned > BEFORE {
                prop_assert_eq!(found, None);
            } else {
                // What has more decimals than the table is left to the slower way.
                prop_assert!(found == slower || found.is_none() && slower.is_some_and(|(_, decimals)| decimals > 12));
            }
        }
    }
}
