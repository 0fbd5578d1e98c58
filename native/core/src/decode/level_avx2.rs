//! The reader of `level` for processors with AVX2: all four numbers of two levels in one register.
//!
//! catalogue: M1. The quotes of two levels come from two 32-byte compares; each number's last sixteen bytes are shuffled so
//! that the digits that count stand right-aligned, a price in the low eight lanes of a half and its size in the high eight,
//! and four multiply-adds turn all into integers. What does not fit (more than eight digits, other decimals) is read by
//! `level`.

use super::level::unusual_level;
use super::number::Scale;
use super::symbols::Listed;
use crate::event::Level;
use std::arch::x86_64::{
    __m128i, __m256i, _mm_loadl_epi64, _mm_loadu_si128, _mm_unpacklo_epi64, _mm256_and_si256,
    _mm256_broadcastsi128_si256, _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_cmpeq_epi64, _mm256_cvtepu32_epi64,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_packus_epi32, _mm256_permute4x64_epi64, _mm256_set_m128i, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_storeu_si256, _mm256_subs_epu8,
    _mm256_testz_si256, _mm256_xor_si256,
};

/// The bytes in which a level's quotes are looked for.
const WINDOW: usize = 64;
/// The bytes before a level that its loads touch.
const BEFORE: usize = 16;
/// The bytes from a level's closing quote to the first character of the next one.
const NEXT: usize = "\"],[\"".len();

/// How one number of a level is brought into its lanes; both halves of a register are alike, for two levels.
#[derive(Debug, Clone, Copy)]
struct Lanes {
    /// Which byte of the number's last sixteen each lane takes.
    shuffle: __m256i,
    /// What must stand in the bytes of `required`: the point, and zeros behind the digits that count.
    expect: __m256i,
    required: __m256i,
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
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    #[inline]
    fn of(scale: Scale, shown: usize, table: &[[Bytes; DECIMALS]; DECIMALS]) -> Option<Self> {
        let decimals = usize::from(scale.decimals);
        let (shuffle, expect, required) = table.get(decimals)?.get(shown).filter(|_| decimals <= shown)?;
        // SAFETY: each array is sixteen bytes long, and the loads need no alignment.
        let half = |bytes: &[u8; 16]| unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
        let load = |bytes: &[u8; 16]| _mm256_broadcastsi128_si256(half(bytes));
        let behind = if shown == 0 { 0 } else { shown + 1 };
        let (shuffle, expect, required) = (load(shuffle), load(expect), load(required));
        Some(Self { shuffle, expect, required, more: decimals.wrapping_sub(behind), decimals, unit: scale.unit })
    }

    /// How many digits count in two numbers of these lengths, where they are eight at most and one before the decimals.
    #[inline(always)]
    fn digits(&self, lengths: [usize; 2]) -> Option<[usize; 2]> {
        let digits = lengths.map(|length| length.wrapping_add(self.more));
        let [first, second] = digits.map(|digits| digits.wrapping_sub(self.decimals + 1));
        (first.max(second) < 8 - self.decimals).then_some(digits)
    }

