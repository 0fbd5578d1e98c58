//! A swap: step by step from stop to stop until the amount is used up or the price limit is reached.
//!
//! catalogue: S4. Section 6.2.3 of the whitepaper. A stop is an initialised tick or the edge of a word of the bitmap.

use super::fees::Share;
use super::{Payment, Pool};
use crate::clamm::i256::I256;
use crate::clamm::liquidity_math::add_delta;
use crate::clamm::position::growth;
use crate::clamm::revert::Revert;
use crate::clamm::swap_math::{Fees, SwapStep, compute_swap_step};
use crate::clamm::tick::Totals;
use crate::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE, tick_at_sqrt_price};
use crate::clamm::u256::U256;

/// What a swap did, as its event says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swap {
    /// What the pool got of token 0; negative for what it paid.
    pub amount0: I256,
    /// What the pool got of token 1; negative for what it paid.
    pub amount1: I256,
    /// The price after the swap.
    pub sqrt_price: U256,
    /// The liquidity in range after the swap.
    pub liquidity: u128,
    /// The tick after the swap.
    pub tick: i32,
    /// The protocol's part of the fee, in the token that was paid in; Pancake's event tells it.
    pub protocol_fee: u128,
}

/// A swap on its way.
pub(super) struct Progress {
    pub(super) falling: bool,
    pub(super) exact_in: bool,
    pub(super) remaining: I256,
    pub(super) calculated: I256,
    pub(super) sqrt_price: U256,
    tick: i32,
    pub(super) liquidity: u128,
    pub(super) fee_growth: U256,
    pub(super) protocol_fee: u128,
    pub(super) cursor: usize,
    /// The initialised tick that was crossed last, while the price is there.
    pub(super) from: Option<i32>,
    /// What the swap had come to when it left the initialised tick behind it.
    pub(super) left: Option<Left>,
}

/// What a swap had come to when it left an initialised tick.
#[derive(Clone, Copy)]
pub(super) struct Left {
    pub(super) tick: i32,
    pub(super) liquidity: u128,
    pub(super) remaining: I256,
    pub(super) calculated: I256,
    pub(super) fee_growth: U256,
    pub(super) protocol_fee: u128,
}

impl Pool {
    /// Swaps token 0 for token 1 (`zero_for_one`) or back, at most to the price `limit`.
    ///
    /// `amount` in smallest units is what is paid when positive, what is received when negative. `As` for 0, `Spl` for a
    /// limit behind the price or out of range, `Iia` when `payment` is less than owed.
    pub fn swap(
        &mut self,
        zero_for_one: bool,
        amount: I256,
        limit: U256,
        now: u32,
        payment: Payment,
    ) -> Result<Swap, Revert> {
        if amount.is_zero() {
            return Err(Revert::As);
        }
        self.call(|pool| pool.pay_swap(zero_for_one, amount, limit, now, payment))
    }

    /// A swap inside a call: moves the price, pays out, takes in.
    pub(super) fn pay_swap(
        &mut self,
        zero_for_one: bool,
        amount: I256,
        limit: U256,
        now: u32,
        payment: Payment,
    ) -> Result<Swap, Revert> {
        let swap = self.move_and_pay(zero_for_one, amount, limit, now)?;
        let (token_in, token_out) = (usize::from(!zero_for_one), usize::from(zero_for_one));
        let due = [swap.amount0, swap.amount1][token_in].0;
        self.take_in(token_out, U256::ZERO, payment.of(token_out, U256::ZERO), Revert::Empty)?;
        self.take_in(token_in, due, payment.of(token_in, due), Revert::Iia)?;
        Ok(swap)
    }

    /// A swap up to its callback, for the quoter, which takes everything back there.
    pub(super) fn swap_until_callback(&mut self, falling: bool, amount: I256, limit: U256) -> Result<Swap, Revert> {
        if amount.is_zero() {
            return Err(Revert::As);
        }
        if !self.head.unlocked {
            return Err(Revert::Lok);
        }
        let last = self.observations.get(usize::from(self.head.observation_index)).map_or(0, |last| last.time);
        self.move_and_pay(falling, amount, limit, last)
    }

    /// Moves the price, writes what came of it, and pays out.
    fn move_and_pay(&mut self, falling: bool, amount: I256, limit: U256, now: u32) -> Result<Swap, Revert> {
        self.check_limit(falling, limit)?;
        let done = self.run(falling, amount, limit, now)?;
        self.finish(&done, now);
        let swap = done.result(amount);
        let (token_out, amount_out) = if falling { (1, swap.amount1) } else { (0, swap.amount0) };
        if amount_out.is_negative() {
            self.pay_out(token_out, amount_out.unsigned_abs())?;
        }
        Ok(swap)
    }

    fn check_limit(&self, falling: bool, limit: U256) -> Result<(), Revert> {
        let ahead = if falling {
            limit < self.head.sqrt_price && limit > MIN_SQRT_PRICE
        } else {
            limit > self.head.sqrt_price && limit < MAX_SQRT_PRICE
        };
        if ahead { Ok(()) } else { Err(Revert::Spl) }
    }

