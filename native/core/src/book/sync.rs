//! A book in step with its venue: which deltas to buffer, drop, apply, and when to ask for a snapshot again.
//!
//! catalogue: M4, M3. What a venue's update ids mean is its `Rule`, the type that a book is made with; the engine's books
//! carry Binance's (`Market`).
//!
//! A snapshot older than the first buffered delta is a gap too: the venue must be asked again. After a gap, a crossed
//! book or a lost link the book is empty and deltas are buffered until the next snapshot; they are dropped where the
//! stream itself sends it. The buffer is bounded: when it is full the oldest deltas go, so that a later snapshot can still
//! join.

use crate::canon::{Canon, impossible};
use crate::error::{CoreError, Result};
use crate::event::{DepthView, Level, flags};
use crate::instrument::Market;
use crate::state;
use crate::units::Side;
use std::collections::VecDeque;

use super::l2::L2Book;
use super::outcome::SyncOutcome;
use super::rule::{Ids, Position, Rule};

/// The most deltas that wait for a snapshot.
pub const WAITING_MAX: usize = 4_096;
/// The most levels that those deltas hold together.
pub const WAITING_LEVELS_MAX: usize = 131_072;

state! {
    /// The head of a delta that waits; its levels are in the buffer's level queue.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Waiting {
        /// `U`.
        first: u64,
        /// `u`.
        last: u64,
        /// `pu`.
        previous: u64,
        /// Bid levels.
        bids: u32,
        /// Ask levels.
        asks: u32,
    }
}

impl Waiting {
    const fn levels(&self) -> usize {
        self.bids as usize + self.asks as usize
    }

    const fn ids(&self) -> Ids {
        Ids { first: self.first, last: self.last, previous: self.previous }
    }
}

impl Canon for Level {
    fn put(&self, out: &mut Vec<u8>) {
        self.price.put(out);
        self.qty.put(out);
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        Ok(Self { price: i64::take(input)?, qty: i64::take(input)? })
    }
    fn leaves(&self) -> usize {
        2
    }
    fn nudge(&mut self, index: usize) {
        if index == 0 { self.price.nudge(0) } else { self.qty.nudge(0) }
    }
}

/// How far the book is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    /// No snapshot yet: deltas wait.
    Waiting = 0,
    /// A futures snapshot is in, the first delta has still to join it.
    Joining = 1,
    /// In step.
    Synced = 2,
}
crate::canon_enum!(Phase { Waiting, Joining, Synced });

/// An `L2Book` and what keeps it in step with its venue.
#[derive(Debug, PartialEq, Eq)]
pub struct SyncedBook<R = Market> {
    rule: R,
    phase: Phase,
    last: u64,
    book: L2Book,
    waiting: VecDeque<Waiting>,
    levels: VecDeque<Level>,
}

impl<R: Rule> SyncedBook<R> {
    /// An empty book that needs a snapshot. All its memory is reserved here.
    #[must_use]
    pub fn new(rule: R) -> Self {
        Self {
            rule,
            phase: Phase::Waiting,
            last: 0,
            book: L2Book::new(),
            waiting: VecDeque::with_capacity(WAITING_MAX),
            levels: VecDeque::with_capacity(WAITING_LEVELS_MAX),
        }
    }

    /// Goes by `rule` from now on: the subscribed depth is part of Kraken's, and known when its snapshot comes.
    pub const fn follow(&mut self, rule: R) {
        self.rule = rule;
    }

    /// The rule it goes by.
    #[must_use]
    pub const fn rule(&self) -> R {
        self.rule
    }

    /// Whether the venue must be asked for a snapshot: from the start, and after a reset, a gap or a crossed book.
    #[must_use]
    pub const fn needs_snapshot(&self) -> bool {
        matches!(self.phase, Phase::Waiting)
    }

    /// The book; empty while a snapshot is needed.
    #[must_use]
    pub const fn book(&self) -> &L2Book {
        &self.book
    }

    /// The update id of the book; 0 while a snapshot is needed.
    #[must_use]
    pub const fn last_update(&self) -> u64 {
        self.last
    }

    /// The link went down: forgets the book and what waits.
    pub fn reset(&mut self) {
        self.desync();
        self.waiting.clear();
        self.levels.clear();
    }

    /// Takes one depth message, a snapshot or a delta.
    ///
    /// Errors: `Full` where a side has no room for a level (the book then needs a snapshot), or where a delta alone
    /// is larger than the buffer.
    pub fn on_depth(&mut self, view: DepthView<'_>) -> Result<SyncOutcome> {
        let outcome = if view.head.header.has(flags::SNAPSHOT) { self.on_snapshot(view) } else { self.on_delta(view) };
        if outcome.is_err() {
            self.desync();
        }
        outcome
    }

    fn desync(&mut self) {
        self.phase = Phase::Waiting;
        self.last = 0;
        self.book.clear();
    }

    fn on_delta(&mut self, view: DepthView<'_>) -> Result<SyncOutcome> {
        let head = view.head;
        let delta = Waiting {
            first: head.first,
            last: head.header.stream_seq,
            previous: head.previous,
            bids: view.bids.len() as u32,
            asks: view.asks.len() as u32,
        };
        if self.phase == Phase::Waiting {
            if self.rule.snapshot_in_stream() {
                return Ok(SyncOutcome::Dropped);
            }
            self.wait(delta, view)?;
            return Ok(SyncOutcome::Buffered);
        }
        match self.judge(&delta) {
            SyncOutcome::Applied => self.apply(&delta, view.bids, view.asks),
            gap @ SyncOutcome::Gap { .. } => {
                self.desync();
                if !self.rule.snapshot_in_stream() {
                    self.wait(delta, view)?;
                }
                Ok(gap)
            }
            other => Ok(other),
        }
    }

