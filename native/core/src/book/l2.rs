//! A book of price levels, bids and asks, over two ladders.
//!
//! catalogue: M4. Prices are ticks, sizes lots. A side holds at most `LEVELS_MAX` levels, whose room is reserved when the
//! book is made: applying a level never allocates. The canonical bytes are the levels alone.

use super::ladder::Ladder;
use crate::canon::Canon;
use crate::error::{CoreError, Result};
use crate::event::Level;
use crate::units::{Lots, Side, Ticks};

/// One change of a book in a batch: 24 bytes, which Python fills as an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct LevelDelta {
    /// The price.
    pub price: Ticks,
    /// The size that is there now; 0 deletes the level.
    pub qty: Lots,
    /// 0 for a bid, 1 for an ask.
    pub side: u8,
    /// Not read.
    pub pad: [u8; 7],
}

const _: () = assert!(size_of::<LevelDelta>() == 24);

/// A two-sided book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L2Book {
    bids: Ladder,
    asks: Ladder,
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
        Self { bids: Ladder::new(), asks: Ladder::new() }
    }

    #[inline]
    const fn side(&self, side: Side) -> &Ladder {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    #[inline]
    const fn side_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Forgets every level, keeps the room.
    pub fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// Sets the size at a price; 0 deletes the level, and deleting what is not there changes nothing.
    ///
    /// Errors: `Full` where the side holds `LEVELS_MAX` levels already, `Field` for a negative size; nothing changes.
    #[inline]
    pub fn apply(&mut self, side: Side, price: Ticks, qty: Lots) -> Result<()> {
        if qty < 0 {
            return Err(negative(qty));
        }
        let ladder = self.side_mut(side);
        let applied = ladder.set(keyed(side, price), qty);
        ladder.settle();
        applied
    }

    /// Applies levels in order; on an error those before it stay applied.
    #[inline]
    pub fn apply_all(&mut self, side: Side, levels: &[Level]) -> Result<()> {
        let ladder = self.side_mut(side);
        let mut rest = levels;
        // The ladder stops at what it does not hold, or must not: that is looked at alone, and then it goes on.
        while let Some((level, behind)) = ladder.set_near(rest, |price| keyed(side, price)) {
            let set =
                if level.qty < 0 { Err(negative(level.qty)) } else { ladder.set(keyed(side, level.price), level.qty) };
            if set.is_err() {
                ladder.settle();
                return set;
            }
            rest = behind;
        }
        ladder.settle();
        Ok(())
    }

    /// Applies changes of both sides in order.
    ///
    /// Errors: those of `apply`, and `Field` for a side that is neither 0 nor 1, with the place of the change in the batch;
    /// those before it stay applied.
    pub fn apply_deltas(&mut self, deltas: &[LevelDelta]) -> std::result::Result<(), (usize, CoreError)> {
        let mut sides = [&mut self.bids, &mut self.asks];
        let applied = deltas.iter().enumerate().try_for_each(|(nth, delta)| {
            let at = |error| (nth, error);
            // Whose turn it is is even odds: the side is an index and a mask, because a branch would be guessed wrong.
            let ladder = sides.get_mut(usize::from(delta.side)).ok_or_else(|| at(no_side(delta.side)))?;
            if delta.qty < 0 {
                return Err(at(negative(delta.qty)));
            }
            let mask = i64::from(delta.side).wrapping_neg();
            ladder.set((delta.price ^ mask).wrapping_sub(mask), delta.qty).map_err(at)
        });
        sides.into_iter().for_each(Ladder::settle);
        applied
    }

    /// The best level of a side.
    #[inline]
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Level> {
        self.side(side).best().map(|(key, qty)| Level { price: keyed(side, key), qty })
    }

    /// The levels of a side from the best one on.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        self.side(side).iter().map(move |(key, qty)| Level { price: keyed(side, key), qty })
    }

    /// Writes the best levels of a side into `out`, best first; returns how many there are.
    pub fn top(&self, side: Side, out: &mut [Level]) -> usize {
        out.iter_mut().zip(self.levels(side)).map(|(slot, level)| *slot = level).count()
    }

    /// The size at a price, 0 where there is no such level.
    #[must_use]
    pub fn qty_at(&self, side: Side, price: Ticks) -> Lots {
        self.side(side).size_at(keyed(side, price))
    }

    /// The size at a price and all better ones, at most `i64::MAX`.
    #[must_use]
    pub fn cumulative(&self, side: Side, price: Ticks) -> Lots {
        let better = self.side(side).iter().take_while(|(key, _)| *key >= keyed(side, price));
        better.fold(0, |sum: i64, (_, size)| sum.saturating_add(size))
    }

    /// How many levels a side has.
    #[must_use]
    pub fn depth(&self, side: Side) -> usize {
        self.side(side).len()
    }

    /// Deletes what is beyond the best `count` levels of a side.
    pub fn keep(&mut self, side: Side, count: usize) -> Result<()> {
        while self.depth(side) > count {
            let Some(beyond) = self.levels(side).nth(count) else { break };
            self.apply(side, beyond.price, 0)?;
        }
        Ok(())
    }

    /// Best bid and best ask where they cross or touch.
    #[inline]
    #[must_use]
    pub fn crossed(&self) -> Option<(Ticks, Ticks)> {
        let (bid, ask) = (self.best(Side::Buy)?.price, self.best(Side::Sell)?.price);
        (bid >= ask).then_some((bid, ask))
    }
}

