//! The reader of `level` for processors with AVX2: both numbers of a level in one register.
//!
//! catalogue: M1. A level's quotes come from two 32-byte compares; each number's last sixteen bytes are shuffled so that
//! the digits that count stand right-aligned, the price in the low eight lanes and the size in the high eight, and four
//! multiply-adds turn both into integers. What does not fit (more than eight digits, other decimals) is read by `level`.

use super::level::{Stop, unusual_level};
use super::number::Scale;
use super::symbols::Listed;
use crate::event::{Level, RecordBuf};
use std::arch::x86_64::{
    __m128i, __m256i, _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_madd_epi16,
    _mm_maddubs_epi16, _mm_max_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_packus_epi32, _mm_set_epi64x, _mm_set1_epi8,
    _mm_set1_epi16, _mm_set1_epi32, _mm_shuffle_epi8, _mm_xor_si128, _mm256_cmpeq_epi8, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_set1_epi8,
};

/// The bytes that are read from a level's first on.
pub(super) const WINDOW: usize = 64;
/// The bytes before a level that its loads touch.
pub(super) const BEFORE: usize = 16;
/// The last place of a level's closing quote at which what follows it is still in the window.
const QUOTE_MAX: u32 = WINDOW as u32 - 8;

/// How one number of the run is brought into its lanes.
#[derive(Clone, Copy)]
struct Lanes {
    /// Which byte of the number's last sixteen each lane takes.
    shuffle: __m128i,
    /// What must stand in the bytes of `required`: the point, and zeros behind the digits that count.
    expect: __m128i,
    required: u32,
    /// Bytes of the number behind its whole digits.
    behind: u32,
    decimals: u32,
    unit: i64,
}

/// How the prices and the sizes of a message are written.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    price: Lanes,
    qty: Lanes,
}

/// The most decimals that a number shows or that count.
const DECIMALS: usize = 9;

/// The bytes behind `Lanes`: shuffle, expected bytes, and which of them are required.
type Bytes = ([u8; 16], [u8; 16], u32);

/// The lanes of a number by decimals that count and decimals shown, in the low half of the register.
static LOW: [[Bytes; DECIMALS]; DECIMALS] = table(0);
/// The same in the high half.
static HIGH: [[Bytes; DECIMALS]; DECIMALS] = table(8);

const fn table(first_lane: usize) -> [[Bytes; DECIMALS]; DECIMALS] {
    let mut all = [[([0x80; 16], [b'0'; 16], 0); DECIMALS]; DECIMALS];
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
    let (mut shuffle, mut expect, mut required) = ([0x80; 16], [b'0'; 16], 0);
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
        required = 1 << (15 - shown);
        let mut zero = 16 - shown + decimals;
        while zero < 16 {
            required |= 1 << zero;
            zero += 1;
        }
    }
    (shuffle, expect, required)
}

impl Lanes {
    /// None where more decimals count than are shown, or more than eight are.
    #[inline(always)]
    fn of(scale: Scale, shown: usize, table: &[[Bytes; DECIMALS]; DECIMALS]) -> Option<Self> {
        let decimals = usize::from(scale.decimals);
        let (shuffle, expect, required) = table.get(decimals)?.get(shown).filter(|_| decimals <= shown)?;
        // SAFETY: both arrays are sixteen bytes long, and the loads need no alignment.
        let load = |bytes: &[u8; 16]| unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
        let behind = if shown == 0 { 0 } else { shown as u32 + 1 };
        let (shuffle, expect) = (load(shuffle), load(expect));
        Some(Self { shuffle, expect, required: *required, behind, decimals: decimals as u32, unit: scale.unit })
    }

    /// Digits that count in a number of `length` bytes, and whether they are eight at most with a whole one.
    #[inline(always)]
    const fn digits(&self, length: u32) -> (u32, bool) {
        let whole = length.wrapping_sub(self.behind);
        (whole.wrapping_add(self.decimals), whole.wrapping_sub(1) < 8 - self.decimals)
    }

    /// A mantissa as a count of units.
    #[inline(always)]
    const fn counted(&self, mantissa: i64) -> Option<i64> {
        if self.unit == 1 {
            return Some(mantissa);
        }
        if mantissa % self.unit == 0 { Some(mantissa / self.unit) } else { None }
    }
}

impl Layout {
    /// The layout of the level that begins the window: how many decimals stand behind the points of its two numbers.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn of(listed: &Listed, window: &[u8; WINDOW]) -> Option<Self> {
        let quotes = positions(window, b'"');
        let points = positions(window, b'.');
        let rest = quotes & quotes.wrapping_sub(1);
        let (price_end, qty_end) = (quotes.trailing_zeros(), (rest & rest.wrapping_sub(1)).trailing_zeros());
        let first = points.trailing_zeros();
        let second = (points & u64::MAX.wrapping_shl(price_end)).trailing_zeros();
        let shown = |point: u32, end: u32| if point < end { (end - 1 - point) as usize } else { 0 };
        Some(Self {
            price: Lanes::of(listed.price, shown(first, price_end), &LOW)?,
            qty: Lanes::of(listed.qty, shown(second, qty_end), &HIGH)?,
        })
    }
}

