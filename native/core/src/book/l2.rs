//! A book of price levels: two sorted arrays, prices and sizes apart, the best level at the back.
//!
//! catalogue: M4. Most changes are near the best price, so with it at the back an insertion moves few levels, and
//! the search walks from there. Prices are ticks, sizes lots. A side holds at most `LEVELS_MAX` levels, which are
//! reserved when the book is made: applying a level never allocates. The canonical bytes are the levels alone.

use crate::canon::{Canon, impossible};
use crate::error::{CoreError, Result};
use crate::event::Level;
use crate::units::{Lots, Side, Ticks};

/// The most levels that a side holds.
pub const LEVELS_MAX: usize = 65_536;

/// How many levels from the best one the search walks before it halves the rest.
const WALK: usize = 8;

/// One side. Prices are kept as keys that grow towards the best level: the price of a bid, the negated price of an ask.
#[derive(Debug, PartialEq, Eq)]
struct Levels {
    keys: Vec<i64>,
    sizes: Vec<Lots>,
}

impl Levels {
    fn new() -> Self {
        Self { keys: Vec::with_capacity(LEVELS_MAX), sizes: Vec::with_capacity(LEVELS_MAX) }
    }

    /// Where `key` is, or where it would be inserted.
    #[inline]
    fn find(&self, key: i64) -> std::result::Result<usize, usize> {
        let keys = self.keys.as_slice();
        let walked = keys.len().min(WALK);
        for (back, known) in keys.iter().rev().take(WALK).enumerate() {
            if *known <= key {
                let at = keys.len() - 1 - back;
                return if *known == key { Ok(at) } else { Err(at + 1) };
            }
        }
        keys.get(..keys.len() - walked).unwrap_or_default().binary_search(&key)
    }

    #[inline]
    fn set(&mut self, key: i64, size: Lots) -> Result<()> {
        match (self.find(key), size) {
            (Ok(at), 0) => {
                self.keys.remove(at);
                self.sizes.remove(at);
            }
            (Ok(at), _) => {
                if let Some(slot) = self.sizes.get_mut(at) {
                    *slot = size;
                }
            }
            (Err(_), 0) => {}
            (Err(at), _) => {
                if self.keys.len() >= LEVELS_MAX {
                    return Err(CoreError::Full { what: "book side", capacity: LEVELS_MAX });
                }
                self.keys.insert(at, key);
                self.sizes.insert(at, size);
            }
        }
        Ok(())
    }
}

impl Clone for Levels {
    /// A copy with the same room, so that it does not allocate later either.
    fn clone(&self) -> Self {
        let mut copy = Self::new();
        copy.keys.extend_from_slice(&self.keys);
        copy.sizes.extend_from_slice(&self.sizes);
        copy
    }
}

/// A two-sided book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L2Book {
    bids: Levels,
    asks: Levels,
}

impl Default for L2Book {
    fn default() -> Self {
        Self::new()
    }
}

/// A price as a key of its side, and back: the operation is its own inverse.
#[inline]
const fn keyed(side: Side, price: i64) -> i64 {
    match side {
        Side::Buy => price,
        Side::Sell => price.wrapping_neg(),
    }
}

impl L2Book {
    /// An empty book with room for `LEVELS_MAX` levels a side (2 MiB of address space, used as levels come).
    #[must_use]
    pub fn new() -> Self {
        Self { bids: Levels::new(), asks: Levels::new() }
    }

