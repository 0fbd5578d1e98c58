//! Two copies of one book's changes made one: the first good copy of each message passes, in the venue's order.
//!
//! catalogue: M3, M4. What follows what is the venue's `Rule`. A message that does not follow waits until another line
//! brings what is missing, and is passed on without it (the book then tells the gap) once no line can: each ordered line that
//! is up is past the hole, or `hold_ns` is over, or there is no more room. Rules without numbers cannot be arbitrated this
//! way (`Rule::numbered`); `shadow` is for them.

use super::{Copy, LINES_MAX, Taken, Verdict};
use crate::book::SyncOutcome;
use crate::book::rule::{Ids, Position, Rule};
use crate::error::{CoreError, Result};
use crate::event::{DepthHead, DepthView, Header, Level};
use crate::state;
use crate::units::Nanos;
use std::collections::VecDeque;

/// The most messages that wait behind a hole.
pub const HELD_MAX: usize = 512;
/// The most levels that they hold together.
pub const HELD_LEVELS_MAX: usize = 32_768;
/// How many passed messages are remembered with their time, to measure how far the second copy is behind.
const RECENT_MAX: usize = 64;

state! {
    /// The head of a message that waits; its levels are in the arbiter's level queue.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Held {
        first: u64,
        last: u64,
        previous: u64,
        bids: u32,
        asks: u32,
        line: u8,
        came: Nanos,
    }
}

state! {
    /// A message that has passed: its last number and when its first copy came.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Passed {
        last: u64,
        came: Nanos,
    }
}

state! {
    /// The place in one book's changes, and what waits behind a hole in them.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Arbiter {
        begun: bool,
        last: u64,
        joined: bool,
        /// The line that brought the newest message.
        lead: u8,
        /// The last number that each line has brought; 0 before the first.
        seen: [u64; LINES_MAX],
        held: VecDeque<Held>,
        levels: VecDeque<Level>,
        recent: VecDeque<Passed>,
        /// Holes that another line filled.
        pub filled: u64,
        /// Holes that no line filled.
        pub given_up: u64,
    }
}

