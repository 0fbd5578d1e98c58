//! Each number once: a window over the numbers that were seen last.
//!
//! catalogue: M3. For what needs no order, public trades: a copy passes once, also where its number comes after later ones.

use crate::state;

/// How far below the highest number a first copy may come; below that every number counts as seen.
pub const WINDOW: u64 = 128;

state! {
    /// The numbers seen: the highest, and a bit for each of the `WINDOW` up to it.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Once {
        top: u64,
        mask: u128,
    }
}

impl Once {
    /// Whether `number` is seen for the first time; 0, for what has none, always is.
    pub const fn admits(&mut self, number: u64) -> bool {
        if number == 0 {
            return true;
        }
        if number > self.top {
            let ahead = number - self.top;
            self.mask = if ahead < WINDOW { self.mask << ahead | 1 } else { 1 };
            self.top = number;
            return true;
        }
        let behind = self.top - number;
        if behind >= WINDOW || self.mask >> behind & 1 == 1 {
            return false;
        }
        self.mask |= 1 << behind;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Two shuffled copies of the same numbers: each passes once.
        #[test]
        fn each_passes_once(swaps in proptest::collection::vec((0usize..200, 0usize..9), 0..120)) {
            let mut numbers: Vec<u64> = (1..=100).flat_map(|number| [number, number]).collect();
            for (at, by) in swaps {
                let to = (at + by).min(numbers.len() - 1);
                numbers.swap(at, to);
            }
            let mut once = Once::default();
            let mut passed: Vec<u64> = numbers.into_iter().filter(|number| once.admits(*number)).collect();
            passed.sort_unstable();
            prop_assert_eq!(passed, (1..=100).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn numbers_far_below_count_as_seen_and_none_always_passes() {
        let mut once = Once::default();
        assert!(once.admits(1_000) && once.admits(1_000 - WINDOW + 1) && !once.admits(1_000 - WINDOW));
        assert!(once.admits(0) && once.admits(0) && once.admits(2_000) && !once.admits(1_000));
    }
}
