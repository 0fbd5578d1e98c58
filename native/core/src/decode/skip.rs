//! The ends of texts, objects and arrays, found many bytes at a time.
//!
//! catalogue: M1. A message is walked several times, each time a level deeper, and most of a walk passes over what a
//! deeper one reads. So that passing costs little, brackets outside strings are matched 64 bytes at a time: one bit a
//! byte for quotes, opening and closing brackets; the quotes' running parity says what is inside a string. A text with
//! a backslash, and processors without AVX2, are left to the caller's own way.

/// The place of the quote that ends the text which begins at `from`; None where a backslash or the end comes first.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn text(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let (quotes, backslashes) = match bytes.get(at..)?.first_chunk::<16>() {
            Some(chunk) => marks_of_text(chunk),
            None => {
                // The last sixteen bytes, without those before `at`.
                let (quotes, backslashes) = marks_of_text(bytes.last_chunk::<16>()?);
                let before = at - (bytes.len() - 16);
                (quotes >> before, backslashes >> before)
            }
        };
        let (quote, backslash) = (quotes.trailing_zeros(), backslashes.trailing_zeros());
        if quotes != 0 {
            return (quote < backslash).then_some(at + quote as usize);
        }
        if backslashes != 0 || at + 16 >= bytes.len() {
            return None;
        }
        at += 16;
    }
}

/// Where the quotes and the backslashes of sixteen bytes are.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn marks_of_text(chunk: &[u8; 16]) -> (u32, u32) {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8};
    // SAFETY: SSE2 is part of x86-64, and the load reads the sixteen bytes of the chunk.
    unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast::<__m128i>());
        let mask = |byte: u8| _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8))) as u32;
        (mask(b'"'), mask(b'\\'))
    }
}

/// The place behind the list of arrays or objects that begins at `from`: behind the first `]]` or `}]`, or behind `[]`.
///
/// It is a guess as long as nobody has read what is in the list, for a text may hold such a pair; None where there is none.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn list(bytes: &[u8], from: usize) -> Option<usize> {
    if bytes.get(from..)?.starts_with(b"[]") {
        return Some(from + 2);
    }
    let mut at = from + 1;
    loop {
        let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<17>()) else {
            let rest = bytes.get(at..)?;
            return rest.windows(2).position(|two| matches!(two, b"]]" | b"}]")).map(|found| at + found + 2);
        };
        let found = closing_pairs(chunk);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize + 2);
        }
        at += 16;
    }
}

/// Where `]]` or `}]` begins among the first sixteen of seventeen bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn closing_pairs(chunk: &[u8; 17]) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };
    // SAFETY: SSE2 is part of x86-64, and sixteen bytes from 0 and from 1 lie inside the seventeen.
    unsafe {
        let from = chunk.as_ptr();
        let (first, second) = (_mm_loadu_si128(from.cast::<__m128i>()), _mm_loadu_si128(from.add(1).cast::<__m128i>()));
        // Square and curly brackets differ in one bit.
        let closes = _mm_cmpeq_epi8(_mm_or_si128(first, _mm_set1_epi8(0x20)), _mm_set1_epi8(b'}' as i8));
        let ends = _mm_cmpeq_epi8(second, _mm_set1_epi8(b']' as i8));
        _mm_movemask_epi8(_mm_and_si128(closes, ends)).cast_unsigned()
    }
}

/// The place behind the bracket that closes the object or array which begins at `from`.
///
/// None where it is not closed, holds a backslash, or nests deeper than `depth_max` at the end of a block.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn container(bytes: &[u8], from: usize, depth_max: u32) -> Option<usize> {
    let able = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq");
    if !able || bytes.len() < BLOCK {
        return None;
    }
    // SAFETY: the processor has AVX2 and PCLMULQDQ; BMI1, LZCNT and POPCNT came with the first.
    unsafe { container_avx2(bytes, from, depth_max) }
}

#[cfg(target_arch = "x86_64")]
const BLOCK: usize = 64;

