//! The speed form against the contract's loop on random pools, and what is built on quotes against brute force.

use proptest::prelude::*;

use super::cycle::{Edge, best_cycle};
use super::route::{Venue, best_route};
use super::steps::Steps;
use super::{PoolState, Quote, Quotes};
use crate::clamm::tick_math::{MAX_TICK, MIN_TICK, price_of, tick_at_sqrt_price};
use crate::clamm::u256::U256;

/// A pool with positions: net liquidity of their ticks, and what of it is in range.
#[derive(Debug, Clone)]
struct Pool {
    state: PoolState,
    ticks: Vec<(i32, i128)>,
}

impl Pool {
    fn new(sqrt_price: U256, tick_spacing: i32, fee_millionths: u32, positions: &[(i32, i32, u128)]) -> Self {
        let tick = tick_at_sqrt_price(sqrt_price).unwrap_or_default();
        let mut net = std::collections::BTreeMap::<i32, i128>::new();
        let mut liquidity = 0;
        for (lower, upper, amount) in positions {
            *net.entry(*lower).or_default() += *amount as i128;
            *net.entry(*upper).or_default() -= *amount as i128;
            if *lower <= tick && tick < *upper {
                liquidity += amount;
            }
        }
        let state = PoolState { sqrt_price, tick, liquidity, tick_spacing, fee_millionths };
        Self { state, ticks: net.into_iter().collect() }
    }

    fn quotes(&self) -> Quotes {
        Quotes::new(self.state, &self.ticks).unwrap_or_else(|error| panic!("{error}"))
    }

    fn steps(&self) -> Steps {
        Steps::new(self.state, &self.ticks).unwrap_or_else(|error| panic!("{error}"))
    }
}

fn spacing() -> impl Strategy<Value = (i32, u32)> {
    prop_oneof![
        Just((1, 100)),
        Just((10, 500)),
        Just((60, 3_000)),
        Just((200, 10_000)),
        Just((60, 0)),
        Just((7, 999_999))
    ]
}

/// Positions around a price, and some over the whole range; the price is anywhere, often exactly on a tick.
fn pool() -> impl Strategy<Value = Pool> {
    let position = (-300_i32..300, 1_i32..300, 1_u32..120, any::<u128>());
    (spacing(), -880_000_i32..880_000, 0_u64..4, prop::collection::vec(position, 0..8), any::<bool>()).prop_map(
        |((spacing, fee), middle, off, positions, whole)| {
            let (low, high) = (MIN_TICK / spacing, MAX_TICK / spacing);
            let middle = middle / spacing;
            let mut found: Vec<(i32, i32, u128)> = positions
                .iter()
                .map(|(from, long, bits, value)| {
                    let lower = (middle + from).clamp(low, high - 1);
                    (lower * spacing, (lower + long).min(high) * spacing, (value >> (128 - bits) >> 4).max(1))
                })
                .collect();
            if whole {
                found.push((low * spacing, high * spacing, 1 << 70));
            }
            let price = price_of(middle * spacing).wrapping_add(U256::from(off / 2 * 12_345));
            Pool::new(price.min(price_of(MAX_TICK - 1)), spacing, fee, &found)
        },
    )
}

/// Amounts of every length, and exactly the sums at stops and their neighbours, where the search could go wrong.
fn amounts(quotes: &Quotes, zero_for_one: bool, exact_in: bool, seeds: &[(u64, u32)]) -> Vec<U256> {
    let stops = quotes.side(zero_for_one).stops();
    let mut found = Vec::new();
    for (seed, bits) in seeds {
        found.push(U256([*seed, seed.rotate_left(17), seed.rotate_left(31), *seed]) >> (256 - bits));
        let stop = &stops[*seed as usize % stops.len()];
        let sum = if exact_in { stop.paid } else { stop.got };
        found.extend([sum, sum.wrapping_add(U256::ONE), sum.wrapping_sub(U256::ONE)]);
    }
    found
}

