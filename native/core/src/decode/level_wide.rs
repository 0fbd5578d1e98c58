//! Both numbers of a level at once, for processors with AVX2: up to fifteen digits and any count of decimals each.
//!
//! catalogue: M1. Two compares of 64 bytes find where the digits end and where the points stand. The last sixteen bytes of
//! each number go into one half of a register; a shuffle that depends on how many decimals are shown takes the point out and
//! moves the digits to where the unit wants them, and four multiply-adds turn both halves into integers.

use super::number::Scale;
use std::arch::x86_64::{
    __m128i, __m256i, _mm_cvtsi128_si64, _mm_loadu_si128, _mm256_and_si256, _mm256_castsi256_si128, _mm256_cmpeq_epi8,
    _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_min_epu8,
    _mm256_movemask_epi8, _mm256_packus_epi32, _mm256_set_m128i, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_shuffle_epi8, _mm256_sub_epi8, _mm256_subs_epu8, _mm256_testz_si256,
};

/// The bytes that are looked at from a level's price on.
pub(super) const WINDOW: usize = 64;
/// The bytes before a number's end that its load touches.
pub(super) const BEFORE: usize = 16;
/// The longest number, its point included.
const LENGTH_MAX: u32 = 16;
/// The most decimals of a unit.
const DECIMALS_MAX: usize = 12;

/// How one number's bytes become digits: which byte each of the sixteen digits is, and which bytes must be zeros because
/// they stand for less than the unit.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Moves {
    pub shuffle: [u8; 16],
    beyond: [u8; 16],
}

/// The moves by how far the point is from the end: 0 where there is none, else the decimals shown and one.
pub(super) type Row = [Moves; LENGTH_MAX as usize + 1];

/// The moves by the unit's decimals.
pub(super) static ROWS: [Row; DECIMALS_MAX + 1] = rows();

const fn rows() -> [Row; DECIMALS_MAX + 1] {
    let mut all = [[Moves { shuffle: [0x80; 16], beyond: [0; 16] }; LENGTH_MAX as usize + 1]; DECIMALS_MAX + 1];
    let mut decimals = 0;
    while decimals <= DECIMALS_MAX {
        let mut point = 0;
        while point <= LENGTH_MAX as usize {
            all[decimals][point] = moves(decimals, point);
            point += 1;
        }
        decimals += 1;
    }
    all
}

const fn moves(decimals: usize, point: usize) -> Moves {
    let (mut shuffle, mut beyond) = ([0x80; 16], [0; 16]);
    let shown = point.saturating_sub(1);
    let mut power = 0;
    while power < 16 {
        // The digit that counts 10^power of the unit: a decimal, which may not be shown, or one before the point.
        let from_end = if power >= decimals {
            point + power - decimals
        } else if decimals - power <= shown {
            shown - (decimals - power)
        } else {
            16
        };
        if from_end < 16 {
            shuffle[15 - power] = 15 - from_end as u8;
        }
        power += 1;
    }
    let mut last = 0;
    while last + decimals < shown {
        beyond[15 - last] = 0xff;
        last += 1;
    }
    Moves { shuffle, beyond }
}

/// Sixteen zeros, then sixteen ones: from `n` on, a mask of the last `n` of sixteen bytes.
pub(super) static LAST: [u8; 32] = {
    let mut bytes = [0; 32];
    let mut at = 16;
    while at < 32 {
        bytes[at] = 0xff;
        at += 1;
    }
    bytes
};

/// How one number is read.
#[derive(Debug, Clone, Copy)]
struct Number {
    row: &'static Row,
    /// The most digits before the point that leave room for the decimals.
    whole_max: u32,
    unit: i64,
}

/// How the prices and the sizes of an instrument are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wide {
    price: Number,
    qty: Number,
}

/// What stands in a window: price, size, and how far behind its first byte each ends.
pub(super) struct Two {
    /// Price and size as counts of their units; None where a number is not in the usual form.
    pub counted: Option<(i64, i64)>,
    /// Where the price ends.
    pub price_end: usize,
    /// Where the size ends.
    pub qty_end: usize,
}

impl Number {
    fn of(scale: Scale) -> Option<Self> {
        let decimals = usize::from(scale.decimals);
        let row = ROWS.get(decimals)?;
        Some(Self { row, whole_max: LENGTH_MAX - decimals as u32, unit: scale.unit })
    }

    /// The moves of a number of `length` bytes whose points are `points`, and whether it is in the usual form: 1 to 16
    /// bytes, one point at most, digits on both sides of it.
    #[inline(always)]
    fn moves(&self, length: u32, points: u64) -> (&'static Moves, bool) {
        // The place behind the last point, or 0.
        let behind = 64 - points.leading_zeros();
        let point = if points == 0 { 0 } else { length.wrapping_sub(behind) + 1 };
        let whole = length.wrapping_sub(point);
        let usual = whole.wrapping_sub(1) < self.whole_max
            && length <= LENGTH_MAX
            && point != 1
            && points & points.wrapping_sub(1) == 0;
        let [first, ..] = self.row;
        (self.row.get(point as usize).unwrap_or(first), usual)
    }

    #[inline(always)]
    const fn counted(&self, mantissa: i64) -> Option<i64> {
        if self.unit == 1 {
            return Some(mantissa);
        }
        if mantissa % self.unit == 0 { Some(mantissa / self.unit) } else { None }
    }
}

