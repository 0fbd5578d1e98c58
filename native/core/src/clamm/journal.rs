//! What can be undone: the values that calls have replaced, back to the beginning of a call or of a block.
//!
//! catalogue: S4, M6. A failing call is rolled back by it, and so are whole blocks that the chain has taken back. Values are
//! kept one by one, so that neither copies a whole pool; blocks beyond the bound are forgotten, oldest first. Every kind of
//! pool says what a replaced value is (`V`), and keeps the numbers that it has one each of in a head (`H`).

use crate::error::{CoreError, Result};
use std::collections::VecDeque;

/// Where a block began.
#[derive(Debug, Clone)]
struct Mark<H> {
    block: u64,
    head: H,
    at: u64,
}

/// The replaced values, oldest first.
#[derive(Debug, Clone)]
pub struct Journal<V, H> {
    values: VecDeque<V>,
    /// How many values were forgotten before the first that is kept.
    forgotten: u64,
    blocks: VecDeque<Mark<H>>,
    blocks_max: usize,
    /// The last block that cannot be undone any more: the state can go back to its end.
    floor: u64,
}

impl<V, H> Default for Journal<V, H> {
    /// A journal that keeps no blocks.
    fn default() -> Self {
        Self { values: VecDeque::new(), forgotten: 0, blocks: VecDeque::new(), blocks_max: 0, floor: 0 }
    }
}

impl<V, H> Journal<V, H> {
    /// Where the next value will stand.
    #[inline]
    pub(super) fn mark(&self) -> u64 {
        self.forgotten + self.values.len() as u64
    }

    /// Keeps a value that is about to be replaced.
    #[inline]
    pub(super) fn push(&mut self, before: V) {
        self.values.push_back(before);
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

    /// The newest value that stands at or after a mark.
    fn pop(&mut self, mark: u64) -> Option<V> {
        if self.mark() > mark { self.values.pop_back() } else { None }
    }

    fn block(&self) -> u64 {
        self.blocks.back().map_or(self.floor, |mark| mark.block)
    }

    fn begin_block(&mut self, block: u64, head: H) -> Result<()> {
        let last = self.block();
        if block < last {
            let was = block.to_string();
            return Err(CoreError::Field { field: "block", was, why: "is before the block that was applied last" });
        }
        if self.blocks_max == 0 {
            self.floor = block;
            return Ok(());
        }
        if block == last && !self.blocks.is_empty() {
            return Ok(());
        }
        self.blocks.push_back(Mark { block, head, at: self.mark() });
        if self.blocks.len() > self.blocks_max {
            if let Some(oldest) = self.blocks.pop_front() {
                self.floor = oldest.block;
            }
            let keep_from = self.blocks.front().map_or(0, |mark| mark.at);
            while self.forgotten < keep_from && self.values.pop_front().is_some() {
                self.forgotten += 1;
            }
        }
        Ok(())
    }
}

/// What `Undo` asks of a state whose journal is its field `journal`.
macro_rules! its_journal {
    () => {
        fn journal(&self) -> &$crate::clamm::journal::Journal<Self::Before, Self::Head> {
            &self.journal
        }

        fn journal_mut(&mut self) -> &mut $crate::clamm::journal::Journal<Self::Before, Self::Head> {
            &mut self.journal
        }
    };
}
pub(super) use its_journal;

/// A state whose last blocks can be taken back.
pub trait Undo {
    /// A value that was replaced.
    type Before;
    /// The numbers that there is one each of.
    type Head: Clone;

    /// Its journal.
    fn journal(&self) -> &Journal<Self::Before, Self::Head>;
    /// Its journal, to write.
    fn journal_mut(&mut self) -> &mut Journal<Self::Before, Self::Head>;
    /// Its numbers.
    fn saved(&self) -> Self::Head;
    /// Puts its numbers back.
    fn restore(&mut self, head: Self::Head);
    /// Puts one value back.
    fn put_back(&mut self, before: Self::Before);

    /// Keeps the last `blocks_max` blocks undoable from now on, the state as it is being the end of block `block`.
    fn keep_blocks(&mut self, block: u64, blocks_max: usize) {
        *self.journal_mut() = Journal { blocks_max, floor: block, ..Journal::default() };
    }

    /// What follows happens in `block`. Refuses a block before the current one.
    fn begin_block(&mut self, block: u64) -> Result<()> {
        let head = self.saved();
        self.journal_mut().begin_block(block, head)
    }

    /// The last block that the state contains, as far as it was told.
    fn block(&self) -> u64 {
        self.journal().block()
    }

    /// Puts the state back to the end of block `block`. Refuses a block that is further back than the journal reaches.
    fn undo_to(&mut self, block: u64) -> Result<()> {
        if block < self.journal().floor {
            let why = "is further back than the blocks that are kept";
            return Err(CoreError::Field { field: "block", was: block.to_string(), why });
        }
        while self.block() > block
            && let Some(mark) = self.journal_mut().blocks.pop_back()
        {
            self.roll_back(mark.at);
            self.restore(mark.head);
        }
        Ok(())
    }

    /// Puts values back, newest first, down to a mark.
    fn roll_back(&mut self, mark: u64) {
        while let Some(before) = self.journal_mut().pop(mark) {
            self.put_back(before);
        }
    }
}
