//! Order-book levels of Binance: the price levels of any depth message, and the usual delta read in one pass.
//!
//! catalogue: M1. Follows <https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams>
//! ("Diff. Depth Stream") and <https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams>.
//! `usual` assumes the order of members in which the venue writes them today; at the first byte that differs it
//! gives up, and the general reader of `binance` decides what the message means or what is wrong with it.

use super::level::{self, Layouts};
use super::scan::{Scan, Shape, Value};
use super::symbols::{Listed, Symbols};
use super::{Stamp, venue_time};
use crate::error::{CoreError, Result};
use crate::event::{DepthHead, Level, RecordBuf, flags};
use crate::instrument::Market;
use crate::units::Nanos;

/// What stands before a delta's levels.
struct Numbers {
    ts_venue: Nanos,
    first: u64,
    last: u64,
    previous: u64,
}

/// Reads a delta in the venue's usual order of members. None where the message is anything else: nothing is written.
#[inline]
pub(super) fn usual(
    symbols: &Symbols,
    market: Market,
    payload: &[u8],
    stamp: Stamp,
    out: &mut RecordBuf,
) -> Option<Result<usize>> {
    let mut scan = Scan::new(payload);
    let combined = scan.literal(b"{\"stream\":\"");
    let stream = if combined { scan.until_quote()? } else { b"" };
    if combined && !scan.literal(b",\"data\":") || !scan.literal(b"{\"e\":\"depthUpdate\",\"E\":") {
        return None;
    }
    let (listed, numbers) = head(&mut scan, symbols, market)?;
    let mark = out.mark();
    let written = body(&mut scan, listed, combined, out);
    let Some((at, bids, asks)) = written else {
        out.rollback(mark);
        return None;
    };
    Some(finish(listed, numbers, is_partial(stream), stamp, out, at, (bids, asks)))
}

/// The members from the event time to the last update id.
#[inline(always)]
fn head<'s>(scan: &mut Scan<'_>, symbols: &'s Symbols, market: Market) -> Option<(&'s Listed, Numbers)> {
    let mut time = scan.whole()?;
    if scan.literal(b",\"T\":") {
        time = scan.whole()?;
    }
    if !scan.literal(b",\"s\":\"") {
        return None;
    }
    let listed = symbols.find(market, scan.until_quote()?)?;
    if scan.literal(b",\"ps\":\"") {
        scan.until_quote()?;
    }
    if !scan.literal(b",\"U\":") {
        return None;
    }
    let first = scan.whole()?;
    if !scan.literal(b",\"u\":") {
        return None;
    }
    let last = scan.whole()?;
    let previous = if scan.literal(b",\"pu\":") { scan.whole()? } else { 0 };
    Some((listed, Numbers { ts_venue: venue_time(time).ok()?, first, last, previous }))
}

/// Both runs of levels and the end of the message: where the record begins, and how many levels each side has.
#[inline(always)]
fn body(scan: &mut Scan<'_>, listed: &Listed, combined: bool, out: &mut RecordBuf) -> Option<(usize, u32, u32)> {
    let at = out.begin_depth().ok()?;
    if !scan.literal(b",\"b\":[") {
        return None;
    }
    let mut layouts = Layouts::default();
    let bids = run(scan, &mut layouts, listed, out)?;
    if !scan.literal(b",\"a\":[") {
        return None;
    }
    let asks = run(scan, &mut layouts, listed, out)?;
    let closed = scan.literal(if combined { b"}}" } else { b"}" });
    (closed && scan.end().is_ok()).then_some((at, bids, asks))
}

/// Levels up to and with the closing bracket.
#[inline(always)]
fn run(scan: &mut Scan<'_>, layouts: &mut Layouts, listed: &Listed, out: &mut RecordBuf) -> Option<u32> {
    if scan.literal(b"]") {
        return Some(0);
    }
    if !scan.literal(b"[\"") {
        return None;
    }
    let (count, end) = level::run(scan.bytes(), scan.at(), layouts, listed, out)?;
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
