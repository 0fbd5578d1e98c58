//! The sequencer: gives every event its place in the one order that everything else is a function of.
//!
//! catalogue: K3. The sequence number is a u64 that counts from 1 without gaps over the whole life of a journal;
//! 0 means "before the first event". After a recovery it continues behind the last event that was read back.

use crate::error::{CoreError, Result};

/// The last number that is ever given out. One short of the largest u64, so that `last + 1` never overflows; at
/// ten million events a second it is reached after 58,000 years.
pub const SEQ_LAST: u64 = u64::MAX - 1;

/// Hands out sequence numbers. There is one in an engine, and it is part of no state: the journal's frames are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequencer {
    last: u64,
}

impl Sequencer {
    /// A sequencer whose first number is 1.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: 0 }
    }

    /// A sequencer that continues behind `last`, the last number found in the journal (0 where it is empty).
    pub fn resume(last: u64) -> Result<Self> {
        if last > SEQ_LAST {
            return Err(CoreError::Field {
                field: "last_seq",
                was: last.to_string(),
                why: "is beyond the last number",
            });
        }
        Ok(Self { last })
    }

    /// The next number. When all are used up it says so and stays as it is.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "it can fail, and a loop over it would be a mistake")]
    pub fn next(&mut self) -> Result<u64> {
        if self.last == SEQ_LAST {
            return Err(CoreError::Full { what: "sequence", capacity: usize::MAX });
        }
        self.last += 1;
        Ok(self.last)
    }

    /// The last number given out, 0 before the first.
    #[inline]
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_one_and_continues_after_recovery() {
        let mut fresh = Sequencer::new();
        assert_eq!((fresh.last(), fresh.next(), fresh.next(), fresh.last()), (0, Ok(1), Ok(2), 2));
        let mut resumed = Sequencer::resume(41).unwrap();
        assert_eq!((resumed.next(), resumed.last()), (Ok(42), 42));
    }

    #[test]
    fn stops_at_its_bound_instead_of_wrapping() {
        let mut near = Sequencer::resume(SEQ_LAST - 1).unwrap();
        assert_eq!(near.next(), Ok(SEQ_LAST));
        for _ in 0..3 {
            assert!(matches!(near.next(), Err(CoreError::Full { what: "sequence", .. })));
            assert_eq!(near.last(), SEQ_LAST);
        }
        assert!(Sequencer::resume(u64::MAX).is_err());
    }
}
