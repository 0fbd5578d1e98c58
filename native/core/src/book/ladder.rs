//! One side of a book: a ladder of ticks round the best price, and the levels far from it in a table.
//!
//! catalogue: M4. Nearly every change of a book is within some thousand ticks of its best price. There, a level's place
//! is its price: one store for the size, one bit that says whether the level is there, no search and nothing to move.
//! Three layers of bits find the best level in a few instructions. Levels worse than the ladder's last tick are kept in
//! a hash table (`far`). When the best price walks out of the ladder, the ladder moves.
//!
//! Keys grow towards the best level: the price of a bid, the negated price of an ask. Where the ladder stands is no part
//! of the state: sides with the same levels are equal, and their canonical bytes are the levels alone.

use super::far::{Far, LEVELS_MAX};
use crate::canon::{Canon, impossible};
use crate::error::{CoreError, Result};
use crate::event::Level;
use crate::units::Lots;

/// Ticks of the ladder: 64^3, so that three layers of words are exactly enough. Wider is faster, because far levels cost
/// more than ticks that are never touched.
const TICKS: usize = 262_144;
/// Where the best level stands when the ladder moves: room for it to improve by a quarter of the ladder.
const HOME: i64 = TICKS as i64 / 4 * 3;
/// The ladder moves down when the best level stands below this tick.
const LOW: usize = TICKS / 4;

const WORDS: usize = TICKS / 64;
const TOPS: usize = WORDS.div_ceil(64);

/// One side of a book.
#[derive(Debug)]
pub(super) struct Ladder {
    /// The key of the ladder's first tick.
    base: i64,
    /// The size at each tick; 0 where there is no level.
    sizes: Box<[Lots; TICKS]>,
    /// One bit a tick: there is a level.
    bits: Box<[u64; WORDS]>,
    /// One bit a word of `bits`: it is not zero.
    tops: [u64; TOPS],
    /// One bit a word of `tops`: it is not zero.
    root: u64,
    /// Levels below `base`.
    far: Far,
    /// What the ladder takes over while it moves; empty otherwise.
    moving: Vec<(i64, Lots)>,
    /// All levels, on the ladder and far.
    count: usize,
    /// The best tick that has a level, `NOWHERE` without one; as of the last `settle`, because it is asked for more often
    /// than it is found.
    top: usize,
}

const NOWHERE: usize = usize::MAX;

impl Ladder {
    /// An empty side; all its memory is reserved here.
    pub fn new() -> Self {
        Self {
            base: 0,
            sizes: zeros(),
            bits: Box::new([0; WORDS]),
            tops: [0; TOPS],
            root: 0,
            far: Far::new(),
            moving: Vec::with_capacity(LEVELS_MAX),
            count: 0,
            top: NOWHERE,
        }
    }

    /// Forgets every level.
    pub fn clear(&mut self) {
        self.wipe();
        self.far.clear();
        (self.count, self.top) = (0, NOWHERE);
    }

    /// How many levels there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Sets the size at a key, 0 deletes. `Full` where there is no room for a new level; nothing changes then.
    /// `settle` must follow before the best level is asked for.
    #[inline(always)]
    pub fn set(&mut self, key: i64, size: Lots) -> Result<()> {
        let tick = key.wrapping_sub(self.base) as u64;
        if tick >= TICKS as u64 {
            return self.set_beyond(key, size);
        }
        let tick = tick as usize;
        let new = size != 0 && self.bits[tick / 64] >> (tick % 64) & 1 == 0;
        if new && self.count >= LEVELS_MAX {
            return Err(full());
        }
        self.count = self.place(tick, size, self.count);
        Ok(())
    }

