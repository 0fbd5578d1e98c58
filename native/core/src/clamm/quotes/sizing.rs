//! How much may be swapped: the largest input whose price, or whose cost, stays within a limit.
//!
//! catalogue: S4. The segment comes from the sums at the stops, the last wei from quotes: what is returned keeps the
//! limit, and one unit more does not. Allocates nothing.

use super::Quotes;
use super::answer::limit_of;
use crate::clamm::full_math::mul_div_up;
use crate::clamm::revert::Revert;
use crate::clamm::swap_math::{FEE_ONE, fee_on, input_between};
use crate::clamm::u256::U256;

/// 2^96, the unit of a square-root price.
const Q96: U256 = U256([0, 1 << 32, 0, 0]);
/// The longest amount that a swap takes.
const AMOUNT_BITS: u32 = 255;

impl Quotes {
    /// The largest exact input after which the price is not beyond `limit`; 0 when nothing at all can be swapped so.
    /// `SPL` for a limit that no swap in this direction may have.
    pub fn size_to_price(&self, zero_for_one: bool, limit: U256) -> Result<U256, Revert> {
        let limit = limit_of(self.state().sqrt_price, zero_for_one, Some(limit))?;
        let side = self.side(zero_for_one);
        let reach = side.by_price(zero_for_one, limit);
        let Some(before) = side.stops().get(reach - 1) else { return Err(Revert::Empty) };
        let keeps = |size| self.keeps_price(zero_for_one, size, limit);
        if reach == side.stops().len() {
            return Ok(largest(before.paid, keeps));
        }
        let amount = input_between(zero_for_one, before.sqrt_price, limit, before.liquidity)?;
        let fee = fee_on(amount, self.state().fee_millionths)?;
        // What reaching the limit costs was rounded up, so without the limit it can carry the price past it; or some
        // more can be paid in without moving the price.
        let near = before.paid.wrapping_add(amount).wrapping_add(fee);
        // Where there is no liquidity up to the limit, nothing (which is no swap) is near.
        let above = near == before.paid || keeps(near);
        Ok(if above { largest(near, keeps) } else { largest_below(before.paid, near, keeps) })
    }

    fn keeps_price(&self, zero_for_one: bool, size: U256, limit: U256) -> bool {
        self.quote(zero_for_one, true, size, None).is_ok_and(|quote| {
            let within = if zero_for_one { quote.sqrt_price >= limit } else { quote.sqrt_price <= limit };
            quote.whole && within
        })
    }

    /// The largest exact input that is paid out at no worse than the pool's price less `impact_millionths`, the fee
    /// being part of the cost; 0 when the fee alone costs more. `Empty` for an impact of a million or more. Where one
    /// unit of fee weighs (few units, or a price of many millions), or one of the price (liquidity of 2^96 and more), a
    /// larger one can be cheap again: then it is not found.
    pub fn size_for_impact(&self, zero_for_one: bool, impact_millionths: u32) -> Result<U256, Revert> {
        let keep = FEE_ONE.checked_sub(impact_millionths).filter(|keep| *keep > 0).ok_or(Revert::Empty)?;
        let stops = self.side(zero_for_one).stops();
        let cheap = |paid: U256, got: U256| self.is_cheap(zero_for_one, paid, got, keep);
        let first_dear = 1 + stops[1..].partition_point(|stop| stop.paid.is_zero() || cheap(stop.paid, stop.got));
        let (least, most) = (stops[first_dear - 1].paid, stops.get(first_dear).map(|stop| stop.paid));
        Ok(halved(least, most.unwrap_or(U256::ONE << AMOUNT_BITS), |size| {
            self.quote(zero_for_one, true, size, None)
                .is_ok_and(|quote| quote.whole && cheap(quote.amount_in, quote.amount_out))
        }))
    }

    /// Whether `got` is at least the share `keep` of what `paid` is worth at the pool's price.
    fn is_cheap(&self, zero_for_one: bool, paid: U256, got: U256, keep: u32) -> bool {
        let price = self.state().sqrt_price;
        let (times, by) = if zero_for_one { (price, Q96) } else { (Q96, price) };
        // Rounded up at each step: what is let through is never worse than the limit, not even by a unit.
        mul_div_up(paid, times, by)
            .and_then(|once| mul_div_up(once, times, by))
            .and_then(|worth| mul_div_up(worth, U256::from(u64::from(keep)), U256::from(u64::from(FEE_ONE))))
            .is_ok_and(|least| got >= least)
    }
}

/// The largest size for which `fits` holds, when it holds up to some size and not beyond: from `least`, which is
/// returned when nothing above it fits.
fn largest(least: U256, fits: impl Fn(U256) -> bool) -> U256 {
    let (mut low, mut stride) = (least, U256::ONE);
    // Doubling strides from below: the answer is near.
    loop {
        let next = low.wrapping_add(stride);
        if next.bits() > AMOUNT_BITS || !fits(next) {
            return bisected(low, next, fits);
        }
        (low, stride) = (next, stride << 1);
    }
}

/// As `largest`, where so small an amount does not fit either, because nothing is paid out for it: the distance to
/// `most`, which does not fit, is halved until a size fits.
fn halved(least: U256, most: U256, fits: impl Fn(U256) -> bool) -> U256 {
    let mut high = most;
    while high.wrapping_sub(least) > U256::ONE {
        let next = least.wrapping_add(high.wrapping_sub(least) >> 1);
        if fits(next) {
            return bisected(next, high, fits);
        }
        high = next;
    }
    least
}

/// As `largest`, where the answer is likelier near `most`, which does not fit.
fn largest_below(least: U256, most: U256, fits: impl Fn(U256) -> bool) -> U256 {
    let (mut high, mut stride) = (most, U256::ONE);
    while let Some(next) = high.checked_sub(stride).filter(|next| *next > least) {
        if fits(next) {
            return bisected(next, high, fits);
        }
        (high, stride) = (next, stride << 1);
    }
    bisected(least, high, fits)
}

/// Halves what lies between a size that fits and one that does not, down to neighbours.
fn bisected(mut low: U256, mut high: U256, fits: impl Fn(U256) -> bool) -> U256 {
    while high > low && high.wrapping_sub(low) > U256::ONE {
        let middle = low.wrapping_add(high.wrapping_sub(low) >> 1);
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}
