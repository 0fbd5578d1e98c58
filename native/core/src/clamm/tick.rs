//! One initialised tick: the liquidity that begins or ends there, and what had grown on its other side.
//!
//! catalogue: S4. Section 6.3 of the Uniswap v3 whitepaper. An "outside" value is relative: it is what the pool's total
//! was when the tick was initialised or last crossed, less the value before; only differences of them mean something,
//! and they wrap round their types.

use super::liquidity_math::add_delta;
use super::revert::Revert;
use super::tick_math::usable_ticks;
use super::u256::U256;
use crate::state;

state! {
    /// A tick that positions use as a bound.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Tick {
        /// The liquidity of all positions with this bound. Never 0 for an initialised tick.
        pub gross: u128,
        /// What is added to the liquidity in range when the price rises through the tick.
        pub net: i128,
        /// Fees per unit of liquidity on the other side of this tick, of both tokens, times 2^128.
        pub fee_growth_outside: [U256; 2],
        /// Seconds per unit of liquidity on the other side, times 2^128, `uint160`.
        pub seconds_per_liquidity_outside: U256,
        /// The sum of tick times seconds on the other side, `int56`.
        pub tick_cumulative_outside: i64,
        /// Seconds on the other side, `uint32`.
        pub seconds_outside: u32,
    }
}

/// The totals of a pool at one moment, from which outside values are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Fees per unit of liquidity of both tokens, times 2^128.
    pub fee_growth: [U256; 2],
    /// Seconds per unit of liquidity, times 2^128, `uint160`.
    pub seconds_per_liquidity: U256,
    /// The sum of tick times seconds, `int56`.
    pub tick_cumulative: i64,
    /// The block's time, `uint32`.
    pub time: u32,
}

impl Tick {
    /// A tick that is being initialised: all growth so far is held to have happened below it.
    #[must_use]
    pub const fn new(tick: i32, current: i32, totals: &Totals) -> Self {
        let mut new = Self {
            gross: 0,
            net: 0,
            fee_growth_outside: [U256::ZERO; 2],
            seconds_per_liquidity_outside: U256::ZERO,
            tick_cumulative_outside: 0,
            seconds_outside: 0,
        };
        if tick <= current {
            new.fee_growth_outside = totals.fee_growth;
            new.seconds_per_liquidity_outside = totals.seconds_per_liquidity;
            new.tick_cumulative_outside = totals.tick_cumulative;
            new.seconds_outside = totals.time;
        }
        new
    }

    /// A tick after the liquidity of a position that it bounds has changed by `delta`, at price tick `current`; nothing
    /// `known` is a tick that is being initialised. `Ls`, `La`; `Lo` above `most`; `Empty` where the net leaves `int128`.
    pub fn updated(
        known: Option<Self>,
        (tick, current): (i32, i32),
        (delta, upper): (i128, bool),
        totals: &Totals,
        most: u128,
    ) -> Result<Self, Revert> {
        let mut changed = known.unwrap_or_else(|| Self::new(tick, current, totals));
        changed.gross = add_delta(changed.gross, delta)?;
        if changed.gross > most {
            return Err(Revert::Lo);
        }
        let net = if upper { changed.net.checked_sub(delta) } else { changed.net.checked_add(delta) };
        changed.net = net.ok_or(Revert::Empty)?;
        Ok(changed)
    }

    /// The price goes through the tick: what was outside is inside now, and the other way round.
    #[inline]
    pub fn cross(&mut self, totals: &Totals) {
        self.cross_fees(totals.fee_growth);
        self.seconds_per_liquidity_outside =
            wrap160(totals.seconds_per_liquidity.wrapping_sub(self.seconds_per_liquidity_outside));
        self.tick_cumulative_outside = wrap56(totals.tick_cumulative.wrapping_sub(self.tick_cumulative_outside));
        self.seconds_outside = totals.time.wrapping_sub(self.seconds_outside);
    }

    /// The fees' part of a crossing, which is all that v4 keeps.
    #[inline]
    pub fn cross_fees(&mut self, fee_growth: [U256; 2]) {
        self.fee_growth_outside[0] = fee_growth[0].wrapping_sub(self.fee_growth_outside[0]);
        self.fee_growth_outside[1] = fee_growth[1].wrapping_sub(self.fee_growth_outside[1]);
    }
}

/// The fee growth between two ticks, from their outside values (whitepaper, 6.19 to 6.21); wraps round 2^256.
#[must_use]
pub fn fee_growth_inside(lower: (i32, &Tick), upper: (i32, &Tick), current: i32, global: [U256; 2]) -> [U256; 2] {
    let side = |token: usize| {
        let (below, above) = (lower.1.fee_growth_outside[token], upper.1.fee_growth_outside[token]);
        if current < lower.0 {
            below.wrapping_sub(above)
        } else if current < upper.0 {
            global[token].wrapping_sub(below).wrapping_sub(above)
        } else {
            above.wrapping_sub(below)
        }
    };
    [side(0), side(1)]
}

/// What one tick may hold of liquidity, so that all ticks together cannot exceed `uint128`.
#[must_use]
pub const fn max_liquidity_per_tick(spacing: i32) -> u128 {
    let (low, high) = usable_ticks(spacing);
    u128::MAX / ((high - low) / spacing + 1) as u128
}

/// A number as `uint160`: what the chain keeps of it.
#[inline]
#[must_use]
pub const fn wrap160(value: U256) -> U256 {
    U256([value.0[0], value.0[1], value.0[2] & 0xffff_ffff, 0])
}

/// A number as `int56`: what the chain keeps of it.
#[inline]
#[must_use]
pub const fn wrap56(value: i64) -> i64 {
    (value << 8) >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_holds_its_share_of_the_liquidity() {
        // The three fee tiers' values as the deployed pools show them.
        assert_eq!(max_liquidity_per_tick(10), 1_917_569_901_783_203_986_719_870_431_555_990);
        assert_eq!(max_liquidity_per_tick(60), 11_505_743_598_341_114_571_880_798_222_544_994);
        assert_eq!(max_liquidity_per_tick(200), 38_350_317_471_085_141_830_651_933_667_504_588);
    }

    #[test]
    fn two_crossings_give_the_growth_between_them() {
        let totals = |n: u64| Totals {
            fee_growth: [U256::from(n), U256::from(2 * n)],
            seconds_per_liquidity: U256::from(3 * n),
            tick_cumulative: -(n as i64),
            time: n as u32,
        };
        let mut tick = Tick::new(60, 59, &totals(5));
        assert_eq!(tick.seconds_outside, 0, "above the price nothing has happened yet");
        tick.cross(&totals(7));
        tick.cross(&totals(10));
        assert_eq!(tick.fee_growth_outside, [U256::from(3_u64), U256::from(6_u64)]);
        assert_eq!((tick.seconds_per_liquidity_outside, tick.tick_cumulative_outside), (U256::from(9_u64), -3));
    }

    #[test]
    fn small_types_wrap() {
        assert_eq!(wrap56((1 << 55) - 1), (1 << 55) - 1);
        assert_eq!(wrap56(1 << 55), -(1 << 55));
        assert_eq!(wrap160(U256::MAX).bits(), 160);
    }
}
