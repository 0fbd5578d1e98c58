//! Whole numbers for processors with AVX2: up to fifteen digits from one load of sixteen characters.
//!
//! catalogue: M1. Times and update ids have ten to fourteen digits, and a depth message has five of them. The digits are
//! counted by one compare, shuffled right-aligned, and folded by four multiply-adds; what is shorter than its load or has
//! more digits is read by `number`.

use super::number;
use std::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_madd_epi16, _mm_maddubs_epi16, _mm_max_epu8,
    _mm_movemask_epi8, _mm_packus_epi32, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_shuffle_epi8, _mm_sub_epi8,
};

/// Sixteen bytes from `count` on are the shuffle that brings the first `count` characters to the end, empty ones before.
static RIGHT_ALIGNED: [u8; 32] = {
    let mut bytes = [0x80; 32];
    let mut at = 0;
    while at < 16 {
        bytes[16 + at] = at as u8;
        at += 1;
    }
    bytes
};

/// An unsigned whole number at `at`: its value and the place behind it. None where there is none or it is too large.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline(never)]
pub(super) fn whole(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    match first(bytes, at) {
        Some((values, count)) => Some((folded(values, count), at + count)),
        None => number::whole_slow(bytes, at),
    }
}

/// The same of a number that has as many digits as one before it. Times of one message are equally long, and so are its
/// update ids: what comes behind such a number is read on the guess, before its digits have been counted.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
pub(super) fn whole_like(bytes: &[u8], at: usize, digits: usize) -> Option<(u64, usize)> {
    match first(bytes, at) {
        Some((values, count)) if count == digits => Some((folded(values, digits), at + digits)),
        _ => whole(bytes, at),
    }
}

/// The values of the sixteen characters at `at`, and how many of them are digits: 1 to 15. None where there are fewer
/// characters, or another count of digits.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn first(bytes: &[u8], at: usize) -> Option<(__m128i, usize)> {
    let chunk = bytes.get(at..)?.first_chunk::<16>()?;
    // SAFETY: the chunk is sixteen bytes long, and the load needs no alignment.
    let characters = unsafe { _mm_loadu_si128(chunk.as_ptr().cast()) };
    let values = _mm_sub_epi8(characters, _mm_set1_epi8(b'0' as i8));
    let nine = _mm_set1_epi8(9);
    let digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(values, nine), nine)) as u32;
    let count = digits.trailing_ones() as usize;
    (count.wrapping_sub(1) < 15).then_some((values, count))
}

/// The number that the first `count` of these values make.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn folded(values: __m128i, count: usize) -> u64 {
    debug_assert!(count < 16);
    // SAFETY: the count is 15 at most (`first`), so that the sixteen bytes from it on are in the table.
    let shuffle = unsafe { _mm_loadu_si128(RIGHT_ALIGNED.as_ptr().add(count).cast()) };
    let pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(values, shuffle), _mm_set1_epi16(0x010a));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
    let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x0001_2710));
    let both = _mm_cvtsi128_si64(eights) as u64;
    u64::from(both as u32) * 100_000_000 + (both >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_what_the_plain_reader_says(
            text in "[x,]{0,3}[0-9]{0,21}[x:,/\"]{0,18}", at in 0usize..24, digits in 0usize..20
        ) {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2") {
                // SAFETY: the processor has AVX2 and BMI2; BMI1 and LZCNT came with them.
                let found = unsafe { whole(text.as_bytes(), at) };
                prop_assert_eq!(found, number::whole(text.as_bytes(), at));
                // SAFETY: as above.
                let guessed = unsafe { whole_like(text.as_bytes(), at, digits) };
                prop_assert_eq!(guessed, found);
            }
        }
    }
}
