//! A swap of a v4 pool: the same walk as v3's, with v4's signs, its two fees, and its own split of a step.
//!
//! catalogue: S4. Crossed ticks are kept aside until the whole swap is known to succeed.

use super::pool::{growth, word160};
use super::{Delta, PoolV4, custom, int128};
use crate::clamm::dialect::in_v4;
use crate::clamm::i256::I256;
use crate::clamm::liquidity_math::add_delta;
use crate::clamm::revert::{Custom, Revert};
use crate::clamm::swap_math::{FEE_ONE, Fees, SwapStep, compute_swap_step};
use crate::clamm::tick::Tick;
use crate::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE, tick_at_sqrt_price};
use crate::clamm::ticks::Stop;
use crate::clamm::u256::U256;

/// What a swap did, as its event says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwapV4 {
    /// What the caller is paid; negative for what it pays.
    pub delta: Delta,
    /// The price after the swap.
    pub sqrt_price: U256,
    /// The liquidity in range after the swap.
    pub liquidity: u128,
    /// The tick after the swap.
    pub tick: i32,
    /// The whole fee in millionths: the protocol's, and the liquidity providers' of the rest.
    pub fee: u32,
    /// What the protocol earned, in the currency that was paid.
    pub to_protocol: U256,
}

/// A swap that has been worked out and not made yet.
pub(super) struct Planned {
    /// What its event will say.
    pub(super) told: SwapV4,
    /// The ticks that it crosses, with their places and what they will be.
    pub(super) crossed: Vec<(i32, u32, Tick)>,
    fee_growth: U256,
    falling: bool,
}

/// A swap on its way.
struct Progress {
    falling: bool,
    amount: I256,
    remaining: I256,
    calculated: I256,
    sqrt_price: U256,
    tick: i32,
    liquidity: u128,
    fee_growth: U256,
    to_protocol: U256,
    cursor: usize,
    crossed: Vec<(i32, u32, Tick)>,
}

impl PoolV4 {
    /// Swaps `amount` (negative: what is paid) at most to `limit`.
    pub(super) fn swap(&mut self, zero_for_one: bool, amount: I256, limit: U256) -> Result<SwapV4, Revert> {
        let planned = self.plan_swap(zero_for_one, amount, limit)?;
        self.make_swap(&planned);
        Ok(planned.told)
    }

    /// Works a swap out; nothing is changed.
    pub(super) fn plan_swap(&self, zero_for_one: bool, amount: I256, limit: U256) -> Result<Planned, Revert> {
        let protocol_fee = if zero_for_one { self.protocol_fee & 0xfff } else { self.protocol_fee >> 12 };
        let fee = whole_fee(protocol_fee, self.lp_fee);
        if fee >= FEE_ONE && !amount.is_negative() {
            return custom(Custom::InvalidFeeForExactOut);
        }
        self.check_limit(zero_for_one, limit)?;
        let done = self.run(zero_for_one, amount, limit, (fee, protocol_fee)).map_err(in_v4)?;
        let delta = done.delta()?;
        let Progress { sqrt_price, liquidity, tick, to_protocol, crossed, fee_growth, falling, .. } = done;
        let told = SwapV4 { delta, sqrt_price, liquidity, tick, fee, to_protocol };
        Ok(Planned { told, crossed, fee_growth, falling })
    }

    /// Makes a swap that was worked out of this state.
    pub(super) fn make_swap(&mut self, planned: &Planned) {
        for (_, slot, data) in &planned.crossed {
            *self.ticks.at(*slot) = *data;
        }
        self.sqrt_price = planned.told.sqrt_price;
        self.tick = planned.told.tick;
        self.liquidity = planned.told.liquidity;
        self.fee_growth_global[usize::from(!planned.falling)] = planned.fee_growth;
    }

    fn check_limit(&self, falling: bool, limit: U256) -> Result<(), Revert> {
        let behind = if falling { limit >= self.sqrt_price } else { limit <= self.sqrt_price };
        if behind {
            let (price, limit) = (word160(self.sqrt_price), word160(limit));
            return custom(Custom::PriceLimitAlreadyExceeded { price, limit });
        }
        let beyond = if falling { limit <= MIN_SQRT_PRICE } else { limit >= MAX_SQRT_PRICE };
        if beyond { custom(Custom::PriceLimitOutOfBounds(word160(limit))) } else { Ok(()) }
    }

