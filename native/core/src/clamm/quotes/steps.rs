//! The contract's own loop: from stop to stop over the bitmap, one swap step each.
//!
//! catalogue: S4. What the speed form is held against, in tests and in the benchmark; slower with every crossing.

use super::answer::{Quote, amount_of, limit_of};
use super::{PoolState, check_ticks};
use crate::clamm::i256::I256;
use crate::clamm::liquidity_math::add_delta;
use crate::clamm::revert::Revert;
use crate::clamm::swap_math::{Fees, SwapStep, compute_swap_step};
use crate::clamm::tick_bitmap::TickBitmap;
use crate::clamm::tick_math::{MAX_TICK, MIN_TICK, price_of, tick_at_sqrt_price};
use crate::clamm::u256::U256;
use crate::error::Result;

/// A pool as the contract keeps it: its state, a bitmap, and the net liquidity of each initialised tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    state: PoolState,
    bitmap: TickBitmap,
    ticks: Vec<(i32, i128)>,
}

/// What the loop carries.
struct Swap {
    left: U256,
    paid: U256,
    got: U256,
    sqrt_price: U256,
    tick: i32,
    liquidity: u128,
    crossed: u32,
}

impl Steps {
    /// As `Quotes::new`.
    pub fn new(state: PoolState, ticks: &[(i32, i128)]) -> Result<Self> {
        state.check()?;
        check_ticks(&state, ticks)?;
        let mut bitmap = TickBitmap::new();
        for (tick, _) in ticks {
            // invariant: `check_ticks` has found every tick on the spacing.
            let _ = bitmap.flip(*tick, state.tick_spacing);
        }
        Ok(Self { state, bitmap, ticks: ticks.to_vec() })
    }

    /// As `Quotes::quote`; where the ticks' liquidity cannot be a pool's, `LS` or `LA` when it is met.
    pub fn quote(
        &self,
        zero_for_one: bool,
        exact_in: bool,
        amount: U256,
        limit: Option<U256>,
    ) -> std::result::Result<Quote, Revert> {
        let PoolState { sqrt_price, tick, liquidity, .. } = self.state;
        let left = amount_of(exact_in, amount)?;
        let limit = limit_of(sqrt_price, zero_for_one, limit)?;
        let (paid, got) = (U256::ZERO, U256::ZERO);
        let mut swap = Swap { left, paid, got, sqrt_price, tick, liquidity, crossed: 0 };
        while !swap.left.is_zero() && swap.sqrt_price != limit {
            self.step(&mut swap, zero_for_one, exact_in, limit)?;
        }
        Ok(Quote {
            amount_in: swap.paid,
            amount_out: swap.got,
            sqrt_price: swap.sqrt_price,
            liquidity: swap.liquidity,
            crossed: swap.crossed,
            whole: swap.left.is_zero(),
            at: Some(swap.tick),
        })
    }

    fn step(
        &self,
        swap: &mut Swap,
        zero_for_one: bool,
        exact_in: bool,
        limit: U256,
    ) -> std::result::Result<(), Revert> {
        let start = swap.sqrt_price;
        let (tick, initialised) = self.bitmap.next_within_one_word(swap.tick, self.state.tick_spacing, zero_for_one);
        let tick = tick.clamp(MIN_TICK, MAX_TICK);
        let next = price_of(tick);
        let target = if zero_for_one { next.max(limit) } else { next.min(limit) };
        let signed = I256::from_sign_and_size(!exact_in, swap.left).ok_or(Revert::Empty)?;
        let SwapStep { sqrt_price, amount_in, amount_out, fee } =
            compute_swap_step(start, target, swap.liquidity, signed, self.state.fee_millionths, Fees::V3)?;
        let paid = amount_in.wrapping_add(fee);
        swap.left = swap.left.wrapping_sub(if exact_in { paid } else { amount_out });
        swap.paid = swap.paid.wrapping_add(paid);
        swap.got = swap.got.wrapping_add(amount_out);
        swap.sqrt_price = sqrt_price;
        if sqrt_price == next {
            if initialised {
                let at = self.ticks.partition_point(|(known, _)| *known < tick);
                let net = self.ticks.get(at).map_or(0, |(_, net)| *net);
                swap.liquidity = add_delta(swap.liquidity, if zero_for_one { net.wrapping_neg() } else { net })?;
                swap.crossed += 1;
            }
            swap.tick = if zero_for_one { tick - 1 } else { tick };
        } else if sqrt_price != start {
            swap.tick = tick_at_sqrt_price(sqrt_price)?;
        }
        Ok(())
    }
}
