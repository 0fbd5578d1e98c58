//! A run of price levels in the usual form, `["61837.64000000","1.54698000"],[..]]`, read level by level.
//!
//! catalogue: M1. Reading such text digit by digit makes each byte's place depend on the one before it. Here one
//! compare of 48 bytes finds a level's four quotes at once, so that the place of the next level is known early and the
//! digits of this one are folded meanwhile. How many decimals the venue writes is taken from the first level and
//! checked for every number; one that differs is read by `number::fixed`.

use super::number::{self, Scale};
use super::symbols::Listed;
use crate::event::{Level, RecordBuf};

/// The bytes in which a level's quotes are looked for: two numbers of sixteen characters and what is between them fit.
const WINDOW: usize = 48;
/// What `through` touches before a level.
const BEFORE: usize = 16;
/// A copy of the end of a message: what is before, less than a window, and a window of zeros.
const TAIL: usize = BEFORE + 2 * WINDOW;

/// Where a run of levels stopped.
enum Stop {
    /// Behind its closing bracket.
    Closed(usize),
    /// Before a level that is too near to the end of the bytes for a whole window.
    Near(usize),
}

/// How the numbers of a stream's messages are written, learnt from a first level and kept until another form comes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layouts {
    plain: Option<(Form, Form)>,
    #[cfg(target_arch = "x86_64")]
    avx2: Option<super::level_avx2::Layout>,
}

/// Reads levels from `at`, which is behind the first `["`, to the closing bracket of the run, into `out`.
///
/// Returns how many there are and the place behind the bracket; None where anything is not in the usual form.
#[inline]
pub(super) fn run(
    bytes: &[u8],
    at: usize,
    layouts: &mut Layouts,
    listed: &Listed,
    out: &mut RecordBuf,
) -> Option<(u32, usize)> {
    #[cfg(target_arch = "x86_64")]
    if able() {
        // SAFETY: the processor can.
        let found = unsafe { run_avx2(bytes, at, layouts, listed, out) };
        if found.is_some() {
            return found;
        }
    }
    run_by(bytes, at, |bytes, from, count| through_plain(bytes, from, &mut layouts.plain, listed, out, count))
}

/// Whether the processor has what `run_avx2` uses: AVX2 and BMI2; BMI1 and LZCNT came with them.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn able() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2")
}

/// `run` with AVX2 alone; None also where only the plain reader knows the form.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
#[inline]
pub(super) fn run_avx2(
    bytes: &[u8],
    at: usize,
    layouts: &mut Layouts,
    listed: &Listed,
    out: &mut RecordBuf,
) -> Option<(u32, usize)> {
    let (count, end) = super::level_avx2::through(bytes, at, &mut layouts.avx2, listed, out.room())?;
    out.took(count);
    Some((count as u32, end))
}

/// Runs `through` over the bytes, and over a copy of their end that is long enough for its windows.
#[inline(always)]
fn run_by(
    bytes: &[u8],
    at: usize,
    mut through: impl FnMut(&[u8], usize, &mut u32) -> Option<Stop>,
) -> Option<(u32, usize)> {
    let mut count = 0;
    match through(bytes, at, &mut count)? {
        Stop::Closed(end) => Some((count, end)),
        Stop::Near(at) => {
            let from = at.checked_sub(BEFORE)?;
            let rest = bytes.get(from..)?;
            let mut tail = [0; TAIL];
            tail.get_mut(..rest.len())?.copy_from_slice(rest);
            match through(&tail, BEFORE, &mut count)? {
                Stop::Closed(end) => Some((count, from + end)),
                Stop::Near(_) => None,
            }
        }
    }
}

/// Reads levels with the instructions that every processor has.
fn through_plain(
    bytes: &[u8],
    from: usize,
    layout: &mut Option<(Form, Form)>,
    listed: &Listed,
    out: &mut RecordBuf,
    count: &mut u32,
) -> Option<Stop> {
    let mut at = from;
    let forms = match *layout {
        Some(known) => known,
        None => *layout.insert(Form::both(bytes.get(at..)?, listed)?),
    };
    loop {
        let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>()) else {
            return Some(Stop::Near(at));
        };
        // The closing quote of the price, both quotes' distance being two, and the closing quote of the size.
        let first = quotes(window);
        let second = first & first.wrapping_sub(1);
        let third = second & second.wrapping_sub(1);
        let price_end = at + first.trailing_zeros() as usize;
        let qty_end = at + third.trailing_zeros() as usize;
        if !follows(bytes, price_end, b"\",\"") {
            return None;
        }
        let price = forms.0.read(bytes, at, price_end);
        let qty = forms.1.read(bytes, price_end + 3, qty_end);
        let level = match (price, qty) {
            (Some(price), Some(qty)) => Level { price, qty },
            _ => {
                // Perhaps it is the form that was unusual.
                *layout = None;
                unusual_level(listed, bytes, (at, price_end, qty_end))?
            }
        };
        if level.price == 0 {
            return None;
        }
        out.level(level).ok()?;
        *count += 1;
        if !follows(bytes, qty_end, b"\"],[\"") {
            return follows(bytes, qty_end, b"\"]]").then_some(Stop::Closed(qty_end + 3));
        }
        at = qty_end + 5;
    }
}