impl Wide {
    /// None where this processor or these units are left to the general reader.
    pub fn of(price: Scale, qty: Scale) -> Option<Self> {
        if !is_x86_feature_detected!("avx2") || !is_x86_feature_detected!("bmi2") {
            return None;
        }
        Some(Self { price: Number::of(price)?, qty: Number::of(qty)? })
    }

    /// The numbers of the level whose price begins at `at`, with `between` bytes from the price to the size.
    ///
    /// None where `at` is too near to either end of `bytes`, or the numbers do not end within the window.
    ///
    /// # Safety
    /// The processor has AVX2; whoever has a `Wide` knows it. A function with the feature in its own right would be called
    /// for every level, because such a one cannot be told to be a part of its caller.
    #[inline(always)]
    pub unsafe fn two(&self, bytes: &[u8], at: usize, between: usize) -> Option<Two> {
        // The bytes before the price, of which a number's last sixteen may be some.
        let before = at.min(BEFORE);
        let window = bytes.get(at - before..)?.first_chunk::<{ BEFORE + WINDOW }>()?;
        // SAFETY: as for this function; `before` is at most `BEFORE`.
        let (ends, points) = unsafe { ends_and_points(window, before) };
        let price_end = ends.trailing_zeros();
        let qty_from = price_end + between as u32;
        if qty_from >= WINDOW as u32 {
            return None;
        }
        let qty_end = (ends & u64::MAX << qty_from).trailing_zeros();
        if qty_end >= WINDOW as u32 {
            return None;
        }
        let below = |end: u32| (1u64 << end) - 1;
        let (price_length, qty_length) = (price_end, qty_end - qty_from);
        let (price_moves, price_usual) = self.price.moves(price_length, points & below(price_end));
        let (qty_moves, qty_usual) = self.qty.moves(qty_length, (points & below(qty_end)) >> qty_from);
        let (price_end, qty_end) = (price_end as usize, qty_end as usize);
        let mut counted = None;
        if price_usual && qty_usual && before + price_end >= BEFORE {
            // SAFETY: both ends are below `WINDOW` and sixteen bytes or more behind the beginning of the window, so that the
            // sixteen bytes before either lie in it; a length of at most sixteen leaves sixteen bytes of `LAST`; a move's arrays are sixteen bytes long.
            let (price, qty) = unsafe {
                let from = window.as_ptr().wrapping_add(before).wrapping_sub(BEFORE);
                let pair = |price: *const u8, qty: *const u8| {
                    _mm256_set_m128i(_mm_loadu_si128(qty.cast::<__m128i>()), _mm_loadu_si128(price.cast::<__m128i>()))
                };
                let texts = pair(from.wrapping_add(price_end), from.wrapping_add(qty_end));
                let kept = pair(LAST.as_ptr().add(price_length as usize), LAST.as_ptr().add(qty_length as usize));
                // What is before a number becomes zero, its point too; every other byte is a digit.
                let digits = _mm256_subs_epu8(_mm256_and_si256(texts, kept), _mm256_set1_epi8(b'0' as i8));
                let beyond = pair(price_moves.beyond.as_ptr(), qty_moves.beyond.as_ptr());
                let shuffle = pair(price_moves.shuffle.as_ptr(), qty_moves.shuffle.as_ptr());
                match _mm256_testz_si256(digits, beyond) {
                    1 => folded(_mm256_shuffle_epi8(digits, shuffle)),
                    _ => return Some(Two { counted: None, price_end: at + price_end, qty_end: at + qty_end }),
                }
            };
            if let (Some(price), Some(qty)) = (self.price.counted(price), self.qty.counted(qty)) {
                counted = Some((price, qty));
            }
        }
        Some(Two { counted, price_end: at + price_end, qty_end: at + qty_end })
    }
}

/// A bit for each of 64 bytes of the window that is neither a digit nor a point, and one for each point.
///
/// # Safety
/// The processor has AVX2, and `from` is at most `BEFORE`.
#[inline(always)]
unsafe fn ends_and_points(window: &[u8; BEFORE + WINDOW], from: usize) -> (u64, u64) {
    // SAFETY: 32 bytes from at most 16 and from at most 48 lie inside the 80, and the loads need no alignment.
    let half = |at: usize| unsafe {
        let bytes = _mm256_loadu_si256(window.as_ptr().add(at).cast::<__m256i>());
        let bits = |bytes| u64::from(_mm256_movemask_epi8(bytes).cast_unsigned());
        let values = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
        let digits = _mm256_cmpeq_epi8(_mm256_min_epu8(values, _mm256_set1_epi8(9)), values);
        (bits(digits), bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'.' as i8))))
    };
    let ((digits_low, points_low), (digits_high, points_high)) = (half(from), half(from + 32));
    let points = points_low | points_high << 32;
    (!(digits_low | digits_high << 32 | points), points)
}

/// The number that the sixteen digits of each half make.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn folded(digits: __m256i) -> (i64, i64) {
    // SAFETY: as for this function; no memory is touched.
    let (price, qty) = unsafe {
        let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a));
        let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_0064));
        let eights = _mm256_madd_epi16(_mm256_packus_epi32(fours, fours), _mm256_set1_epi32(0x0001_2710));
        (_mm_cvtsi128_si64(_mm256_castsi256_si128(eights)), _mm_cvtsi128_si64(_mm256_extracti128_si256::<1>(eights)))
    };
    let number = |eights: i64| i64::from(eights as u32) * 100_000_000 + (eights.cast_unsigned() >> 32).cast_signed();
    (number(price), number(qty))
}
