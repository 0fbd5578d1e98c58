//! One side of a book: a ladder of ticks round the best price, and the levels far from it in sorted order.
//!
//! catalogue: M4. Nearly every change of a book is within some thousand ticks of its best price. There, a level's place
//! is its price: one store for the size, one bit that says whether the level is there, no search and nothing to move.
//! Two layers of bits find the best level in a few instructions. Levels worse than the ladder's last tick are kept in
//! two sorted arrays, the best of them at the back. When the best price walks out of the ladder, the ladder moves.
//!
//! Keys grow towards the best level: the price of a bid, the negated price of an ask. Where the ladder stands is no part
//! of the state: sides with the same levels are equal, and their canonical bytes are the levels alone.

use crate::canon::{Canon, impossible};
use crate::error::{CoreError, Result};
use crate::units::Lots;

/// The most levels that a side holds.
pub const LEVELS_MAX: usize = 65_536;

/// Ticks of the ladder; a power of two and at most 64^3, so that two layers of bits over it are enough.
const TICKS: usize = 65_536;
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
    sizes: Box<[Lots]>,
    /// One bit a tick: there is a level.
    bits: [u64; WORDS],
    /// One bit a word of `bits`: it is not zero.
    tops: [u64; TOPS],
    /// Levels below `base`, ascending.
    far_keys: Vec<i64>,
    far_sizes: Vec<Lots>,
    /// All levels, on the ladder and far.
    count: usize,
}

impl Ladder {
    /// An empty side; all its memory is reserved here.
    pub fn new() -> Self {
        Self {
            base: 0,
            sizes: vec![0; TICKS].into_boxed_slice(),
            bits: [0; WORDS],
            tops: [0; TOPS],
            far_keys: Vec::with_capacity(LEVELS_MAX),
            far_sizes: Vec::with_capacity(LEVELS_MAX),
            count: 0,
        }
    }

    /// Forgets every level.
    pub fn clear(&mut self) {
        self.wipe();
        self.far_keys.clear();
        self.far_sizes.clear();
        self.count = 0;
    }

    /// How many levels there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Sets the size at a key, 0 deletes. `Full` where there is no room for a new level; nothing changes then.
    #[inline(always)]
    pub fn set(&mut self, key: i64, size: Lots) -> Result<()> {
        let tick = key.wrapping_sub(self.base) as u64;
        if tick >= TICKS as u64 {
            return self.set_beyond(key, size);
        }
        let (word, bit) = (tick as usize / 64, tick % 64);
        let was = self.bits[word];
        let there = u64::from(size != 0);
        if self.count >= LEVELS_MAX && there > (was >> bit & 1) {
            return Err(full());
        }
        let now = was & !(1 << bit) | there << bit;
        self.sizes[tick as usize] = size;
        self.bits[word] = now;
        let top = &mut self.tops[word / 64];
        *top = *top & !(1 << (word % 64)) | u64::from(now != 0) << (word % 64);
        self.count = self.count + there as usize - (was >> bit & 1) as usize;
        Ok(())
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
        match (self.far_keys.binary_search(&key), size) {
            (Ok(at), 0) => {
                self.far_keys.remove(at);
                self.far_sizes.remove(at);
                self.count -= 1;
            }
            (Ok(at), _) => self.far_sizes[at] = size,
            (Err(_), 0) => {}
            (Err(_), _) if self.count >= LEVELS_MAX => return Err(full()),
            (Err(at), _) => {
                self.far_keys.insert(at, key);
                self.far_sizes.insert(at, size);
                self.count += 1;
            }
        }
        Ok(())
    }

    /// Moves the ladder where the best level has sunk to its lower end or below it. Called once a message.
    #[inline]
    pub fn settle(&mut self) {
        let sunk = match self.best_tick() {
            Some(tick) => tick < LOW && !self.far_keys.is_empty(),
            None => !self.far_keys.is_empty(),
        };
        if sunk && let Some((best, _)) = self.best() {
            self.move_to(best);
        }
    }

    /// Places the ladder so that `best` stands at `HOME`: what leaves it goes far, what it now covers comes back.
    #[cold]
    fn move_to(&mut self, best: i64) {
        for word in 0..WORDS {
            let mut left = self.bits[word];
            while left != 0 {
                let tick = word * 64 + left.trailing_zeros() as usize;
                self.far_keys.push(self.base + tick as i64);
                self.far_sizes.push(self.sizes[tick]);
                left &= left - 1;
            }
        }
        self.wipe();
        self.base = best.saturating_sub(HOME);
        while let Some(key) = self.far_keys.pop_if(|key| *key >= self.base) {
            let tick = key.wrapping_sub(self.base) as usize;
            let size = self.far_sizes.pop().unwrap_or_default();
            self.sizes[tick] = size;
            self.bits[tick / 64] |= 1 << (tick % 64);
            self.tops[tick / 4096] |= 1 << (tick / 64 % 64);
        }
    }

    /// Empties the ladder.
    fn wipe(&mut self) {
        self.bits = [0; WORDS];
        self.tops = [0; TOPS];
    }

    /// The best tick of the ladder that has a level.
    #[inline]
    fn best_tick(&self) -> Option<usize> {
        let (at, top) = self.tops.iter().enumerate().rev().find(|(_, top)| **top != 0)?;
        let word = at * 64 + top.ilog2() as usize;
        Some(word * 64 + self.bits[word].checked_ilog2()? as usize)
    }

    /// The best key and its size.
    #[inline]
    pub fn best(&self) -> Option<(i64, Lots)> {
        match self.best_tick() {
            Some(tick) => Some((self.base + tick as i64, self.sizes[tick])),
            None => Some((*self.far_keys.last()?, *self.far_sizes.last()?)),
        }
    }

    /// The size at a key, 0 where there is no level.
    pub fn size_at(&self, key: i64) -> Lots {
        let tick = key.wrapping_sub(self.base) as u64;
        if tick < TICKS as u64 {
            let there = self.bits[tick as usize / 64] >> (tick % 64) & 1 != 0;
            return if there { self.sizes[tick as usize] } else { 0 };
        }
        self.far_keys.binary_search(&key).map_or(0, |at| self.far_sizes[at])
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
        near.chain(self.far_keys.iter().copied().zip(self.far_sizes.iter().copied()).rev())
    }
}

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
        copy.sizes.copy_from_slice(&self.sizes);
        (copy.bits, copy.tops, copy.count) = (self.bits, self.tops, self.count);
        copy.far_keys.extend_from_slice(&self.far_keys);
        copy.far_sizes.extend_from_slice(&self.far_sizes);
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
        debug_assert!(changed.is_ok());
    }
}