    #[inline]
    const fn side(&self, side: Side) -> &Levels {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    #[inline]
    const fn side_mut(&mut self, side: Side) -> &mut Levels {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Forgets every level, keeps the room.
    pub fn clear(&mut self) {
        for levels in [&mut self.bids, &mut self.asks] {
            levels.keys.clear();
            levels.sizes.clear();
        }
    }

    /// Sets the size at a price; 0 deletes the level, and deleting what is not there changes nothing.
    ///
    /// Errors: `Full` where the side holds `LEVELS_MAX` levels already, `Field` for a negative size; nothing changes.
    #[inline]
    pub fn apply(&mut self, side: Side, price: Ticks, qty: Lots) -> Result<()> {
        if qty < 0 {
            return Err(CoreError::Field { field: "level size", was: qty.to_string(), why: "must not be negative" });
        }
        self.side_mut(side).set(keyed(side, price), qty)
    }

    /// Applies levels in order; on an error those before it stay applied.
    #[inline]
    pub fn apply_all(&mut self, side: Side, levels: &[Level]) -> Result<()> {
        levels.iter().try_for_each(|level| self.apply(side, level.price, level.qty))
    }

    /// The best level of a side.
    #[inline]
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Level> {
        let levels = self.side(side);
        Some(Level { price: keyed(side, *levels.keys.last()?), qty: *levels.sizes.last()? })
    }

    /// The levels of a side from the best one on.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        let levels = self.side(side);
        let pairs = levels.keys.iter().rev().zip(levels.sizes.iter().rev());
        pairs.map(move |(key, qty)| Level { price: keyed(side, *key), qty: *qty })
    }

    /// Writes the best levels of a side into `out`, best first; returns how many there are.
    pub fn top(&self, side: Side, out: &mut [Level]) -> usize {
        out.iter_mut().zip(self.levels(side)).map(|(slot, level)| *slot = level).count()
    }

    /// The size at a price, 0 where there is no such level.
    #[must_use]
    pub fn qty_at(&self, side: Side, price: Ticks) -> Lots {
        let levels = self.side(side);
        levels.find(keyed(side, price)).ok().and_then(|at| levels.sizes.get(at).copied()).unwrap_or(0)
    }

    /// The size at a price and all better ones, at most `i64::MAX`.
    #[must_use]
    pub fn cumulative(&self, side: Side, price: Ticks) -> Lots {
        let levels = self.side(side);
        let from = levels.find(keyed(side, price)).unwrap_or_else(|at| at);
        levels.sizes.get(from..).unwrap_or_default().iter().fold(0, |sum: i64, size| sum.saturating_add(*size))
    }

    /// How many levels a side has.
    #[must_use]
    pub fn depth(&self, side: Side) -> usize {
        self.side(side).keys.len()
    }

    /// Best bid and best ask where they cross or touch.
    #[inline]
    #[must_use]
    pub fn crossed(&self) -> Option<(Ticks, Ticks)> {
        let (bid, ask) = (self.best(Side::Buy)?.price, self.best(Side::Sell)?.price);
        (bid >= ask).then_some((bid, ask))
    }
}

impl Canon for Levels {
    fn put(&self, out: &mut Vec<u8>) {
        self.keys.put(out);
        self.sizes.put(out);
    }

    fn take(input: &mut &[u8]) -> Result<Self> {
        let (keys, sizes) = (Vec::<i64>::take(input)?, Vec::<Lots>::take(input)?);
        let sorted = keys.iter().zip(keys.iter().skip(1)).all(|(one, next)| one < next);
        if keys.len() != sizes.len() || keys.len() > LEVELS_MAX || !sorted || sizes.iter().any(|size| *size <= 0) {
            return Err(impossible("book side", format!("{} prices, {} sizes", keys.len(), sizes.len())));
        }
        let mut levels = Self::new();
        levels.keys.extend_from_slice(&keys);
        levels.sizes.extend_from_slice(&sizes);
        Ok(levels)
    }

    fn leaves(&self) -> usize {
        self.keys.len() + self.sizes.len()
    }

    fn nudge(&mut self, index: usize) {
        match index.checked_sub(self.keys.len()) {
            None => self.keys.nudge(index),
            Some(index) => self.sizes.nudge(index),
        }
    }
}

impl Canon for L2Book {
    fn put(&self, out: &mut Vec<u8>) {
        self.bids.put(out);
        self.asks.put(out);
    }

    fn take(input: &mut &[u8]) -> Result<Self> {
        Ok(Self { bids: Levels::take(input)?, asks: Levels::take(input)? })
    }

    fn leaves(&self) -> usize {
        self.bids.leaves() + self.asks.leaves()
    }

