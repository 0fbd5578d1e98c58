//! Where an order is: a fixed open-addressing table from order id to its place, derived from the orders.
//!
//! catalogue: O1. Linear probing with backward shift on removal, so that look-ups stay flat however many orders have
//! come and gone. It is no state: it is rebuilt from the orders after a snapshot is read.

/// Where an order is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the open orders.
    Open(u32),
    /// In the ring of recent ones.
    Recent(u32),
}

/// An empty slot for one id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vacant(usize);

#[derive(Debug, Clone)]
pub(super) struct Index {
    slots: Vec<(u64, Place)>,
    mask: usize,
}

const EMPTY: (u64, Place) = (0, Place::Open(0));

impl Index {
    /// A table for at most `keys` ids, half empty at that.
    pub(super) fn new(keys: usize) -> Self {
        let size = (keys.max(4) * 2).next_power_of_two();
        Self { slots: vec![EMPTY; size], mask: size - 1 }
    }

    /// The place of `id`, which is never 0.
    pub(super) fn get(&self, id: u64) -> Option<Place> {
        self.find(id).ok().map(|at| self.slots[at].1)
    }

    /// The slot where `id`, which is not in the table, would go; None where it is in it.
    #[inline]
    pub(super) fn vacant(&self, id: u64) -> Option<Vacant> {
        self.find(id).err().map(Vacant)
    }

    /// Notes `id` in the slot that `vacant` gave for it; the table has not changed since.
    #[inline]
    pub(super) fn fill(&mut self, slot: Vacant, id: u64, place: Place) {
        self.slots[slot.0] = (id, place);
    }

    /// Notes or moves `id`. The caller keeps at most the number of keys the table was made for.
    pub(super) fn set(&mut self, id: u64, place: Place) {
        match self.find(id) {
            Ok(at) | Err(at) => self.slots[at] = (id, place),
        }
    }

    /// Forgets `id` and closes the gap.
    pub(super) fn remove(&mut self, id: u64) {
        let Ok(mut gap) = self.find(id) else { return };
        let mut at = gap;
        loop {
            at = (at + 1) & self.mask;
            let key = self.slots[at].0;
            if key == 0 {
                break;
            }
            let from_home = at.wrapping_sub(self.home(key)) & self.mask;
            if from_home >= (at.wrapping_sub(gap) & self.mask) {
                self.slots[gap] = self.slots[at];
                gap = at;
            }
        }
        self.slots[gap] = EMPTY;
    }

    /// An order with this id will come next: its slot is brought into the cache meanwhile, because slots lie scattered and
    /// an order would wait for its own.
    #[inline]
    pub(super) fn expect(&self, id: u64) {
        #[cfg(target_arch = "x86_64")]
        if let Some(slot) = self.slots.get(self.home(id)) {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: SSE is part of x86-64, and a prefetch reads nothing that the program sees.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(slot).cast()) };
        }
    }

    /// Where `id` belongs. Four ids in a row are neighbours, a cache line of slots, because orders come and go in a row;
    /// the lines are scattered.
    fn home(&self, id: u64) -> usize {
        let line = (id >> 2).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        (line << 2 | id & 3) as usize & self.mask
    }

    /// The slot that holds `id`, or the empty one where it would go.
    #[inline]
    fn find(&self, id: u64) -> Result<usize, usize> {
        let mut at = self.home(id);
        loop {
            match self.slots[at].0 {
                key if key == id => return Ok(at),
                0 => return Err(at),
                _ => at = (at + 1) & self.mask,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn behaves_like_a_map(ops in prop::collection::vec((any::<bool>(), 1_u64..40), 0..200)) {
            let (mut index, mut model) = (Index::new(40), BTreeMap::new());
            for (n, (add, id)) in ops.into_iter().enumerate() {
                if add {
                    index.set(id, Place::Open(n as u32));
                    model.insert(id, n as u32);
                } else {
                    index.remove(id);
                    model.remove(&id);
                }
                for id in 1..40 {
                    prop_assert_eq!(index.get(id), model.get(&id).map(|n| Place::Open(*n)));
                }
            }
        }
    }
}
