//! The oracle inside a v3 pool: a ring of observations of what tick and liquidity were over time.
//!
//! catalogue: S4. Section 5 of the Uniswap v3 whitepaper. At most one observation a block, written before the block's
//! first change. Times are `uint32` and wrap round every 136 years; order is defined relative to now.

use super::narrow::Divisor;
use super::revert::Revert;
use super::tick::{wrap56, wrap160};
use super::u256::U256;
use crate::state;

/// How many observations a ring can have.
pub const CARDINALITY_MAX: u16 = u16::MAX;
/// More rounds than a search over the longest ring takes: one that goes on is lost in an order that times do not have.
const ROUNDS_MAX: u32 = 70_000;

state! {
    /// The sums up to one moment.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Observation {
        /// The block's time in seconds, `uint32`.
        pub time: u32,
        /// The sum of tick times seconds since the pool began, `int56`.
        pub tick_cumulative: i64,
        /// The sum of seconds per unit of liquidity in range, times 2^128, `uint160`.
        pub seconds_per_liquidity: U256,
        /// Whether it was written, not only paid for.
        pub initialized: bool,
    }
}

/// A place that was paid for in advance: its time is 1, so that the write itself is cheap.
const GROWN: Observation =
    Observation { time: 1, tick_cumulative: 0, seconds_per_liquidity: U256::ZERO, initialized: false };

/// What tick and liquidity have been since the last observation, and where the ring stands.
#[derive(Debug, Clone, Copy)]
pub struct Present {
    /// The block's time, `uint32`.
    pub time: u32,
    /// The tick up to now.
    pub tick: i32,
    /// The liquidity in range up to now.
    pub liquidity: u128,
    /// The place of the last observation.
    pub index: u16,
    /// How many places of the ring are in use.
    pub cardinality: u16,
}

impl Observation {
    /// The first observation of a pool.
    #[must_use]
    pub const fn first(time: u32) -> Self {
        Self { time, tick_cumulative: 0, seconds_per_liquidity: U256::ZERO, initialized: true }
    }

    /// The sums at a later moment, when tick and liquidity stayed the same until then.
    #[must_use]
    pub fn extended(&self, time: u32, tick: i32, liquidity: u128) -> Self {
        let seconds = time.wrapping_sub(self.time);
        let by = liquidity.max(1);
        let growth = match Divisor::new(by).of_scaled(seconds.into(), 128) {
            Some((growth, _)) => U256::from(growth),
            // Less liquidity than seconds have passed.
            None => {
                let wide = U256([0, 0, u64::from(seconds), 0]);
                wide.div_rem(U256::from(by)).map_or(U256::ZERO, |(quotient, _)| quotient)
            }
        };
        Self {
            time,
            tick_cumulative: wrap56(
                self.tick_cumulative.wrapping_add(i64::from(tick).wrapping_mul(i64::from(seconds))),
            ),
            seconds_per_liquidity: wrap160(self.seconds_per_liquidity.wrapping_add(growth)),
            initialized: true,
        }
    }
}

/// Makes room for `next` observations; returns how many there is room for then. `I` before the first observation.
pub fn grow(ring: &mut Vec<Observation>, current: u16, next: u16) -> Result<u16, Revert> {
    if current == 0 {
        return Err(Revert::I);
    }
    if next > current {
        ring.resize(usize::from(next), GROWN);
    }
    Ok(current.max(next))
}

/// Writes the block's observation, with tick and liquidity as they have been. Returns its place, how long the ring is then,
/// and what stood there; nothing when this block has one already.
pub fn write(ring: &mut [Observation], now: &Present, cardinality_next: u16) -> Option<(u16, u16, Observation)> {
    let newest = ring[usize::from(now.index)];
    if newest.time == now.time {
        return None;
    }
    let last = u32::from(now.index) + 1 == u32::from(now.cardinality);
    let cardinality = if last && cardinality_next > now.cardinality { cardinality_next } else { now.cardinality };
    let index = ((u32::from(now.index) + 1) % u32::from(cardinality)) as u16;
    let written = newest.extended(now.time, now.tick, now.liquidity);
    Some((index, cardinality, std::mem::replace(&mut ring[usize::from(index)], written)))
}

/// The sums `seconds_ago`. `Old` before the first observation that is kept, `I` before the pool began.
pub fn observe(ring: &[Observation], now: &Present, seconds_ago: u32) -> Result<(i64, U256), Revert> {
    if seconds_ago == 0 {
        let mut last = ring[usize::from(now.index)];
        if last.time != now.time {
            last = last.extended(now.time, now.tick, now.liquidity);
        }
        return Ok((last.tick_cumulative, last.seconds_per_liquidity));
    }
    let target = now.time.wrapping_sub(seconds_ago);
    let (before, after) = surrounding(ring, now, target)?;
    if target == before.time {
        return Ok((before.tick_cumulative, before.seconds_per_liquidity));
    }
    if target == after.time {
        return Ok((after.tick_cumulative, after.seconds_per_liquidity));
    }
    between(&before, &after, target)
}