    fn nudge(&mut self, index: usize) {
        match index.checked_sub(self.bids.leaves()) {
            None => self.bids.nudge(index),
            Some(index) => self.asks.nudge(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

    fn sample() -> L2Book {
        let mut book = L2Book::new();
        for (side, price, qty) in [(Side::Buy, 99, 5), (Side::Buy, 98, 7), (Side::Sell, 101, 3), (Side::Sell, 103, 9)] {
            book.apply(side, price, qty).unwrap();
        }
        book
    }

    #[test]
    fn answers_about_its_levels() {
        let mut book = sample();
        assert_eq!(book.best(Side::Buy), Some(Level { price: 99, qty: 5 }));
        assert_eq!(book.best(Side::Sell), Some(Level { price: 101, qty: 3 }));
        assert_eq!((book.qty_at(Side::Sell, 103), book.qty_at(Side::Sell, 102)), (9, 0));
        assert_eq!((book.cumulative(Side::Buy, 98), book.cumulative(Side::Sell, 102)), (12, 3));
        let mut top = [Level { price: 0, qty: 0 }; 3];
        assert_eq!(book.top(Side::Sell, &mut top), 2);
        assert_eq!((top[0].price, top[1].price), (101, 103));
        assert_eq!(book.crossed(), None);
        book.apply(Side::Buy, 101, 1).unwrap();
        assert_eq!(book.crossed(), Some((101, 101)));
        book.clear();
        assert_eq!((book.best(Side::Buy), book.depth(Side::Sell)), (None, 0));
    }

    #[test]
    fn a_full_side_says_so_and_changes_nothing() {
        let mut book = L2Book::new();
        for price in 1..=LEVELS_MAX as i64 {
            book.apply(Side::Buy, price, 1).unwrap();
        }
        let before = book.clone();
        let full = CoreError::Full { what: "book side", capacity: LEVELS_MAX };
        assert_eq!(book.apply(Side::Buy, LEVELS_MAX as i64 + 1, 1), Err(full));
        assert_eq!(book, before);
        book.apply(Side::Buy, 7, 9).unwrap();
        assert!(book.apply(Side::Buy, 8, -1).unwrap_err().to_string().ends_with("was -1"));
        assert_eq!((book.qty_at(Side::Buy, 7), book.qty_at(Side::Buy, 8)), (9, 1));
    }

    #[test]
    fn canonical_bytes_are_the_levels_alone() {
        let mut worn = sample();
        for price in 1..90 {
            worn.apply(Side::Buy, price, 4).unwrap();
        }
        (1..90).for_each(|price| worn.apply(Side::Buy, price, 0).unwrap());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        sample().put(&mut one);
        worn.put(&mut other);
        assert_eq!(one, other);
        let mut back = L2Book::take(&mut one.as_slice()).unwrap();
        assert_eq!(back, worn);
        assert_eq!(back.side_mut(Side::Buy).keys.capacity(), LEVELS_MAX);
        for leaf in 0..worn.leaves() {
            let (mut changed, mut bytes) = (worn.clone(), Vec::new());
            changed.nudge(leaf);
            changed.put(&mut bytes);
            assert_ne!(bytes, other, "leaf {leaf}");
        }
    }

    #[test]
    fn a_snapshot_that_no_book_wrote_is_refused() {
        let mut bytes = Vec::new();
        Levels { keys: vec![2, 1], sizes: vec![1, 1] }.put(&mut bytes);
        Levels::new().put(&mut bytes);
        assert!(L2Book::take(&mut bytes.as_slice()).is_err());
    }

    proptest! {
        #[test]
        fn equals_a_map(changes in proptest::collection::vec((0usize..2, 1i64..40, 0i64..4), 0..200)) {
            let mut book = L2Book::new();
            let mut model: [BTreeMap<i64, i64>; 2] = Default::default();
            for (side, price, qty) in changes {
                book.apply(SIDES[side], price, qty).unwrap();
                if qty == 0 { model[side].remove(&price); } else { model[side].insert(price, qty); }
            }
            let bids: Vec<_> = model[0].iter().rev().map(|(p, q)| (*p, *q)).collect();
            let asks: Vec<_> = model[1].iter().map(|(p, q)| (*p, *q)).collect();
            for (side, want) in [(Side::Buy, &bids), (Side::Sell, &asks)] {
                let got: Vec<_> = book.levels(side).map(|l| (l.price, l.qty)).collect();
                prop_assert_eq!(&got, want);
                prop_assert_eq!(book.best(side).map(|l| (l.price, l.qty)), want.first().copied());
                for price in 0..42 {
                    let better = |p: i64| if side == Side::Buy { p >= price } else { p <= price };
                    let total: i64 = want.iter().filter(|(p, _)| better(*p)).map(|(_, q)| q).sum();
                    prop_assert_eq!(book.cumulative(side, price), total);
                    prop_assert_eq!(book.qty_at(side, price), model[side as usize].get(&price).copied().unwrap_or(0));
                }
            }
        }
    }
}
