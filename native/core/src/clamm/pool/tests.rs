//! The pool as a state machine under random calls: what must hold whatever is called.
//!
//! catalogue: S4. Equality with the bytecode is the parity suite's; here stand the invariants that need no reference.

use super::*;
use crate::clamm::events::Event;
use crate::clamm::follow::Follow;
use crate::clamm::i256::I256;
use crate::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE, sqrt_price_at_tick};
use proptest::prelude::*;

/// One call with its arguments.
#[derive(Debug, Clone)]
enum Op {
    Mint(u8, i32, i32, u128),
    Burn(u8, i32, i32, u128),
    Collect(u8, i32, i32, u128),
    Swap(bool, i128, Option<i32>),
    Unpaid(bool, i128),
    Flash(u64, u64),
    Protocol(u32, u32),
    CollectProtocol(u128),
    Grow(u16),
}

const SPACING: i32 = 60;

fn op() -> impl Strategy<Value = Op> {
    let (who, tick) = (0_u8..3, -12_i32..12);
    let liquidity = prop_oneof![1_u128..1000, 1_u128 << 40..1_u128 << 70, Just(1 << 127)];
    let amount = prop_oneof![-1000_i128..1000, -(1_i128 << 60)..1_i128 << 60, Just(i128::MAX)];
    prop_oneof![
        4 => (who.clone(), tick.clone(), tick.clone(), liquidity.clone()).prop_map(|(w, a, b, l)| Op::Mint(w, a, b, l)),
        3 => (who.clone(), tick.clone(), tick.clone(), liquidity).prop_map(|(w, a, b, l)| Op::Burn(w, a, b, l / 2)),
        2 => (who, tick.clone(), tick, any::<u128>()).prop_map(|(w, a, b, m)| Op::Collect(w, a, b, m)),
        6 => (any::<bool>(), amount.clone(), prop::option::of(-900_i32..900)).prop_map(|(z, a, l)| Op::Swap(z, a, l)),
        1 => (any::<bool>(), amount).prop_map(|(z, a)| Op::Unpaid(z, a)),
        1 => (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Op::Flash(a, b)),
        1 => (0_u32..12, 0_u32..12).prop_map(|(a, b)| Op::Protocol(a, b)),
        1 => any::<u128>().prop_map(Op::CollectProtocol),
        1 => (0_u16..9).prop_map(Op::Grow),
    ]
}

fn run(pool: &mut Pool, op: &Op, now: u32) -> Result<(), Revert> {
    let owner = |who: u8| [who; 20];
    match *op {
        Op::Mint(who, a, b, amount) => {
            pool.mint(owner(who), a * SPACING, b * SPACING, amount, now, Payment::Due).map(drop)
        }
        Op::Burn(who, a, b, amount) => pool.burn(owner(who), a * SPACING, b * SPACING, amount, now).map(drop),
        Op::Collect(who, a, b, most) => pool.collect(owner(who), a * SPACING, b * SPACING, [most; 2]).map(drop),
        Op::Swap(down, amount, limit) => {
            let limit = limit.map_or(bound(down), |tick| sqrt_price_at_tick(tick).unwrap());
            pool.swap(down, I256::from(amount), limit, now, Payment::Due).map(drop)
        }
        Op::Unpaid(down, amount) => {
            let nothing = Payment::Amounts([U256::ZERO; 2]);
            pool.swap(down, I256::from(amount), bound(down), now, nothing).map(drop)
        }
        Op::Flash(a, b) => pool.flash([U256::from(a), U256::from(b)], Payment::Due).map(drop),
        Op::Protocol(a, b) => pool.set_fee_protocol(true, [a, b]).map(drop),
        Op::CollectProtocol(most) => pool.collect_protocol(true, [most; 2]).map(drop),
        Op::Grow(next) => pool.increase_observation_cardinality_next(next).map(drop),
    }
}

fn bound(down: bool) -> U256 {
    if down { MIN_SQRT_PRICE.wrapping_add(U256::ONE) } else { MAX_SQRT_PRICE.wrapping_sub(U256::ONE) }
}

fn fresh(family: Family) -> Pool {
    let mut pool = Pool::new(Terms::new(family, 3000, SPACING).unwrap());
    pool.initialize(U256([0, 1 << 32, 0, 0]), 1).unwrap();
    pool
}