/// The sums between two observations, in proportion to time; the tick's average is cut towards zero before it is used.
fn between(before: &Observation, after: &Observation, target: u32) -> Result<(i64, U256), Revert> {
    let (whole, part) = (after.time.wrapping_sub(before.time), target.wrapping_sub(before.time));
    if whole == 0 {
        return Err(Revert::Invalid);
    }
    let ticks = wrap56(after.tick_cumulative.wrapping_sub(before.tick_cumulative)) / i64::from(whole);
    let tick_cumulative = wrap56(before.tick_cumulative.wrapping_add(ticks.wrapping_mul(i64::from(part))));
    let growth = wrap160(after.seconds_per_liquidity.wrapping_sub(before.seconds_per_liquidity));
    let product = growth.wrapping_mul(U256::from(u64::from(part)));
    let share = product.div_rem(U256::from(u64::from(whole))).map_or(U256::ZERO, |(quotient, _)| quotient);
    Ok((tick_cumulative, wrap160(before.seconds_per_liquidity.wrapping_add(share))))
}

/// Whether `a` is at or before `b`, both being at or before `now` on a clock that wraps.
pub(super) const fn at_or_before(now: u32, a: u32, b: u32) -> bool {
    if a <= now && b <= now {
        return a <= b;
    }
    // What is later than now was before the clock wrapped.
    match (a > now, b > now) {
        (true, false) => true,
        (false, true) => false,
        _ => a <= b,
    }
}

/// The observations round the target: the last one at or before it, and the next, which may be the one of now.
pub(super) fn surrounding(
    ring: &[Observation],
    now: &Present,
    target: u32,
) -> Result<(Observation, Observation), Revert> {
    let newest = ring[usize::from(now.index)];
    if at_or_before(now.time, newest.time, target) {
        // When the newest is the target itself, nobody looks at the second one.
        return Ok((newest, newest.extended(target, now.tick, now.liquidity)));
    }
    let mut oldest = ring[(usize::from(now.index) + 1) % usize::from(now.cardinality)];
    if !oldest.initialized {
        oldest = ring[0];
    }
    if !at_or_before(now.time, oldest.time, target) {
        return Err(Revert::Old);
    }
    search(ring, now, target)
}

/// Bisects the ring from its oldest place to its newest; places that were never written count as too old.
fn search(ring: &[Observation], now: &Present, target: u32) -> Result<(Observation, Observation), Revert> {
    let cardinality = u64::from(now.cardinality);
    let mut left = (u64::from(now.index) + 1) % cardinality;
    let mut right = left + cardinality - 1;
    for _ in 0..ROUNDS_MAX {
        let middle = left.wrapping_add(right) / 2;
        let before = ring[(middle % cardinality) as usize];
        if !before.initialized {
            left = middle + 1;
            continue;
        }
        let after = ring[((middle + 1) % cardinality) as usize];
        let reached = at_or_before(now.time, before.time, target);
        if reached && at_or_before(now.time, target, after.time) {
            return Ok((before, after));
        }
        if reached {
            left = middle + 1;
        } else {
            right = middle.wrapping_sub(1);
        }
    }
    Err(Revert::OutOfGas)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(time: u32, tick: i32, liquidity: u128, index: u16, cardinality: u16) -> Present {
        Present { time, tick, liquidity, index, cardinality }
    }

    #[test]
    fn times_are_ordered_relative_to_now() {
        assert!(at_or_before(100, 5, 6) && !at_or_before(100, 6, 5));
        assert!(at_or_before(10, u32::MAX, 3), "before the wrap is before after it");
        assert!(!at_or_before(10, 3, u32::MAX));
    }

    #[test]
    fn seconds_per_liquidity_is_exact_for_small_and_large_liquidity() {
        for liquidity in [0, 1, 3, 1 << 95, (1 << 96) - 1, (1 << 96) + 1, u128::MAX / 3, u128::MAX] {
            for seconds in [1, 13, u32::MAX] {
                let exact = U256([0, 0, u64::from(seconds), 0]).div_rem(U256::from(liquidity.max(1))).unwrap().0;
                let sums = Observation::first(7).extended(7_u32.wrapping_add(seconds), -5, liquidity);
                assert_eq!(sums.seconds_per_liquidity, wrap160(exact), "{seconds} s at {liquidity}");
                assert_eq!(sums.tick_cumulative, -5 * i64::from(seconds));
            }
        }
    }

    #[test]
    fn a_ring_of_three_answers_between_its_observations() {
        let mut ring = vec![Observation::first(u32::MAX - 9)];
        assert_eq!(grow(&mut ring, 1, 3), Ok(3));
        assert_eq!(grow(&mut ring, 3, 2), Ok(3), "a ring never shrinks");
        let (mut index, mut cardinality, mut tick) = (0, 1, 10);
        for time in [u32::MAX, 9, 19, 29] {
            (index, cardinality, _) = write(&mut ring, &present(time, tick, 4, index, cardinality), 3).unwrap();
            assert_eq!(write(&mut ring, &present(time, tick, 4, index, cardinality), 3), None, "one a block");
            tick += 10;
        }
        let now = present(34, tick, 4, index, cardinality);
        let sums = |ago| observe(&ring, &now, ago).map(|(ticks, _)| ticks);
        // Ticks 10, 20, 30 and 40 for nine, ten, ten and ten seconds, then 50.
        assert_eq!((sums(0), sums(5), sums(15), sums(20)), (Ok(1240), Ok(990), Ok(590), Ok(440)));
        assert_eq!(sums(25), Ok(290), "the oldest that is kept");
        assert_eq!(sums(26), Err(Revert::Old));
        assert_eq!(grow(&mut Vec::new(), 0, 5), Err(Revert::I));
    }
}
