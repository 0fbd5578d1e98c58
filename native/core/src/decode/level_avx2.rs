//! The reader of `level` for processors with AVX2: both numbers of a level in one register.
//!
//! catalogue: M1. A level's quotes come from two 32-byte compares; each number's last sixteen bytes are shuffled so that
//! the digits that count stand right-aligned, the price in the low eight lanes and the size in the high eight, and four
//! multiply-adds turn both into integers. What does not fit (more than eight digits, other decimals) is read by `level`.

use super::level::unusual_level;
use super::number::Scale;
use super::symbols::Listed;
use crate::event::Level;
use std::arch::x86_64::{
    __m128i, __m256i, _mm_and_si128, _mm_cvtsi128_si64, _mm_loadl_epi64, _mm_loadu_si128, _mm_madd_epi16,
    _mm_maddubs_epi16, _mm_or_si128, _mm_packus_epi32, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_shuffle_epi8,
    _mm_subs_epu8, _mm_testz_si128, _mm_unpacklo_epi64, _mm_xor_si128, _mm256_cmpeq_epi8, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_set1_epi8,
};

/// The bytes in which a level's quotes are looked for.
const WINDOW: usize = 64;
/// The bytes before a level that its loads touch.
const BEFORE: usize = 16;
/// The bytes from a level's closing quote to the first character of the next one.
const NEXT: usize = "\"],[\"".len();
/// The last place of a level's closing quote: more than any number needs.
const QUOTE_MAX: u32 = WINDOW as u32 - 8;

/// How one number of the run is brought into its lanes.
#[derive(Debug, Clone, Copy)]
struct Lanes {
    /// Which byte of the number's last sixteen each lane takes.
    shuffle: __m128i,
    /// What must stand in the bytes of `required`: the point, and zeros behind the digits that count.
    expect: __m128i,
    required: __m128i,
    /// Digits that count in a number, less its length: the point and what is behind them do not.
    more: usize,
    decimals: usize,
    unit: i64,
}

/// How the prices and the sizes of a message are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    price: Lanes,
    qty: Lanes,
}

/// The most decimals that a number shows or that count.
const DECIMALS: usize = 9;

/// The bytes behind `Lanes`: shuffle, expected bytes, and ones where they are required.
type Bytes = ([u8; 16], [u8; 16], [u8; 16]);

/// The lanes of a number by decimals that count and decimals shown, in the low half of the register.
static LOW: [[Bytes; DECIMALS]; DECIMALS] = table(0);
/// The same in the high half.
static HIGH: [[Bytes; DECIMALS]; DECIMALS] = table(8);

const fn table(first_lane: usize) -> [[Bytes; DECIMALS]; DECIMALS] {
    let mut all = [[([0x80; 16], [b'0'; 16], [0; 16]); DECIMALS]; DECIMALS];
    let mut decimals = 0;
    while decimals < DECIMALS {
        let mut shown = decimals;
        while shown < DECIMALS {
            all[decimals][shown] = lanes(first_lane, decimals, shown);
            shown += 1;
        }
        decimals += 1;
    }
    all
}

const fn lanes(first_lane: usize, decimals: usize, shown: usize) -> Bytes {
    let behind = if shown == 0 { 0 } else { shown + 1 };
    let (mut shuffle, mut expect, mut required) = ([0x80; 16], [b'0'; 16], [0; 16]);
    let mut from_last = 0;
    while from_last < 8 {
        // The last lane holds the last digit that counts: a decimal where there are any, else the units.
        let byte = if from_last < decimals {
            16 - shown + decimals - 1 - from_last
        } else {
            // A digit before the sixteen bytes leaves its lane empty, which is no digit: such a number is unusual.
            (15 + decimals).wrapping_sub(behind + from_last)
        };
        shuffle[first_lane + 7 - from_last] = if byte < 16 { byte as u8 } else { 0x80 };
        from_last += 1;
    }
    if shown > 0 {
        expect[15 - shown] = b'.';
        required[15 - shown] = 0xff;
        let mut zero = 16 - shown + decimals;
        while zero < 16 {
            required[zero] = 0xff;
            zero += 1;
        }
    }
    (shuffle, expect, required)
}

/// Eight bytes from `count` (1 to 8) on are a mask of the last `count` lanes of eight.
static KEPT: [u8; 16] = {
    let mut bytes = [0; 16];
    let mut at = 8;
    while at < 16 {
        bytes[at] = 0xff;
        at += 1;
    }
    bytes
};