    /// Sets levels in order as long as they are on the ladder and no error: the first one that is not so, and those behind
    /// it; None where all are set. What does not change from level to level stays in registers meanwhile.
    #[inline(always)]
    pub fn set_near<'a>(&mut self, levels: &'a [Level], key: impl Fn(i64) -> i64) -> Option<(&'a Level, &'a [Level])> {
        let (base, mut count) = (self.base, self.count);
        let mut rest = levels;
        while let Some((level, behind)) = rest.split_first() {
            let tick = key(level.price).wrapping_sub(base) as u64;
            // A side that is full takes the long way, which knows what still fits.
            if tick >= TICKS as u64 || level.qty < 0 || count >= LEVELS_MAX {
                break;
            }
            count = self.place(tick as usize, level.qty, count);
            rest = behind;
        }
        self.count = count;
        rest.split_first()
    }

    /// Sets the size at a tick; how many levels there are now, where there were `count`.
    #[inline(always)]
    fn place(&mut self, tick: usize, size: Lots, count: usize) -> usize {
        let (word, bit) = (tick / 64, tick % 64);
        let there = u64::from(size != 0);
        let was = self.bits[word];
        let now = was & !(1 << bit) | there << bit;
        self.sizes[tick] = size;
        self.bits[word] = now;
        // A word of 64 ticks seldom gets its first level or loses its last.
        if (was == 0) != (now == 0) {
            self.mark(word, now != 0);
        }
        count + there as usize - (was >> bit & 1) as usize
    }

    /// Notes whether a word of ticks has any level.
    #[inline(never)]
    fn mark(&mut self, word: usize, any: bool) {
        let top = &mut self.tops[word / 64];
        *top = *top & !(1 << (word % 64)) | u64::from(any) << (word % 64);
        self.root = self.root & !(1 << (word / 64)) | u64::from(*top != 0) << (word / 64);
    }

    /// A key off the ladder: better than its last tick, or far.
    #[cold]
    fn set_beyond(&mut self, key: i64, size: Lots) -> Result<()> {
        if key > self.base || self.count == 0 {
            if size == 0 {
                return Ok(());
            }
            if self.count >= LEVELS_MAX {
                return Err(full());
            }
            self.move_to(key);
            return self.set(key, size);
        }
        if self.count >= LEVELS_MAX && size != 0 && self.far.get(key) == 0 {
            return Err(full());
        }
        let before = self.far.set(key, size);
        self.count = self.count + usize::from(size != 0) - usize::from(before != 0);
        Ok(())
    }

    /// Finds the best level, and moves the ladder where it has sunk to the lower end or below it. Called once a message.
    #[inline]
    pub fn settle(&mut self) {
        self.top = self.best_tick().unwrap_or(NOWHERE);
        // `NOWHERE` plus one is below every tick.
        if self.top.wrapping_add(1) <= LOW && self.far.len() > 0 {
            self.sink();
        }
    }

    #[cold]
    fn sink(&mut self) {
        if let Some((best, _)) = self.best() {
            self.move_to(best);
            self.top = self.best_tick().unwrap_or(NOWHERE);
        }
    }

    /// Places the ladder so that `best` stands at `HOME`: what leaves it goes far, what it now covers comes back.
    #[cold]
    fn move_to(&mut self, best: i64) {
        for word in 0..WORDS {
            let mut left = self.bits[word];
            while left != 0 {
                let tick = word * 64 + left.trailing_zeros() as usize;
                self.far.set(self.base + tick as i64, self.sizes[tick]);
                left &= left - 1;
            }
        }
        self.wipe();
        self.base = best.saturating_sub(HOME);
        self.moving.extend(self.far.iter().filter(|(key, _)| *key >= self.base));
        while let Some((key, size)) = self.moving.pop() {
            self.far.set(key, 0);
            let tick = key.wrapping_sub(self.base) as usize;
            self.sizes[tick] = size;
            self.bits[tick / 64] |= 1 << (tick % 64);
            self.tops[tick / 4096] |= 1 << (tick / 64 % 64);
            self.root |= 1 << (tick / 4096);
        }
    }

    /// Empties the ladder.
    fn wipe(&mut self) {
        self.bits.fill(0);
        self.tops = [0; TOPS];
        self.root = 0;
    }

    /// The best tick of the ladder that has a level.
    #[inline]
    fn best_tick(&self) -> Option<usize> {
        let top = self.root.checked_ilog2()? as usize;
        let word = top * 64 + self.tops[top].checked_ilog2()? as usize;
        Some(word * 64 + self.bits[word].checked_ilog2()? as usize)
    }

    /// The best key and its size.
    #[inline]
    pub fn best(&self) -> Option<(i64, Lots)> {
        debug_assert_eq!(self.top, self.best_tick().unwrap_or(NOWHERE));
        match self.sizes.get(self.top) {
            Some(size) => Some((self.base + self.top as i64, *size)),
            None => self.far.iter().max_by_key(|(key, _)| *key),
        }
    }

    /// The size at a key, 0 where there is no level.
    pub fn size_at(&self, key: i64) -> Lots {
        let tick = key.wrapping_sub(self.base) as u64;
        if tick < TICKS as u64 {
            let there = self.bits[tick as usize / 64] >> (tick % 64) & 1 != 0;
            return if there { self.sizes[tick as usize] } else { 0 };
        }
        self.far.get(key)
    }

    /// Keys and sizes, best first.
    pub fn iter(&self) -> impl Iterator<Item = (i64, Lots)> + '_ {
        let words = self.best_tick().map_or(0, |tick| tick / 64 + 1);
        let ticks = (0..words).rev().flat_map(|word| {
            let mut left = self.bits[word];
            std::iter::from_fn(move || {
                let bit = left.checked_ilog2()?;
                left &= !(1 << bit);
                Some(word * 64 + bit as usize)
            })
        });
        let near = ticks.map(|tick| (self.base + tick as i64, self.sizes[tick]));
        near.chain(std::iter::once_with(|| self.far.sorted()).flatten())
    }
}