/// Of 64 bytes: quotes, backslashes, opening and closing brackets.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Marks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt,pclmulqdq")]
fn marks(block: &[u8; BLOCK]) -> Marks {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    };
    let half = |at: usize| {
        // SAFETY: 32 bytes from 0 and from 32 lie inside the block.
        let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().add(at).cast::<__m256i>()) };
        let mask = |bytes, byte: u8| {
            u64::from(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8))).cast_unsigned())
        };
        // Square and curly brackets differ in one bit.
        let curly = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
        [mask(bytes, b'"'), mask(bytes, b'\\'), mask(curly, b'{'), mask(curly, b'}')]
    };
    let (low, high) = (half(0), half(32));
    let both = |nth: usize| low[nth] | high[nth] << 32;
    Marks { quotes: both(0), backslashes: both(1), opens: both(2), closes: both(3) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt,pclmulqdq")]
fn container_avx2(bytes: &[u8], from: usize, depth_max: u32) -> Option<usize> {
    // All ones while a string goes on from the block before.
    let (mut at, mut depth, mut inside) = (from, 0_u32, 0_u64);
    loop {
        let found = match bytes.get(at..)?.first_chunk::<BLOCK>() {
            Some(block) => marks(block),
            None => {
                // The last block, without the bytes before `at`.
                let found = marks(bytes.last_chunk::<BLOCK>()?);
                let before = at - (bytes.len() - BLOCK);
                if before >= BLOCK {
                    return None;
                }
                let Marks { quotes, backslashes, opens, closes } = found;
                Marks {
                    quotes: quotes >> before,
                    backslashes: backslashes >> before,
                    opens: opens >> before,
                    closes: closes >> before,
                }
            }
        };
        if found.backslashes != 0 {
            return None;
        }
        let strings = parity(found.quotes) ^ inside;
        inside = (strings.cast_signed() >> 63).cast_unsigned();
        let (opens, mut closes) = (found.opens & !strings, found.closes & !strings);
        let after = (depth + opens.count_ones()).checked_sub(closes.count_ones());
        if depth <= closes.count_ones() {
            // It may close in this block: look at each closing bracket.
            let mut closed = 0;
            while closes != 0 {
                closed += 1;
                let before = opens & ((closes & closes.wrapping_neg()) - 1);
                if depth + before.count_ones() == closed {
                    return Some(at + closes.trailing_zeros() as usize + 1);
                }
                closes &= closes - 1;
            }
        }
        depth = after?;
        if depth > depth_max {
            return None;
        }
        at += BLOCK;
    }
}

/// Each bit the parity of the bits up to it: what stands between two quotes, the first one included. A product without
/// carries by all ones is just that.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "pclmulqdq")]
fn parity(bits: u64) -> u64 {
    use std::arch::x86_64::{_mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8};
    let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits.cast_signed()), _mm_set1_epi8(-1));
    _mm_cvtsi128_si64(product).cast_unsigned()
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn text(_: &[u8], _: usize) -> Option<usize> {
    None
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn list(_: &[u8], _: usize) -> Option<usize> {
    None
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn container(_: &[u8], _: usize, _: u32) -> Option<usize> {
    None
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::{container, text};
    use proptest::prelude::*;

    /// Byte by byte: the end of the container at the beginning, None where the fast way gives up too.
    fn slowly(bytes: &[u8]) -> Option<usize> {
        let (mut depth, mut inside) = (0_usize, false);
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => inside = !inside,
                b'[' | b'{' if !inside => depth += 1,
                b']' | b'}' if !inside => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    proptest! {
        #[test]
        fn containers_end_where_a_walk_ends(inner in "[a,\"\\[\\]{}]{0,200}", before in "[ ,\"]{0,70}", after in "[ ,\\]}]{0,70}") {
            let whole = format!("{before}[{inner}{after}");
            let found = container(whole.as_bytes(), before.len(), 1_000);
            let wanted = slowly(&whole.as_bytes()[before.len()..]).map(|end| before.len() + end);
            prop_assert_eq!(found, if whole.len() < 64 { None } else { wanted });
        }

        #[test]
        fn texts_end_at_their_quote(inner in "[a-z\\\\]{0,40}", after in "[\"a]{0,40}") {
            let whole = format!("\"{inner}\"{after}");
            let wanted = (!inner.contains('\\') && whole.len() >= 16).then_some(inner.len() + 1);
            let found = text(whole.as_bytes(), 1);
            prop_assert!(found == wanted || found.is_none() && whole.len() < 17);
        }
    }
}
