//! What a venue tells of an instrument beside its book and trades: figures and klines, by their places in a message.
//!
//! catalogue: M1. A venue's file declares where each figure stands, as a `Place`; this file finds them, and `figure_records`
//! makes records of what was found. So a ticker that also tells the mark price, the funding rate and the open interest, or
//! only those that changed, is one table, and a venue's name of a member stands in one place.

use super::scan::{Shape, Value};
use super::{utc_text, venue_time};
use crate::error::{CoreError, Result};
use crate::units::{Decimal, NO_TIME, Nanos};
use std::ops::{Index, IndexMut};

/// Nanoseconds of a second.
pub(super) const SECOND: Nanos = 1_000_000_000;
/// Nanoseconds of a minute.
pub(super) const MINUTE: Nanos = 60 * SECOND;
/// Nanoseconds of an hour.
pub(super) const HOUR: Nanos = 60 * MINUTE;

/// A figure that is a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Figure {
    /// Best bid.
    Bid,
    /// Best ask.
    Ask,
    /// Price of the last trade; of a kline, its last price.
    Last,
    /// First price of the time that the message covers.
    Open,
    /// Highest price of it.
    High,
    /// Lowest price of it.
    Low,
    /// Size at the best bid.
    BidQty,
    /// Size at the best ask.
    AskQty,
    /// Size of the last trade.
    LastQty,
    /// Traded, in the unit of sizes.
    Volume,
    /// Traded, in the other asset.
    Turnover,
    /// Mark price.
    Mark,
    /// Index price.
    Index,
    /// Funding rate of one interval.
    Rate,
    /// Open interest in the unit of sizes.
    OpenInterest,
    /// What the open interest is worth.
    OpenValue,
    /// How many trades.
    Trades,
}

/// How many figures there are.
const FIGURES: usize = Figure::Trades as usize + 1;

/// How a venue writes a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// Milliseconds or microseconds since the epoch, a number or a text.
    Millis,
    /// Seconds since the epoch with or without decimals, a number or a text.
    Seconds,
    /// RFC 3339 in UTC.
    Utc,
}

/// Where figures stand in a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Nothing of ours.
    Skip,
    /// A number, or a text that holds one; null and the empty text say nothing.
    Is(Figure),
    /// When the next funding is paid.
    Next(Clock),
    /// From one funding to the next, as a count of so many nanoseconds.
    Every(Nanos),
    /// When a kline's interval begins.
    Begin(Clock),
    /// When a kline's interval is over.
    End(Clock),
    /// Whether a kline's interval is over: `true` or "1".
    Closed,
    /// An object, by the names of its members.
    Members(&'static [(&'static [u8], Place)]),
    /// An array, by position.
    Items(&'static [Place]),
}

/// Figures of an instrument: whatever a venue's ticker, or a channel of one figure, tells.
#[derive(Debug, Clone, Copy)]
pub struct FiguresMessage<'a> {
    /// The venue's symbol.
    pub symbol: &'a [u8],
    /// The venue's time, or `NO_TIME`.
    pub ts_venue: Nanos,
    pub(super) item: Value<'a>,
    pub(super) place: &'static Place,
}

/// Figures of an instrument that were met while the message was read.
#[derive(Debug, Clone, Copy)]
pub struct FoundMessage<'a> {
    /// The venue's symbol.
    pub symbol: &'a [u8],
    /// The venue's time, or `NO_TIME`.
    pub ts_venue: Nanos,
    pub(super) found: Found<'a>,
}

/// The venue's own bar.
#[derive(Debug, Clone, Copy)]
pub struct KlineMessage<'a> {
    /// The venue's symbol.
    pub symbol: &'a [u8],
    /// The venue's time, or `NO_TIME`.
    pub ts_venue: Nanos,
    /// How long its interval is, ns; 0 for a month, or where the message does not say.
    pub interval: Nanos,
    pub(super) item: Value<'a>,
    pub(super) place: &'static Place,
}

/// What was found in one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    figures: [Option<Value<'a>>; FIGURES],
    /// When the next funding is paid, or `NO_TIME`.
    pub next: Nanos,
    /// From one funding to the next, or 0.
    pub every: Nanos,
    /// When a kline's interval begins, or `NO_TIME`.
    pub begin: Nanos,
    /// When it is over, or `NO_TIME`.
    pub end: Nanos,
    /// Whether it is over.
    pub closed: bool,
}

impl<'a> Found<'a> {
    /// Nothing.
    pub const NONE: Self =
        Self { figures: [None; FIGURES], next: NO_TIME, every: 0, begin: NO_TIME, end: NO_TIME, closed: false };

    /// What stands at `place` of `item`.
    pub fn of(item: Value<'a>, place: &Place) -> Result<Self> {
        let mut found = Self::NONE;
        found.gather(item, place)?;
        Ok(found)
    }

