//! The lines of an engine: which streams are lines of one source, and the place in each book's changes.
//!
//! catalogue: M3, M7, K3. A stream that no `LineDef` named goes its way as if nothing of this were there. All of it is state:
//! in the hash, in snapshots, and the same after a replay.

use super::arbiter::{Arbiter, Pass};
use super::once::Once;
use super::source::{Source, What, Why};
use super::{Copy, LINES_MAX, Taken, Verdict};
use crate::book::rule::Rule;
use crate::error::{CoreError, Result};
use crate::event::{DepthView, Header, LineDef, LineEvent, flags};
use crate::state;
use crate::units::Nanos;

/// The most sources.
pub const SOURCES_MAX: usize = 64;

state! {
    /// What the lines of one instrument have brought.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Market {
        /// The place of its book's source, from 1; 0 while no line has brought any of it.
        source: u16,
        /// The changes of its book.
        pub book: Arbiter,
        trades: Once,
    }
}

state! {
    /// Every source with its lines, and every instrument's place in them.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Lines {
        /// The sources, in the order of their definition.
        pub sources: Vec<Source>,
        /// By instrument number - 1.
        pub markets: Vec<Market>,
        /// Events that were journalled about them.
        pub told: u64,
    }
}

/// A stream's place: its source's index and its line.
pub type Place = (usize, usize);

impl Lines {
    /// Makes a stream a line of a source, or sets its figures anew.
    ///
    /// Errors: `Field` for a line beyond `LINES_MAX` or a negative time, `Full` beyond `SOURCES_MAX` sources.
    pub fn define(&mut self, def: &LineDef) -> Result<()> {
        let wrong = |field, was: String, why| Err(CoreError::Field { field, was, why });
        if usize::from(def.line) >= LINES_MAX || def.header.stream == 0 {
            let was = format!("{} on stream {}", def.line, def.header.stream);
            return wrong("line", was, "must be 0 or 1, on a stream with a number");
        }
        if def.silent_ns < 0 || def.hold_ns < 0 {
            return wrong("line", format!("{} and {} ns", def.silent_ns, def.hold_ns), "must have times from 0 up");
        }
        let at = match self.sources.iter().position(|source| source.id == def.source) {
            Some(at) => at,
            None if self.sources.len() >= SOURCES_MAX => {
                return Err(CoreError::Full { what: "sources", capacity: SOURCES_MAX });
            }
            None => {
                self.sources.push(Source { id: def.source, ..Source::default() });
                self.markets.iter_mut().for_each(|market| market.book.reserve());
                self.sources.len() - 1
            }
        };
        let source = &mut self.sources[at];
        (source.silent_ns, source.hold_ns, source.ordered) = (def.silent_ns, def.hold_ns, def.ordered != 0);
        source.lines[usize::from(def.line)].stream = def.header.stream;
        Ok(())
    }

    /// A new instrument.
    pub fn add_market(&mut self) {
        self.markets.push(Market::default());
        if !self.sources.is_empty() {
            self.markets.iter_mut().for_each(|market| market.book.reserve());
        }
    }

    /// The engine starts: numbers of streams are its own, so lines are defined anew, and nothing is connected.
    pub fn restart(&mut self) {
        for source in &mut self.sources {
            source.stale = false;
            for line in &mut source.lines {
                (line.stream, line.up, line.heard) = (0, false, 0);
            }
        }
        self.markets.iter_mut().for_each(|market| market.book.reset());
    }

    /// Whose line a stream is.
    #[must_use]
    #[inline]
    pub fn place(&self, stream: u16) -> Option<Place> {
        if self.sources.is_empty() || stream == 0 {
            return None;
        }
        let line_of = |source: &Source| source.lines.iter().position(|line| line.stream == stream);
        self.sources.iter().enumerate().find_map(|(at, source)| Some((at, line_of(source)?)))
    }

    /// Whether nothing comes any more from the source that has this stream.
    #[must_use]
    #[inline]
    pub fn stale(&self, stream: u16) -> bool {
        self.place(stream).is_some_and(|(at, _)| self.sources[at].stale)
    }

    /// Whether two streams are lines of one source.
    #[must_use]
    pub fn together(&self, one: u16, other: u16) -> bool {
        one == other || matches!((self.place(one), self.place(other)), (Some((a, _)), Some((b, _))) if a == b)
    }