/// Reads levels from `from` (at least `BEFORE`) to the closing bracket or to the last window; see `level::run`.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
pub(super) fn through(
    bytes: &[u8],
    from: usize,
    layout: &mut Option<Layout>,
    listed: &Listed,
    out: &mut RecordBuf,
    count: &mut u32,
) -> Option<Stop> {
    let mut at = from;
    if at < BEFORE {
        return None;
    }
    let Some(first) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>()) else {
        return Some(Stop::Near(at));
    };
    let Layout { price: price_lanes, qty: qty_lanes } = match *layout {
        Some(known) => known,
        None => *layout.insert(Layout::of(listed, first)?),
    };
    loop {
        let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>()) else {
            return Some(Stop::Near(at));
        };
        let mask = positions(window, b'"');
        let window = window.as_ptr();
        let rest = mask & mask.wrapping_sub(1);
        let (price_end, qty_end) = (mask.trailing_zeros(), (rest & rest.wrapping_sub(1)).trailing_zeros());
        if qty_end > QUOTE_MAX {
            return None;
        }
        // SAFETY: price_end < qty_end <= QUOTE_MAX, so that eight bytes behind either are in the window, and `BEFORE`
        // bytes before the window are in `bytes`.
        let (behind_price, behind_qty, price_bytes, qty_bytes) = unsafe {
            (
                window.add(price_end as usize).cast::<u32>().read_unaligned(),
                window.add(qty_end as usize).cast::<u64>().read_unaligned(),
                _mm_loadu_si128(window.add(price_end as usize).sub(16).cast::<__m128i>()),
                _mm_loadu_si128(window.add(qty_end as usize).sub(16).cast::<__m128i>()),
            )
        };
        if behind_price & 0x00ff_ffff != u32::from_le_bytes(*b"\",\"\0") {
            return None;
        }
        let (price_digits, price_fits) = price_lanes.digits(price_end);
        let (qty_digits, qty_fits) = qty_lanes.digits(qty_end - price_end - 3);
        let kept = _mm_set_epi64x(top_bytes(qty_digits), top_bytes(price_digits));
        let joined = _mm_or_si128(
            _mm_shuffle_epi8(price_bytes, price_lanes.shuffle),
            _mm_shuffle_epi8(qty_bytes, qty_lanes.shuffle),
        );
        let values = _mm_and_si128(_mm_xor_si128(joined, _mm_set1_epi8(b'0' as i8)), kept);
        let nine = _mm_set1_epi8(9);
        let digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(values, nine), nine)) as u32;
        let as_shown =
            |bytes, lanes: &Lanes| !(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, lanes.expect)) as u32) & lanes.required;
        let unusual = as_shown(price_bytes, &price_lanes) | as_shown(qty_bytes, &qty_lanes) | (digits ^ 0xffff);
        let level = if unusual == 0 && price_fits && qty_fits {
            let (price, qty) = folded(values);
            Level { price: price_lanes.counted(price)?, qty: qty_lanes.counted(qty)? }
        } else {
            let (price_end, qty_end) = (at + price_end as usize, at + qty_end as usize);
            unusual_level(listed, bytes, (at, price_end, qty_end))?
        };
        if level.price == 0 {
            return None;
        }
        out.level(level).ok()?;
        *count += 1;
        let end = at + qty_end as usize;
        if behind_qty & 0x00ff_ffff_ffff != u64::from_le_bytes(*b"\"],[\"\0\0\0") {
            let closed = behind_qty & 0x00ff_ffff == u64::from_le_bytes(*b"\"]]\0\0\0\0\0");
            return closed.then_some(Stop::Closed(end + 3));
        }
        at = end + 5;
    }
}

/// A bit for each place of the window where `byte` stands.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn positions(window: &[u8; WINDOW], byte: u8) -> u64 {
    // SAFETY: the window is twice 32 bytes, and the loads need no alignment.
    let (low, high) = unsafe {
        let from = window.as_ptr().cast::<__m256i>();
        (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)))
    };
    let wanted = _mm256_set1_epi8(byte as i8);
    let bits = |half| u64::from(_mm256_movemask_epi8(_mm256_cmpeq_epi8(half, wanted)) as u32);
    bits(low) | bits(high) << 32
}

/// A mask of the top `count` (1 to 8) bytes.
#[inline(always)]
const fn top_bytes(count: u32) -> i64 {
    u64::MAX.wrapping_shl(64u32.wrapping_sub(count.wrapping_mul(8))) as i64
}

/// The numbers that the digits in the low and in the high eight lanes make.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn folded(digits: __m128i) -> (i64, i64) {
    let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
    let eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x0001_2710));
    let both = _mm_cvtsi128_si64(eights) as u64;
    (i64::from(both as u32), (both >> 32) as i64)
}
