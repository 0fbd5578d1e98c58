//! A run of price levels in any form, read in one pass: `[["61837.6","1.5"],..]`, `[{"px":"61837.6","sz":"1.5","n":3},..]`.
//!
//! catalogue: M1. A form says what stands before a level's price, between its two numbers and behind its size, as the venue
//! writes it today; the numbers are read by `level_wide`, or one by one where that cannot. At the first byte that differs
//! the reader gives up, and the caller reads the run in the general way, which says what is wrong with it.

use super::number;
use super::skip;
use super::symbols::Listed;
use crate::event::Level;
use crate::units::Nanos;

/// What a level says besides its two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing: the side is that of its array.
    Plain,
    /// The level is gone, whatever its size.
    Gone,
    /// A bid.
    Bid,
    /// An ask.
    Ask,
}

/// How a venue writes a level.
pub(super) trait Form {
    /// What stands between the price and the size.
    const BETWEEN: &'static [u8];
    /// Whether a price that is written `0` says that nothing changed.
    const ZERO_IS_NOTHING: bool = false;

    /// Takes what stands before the price of the level at `at`: the place of the price.
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)>;

    /// Takes what stands behind the size, which ends at `at`: the place behind the level.
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize>;
}

/// Reads the levels of the array at `at`, which is its bracket, and calls `each` with every one.
///
/// Returns the place behind the closing bracket; None where anything is not in the form, or `each` gives up.
#[inline]
pub(super) fn run<F: Form>(
    form: &mut F,
    bytes: &[u8],
    at: usize,
    listed: &Listed,
    each: impl FnMut(Word, Level) -> Option<()>,
) -> Option<usize> {
    let at = literal(bytes, at, b"[")?;
    if let Some(end) = literal(bytes, at, b"]") {
        return Some(end);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(wide) = &listed.wide {
        // SAFETY: `Wide` is made only where the processor has AVX2 and BMI2; BMI1 and LZCNT came with them.
        return unsafe { run_wide::<F>(form, bytes, at, listed, wide, each) };
    }
    run_by::<F>(form, bytes, at, listed, |_| None, each)
}

/// The same with both numbers of a level at once.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn run_wide<F: Form>(
    form: &mut F,
    bytes: &[u8],
    at: usize,
    listed: &Listed,
    wide: &super::level_wide::Wide,
    each: impl FnMut(Word, Level) -> Option<()>,
) -> Option<usize> {
    let two = |price_at| {
        // SAFETY: the processor has what this function needs.
        let found = unsafe { wide.two(bytes, price_at, F::BETWEEN.len()) }?;
        let (price, qty) = found.counted?;
        Some((Level { price, qty }, found.price_end, found.qty_end))
    };
    run_by::<F>(form, bytes, at, listed, two, each)
}

/// The levels from the first one on; `two` reads both numbers from the price on, with the places where they end.
#[inline(always)]
fn run_by<F: Form>(
    form: &mut F,
    bytes: &[u8],
    first: usize,
    listed: &Listed,
    two: impl Fn(usize) -> Option<(Level, usize, usize)>,
    mut each: impl FnMut(Word, Level) -> Option<()>,
) -> Option<usize> {
    let mut at = first;
    loop {
        let (price_at, word) = F::open(bytes, at)?;
        let (level, price_end, qty_end) = match two(price_at) {
            Some((level, price_end, qty_end)) => {
                literal(bytes, price_end, F::BETWEEN)?;
                (level, price_end, qty_end)
            }
            None => one_by_one::<F>(bytes, price_at, listed)?,
        };
        let behind = form.close(bytes, qty_end)?;
        if level.price > 0 {
            each(word, level)?;
        } else if !F::ZERO_IS_NOTHING || price_end - price_at != 1 {
            return None;
        }
        match bytes.get(behind) {
            Some(b',') => at = behind + 1,
            Some(b']') => return Some(behind + 1),
            _ => return None,
        }
    }
}

/// A level near the end of the message, or with a number that is not in the usual form; sizes finer than a lot are rounded
/// up (see `Listed::shown_lots`).
#[inline(never)]
fn one_by_one<F: Form>(bytes: &[u8], price_at: usize, listed: &Listed) -> Option<(Level, usize, usize)> {
    let price_end = number::end(bytes, price_at)?;
    let qty_at = literal(bytes, price_end, F::BETWEEN)?;
    let qty_end = number::end(bytes, qty_at)?;
    // A text may begin with its point, a figure may not: the general reader knows which it is.
    if bytes.get(price_at) == Some(&b'.') || bytes.get(qty_at) == Some(&b'.') {
        return None;
    }
    let price = match bytes.get(price_at..price_end)? {
        b"0" if F::ZERO_IS_NOTHING => 0,
        text => listed.ticks(text).ok()?,
    };
    let qty = listed.shown_lots(bytes.get(qty_at..qty_end)?).ok()?;
    Some((Level { price, qty }, price_end, qty_end))
}

/// The place behind `text`, where it stands at `at`.
#[inline(always)]
pub(super) fn literal(bytes: &[u8], at: usize, text: &[u8]) -> Option<usize> {
    bytes.get(at..)?.starts_with(text).then_some(at + text.len())
}

/// The place behind the quote that ends the text which begins at `at`.
#[inline(always)]
fn behind_text(bytes: &[u8], at: usize) -> Option<usize> {
    skip::text(bytes, at).map(|end| end + 1)
}

/// `["61837.6","1.5"]`, with more texts behind where the venue sends them (OKX, Kraken, KuCoin).
pub(super) struct Pair;