impl Lanes {
    /// None where more decimals count than are shown, or more than eight are.
    #[inline(always)]
    fn of(scale: Scale, shown: usize, table: &[[Bytes; DECIMALS]; DECIMALS]) -> Option<Self> {
        let decimals = usize::from(scale.decimals);
        let (shuffle, expect, required) = table.get(decimals)?.get(shown).filter(|_| decimals <= shown)?;
        // SAFETY: each array is sixteen bytes long, and the loads need no alignment.
        let load = |bytes: &[u8; 16]| unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
        let behind = if shown == 0 { 0 } else { shown + 1 };
        let (shuffle, expect, required) = (load(shuffle), load(expect), load(required));
        Some(Self { shuffle, expect, required, more: decimals.wrapping_sub(behind), decimals, unit: scale.unit })
    }

    /// How many digits count in a number of `length` bytes, where they are eight at most with a whole one.
    #[inline(always)]
    const fn digits(&self, length: usize) -> Option<usize> {
        let digits = length.wrapping_add(self.more);
        // At least one before the decimals, and eight at most.
        if digits.wrapping_sub(self.decimals).wrapping_sub(1) < 8 - self.decimals { Some(digits) } else { None }
    }

    /// Ones where a byte is not the one that must stand there.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    #[inline]
    fn unlike(&self, bytes: __m128i) -> __m128i {
        _mm_and_si128(_mm_xor_si128(bytes, self.expect), self.required)
    }
}

impl Layout {
    /// The layout of a level whose quotes are these bits from `at` on: how many decimals stand behind the points of its
    /// two numbers.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn of(listed: &Listed, bytes: &[u8], at: usize, quotes: u64) -> Option<Self> {
        let points = positions(bytes, at, b'.')?;
        let (price_end, qty_end) = ends(quotes);
        let first = points.trailing_zeros();
        let second = (points & u64::MAX.wrapping_shl(price_end)).trailing_zeros();
        let shown = |point: u32, end: u32| if point < end { (end - 1 - point) as usize } else { 0 };
        Some(Self {
            price: Lanes::of(listed.price, shown(first, price_end), &LOW)?,
            qty: Lanes::of(listed.qty, shown(second, qty_end), &HIGH)?,
        })
    }
}

/// Where the first and the third quote of a window are: behind a level's price, and behind its size.
#[inline(always)]
fn ends(quotes: u64) -> (u32, u32) {
    (quotes.trailing_zeros(), without(quotes, 2).trailing_zeros())
}

/// Quotes without the first `count` of them.
#[inline(always)]
fn without(quotes: u64, count: usize) -> u64 {
    (0..count).fold(quotes, |rest, _| rest & rest.wrapping_sub(1))
}

/// Reads levels from `from` to the closing bracket of their run into `room`; see `level::run`.
///
/// Returns how many there are and the place behind the bracket; None where a number is in no known form, where `room` is
/// too small, and where the bytes are fewer than a window.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
pub(super) fn through(
    bytes: &[u8],
    from: usize,
    layout: &mut Option<Layout>,
    listed: &Listed,
    room: &mut [[u64; 2]],
) -> Option<(usize, usize)> {
    if from < BEFORE {
        return None;
    }
    let quotes = positions(bytes, from, b'"')?;
    let Layout { price, qty } = match *layout {
        Some(known) => known,
        None => *layout.insert(Layout::of(listed, bytes, from, quotes)?),
    };
    let (mut at, mut quotes, mut slots, mut strange) = (from, quotes, room.iter_mut(), false);
    // Where the window is, and whether this is the second level that it shows. The next level's place is known only when
    // this one's quotes are found, so that a window costs what the longest chain through it costs: one serves two levels,
    // and no more than two, which nearly every window has, so that the processor guesses right.
    let (mut window, mut second) = (from, false);
    let end = loop {
        let (price_end, qty_end) = ends(quotes);
        if qty_end > QUOTE_MAX && !second {
            return None;
        }
        let (price_end, qty_end) = (window + price_end as usize, window + qty_end as usize);
        // The last four bytes of the message at the latest, so that nothing behind it is read. Cut off like that, what
        // follows may look like another level, but there is no place for one.
        let behind_from = (qty_end + 1).min(bytes.len() - 4);
        // SAFETY: at >= BEFORE, both ends are quotes of `bytes` with one between them, and `bytes` is longer than a window.
        let (between, behind, price_bytes, qty_bytes) = unsafe {
            let start = bytes.as_ptr();
            (
                start.add(price_end + 1).cast::<u16>().read_unaligned(),
                start.add(behind_from).cast::<u32>().read_unaligned(),
                _mm_loadu_si128(start.add(price_end - 16).cast::<__m128i>()),
                _mm_loadu_si128(start.add(qty_end - 16).cast::<__m128i>()),
            )
        };
        if between != u16::from_le_bytes(*b",\"") {
            return None;
        }
        let digits = (price.digits(price_end - at), qty.digits((qty_end - price_end).wrapping_sub(3)));
        let (mut mantissas, mut usual) = ((0, 0), false);
        if let (Some(price_digits), Some(qty_digits)) = digits {
            let joined =
                _mm_or_si128(_mm_shuffle_epi8(price_bytes, price.shuffle), _mm_shuffle_epi8(qty_bytes, qty.shuffle));
            let values =
                _mm_and_si128(_mm_xor_si128(joined, _mm_set1_epi8(b'0' as i8)), kept(price_digits, qty_digits));
            let unlike = _mm_or_si128(price.unlike(price_bytes), qty.unlike(qty_bytes));
            let wrong = _mm_or_si128(unlike, _mm_subs_epu8(values, _mm_set1_epi8(9)));
            (mantissas, usual) = (folded(values), _mm_testz_si128(wrong, wrong) != 0);
        }
        let level = if usual {
            [mantissas.0, mantissas.1]
        } else {
            strange = true;
            unusual(listed, bytes, (at, price_end, qty_end))?
        };
        if level[0] == 0 {
            return None;
        }
        *slots.next()? = level;
        at = qty_end + NEXT;
        if behind != u32::from_le_bytes(*b"],[\"") {
            break qty_end + 1;
        }
        let rest = without(quotes, 4);
        second = !second && without(rest, 2) != 0;
        if second {
            quotes = rest;
        } else {
            (window, quotes) = (at, positions(bytes, at, b'"')?);
        }
    };
    if bytes.get(end..end + 2)? != b"]]" {
        return None;
    }
    let left = slots.len();
    let count = room.len() - left;
    if strange {
        // Perhaps it is the form that was strange.
        *layout = None;
    }
    if (price.unit, qty.unit) != (1, 1) {
        count_units(room.get_mut(..count)?, price.unit.cast_unsigned(), qty.unit.cast_unsigned())?;
    }
    Some((count, end + 2))
}