/// A level whose numbers are not written as the first one's: its price from `from` to the quote at `price_end`, then its
/// size up to the quote at `qty_end`, rounded up where it is finer than a lot (see `Listed::shown_lots`).
#[cold]
pub(super) fn unusual_level(
    listed: &Listed,
    bytes: &[u8],
    (from, price_end, qty_end): (usize, usize, usize),
) -> Option<Level> {
    let fixed = |from, end, scale| number::fixed(bytes, from, scale).filter(|(_, at)| *at == end).map(|found| found.0);
    let size = || listed.shown_lots(bytes.get(price_end + 3..qty_end)?).ok();
    Some(Level {
        price: fixed(from, price_end, listed.price)?,
        qty: fixed(price_end + 3, qty_end, listed.qty).or_else(size)?,
    })
}

/// Whether `text` stands at `at`.
#[inline(always)]
fn follows<const N: usize>(bytes: &[u8], at: usize, text: &[u8; N]) -> bool {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()) == Some(text)
}

/// A bit for each quote of the window.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn quotes(window: &[u8; WINDOW]) -> u64 {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8};
    let part = |at: usize| {
        // SAFETY: SSE2 is part of x86-64, and 16 bytes from 0, 16 and 32 lie inside the 48 of the window.
        unsafe {
            let bytes = _mm_loadu_si128(window.as_ptr().add(at).cast::<__m128i>());
            _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8))) as u32 as u64
        }
    };
    part(0) | part(16) << 16 | part(32) << 32
}

/// A bit for each quote of the window.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn quotes(window: &[u8; WINDOW]) -> u64 {
    window.iter().enumerate().fold(0, |mask, (at, byte)| mask | u64::from(*byte == b'"') << at)
}

/// How the venue writes the prices or the sizes of one run.
#[derive(Debug, Clone, Copy)]
struct Form {
    scale: Scale,
    /// Decimals that it writes, 0 where there is no point.
    shown: usize,
    /// Which bytes of the decimals count, and which must be zeros.
    kept: u64,
    zeros: u64,
    /// The length of the number that the form was taken from.
    seen: usize,
}

impl Form {
    /// The form of the number at the beginning of `text`; None where it is longer than a window.
    #[inline(always)]
    fn of(text: &[u8], scale: Scale) -> Option<Self> {
        let text = text.get(..text.len().min(WINDOW))?;
        let seen = text.iter().position(|byte| *byte == b'"')?;
        let shown = text.get(..seen)?.iter().rev().position(|byte| *byte == b'.').unwrap_or(0);
        let below = |digits: usize| 1u64.checked_shl(digits as u32 * 8).map_or(u64::MAX, |bit| bit - 1);
        let kept = below(usize::from(scale.decimals));
        Some(Self { scale, shown, kept, zeros: below(shown) & !kept, seen })
    }

    /// The forms of the level at the beginning of `text`.
    fn both(text: &[u8], listed: &Listed) -> Option<(Self, Self)> {
        let price = Self::of(text, listed.price)?;
        Some((price, Self::of(text.get(price.seen + 3..)?, listed.qty)?))
    }

    /// The number between `from` and the quote at `end`, as a count of units; None where it has another form.
    #[inline]
    fn read(&self, bytes: &[u8], from: usize, end: usize) -> Option<i64> {
        let mantissa = self.mantissa(bytes, from, end)?;
        if self.scale.unit == 1 {
            return Some(mantissa);
        }
        (mantissa % self.scale.unit == 0).then_some(mantissa / self.scale.unit)
    }

