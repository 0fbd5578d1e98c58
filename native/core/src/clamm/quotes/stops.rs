//! Where a swap in one direction stops, and what it has paid and got when it gets there.
//!
//! catalogue: S4. A swap steps from initialised tick to initialised tick, but never past the edge of a bitmap word, and
//! rounds at each stop. A segment is crossed whole exactly when the amount reaches its sum: what is left of R after the
//! fee is at least `in` if and only if R >= ceil(in * 1e6 / (1e6 - f)), and that is in + ceil(in * f / (1e6 - f)), the
//! input with its fee. So sums over whole segments are exact, and a binary search finds the segment where a swap ends.

use super::partial::Start;
use super::stop::Stop;
use super::{PoolState, field};
use crate::clamm::liquidity_math::add_delta;
use crate::clamm::swap_math::{fee_on, input_between, output_between};
use crate::clamm::tick_math::{MAX_TICK, MIN_TICK, price_of};
use crate::clamm::u256::U256;
use crate::error::Result;

/// The stops of one direction. The first is where the pool stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    stops: Vec<Stop>,
    /// The sums once more as 128 bits, saturating: half the memory to search, and no real amount is longer.
    paid: Vec<u128>,
    got: Vec<u128>,
    /// The stops once more, ready for the partial step behind them.
    starts: Vec<Start>,
}

/// What one segment costs and yields.
#[derive(Clone, Copy)]
struct Segment {
    paid: U256,
    got: U256,
}

impl Side {
    /// Walks the ticks once. `old` is the same pool's side before: segments that are unchanged are taken from it.
    pub(super) fn new<const DOWN: bool>(state: &PoolState, ticks: &[(i32, i128)], old: Option<&Self>) -> Result<Self> {
        let mut walk = Walk::<DOWN>::new(state, ticks);
        let here = Stop {
            sqrt_price: state.sqrt_price,
            paid: U256::ZERO,
            got: U256::ZERO,
            liquidity: state.liquidity,
            tick: state.tick,
            crossed: 0,
        };
        let mut side = Self { stops: vec![here], paid: vec![0], got: vec![0], starts: vec![Start::new(&here)] };
        let mut known = Known::<DOWN>::new(old);
        let mut at = here;
        while let Some((tick, net)) = walk.next(at.liquidity) {
            let sqrt_price = known.price(tick);
            let segment = match known.segment(&at, &sqrt_price) {
                Some(segment) => segment,
                None => segment::<DOWN>(&at, sqrt_price, state.fee_millionths)?,
            };
            // invariant: a segment is below 2^213 (2^128 of liquidity over the whole range, and its fee), and there are
            // fewer than 2^21 of them, so the sums do not wrap.
            at.paid = at.paid.wrapping_add(segment.paid);
            at.got = at.got.wrapping_add(segment.got);
            at.sqrt_price = sqrt_price;
            at.tick = if DOWN { tick - 1 } else { tick };
            if let Some(net) = net {
                at.liquidity = crossed::<DOWN>(at.liquidity, tick, net)?;
                at.crossed += 1;
            }
            side.push(at);
        }
        Ok(side)
    }

    fn push(&mut self, stop: Stop) {
        self.stops.push(stop);
        self.paid.push(stop.paid.to_u128().unwrap_or(u128::MAX));
        self.got.push(stop.got.to_u128().unwrap_or(u128::MAX));
        self.starts.push(Start::new(&stop));
    }

    /// The segment where a sum of 128 bits ends, if it ends before that segment's own end: the stops around it.
    #[inline(always)]
    pub(super) fn around(&self, exact_in: bool, amount: u128) -> Option<(&Start, &Start)> {
        let sums = if exact_in { &self.paid } else { &self.got };
        let index = sums.partition_point(|sum| *sum < amount);
        // The last segment ends at the end of the range, where other rules hold.
        if index + 1 >= sums.len() || sums[index] == amount {
            return None;
        }
        Some((self.starts.get(index.checked_sub(1)?)?, self.starts.get(index)?))
    }

    /// Every stop, in the order of a swap.
    #[must_use]
    pub fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// The first stop where the sum paid in is at least `amount`; the number of stops when there is none.
    #[must_use]
    #[inline]
    pub fn by_paid(&self, amount: U256) -> usize {
        match amount.to_u128() {
            Some(small) if small < u128::MAX => self.paid.partition_point(|sum| *sum < small),
            _ => self.stops.partition_point(|stop| stop.paid < amount),
        }
    }

    /// The first stop where the sum paid out is at least `amount`; the number of stops when there is none.
    #[must_use]
    #[inline]
    pub fn by_got(&self, amount: U256) -> usize {
        match amount.to_u128() {
            Some(small) if small < u128::MAX => self.got.partition_point(|sum| *sum < small),
            _ => self.stops.partition_point(|stop| stop.got < amount),
        }
    }