    /// A figure, where it was told: null and the empty text say nothing.
    #[inline]
    pub fn get(&self, figure: Figure) -> Option<&Value<'a>> {
        self[figure].as_ref().filter(|value| !says_nothing(value))
    }

    /// Keeps what stands at a place of which `value` is the value.
    pub fn gather(&mut self, value: Value<'a>, place: &Place) -> Result<()> {
        if says_nothing(&value) {
            return Ok(());
        }
        match place {
            Place::Skip => {}
            Place::Is(figure) => {
                value.figure("figure")?;
                self[*figure] = Some(value);
            }
            // A contract without funding has time 0.
            Place::Next(clock) => self.next = Some(time(value, *clock)?).filter(|next| *next != 0).unwrap_or(NO_TIME),
            Place::Every(unit) => {
                let count = Decimal::parse(value.figure("funding interval")?, "funding interval")?;
                let count = count.to_scale(0, "funding interval")?;
                let every = count.checked_mul(i128::from(*unit)).and_then(|every| i64::try_from(every).ok());
                self.every = every.ok_or_else(|| value.refuse("funding interval"))?;
            }
            Place::Begin(clock) => self.begin = time(value, *clock)?,
            Place::End(clock) => self.end = time(value, *clock)?,
            Place::Closed => self.closed = matches!(value.raw, b"true" | b"1"),
            Place::Members(places) => {
                // A venue writes its members always in one order, in which the tables have them: the next one is most often
                // the one behind the last.
                let mut next = 0;
                value.members("figures", |key, value| {
                    let named = |at: &usize| places.get(*at).is_some_and(|(name, _)| same(name, key));
                    let found = Some(next).filter(named).or_else(|| (0..places.len()).find(named));
                    let Some((at, (_, place))) = found.and_then(|at| Some((at, places.get(at)?))) else {
                        return Ok(());
                    };
                    next = at + 1;
                    self.gather(value, place)
                })?
            }
            Place::Items(places) => {
                let mut rest = places.iter();
                value.items("figures", |value| rest.next().map_or(Ok(()), |place| self.gather(value, place)))?;
            }
        }
        Ok(())
    }
}

impl<'a> Index<Figure> for Found<'a> {
    type Output = Option<Value<'a>>;

    #[inline(always)]
    fn index(&self, figure: Figure) -> &Self::Output {
        &self.figures[figure as usize]
    }
}

impl IndexMut<Figure> for Found<'_> {
    #[inline(always)]
    fn index_mut(&mut self, figure: Figure) -> &mut Self::Output {
        &mut self.figures[figure as usize]
    }
}

/// Whether a value is null or the empty text.
#[inline(always)]
fn says_nothing(value: &Value<'_>) -> bool {
    value.is_null() || (value.shape == Shape::Text && value.raw.is_empty())
}

/// Whether two names are equal, without a call: most are of eight to sixteen characters.
#[inline(always)]
fn same(name: &[u8], key: &[u8]) -> bool {
    if name.len() != key.len() {
        return false;
    }
    match (name.first_chunk::<8>(), name.last_chunk::<8>(), key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last), Some(other_first), Some(other_last)) => {
            first == other_first && last == other_last && (name.len() <= 16 || name == key)
        }
        _ => name == key,
    }
}

/// A time as the venue writes it, in ns.
pub(super) fn time(value: Value<'_>, clock: Clock) -> Result<Nanos> {
    let text = value.figure("time")?;
    match clock {
        Clock::Millis => {
            let whole = super::number::whole(text, 0).filter(|(_, end)| *end == text.len());
            venue_time(whole.ok_or_else(|| value.refuse("time"))?.0)
        }
        Clock::Seconds => {
            let ns = Decimal::parse(text, "time")?.to_scale(9, "time")?;
            i64::try_from(ns).ok().filter(|ns| *ns >= 0).ok_or_else(|| value.refuse("time"))
        }
        Clock::Utc => utc_text::nanos(text).ok_or_else(|| value.refuse("time")),
    }
}

/// How long the interval of a venue's name is: `1m`, `15min`, `4hour`, `1D`, `1Dutc`, `5MINS`; minutes where it is a bare
/// number. A month and a year have no length: 0.
pub(super) fn interval(name: &[u8]) -> Result<Nanos> {
    let digits = name.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(name.len());
    let (count, unit) = name.split_at(digits);
    let length = match unit.strip_suffix(b"utc").unwrap_or(unit) {
        b"s" | b"sec" => SECOND,
        b"" | b"m" | b"min" | b"MIN" | b"MINS" => MINUTE,
        b"h" | b"H" | b"hour" | b"HOUR" | b"HOURS" => HOUR,
        b"d" | b"D" | b"day" | b"DAY" => 24 * HOUR,
        b"w" | b"W" | b"week" => 7 * 24 * HOUR,
        b"M" | b"mon" | b"month" | b"year" => 0,
        _ => return Err(unknown(name)),
    };
    let count = match super::number::whole(count, 0) {
        Some((count, _)) if count > 0 => count,
        None if count.is_empty() => 1,
        _ => return Err(unknown(name)),
    };
    i64::try_from(count).ok().and_then(|count| count.checked_mul(length)).ok_or_else(|| unknown(name))
}

#[cold]
fn unknown(name: &[u8]) -> CoreError {
    let was = String::from_utf8_lossy(name).chars().take(40).collect();
    CoreError::Field { field: "interval", was, why: "must be a count and a unit of time" }
}