    /// Something was heard on a line.
    pub fn hear(&mut self, (source, line): Place, now: Nanos) {
        self.sources[source].lines[line].hear(now);
    }

    /// A line went up or down. Whether any line of its source is up.
    pub fn link(&mut self, (source, line): Place, up: bool, now: Nanos) -> bool {
        let found = &mut self.sources[source];
        found.lines[line].up = up;
        if up {
            // A new connection has its bound from now on.
            found.lines[line].heard = now;
        } else {
            let of_source = |market: &&mut Market| usize::from(market.source) == source + 1;
            self.markets.iter_mut().filter(of_source).for_each(|market| market.book.line_down(line));
        }
        let source = &self.sources[source];
        source.up().contains(&true)
    }

    /// What is known of a line for the arbiter.
    #[must_use]
    pub fn copy(&self, (source, line): Place, now: Nanos) -> Copy {
        let source = &self.sources[source];
        Copy { line, up: source.up(), ordered: source.ordered, hold_ns: source.hold_ns, now }
    }

    /// Takes a line's copy of a depth message; `synced` is whether its book needs no snapshot.
    ///
    /// Errors: those of `pass`.
    pub fn depth<R: Rule>(
        &mut self,
        place: Place,
        slot: usize,
        rule: R,
        now: Nanos,
        (synced, view): (bool, DepthView<'_>),
        pass: Pass<'_>,
    ) -> Result<()> {
        let copy = self.copy(place, now);
        let Some(market) = self.markets.get_mut(slot) else { return Ok(()) };
        market.source = place.0 as u16 + 1;
        if view.head.header.has(flags::SNAPSHOT) {
            return market.book.whole(rule, copy, synced, view, pass).map(|_| ());
        }
        let taken = market.book.delta(rule, copy, view, pass)?;
        self.count(place, taken);
        Ok(())
    }

    fn count(&mut self, (at, number): Place, taken: Taken) {
        let source = &mut self.sources[at];
        let line = &mut source.lines[number];
        line.received += 1;
        line.late += u64::from(taken.late);
        line.lost += taken.lost;
        match taken.verdict {
            Verdict::First => {
                line.first += 1;
                line.lags(0);
                source.won_by(number);
            }
            Verdict::Held => line.first += 1,
            Verdict::Again(lag_ns) => {
                line.duplicate += 1;
                if let Some(lag_ns) = lag_ns {
                    line.lags(lag_ns);
                }
            }
        }
    }

    /// Whether a public trade of `slot` is told for the first time.
    pub fn admits_trade(&mut self, slot: usize, id: u64) -> bool {
        self.markets.get_mut(slot).is_none_or(|market| market.trades.admits(id))
    }

    /// Whether what has no number of its own is taken from this stream: it is no line, or the primary one.
    #[must_use]
    pub fn leads(&self, stream: u16) -> bool {
        self.place(stream).is_none_or(|(at, line)| usize::from(self.sources[at].primary) == line)
    }

    /// Judges every source anew and tells each change by `tell`.
    pub fn judge(&mut self, now: Nanos, mut tell: impl FnMut(LineEvent)) {
        for source in &mut self.sources {
            let before = source.primary;
            if let Some(why) = source.govern(now) {
                tell(event(source, now, What::Switch, (why, before)));
            }
            if let Some(what) = source.gate(now) {
                tell(event(source, now, what, (Why::None, source.primary)));
            }
        }
    }

    /// Counts holes that were filled or stayed, on the source of a stream, and gives the event to tell.
    pub fn hole(&mut self, (at, line): Place, what: What, now: Nanos) -> LineEvent {
        let source = &mut self.sources[at];
        match what {
            What::Filled => source.filled += 1,
            _ => source.gaps += 1,
        }
        LineEvent { from: line as u8, ..event(source, now, what, (Why::None, source.primary)) }
    }
}

fn event(source: &Source, now: Nanos, what: What, (why, from): (Why, u8)) -> LineEvent {
    let stream = source.lines[usize::from(source.primary)].stream;
    LineEvent {
        header: Header::of::<LineEvent>(0, stream, now, 0),
        source: source.id,
        what: what as u8,
        why: why as u8,
        from,
        to: source.primary,
        pad: 0,
        expected: 0,
        was: 0,
    }
}
