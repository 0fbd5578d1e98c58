//! The partial step of a quote where 128 bits hold every number of it: what the stop before it fixes is ready.
//!
//! catalogue: S4. The same step as `answer` takes in full width, to the last bit; `None` where a number is too long, where
//! the swap ends at a stop itself, and where a rounding is not certain (`narrow`). Then `answer` takes it.

use super::Quotes;
use super::stop::Stop;
use crate::clamm::narrow::{Divisor, Word, amount0, amount1, distance0};
use crate::clamm::swap_math::{FEE_ONE, IN_MILLIONTHS, MILLIONS_MAX};
use crate::clamm::u256::U256;

/// A pool's fee, ready to be added to an amount or taken off it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fee {
    /// What is left of one, in millionths.
    rest: u128,
    divisor: Word,
}

impl Fee {
    /// The fee in millionths, below a million.
    pub(super) fn new(fee_millionths: u32) -> Self {
        let rest = u64::from(FEE_ONE.saturating_sub(fee_millionths));
        Self { rest: rest.into(), divisor: Word::new(rest) }
    }

    /// floor(amount * (1 - f)).
    #[inline(always)]
    fn less(&self, amount: u128) -> Option<u128> {
        if amount < MILLIONS_MAX { Some(IN_MILLIONTHS.divide(amount * self.rest).0) } else { None }
    }

    /// ceil(amount / (1 - f)), which is the amount and ceil(amount * f / (1 - f)).
    #[inline(always)]
    fn with(&self, amount: u128) -> Option<u128> {
        if amount >= MILLIONS_MAX {
            return None;
        }
        let (whole, more) = self.divisor.divide(amount * u128::from(FEE_ONE));
        whole.checked_add(u128::from(more))
    }
}

/// Where a partial step ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partial {
    /// What is paid out for an exact input, what is paid in for an exact output, in all.
    pub(super) other: u128,
    pub(super) sqrt_price: u128,
    /// How many initialised ticks were crossed before.
    pub(super) crossed: u32,
}

/// A stop as a partial step behind it needs it; a liquidity of 0 where one of its numbers is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    sqrt_price: u128,
    paid: u128,
    got: u128,
    pub(super) liquidity: u128,
    divisor: Divisor,
    crossed: u32,
}

impl Start {
    /// Of a stop.
    pub(super) fn new(stop: &Stop) -> Self {
        let numbers = [stop.sqrt_price, stop.paid, stop.got].map(|number| number.to_u128());
        let (sqrt_price, paid, got, liquidity) = match numbers {
            [Some(price), Some(paid), Some(got)] => (price, paid, got, stop.liquidity),
            _ => (0, 0, 0, 0),
        };
        Self { sqrt_price, paid, got, liquidity, divisor: Divisor::new(liquidity), crossed: stop.crossed }
    }

    /// An exact input of `amount` in all, which ends behind this stop and before the next.
    #[inline(always)]
    fn exact_in(&self, zero_for_one: bool, amount: u128, fee: &Fee) -> Option<Partial> {
        let given = fee.less(amount.checked_sub(self.paid)?)?;
        let (distance, got) = if zero_for_one {
            let distance = distance0(self.sqrt_price, self.liquidity, given, true)?;
            (distance, amount1(distance, self.liquidity, false)?)
        } else {
            let (distance, _) = self.divisor.of_scaled(given, 96)?;
            (distance, amount0(self.sqrt_price, self.sqrt_price.checked_add(distance)?, self.liquidity, false)?)
        };
        self.ended(zero_for_one, distance, self.got.checked_add(got)?)
    }

    /// An exact output of `amount` in all, which ends behind this stop and before the next, `after`.
    #[inline(always)]
    fn exact_out(&self, zero_for_one: bool, amount: u128, after: &Self, fee: &Fee) -> Option<Partial> {
        let taken = amount.checked_sub(self.got)?;
        let (distance, given) = if zero_for_one {
            let (floor, more) = self.divisor.of_scaled(taken, 96)?;
            let distance = floor.checked_add(u128::from(more))?;
            (distance, amount0(self.sqrt_price.checked_sub(distance)?, self.sqrt_price, self.liquidity, true)?)
        } else {
            let distance = distance0(self.sqrt_price, self.liquidity, taken, false)?;
            (distance, amount1(distance, self.liquidity, true)?)
        };
        // Rounding can carry the price to the next stop, where more would change than the price; a price of 0 is none.
        if after.sqrt_price == 0 || distance >= self.sqrt_price.abs_diff(after.sqrt_price) {
            return None;
        }
        self.ended(zero_for_one, distance, self.paid.checked_add(fee.with(given)?)?)
    }

    /// The answer; nothing where the price has not moved, because the tick is then the stop's.
    #[inline(always)]
    fn ended(&self, zero_for_one: bool, distance: u128, other: u128) -> Option<Partial> {
        let price =
            if zero_for_one { self.sqrt_price.checked_sub(distance) } else { self.sqrt_price.checked_add(distance) };
        if distance == 0 { None } else { Some(Partial { other, sqrt_price: price?, crossed: self.crossed }) }
    }
}

impl Quotes {
    /// The whole swap of `amount`, if it ends within a segment and 128 bits hold it.
    #[inline(always)]
    pub(super) fn partial(&self, zero_for_one: bool, exact_in: bool, amount: U256) -> Option<(Partial, &Start)> {
        let amount = amount.to_u128()?;
        let (before, after) = self.side(zero_for_one).around(exact_in, amount)?;
        let ended = if exact_in {
            before.exact_in(zero_for_one, amount, &self.fee)
        } else {
            before.exact_out(zero_for_one, amount, after, &self.fee)
        };
        ended.map(|ended| (ended, before))
    }
}
