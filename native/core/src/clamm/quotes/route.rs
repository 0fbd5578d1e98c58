//! One amount over several pools of the same pair: the split whose marginal prices are equal.
//!
//! catalogue: S4. Along a swap let w be the inverse square root of what one more unit in would yield after the fee.
//! Inside a segment of liquidity L the input grows by L / sqrt(1 - f) for each unit of w, in either direction; so the
//! total input of all pools is piecewise linear in w, its corners are the stops, and the w of an amount is found in
//! closed form. That sum is taken in floating point: it only says where the optimum lies, whose neighbourhood is flat.
//! The parts are integers that add up to the amount, and every yield is an exact quote.

use super::{Quote, Quotes};
use crate::clamm::revert::Revert;
use crate::clamm::swap_math::FEE_ONE;
use crate::clamm::u256::U256;
use crate::quote::math::sqrt;

/// 2^96 as a float.
const Q96: f64 = 79_228_162_514_264_337_593_543_950_336.0;

/// A pool that offers the pair, and the direction in which it is swapped.
#[derive(Debug, Clone, Copy)]
pub struct Venue<'a> {
    /// The pool.
    pub quotes: &'a Quotes,
    /// Whether its token 0 is the one paid in.
    pub zero_for_one: bool,
}

/// How an amount is split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// For each pool in the order given: what is paid into it, and its exact quote; `None` where it gets nothing.
    pub parts: Vec<Option<Quote>>,
    /// What is paid out in all.
    pub amount_out: U256,
}

/// A number as a float, wrong by at most 2^-52 of itself.
pub(super) fn float(value: &U256) -> f64 {
    const LIMB: f64 = 18_446_744_073_709_551_616.0;
    value.0.iter().rev().fold(0.0, |sum, limb| sum * LIMB + *limb as f64)
}

/// The integer part of a float that is at least 0; what is beyond 2^256 saturates.
fn integer(value: f64) -> U256 {
    let Some(scale) = (value >= 1.0).then(|| (value.to_bits() >> 52) as u32 & 0x7ff).and_then(|e| e.checked_sub(1075))
    else {
        return U256::from(value as u64);
    };
    let digits = U256::from(value.to_bits() & ((1 << 52) - 1) | 1 << 52);
    if scale > 203 { U256::MAX } else { digits << scale }
}

/// One pool on its way along w.
struct Along<'a> {
    venue: Venue<'a>,
    index: usize,
    root: f64,
}

impl Venue<'_> {
    /// The share of an input that is left after the fee, as its square root.
    fn root(&self) -> f64 {
        sqrt(f64::from(FEE_ONE - self.quotes.state().fee_millionths) / f64::from(FEE_ONE))
    }

    /// w at a price: the inverse square root of the marginal yield after the fee.
    fn w(&self, sqrt_price: &U256, root: f64) -> f64 {
        let price = float(sqrt_price) / Q96;
        if self.zero_for_one { 1.0 / (price * root) } else { price / root }
    }
}

impl Along<'_> {
    fn new(venue: Venue<'_>) -> Along<'_> {
        Along { venue, index: 0, root: venue.root() }
    }

    /// w at the stop `ahead` of where it is; infinite behind the last.
    fn w(&self, ahead: usize) -> f64 {
        let stops = self.venue.quotes.side(self.venue.zero_for_one).stops();
        stops.get(self.index + ahead).map_or(f64::INFINITY, |stop| self.venue.w(&stop.sqrt_price, self.root))
    }

    /// Input at its stop, and input for each unit of w behind it.
    fn line(&self) -> (f64, f64) {
        let stops = self.venue.quotes.side(self.venue.zero_for_one).stops();
        stops.get(self.index).map_or((0.0, 0.0), |stop| {
            let slope = if self.index + 1 < stops.len() { stop.liquidity as f64 / self.root } else { 0.0 };
            (float(&stop.paid), slope)
        })
    }

    /// What it takes to bring this pool to `w`.
    fn input(&self, w: f64) -> f64 {
        let (paid, slope) = self.line();
        paid + slope * (w - self.w(0)).max(0.0)
    }
}