/// What must be true between any two calls.
fn check(pool: &Pool) -> Result<(), TestCaseError> {
    let (mut net, mut active) = (0_i128, 0_i128);
    for (tick, data) in pool.ticks().iter() {
        prop_assert!(data.gross > 0 && data.gross <= pool.terms().max_liquidity_per_tick);
        net += data.net;
        active += if tick <= pool.head().tick { data.net } else { 0 };
    }
    prop_assert_eq!(net, 0);
    prop_assert_eq!(active as u128, pool.head().liquidity);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Nets add up, a failing call changes nothing, everybody can leave, and undone blocks leave no trace.
    #[test]
    fn any_calls_keep_the_pool_whole(ops in prop::collection::vec(op(), 1..60), pancake: bool, kept in 0_usize..60) {
        let mut pool = fresh(if pancake { Family::Pancake } else { Family::Uniswap });
        pool.keep_blocks(0, kept);
        let mut hashes = vec![pool.state_hash()];
        for (number, op) in ops.iter().enumerate() {
            let block = number as u64 + 1;
            pool.begin_block(block).unwrap();
            let before = pool.clone();
            if run(&mut pool, op, (block * 7) as u32).is_err() {
                prop_assert!(pool == before, "{:?} failed and left a trace", op);
            }
            check(&pool)?;
            hashes.push(pool.state_hash());
        }
        let end = Pool::from_bytes(&pool.to_bytes()).unwrap();
        prop_assert!(end == pool && end.state_hash() == pool.state_hash());
        leave(end)?;
        let first_kept = ops.len().saturating_sub(kept);
        for block in (first_kept..=ops.len()).rev() {
            pool.undo_to(block as u64).unwrap();
            prop_assert_eq!(pool.state_hash(), hashes[block], "block {}", block);
        }
        if first_kept > 0 {
            prop_assert!(pool.undo_to(first_kept as u64 - 1).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whether a pool knows segments from the swaps before makes no difference, whatever is asked of it. Swaps to and fro
    /// come between the calls, so that there is much to know.
    #[test]
    fn a_pool_that_knows_its_segments_swaps_like_one_that_does_not(
        ops in prop::collection::vec(op(), 1..40), pancake: bool, kept in 0_usize..3, edge: bool,
    ) {
        let mut pool = fresh(if pancake { Family::Pancake } else { Family::Uniswap });
        pool.keep_blocks(0, kept);
        for tick in 1..10 {
            let (lower, upper) = (-tick * SPACING, (tick + i32::from(edge)) * SPACING);
            pool.mint([9; 20], lower, upper, 1 << (40 + tick), 1, Payment::Due).unwrap();
        }
        for (number, op) in ops.iter().enumerate() {
            let (block, amount) = (number as u64 + 1, 1_i128 << (30 + number % 30));
            pool.begin_block(block).unwrap();
            let limit = Some(((number as i32 * 7) % 19 - 9) * SPACING);
            let swaps = [Op::Swap(true, amount, limit), Op::Swap(false, -amount, None), Op::Swap(true, -amount, None)];
            for op in swaps.iter().chain([op, &Op::Swap(false, amount, limit)]) {
                let mut forgetful = Pool::from_bytes(&pool.to_bytes()).unwrap();
                let (known, asked) = (run(&mut pool, op, block as u32), run(&mut forgetful, op, block as u32));
                prop_assert_eq!(known, asked, "{:?}", op);
                prop_assert!(pool == forgetful, "{:?}", op);
            }
            if number % 5 == 4 && kept > 0 {
                pool.undo_to(block - 1).unwrap();
            }
        }
    }
}

/// A pool at tick `from` with positions, each of so much liquidity from one tick to another.
fn placed(from: i32, positions: &[(i32, i32, u128)]) -> Pool {
    let mut pool = Pool::new(Terms::new(Family::Uniswap, 3000, SPACING).unwrap());
    pool.initialize(sqrt_price_at_tick(from).unwrap(), 1).unwrap();
    for (lower, upper, liquidity) in positions {
        pool.mint([9; 20], *lower, *upper, *liquidity, 1, Payment::Due).unwrap();
    }
    pool
}

/// Swaps down to a tick's price, whatever that takes; the token 1 that comes out.
fn down_to(pool: &mut Pool, tick: i32) -> U256 {
    let limit = sqrt_price_at_tick(tick).unwrap();
    pool.swap(true, I256::MAX, limit, 5, Payment::Due).unwrap().amount1.unsigned_abs()
}

#[test]
fn a_swap_that_only_rounding_brought_to_a_tick_teaches_nothing() {
    // So much liquidity that one unit of token 1 moves the price by less than its last bit.
    let mut pool = placed(30, &[(-60, 60, 1 << 100), (-120, 60, 1 << 100), (-180, 60, 1 << 100)]);
    let there = pool.clone();
    let less = down_to(&mut there.clone(), -120).wrapping_sub(U256::ONE);
    pool.swap(true, I256(less).wrapping_neg(), bound(true), 5, Payment::Due).unwrap();
    assert_eq!(pool.head().sqrt_price, sqrt_price_at_tick(-120).unwrap(), "at the tick with a unit to spare");
    pool.swap(false, I256::MAX, sqrt_price_at_tick(30).unwrap(), 5, Payment::Due).unwrap();
    let mut forgetful = Pool::from_bytes(&pool.to_bytes()).unwrap();
    assert_eq!(down_to(&mut pool, -150), down_to(&mut forgetful, -150));
    assert!(pool == forgetful);
}

#[test]
fn a_swap_that_is_used_up_at_the_edge_of_a_word_stays_there() {
    // From tick 600 to the edge at 0 three units come out, and from there to -60 none.
    let mut pool = placed(900, &[(600, 1200, 1 << 80), (-60, 600, 100), (-600, -60, 1 << 80)]);
    let above = down_to(&mut pool.clone(), 600);
    assert_eq!(down_to(&mut pool.clone(), -60), above.wrapping_add(U256::from(3_u64)));
    down_to(&mut pool, -120);
    pool.swap(false, I256::MAX, sqrt_price_at_tick(900).unwrap(), 5, Payment::Due).unwrap();
    let asked = I256(down_to(&mut pool.clone(), 600).wrapping_add(U256::from(3_u64))).wrapping_neg();
    let mut forgetful = Pool::from_bytes(&pool.to_bytes()).unwrap();
    for one in [&mut pool, &mut forgetful] {
        one.swap(true, asked, bound(true), 5, Payment::Due).unwrap();
        assert_eq!(one.head().sqrt_price, sqrt_price_at_tick(0).unwrap());
    }
    assert!(pool == forgetful);
}

/// The event of a call that succeeds.
fn event(pool: &mut Pool, op: &Op, now: u32) -> Result<Event, Revert> {
    let (sender, recipient) = ([8; 20], [9; 20]);
    Ok(match *op {
        Op::Mint(who, a, b, liquidity) => {
            let (lower, upper) = (a * SPACING, b * SPACING);
            let amounts = pool.mint([who; 20], lower, upper, liquidity, now, Payment::Due)?.map(Some);
            Event::Mint { sender, owner: [who; 20], lower, upper, liquidity, amounts }
        }
        Op::Burn(who, a, b, liquidity) => {
            let (lower, upper) = (a * SPACING, b * SPACING);
            let amounts = pool.burn([who; 20], lower, upper, liquidity, now)?.map(Some);
            Event::Burn { owner: [who; 20], lower, upper, liquidity, amounts }
        }
        Op::Collect(who, a, b, most) => {
            let (lower, upper) = (a * SPACING, b * SPACING);
            let amounts = pool.collect([who; 20], lower, upper, [most; 2])?;
            Event::Collect { owner: [who; 20], recipient, lower, upper, amounts }
        }
        Op::Swap(down, amount, limit) => {
            let limit = limit.map_or(bound(down), |tick| sqrt_price_at_tick(tick).unwrap());
            let done = pool.swap(down, I256::from(amount), limit, now, Payment::Due)?;
            Event::Swap {
                sender,
                recipient,
                amounts: [done.amount0, done.amount1],
                sqrt_price: done.sqrt_price,
                liquidity: done.liquidity,
                tick: done.tick,
                protocol: None,
            }
        }
        Op::Protocol(a, b) => {
            let before = pool.set_fee_protocol(true, [a, b])?;
            Event::SetFeeProtocol { before, after: [a, b], wide: false }
        }
        Op::CollectProtocol(most) => {
            let amounts = pool.collect_protocol(true, [most; 2])?;
            Event::CollectProtocol { sender, recipient, amounts }
        }
        Op::Grow(next) => {
            let (before, after) = pool.increase_observation_cardinality_next(next)?;
            Event::IncreaseObservationCardinalityNext { before, after }
        }
        Op::Flash(a, b) => {
            let amounts = [U256::from(a), U256::from(b)];
            Event::Flash { sender, recipient, amounts, paid: pool.flash(amounts, Payment::Due)?.paid }
        }
        Op::Unpaid(..) => return Err(Revert::Iia),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whoever does again what the logs say has the same state after each; a log that was changed is told, and changes
    /// nothing.
    #[test]
    fn a_pool_that_follows_the_logs_is_the_pool(ops in prop::collection::vec(op(), 1..60)) {
        let mut pool = fresh(Family::Uniswap);
        let mut follower = pool.clone();
        for (number, op) in ops.iter().enumerate() {
            let now = number as u32 * 7 + 1;
            let Ok(event) = event(&mut pool, op, now) else { continue };
            if let Event::Swap { sender, recipient, amounts, sqrt_price, liquidity, tick, protocol } = event {
                let (before, tick) = (follower.clone(), tick + 1);
                let wrong = Event::Swap { sender, recipient, amounts, sqrt_price, liquidity, tick, protocol };
                prop_assert_eq!(follower.follow(&wrong, now, true).map_err(|desync| desync.field), Err("tick"));
                prop_assert!(follower == before);
            }
            let followed = follower.follow(&event, now, true);
            prop_assert!(followed.is_ok(), "{:?}: {:?}", event, followed);
            prop_assert!(follower == pool, "after {:?}", event);
        }
    }
}

/// Everybody burns and collects everything: the pool can pay all of them.
fn leave(mut pool: Pool) -> Result<(), TestCaseError> {
    let keys: Vec<PositionKey> = pool.positions().keys().copied().collect();
    for key in keys {
        let liquidity = pool.positions()[&key].liquidity;
        if liquidity > 0 {
            pool.burn(key.owner, key.lower, key.upper, liquidity, 10_000).unwrap();
        }
        prop_assert_eq!(pool.owed(&key).unwrap(), pool.positions()[&key].owed);
        let paid = pool.collect(key.owner, key.lower, key.upper, [u128::MAX; 2]);
        prop_assert!(paid.is_ok(), "{:?} cannot leave: {:?}", key, paid);
    }
    prop_assert!(pool.collect_protocol(true, [u128::MAX; 2]).is_ok());
    prop_assert_eq!((pool.ticks().len(), pool.head().liquidity), (0, 0));
    Ok(())
}

#[test]
fn reverts_come_in_the_order_of_the_checks() {
    let all = Terms::new(Family::Uniswap, 3000, SPACING).unwrap();
    let mut pool = Pool::new(all);
    let (zero, one) = (I256::ZERO, I256::from(1));
    assert_eq!(pool.swap(true, zero, U256::ZERO, 1, Payment::Due), Err(Revert::As), "the amount before the lock");
    assert_eq!(pool.swap(true, one, U256::ZERO, 1, Payment::Due), Err(Revert::Lok));
    assert_eq!(pool.mint([1; 20], 0, 0, 0, 1, Payment::Due), Err(Revert::Lok));
    assert_eq!(pool.initialize(U256::ONE, 1), Err(Revert::R));
    let mut pool = fresh(Family::Uniswap);
    assert_eq!(pool.initialize(U256::ONE, 1), Err(Revert::Ai), "the state before the argument");
    assert_eq!(pool.swap(true, one, U256::ZERO, 1, Payment::Due), Err(Revert::Spl));
    assert_eq!(pool.mint([1; 20], 60, 0, 0, 1, Payment::Due), Err(Revert::Empty), "the amount before the ticks");
    assert_eq!(pool.mint([1; 20], 60, 60, 1, 1, Payment::Due), Err(Revert::Tlu));
    assert_eq!(pool.mint([1; 20], -887_273, 60, 1, 1, Payment::Due), Err(Revert::Tlm));
    assert_eq!(pool.mint([1; 20], 0, 887_273, 1, 1, Payment::Due), Err(Revert::Tum));
    assert_eq!(pool.mint([1; 20], 1, 60, 1 << 126, 1, Payment::Due), Err(Revert::Lo), "the share before the spacing");
    assert_eq!(pool.mint([1; 20], 1, 60, 1, 1, Payment::Due), Err(Revert::Empty));
}

#[test]
fn who_does_not_pay_or_may_not_is_told_which() {
    let mut pool = fresh(Family::Uniswap);
    let (one, nothing) = (I256::from(1), Payment::Amounts([U256::ZERO; 2]));
    assert_eq!(pool.mint([1; 20], -60, 60, 1000, 1, nothing), Err(Revert::M0));
    assert_eq!(pool.mint([1; 20], -120, -60, 1000, 1, nothing), Err(Revert::M1));
    assert_eq!(pool.burn([1; 20], -60, 60, 0, 1), Err(Revert::Np));
    assert_eq!(pool.burn([1; 20], -60, 60, 1, 1), Err(Revert::Ls));
    assert_eq!(pool.flash([U256::ONE; 2], Payment::Due), Err(Revert::L));
    pool.mint([1; 20], -60, 60, 1_000_000, 1, Payment::Due).unwrap();
    assert_eq!(pool.flash([U256::from(1_u64 << 40); 2], Payment::Due), Err(Revert::Tf));
    assert_eq!(pool.flash([U256::ONE; 2], nothing), Err(Revert::F0));
    assert_eq!(pool.flash([U256::ZERO, U256::ONE], nothing), Err(Revert::F1));
    assert_eq!(pool.swap(true, one, bound(true), 1, nothing), Err(Revert::Iia));
    assert_eq!(pool.set_fee_protocol(false, [4, 4]), Err(Revert::Empty));
    assert_eq!(pool.set_fee_protocol(true, [3, 4]), Err(Revert::Empty));
    assert_eq!(pool.observe(2, &[5]), Err(Revert::Old));
    pool.set_unlocked(false);
    assert_eq!(pool.collect([1; 20], 0, 60, [1; 2]), Err(Revert::Lok), "a call within a call");
}

#[test]
fn every_leaf_of_the_state_is_in_the_hash() {
    let mut pool = fresh(Family::Uniswap);
    pool.mint([1; 20], -60, 60, 1 << 40, 5, Payment::Due).unwrap();
    pool.increase_observation_cardinality_next(3).unwrap();
    pool.swap(true, I256::from(1 << 36), bound(true), 9, Payment::Due).unwrap();
    let hash = pool.state_hash();
    macro_rules! nudge {
        ($($part:ident),*) => {$(
            for leaf in 0..crate::canon::Canon::leaves(&pool.$part) {
                let mut other = pool.clone();
                crate::canon::Canon::nudge(&mut other.$part, leaf);
                assert_ne!(other.state_hash(), hash, concat!(stringify!($part), " leaf {}"), leaf);
            }
        )*};
    }
    nudge!(terms, head, ticks, positions, observations);
}

#[test]
fn the_quoter_takes_everything_back_and_counts_as_the_contract_does() {
    let mut pool = fresh(Family::Uniswap);
    pool.mint([1; 20], -120, 60, 1 << 60, 5, Payment::Due).unwrap();
    let before = pool.clone();
    let quote = pool.quote_exact_input(true, U256::from(1_u64 << 50), U256::ZERO).unwrap();
    assert!(pool == before);
    assert_eq!(quote.initialized_ticks_crossed, 0);
    // The price starts inside slot 0, where no tick is, and ends below the range: one tick is crossed and counted.
    let most = pool.quote_exact_input(true, U256::from(1_u64 << 62), U256::ZERO).unwrap();
    assert_eq!(most.initialized_ticks_crossed, 1);
    pool.swap(false, I256::from(1 << 62), sqrt_price_at_tick(70).unwrap(), 6, Payment::Due).unwrap();
    assert_eq!(pool.head().tick, 70, "above all liquidity, in the slot of the upper tick");
    let back = pool.quote_exact_input(false, U256::ONE, U256::ZERO);
    assert_eq!(back, Err(NoQuote::Unexpected), "nothing to be had");
    let all = pool.quote_exact_output(true, U256::from(1_u64 << 20), U256::ZERO).unwrap();
    assert_eq!(all.initialized_ticks_crossed, 1);
    assert_eq!(pool.quote_exact_output(true, U256::from(u128::MAX), U256::ZERO), Err(NoQuote::Unexpected));
    assert_eq!(pool.quote_exact_input(true, U256::ZERO, U256::ZERO), Err(NoQuote::Pool(Revert::As)));
}
