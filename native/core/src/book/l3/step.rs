//! The ladder of a side in numbers: the step of a price without a division, and the bits that find the best step.
//!
//! catalogue: M2, M4. A side's ladder is a ring of slots, a word of bits for each 64 of them. Its lowest step stands at the
//! first slot of some word, so the window of prices moves by whole words and the slots that stay keep their place.
//! Keys grow towards the best price: the price of a bid, the negated price of an ask.

use super::Top;
use crate::units::{Lots, Ticks};
use std::hint::select_unpredictable;

/// Words of a side's ladder.
pub(super) const WORDS: usize = 4;
/// Slots of a word.
pub(super) const WORD: usize = 64;
/// Steps of a side's ladder.
pub(super) const STEPS: usize = WORDS * WORD;
/// The word, counted from the lowest, in which the best price stands when the ladder moves: one is left above it to
/// improve into, two below.
pub(super) const HOME: i64 = 2;
/// The ladder moves down when the best price stands below this step.
pub(super) const LOW: usize = WORD;
/// The most ticks of a step: the multiplication that replaces a division is exact up to here (see `Book::step`).
pub(super) const TICKS_PER_STEP_MAX: u32 = 1_000;

/// What every message of a book needs, two cache lines: the best prices with the ladders' places, and their bits.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(128))]
pub(super) struct Book {
    pub top: Top,
    /// The key of the lowest step of each side's ladder.
    pub base: [i64; 2],
    /// 2^31 / ticks, rounded up.
    pub inverse: u32,
    /// Ticks of a step.
    pub ticks: u16,
    /// The word of each side's lowest step.
    pub first: [u8; 2],
    /// How many of each side's queues without a step are not below the ladder but between its steps: only they can be
    /// better than one on it.
    pub between: [u32; 2],
    /// Which slots of each side have a queue.
    pub marks: [[u64; WORDS]; 2],
}

const _: () = assert!(size_of::<Book>() == 128 && std::mem::offset_of!(Book, marks) == 64);

/// A price as a key of its side, and back: the operation is its own inverse.
#[inline(always)]
pub(super) const fn keyed(side: usize, price: i64) -> i64 {
    // All ones for an ask: negation without a branch.
    let mask = (side as i64).wrapping_neg();
    (price ^ mask).wrapping_sub(mask)
}

impl Book {
    /// An empty book whose usual prices are `ticks` apart, 1 to `TICKS_PER_STEP_MAX`.
    pub fn new(ticks: u32) -> Self {
        Self {
            top: Top::EMPTY,
            base: [0; 2],
            inverse: (1_u32 << 31).div_ceil(ticks),
            ticks: ticks as u16,
            first: [0; 2],
            between: [0; 2],
            marks: [[0; WORDS]; 2],
        }
    }

    /// The step of a key: None off the ladder or between steps.
    ///
    /// The offset is below 256 x 1,000 < 2^18 and the inverse is too large by less than 1, so the quotient is too large by
    /// less than 2^18 / 2^31 < 1/1,000 <= 1/ticks: it never reaches the next whole number.
    #[inline(always)]
    pub const fn step(&self, side: usize, key: i64) -> Option<usize> {
        let (offset, ticks) = (key.wrapping_sub(self.base[side]) as u64, self.ticks as u64);
        if offset >= STEPS as u64 * ticks {
            return None;
        }
        let step = (offset * self.inverse as u64) >> 31;
        if step * ticks == offset { Some(step as usize) } else { None }
    }

    /// The slot of a key: None off the ladder or between steps.
    #[inline(always)]
    pub const fn slot(&self, side: usize, key: i64) -> Option<usize> {
        match self.step(side, key) {
            Some(step) => Some((step + self.first[side] as usize * WORD) % STEPS),
            None => None,
        }
    }

    /// Whether a key without a step lies between steps. (None lies above: the ladder would have moved.)
    pub const fn is_between(&self, side: usize, key: i64) -> bool {
        key >= self.base[side]
    }

    /// Notes that the queue of a price grew and holds `qty`: it may be the best one.
    ///
    /// Which of them is it is even odds in a busy book, so this selects values and branches nowhere.
    #[inline(always)]
    pub fn grew(&mut self, side: usize, price: Ticks, qty: Lots) {
        let top = &mut self.top.sides[side];
        // A price that equals the best one is the best queue's own.
        let better = (top.qty == 0) | (keyed(side, price) >= keyed(side, top.price));
        top.price = select_unpredictable(better, price, top.price);
        top.qty = select_unpredictable(better, qty, top.qty);
    }

    /// Notes that the queue of a key lost some of what it held and has `qty` left; whether it is the best one.
    #[inline(always)]
    pub fn shrank(&mut self, side: usize, key: i64, qty: Lots) -> bool {
        let top = &mut self.top.sides[side];
        let is_best = top.price == keyed(side, key);
        top.qty = select_unpredictable(is_best, qty, top.qty);
        is_best
    }

    /// Notes that a slot has a queue.
    #[inline(always)]
    pub const fn mark(&mut self, side: usize, slot: usize) {
        self.marks[side][slot / WORD % WORDS] |= 1 << (slot % WORD);
    }

    /// Notes that a slot has no queue any more, where `empty` is true.
    #[inline(always)]
    pub const fn unmark(&mut self, side: usize, slot: usize, empty: bool) {
        self.marks[side][slot / WORD % WORDS] &= !((empty as u64) << (slot % WORD));
    }

    /// The best step that has a queue, and its slot.
    #[inline(always)]
    pub fn best(&self, side: usize) -> Option<(usize, usize)> {
        for word in (0..WORDS).rev() {
            let at = (word + usize::from(self.first[side])) % WORDS;
            if let Some(bit) = self.marks[side][at].checked_ilog2() {
                return Some((word * WORD + bit as usize, at * WORD + bit as usize));
            }
        }
        None
    }

    /// How many slots have a queue.
    pub fn count(&self, side: usize) -> usize {
        self.marks[side].iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The slots that have a queue, best first.
    pub fn best_first(&self, side: usize) -> impl Iterator<Item = usize> + '_ {
        (0..WORDS).rev().flat_map(move |word| {
            let at = (word + usize::from(self.first[side])) % WORDS;
            let mut left = self.marks[side][at];
            std::iter::from_fn(move || {
                let bit = left.checked_ilog2()?;
                left ^= 1 << bit;
                Some(at * WORD + bit as usize)
            })
        })
    }
}