fn no_side(side: u8) -> CoreError {
    CoreError::Field { field: "side", was: side.to_string(), why: "must be 0 for a bid or 1 for an ask" }
}

#[cold]
fn negative(qty: Lots) -> CoreError {
    CoreError::Field { field: "level size", was: qty.to_string(), why: "must not be negative" }
}

impl Canon for L2Book {
    fn put(&self, out: &mut Vec<u8>) {
        self.bids.put(out);
        self.asks.put(out);
    }

    fn take(input: &mut &[u8]) -> Result<Self> {
        Ok(Self { bids: Ladder::take(input)?, asks: Ladder::take(input)? })
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
    use crate::book::LEVELS_MAX;
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
        back.apply(Side::Buy, 1, 1).unwrap();
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
        2u64.put(&mut bytes);
        for (key, size) in [(1i64, 1i64), (2, 1)] {
            key.put(&mut bytes);
            size.put(&mut bytes);
        }
        Ladder::new().put(&mut bytes);
        assert!(L2Book::take(&mut bytes.as_slice()).is_err());
    }

    /// Prices near each other, and far enough apart that the ladder has to move.
    fn price() -> impl Strategy<Value = i64> {
        prop_oneof![6 => 100_000i64..100_040, 2 => 80_000i64..130_000, 1 => 1i64..1_000_000_000, 1 => Just(i64::MAX - 1)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn equals_a_map(changes in proptest::collection::vec((0usize..2, price(), 0i64..4), 0..200), batch in 1usize..20) {
            let mut book = L2Book::new();
            let mut model: [BTreeMap<i64, i64>; 2] = Default::default();
            let mut at_once = L2Book::new();
            for changes in changes.chunks(batch) {
                let delta = |c: &(usize, i64, i64)| LevelDelta { price: c.1, qty: c.2, side: c.0 as u8, pad: [0; 7] };
                at_once.apply_deltas(&changes.iter().map(delta).collect::<Vec<_>>()).unwrap();
                for side in 0..2 {
                    let of_side = changes.iter().filter(|c| c.0 == side);
                    let levels: Vec<_> = of_side.map(|(_, price, qty)| Level { price: *price, qty: *qty }).collect();
                    book.apply_all(SIDES[side], &levels).unwrap();
                    for Level { price, qty } in levels {
                        if qty == 0 { model[side].remove(&price); } else { model[side].insert(price, qty); }
                    }
                }
                let best = (model[0].last_key_value(), model[1].first_key_value());
                prop_assert_eq!(book.best(Side::Buy).map(|l| l.price), best.0.map(|l| *l.0));
                prop_assert_eq!(book.best(Side::Sell).map(|l| l.price), best.1.map(|l| *l.0));
                prop_assert_eq!(&at_once, &book);
            }
            let bids: Vec<_> = model[0].iter().rev().map(|(p, q)| (*p, *q)).collect();
            let asks: Vec<_> = model[1].iter().map(|(p, q)| (*p, *q)).collect();
            for (side, want) in [(Side::Buy, &bids), (Side::Sell, &asks)] {
                let got: Vec<_> = book.levels(side).map(|l| (l.price, l.qty)).collect();
                prop_assert_eq!(&got, want);
                prop_assert_eq!(book.depth(side), want.len());
                for price in want.iter().map(|l| l.0).step_by(7).chain([1, 99_999, 100_020]) {
                    let better = |p: i64| if side == Side::Buy { p >= price } else { p <= price };
                    let total: i64 = want.iter().filter(|(p, _)| better(*p)).map(|(_, q)| q).sum();
                    prop_assert_eq!(book.cumulative(side, price), total);
                    prop_assert_eq!(book.qty_at(side, price), model[side as usize].get(&price).copied().unwrap_or(0));
                }
            }
            let mut bytes = Vec::new();
            book.put(&mut bytes);
            prop_assert_eq!(L2Book::take(&mut bytes.as_slice()).unwrap(), book);
        }
    }
}