    /// The first stop at `price` or behind it; the number of stops when there is none.
    #[must_use]
    pub fn by_price(&self, zero_for_one: bool, price: U256) -> usize {
        if zero_for_one {
            self.stops.partition_point(|stop| stop.sqrt_price > price)
        } else {
            self.stops.partition_point(|stop| stop.sqrt_price < price)
        }
    }
}

/// Liquidity behind an initialised tick; a `Field` error when the ticks' net liquidity cannot be a pool's.
pub(super) fn crossed<const DOWN: bool>(liquidity: u128, tick: i32, net: i128) -> Result<u128> {
    let change = if DOWN { net.checked_neg() } else { Some(net) };
    let after = change.and_then(|change| add_delta(liquidity, change).ok());
    after.ok_or_else(|| field("ticks", &tick, "would leave less than no liquidity, or more than 128 bits"))
}

/// From a stop to a price, whole.
fn segment<const DOWN: bool>(from: &Stop, to: U256, fee_millionths: u32) -> Result<Segment> {
    if from.liquidity == 0 {
        return Ok(Segment { paid: U256::ZERO, got: U256::ZERO });
    }
    let amounts = input_between(DOWN, from.sqrt_price, to, from.liquidity).and_then(|amount| {
        let fee = fee_on(amount, fee_millionths)?;
        Ok(Segment { paid: amount.wrapping_add(fee), got: output_between(DOWN, from.sqrt_price, to, from.liquidity)? })
    });
    // invariant: prices are above 0 and fees below a million, so nothing reverts.
    amounts.map_err(|_| field("sqrt_price", &to, "must be above 0"))
}

/// What an older side knows: prices of ticks, and segments between the same prices with the same liquidity.
struct Known<'a, const DOWN: bool> {
    stops: &'a [Stop],
    at: usize,
}

impl<'a, const DOWN: bool> Known<'a, DOWN> {
    fn new(old: Option<&'a Side>) -> Self {
        Self { stops: old.map_or(&[], |side| side.stops.get(1..).unwrap_or_default()), at: 0 }
    }

    /// The price of a tick; ticks are asked for in the order of the swap.
    fn price(&mut self, tick: i32) -> U256 {
        let stored = if DOWN { tick - 1 } else { tick };
        let behind = |stop: &Stop| if DOWN { stop.tick > stored } else { stop.tick < stored };
        while self.stops.get(self.at).is_some_and(behind) {
            self.at += 1;
        }
        match self.stops.get(self.at) {
            Some(stop) if stop.tick == stored => stop.sqrt_price,
            _ => price_of(tick),
        }
    }

    /// The segment that ends at the price just given, if it is one of the old ones.
    fn segment(&self, from: &Stop, to: &U256) -> Option<Segment> {
        let (before, after) = (self.stops.get(self.at.checked_sub(1)?)?, self.stops.get(self.at)?);
        let same =
            before.sqrt_price == from.sqrt_price && before.liquidity == from.liquidity && after.sqrt_price == *to;
        same.then(|| Segment { paid: after.paid.wrapping_sub(before.paid), got: after.got.wrapping_sub(before.got) })
    }
}

/// The next stop, as the contract's loop over the bitmap finds it.
struct Walk<'a, const DOWN: bool> {
    ticks: &'a [(i32, i128)],
    spacing: i32,
    /// The compressed tick where the search goes on.
    compressed: i32,
    done: bool,
}

impl<'a, const DOWN: bool> Walk<'a, DOWN> {
    fn new(state: &PoolState, ticks: &'a [(i32, i128)]) -> Self {
        let split = ticks.partition_point(|(tick, _)| *tick <= state.tick);
        let (below, above) = ticks.split_at(split);
        let compressed = state.tick.div_euclid(state.tick_spacing);
        Self { ticks: if DOWN { below } else { above }, spacing: state.tick_spacing, compressed, done: false }
    }

    /// The tick of the next stop, and its net liquidity when it is initialised. `None` at the end of the range, and
    /// where nothing is left that could be paid or got.
    fn next(&mut self, liquidity: u128) -> Option<(i32, Option<i128>)> {
        if self.done || self.ticks.is_empty() && liquidity == 0 {
            return None;
        }
        let edge = if DOWN { self.compressed & !0xff } else { (self.compressed + 1) | 0xff };
        let nearest = if DOWN { self.ticks.last() } else { self.ticks.first() };
        let edge_tick = edge * self.spacing;
        let within = nearest.filter(|(tick, _)| if DOWN { *tick >= edge_tick } else { *tick <= edge_tick });
        if let Some((tick, net)) = within.copied() {
            self.ticks = if DOWN { &self.ticks[..self.ticks.len() - 1] } else { &self.ticks[1..] };
            self.compressed = tick / self.spacing - i32::from(DOWN);
            self.done = tick == if DOWN { MIN_TICK } else { MAX_TICK };
            return Some((tick, Some(net)));
        }
        self.compressed = edge - i32::from(DOWN);
        let tick = edge_tick.clamp(MIN_TICK, MAX_TICK);
        self.done = tick == if DOWN { MIN_TICK } else { MAX_TICK };
        Some((tick, None))
    }
}
