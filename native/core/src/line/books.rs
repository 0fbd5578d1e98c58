//! The books of two connections that carry the same market: each line's own, and the one that is shown.
//!
//! catalogue: M1, M3, M4. Each line has its books, with the venue's checksums where there are any (`book::live`). Where the
//! venue numbers its messages alike on every connection, the first good copy of each goes to a third book, and a hole in
//! one line is filled from the other; where it does not, the book of a line that is whole is shown, and the other one's
//! when it is not (`shadow`).

use super::arbiter::Arbiter;
use super::shadow::Choice;
use super::{Copy, LINES_MAX};
use crate::book::live::LiveBooks;
use crate::book::rule::{AnyRule, Rule};
use crate::book::{SyncOutcome, SyncedBook};
use crate::decode::Stamp;
use crate::error::{CoreError, Result};
use crate::event::{DepthView, RecordBuf, RecordRef, flags};
use crate::instrument::Instrument;

/// How long a hole waits for a line that hangs, ns.
const HOLD_NS: i64 = 500_000_000;

/// What two lines are together, for one instrument.
#[derive(Debug)]
pub struct Merged {
    /// Of a venue that numbers its messages: the place in them, and the book.
    numbered: Option<(Arbiter, SyncedBook<AnyRule>)>,
    choice: Choice,
    gaps: u64,
    crossed: u64,
    whole: bool,
}

impl Merged {
    fn new(rule: AnyRule) -> Self {
        let numbered = rule.numbered().then(|| (Arbiter::default(), SyncedBook::new(rule)));
        Self { numbered, choice: Choice::default(), gaps: 0, crossed: 0, whole: false }
    }

    /// Holes of one line that the other filled.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.numbered.as_ref().map_or(0, |(arbiter, _)| arbiter.filled)
    }

    /// How often messages were missing on both lines, or no line's book was whole any more.
    #[must_use]
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// How often the book of both lines was crossed.
    #[must_use]
    pub const fn crossed(&self) -> u64 {
        self.crossed
    }

    /// The line whose book is shown, where messages have no numbers, and how often that changed.
    #[must_use]
    pub const fn choice(&self) -> Choice {
        self.choice
    }

    /// One line's copy of a depth message, at whatever place it belongs.
    fn depth(&mut self, copy: Copy, view: DepthView<'_>) -> Result<()> {
        let Self { numbered, gaps, crossed, .. } = self;
        let Some((arbiter, book)) = numbered else { return Ok(()) };
        let (rule, synced) = (book.rule(), !book.needs_snapshot());
        let mut pass = |view: DepthView<'_>| count(book.on_depth(view)?, gaps, crossed);
        if !view.head.header.has(flags::SNAPSHOT) {
            return arbiter.delta(rule, copy, view, &mut pass).map(|_| ());
        }
        // A whole book over REST is of before: one line has asked for it, and the other has kept ours in step.
        if synced && !rule.snapshot_in_stream() {
            return Ok(());
        }
        arbiter.whole(rule, copy, synced, view, &mut pass).map(|_| ())
    }

    /// Time has passed, or a line went down.
    fn settle(&mut self, copy: Copy) -> Result<()> {
        let Self { numbered, gaps, crossed, .. } = self;
        let Some((arbiter, book)) = numbered.as_mut().filter(|(arbiter, _)| arbiter.waits()) else { return Ok(()) };
        let rule = book.rule();
        arbiter.settle(rule, copy, &mut |view| count(book.on_depth(view)?, gaps, crossed))
    }

    /// Judges which line is shown: `whole` says of each whether its book is.
    fn choose(&mut self, whole: [bool; LINES_MAX]) {
        self.choice.judge(whole);
        if self.numbered.is_none() {
            let any = whole.contains(&true);
            self.gaps += u64::from(self.whole && !any);
            self.whole = any;
        }
    }
}

fn count(outcome: SyncOutcome, gaps: &mut u64, crossed: &mut u64) -> Result<()> {
    *gaps += u64::from(matches!(outcome, SyncOutcome::Gap { .. }));
    *crossed += u64::from(matches!(outcome, SyncOutcome::Crossed { .. }));
    Ok(())
}

/// The books of both lines.
pub struct LineBooks {
    lines: [LiveBooks; LINES_MAX],
    up: [bool; LINES_MAX],
    merged: Vec<Merged>,
}

impl LineBooks {
    /// Of two connections to the same venue, each with its books.
    #[must_use]
    pub const fn new(lines: [LiveBooks; LINES_MAX]) -> Self {
        Self { lines, up: [false; LINES_MAX], merged: Vec::new() }
    }

