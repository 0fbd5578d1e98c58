//! Levels far from the best price: a dense list behind a hash index, because finding and moving in sorted arrays is what a
//! book of thousands of levels otherwise spends most of its time on.
//!
//! catalogue: M4. The index is open addressing with linear probing over twice as many slots as there can be levels, all
//! reserved when it is made; a deletion shifts what follows back, so no slot is ever wasted. Order is made when asked for.

use crate::units::Lots;

/// The most levels that a side holds.
pub const LEVELS_MAX: usize = 65_536;
const SLOTS: usize = LEVELS_MAX * 2;
const SHIFT: u32 = 64 - SLOTS.ilog2();

/// At most `LEVELS_MAX` levels (the caller counts them).
#[derive(Debug)]
pub(super) struct Far {
    /// The place in `levels` plus one; 0 is an empty slot.
    slots: Box<[u32]>,
    levels: Vec<(i64, Lots)>,
}

impl Clone for Far {
    /// A copy with the same room.
    fn clone(&self) -> Self {
        let mut copy = Self::new();
        copy.slots.copy_from_slice(&self.slots);
        copy.levels.extend_from_slice(&self.levels);
        copy
    }
}

impl Far {
    /// An empty table with all its room.
    pub fn new() -> Self {
        Self { slots: vec![0; SLOTS].into_boxed_slice(), levels: Vec::with_capacity(LEVELS_MAX) }
    }

    /// How many levels there are.
    pub const fn len(&self) -> usize {
        self.levels.len()
    }

    /// Forgets every level.
    pub fn clear(&mut self) {
        if !self.levels.is_empty() {
            self.slots.fill(0);
            self.levels.clear();
        }
    }

    /// Where a key belongs when no other has taken its slot (Fibonacci hashing).
    #[inline]
    const fn home(key: i64) -> usize {
        ((key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> SHIFT) as usize
    }

    /// The key whose slot this is, None where it is empty.
    #[inline]
    fn key_at(&self, slot: usize) -> Option<i64> {
        Some(self.levels.get((self.slots[slot] as usize).checked_sub(1)?)?.0)
    }

    /// The slot of a key, or the empty one where it would go.
    #[inline]
    fn slot(&self, key: i64) -> usize {
        let mut slot = Self::home(key);
        while self.key_at(slot).is_some_and(|known| known != key) {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }

    /// The size at a key, 0 where there is no level.
    #[inline]
    pub fn get(&self, key: i64) -> Lots {
        let place = self.slots[self.slot(key)] as usize;
        place.checked_sub(1).and_then(|place| self.levels.get(place)).map_or(0, |level| level.1)
    }

    /// Sets the size at a key, 0 deletes; returns the size before.
    #[inline]
    pub fn set(&mut self, key: i64, size: Lots) -> Lots {
        let slot = self.slot(key);
        let Some(place) = (self.slots[slot] as usize).checked_sub(1) else {
            if size != 0 {
                self.levels.push((key, size));
                self.slots[slot] = self.levels.len() as u32;
            }
            return 0;
        };
        let before = self.levels[place].1;
        if size == 0 {
            self.remove(slot, place);
        } else {
            self.levels[place].1 = size;
        }
        before
    }

    /// Takes a level out: the last one of the list gets its place.
    fn remove(&mut self, slot: usize, place: usize) {
        let last = self.levels.len() - 1;
        if place != last {
            let of_last = self.slot(self.levels[last].0);
            self.slots[of_last] = place as u32 + 1;
        }
        self.levels.swap(place, last);
        self.empty(slot);
        self.levels.pop();
    }

    /// Empties a slot and moves back what stands behind it only because its own slot was taken.
    fn empty(&mut self, mut hole: usize) {
        self.slots[hole] = 0;
        let mut at = (hole + 1) % SLOTS;
        while let Some(key) = self.key_at(at) {
            // It may move into the hole where that is not before its home, counted round the table.
            if at.wrapping_sub(Self::home(key)) % SLOTS >= at.wrapping_sub(hole) % SLOTS {
                self.slots[hole] = self.slots[at];
                self.slots[at] = 0;
                hole = at;
            }
            at = (at + 1) % SLOTS;
        }
    }

    /// All levels in no order.
    pub fn iter(&self) -> impl Iterator<Item = (i64, Lots)> + '_ {
        self.levels.iter().copied()
    }

    /// All levels, best first. Allocates: for snapshots, hashes and queries, not for the way of a message.
    pub fn sorted(&self) -> Vec<(i64, Lots)> {
        let mut all = self.levels.clone();
        all.sort_unstable_by_key(|(key, _)| std::cmp::Reverse(*key));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Keys whose home slots are the last and the first of the table, so that probing goes round its end.
    fn crowded() -> Vec<i64> {
        let near_the_end = |key: &i64| Far::home(*key) >= SLOTS - 10 || Far::home(*key) < 10;
        (0i64..400_000).filter(near_the_end).take(60).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn equals_a_map(changes in proptest::collection::vec((0usize..60, 0i64..3), 0..300)) {
            let keys = crowded();
            let mut far = Far::new();
            let mut model = BTreeMap::new();
            for (key, size) in changes {
                let key = keys[key % keys.len()];
                let before = if size == 0 { model.remove(&key) } else { model.insert(key, size) };
                prop_assert_eq!(far.set(key, size), before.unwrap_or(0));
                prop_assert_eq!(far.len(), model.len());
            }
            for key in &keys {
                prop_assert_eq!(far.get(*key), model.get(key).copied().unwrap_or(0));
            }
            prop_assert_eq!(far.sorted(), model.iter().rev().map(|(k, s)| (*k, *s)).collect::<Vec<_>>());
        }
    }
}
