//! A bounded hash index from keys to places: the keys stay with what they name, so a slot is four bytes.
//!
//! catalogue: M2. Open addressing with linear probing over at least twice as many slots as places; a removal shifts what
//! follows back, so look-ups stay short however many keys have come and gone. Place 0 names nothing: it is an empty slot.

use super::pages::filled;

/// The index. Who calls it knows the keys and passes them as closures.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Box<[u32]>,
    shift: u32,
}

impl Slots {
    /// An index of at most `places` keys, all its memory reserved.
    pub fn new(places: usize) -> Self {
        let size = (places.max(4) * 2).next_power_of_two();
        Self { slots: filled(size, 0), shift: 64 - size.ilog2() }
    }

    /// Where a key belongs when no other has taken its slot (Fibonacci hashing).
    #[inline]
    pub const fn home(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    /// The place at a home, a hint that a collision makes wrong.
    #[inline]
    pub fn guess(&self, home: usize) -> u32 {
        self.slots[home]
    }

    /// The slot at a home, for a prefetch.
    #[inline]
    pub fn line(&self, home: usize) -> *const u32 {
        &raw const self.slots[home]
    }

    /// The slot and place for which `is_key` holds, or the empty slot where it would go.
    #[inline]
    pub fn find(&self, home: usize, is_key: impl Fn(u32) -> bool) -> Result<(usize, u32), usize> {
        let mut slot = home;
        loop {
            match self.slots[slot] {
                0 => return Err(slot),
                place if is_key(place) => return Ok((slot, place)),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Fills the empty slot that `find` gave.
    #[inline]
    pub fn set(&mut self, slot: usize, place: u32) {
        self.slots[slot] = place;
    }

    /// Empties a slot and closes the gap.
    pub fn remove(&mut self, slot: usize, key_of: impl Fn(u32) -> u64) {
        let mask = self.slots.len() - 1;
        let (mut gap, mut at) = (slot, slot);
        loop {
            at = (at + 1) & mask;
            let place = self.slots[at];
            if place == 0 {
                break;
            }
            let from_home = at.wrapping_sub(self.home(key_of(place))) & mask;
            if from_home >= at.wrapping_sub(gap) & mask {
                self.slots[gap] = place;
                gap = at;
            }
        }
        self.slots[gap] = 0;
    }
}
