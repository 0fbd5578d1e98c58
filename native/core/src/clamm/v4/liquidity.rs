//! Liquidity of a v4 pool: one call that adds, takes out and collects, everything computed before anything is stored.
//!
//! catalogue: S4.

use super::{Change, Delta, PoolV4, custom, int128, positive};
use crate::clamm::dialect::in_v4;
use crate::clamm::liquidity_math::add_delta;
use crate::clamm::position::{Address, Position, PositionKey};
use crate::clamm::revert::{Custom, Revert};
use crate::clamm::sqrt_price::{amount0_delta_signed, amount1_delta_signed};
use crate::clamm::tick::{Tick, Totals, fee_growth_inside};
use crate::clamm::tick_math::{MAX_TICK, MIN_TICK, sqrt_price_at_tick};

impl PoolV4 {
    /// Changes a position; returns what its owner is paid in all, and how much of that is fees.
    pub(super) fn modify(&mut self, owner: Address, change: &Change, delta: i128) -> Result<(Delta, Delta), Revert> {
        self.modified(owner, change, delta).map_err(in_v4)
    }

    fn modified(&mut self, owner: Address, change: &Change, delta: i128) -> Result<(Delta, Delta), Revert> {
        let (lower, upper) = (change.lower, change.upper);
        check_ticks(lower, upper)?;
        let (low, high) = self.changed_ticks(lower, upper, delta)?;
        let key = PositionKey { owner, lower, upper, salt: change.salt };
        let (position, fees) = self.touched(&key, (&low, &high), delta)?;
        let (principal, liquidity) = self.principal(lower, upper, delta)?;
        let total =
            |token: usize| principal[token].checked_add(fees[token]).ok_or(Revert::Custom(Custom::SafeCastOverflow));
        let paid = [total(0)?, total(1)?];
        if delta != 0 {
            for (tick, data) in [(lower, low), (upper, high)] {
                self.ticks.set(tick, (data.gross != 0).then_some(data))?;
            }
        }
        self.positions.insert(key, position);
        self.liquidity = liquidity;
        Ok((paid, fees))
    }

    /// The two ticks as they will be: liquidity, then the share of a tick, then the spacing is checked, each for both.
    fn changed_ticks(&self, lower: i32, upper: i32, delta: i128) -> Result<(Tick, Tick), Revert> {
        let known = |tick: i32| self.ticks.get(tick).copied();
        let before = [known(lower), known(upper)];
        if delta == 0 {
            return Ok((before[0].unwrap_or_default(), before[1].unwrap_or_default()));
        }
        let low = self.changed_tick(before[0], lower, delta, false)?;
        let high = self.changed_tick(before[1], upper, delta, true)?;
        let ends = [(lower, low, before[0]), (upper, high, before[1])];
        let most = self.max_liquidity_per_tick();
        if let Some((tick, _, _)) = ends.iter().find(|(_, data, _)| delta > 0 && data.gross > most) {
            return custom(Custom::TickLiquidityOverflow(*tick));
        }
        let flips = |data: &Tick, before: &Option<Tick>| (data.gross == 0) == before.is_some();
        let misaligned = |tick: i32| tick % self.tick_spacing != 0;
        if let Some((tick, _, _)) = ends.iter().find(|(tick, data, before)| flips(data, before) && misaligned(*tick)) {
            return custom(Custom::TickMisaligned(*tick, self.tick_spacing));
        }
        Ok((low, high))
    }

    fn changed_tick(&self, known: Option<Tick>, tick: i32, delta: i128, upper: bool) -> Result<Tick, Revert> {
        let totals = Totals { fee_growth: self.fee_growth_global, ..Totals::default() };
        let mut changed = known.unwrap_or_else(|| Tick::new(tick, self.tick, &totals));
        changed.gross = add_delta(changed.gross, delta)?;
        let net = if upper { changed.net.checked_sub(delta) } else { changed.net.checked_add(delta) };
        changed.net = net.ok_or(Revert::Panic(0x11))?;
        Ok(changed)
    }

    /// The position as it will be, and the fees that it is paid.
    fn touched(&self, key: &PositionKey, ends: (&Tick, &Tick), delta: i128) -> Result<(Position, Delta), Revert> {
        let inside = fee_growth_inside((key.lower, ends.0), (key.upper, ends.1), self.tick, self.fee_growth_global);
        let mut position = self.positions.get(key).copied().unwrap_or_default();
        if delta == 0 && position.liquidity == 0 {
            return custom(Custom::CannotUpdateEmptyPosition);
        }
        let liquidity = add_delta(position.liquidity, delta)?;
        let fees = position.fees_since(inside)?;
        position.liquidity = liquidity;
        position.fee_growth_inside_last = inside;
        Ok((position, [positive(fees[0])?, positive(fees[1])?]))
    }

    /// What the liquidity itself is worth to its owner, and the liquidity in range afterwards.
    fn principal(&self, lower: i32, upper: i32, delta: i128) -> Result<(Delta, u128), Revert> {
        if delta == 0 {
            return Ok(([0; 2], self.liquidity));
        }
        let (low, high) = (sqrt_price_at_tick(lower)?, sqrt_price_at_tick(upper)?);
        // The amounts of the library are the pool's; the owner's have the other sign.
        if self.tick < lower {
            return Ok(([int128(amount0_delta_signed(low, high, delta)?.wrapping_neg())?, 0], self.liquidity));
        }
        if self.tick >= upper {
            return Ok(([0, int128(amount1_delta_signed(low, high, delta)?.wrapping_neg())?], self.liquidity));
        }
        let first = int128(amount0_delta_signed(self.sqrt_price, high, delta)?.wrapping_neg())?;
        let second = int128(amount1_delta_signed(low, self.sqrt_price, delta)?.wrapping_neg())?;
        Ok(([first, second], add_delta(self.liquidity, delta)?))
    }
}

const fn check_ticks(lower: i32, upper: i32) -> Result<(), Revert> {
    if lower >= upper {
        custom(Custom::TicksMisordered(lower, upper))
    } else if lower < MIN_TICK {
        custom(Custom::TickLowerOutOfBounds(lower))
    } else if upper > MAX_TICK {
        custom(Custom::TickUpperOutOfBounds(upper))
    } else {
        Ok(())
    }
}
