//! What positions are owed: collection, and what an owner would get now.
//!
//! catalogue: S4. Section 6.4.1 of the whitepaper.

use super::{Pool, check_ticks};
use crate::clamm::position::{Address, PositionKey};
use crate::clamm::revert::Revert;
use crate::clamm::tick::fee_growth_inside;
use crate::clamm::u256::U256;

impl Pool {
    /// Pays an owner at most `most` of what the position is owed; returns what was paid. An unknown position is owed nothing.
    pub fn collect(&mut self, owner: Address, lower: i32, upper: i32, most: [u128; 2]) -> Result<[u128; 2], Revert> {
        self.call(|pool| {
            let key = PositionKey::new(owner, lower, upper);
            let Some(before) = pool.positions.get(&key).copied() else { return Ok([0; 2]) };
            let mut after = before;
            let mut paid = [0; 2];
            for token in 0..2 {
                paid[token] = most[token].min(before.owed[token]);
                after.owed[token] -= paid[token];
                pool.pay_out(token, U256::from(paid[token]))?;
            }
            pool.journal.position(key, Some(before));
            pool.positions.insert(key, after);
            Ok(paid)
        })
    }

    /// The fee growth inside a range now, of both tokens, times 2^128; wraps. `Tlu`, `Tlm` and `Tum` for no range.
    pub fn fee_growth_inside(&self, lower: i32, upper: i32) -> Result<[U256; 2], Revert> {
        check_ticks(lower, upper)?;
        let known = |tick: i32| self.ticks.get(tick).copied().unwrap_or_default();
        let (low, high) = (known(lower), known(upper));
        Ok(fee_growth_inside((lower, &low), (upper, &high), self.head.tick, self.head.fee_growth_global))
    }

    /// What a position is owed if it were touched now, in smallest units, with what is booked already.
    pub fn owed(&self, key: &PositionKey) -> Result<[u128; 2], Revert> {
        let Some(position) = self.positions.get(key) else { return Ok([0; 2]) };
        if position.liquidity == 0 {
            return Ok(position.owed);
        }
        let fees = position.fees_since(self.fee_growth_inside(key.lower, key.upper)?)?;
        Ok([0, 1].map(|token| position.owed[token].wrapping_add(fees[token].low_u128())))
    }
}
