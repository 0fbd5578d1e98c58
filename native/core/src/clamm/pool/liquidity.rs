//! Liquidity in and out: mint, burn, and what both do to ticks, positions and the oracle.
//!
//! catalogue: S4. Sections 6.2.1 and 6.3 of the whitepaper, in the order in which the bytecode checks.

use super::{Payment, Pool, check_ticks};
use crate::clamm::i256::I256;
use crate::clamm::liquidity_math::add_delta;
use crate::clamm::position::{Address, PositionKey};
use crate::clamm::revert::Revert;
use crate::clamm::sqrt_price::{amount0_delta_signed, amount1_delta_signed};
use crate::clamm::tick::{Tick, fee_growth_inside};
use crate::clamm::tick_math::sqrt_price_at_tick;
use crate::clamm::u256::U256;

/// Amounts of token 0 and token 1, in smallest units.
pub type Amounts = [U256; 2];

impl Pool {
    /// Adds `amount` of liquidity to a position; returns what it costs of both tokens.
    ///
    /// `Empty` for no liquidity, for 2^127 and more, and for a tick off the spacing; `Tlu`, `Tlm`, `Tum`; `Lo` above what a
    /// tick may carry; `M0` and `M1` when `payment` is less than owed.
    pub fn mint(
        &mut self,
        owner: Address,
        lower: i32,
        upper: i32,
        amount: u128,
        now: u32,
        payment: Payment,
    ) -> Result<Amounts, Revert> {
        self.call(|pool| {
            if amount == 0 {
                return Err(Revert::Empty);
            }
            let delta = i128::try_from(amount).map_err(|_| Revert::Empty)?;
            let due = pool.modify(PositionKey::new(owner, lower, upper), delta, now)?.map(|owed| owed.0);
            // The contract asks for the first balance, calls back, and only then checks what it was owed.
            let shorts = [Revert::M0, Revert::M1];
            for token in 0..2 {
                pool.take_in(token, due[token], payment.of(token, due[token]), shorts[token])?;
            }
            Ok(due)
        })
    }

    /// Takes `amount` of liquidity out of a position and owes its owner what it was worth; 0 only books the fees.
    ///
    /// `Np` for a poke of an empty position, `Ls` for more than there is, and what `mint` has for ticks.
    pub fn burn(&mut self, owner: Address, lower: i32, upper: i32, amount: u128, now: u32) -> Result<Amounts, Revert> {
        self.call(|pool| {
            let delta = i128::try_from(amount).map_err(|_| Revert::Empty)?;
            let key = PositionKey::new(owner, lower, upper);
            let paid = pool.modify(key, -delta, now)?.map(|owed| owed.wrapping_neg().0);
            if let Some(position) = pool.positions.get_mut(&key) {
                for (owed, paid) in position.owed.iter_mut().zip(paid) {
                    *owed = owed.wrapping_add(paid.low_u128());
                }
            }
            Ok(paid)
        })
    }

    /// Changes a position's liquidity; returns what the pool is owed of both tokens, negative where it owes.
    fn modify(&mut self, key: PositionKey, delta: i128, now: u32) -> Result<[I256; 2], Revert> {
        check_ticks(key.lower, key.upper)?;
        self.touch_position(key, delta, now)?;
        if delta == 0 {
            return Ok([I256::ZERO; 2]);
        }
        let (low, high) = (sqrt_price_at_tick(key.lower)?, sqrt_price_at_tick(key.upper)?);
        if self.head.tick < key.lower {
            return Ok([amount0_delta_signed(low, high, delta)?, I256::ZERO]);
        }
        if self.head.tick >= key.upper {
            return Ok([I256::ZERO, amount1_delta_signed(low, high, delta)?]);
        }
        self.write_observation(now);
        let price = self.head.sqrt_price;
        let amounts = [amount0_delta_signed(price, high, delta)?, amount1_delta_signed(low, price, delta)?];
        self.head.liquidity = add_delta(self.head.liquidity, delta)?;
        Ok(amounts)
    }

    /// Updates the two ticks and the position, and takes ticks away that carry nothing any more.
    fn touch_position(&mut self, key: PositionKey, delta: i128, now: u32) -> Result<(), Revert> {
        let known = |tick: i32| self.ticks.get(tick).copied();
        let (mut lower, mut upper) = (known(key.lower), known(key.upper));
        let was = [lower.is_some(), upper.is_some()];
        if delta != 0 {
            let totals = self.totals(now)?;
            let (current, most) = (self.head.tick, self.terms.max_liquidity_per_tick);
            lower = Some(Tick::updated(lower, (key.lower, current), (delta, false), &totals, most)?);
            upper = Some(Tick::updated(upper, (key.upper, current), (delta, true), &totals, most)?);
        }
        let (low, high) = (lower.unwrap_or_default(), upper.unwrap_or_default());
        let flips = [was[0] != (low.gross != 0), was[1] != (high.gross != 0)];
        for (flip, tick) in flips.into_iter().zip([key.lower, key.upper]) {
            if delta != 0 && flip && tick % self.terms.tick_spacing != 0 {
                return Err(Revert::Empty);
            }
        }
        let inside =
            fee_growth_inside((key.lower, &low), (key.upper, &high), self.head.tick, self.head.fee_growth_global);
        let before = self.positions.get(&key).copied();
        let mut position = before.unwrap_or_default();
        position.touch(delta, inside)?;
        self.journal.position(key, before);
        self.positions.insert(key, position);
        if delta != 0 {
            self.put_tick(key.lower, low)?;
            self.put_tick(key.upper, high)?;
        }
        Ok(())
    }

    /// Stores a tick, or takes it away when no position uses it any more.
    fn put_tick(&mut self, tick: i32, data: Tick) -> Result<(), Revert> {
        self.journal.tick(tick, self.ticks.get(tick).copied());
        self.ticks.set(tick, (data.gross != 0).then_some(data))
    }
}
