//! The initialised ticks of a pool in the order of their prices, found by bisection and walked by steps.
//!
//! catalogue: S4. The chain finds the next tick in words of 256 bits; an order finds it at the cursor. Both stop at the
//! same places, because a swap stops at each word's edge, too: rounding happens there, so the edges are part of the rule.

use super::revert::Revert;
use super::segment::Whole;
use super::tick::Tick;
use super::tick_bitmap::compress;
use super::tick_math::{MAX_TICK, MIN_TICK, sqrt_price_at_tick};
use super::u256::U256;
use crate::canon::{Canon, impossible};
use crate::error::Result;

/// Where a swap stops next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The tick, within the range of ticks.
    pub tick: i32,
    /// The place of the initialised tick; nothing at the edge of a word.
    pub slot: Option<u32>,
}

/// What is kept at a place: the tick, its price, and what the segments come to that end there, rising and falling. The
/// latter two follow from the rest of the pool, so they are no part of its state.
#[derive(Debug, Clone)]
struct Place {
    tick: Tick,
    sqrt_price: U256,
    segments: [Whole; 2],
}

/// The initialised ticks. Their data stay where they are while others come and go, so a place is a name for a tick.
#[derive(Debug, Clone, Default)]
pub struct Ticks {
    /// The ticks, ascending.
    keys: Vec<i32>,
    /// The place of each tick's data.
    slots: Vec<u32>,
    data: Vec<Place>,
    free: Vec<u32>,
}

impl Ticks {
    /// The tick's data, if it is initialised.
    #[must_use]
    pub fn get(&self, tick: i32) -> Option<&Tick> {
        let at = self.keys.binary_search(&tick).ok()?;
        Some(&self.data[self.slots[at] as usize].tick)
    }

    /// How many ticks are initialised.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no tick is initialised.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// All ticks with their data, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &Tick)> {
        self.keys.iter().zip(&self.slots).map(|(tick, slot)| (*tick, &self.data[*slot as usize].tick))
    }

    /// Sets a tick's data, or takes the tick away. `T` outside the range of ticks.
    pub fn set(&mut self, tick: i32, value: Option<Tick>) -> std::result::Result<(), Revert> {
        match (self.keys.binary_search(&tick), value) {
            (Ok(at), Some(value)) => self.data[self.slots[at] as usize].tick = value,
            (Ok(at), None) => {
                self.keys.remove(at);
                self.free.push(self.slots.remove(at));
            }
            (Err(at), Some(value)) => {
                let sqrt_price = sqrt_price_at_tick(tick).map_err(|_| Revert::T)?;
                let entry = Place { tick: value, sqrt_price, segments: Default::default() };
                let slot = match self.free.pop() {
                    Some(slot) => {
                        self.data[slot as usize] = entry;
                        slot
                    }
                    None => {
                        self.data.push(entry);
                        (self.data.len() - 1) as u32
                    }
                };
                self.keys.insert(at, tick);
                self.slots.insert(at, slot);
            }
            (Err(_), None) => {}
        }
        Ok(())
    }

    /// The data at a place that a stop named.
    #[inline]
    pub fn at(&mut self, slot: u32) -> &mut Tick {
        &mut self.data[slot as usize].tick
    }

    /// The data at a place that a stop named, to read.
    #[must_use]
    pub fn data(&self, slot: u32) -> &Tick {
        &self.data[slot as usize].tick
    }

    /// The price at a stop: the stored one of an initialised tick, computed at the edge of a word.
    #[inline]
    pub fn price(&self, stop: Stop) -> std::result::Result<U256, Revert> {
        match stop.slot {
            Some(slot) => Ok(self.data[slot as usize].sqrt_price),
            None => sqrt_price_at_tick(stop.tick),
        }
    }

    /// The segment that ends at a place, and the price there.
    #[inline]
    #[must_use]
    pub fn segment(&self, slot: u32, falling: bool) -> (&Whole, U256) {
        let place = &self.data[slot as usize];
        (&place.segments[usize::from(falling)], place.sqrt_price)
    }

    /// The segment that ends at a place, to be replaced.
    #[inline]
    pub fn segment_mut(&mut self, slot: u32, falling: bool) -> &mut Whole {
        &mut self.data[slot as usize].segments[usize::from(falling)]
    }

    /// The initialised tick next to a cursor, below it (falling) or above it, and its place.
    #[inline]
    #[must_use]
    pub fn neighbour(&self, cursor: usize, falling: bool) -> Option<(i32, u32)> {
        let at = if falling { cursor.checked_sub(1)? } else { cursor };
        Some((*self.keys.get(at)?, *self.slots.get(at)?))
    }

    /// The cursor of a swap that starts at `tick`: how many initialised ticks are at or below it.
    #[inline]
    #[must_use]
    pub fn cursor(&self, tick: i32) -> usize {
        self.keys.partition_point(|key| *key <= tick)
    }

    /// The next stop below or at `tick` (falling price) or above it (rising), where `cursor` counts the ticks at or below
    /// `tick`. Moves the cursor past an initialised tick. No stop is further than the edge of the tick's word.
    #[inline]
    pub fn next_stop(&self, cursor: &mut usize, tick: i32, spacing: i32, falling: bool) -> Stop {
        let compressed = compress(tick, spacing);
        if falling {
            let edge = (compressed >> 8 << 8) * spacing;
            match cursor.checked_sub(1).map(|at| (at, self.keys[at])) {
                Some((at, key)) if key >= edge => {
                    *cursor = at;
                    Stop { tick: key, slot: Some(self.slots[at]) }
                }
                _ => Stop { tick: edge.max(MIN_TICK), slot: None },
            }
        } else {
            let edge = ((compressed + 1) | 255) * spacing;
            match self.keys.get(*cursor) {
                Some(key) if *key <= edge => {
                    *cursor += 1;
                    Stop { tick: *key, slot: Some(self.slots[*cursor - 1]) }
                }
                _ => Stop { tick: edge.min(MAX_TICK), slot: None },
            }
        }
    }

    /// The bitmap as the chain keeps it: each word that is not 0, by its position.
    #[must_use]
    pub fn words(&self, spacing: i32) -> Vec<(i16, U256)> {
        let mut words: Vec<(i16, U256)> = Vec::new();
        for key in &self.keys {
            let compressed = compress(*key, spacing);
            let (word, bit) = ((compressed >> 8) as i16, (compressed & 255) as usize);
            match words.last_mut() {
                Some((last, bits)) if *last == word => bits.0[bit / 64] |= 1 << (bit % 64),
                _ => {
                    let mut bits = U256::ZERO;
                    bits.0[bit / 64] = 1 << (bit % 64);
                    words.push((word, bits));
                }
            }
        }
        words
    }

    /// How many initialised ticks are at or above `from` and at or below `to`.
    #[must_use]
    pub fn count(&self, from: i32, to: i32) -> usize {
        self.cursor(to).saturating_sub(self.keys.partition_point(|key| *key < from))
    }
}

