//! Order-book levels of Binance: the price levels of any depth message, and the usual delta read in one pass.
//!
//! catalogue: M1. Follows <https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams>
//! ("Diff. Depth Stream") and <https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams>.
//! `usual` assumes the order of members in which the venue writes them today; at the first byte that differs it
//! gives up, and the general reader of `binance` decides what the message means or what is wrong with it.

use super::heads::{Heads, Said, Span};
use super::level::{self, Layouts};
use super::number;
#[cfg(target_arch = "x86_64")]
use super::number_avx2;
use super::scan::{Scan, Shape, Value};
use super::symbols::{Listed, Symbols};
use super::{Stamp, nanos};
use crate::error::{CoreError, Result};
use crate::event::{DepthHead, Level, RecordBuf, flags};
use crate::instrument::Market;
use crate::units::Nanos;

/// Bytes of a cache line.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;
/// Lines that are fetched beforehand; behind them the processor has seen where the reading goes.
#[cfg(target_arch = "x86_64")]
const FETCHED_MAX: usize = 16;

/// The numbers before a delta's levels.
struct Numbers {
    ts_venue: Nanos,
    first: u64,
    last: u64,
    previous: u64,
}

/// How numbers and levels are read: what processors differ in.
trait Reader {
    /// The unsigned whole numbers that stand there.
    fn wholes(bytes: &[u8], places: &[Span], values: &mut [u64]) -> Option<()>;
    /// `level::run`.
    fn run(
        bytes: &[u8],
        at: usize,
        layouts: &mut Layouts,
        listed: &Listed,
        out: &mut RecordBuf,
    ) -> Option<(u32, usize)>;
}

/// Reads with the instructions that every processor has.
struct Plain;

impl Reader for Plain {
    fn wholes(bytes: &[u8], places: &[Span], values: &mut [u64]) -> Option<()> {
        for (place, value) in places.iter().zip(values) {
            *value = number::whole(bytes, usize::from(place.from))?.0;
        }
        Some(())
    }
    #[inline(always)]
    fn run(
        bytes: &[u8],
        at: usize,
        layouts: &mut Layouts,
        listed: &Listed,
        out: &mut RecordBuf,
    ) -> Option<(u32, usize)> {
        level::run(bytes, at, layouts, listed, out)
    }
}

/// Reads with AVX2; named by `usual_avx2` alone.
#[cfg(target_arch = "x86_64")]
struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Reader for Avx2 {
    #[inline(always)]
    fn wholes(bytes: &[u8], places: &[Span], values: &mut [u64]) -> Option<()> {
        // SAFETY: only `usual_avx2` reads with this, on a processor that can.
        let known = unsafe { number_avx2::wholes(bytes, places, values) };
        known.or_else(|| Plain::wholes(bytes, places, values))
    }
    #[inline(always)]
    fn run(
        bytes: &[u8],
        at: usize,
        layouts: &mut Layouts,
        listed: &Listed,
        out: &mut RecordBuf,
    ) -> Option<(u32, usize)> {
        // SAFETY: as above.
        unsafe { level::run_avx2(bytes, at, layouts, listed, out) }
    }
}

