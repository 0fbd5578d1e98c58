//! A bounded map in one sorted, preallocated run: no allocation after `new`, lookups by bisection.
//!
//! catalogue: K1. Used where keys are few and new ones are rare (accounts, strategies, instruments, assets):
//! reading is a bisection over packed keys, and a new key costs one shift. When it is full, `entry` says so and
//! stores nothing.

use crate::canon::{Canon, impossible};
use crate::error::{CoreError, Result};

/// A bounded, sorted map from `K` to `V`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted<K, V> {
    bound: u32,
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K: Copy + Ord, V> Sorted<K, V> {
    /// An empty map that holds at most `bound` entries.
    #[must_use]
    pub fn new(bound: u32) -> Self {
        let room = bound as usize;
        Self { bound, keys: Vec::with_capacity(room), values: Vec::with_capacity(room) }
    }

    /// The value at `key`.
    #[must_use]
    pub fn get(&self, key: K) -> Option<&V> {
        self.keys.binary_search(&key).ok().and_then(|at| self.values.get(at))
    }

    /// The value at `key`, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.keys.binary_search(&key).ok().and_then(|at| self.values.get_mut(at))
    }

    /// The value at `key`, made by `make` where there is none; at the bound `Full` names `what`, and nothing is stored.
    pub fn entry(&mut self, key: K, what: &'static str, make: impl FnOnce() -> V) -> Result<&mut V> {
        let bound = self.bound as usize;
        let full = || CoreError::Full { what, capacity: bound };
        let at = match self.keys.binary_search(&key) {
            Ok(at) => at,
            Err(_) if self.keys.len() >= bound => return Err(full()),
            Err(at) => {
                self.keys.insert(at, key);
                self.values.insert(at, make());
                at
            }
        };
        self.values.get_mut(at).ok_or_else(full)
    }

    /// Whether `more` further keys fit.
    #[must_use]
    pub fn has_room(&self, more: usize) -> bool {
        self.keys.len() + more <= self.bound as usize
    }

    /// All entries in key order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.keys.iter().copied().zip(self.values.iter())
    }

    /// The entries whose keys lie in `from..=to`, in key order.
    pub fn range(&self, from: K, to: K) -> impl Iterator<Item = (K, &V)> {
        let start = self.keys.partition_point(|key| *key < from);
        self.keys.iter().copied().zip(self.values.iter()).skip(start).take_while(move |(key, _)| *key <= to)
    }

    /// The values whose keys lie in `from..=to`, in key order, to be changed.
    pub fn range_mut(&mut self, from: K, to: K) -> impl Iterator<Item = &mut V> {
        let start = self.keys.partition_point(|key| *key < from);
        let end = self.keys.partition_point(|key| *key <= to);
        self.values.iter_mut().take(end).skip(start)
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl<K: Canon + Copy + Ord, V: Canon> Canon for Sorted<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        self.bound.put(out);
        self.keys.put(out);
        self.values.put(out);
    }
    fn take(input: &mut &[u8]) -> Result<Self> {
        let bound = u32::take(input)?;
        let (keys, values) = (Vec::<K>::take(input)?, Vec::<V>::take(input)?);
        if keys.len() != values.len() || keys.len() > bound as usize || !keys.is_sorted() {
            return Err(impossible("sorted map", format!("{} keys, {} values", keys.len(), values.len())));
        }
        let mut map = Self::new(bound);
        map.keys.extend(keys);
        map.values.extend(values);
        Ok(map)
    }
    fn leaves(&self) -> usize {
        1 + self.keys.leaves() + self.values.leaves()
    }
    fn nudge(&mut self, index: usize) {
        let keys = self.keys.leaves();
        match index {
            0 => self.bound.nudge(0),
            _ if index <= keys => self.keys.nudge(index - 1),
            _ => self.values.nudge(index - 1 - keys),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_keys_in_order_and_says_when_it_is_full() {
        let mut map = Sorted::<u32, i64>::new(3);
        for (key, value) in [(5, 50), (1, 10), (3, 30)] {
            *map.entry(key, "things", || 0).unwrap() += value;
        }
        assert_eq!(map.iter().map(|(k, v)| (k, *v)).collect::<Vec<_>>(), [(1, 10), (3, 30), (5, 50)]);
        assert_eq!(map.range(2, 4).count(), 1);
        assert_eq!(map.entry(9, "things", || 0).unwrap_err().to_string(), "things is full at its bound of 3");
        assert_eq!((map.len(), map.get(9), map.get(3)), (3, None, Some(&30)));
    }

    #[test]
    fn comes_back_from_its_bytes_with_its_room() {
        let mut map = Sorted::<u32, i64>::new(3);
        *map.entry(7, "things", || 0).unwrap() = 70;
        let mut bytes = Vec::new();
        map.put(&mut bytes);
        let back = Sorted::<u32, i64>::take(&mut bytes.as_slice()).unwrap();
        assert_eq!(back, map);
        assert!(back.keys.capacity() >= 3);
    }
}
