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

/// What nearly every message of a book needs: one cache line, and the line beside it for prices that come and go.
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
    /// Of each side's `Marks`, one bit a word: it is not zero.
    pub roots: [u64; 2],
    /// The first of each side's queues without a step, 0 for none.
    pub far: [u32; 2],
    /// How many of those are not below the ladder but between its steps: only they can be better than one on it.
    pub between: [u32; 2],
}

const _: () = assert!(size_of::<Book>() == 128 && std::mem::offset_of!(Book, roots) == 64);

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

    /// Whether a key without a step lies between steps. (None lies above: the ladder would have moved.)
    pub const fn is_between(&self, side: usize, key: i64) -> bool {
        key >= self.base[side]
    }
}

/// Which steps of one side have a queue. The root of the bits is in its book.
#[derive(Debug, Clone, Default)]
#[repr(C, align(128))]
pub(super) struct Marks([u64; WORDS]);

impl Marks {
    #[inline]
    pub fn set(&mut self, root: &mut u64, step: usize) {
        self.0[step / 64 % WORDS] |= 1 << (step % 64);
        *root |= 1 << (step / 64);
    }

    #[inline]
    pub fn unset(&mut self, root: &mut u64, step: usize) {
        let word = &mut self.0[step / 64 % WORDS];
        *word &= !(1 << (step % 64));
        *root &= !(u64::from(*word == 0) << (step / 64));
    }

    #[inline]
    pub fn best(&self, root: u64) -> Option<usize> {
        let word = root.checked_ilog2()? as usize;
        Some(word * 64 + self.0[word % WORDS].checked_ilog2()? as usize)
    }

    /// How many steps have a queue.
    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The steps that have a queue, best first.
    pub fn best_first(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().rev().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                let bit = left.checked_ilog2()?;
                left ^= 1 << bit;
                Some(word * 64 + bit as usize)
            })
        })
    }
}