/// Reads a delta in the venue's usual order of members. None where the message is anything else: nothing is written.
#[inline]
pub(super) fn usual(
    symbols: &Symbols,
    heads: &mut Heads,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Option<Result<usize>> {
    #[cfg(target_arch = "x86_64")]
    if level::able() {
        fetch(payload);
        // SAFETY: the processor can.
        return unsafe { usual_avx2(symbols, heads, market, payload, stamp, out) };
    }
    usual_by::<Plain>(symbols, heads, market, payload, stamp, out)
}

/// Brings a message into the cache beside the reading of its head: what a reader takes from it depends on what it has
/// taken before, so that each line of a message that is not in the cache would be waited for by itself.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fetch(payload: &[u8]) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    for line in payload.chunks(LINE).take(FETCHED_MAX) {
        // SAFETY: SSE is part of x86-64, and a prefetch reads nothing that the program sees.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn usual_avx2(
    symbols: &Symbols,
    heads: &mut Heads,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Option<Result<usize>> {
    usual_by::<Avx2>(symbols, heads, market, payload, stamp, out)
}

#[inline(always)]
fn usual_by<R: Reader>(
    symbols: &Symbols,
    heads: &mut Heads,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Option<Result<usize>> {
    match heads.find(market, stamp, payload) {
        Some((said, layouts)) => behind::<R>(symbols, said, layouts, payload, stamp, out),
        None => first::<R>(symbols, heads, market, payload, stamp, out),
    }
}

/// Reads a message whose beginning is another one than the last of its stream, and remembers it.
#[cold]
fn first<R: Reader>(
    symbols: &Symbols,
    heads: &mut Heads,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Option<Result<usize>> {
    let said = head(symbols, market, payload)?;
    heads.learn(market, stamp, payload, said);
    behind::<R>(symbols, &said, &mut Layouts::default(), payload, stamp, out)
}

/// Reads a message whose beginning says `said`.
#[inline(always)]
fn behind<R: Reader>(
    symbols: &Symbols,
    said: &Said,
    layouts: &mut Layouts,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Option<Result<usize>> {
    let listed = symbols.nth(said.listed)?;
    let mut values = [0; 4];
    R::wholes(payload, said.there(), &mut values)?;
    let [time, first, last, previous] = values;
    let numbers = Numbers { ts_venue: nanos(time)?, first, last, previous };
    let mark = out.mark();
    let Some((at, bids, asks)) = body::<R>(payload, said, listed, layouts, out) else {
        out.rollback(mark);
        return None;
    };
    Some(finish(listed, numbers, said.snapshot, stamp, out, at, (bids, asks)))
}

/// Reads a message up to its first level, member by member.
#[cold]
fn head(symbols: &Symbols, market: Market, payload: &[u8]) -> Option<Said> {
    let mut scan = Scan::new(payload);
    let combined = scan.exactly(b"{\"stream\":\"");
    let stream = if combined { scan.until_quote()? } else { b"" };
    if combined && !scan.exactly(b",\"data\":") || !scan.exactly(b"{\"e\":\"depthUpdate\",\"E\":") {
        return None;
    }
    let event = span(&mut scan)?;
    let transaction = if scan.exactly(b",\"T\":") { Some(span(&mut scan)?) } else { None };
    if !scan.exactly(b",\"s\":\"") {
        return None;
    }
    let listed = symbols.place(market, scan.until_quote()?)?;
    if scan.exactly(b",\"ps\":\"") {
        scan.until_quote()?;
    }
    if !scan.exactly(b",\"U\":") {
        return None;
    }
    let first = span(&mut scan)?;
    if !scan.exactly(b",\"u\":") {
        return None;
    }
    let last = span(&mut scan)?;
    let (previous, count) = if scan.exactly(b",\"pu\":") { (span(&mut scan)?, 4) } else { (Span::default(), 3) };
    if !scan.exactly(b",\"b\":[") {
        return None;
    }
    // The time of the transaction counts where there is one.
    let (time, unused) = transaction.map_or((event, Span::default()), |time| (time, event));
    let numbers = [time, first, last, previous];
    Some(Said { listed, snapshot: is_partial(stream), combined, numbers, count, unused, end: scan.at() })
}

/// The place of the whole number that is next.
fn span(scan: &mut Scan<'_>) -> Option<Span> {
    let from = scan.at();
    scan.whole()?;
    Span::between(from, scan.at())
}

/// Both runs of levels and the end of the message: where the record begins, and how many levels each side has.
#[inline(always)]
fn body<R: Reader>(
    payload: &[u8],
    said: &Said,
    listed: &Listed,
    layouts: &mut Layouts,
    out: &mut RecordBuf,
) -> Option<(usize, u32, u32)> {
    let at = out.begin_depth().ok()?;
    let mut counts = [0; 2];
    let mut scan = Scan::new(payload);
    scan.move_to(said.end);
    // One copy of the reader serves both sides.
    for (side, count) in counts.iter_mut().enumerate() {
        if side == 1 && !scan.exactly(b",\"a\":[") {
            return None;
        }
        *count = run::<R>(&mut scan, layouts, listed, out)?;
    }
    // One brace, or two where the message is wrapped; with white space around them, it is no usual message.
    let end = payload.get(scan.at()..)?;
    let closed = end.len() == 1 + usize::from(said.combined) && end.first() == Some(&b'}') && end.last() == Some(&b'}');
    closed.then_some((at, counts[0], counts[1]))
}

/// Levels up to and with the closing bracket.
#[inline(always)]
fn run<R: Reader>(scan: &mut Scan<'_>, layouts: &mut Layouts, listed: &Listed, out: &mut RecordBuf) -> Option<u32> {
    if scan.exactly(b"]") {
        return Some(0);
    }
    if !scan.exactly(b"[\"") {
        return None;
    }
    let (count, end) = R::run(scan.bytes(), scan.at(), layouts, listed, out)?;
    scan.move_to(end);
    Some(count)
}

/// Whether a stream's name says that its messages are the best 5, 10 or 20 levels and not changes
/// (`<symbol>@depth<levels>[@speed]`).
pub(super) fn is_partial(stream: &[u8]) -> bool {
    let kind = stream.split(|b| *b == b'@').nth(1).unwrap_or_default();
    matches!(kind.strip_prefix(b"depth"), Some(levels) if !levels.is_empty())
}

/// Fills in the head of the depth record whose levels were written at `at`.
#[inline]
fn finish(
    listed: &Listed,
    numbers: Numbers,
    snapshot: bool,
    stamp: Stamp,
    out: &mut RecordBuf,
    at: usize,
    (bids, asks): (u32, u32),
) -> Result<usize> {
    if numbers.first > numbers.last {
        let was = format!("{} > {}", numbers.first, numbers.last);
        return Err(CoreError::Field { field: "first update id", was, why: "must not be above the last one" });
    }
    let mut header = stamp.header::<DepthHead>(listed.instrument.id);
    header.stream_seq = numbers.last;
    header.ts_venue = numbers.ts_venue;
    header.flags = if snapshot { flags::SNAPSHOT } else { 0 };
    out.end_depth(at, DepthHead { header, first: numbers.first, previous: numbers.previous, bids, asks });
    Ok(1)
}

/// A depth message that was taken apart into its members, in whatever order they came.
pub(super) struct Depth<'a> {
    /// Bid levels.
    pub bids: Value<'a>,
    /// Ask levels.
    pub asks: Value<'a>,
    /// First, last and previous update id.
    pub ids: (u64, u64, u64),
    /// The venue's time, or `NO_TIME`.
    pub ts_venue: Nanos,
    /// Whether it replaces the book.
    pub snapshot: bool,
}

impl Depth<'_> {
    /// Writes the record.
    pub fn write(&self, listed: &Listed, payload: &[u8], stamp: Stamp, out: &mut RecordBuf) -> Result<usize> {
        let at = out.begin_depth()?;
        let bids = side(self.bids, payload, "bids", listed, out)?;
        let asks = side(self.asks, payload, "asks", listed, out)?;
        let (first, last, previous) = self.ids;
        let numbers = Numbers { ts_venue: self.ts_venue, first, last, previous };
        finish(listed, numbers, self.snapshot, stamp, out, at, (bids, asks))
    }
}

/// Levels of one side, in the usual form where they have it.
fn side(side: Value<'_>, payload: &[u8], field: &'static str, listed: &Listed, out: &mut RecordBuf) -> Result<u32> {
    let mark = out.mark();
    if side.raw.starts_with(b"[[\"") {
        let found = level::run(payload, side.at() + 3, &mut Layouts::default(), listed, out);
        if let Some((count, end)) = found
            && end == side.at() + side.raw.len()
        {
            return Ok(count);
        }
        out.rollback(mark);
    }
    levels(side, field, listed, out)
}

/// Levels of one side: arrays that begin with a price and a quantity as texts.
fn levels(side: Value<'_>, field: &'static str, listed: &Listed, out: &mut RecordBuf) -> Result<u32> {
    let mut count = 0;
    side.items(field, |level| {
        let mut parts: [Option<Value<'_>>; 2] = [None, None];
        let mut filled = 0;
        level.items(field, |part| {
            if let Some(slot) = parts.get_mut(filled) {
                *slot = Some(part);
                filled += 1;
            }
            Ok(())
        })?;
        let [Some(price), Some(qty)] = parts else {
            return Err(level.refuse(field));
        };
        debug_assert_eq!(level.shape, Shape::Array);
        let price = listed.ticks(price.text("price")?)?;
        let qty = listed.shown_lots(qty.text("quantity")?)?;
        count += 1;
        out.level(Level { price, qty })
    })?;
    Ok(count)
}
