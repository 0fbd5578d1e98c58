//! The speed form of a pool: immutable, a quote is a binary search and one partial step, whatever it crosses.
//!
//! catalogue: S4. Built once from a pool's price and ticks, then shared by any number of readers. Every answer equals
//! the contract's own loop to the last bit (`steps` is that loop, and the tests hold one against the other).

pub mod stop;
pub mod stops;
pub mod answer;
mod partial;
pub mod steps;
pub mod batch;
pub mod sizing;
pub mod route;
pub mod cycle;

use super::tick_math::{MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, price_of};
use super::u256::U256;
use crate::error::{CoreError, Result};
pub use answer::Quote;
use partial::Fee;
use stops::Side;

/// The largest tick spacing of any version (v4's).
const SPACING_MAX: i32 = 32_767;

/// Where a pool stands, without its ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// The square-root price, Q64.96.
    pub sqrt_price: U256,
    /// The tick as the pool stores it: after a crossing downwards it is one below the price's own.
    pub tick: i32,
    /// The liquidity in range.
    pub liquidity: u128,
    /// Initialised ticks are multiples of it.
    pub tick_spacing: i32,
    /// The fee in millionths of the input, below a million (in v4 the protocol's part included).
    pub fee_millionths: u32,
}

impl PoolState {
    /// Refuses what no pool can be: a `Field` error names what and its value.
    pub fn check(&self) -> Result<()> {
        if self.sqrt_price < MIN_SQRT_PRICE || self.sqrt_price >= MAX_SQRT_PRICE {
            return Err(field("sqrt_price", &self.sqrt_price, "must be a pool's price"));
        }
        if !(1..=SPACING_MAX).contains(&self.tick_spacing) {
            return Err(field("tick_spacing", &self.tick_spacing, "must be 1 to 32767"));
        }
        if self.fee_millionths >= super::swap_math::FEE_ONE {
            return Err(field("fee_millionths", &self.fee_millionths, "must be below 1000000"));
        }
        let around = (MIN_TICK - 1..MAX_TICK).contains(&self.tick)
            && self.sqrt_price <= price_of(self.tick + 1)
            && (self.tick < MIN_TICK || self.sqrt_price >= price_of(self.tick));
        if around { Ok(()) } else { Err(field("tick", &self.tick, "must be the price's tick")) }
    }
}

/// Refuses ticks that no pool has: they rise, are multiples of the spacing and within the range.
pub fn check_ticks(state: &PoolState, ticks: &[(i32, i128)]) -> Result<()> {
    let usable = |tick: i32| (MIN_TICK..=MAX_TICK).contains(&tick) && tick % state.tick_spacing == 0;
    if let Some((tick, _)) = ticks.iter().find(|(tick, _)| !usable(*tick)) {
        return Err(field("ticks", tick, "must be multiples of the spacing within the range"));
    }
    match ticks.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        Some(pair) => Err(field("ticks", &pair[1].0, "must rise")),
        None => Ok(()),
    }
}

/// The error about one input.
pub(crate) fn field(field: &'static str, was: &impl ToString, why: &'static str) -> CoreError {
    CoreError::Field { field, was: was.to_string(), why }
}

/// A pool ready to be quoted, in both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotes {
    state: PoolState,
    fee: Fee,
    down: Side,
    up: Side,
}

impl Quotes {
    /// From a pool's state and its initialised ticks with their net liquidity, in rising order. A tick whose net is 0
    /// belongs in it, because a swap stops there. A `Field` error for what no pool can be.
    pub fn new(state: PoolState, ticks: &[(i32, i128)]) -> Result<Self> {
        state.check()?;
        check_ticks(&state, ticks)?;
        let (down, up) = (Side::new::<true>(&state, ticks, None)?, Side::new::<false>(&state, ticks, None)?);
        Ok(Self { state, fee: Fee::new(state.fee_millionths), down, up })
    }

    /// The same pool after a swap, a mint or a burn: what did not change is taken over instead of computed again.
    /// Spacing and fee must be the same; errors are those of `new`.
    pub fn moved(&self, state: PoolState, ticks: &[(i32, i128)]) -> Result<Self> {
        state.check()?;
        check_ticks(&state, ticks)?;
        if (state.tick_spacing, state.fee_millionths) != (self.state.tick_spacing, self.state.fee_millionths) {
            return Err(field("fee_millionths", &state.fee_millionths, "and the spacing must stay as they were"));
        }
        let down = Side::new::<true>(&state, ticks, Some(&self.down))?;
        let up = Side::new::<false>(&state, ticks, Some(&self.up))?;
        Ok(Self { state, fee: self.fee, down, up })
    }

    /// Where the pool stands.
    #[must_use]
    pub const fn state(&self) -> &PoolState {
        &self.state
    }

    /// The stops of one direction: token 0 in (prices fall), or token 1 in (prices rise).
    #[must_use]
    #[inline]
    pub const fn side(&self, zero_for_one: bool) -> &Side {
        if zero_for_one { &self.down } else { &self.up }
    }
}

#[cfg(test)]
mod tests;