impl PartialEq for Ticks {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

/// As a sorted map from tick to data.
impl Canon for Ticks {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for (tick, data) in self.iter() {
            tick.put(out);
            data.put(out);
        }
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        let (mut ticks, len) = (Self::default(), u64::take(input)?);
        for _ in 0..len {
            let (tick, data) = (i32::take(input)?, Tick::take(input)?);
            if ticks.keys.last().is_some_and(|last| *last >= tick) {
                return Err(impossible("ticks", tick));
            }
            ticks.set(tick, Some(data)).map_err(|_| impossible("tick", tick))?;
        }
        Ok(ticks)
    }
    fn leaves(&self) -> usize {
        self.iter().map(|(tick, data)| tick.leaves() + data.leaves()).sum()
    }
    fn nudge(&mut self, mut index: usize) {
        let pairs: Vec<(i32, Tick)> = self.iter().map(|(tick, data)| (tick, *data)).collect();
        for (tick, mut data) in pairs {
            if index == 0 {
                _ = self.set(tick, None);
                _ = self.set(tick + 1, Some(data));
                return;
            }
            if index <= data.leaves() {
                data.nudge(index - 1);
                _ = self.set(tick, Some(data));
                return;
            }
            index -= 1 + data.leaves();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tick_bitmap::TickBitmap;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The stops of the order are the stops of the words, from any tick in either direction.
        #[test]
        fn stops_where_the_words_stop(
            keys in prop::collection::btree_set(-3000_i32..3000, 0..40),
            spacing in 1_i32..80,
            from in -200_000_i32..200_000,
            falling: bool,
        ) {
            let (mut ticks, mut words) = (Ticks::default(), TickBitmap::new());
            for key in &keys {
                ticks.set(key * spacing, Some(Tick::default())).unwrap();
                words.flip(key * spacing, spacing).unwrap();
            }
            let (mut tick, mut cursor) = (from, ticks.cursor(from));
            for _ in 0..60 {
                let stop = ticks.next_stop(&mut cursor, tick, spacing, falling);
                let (expected, initialised) = words.next_within_one_word(tick, spacing, falling);
                prop_assert_eq!(stop.tick, expected.clamp(MIN_TICK, MAX_TICK));
                prop_assert_eq!(stop.slot.is_some(), initialised);
                tick = if falling { stop.tick - 1 } else { stop.tick };
                prop_assert_eq!(cursor, ticks.cursor(tick));
                if stop.tick == MIN_TICK || stop.tick == MAX_TICK { break; }
            }
            prop_assert_eq!(ticks.words(spacing), words.words().filter(|(_, word)| !word.is_zero()).collect::<Vec<_>>());
        }
    }
}