    /// Walks the price; crosses ticks as it goes.
    fn run(&mut self, falling: bool, amount: I256, limit: U256, now: u32) -> Result<Progress, Revert> {
        let token_in = usize::from(!falling);
        let mut on_the_way = Progress {
            falling,
            exact_in: !amount.is_negative(),
            remaining: amount,
            calculated: I256::ZERO,
            sqrt_price: self.head.sqrt_price,
            tick: self.head.tick,
            liquidity: self.head.liquidity,
            fee_growth: self.head.fee_growth_global[token_in],
            protocol_fee: 0,
            cursor: self.ticks.cursor(self.head.tick),
            from: None,
            left: None,
        };
        let share = self.terms.protocol_share(self.head.fee_protocol, token_in);
        let mut totals = None;
        while !on_the_way.remaining.is_zero() && on_the_way.sqrt_price != limit {
            let at = &mut on_the_way;
            if let Some(from) = at.from {
                if self.cross_whole(at, limit, &mut totals, now)? {
                    continue;
                }
                at.left = Some(Left::of(from, at));
                at.from = None;
            }
            let stop = self.ticks.next_stop(&mut at.cursor, at.tick, self.terms.tick_spacing, falling);
            let stop_price = self.ticks.price(stop)?;
            let target = if falling { stop_price.max(limit) } else { stop_price.min(limit) };
            let step = compute_swap_step(at.sqrt_price, target, at.liquidity, at.remaining, self.terms.fee, Fees::V3)?;
            at.count(&step)?;
            at.book_fee(step.fee, share)?;
            let from = std::mem::replace(&mut at.sqrt_price, step.sqrt_price);
            if step.sqrt_price == stop_price {
                match stop.slot {
                    Some(slot) => {
                        self.know_segment(slot, at);
                        self.cross(stop.tick, slot, at, &mut totals, now)?;
                    }
                    None => at.tick = if falling { stop.tick - 1 } else { stop.tick },
                }
            } else if step.sqrt_price != from {
                at.tick = tick_at_sqrt_price(step.sqrt_price)?;
            }
        }
        Ok(on_the_way)
    }

    /// Goes through an initialised tick: turns its outside values round, changes the liquidity in range.
    #[inline]
    pub(super) fn cross(
        &mut self,
        tick: i32,
        slot: u32,
        at: &mut Progress,
        totals: &mut Option<Totals>,
        now: u32,
    ) -> Result<(), Revert> {
        // The oracle's sums are those before the swap: tick and liquidity up to now are the pool's.
        let now_totals = match totals {
            Some(known) => known,
            None => totals.insert(self.totals(now)?),
        };
        now_totals.fee_growth[usize::from(!at.falling)] = at.fee_growth;
        let data = self.ticks.at(slot);
        self.journal.tick(tick, Some(*data));
        data.cross(now_totals);
        let net = if at.falling { data.net.wrapping_neg() } else { data.net };
        at.liquidity = add_delta(at.liquidity, net)?;
        at.tick = if at.falling { tick - 1 } else { tick };
        at.from = Some(tick);
        Ok(())
    }

    /// Writes what the swap came to.
    fn finish(&mut self, done: &Progress, now: u32) {
        let token_in = usize::from(!done.falling);
        if done.tick != self.head.tick {
            self.write_observation(now);
            self.head.tick = done.tick;
        }
        self.head.sqrt_price = done.sqrt_price;
        self.head.liquidity = done.liquidity;
        self.head.fee_growth_global[token_in] = done.fee_growth;
        self.head.protocol_fees[token_in] = self.head.protocol_fees[token_in].wrapping_add(done.protocol_fee);
    }
}

impl Progress {
    /// Counts a step against what remains; checked and unchecked where Solidity 0.7 is.
    #[inline]
    fn count(&mut self, step: &SwapStep) -> Result<(), Revert> {
        let paid = I256::from_u256(step.amount_in.wrapping_add(step.fee)).ok_or(Revert::Empty)?;
        let received = I256::from_u256(step.amount_out).ok_or(Revert::Empty)?;
        let calculated = if self.exact_in {
            self.remaining = self.remaining.wrapping_sub(paid);
            self.calculated.checked_sub(received)
        } else {
            self.remaining = self.remaining.wrapping_add(received);
            self.calculated.checked_add(paid)
        };
        self.calculated = calculated.ok_or(Revert::Empty)?;
        Ok(())
    }

    /// Divides a step's fee between the protocol and the liquidity in range.
    #[inline]
    fn book_fee(&mut self, fee: U256, share: Share) -> Result<(), Revert> {
        let mut fee = fee;
        if share.is_some() {
            let part = share.of(fee)?;
            fee = fee.wrapping_sub(part);
            self.protocol_fee = self.protocol_fee.wrapping_add(part.low_u128());
        }
        if self.liquidity > 0 {
            self.fee_growth = self.fee_growth.wrapping_add(growth(fee, self.liquidity)?);
        }
        Ok(())
    }

    /// What the swap of `amount` came to.
    fn result(&self, amount: I256) -> Swap {
        let specified = amount.wrapping_sub(self.remaining);
        let (amount0, amount1) =
            if self.falling == self.exact_in { (specified, self.calculated) } else { (self.calculated, specified) };
        Swap {
            amount0,
            amount1,
            sqrt_price: self.sqrt_price,
            liquidity: self.liquidity,
            tick: self.tick,
            protocol_fee: self.protocol_fee,
        }
    }
}

impl Left {
    /// Where a swap stands that has just crossed `tick`.
    const fn of(tick: i32, at: &Progress) -> Self {
        Self {
            tick,
            liquidity: at.liquidity,
            remaining: at.remaining,
            calculated: at.calculated,
            fee_growth: at.fee_growth,
            protocol_fee: at.protocol_fee,
        }
    }
}