    /// Ones where a byte is not the one that must stand there.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    #[inline]
    fn unlike(&self, bytes: __m256i) -> __m256i {
        _mm256_and_si256(_mm256_xor_si256(bytes, self.expect), self.required)
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
    let known = match *layout {
        Some(known) => known,
        None => *layout.insert(Layout::of(listed, bytes, from, quotes)?),
    };
    let (mut at, mut quotes, mut count, mut strange) = (from, quotes, 0, false);
    // Looked at once, at the end: nothing in between waits for the numbers.
    let mut zeros = _mm256_setzero_si256();
    // The next level's place is known only when this one's quotes are found, so that a window costs what the longest chain
    // through it costs: one serves two levels, which nearly every window has, so that the processor guesses right.
    let end = loop {
        let first = Place::of(at, at, quotes)?;
        let rest = without(quotes, 4);
        // A last level, and one behind which the window ends, is read twice and counted once.
        let two = continues(bytes, first.qty_end) && without(rest, 2) != 0;
        let second = if two { Place::of(at, first.qty_end + NEXT, rest)? } else { first };
        let levels: &mut [[u64; 2]; 2] = room.get_mut(count..)?.first_chunk_mut()?;
        match pair(bytes, [first, second], &known, levels)? {
            Some(numbers) => zeros = _mm256_or_si256(zeros, _mm256_cmpeq_epi64(numbers, _mm256_setzero_si256())),
            None => {
                strange = true;
                unusual(listed, bytes, first, &mut levels[0])?;
                unusual(listed, bytes, second, &mut levels[1])?;
            }
        }
        count += 1 + usize::from(two);
        at = second.qty_end + NEXT;
        if !continues(bytes, second.qty_end) {
            break second.qty_end + 1;
        }
        quotes = positions(bytes, at, b'"')?;
    };
    // A size may be zero, a price not.
    let zero_prices = _mm256_movemask_epi8(zeros) & 0x00ff_00ff;
    if zero_prices != 0 || bytes.get(end..end + 2)? != b"]]" {
        return None;
    }
    if strange {
        // Perhaps it is the form that was strange.
        *layout = None;
    }
    let units = (known.price.unit, known.qty.unit);
    if units != (1, 1) {
        count_units(room.get_mut(..count)?, units.0.cast_unsigned(), units.1.cast_unsigned())?;
    }
    Some((count, end + 2))
}

/// Where a level stands: its first character, and the quotes behind its price and its size.
#[derive(Debug, Clone, Copy)]
struct Place {
    from: usize,
    price_end: usize,
    qty_end: usize,
}

impl Place {
    /// The level that begins at `from`, by the quotes from there on of the window at `window`; None where they are not all
    /// there.
    #[inline(always)]
    fn of(window: usize, from: usize, quotes: u64) -> Option<Self> {
        let (price_end, qty_end) = ends(quotes);
        if qty_end as usize >= WINDOW {
            return None;
        }
        Some(Self { from, price_end: window + price_end as usize, qty_end: window + qty_end as usize })
    }
}

/// Whether another level follows behind the quote at `qty_end`.
#[inline(always)]
fn continues(bytes: &[u8], qty_end: usize) -> bool {
    // The last four bytes of the message at the latest, so that nothing behind it is read. Cut off like that, what follows may
    // look like another level, but there is no place for one.
    let from = (qty_end + 1).min(bytes.len() - 4);
    // SAFETY: four bytes from there on are in `bytes`, which is longer than a window.
    let behind = unsafe { bytes.as_ptr().add(from).cast::<u32>().read_unaligned() };
    behind == u32::from_le_bytes(*b"],[\"")
}

/// Reads two levels into `out`, as mantissas, which are returned too; None in it where their numbers are not in the form that
/// the layout says. None where they are no levels.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn pair(bytes: &[u8], places: [Place; 2], layout: &Layout, out: &mut [[u64; 2]; 2]) -> Option<Option<__m256i>> {
    let (Layout { price, qty }, start) = (layout, bytes.as_ptr());
    let [first, second] = places.map(|place| {
        // SAFETY: a quote opens the size, so that its closing one is two places behind the price's at least.
        unsafe { start.add(place.price_end + 1).cast::<u16>().read_unaligned() ^ u16::from_le_bytes(*b",\"") }
    });
    if first | second != 0 {
        return None;
    }
    let lengths = (places.map(|p| p.price_end - p.from), places.map(|p| (p.qty_end - p.price_end).wrapping_sub(3)));
    let (Some(price_digits), Some(qty_digits)) = (price.digits(lengths.0), qty.digits(lengths.1)) else {
        return Some(None);
    };
    let before = |ends: [usize; 2]| {
        // SAFETY: these are quotes of `bytes`, none before BEFORE.
        let [low, high] = ends.map(|end| unsafe { _mm_loadu_si128(start.add(end - BEFORE).cast::<__m128i>()) });
        _mm256_set_m128i(high, low)
    };
    let (prices, sizes) = (before(places.map(|p| p.price_end)), before(places.map(|p| p.qty_end)));
    let joined = _mm256_or_si256(_mm256_shuffle_epi8(prices, price.shuffle), _mm256_shuffle_epi8(sizes, qty.shuffle));
    let kept = _mm256_set_m128i(kept(price_digits[1], qty_digits[1]), kept(price_digits[0], qty_digits[0]));
    let values = _mm256_and_si256(_mm256_xor_si256(joined, _mm256_set1_epi8(b'0' as i8)), kept);
    let unlike = _mm256_or_si256(price.unlike(prices), qty.unlike(sizes));
    let wrong = _mm256_or_si256(unlike, _mm256_subs_epu8(values, _mm256_set1_epi8(9)));
    let numbers = folded(values);
    // SAFETY: two levels are as long as the register, and the store needs no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast::<__m256i>(), numbers) };
    Some((_mm256_testz_si256(wrong, wrong) != 0).then_some(numbers))
}

/// A level whose numbers are not in the form of the others, as mantissas.
#[cold]
fn unusual(listed: &Listed, bytes: &[u8], place: Place, out: &mut [u64; 2]) -> Option<()> {
    let Level { price, qty } = unusual_level(listed, bytes, (place.from, place.price_end, place.qty_end))?;
    if price == 0 {
        return None;
    }
    *out = [price.checked_mul(listed.price.unit)?, qty.checked_mul(listed.qty.unit)?].map(i64::cast_unsigned);
    Some(())
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

/// The four numbers that the digits in each eight lanes make.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
fn folded(digits: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a));
    let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_0064));
    let eights = _mm256_madd_epi16(_mm256_packus_epi32(fours, fours), _mm256_set1_epi32(0x0001_2710));
    // Each half holds its two numbers twice.
    _mm256_cvtepu32_epi64(_mm256_castsi256_si128(_mm256_permute4x64_epi64::<0b1000>(eights)))
}