    /// The books of one line. Errors: `Field` for a line that there is not.
    pub fn line(&self, line: usize) -> Result<&LiveBooks> {
        self.lines.get(line).ok_or_else(|| no_line(line))
    }

    /// Adds an instrument, or gives one another tick and lot: its books are then empty. Its number.
    ///
    /// Errors: those of `LiveBooks::define`.
    pub fn define(&mut self, instrument: &Instrument) -> Result<u32> {
        let mut id = 0;
        for line in &mut self.lines {
            id = line.define(instrument.clone())?;
        }
        let at = id as usize - 1;
        if let Some(rule) = self.lines[0].book(id).map(|book| book.synced().rule()) {
            match self.merged.get_mut(at) {
                Some(known) => *known = Merged { gaps: known.gaps, ..Merged::new(rule) },
                None => self.merged.push(Merged::new(rule)),
            }
        }
        Ok(id)
    }

    /// Takes one message of a line, or the REST book of instrument `whole` that the line asked for, as `LiveBooks::take`.
    ///
    /// Errors: those of `LiveBooks::take`, and `Field` for a line that there is not.
    pub fn take(
        &mut self,
        line: usize,
        payload: &[u8],
        whole: Option<u32>,
        stamp: Stamp,
        records: &mut RecordBuf,
        each: &mut dyn FnMut(RecordRef<'_>),
    ) -> Result<usize> {
        let Self { lines, up, merged } = self;
        let books = lines.get_mut(line).ok_or_else(|| no_line(line))?;
        up[line] = true;
        let copy = Copy { line, up: *up, ordered: true, hold_ns: HOLD_NS, now: stamp.ts_receive };
        let mut failed = Ok(());
        let told = books.take(payload, whole, stamp, records, &mut |record| {
            let id = record.header().instrument as usize;
            if let (Some(view), Some(merged)) = (record.depth(), merged.get_mut(id.wrapping_sub(1))) {
                let taken = merged.depth(copy, view);
                failed = std::mem::replace(&mut failed, Ok(())).and(taken);
            }
            each(record);
        });
        self.judge(copy)?;
        failed.and(told)
    }

    /// A line's connection is gone.
    ///
    /// Errors: `Field` for a line that there is not.
    pub fn reset(&mut self, line: usize, now: i64) -> Result<()> {
        self.lines.get_mut(line).ok_or_else(|| no_line(line))?.reset();
        self.up[line] = false;
        for (arbiter, book) in self.merged.iter_mut().filter_map(|merged| merged.numbered.as_mut()) {
            arbiter.line_down(line);
            if !self.up.contains(&true) {
                arbiter.reset();
                book.reset();
            }
        }
        self.judge(Copy { line, up: self.up, ordered: true, hold_ns: HOLD_NS, now })
    }

    /// Empties one book of a line; the other line's is shown meanwhile, where there is no book of both.
    ///
    /// Errors: `Field` for a line that there is not.
    pub fn distrust(&mut self, line: usize, id: u32) -> Result<()> {
        self.lines.get_mut(line).ok_or_else(|| no_line(line))?.distrust(id);
        self.judge(Copy { line, up: self.up, ordered: true, hold_ns: HOLD_NS, now: 0 })
    }

    /// What the lines of an instrument are together.
    #[must_use]
    pub fn merged(&self, id: u32) -> Option<&Merged> {
        self.merged.get((id as usize).wrapping_sub(1))
    }

    /// The book that is shown of an instrument; None while none is whole.
    #[must_use]
    pub fn shown(&self, id: u32) -> Option<&SyncedBook<AnyRule>> {
        let merged = self.merged(id)?;
        let book = match &merged.numbered {
            Some((_, book)) => book,
            None => self.lines[merged.choice.shown].book(id)?.synced(),
        };
        (!book.needs_snapshot()).then_some(book)
    }

    fn judge(&mut self, copy: Copy) -> Result<()> {
        let Self { lines, merged, .. } = self;
        for (id, merged) in (1..).zip(merged) {
            merged.settle(copy)?;
            let whole = |line: &LiveBooks| line.book(id).is_some_and(|book| !book.synced().needs_snapshot());
            merged.choose([whole(&lines[0]), whole(&lines[1])]);
        }
        Ok(())
    }
}

fn no_line(line: usize) -> CoreError {
    CoreError::Field { field: "line", was: line.to_string(), why: "must be 0 or 1" }
}

#[cfg(test)]
#[path = "books_tests.rs"]
mod tests;