    fn run(&self, falling: bool, amount: I256, limit: U256, fees: (u32, u32)) -> Result<Progress, Revert> {
        let mut at = Progress {
            falling,
            amount,
            remaining: amount,
            calculated: I256::ZERO,
            sqrt_price: self.sqrt_price,
            tick: self.tick,
            liquidity: self.liquidity,
            fee_growth: self.fee_growth_global[usize::from(!falling)],
            to_protocol: U256::ZERO,
            cursor: self.ticks.cursor(self.tick),
            crossed: Vec::new(),
        };
        while !at.remaining.is_zero() && at.sqrt_price != limit {
            let stop = self.ticks.next_stop(&mut at.cursor, at.tick, self.tick_spacing, falling);
            let stop_price = self.ticks.price(stop)?;
            let target = if falling { stop_price.max(limit) } else { stop_price.min(limit) };
            // The library has v3's signs. The lowest number has no opposite; one unit less is no less than any step takes.
            let size = at.remaining.checked_neg().unwrap_or(I256::MAX);
            let step = compute_swap_step(at.sqrt_price, target, at.liquidity, size, fees.0, Fees::V4)?;
            at.count(&step)?;
            at.book_fee(&step, fees);
            let from = std::mem::replace(&mut at.sqrt_price, step.sqrt_price);
            if step.sqrt_price == stop_price {
                self.cross(stop, &mut at)?;
            } else if step.sqrt_price != from {
                at.tick = tick_at_sqrt_price(step.sqrt_price)?;
            }
        }
        Ok(at)
    }

    /// Goes through a stop; an initialised tick turns its fees round and changes the liquidity in range.
    fn cross(&self, stop: Stop, at: &mut Progress) -> Result<(), Revert> {
        if let Some(slot) = stop.slot {
            let mut global = self.fee_growth_global;
            global[usize::from(!at.falling)] = at.fee_growth;
            let mut data = *self.ticks.data(slot);
            data.cross_fees(global);
            let net = if at.falling { data.net.wrapping_neg() } else { data.net };
            at.liquidity = add_delta(at.liquidity, net)?;
            at.crossed.push((stop.tick, slot, data));
        }
        at.tick = if at.falling { stop.tick - 1 } else { stop.tick };
        Ok(())
    }
}

/// Both fees as one: the providers' is taken from what the protocol leaves.
const fn whole_fee(protocol: u32, lp: u32) -> u32 {
    if protocol == 0 {
        return lp;
    }
    protocol + lp - (protocol as u64 * lp as u64 / FEE_ONE as u64) as u32
}

impl Progress {
    /// Counts a step against what remains.
    fn count(&mut self, step: &SwapStep) -> Result<(), Revert> {
        let overflow = || Revert::Custom(Custom::SafeCastOverflow);
        let paid = I256::from_u256(step.amount_in.wrapping_add(step.fee)).ok_or_else(overflow)?;
        let received = I256::from_u256(step.amount_out).ok_or_else(overflow)?;
        let calculated = if self.amount.is_negative() {
            self.remaining = self.remaining.wrapping_add(paid);
            self.calculated.checked_add(received)
        } else {
            self.remaining = self.remaining.wrapping_sub(received);
            self.calculated.checked_sub(paid)
        };
        self.calculated = calculated.ok_or(Revert::Panic(0x11))?;
        Ok(())
    }

    /// Divides a step's fee: the protocol's is a part of the whole input, the rest is the liquidity's in range.
    fn book_fee(&mut self, step: &SwapStep, (fee, protocol_fee): (u32, u32)) {
        let mut rest = step.fee;
        if protocol_fee > 0 {
            let part = if fee == protocol_fee {
                step.fee
            } else {
                let input = step.amount_in.wrapping_add(step.fee);
                let product = input.wrapping_mul(U256::from(u64::from(protocol_fee)));
                product.div_rem(U256::from(u64::from(FEE_ONE))).map_or(U256::ZERO, |(quotient, _)| quotient)
            };
            rest = rest.wrapping_sub(part);
            self.to_protocol = self.to_protocol.wrapping_add(part);
        }
        if self.liquidity > 0 {
            self.fee_growth = self.fee_growth.wrapping_add(growth(rest, self.liquidity));
        }
    }

    /// What the caller is paid of both currencies.
    fn delta(&self) -> Result<Delta, Revert> {
        let specified = int128(self.amount.wrapping_sub(self.remaining))?;
        let calculated = int128(self.calculated)?;
        Ok(if self.falling == self.amount.is_negative() { [specified, calculated] } else { [calculated, specified] })
    }
}
