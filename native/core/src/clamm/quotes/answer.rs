//! One quote: the search for the segment where it ends, and the partial step in it.
//!
//! catalogue: S4. Allocates nothing. The contract's rules about amounts and limits hold: `AS` for nothing, `SPL` for a
//! limit on the wrong side, and a swap that meets its limit is paid in part.

use super::Quotes;
use super::stop::Stop;
use super::stops::Side;
use crate::clamm::i256::I256;
use crate::clamm::revert::Revert;
use crate::clamm::sqrt_price::{next_price_from_input, next_price_from_output};
use crate::clamm::swap_math::{Fees, compute_swap_step, fee_on, input_between, less_fee, output_between};
use crate::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE, tick_at_sqrt_price};
use crate::clamm::u256::U256;

/// The lowest limit that a swap may have, and what it has when it names none.
pub(crate) const LIMIT_MIN: U256 = U256([MIN_SQRT_PRICE.0[0] + 1, 0, 0, 0]);
/// The highest limit that a swap may have, and what it has when it names none.
pub(crate) const LIMIT_MAX: U256 =
    U256([MAX_SQRT_PRICE.0[0] - 1, MAX_SQRT_PRICE.0[1], MAX_SQRT_PRICE.0[2], MAX_SQRT_PRICE.0[3]]);

/// What a swap would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// What is paid in, with the fee.
    pub amount_in: U256,
    /// What is paid out.
    pub amount_out: U256,
    /// The price afterwards.
    pub sqrt_price: U256,
    /// The liquidity in range afterwards.
    pub liquidity: u128,
    /// How many initialised ticks are crossed.
    pub crossed: u32,
    /// Whether the whole amount was swapped; else the price met its limit.
    pub whole: bool,
    /// The tick afterwards, where it is known without the price.
    pub(super) at: Option<i32>,
}

impl Quote {
    /// The tick that the pool stores afterwards.
    #[must_use]
    pub fn tick(&self) -> i32 {
        // invariant: a swap ends between the limits, where every price has a tick.
        self.at.or_else(|| tick_at_sqrt_price(self.sqrt_price).ok()).unwrap_or_default()
    }
}

/// What is asked: an amount of the token in, or out.
#[derive(Clone, Copy)]
struct Ask {
    zero_for_one: bool,
    exact_in: bool,
    amount: U256,
    fee_millionths: u32,
}

/// The limit that holds: the one named, if a swap from `price` may have it, else `SPL`.
#[inline]
pub(super) fn limit_of(price: U256, zero_for_one: bool, named: Option<U256>) -> Result<U256, Revert> {
    let Some(limit) = named else { return Ok(if zero_for_one { LIMIT_MIN } else { LIMIT_MAX }) };
    let allowed = if zero_for_one { LIMIT_MIN <= limit && limit < price } else { price < limit && limit <= LIMIT_MAX };
    if allowed { Ok(limit) } else { Err(Revert::Spl) }
}

/// Refuses what no swap can be of: `AS` for 0, a bare revert for what an `int256` does not hold. An output may be 2^255,
/// because the lowest `int256` is its own negative and the contract takes it for that amount.
#[inline]
pub(super) fn amount_of(exact_in: bool, amount: U256) -> Result<U256, Revert> {
    if amount.is_zero() {
        return Err(Revert::As);
    }
    let lowest = !exact_in && amount == U256([0, 0, 0, 1 << 63]);
    if amount.0[3] >> 63 == 0 || lowest { Ok(amount) } else { Err(Revert::Empty) }
}

impl Quotes {
    /// What a swap of `amount` would do: of the token in when `exact_in`, else of the token out. `limit` is the price
    /// that it does not pass. `AS`, `SPL` or a bare revert as the pool says it.
    #[inline]
    pub fn quote(
        &self,
        zero_for_one: bool,
        exact_in: bool,
        amount: U256,
        limit: Option<U256>,
    ) -> Result<Quote, Revert> {
        if limit.is_none()
            && let Some((ended, before)) = self.partial(zero_for_one, exact_in, amount)
        {
            let other = U256::from(ended.other);
            let (amount_in, amount_out) = if exact_in { (amount, other) } else { (other, amount) };
            return Ok(Quote {
                amount_in,
                amount_out,
                sqrt_price: U256::from(ended.sqrt_price),
                liquidity: before.liquidity,
                crossed: ended.crossed,
                whole: true,
                at: None,
            });
        }
        self.quote_long(zero_for_one, exact_in, amount, limit)
    }

    /// The same in full width, with limits, and where a swap ends at a stop.
    #[inline(never)]
    fn quote_long(
        &self,
        zero_for_one: bool,
        exact_in: bool,
        amount: U256,
        limit: Option<U256>,
    ) -> Result<Quote, Revert> {
        let amount = amount_of(exact_in, amount)?;
        let side = self.side(zero_for_one);
        let ask = Ask { zero_for_one, exact_in, amount, fee_millionths: self.state().fee_millionths };
        let index = if exact_in { side.by_paid(amount) } else { side.by_got(amount) };
        // Without a limit only the last segment can meet one: it ends at the end of the range, which is behind it.
        if limit.is_none() && index + 1 < side.stops().len() {
            return ask.within(&side.stops()[index - 1], &side.stops()[index]);
        }
        ask.limited(side, index, limit_of(self.state().sqrt_price, zero_for_one, limit)?)
    }
}

