//! Whole numbers whose place is known, for processors with AVX2: sixteen characters at once.
//!
//! catalogue: M1. Times and update ids have ten to fourteen digits, and a depth message has five of them. Where `heads` has
//! said where they end, the sixteen characters before that are one load; what is not the number's is masked out, and four
//! multiply-adds fold the rest.

use super::heads::Span;
use std::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_madd_epi16, _mm_maddubs_epi16, _mm_packus_epi32,
    _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_sub_epi8,
};

/// Characters of one load, and the digits of the longest number.
const WIDTH: usize = 16;

/// Sixteen bytes from `digits` on are a mask of the last `digits` lanes.
static KEPT: [u8; 2 * WIDTH] = {
    let mut bytes = [0; 2 * WIDTH];
    let mut at = WIDTH;
    while at < 2 * WIDTH {
        bytes[at] = 0xff;
        at += 1;
    }
    bytes
};

/// Reads the numbers that stand at `places`, whose bytes are known to be digits. None where one is longer than sixteen digits
/// or too near to the beginning. A loop, because a message has four: one copy of the code serves them all.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
pub(super) fn wholes(bytes: &[u8], places: &[Span], values: &mut [u64]) -> Option<()> {
    for (place, value) in places.iter().zip(values) {
        *value = ending(bytes, place.end(), usize::from(place.digits))?;
    }
    Some(())
}

/// The number whose `digits` digits end before `end`.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn ending(bytes: &[u8], end: usize, digits: usize) -> Option<u64> {
    let (chunk, kept) = (bytes.get(..end)?.last_chunk::<WIDTH>()?, KEPT.get(digits..)?.first_chunk::<WIDTH>()?);
    // SAFETY: both are sixteen bytes long, and the loads need no alignment.
    let load = |bytes: &[u8; WIDTH]| unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
    let values = _mm_and_si128(_mm_sub_epi8(load(chunk), _mm_set1_epi8(b'0'.cast_signed())), load(kept));
    let pairs = _mm_maddubs_epi16(values, _mm_set1_epi16(0x010a));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
    let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x0001_2710));
    let both = _mm_cvtsi128_si64(eights).cast_unsigned();
    Some((both & u64::from(u32::MAX)) * 100_000_000 + (both >> 32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::number;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_what_the_plain_reader_says(before in "[0-9x,:\"]{0,20}", number in "[0-9]{1,18}", behind in "[x:,/\"]{0,3}") {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2") {
                let (from, end) = (before.len(), before.len() + number.len());
                let text = format!("{before}{number}{behind}");
                let (places, mut values) = ([Span::between(from, end).unwrap(); 2], [0; 2]);
                // SAFETY: the processor has AVX2 and BMI2; BMI1 and LZCNT came with them.
                let found = unsafe { wholes(text.as_bytes(), &places, &mut values) }.map(|()| values);
                let wanted = number::whole(text.as_bytes(), from).map(|(value, _)| [value; 2]);
                prop_assert_eq!(found, wanted.filter(|_| number.len() <= 16 && end >= 16));
            }
        }
    }
}
