//! What can be undone: the values that calls have replaced, back to the beginning of a call or of a block.
//!
//! catalogue: S4. A failing call is rolled back by it, and so are whole blocks that the chain has taken back. Values are
//! kept one by one, so that neither copies a whole pool; blocks beyond the bound are forgotten, oldest first.

use super::{Head, Pool};
use crate::clamm::oracle::Observation;
use crate::clamm::position::{Position, PositionKey};
use crate::clamm::tick::Tick;
use crate::error::{CoreError, Result};
use std::collections::VecDeque;

/// A value that was replaced.
#[derive(Debug, Clone)]
enum Before {
    Tick(i32, Option<Tick>),
    Position(PositionKey, Option<Position>),
    Observation(u16, Observation),
    /// The ring had this many places.
    Grown(usize),
}

/// Where a block began.
#[derive(Debug, Clone)]
struct Mark {
    block: u64,
    head: Head,
    at: u64,
}

/// The replaced values, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    values: VecDeque<Before>,
    /// How many values were forgotten before the first that is kept.
    forgotten: u64,
    blocks: VecDeque<Mark>,
    blocks_max: usize,
    /// The last block that cannot be undone any more: the state can go back to its end.
    floor: u64,
}

impl Journal {
    /// Where the next value will stand.
    #[inline]
    pub(super) fn mark(&self) -> u64 {
        self.forgotten + self.values.len() as u64
    }

    /// A call has succeeded: forgets its values unless blocks are kept.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.blocks_max == 0 {
            self.values.clear();
        }
    }

    /// Keeps the values of the calls that follow, whatever is kept otherwise; returns what `release` needs.
    pub(super) const fn hold(&mut self) -> usize {
        std::mem::replace(&mut self.blocks_max, usize::MAX)
    }

    /// Ends `hold`.
    pub(super) const fn release(&mut self, blocks_max: usize) {
        self.blocks_max = blocks_max;
    }

    #[inline]
    pub(super) fn tick(&mut self, tick: i32, before: Option<Tick>) {
        self.values.push_back(Before::Tick(tick, before));
    }

    pub(super) fn position(&mut self, key: PositionKey, before: Option<Position>) {
        self.values.push_back(Before::Position(key, before));
    }

    pub(super) fn observation(&mut self, index: u16, before: Observation) {
        self.values.push_back(Before::Observation(index, before));
    }

    pub(super) fn observation_grown(&mut self, before: usize) {
        self.values.push_back(Before::Grown(before));
    }
}

impl Pool {
    /// Keeps the last `blocks_max` blocks undoable from now on, the state as it is being the end of block `block`.
    pub fn keep_blocks(&mut self, block: u64, blocks_max: usize) {
        self.journal = Journal { blocks_max, floor: block, ..Journal::default() };
    }

    /// What follows happens in `block`. Refuses a block before the current one.
    pub fn begin_block(&mut self, block: u64) -> Result<()> {
        let journal = &mut self.journal;
        let last = journal.blocks.back().map_or(journal.floor, |mark| mark.block);
        if block < last {
            let was = block.to_string();
            return Err(CoreError::Field { field: "block", was, why: "is before the block that was applied last" });
        }
        if journal.blocks_max == 0 {
            journal.floor = block;
            return Ok(());
        }
        if block == last && !journal.blocks.is_empty() {
            return Ok(());
        }
        journal.blocks.push_back(Mark { block, head: self.head, at: journal.mark() });
        if journal.blocks.len() > journal.blocks_max {
            if let Some(oldest) = journal.blocks.pop_front() {
                journal.floor = oldest.block;
            }
            let keep_from = journal.blocks.front().map_or(0, |mark| mark.at);
            while journal.forgotten < keep_from && journal.values.pop_front().is_some() {
                journal.forgotten += 1;
            }
        }
        Ok(())
    }

    /// The last block that the state contains, as far as it was told.
    #[must_use]
    pub fn block(&self) -> u64 {
        self.journal.blocks.back().map_or(self.journal.floor, |mark| mark.block)
    }

    /// Puts the state back to the end of block `block`. Refuses a block that is further back than the journal reaches.
    pub fn undo_to(&mut self, block: u64) -> Result<()> {
        if block < self.journal.floor {
            let why = "is further back than the blocks that are kept";
            return Err(CoreError::Field { field: "block", was: block.to_string(), why });
        }
        while self.block() > block
            && let Some(mark) = self.journal.blocks.pop_back()
        {
            self.roll_back(mark.at);
            self.head = mark.head;
        }
        Ok(())
    }

    /// Puts values back, newest first, down to a mark.
    pub(super) fn roll_back(&mut self, mark: u64) {
        while self.journal.mark() > mark {
            match self.journal.values.pop_back() {
                // A tick that was there before is within the range, so that this cannot be refused.
                Some(Before::Tick(tick, before)) => _ = self.ticks.set(tick, before),
                Some(Before::Position(key, Some(before))) => _ = self.positions.insert(key, before),
                Some(Before::Position(key, None)) => _ = self.positions.remove(&key),
                Some(Before::Observation(index, before)) => self.observations[usize::from(index)] = before,
                Some(Before::Grown(places)) => self.observations.truncate(places),
                None => return,
            }
        }
    }
}