/// A level whose numbers are not in the form of the others, as mantissas.
#[cold]
fn unusual(listed: &Listed, bytes: &[u8], place: (usize, usize, usize)) -> Option<[u64; 2]> {
    let Level { price, qty } = unusual_level(listed, bytes, place)?;
    Some([price.checked_mul(listed.price.unit)?, qty.checked_mul(listed.qty.unit)?].map(i64::cast_unsigned))
}

/// Makes mantissas counts of units; None where one is no whole count.
#[cold]
fn count_units(levels: &mut [[u64; 2]], price: u64, qty: u64) -> Option<()> {
    for level in levels {
        if level[0] % price != 0 || level[1] % qty != 0 {
            return None;
        }
        *level = [level[0] / price, level[1] / qty];
    }
    Some(())
}

/// A bit for each of the 64 places from `at` on where `byte` stands; behind the last byte it stands nowhere. None where
/// `at` is not in `bytes`, or they are fewer than a window.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn positions(bytes: &[u8], at: usize, byte: u8) -> Option<u64> {
    if at >= bytes.len() {
        return None;
    }
    let start = at.min(bytes.len().checked_sub(WINDOW)?);
    // SAFETY: the window from `start` on is twice 32 bytes of `bytes`, and the loads need no alignment.
    let (low, high) = unsafe {
        let from = bytes.as_ptr().add(start).cast::<__m256i>();
        (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)))
    };
    let wanted = _mm256_set1_epi8(byte as i8);
    let low = u64::from(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) as u32);
    let high = u64::from(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) as u32);
    // What is before `at` goes: less than a window of it, because `at` is in `bytes`.
    Some((low | high << 32) >> (at - start))
}

/// A mask of the lanes whose digits count: the last ones of the low and of the high eight.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn kept(low: usize, high: usize) -> __m128i {
    debug_assert!((1..=8).contains(&low) && (1..=8).contains(&high));
    // SAFETY: both are 8 at most (`Lanes::digits`), so that the eight bytes from there on are in the table.
    unsafe {
        let (low, high) = (KEPT.as_ptr().add(low), KEPT.as_ptr().add(high));
        _mm_unpacklo_epi64(_mm_loadl_epi64(low.cast()), _mm_loadl_epi64(high.cast()))
    }
}

/// The numbers that the digits in the low and in the high eight lanes make.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn folded(digits: __m128i) -> (u64, u64) {
    let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
    let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x0001_2710));
    let both = _mm_cvtsi128_si64(eights) as u64;
    (both & u64::from(u32::MAX), both >> 32)
}
