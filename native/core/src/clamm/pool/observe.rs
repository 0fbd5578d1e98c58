//! What the pool tells about its past: the oracle's sums, the sums inside a range, and room for more of them.
//!
//! catalogue: S4. Sections 5.1 to 5.3 and 6.3 of the whitepaper.

use super::{Pool, check_ticks};
use crate::clamm::oracle;
use crate::clamm::revert::Revert;
use crate::clamm::tick::{Tick, wrap56, wrap160};
use crate::clamm::u256::U256;

/// Sums inside a range: tick times seconds (`int56`), seconds per liquidity (`uint160`), seconds (`uint32`).
pub type Inside = (i64, U256, u32);

impl Pool {
    /// The sums of tick and of seconds per liquidity, each number of seconds ago. `I` before the pool began, `Old` before
    /// the first observation that is kept.
    pub fn observe(&self, now: u32, seconds_ago: &[u32]) -> Result<Vec<(i64, U256)>, Revert> {
        if self.head.observation_cardinality == 0 {
            return Err(Revert::I);
        }
        let present = self.present(now);
        seconds_ago.iter().map(|ago| oracle::observe(&self.observations, &present, *ago)).collect()
    }

    /// The sums that belong to a range, of which two taken at different times can be subtracted. `Empty` unless both ticks
    /// are initialised.
    pub fn snapshot_cumulatives_inside(&self, lower: i32, upper: i32, now: u32) -> Result<Inside, Revert> {
        check_ticks(lower, upper)?;
        let known = |tick: i32| self.ticks.get(tick).copied().ok_or(Revert::Empty);
        let (low, high) = (known(lower)?, known(upper)?);
        if self.head.tick < lower {
            return Ok(less(outside(&low), outside(&high)));
        }
        if self.head.tick >= upper {
            return Ok(less(outside(&high), outside(&low)));
        }
        let totals = self.totals(now)?;
        let all = (totals.tick_cumulative, totals.seconds_per_liquidity, now);
        Ok(less(less(all, outside(&low)), outside(&high)))
    }

    /// Makes room for more observations; returns the old and the new room.
    pub fn increase_observation_cardinality_next(&mut self, next: u16) -> Result<(u16, u16), Revert> {
        self.call(|pool| {
            let old = pool.head.observation_cardinality_next;
            let before = pool.observations.len();
            let new = oracle::grow(&mut pool.observations, old, next)?;
            if pool.observations.len() != before {
                pool.journal.observation_grown(before);
            }
            pool.head.observation_cardinality_next = new;
            Ok((old, new))
        })
    }
}

const fn outside(tick: &Tick) -> Inside {
    (tick.tick_cumulative_outside, tick.seconds_per_liquidity_outside, tick.seconds_outside)
}

/// The difference of sums, each in its type.
fn less(a: Inside, b: Inside) -> Inside {
    (wrap56(a.0.wrapping_sub(b.0)), wrap160(a.1.wrapping_sub(b.1)), a.2.wrapping_sub(b.2))
}
