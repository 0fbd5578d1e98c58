//! A token bucket in whole nanoseconds: so many orders at once, so many per second after that.
//!
//! catalogue: R2. One order costs 10^9 parts, and a refill of r orders per second is r parts per nanosecond, so
//! no rounding is ever lost. Time is the events' time; a clock that goes backwards refills nothing, and the time
//! it repeats refills nothing either.

use crate::state;
use crate::units::Nanos;

/// Parts of a token: a refill of one per second is one part per nanosecond.
const PARTS: u64 = 1_000_000_000;

state! {
    /// The bucket of one subject.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Bucket {
        /// Orders at once.
        pub capacity: u64,
        /// Orders per second.
        pub refill: u64,
        /// What is in it, in parts of 10^-9 order.
        level: u64,
        /// The latest time that it has seen; the first event sets it.
        latest: i64,
    }
}

impl Bucket {
    /// A bucket that holds nothing and never will.
    pub const EMPTY: Self = Self { capacity: 0, refill: 0, level: 0, latest: Nanos::MIN };

    /// A full bucket of `capacity` orders that refills `refill` orders per second. Both are at most 10^6.
    #[must_use]
    pub const fn full(capacity: u64, refill: u64) -> Self {
        Self { capacity, refill, level: capacity.saturating_mul(PARTS), latest: Nanos::MIN }
    }

    /// What would be in it at `now`, in parts of 10^-9 order.
    #[inline]
    const fn level_at(&self, now: Nanos) -> u64 {
        let elapsed = now.saturating_sub(self.latest);
        if self.latest == Nanos::MIN || elapsed <= 0 {
            return self.level;
        }
        let full = self.capacity.saturating_mul(PARTS);
        let level = self.level.saturating_add((elapsed as u64).saturating_mul(self.refill));
        if level > full { full } else { level }
    }

    /// How many whole orders it would let through at `now`.
    #[must_use]
    #[inline]
    pub const fn available(&self, now: Nanos) -> u64 {
        self.level_at(now) / PARTS
    }

    /// Whether one order would pass at `now`; nothing is taken.
    #[must_use]
    #[inline]
    pub const fn passes(&self, now: Nanos) -> bool {
        self.level_at(now) >= PARTS
    }

    /// Takes one order out at `now`. The caller has asked `passes`; an empty bucket stays empty.
    #[inline]
    pub const fn debit(&mut self, now: Nanos) {
        self.level = self.level_at(now).saturating_sub(PARTS);
        if now > self.latest {
            self.latest = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_burst_passes_then_the_refill_paces() {
        let mut bucket = Bucket::full(3, 2);
        for _ in 0..3 {
            assert!(bucket.passes(0));
            bucket.debit(0);
        }
        assert!(!bucket.passes(0));
        assert!(!bucket.passes(SECOND / 2 - 1), "one nanosecond early");
        assert!(bucket.passes(SECOND / 2));
        bucket.debit(SECOND / 2);
        assert!(!bucket.passes(SECOND / 2));
        assert_eq!(bucket.available(100 * SECOND), 3, "never above its capacity");
    }

    #[test]
    fn a_clock_that_goes_back_refills_nothing_twice() {
        let mut bucket = Bucket::full(1, 1);
        bucket.debit(10 * SECOND);
        for now in [9 * SECOND, 0, i64::MIN, 10 * SECOND] {
            assert!(!bucket.passes(now), "{now}");
            bucket.debit(now);
        }
        assert!(!bucket.passes(10 * SECOND + SECOND - 1));
        assert!(bucket.passes(11 * SECOND));
    }

    proptest! {
        /// Over any times, no more orders pass than the burst and the refill of the time span allow.
        #[test]
        fn never_more_than_burst_and_refill(
            capacity in 1u64..50, refill in 1u64..1000, steps in prop::collection::vec(-SECOND..SECOND, 1..200)
        ) {
            let mut bucket = Bucket::full(capacity, refill);
            let (mut now, mut passed) = (0i64, 0u64);
            let (mut first, mut latest) = (None, i64::MIN);
            for step in steps {
                now += step;
                first.get_or_insert(now);
                latest = latest.max(now);
                if bucket.passes(now) {
                    bucket.debit(now);
                    passed += 1;
                }
            }
            let span = (latest - first.unwrap_or(latest)) as u128;
            let most = u128::from(capacity) + span * u128::from(refill) / 1_000_000_000;
            prop_assert!(u128::from(passed) <= most, "{passed} of {most}");
        }

        /// No time, however far, makes it panic or overflow.
        #[test]
        fn any_time_is_survived(times in prop::collection::vec(any::<i64>(), 1..50)) {
            let mut bucket = Bucket::full(1_000_000, 1_000_000);
            for now in times {
                let _ = bucket.passes(now);
                bucket.debit(now);
                prop_assert!(bucket.available(now) <= 1_000_000);
            }
        }
    }
}