impl Form for Pair {
    const BETWEEN: &'static [u8] = b"\",\"";

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        Some((literal(bytes, at, b"[\"")?, Word::Plain))
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let mut end = literal(bytes, at, b"\"")?;
        // OKX has a zero and the count of orders behind, most often of one digit.
        if let Some([b',', b'"', b'0', b'"', b',', b'"', b'0'..=b'9', b'"', b']']) = bytes.get(end..)?.first_chunk() {
            return Some(end + 9);
        }
        loop {
            if let Some(behind) = literal(bytes, end, b"]") {
                return Some(behind);
            }
            end = behind_text(bytes, literal(bytes, end, b",\"")?)?;
        }
    }
}

/// `["61837.6","1.5","1618678142.557535"]`, a pair with its time in seconds (Kraken).
pub(super) struct Timed {
    /// The latest time so far, or `NO_TIME`.
    pub latest: Nanos,
}

impl Form for Timed {
    const BETWEEN: &'static [u8] = Pair::BETWEEN;

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        Pair::open(bytes, at)
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let at = literal(bytes, at, b"\",\"")?;
        let text = bytes.get(at..)?.first_chunk()?;
        self.latest = self.latest.max(seconds(text)?);
        literal(bytes, at + text.len(), b"\"]")
    }
}

/// Ten digits of seconds, a point and six decimals, in ns; a time behind the year 2262 is no usual one.
#[inline(always)]
fn seconds(text: &[u8; 17]) -> Option<Nanos> {
    let [s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, b'.', d1, d2, d3, d4, d5, d6] = *text else { return None };
    let front = number::eight_digits(&[s1, s2, s3, s4, s5, s6, s7, s8])?;
    let rest = number::eight_digits(&[s9, s10, d1, d2, d3, d4, d5, d6])?;
    let micros = i64::try_from(front * 100_000_000 + rest).ok()?;
    micros.checked_mul(1_000)
}

/// A pair that says by a price of `0` that nothing changed (KuCoin).
pub(super) struct Priced;

impl Form for Priced {
    const BETWEEN: &'static [u8] = Pair::BETWEEN;
    const ZERO_IS_NOTHING: bool = true;

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        Pair::open(bytes, at)
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        Pair.close(bytes, at)
    }
}

/// `[61837.6,1.5]` (HTX).
pub(super) struct Figures;

impl Form for Figures {
    const BETWEEN: &'static [u8] = b",";

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        Some((literal(bytes, at, b"[")?, Word::Plain))
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        literal(bytes, at, b"]")
    }
}

/// `["change",61837.5,10.0]` (Deribit).
pub(super) struct Worded;

impl Form for Worded {
    const BETWEEN: &'static [u8] = b",";

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        for (text, word) in
            [(b"[\"change\",".as_slice(), Word::Plain), (b"[\"new\",", Word::Plain), (b"[\"delete\",", Word::Gone)]
        {
            if let Some(price) = literal(bytes, at, text) {
                return Some((price, word));
            }
        }
        None
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        literal(bytes, at, b"]")
    }
}

/// `{"px":"61837.6","sz":"1.5","n":3}` as Hyperliquid sends it, or with `n` first as it was recorded.
pub(super) struct Short;

impl Form for Short {
    const BETWEEN: &'static [u8] = b"\",\"sz\":\"";

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        let at = match literal(bytes, at, b"{\"n\":") {
            Some(count) => literal(bytes, digits_end(bytes, count)?, b",\"px\":\"")?,
            None => literal(bytes, at, b"{\"px\":\"")?,
        };
        Some((at, Word::Plain))
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        match literal(bytes, at, b"\",\"n\":") {
            Some(count) => literal(bytes, digits_end(bytes, count)?, b"}"),
            None => literal(bytes, at, b"\"}"),
        }
    }
}

/// The place behind the digits from `at` on, of which there is one at least.
#[inline(always)]
fn digits_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (_, end) = number::whole(bytes, at)?;
    Some(end)
}

/// `{"price":61837.6,"qty":1.5}` (Kraken Futures).
pub(super) struct Named;

impl Form for Named {
    const BETWEEN: &'static [u8] = b",\"qty\":";

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        Some((literal(bytes, at, b"{\"price\":")?, Word::Plain))
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        literal(bytes, at, b"}")
    }
}

/// `{"price":"61837.6","size":"1.5"}` (Lighter).
pub(super) struct Sized;

impl Form for Sized {
    const BETWEEN: &'static [u8] = b"\",\"size\":\"";

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        Some((literal(bytes, at, b"{\"price\":\"")?, Word::Plain))
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        literal(bytes, at, b"\"}")
    }
}

/// `{"side":"bid","event_time":"..","price_level":"61837.6","new_quantity":"1.5"}` (Coinbase).
pub(super) struct Sided;

impl Form for Sided {
    const BETWEEN: &'static [u8] = b"\",\"new_quantity\":\"";

    #[inline(always)]
    fn open(bytes: &[u8], at: usize) -> Option<(usize, Word)> {
        let (at, word) = match literal(bytes, at, b"{\"side\":\"bid\",\"event_time\":\"") {
            Some(at) => (at, Word::Bid),
            None => (literal(bytes, at, b"{\"side\":\"offer\",\"event_time\":\"")?, Word::Ask),
        };
        Some((literal(bytes, behind_text(bytes, at)?, b",\"price_level\":\"")?, word))
    }

    #[inline(always)]
    fn close(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        literal(bytes, at, b"\"}")
    }
}
