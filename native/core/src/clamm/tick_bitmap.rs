//! Which ticks are initialised: 256-bit words keyed as on chain, and the next initialised tick within one word.
//!
//! catalogue: S4. The contracts' TickBitmap (MIT in v4-core). A swap never looks past the word it stands in, so word
//! edges are stops of their own and their roundings are part of the result. Words lie back to back between the lowest
//! and the highest that was ever touched; setting a bit outside them allocates, looking never does.

use super::bit_math::{least_significant_bit, most_significant_bit};
use super::revert::{Custom, Revert};
use super::u256::U256;

/// The words of one pool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TickBitmap {
    first: i32,
    words: Vec<U256>,
}

/// A tick divided by the spacing (at least 1), rounded towards negative infinity.
#[must_use]
#[inline]
pub const fn compress(tick: i32, spacing: i32) -> i32 {
    tick.div_euclid(spacing)
}

/// The word of a compressed tick and the bit in it.
#[must_use]
#[inline]
pub const fn position(compressed: i32) -> (i16, u8) {
    ((compressed >> 8) as i16, (compressed & 0xff) as u8)
}

impl TickBitmap {
    /// Nothing initialised.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: 0, words: Vec::new() }
    }

    /// The word at `key`, as the contract's mapping has it.
    #[must_use]
    #[inline]
    pub fn word(&self, key: i16) -> U256 {
        // A key below the first word wraps to an index that no vector has.
        self.words.get((i32::from(key) - self.first) as usize).copied().unwrap_or(U256::ZERO)
    }

    /// The words that are not 0 with their keys, in order.
    pub fn words(&self) -> impl Iterator<Item = (i16, U256)> + '_ {
        let keyed = self.words.iter().enumerate().map(|(at, word)| ((self.first + at as i32) as i16, *word));
        keyed.filter(|(_, word)| !word.is_zero())
    }

    /// Turns the bit of `tick` over. `TickMisaligned` when the tick is no multiple of `spacing` (at least 1).
    pub fn flip(&mut self, tick: i32, spacing: i32) -> Result<(), Revert> {
        if tick % spacing != 0 {
            return Err(Revert::Custom(Custom::TickMisaligned(tick, spacing)));
        }
        let (key, bit) = position(tick / spacing);
        let slot = self.slot(key);
        slot.0[usize::from(bit / 64)] ^= 1 << (bit % 64);
        Ok(())
    }

    /// The place of a word, made where there is none.
    fn slot(&mut self, key: i16) -> &mut U256 {
        let key = i32::from(key);
        if self.words.is_empty() {
            self.first = key;
        } else if key < self.first {
            let missing = (self.first - key) as usize;
            self.words.splice(0..0, std::iter::repeat_n(U256::ZERO, missing));
            self.first = key;
        }
        let at = (key - self.first) as usize;
        if at >= self.words.len() {
            self.words.resize(at + 1, U256::ZERO);
        }
        &mut self.words[at]
    }

    /// The next tick at or below `tick` (`lte`), or above it, that is initialised or the edge of its word; and whether
    /// it is initialised. Ticks are within the contracts' range, `spacing` is at least 1.
    #[must_use]
    #[inline]
    pub fn next_within_one_word(&self, tick: i32, spacing: i32, lte: bool) -> (i32, bool) {
        let compressed = compress(tick, spacing);
        if lte {
            let (key, bit) = position(compressed);
            let masked = self.word(key) & (U256::MAX >> (255 - u32::from(bit)));
            match most_significant_bit(masked) {
                Ok(found) => ((compressed - i32::from(bit - found)) * spacing, true),
                Err(_) => ((compressed - i32::from(bit)) * spacing, false),
            }
        } else {
            let above = compressed + 1;
            let (key, bit) = position(above);
            let masked = self.word(key) & (U256::MAX << u32::from(bit));
            match least_significant_bit(masked) {
                Ok(found) => ((above + i32::from(found - bit)) * spacing, true),
                Err(_) => ((above + i32::from(255 - bit)) * spacing, false),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// The definition: the nearest initialised tick in the direction, cut off at the edge of the word.
    fn known(ticks: &BTreeSet<i32>, tick: i32, spacing: i32, lte: bool) -> (i32, bool) {
        let compressed = (f64::from(tick) / f64::from(spacing)).floor() as i32;
        let mut at = if lte { compressed } else { compressed + 1 };
        loop {
            if ticks.contains(&at) {
                return (at * spacing, true);
            }
            if at.rem_euclid(256) == if lte { 0 } else { 255 } {
                return (at * spacing, false);
            }
            at += if lte { -1 } else { 1 };
        }
    }

    proptest! {
        #[test]
        fn the_next_tick_is_the_nearest_of_its_word(
            ticks in prop::collection::btree_set(-2000_i32..2000, 0..60),
            spacing in 1_i32..200,
            from in prop::collection::vec(-3000_i32..3000, 40),
        ) {
            let mut bitmap = TickBitmap::new();
            for tick in &ticks {
                prop_assert_eq!(bitmap.flip(tick * spacing, spacing), Ok(()));
            }
            for tick in from {
                let tick = tick * spacing + tick.rem_euclid(spacing);
                for lte in [false, true] {
                    let found = bitmap.next_within_one_word(tick, spacing, lte);
                    prop_assert_eq!(found, known(&ticks, tick, spacing, lte));
                }
            }
            for tick in &ticks {
                prop_assert_eq!(bitmap.flip(tick * spacing, spacing), Ok(()));
            }
            prop_assert_eq!(bitmap.words().count(), 0);
        }
    }

    #[test]
    fn a_tick_off_the_spacing_is_refused() {
        let refused = Revert::Custom(Custom::TickMisaligned(-61, 60));
        assert_eq!(TickBitmap::new().flip(-61, 60), Err(refused));
    }
}
