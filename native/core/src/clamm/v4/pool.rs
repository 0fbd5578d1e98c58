//! One v4 pool: its price, fees, ticks and positions, and donations to it.
//!
//! catalogue: S4. There is no oracle in it, and fees are paid whenever a position is touched. Fee growth wraps where v3
//! reverts: the product with 2^128 is cut to 256 bits.

use super::{Delta, PoolKey, custom, positive};
use crate::clamm::position::{Position, PositionKey};
use crate::clamm::revert::{Custom, Revert, Word160};
use crate::clamm::tick_math::{MAX_TICK, MIN_TICK, tick_at_sqrt_price};
use crate::clamm::ticks::Ticks;
use crate::clamm::u256::U256;
use crate::state;
use std::collections::BTreeMap;

/// The fee that says that hooks set it; a pool without hooks cannot have it.
pub const FEE_DYNAMIC: u32 = 0x0080_0000;
/// A fee of everything, in millionths.
const FEE_MAX: u32 = 1_000_000;
/// The largest tick spacing.
const SPACING_MAX: i32 = i16::MAX as i32;

state! {
    /// A v4 pool. Ticks keep the fees outside alone; what of a tick belongs to v3's oracle stays 0.
    #[derive(Debug, Clone, PartialEq, Default)]
    pub struct PoolV4 {
        /// The square root of the price, times 2^96.
        pub sqrt_price: U256,
        /// The tick of the price.
        pub tick: i32,
        /// Twelve bits for zero-for-one, twelve for one-for-zero, in millionths.
        pub protocol_fee: u32,
        /// The fee of liquidity providers in millionths.
        pub lp_fee: u32,
        /// Which ticks positions may use.
        pub tick_spacing: i32,
        /// Fees per unit of liquidity of both currencies since the beginning, times 2^128.
        pub fee_growth_global: [U256; 2],
        /// The liquidity in range.
        pub liquidity: u128,
        /// The initialised ticks.
        pub ticks: Ticks,
        /// The positions.
        pub positions: BTreeMap<PositionKey, Position>,
    }
}

/// The checks of `initialize` on a key, in their order.
pub(super) fn check_key(key: &PoolKey) -> Result<(), Revert> {
    if key.tick_spacing > SPACING_MAX {
        return custom(Custom::TickSpacingTooLarge(key.tick_spacing));
    }
    if key.tick_spacing < 1 {
        return custom(Custom::TickSpacingTooSmall(key.tick_spacing));
    }
    if key.currency0 >= key.currency1 {
        return custom(Custom::CurrenciesOutOfOrderOrEqual(key.currency0, key.currency1));
    }
    if key.fee == FEE_DYNAMIC {
        return custom(Custom::HookAddressNotValid([0; 20]));
    }
    if key.fee > FEE_MAX {
        return custom(Custom::LpFeeTooLarge(key.fee));
    }
    Ok(())
}

/// A price as errors carry it.
pub(super) fn word160(price: U256) -> Word160 {
    let mut out = [0; 20];
    out.copy_from_slice(&price.to_be_bytes()[12..]);
    out
}

/// `amount * 2^128 / liquidity`, the product cut to 256 bits.
pub(super) fn growth(amount: U256, liquidity: u128) -> U256 {
    let product = U256::from_halves(0, amount.low_u128());
    product.div_rem(U256::from(liquidity)).map_or(U256::ZERO, |(quotient, _)| quotient)
}

impl PoolV4 {
    /// A new pool at a price.
    pub(super) fn new(key: &PoolKey, sqrt_price: U256) -> Result<Self, Revert> {
        let tick = tick_at_sqrt_price(sqrt_price)?;
        Ok(Self { sqrt_price, tick, lp_fee: key.fee, tick_spacing: key.tick_spacing, ..Self::default() })
    }

    /// What one tick may carry. v4 counts the ticks from the floor of the lowest, one more than v3 where that is cut.
    pub(super) const fn max_liquidity_per_tick(&self) -> u128 {
        let (low, high) = (MIN_TICK.div_euclid(self.tick_spacing), MAX_TICK / self.tick_spacing);
        u128::MAX / (high - low + 1) as u128
    }

    /// Gives amounts to the liquidity in range.
    pub(super) fn donate(&mut self, amounts: [U256; 2]) -> Result<Delta, Revert> {
        if self.liquidity == 0 {
            return custom(Custom::NoLiquidityToReceiveFees);
        }
        let delta = [-positive(amounts[0])?, -positive(amounts[1])?];
        for (total, amount) in self.fee_growth_global.iter_mut().zip(amounts) {
            *total = total.wrapping_add(growth(amount, self.liquidity));
        }
        Ok(delta)
    }
}