impl Ask {
    #[inline(always)]
    fn sum(&self, stop: &Stop) -> U256 {
        if self.exact_in { stop.paid } else { stop.got }
    }

    /// The swap ends in the segment between these stops, or exactly at its end.
    #[inline(always)]
    fn within(&self, before: &Stop, after: &Stop) -> Result<Quote, Revert> {
        if self.sum(after) == self.amount {
            return Ok(ended(after, true));
        }
        let left = self.amount.wrapping_sub(self.sum(before));
        if self.exact_in { self.partial_in(before, left) } else { self.partial_out(before, after, left) }
    }

    #[inline(always)]
    fn partial_in(&self, before: &Stop, left: U256) -> Result<Quote, Revert> {
        let (price, liquidity) = (before.sqrt_price, before.liquidity);
        let next = next_price_from_input(price, liquidity, less_fee(left, self.fee_millionths)?, self.zero_for_one)?;
        let got = output_between(self.zero_for_one, price, next, liquidity)?;
        Ok(Quote {
            amount_in: self.amount,
            amount_out: before.got.wrapping_add(got),
            sqrt_price: next,
            liquidity,
            crossed: before.crossed,
            whole: true,
            at: (next == price).then_some(before.tick),
        })
    }

    #[inline(always)]
    fn partial_out(&self, before: &Stop, after: &Stop, left: U256) -> Result<Quote, Revert> {
        let (price, liquidity) = (before.sqrt_price, before.liquidity);
        let next = next_price_from_output(price, liquidity, left, self.zero_for_one)?;
        let amount_in = input_between(self.zero_for_one, price, next, liquidity)?;
        let paid = amount_in.wrapping_add(fee_on(amount_in, self.fee_millionths)?);
        // Rounding can carry the price to the next stop though less is taken than the segment holds.
        let landed = if next == after.sqrt_price { after } else { before };
        Ok(Quote {
            amount_in: before.paid.wrapping_add(paid),
            amount_out: self.amount,
            sqrt_price: next,
            liquidity: landed.liquidity,
            crossed: landed.crossed,
            whole: true,
            at: (next == landed.sqrt_price).then_some(landed.tick),
        })
    }

    /// The swap ends at stop `index` or before it, unless it meets the limit first.
    #[inline(never)]
    fn limited(&self, side: &Side, index: usize, limit: U256) -> Result<Quote, Revert> {
        let stops = side.stops();
        let reach = side.by_price(self.zero_for_one, limit);
        if index < reach {
            return match stops.get(index) {
                Some(after) => self.within(&stops[index - 1], after),
                None => Ok(emptied(&stops[stops.len() - 1], limit)),
            };
        }
        match stops.get(reach) {
            None => Ok(emptied(&stops[stops.len() - 1], limit)),
            Some(end) if end.sqrt_price == limit && index == reach => self.within(&stops[reach - 1], end),
            Some(end) if end.sqrt_price == limit => Ok(ended(end, false)),
            Some(_) => self.towards(&stops[reach - 1], limit),
        }
    }

    /// The last segment is cut by the limit: one step of the contract's own.
    fn towards(&self, before: &Stop, limit: U256) -> Result<Quote, Revert> {
        let left = self.amount.wrapping_sub(self.sum(before));
        let signed = I256::from_sign_and_size(!self.exact_in, left).ok_or(Revert::Empty)?;
        let step =
            compute_swap_step(before.sqrt_price, limit, before.liquidity, signed, self.fee_millionths, Fees::V3)?;
        let paid = step.amount_in.wrapping_add(step.fee);
        Ok(Quote {
            amount_in: before.paid.wrapping_add(paid),
            amount_out: before.got.wrapping_add(step.amount_out),
            sqrt_price: step.sqrt_price,
            liquidity: before.liquidity,
            crossed: before.crossed,
            whole: left == if self.exact_in { paid } else { step.amount_out },
            at: (step.sqrt_price == before.sqrt_price).then_some(before.tick),
        })
    }
}

/// The swap ends exactly at a stop.
#[inline]
fn ended(stop: &Stop, whole: bool) -> Quote {
    Quote {
        amount_in: stop.paid,
        amount_out: stop.got,
        sqrt_price: stop.sqrt_price,
        liquidity: stop.liquidity,
        crossed: stop.crossed,
        whole,
        at: Some(stop.tick),
    }
}

/// Nothing is left behind the last stop: the price runs on to the limit, and nothing more is paid or got.
fn emptied(stop: &Stop, limit: U256) -> Quote {
    let at = (stop.sqrt_price == limit).then_some(stop.tick);
    Quote { sqrt_price: limit, at, ..ended(stop, false) }
}