/// A quote with its tick worked out, so that two ways to it can be compared.
fn plain(quote: Quote) -> (U256, U256, U256, u128, u32, bool, i32) {
    let Quote { amount_in, amount_out, sqrt_price, liquidity, crossed, whole, .. } = quote;
    (amount_in, amount_out, sqrt_price, liquidity, crossed, whole, quote.tick())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_quote_is_what_the_loop_does(
        pool in pool(), zero_for_one: bool, exact_in: bool,
        seeds in prop::collection::vec((any::<u64>(), 1_u32..256), 8), limit in prop::option::of(any::<u64>()),
    ) {
        let (quotes, steps) = (pool.quotes(), pool.steps());
        let stops = quotes.side(zero_for_one).stops();
        // A limit on a stop, just beside one, or anywhere.
        let limit = limit.map(|seed| {
            let stop = stops[seed as usize % stops.len()].sqrt_price;
            stop.wrapping_add(U256::from(seed % 3)).wrapping_sub(U256::ONE)
        });
        for amount in amounts(&quotes, zero_for_one, exact_in, &seeds) {
            let quick = quotes.quote(zero_for_one, exact_in, amount, limit).map(plain);
            let slow = steps.quote(zero_for_one, exact_in, amount, limit).map(plain);
            prop_assert_eq!(quick, slow, "{} of {} to {:?}", amount, exact_in, limit);
        }
    }

    /// A pool that has moved, and whose liquidity changed, is the same whether built anew or from what it was.
    #[test]
    fn what_is_taken_over_is_what_is_built_anew(
        pool in pool(), other in pool(), zero_for_one: bool, size in 1_u32..120, taken in 0_usize..8,
    ) {
        let old = pool.quotes();
        let mut state = pool.state;
        if let Ok(quote) = old.quote(zero_for_one, true, U256::ONE << size, None) {
            (state.sqrt_price, state.liquidity, state.tick) = (quote.sqrt_price, quote.liquidity, quote.tick());
        }
        prop_assert_eq!(old.moved(state, &pool.ticks), Quotes::new(state, &pool.ticks));
        let mut fewer = pool.ticks.clone();
        if !fewer.is_empty() {
            fewer.remove(taken % fewer.len());
        }
        prop_assert_eq!(old.moved(state, &fewer), Quotes::new(state, &fewer));
        if (other.state.tick_spacing, other.state.fee_millionths) == (state.tick_spacing, state.fee_millionths) {
            prop_assert_eq!(old.moved(other.state, &other.ticks), Quotes::new(other.state, &other.ticks));
        }
    }

    #[test]
    fn a_size_keeps_its_limit_and_one_more_does_not(pool in pool(), zero_for_one: bool, away in 1_i32..3_000) {
        let quotes = pool.quotes();
        let tick = if zero_for_one { pool.state.tick - away } else { pool.state.tick + 1 + away };
        prop_assume!((MIN_TICK + 1..MAX_TICK).contains(&tick));
        let limit = price_of(tick);
        let size = quotes.size_to_price(zero_for_one, limit);
        prop_assert!(size.is_ok());
        let size = size.unwrap_or_default();
        let ends = |size: U256| quotes.quote(zero_for_one, true, size, None).ok().map(|quote| (quote.sqrt_price, quote.whole));
        let keeps = |(price, whole): (U256, bool)| whole && if zero_for_one { price >= limit } else { price <= limit };
        prop_assert!(size.is_zero() || ends(size).is_some_and(keeps));
        prop_assert!(!ends(size.wrapping_add(U256::ONE)).is_some_and(keeps));
    }

    #[test]
    fn an_impact_is_kept(pool in pool(), zero_for_one: bool, impact in 0_u32..1_000_000) {
        let quotes = pool.quotes();
        let size = quotes.size_for_impact(zero_for_one, impact).unwrap_or_default();
        if let Ok(quote) = quotes.quote(zero_for_one, true, size, None) {
            let spot = super::route::float(&pool.state.sqrt_price) / 2_f64.powi(96);
            let price = if zero_for_one { spot * spot } else { 1.0 / (spot * spot) };
            let got = super::route::float(&quote.amount_out) + 1.0;
            let worth = super::route::float(&size) * price * (1.0 - f64::from(impact) / 1e6);
            prop_assert!(got >= worth * (1.0 - 1e-9) - 1.0, "{got} {worth}");
            // Some more than that costs too much.
            let more = size.wrapping_add(size >> 10).wrapping_add(U256::from(1_000_u64));
            if let Ok(quote) = quotes.quote(zero_for_one, true, more, None) {
                let worth = super::route::float(&more) * price * (1.0 - f64::from(impact) / 1e6);
                // What a size is worth was rounded up twice, each time by less than a unit.
                let dear = super::route::float(&quote.amount_out) <= worth * (1.0 + 1e-9) + 3.0;
                // Where one unit of fee weighs, because amounts are few or a unit buys much, cost does not only rise; nor
                // where one unit of the price does, because so much liquidity pays out more than a unit for it.
                let deep = pool.ticks.iter().any(|(_, net)| net.unsigned_abs() >> 96 > 0);
                let weighs = size < U256::from(1_u64 << 20) || price > 1e6 || deep;
                prop_assert!(!quote.whole || dear || weighs, "{more}");
            }
        }
    }

    /// No split of a grid over two pools yields more, but for what rounding to whole units costs.
    #[test]
    fn a_route_is_as_good_as_any_split(
        tick in -50_000_i32..50_000, apart in -200_i32..200, depths in (60_u32..90, 60_u32..90), fees in (spacing(), spacing()),
        size in 10_u32..90,
    ) {
        let whole = |spacing: i32| (MIN_TICK / spacing * spacing, MAX_TICK / spacing * spacing);
        let made = |tick: i32, (spacing, fee): (i32, u32), depth: u32| {
            let (low, high) = whole(spacing);
            let near = tick / spacing * spacing;
            let positions = [(low, high, 1 << depth), (near - 5 * spacing, near + 9 * spacing, 1 << depth)];
            Pool::new(price_of(tick), spacing, fee, &positions).quotes()
        };
        let (one, two) = (made(tick, fees.0, depths.0), made(tick + apart, fees.1, depths.1));
        let venues = [Venue { quotes: &one, zero_for_one: true }, Venue { quotes: &two, zero_for_one: true }];
        let amount = U256::ONE << size;
        let Ok(route) = best_route(&venues, amount) else { return Ok(()) };
        let paid = route.parts.iter().flatten().fold(U256::ZERO, |sum, quote| sum.wrapping_add(quote.amount_in));
        prop_assert_eq!(paid, amount);
        for share in 0..=64_u64 {
            let first = amount.wrapping_mul(U256::from(share)) >> 6;
            let parts = [(&one, first), (&two, amount.wrapping_sub(first))];
            let got = parts.iter().filter_map(|(quotes, part)| quotes.quote(true, true, *part, None).ok());
            let got = got.fold(U256::ZERO, |sum, quote| sum.wrapping_add(quote.amount_out));
// A part's fee is rounded up to a whole unit of input in each pool; one such unit can be worth many of output.
            let unit = (got >> size).wrapping_add(U256::ONE);
            let slack = (unit << 2).wrapping_add(got >> 45);
            prop_assert!(got <= route.amount_out.wrapping_add(slack), "share {} yields {} not {}", share, got, route.amount_out);
        }
    }

    /// The best input of the best cycle: no other size of a grid earns more, but for roundings.
    #[test]
    fn a_cycle_earns_the_most(ticks in (-3_000_i32..3_000, -3_000_i32..3_000), depth in 50_u32..90, grid in prop::collection::vec(1_u32..100, 8)) {
        let made = |tick: i32, depth: u32| Pool::new(price_of(tick), 60, 500, &[(-887_220, 887_220, 1 << depth)]).quotes();
        let pools = [made(ticks.0, depth), made(ticks.1, depth - 3), made(ticks.0 + ticks.1, depth + 1)];
        // Tokens 0-1, 1-2 and 0-2: fair when the third price is the product of the first two.
        let skewed = made(ticks.0 + ticks.1 + 100, depth + 1);
        let edges = |third| [(0, 1, &pools[0]), (1, 2, &pools[1]), (0, 2, third)].map(|(token0, token1, quotes)| Edge { token0, token1, quotes });
        prop_assert_eq!(best_cycle(&edges(&pools[2]), 0, 3), None);
        let edges = edges(&skewed);
        prop_assert_eq!(best_cycle(&edges, 0, 2), None);
        let found = best_cycle(&edges, 0, 3);
        prop_assert!(found.is_some());
        let Some(cycle) = found else { return Ok(()) };
        let through = |size: U256| cycle.hops.iter().try_fold(size, |amount, hop| {
            edges[hop.pool].quotes.quote(hop.zero_for_one, true, amount, None).ok().map(|quote| quote.amount_out)
        });
        let size = cycle.quotes[0].amount_in;
        prop_assert_eq!(through(size).and_then(|out| out.checked_sub(size)), Some(cycle.profit));
        for bits in grid {
            for other in [U256::ONE << bits, size >> (bits % 8), size << 1] {
                let earned = through(other).and_then(|out| out.checked_sub(other)).unwrap_or_default();
                prop_assert!(earned <= cycle.profit.wrapping_add(U256::from(4_u64)));
            }
        }
    }
}