    /// What to do with a delta, given the book's last update id.
    #[inline]
    fn judge(&self, delta: &Waiting) -> SyncOutcome {
        self.rule.judge(delta.ids(), Position { last: self.last, joined: self.phase == Phase::Synced })
    }

    fn apply(&mut self, delta: &Waiting, bids: &[Level], asks: &[Level]) -> Result<SyncOutcome> {
        self.book.apply_all(Side::Buy, bids)?;
        self.book.apply_all(Side::Sell, asks)?;
        self.rule.trim(&mut self.book)?;
        self.last = delta.last;
        self.phase = Phase::Synced;
        if let Some((bid, ask)) = self.book.crossed() {
            self.desync();
            return Ok(SyncOutcome::Crossed { bid, ask });
        }
        Ok(SyncOutcome::Applied)
    }

    fn on_snapshot(&mut self, view: DepthView<'_>) -> Result<SyncOutcome> {
        let id = view.head.header.stream_seq;
        if self.phase != Phase::Waiting && id <= self.last && !self.rule.snapshot_in_stream() {
            return Ok(SyncOutcome::Dropped);
        }
        self.desync();
        self.book.apply_all(Side::Buy, view.bids)?;
        self.book.apply_all(Side::Sell, view.asks)?;
        self.rule.trim(&mut self.book)?;
        if let Some((bid, ask)) = self.book.crossed() {
            self.desync();
            return Ok(SyncOutcome::Crossed { bid, ask });
        }
        self.last = id;
        self.phase = if self.rule.joins_at_once() { Phase::Synced } else { Phase::Joining };
        self.replay()
    }

    /// Applies what waited to the snapshot that has just come. Where it does not join, what does not is kept.
    fn replay(&mut self) -> Result<SyncOutcome> {
        while let Some(delta) = self.waiting.front().copied() {
            match self.judge(&delta) {
                SyncOutcome::Applied => {
                    let crossed = self.apply_waiting(&delta)?;
                    self.forget_oldest();
                    if crossed != SyncOutcome::Applied {
                        return Ok(crossed);
                    }
                }
                SyncOutcome::Dropped => self.forget_oldest(),
                gap => {
                    self.desync();
                    return Ok(gap);
                }
            }
        }
        Ok(SyncOutcome::Applied)
    }

    fn apply_waiting(&mut self, delta: &Waiting) -> Result<SyncOutcome> {
        for (at, level) in self.levels.iter().take(delta.levels()).enumerate() {
            let side = if at < delta.bids as usize { Side::Buy } else { Side::Sell };
            self.book.apply(side, level.price, level.qty)?;
        }
        self.apply(delta, &[], &[])
    }

    /// Keeps a delta for the snapshot to come; the oldest go where there is no room.
    fn wait(&mut self, delta: Waiting, view: DepthView<'_>) -> Result<()> {
        if delta.levels() > WAITING_LEVELS_MAX {
            self.waiting.clear();
            self.levels.clear();
            return Err(CoreError::Full { what: "buffer of deltas before a snapshot", capacity: WAITING_LEVELS_MAX });
        }
        while self.waiting.len() >= WAITING_MAX || self.levels.len() + delta.levels() > WAITING_LEVELS_MAX {
            self.forget_oldest();
        }
        self.waiting.push_back(delta);
        self.levels.extend(view.bids.iter().chain(view.asks));
        Ok(())
    }

    fn forget_oldest(&mut self) {
        if let Some(delta) = self.waiting.pop_front() {
            self.levels.drain(..delta.levels().min(self.levels.len()));
        }
    }
}

impl<R: Rule> Clone for SyncedBook<R> {
    /// A copy with the same room.
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.rule);
        (copy.phase, copy.last) = (self.phase, self.last);
        copy.book = self.book.clone();
        copy.waiting.extend(&self.waiting);
        copy.levels.extend(&self.levels);
        copy
    }
}

impl<R: Rule + Canon> Canon for SyncedBook<R> {
    fn put(&self, out: &mut Vec<u8>) {
        self.rule.put(out);
        self.phase.put(out);
        self.last.put(out);
        self.book.put(out);
        self.waiting.put(out);
        self.levels.put(out);
    }

    fn take(input: &mut &[u8]) -> Result<Self> {
        let mut this = Self::new(R::take(input)?);
        this.phase = Phase::take(input)?;
        this.last = u64::take(input)?;
        this.book = L2Book::take(input)?;
        let (waiting, levels) = (VecDeque::<Waiting>::take(input)?, VecDeque::<Level>::take(input)?);
        let counted: usize = waiting.iter().map(Waiting::levels).sum();
        if waiting.len() > WAITING_MAX || levels.len() > WAITING_LEVELS_MAX || counted != levels.len() {
            return Err(impossible(
                "deltas before a snapshot",
                format!("{} with {} levels", waiting.len(), levels.len()),
            ));
        }
        this.waiting.extend(waiting);
        this.levels.extend(levels);
        Ok(this)
    }

    fn leaves(&self) -> usize {
        3 + self.book.leaves() + self.waiting.leaves() + self.levels.leaves()
    }

    fn nudge(&mut self, index: usize) {
        let (in_book, in_waiting) = (3 + self.book.leaves(), 3 + self.book.leaves() + self.waiting.leaves());
        match index {
            0 => self.rule.nudge(0),
            1 => self.phase.nudge(0),
            2 => self.last.nudge(0),
            _ if index < in_book => self.book.nudge(index - 3),
            _ if index < in_waiting => self.waiting.nudge(index - in_book),
            _ => self.levels.nudge(index - in_waiting),
        }
    }
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