    #[inline(always)]
    fn mantissa(&self, bytes: &[u8], from: usize, end: usize) -> Option<i64> {
        let decimals = usize::from(self.scale.decimals);
        let point = if self.shown == 0 { end } else { end.wrapping_sub(self.shown + 1) };
        let front_digits = point.wrapping_sub(from);
        if front_digits.wrapping_sub(1) >= 8 || decimals > self.shown || self.shown > 8 {
            return None;
        }
        let front = number::load_digits(bytes, point.wrapping_sub(8))? & u64::MAX << (64 - 8 * front_digits);
        let mut back = 0;
        if self.shown != 0 {
            let behind = number::load_digits(bytes, point + 1)?;
            if bytes.get(point) != Some(&b'.') || behind & self.zeros != 0 {
                return None;
            }
            back = number::raised(behind & self.kept, decimals);
        }
        number::joined(front, front_digits, back, decimals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::samples;
    use crate::instrument::Market;
    use proptest::prelude::*;

    /// Levels as text, read; the closing bracket is the last byte of what is read, whatever follows.
    fn read(levels: &[(String, String)], tail: &str) -> Option<(Vec<(i64, i64)>, bool)> {
        let decoder = samples::decoder();
        let listed = decoder.symbols.find(Market::Spot, b"BTCUSDT").unwrap();
        let joined: Vec<String> = levels.iter().map(|(price, qty)| format!("[\"{price}\",\"{qty}\"]")).collect();
        let text = format!("{{\"e\":\"depthUpdate\",\"b\":[{}]{tail}", joined.join(","));
        let mut out = RecordBuf::with_capacity(1 << 14);
        out.begin_depth().unwrap();
        let mut plain = out.clone();
        let at = 26;
        assert_eq!(text.as_bytes()[at - 1], b'"');
        let found = run(text.as_bytes(), at, &mut Layouts::default(), listed, &mut out);
        let mut layout = None;
        let by_plain = run_by(text.as_bytes(), at, |bytes, from, count| {
            through_plain(bytes, from, &mut layout, listed, &mut plain, count)
        });
        assert_eq!(by_plain, found, "{text}");
        let (count, end) = found?;
        assert_eq!(plain.bytes(), out.bytes());
        let words: Vec<i64> =
            out.bytes()[72..].chunks_exact(8).map(|w| i64::from_ne_bytes(w.try_into().unwrap())).collect();
        let pairs: Vec<_> = words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        assert_eq!(count as usize, pairs.len());
        Some((pairs, end == text.len() - tail.len()))
    }

    fn pairs(levels: &[(&str, &str)]) -> Vec<(String, String)> {
        levels.iter().map(|(price, qty)| ((*price).to_owned(), (*qty).to_owned())).collect()
    }

    #[test]
    fn levels_of_every_form() {
        for (levels, want) in [
            (pairs(&[("61837.64000000", "1.54698000")]), Some(vec![(6_183_764, 154_698)])),
            (
                pairs(&[("1.00", "2.00000"), ("123456.78", "0.00000"), ("9", "7")]),
                Some(vec![(100, 200_000), (12_345_678, 0), (900, 700_000)]),
            ),
            (pairs(&[("1.00000000", "123456789.00000000")]), Some(vec![(100, 12_345_678_900_000)])),
            (pairs(&[("1.00000000", "1234.56789000"), ("1.0", "1.5")]), Some(vec![(100, 123_456_789), (100, 150_000)])),
            (pairs(&[("1.00000001", "1.00000000")]), None),
            (pairs(&[("0.00000000", "1.00000000")]), None),
            (pairs(&[("-1.00000000", "1.00000000")]), None),
            (pairs(&[("1.00000000", "-1.00000000")]), None),
            (pairs(&[("1.00000000", "0.00000100"), ("1.0", "25.426189")]), Some(vec![(100, 1), (100, 2_542_619)])),
            (pairs(&[("1x.00000000", "1.00000000")]), None),
            (pairs(&[("1.00000000", "1.x0000000")]), None),
            (pairs(&[("", "1.00000000")]), None),
        ] {
            for tail in ["", "}", ",\"a\":[]}}", &"}".repeat(60)] {
                assert_eq!(read(&levels, tail), want.clone().map(|want| (want, true)), "{levels:?}{tail}");
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_exact_decimals(levels in proptest::collection::vec(("[1-9][0-9]{0,8}(\\.[0-9]{1,2}0{0,6})?", "[0-9]{1,9}(\\.[0-9]{1,5}0{0,3})?"), 1..8)) {
            let decoder = samples::decoder();
            let listed = decoder.symbols.find(Market::Spot, b"BTCUSDT").unwrap();
            let want: Vec<_> = levels.iter().map(|(p, q)| (listed.ticks(p.as_bytes()).unwrap(), listed.lots(q.as_bytes()).unwrap())).collect();
            prop_assert_eq!(read(&levels, "}}"), Some((want, true)));
        }

        #[test]
        fn no_bytes_can_break_it(bytes in proptest::collection::vec(proptest::sample::select(b"\"\".,[]0123456789x".to_vec()), 0..150), at in 0usize..160) {
            let decoder = samples::decoder();
            let listed = decoder.symbols.find(Market::Spot, b"BTCUSDT").unwrap();
            let mut out = RecordBuf::with_capacity(1 << 14);
            if let Some((_, end)) = run(&bytes, at, &mut Layouts::default(), listed, &mut out) {
                prop_assert!(end <= bytes.len());
            }
        }
    }
}