/// The next stop has a sum of more than 128 bits, and rounding brings the price there with a unit to spare.
#[test]
fn an_output_that_rounding_brings_to_a_stop_with_long_sums_crosses_it() {
    let pool =
        Pool::new(price_of(-399_990), 60, 3_000, &[(-400_080, -399_960, 1 << 110), (-400_140, -399_960, 1 << 90)]);
    let (quotes, steps) = (pool.quotes(), pool.steps());
    let stop = &quotes.side(true).stops()[1];
    assert!(stop.paid.to_u128().is_none() && stop.tick == -400_081);
    let amount = stop.got.wrapping_sub(U256::ONE);
    let quick = quotes.quote(true, false, amount, None).map(plain);
    assert_eq!(quick, steps.quote(true, false, amount, None).map(plain));
    assert_eq!(quick.map(|quote| quote.2), Ok(price_of(-400_080)));
}

#[test]
fn what_no_pool_can_be_is_refused() {
    let pool = Pool::new(price_of(0), 60, 3_000, &[(-600, 600, 1_000)]);
    let refused = |state: PoolState, ticks: &[(i32, i128)]| Quotes::new(state, ticks).unwrap_err().to_string();
    let state = pool.state;
    assert!(refused(PoolState { sqrt_price: U256::ONE, ..state }, &[]).starts_with("sqrt_price"));
    assert!(refused(PoolState { tick: 1, ..state }, &[]).starts_with("tick must be the price's tick, was 1"));
    assert!(refused(PoolState { tick_spacing: 0, ..state }, &[]).starts_with("tick_spacing"));
    assert!(refused(PoolState { fee_millionths: 1_000_000, ..state }, &[]).starts_with("fee_millionths"));
    assert!(refused(state, &[(61, 0)]).starts_with("ticks must be multiples"));
    assert!(refused(state, &[(60, 0), (60, 0)]).starts_with("ticks must rise"));
    assert!(refused(state, &[(-60, 2_000)]).starts_with("ticks would leave"));
}
