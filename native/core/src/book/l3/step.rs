//! The ladder of a side in numbers: the step of a price without a division, and the bits that find the best step.
//!
//! catalogue: M2, M4.

use super::Top;

/// Steps of a ladder.
pub(super) const STEPS: usize = 1_024;
const WORDS: usize = STEPS / 64;
/// Where the best price stands when the ladder moves: room to improve by a quarter of the ladder.
pub(super) const HOME: i64 = STEPS as i64 / 4 * 3;
/// The ladder moves down when the best price stands below this step while others have none.
pub(super) const LOW: usize = STEPS / 4;
/// The most ticks of a step: the multiplication that replaces a division is exact up to here (see `Book::step`).
pub(super) const TICKS_PER_STEP_MAX: u32 = 1_000;

/// What nearly every message of a book needs: one cache line.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Book {
    pub top: Top,
    /// The key of the first step of each side's ladder.
    pub base: [i64; 2],
    /// The queue of the best price of each side, 0 for none.
    pub best: [u32; 2],
    /// Ticks of a step.
    pub ticks: u32,
    /// 2^31 / ticks, rounded up.
    pub inverse: u32,
}

const _: () = assert!(size_of::<Book>() == 64);

impl Book {
    /// The step of a key: None off the ladder or between steps.
    ///
    /// The offset is below 1,024 x 1,000 < 2^20 and the inverse is too large by less than 1, so the quotient is too
    /// large by less than 2^20 / 2^31 < 1/1,000 <= 1/ticks: it never reaches the next whole number.
    #[inline]
    pub fn step(&self, side: usize, key: i64) -> Option<usize> {
        let offset = key.wrapping_sub(self.base[side]) as u64;
        if offset >= STEPS as u64 * u64::from(self.ticks) {
            return None;
        }
        let step = (offset * u64::from(self.inverse)) >> 31;
        (step * u64::from(self.ticks) == offset).then_some(step as usize)
    }
}

/// Which steps of one side have a queue, and its queues that have no step.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    words: [u64; WORDS],
    /// One bit a word: it is not zero.
    root: u64,
    /// The first of the queues without a step, 0 for none.
    pub far: u32,
    /// How many of those are not below the ladder but between its steps: only they can be better than one on it.
    pub between: u32,
}

impl Marks {
    #[inline]
    pub fn set(&mut self, step: usize) {
        self.words[step / 64] |= 1 << (step % 64);
        self.root |= 1 << (step / 64);
    }

    #[inline]
    pub fn unset(&mut self, step: usize) {
        let word = &mut self.words[step / 64];
        *word &= !(1 << (step % 64));
        self.root &= !(u64::from(*word == 0) << (step / 64));
    }

    #[inline]
    pub fn best(&self) -> Option<usize> {
        let word = self.root.checked_ilog2()? as usize;
        Some(word * 64 + self.words[word].checked_ilog2()? as usize)
    }
}