/// Takes what passes, in order.
pub type Pass<'f> = &'f mut dyn FnMut(DepthView<'_>) -> Result<()>;

impl Held {
    const fn ids(&self) -> Ids {
        Ids { first: self.first, last: self.last, previous: self.previous }
    }

    const fn levels(&self) -> usize {
        self.bids as usize + self.asks as usize
    }
}

const fn ids_of(view: &DepthView<'_>) -> Ids {
    Ids { first: view.head.first, last: view.head.header.stream_seq, previous: view.head.previous }
}

impl Arbiter {
    /// Takes the memory for what may wait, so that no message does.
    pub fn reserve(&mut self) {
        self.held.reserve(HELD_MAX);
        self.levels.reserve(HELD_LEVELS_MAX);
        self.recent.reserve(RECENT_MAX);
    }

    /// Forgets everything but the counts: all lines are down, or the engine starts.
    pub fn reset(&mut self) {
        self.held.clear();
        self.levels.clear();
        self.recent.clear();
        (self.begun, self.last, self.joined, self.seen) = (false, 0, false, [0; LINES_MAX]);
    }

    /// A line went down: where it goes on is no hole of its own.
    pub fn line_down(&mut self, line: usize) {
        if let Some(seen) = self.seen.get_mut(line) {
            *seen = 0;
        }
    }

    /// Whether messages wait behind a hole.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.held.is_empty()
    }

    const fn position(&self) -> Position {
        Position { last: self.last, joined: self.joined }
    }

    /// Takes a line's copy of a change and passes on whatever is in order with it.
    ///
    /// Errors: `Field` for a rule without numbers; those of `pass`.
    pub fn delta<R: Rule>(&mut self, rule: R, copy: Copy, view: DepthView<'_>, pass: Pass<'_>) -> Result<Taken> {
        if !rule.numbered() {
            let was = "one without numbers".to_owned();
            return Err(CoreError::Field { field: "rule", was, why: "must number messages alike on every line" });
        }
        let ids = ids_of(&view);
        let (lost, late) = self.own(rule, copy.line, ids);
        let verdict = self.judged(rule, copy, ids);
        match verdict {
            Verdict::First => {
                self.moves_to(ids.last, copy);
                pass(view)?;
                self.release(rule, true, pass)?;
            }
            Verdict::Held => self.hold(rule, copy, ids, view, pass)?,
            Verdict::Again(_) => {}
        }
        // Whatever came may have shown that no line will fill the hole.
        self.settle(rule, copy, pass)?;
        Ok(Taken { verdict, lost, late })
    }

    /// Takes a whole book: from REST, or from the stream where the venue sends it there. `synced` is whether ours needs none.
    ///
    /// Where the stream sends it, one that is older than ours is a restart of the numbers if the line that leads brought
    /// it, and otherwise only late.
    pub fn whole<R: Rule>(
        &mut self,
        rule: R,
        copy: Copy,
        synced: bool,
        view: DepthView<'_>,
        pass: Pass<'_>,
    ) -> Result<Verdict> {
        let id = view.head.header.stream_seq;
        let in_stream = rule.snapshot_in_stream();
        if in_stream && synced && id <= self.last && usize::from(self.lead) != copy.line {
            return Ok(Verdict::Again(None));
        }
        pass(view)?;
        if in_stream || !self.begun || id > self.last {
            (self.begun, self.last, self.joined) = (true, id, rule.joins_at_once());
        }
        if in_stream && let Some(seen) = self.seen.get_mut(copy.line) {
            (*seen, self.lead) = (id, copy.line as u8);
        }
        self.release(rule, false, pass)?;
        Ok(Verdict::First)
    }

    /// Time has passed, or a line went down: gives up the holes that nobody will fill.
    pub fn settle<R: Rule>(&mut self, rule: R, copy: Copy, pass: Pass<'_>) -> Result<()> {
        while self.waits() {
            let past = |line: usize| !copy.up[line] || self.seen[line] > self.last;
            let hopeless = copy.ordered && (0..LINES_MAX).all(past);
            // The first message behind a hole tells how long it has been open.
            let since = self.held.front().map_or(copy.now, |held| held.came);
            if !hopeless && copy.now.saturating_sub(since) < copy.hold_ns {
                return Ok(());
            }
            self.give_up(rule, pass)?;
        }
        Ok(())
    }

    /// What a message says about its own line: what was lost just before it, and whether it comes after later ones.
    fn own<R: Rule>(&mut self, rule: R, line: usize, ids: Ids) -> (u64, bool) {
        let Some(seen) = self.seen.get_mut(line) else { return (0, false) };
        let before = *seen;
        if before == 0 || ids.last > before {
            *seen = ids.last;
        }
        let gap = matches!(rule.judge(ids, Position { last: before, joined: true }), SyncOutcome::Gap { .. });
        (u64::from(before != 0 && gap && ids.last > before), ids.last < before)
    }

    fn judged<R: Rule>(&self, rule: R, copy: Copy, ids: Ids) -> Verdict {
        if !self.begun {
            return Verdict::First;
        }
        let known = self.recent.iter().rev().find(|passed| passed.last == ids.last);
        match rule.judge(ids, self.position()) {
            // A number that stays (OKX sends such messages when nothing changes) says nothing the second time.
            SyncOutcome::Applied if ids.last != self.last || !self.joined => Verdict::First,
            SyncOutcome::Applied | SyncOutcome::Dropped => {
                Verdict::Again(known.map(|passed| copy.now.saturating_sub(passed.came)))
            }
            _ if ids.last <= self.last || known.is_some() => {
                Verdict::Again(known.map(|passed| copy.now.saturating_sub(passed.came)))
            }
            _ => match self.held.iter().find(|held| held.last == ids.last) {
                Some(held) => Verdict::Again(Some(copy.now.saturating_sub(held.came))),
                None => Verdict::Held,
            },
        }
    }

    fn moves_to(&mut self, last: u64, copy: Copy) {
        // Numbers may begin again (a venue's restart): the line goes on from there.
        if let Some(seen) = self.seen.get_mut(copy.line).filter(|_| last < self.last) {
            *seen = last;
        }
        (self.begun, self.joined, self.last, self.lead) = (true, true, last, copy.line as u8);
        self.remember(last, copy.now);
    }

    fn remember(&mut self, last: u64, came: Nanos) {
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(Passed { last, came });
    }

    /// Keeps a message for the one before it, in the order of numbers; the oldest passes where there is no room.
    fn hold<R: Rule>(&mut self, rule: R, copy: Copy, ids: Ids, view: DepthView<'_>, pass: Pass<'_>) -> Result<()> {
        let levels = view.bids.len() + view.asks.len();
        if levels > HELD_LEVELS_MAX {
            return Err(CoreError::Full { what: "buffer of messages behind a hole", capacity: HELD_LEVELS_MAX });
        }
        while self.held.len() >= HELD_MAX || self.levels.len() + levels > HELD_LEVELS_MAX {
            self.give_up(rule, pass)?;
        }
        let at = self.held.partition_point(|held| held.last < ids.last);
        let from: usize = self.held.iter().take(at).map(Held::levels).sum();
        let (bids, asks) = (view.bids.len() as u32, view.asks.len() as u32);
        let Ids { first, last, previous } = ids;
        self.held.insert(at, Held { first, last, previous, bids, asks, line: copy.line as u8, came: copy.now });
        let behind = self.levels.len() - from;
        self.levels.extend(view.bids.iter().chain(view.asks));
        self.levels.make_contiguous()[from..].rotate_left(behind);
        // Where room had to be made, this one may follow by now.
        self.release(rule, false, pass)
    }

    /// Passes what waits and follows; `filled` says whether a line brought what was missing.
    fn release<R: Rule>(&mut self, rule: R, filled: bool, pass: Pass<'_>) -> Result<()> {
        let mut released = false;
        while let Some(held) = self.held.front().copied() {
            match rule.judge(held.ids(), self.position()) {
                SyncOutcome::Applied => {
                    released = true;
                    self.pass_oldest(pass)?;
                }
                _ if held.last <= self.last => self.forget_oldest(),
                _ => break,
            }
        }
        self.filled += u64::from(released && filled);
        Ok(())
    }

    /// The hole stays: what waits behind it passes all the same.
    fn give_up<R: Rule>(&mut self, rule: R, pass: Pass<'_>) -> Result<()> {
        self.given_up += 1;
        self.pass_oldest(pass)?;
        self.release(rule, false, pass)
    }

    fn pass_oldest(&mut self, pass: Pass<'_>) -> Result<()> {
        let Some(held) = self.held.pop_front() else { return Ok(()) };
        (self.begun, self.joined, self.last, self.lead) = (true, true, held.last, held.line);
        self.remember(held.last, held.came);
        let levels: Vec<Level> = self.levels.drain(..held.levels().min(self.levels.len())).collect();
        let (bids, asks) = levels.split_at((held.bids as usize).min(levels.len()));
        let mut header = Header::of::<DepthHead>(0, 0, held.came, 0);
        header.stream_seq = held.last;
        let head = DepthHead { header, first: held.first, previous: held.previous, bids: held.bids, asks: held.asks };
        pass(DepthView { head: &head, bids, asks })
    }

    fn forget_oldest(&mut self) {
        if let Some(held) = self.held.pop_front() {
            self.levels.drain(..held.levels().min(self.levels.len()));
        }
    }
}