/// A size of 0 at each tick, made where it stays: two megabytes are too much for a stack.
fn zeros() -> Box<[Lots; TICKS]> {
    let zeros: std::result::Result<Box<[Lots; TICKS]>, _> = vec![0; TICKS].into_boxed_slice().try_into();
    zeros.unwrap_or_else(|_| unreachable!()) // invariant: the vector is as long as the array
}

#[cold]
fn full() -> CoreError {
    CoreError::Full { what: "book side", capacity: LEVELS_MAX }
}

impl PartialEq for Ladder {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.iter().eq(other.iter())
    }
}

impl Eq for Ladder {}

impl Clone for Ladder {
    /// A copy with the same room, so that it does not allocate later either.
    fn clone(&self) -> Self {
        let mut copy = Self::new();
        copy.base = self.base;
        copy.sizes.copy_from_slice(&*self.sizes);
        copy.bits.copy_from_slice(&*self.bits);
        (copy.tops, copy.root, copy.count, copy.top) = (self.tops, self.root, self.count, self.top);
        copy.far = self.far.clone();
        copy
    }
}

impl Canon for Ladder {
    /// The count, then key and size of each level, best first.
    fn put(&self, out: &mut Vec<u8>) {
        (self.count as u64).put(out);
        for (key, size) in self.iter() {
            key.put(out);
            size.put(out);
        }
    }

    fn take(input: &mut &[u8]) -> Result<Self> {
        let mut this = Self::new();
        let count = u64::take(input)?;
        let mut better = None;
        for _ in 0..count {
            let (key, size) = (i64::take(input)?, Lots::take(input)?);
            if size <= 0 || better.is_some_and(|better| key >= better) {
                return Err(impossible("book level", format!("{size} at {key}")));
            }
            better = Some(key);
            this.set(key, size)?;
        }
        this.settle();
        Ok(this)
    }

    fn leaves(&self) -> usize {
        self.count * 2
    }

    /// Moves a level by one tick, or its size by one lot.
    fn nudge(&mut self, index: usize) {
        let Some((key, size)) = self.iter().nth(index / 2) else { return };
        let changed = if index.is_multiple_of(2) {
            self.set(key, 0).and_then(|()| self.set(key.wrapping_add(1), size))
        } else {
            self.set(key, size.wrapping_add(1))
        };
        self.settle();
        debug_assert!(changed.is_ok());
    }
}