/// Splits an exact input over pools of one pair so that all of it yields the most.
///
/// `AS` for 0, a bare revert from 2^255 on or without a pool, `SPL` when the pools together cannot take the amount.
pub fn best_route(venues: &[Venue<'_>], amount: U256) -> Result<Route, Revert> {
    let amount = super::answer::amount_of(true, amount)?;
    let parts = split(venues, amount)?;
    let mut best = quoted(venues, &parts);
    // A split is not always better than one pool: roundings, or an amount that is small for the fee's granularity.
    for alone in 0..venues.len() {
        let parts: Vec<U256> = (0..venues.len()).map(|at| if at == alone { amount } else { U256::ZERO }).collect();
        let route = quoted(venues, &parts);
        if route.as_ref().is_some_and(|one| best.as_ref().is_none_or(|best| one.amount_out > best.amount_out)) {
            best = route;
        }
    }
    best.ok_or(Revert::Spl)
}

/// The parts: the amount's w in closed form, each pool's input there, and what rounding left over to the deepest pool.
fn split(venues: &[Venue<'_>], amount: U256) -> Result<Vec<U256>, Revert> {
    let mut pools: Vec<Along<'_>> = venues.iter().map(|venue| Along::new(*venue)).collect();
    let target = float(&amount);
    let w = level(&mut pools, target).ok_or(Revert::Empty)?;
    let mut parts: Vec<U256> = Vec::with_capacity(pools.len());
    let mut left = amount;
    for pool in &pools {
        let part = integer(pool.input(w)).min(left);
        left = left.wrapping_sub(part);
        parts.push(part);
    }
    let active = |pool: &&(usize, f64)| pool.1 > 0.0;
    let slopes: Vec<(usize, f64)> =
        pools.iter().map(|pool| if pool.w(0) < w { pool.line().1 } else { 0.0 }).enumerate().collect();
    let deepest = slopes.iter().filter(active).max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| *at);
    parts[deepest] = parts[deepest].wrapping_add(left);
    Ok(parts)
}

/// Walks all pools from corner to corner until the total input reaches `target`; each pool is left at its last stop
/// before that, and the w is returned. `None` without a pool.
fn level(pools: &mut [Along<'_>], target: f64) -> Option<f64> {
    let mut w = pools.iter().map(|pool| pool.w(0)).min_by(f64::total_cmp)?;
    loop {
        let slope: f64 = pools.iter().filter(|pool| pool.w(0) <= w).map(|pool| pool.line().1).sum();
        let total: f64 = pools.iter().map(|pool| pool.input(w)).sum();
        let corner = |pool: &Along<'_>| if pool.w(0) > w { pool.w(0) } else { pool.w(1) };
        let (next, at) =
            pools.iter().enumerate().map(|(at, pool)| (corner(pool), at)).min_by(|a, b| a.0.total_cmp(&b.0))?;
        if total >= target || next == f64::INFINITY || total + slope * (next - w) >= target {
            return Some(if slope > 0.0 { w + (target - total).max(0.0) / slope } else { w });
        }
        if pools[at].w(0) <= w {
            pools[at].index += 1;
        }
        w = next.max(w);
    }
}

/// The exact quotes of the parts; `None` when a pool cannot take its part.
fn quoted(venues: &[Venue<'_>], parts: &[U256]) -> Option<Route> {
    let mut route = Route { parts: Vec::with_capacity(parts.len()), amount_out: U256::ZERO };
    for (venue, part) in venues.iter().zip(parts) {
        let quote = match part.is_zero() {
            true => None,
            false => Some(venue.quotes.quote(venue.zero_for_one, true, *part, None).ok().filter(|quote| quote.whole)?),
        };
        route.amount_out = route.amount_out.checked_add(quote.map_or(U256::ZERO, |quote| quote.amount_out))?;
        route.parts.push(quote);
    }
    Some(route)
}
