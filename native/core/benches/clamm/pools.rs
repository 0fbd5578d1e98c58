//! The pool of the bench: one position over the whole range and narrow ones around the price, so that a swap can cross any
//! number of ticks up to 399; and a seeded day of swaps, mints and burns in it, as the logs of a chain.

use tickwright_core::clamm::events::Event;
use tickwright_core::clamm::i256::I256;
use tickwright_core::clamm::log::Word;
use tickwright_core::clamm::pool::{Family, Payment, Pool, Terms};
use tickwright_core::clamm::quotes::{PoolState, Quotes};
use tickwright_core::clamm::tick_math::{MAX_SQRT_PRICE, MIN_SQRT_PRICE, sqrt_price_at_tick};
use tickwright_core::clamm::u256::U256;

const SPACING: i32 = 60;
const FEE: u32 = 3_000;
/// USDC/WETH as it stood early in 2024, near enough.
const TICK: i32 = 201_234;
const OWNER: [u8; 20] = [0x77; 20];
const NARROW: i32 = 400;
/// How often the recorded day had which event (WBTC/WETH 0.3 %, 2023-03-31): swaps, mints, burns.
const MIX: [u64; 3] = [329, 19, 31];

/// Numbers that look random, from a seed (Steele, Lea and Flood's SplitMix64, 2014).
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// The next 256 bits.
    pub fn wide(&mut self) -> U256 {
        U256([self.next(), self.next(), self.next(), self.next()])
    }

    /// A number from `from` up to `to`, without it.
    pub fn between(&mut self, from: u128, to: u128) -> u128 {
        from + (u128::from(self.next()) << 64 | u128::from(self.next())) % (to - from)
    }
}

/// The limit of a swap that has none.
pub fn bound(falling: bool) -> U256 {
    if falling { MIN_SQRT_PRICE.wrapping_add(U256::ONE) } else { MAX_SQRT_PRICE.wrapping_sub(U256::ONE) }
}

/// The pool with its positions, half a tick above its tick's price.
pub fn pool() -> Pool {
    let price = |tick| sqrt_price_at_tick(tick).expect("a tick in range");
    let mut pool = Pool::new(Terms::new(Family::Uniswap, FEE, SPACING).expect("possible terms"));
    pool.initialize(price(TICK).wrapping_add(price(TICK + 1)) >> 1, 1).expect("a first price");
    let (end, base) = (887_272 / SPACING * SPACING, TICK / SPACING * SPACING);
    let whole = [(-end, end, 20_000_000_000_000_000_000)];
    let narrow = (1..NARROW).map(|at| (base - at * SPACING, base + (at + 1) * SPACING, 10_u128.pow(18) + at as u128));
    for (lower, upper, liquidity) in whole.into_iter().chain(narrow) {
        pool.mint(OWNER, lower, upper, liquidity, 1, Payment::Due).expect("a position");
    }
    pool
}

/// The speed form of a pool.
pub fn quotes(pool: &Pool) -> Quotes {
    let (head, terms) = (pool.head(), pool.terms());
    let state = PoolState {
        sqrt_price: head.sqrt_price,
        tick: head.tick,
        liquidity: head.liquidity,
        tick_spacing: terms.tick_spacing,
        fee_millionths: terms.fee,
    };
    let ticks: Vec<(i32, i128)> = pool.ticks().iter().map(|(tick, data)| (tick, data.net)).collect();
    Quotes::new(state, &ticks).expect("a pool's state")
}

/// A log with the block and the time of it.
pub struct Log {
    pub topics: Vec<Word>,
    pub data: Vec<u8>,
    pub block: u64,
    pub time: u32,
}

/// A day of `events` in the proportions of the recorded one: swaps both ways, seven of ten of an exact input; burns take
/// out what was minted. Every third event begins a block.
pub fn day(pool: &Pool, events: usize, seed: u64) -> Vec<Log> {
    let (mut pool, mut random, mut held) = (pool.clone(), Random(seed), Vec::new());
    let mut logs = Vec::with_capacity(events);
    for at in 0..events as u64 {
        let (block, now) = (2 + at / 3, 2 + at as u32 / 3 * 12);
        let drawn = random.next() % MIX.iter().sum::<u64>();
        let event = if drawn < MIX[0] {
            swap(&mut pool, &mut random, now)
        } else if drawn < MIX[0] + MIX[1] || held.is_empty() {
            let lower = (pool.head().tick / SPACING - 1 - (random.next() % 40) as i32) * SPACING;
            let range = (lower, lower + (2 + (random.next() % 60) as i32) * SPACING, random.between(1 << 50, 1 << 59));
            held.push(range);
            let amounts = pool.mint(OWNER, range.0, range.1, range.2, now, Payment::Due).expect("a mint").map(Some);
            Event::Mint { sender: OWNER, owner: OWNER, lower: range.0, upper: range.1, liquidity: range.2, amounts }
        } else {
            let (lower, upper, liquidity) = held.swap_remove(random.next() as usize % held.len());
            let amounts = pool.burn(OWNER, lower, upper, liquidity, now).expect("a burn").map(Some);
            Event::Burn { owner: OWNER, lower, upper, liquidity, amounts }
        };
        let (topics, data) = event.to_log();
        logs.push(Log { topics, data, block, time: now });
    }
    logs
}

/// One swap of the day: a typical one stays within its range or crosses a tick or two.
fn swap(pool: &mut Pool, random: &mut Random, now: u32) -> Event {
    // The price wanders around its middle, so that the day does not leave the narrow positions.
    let falling = (random.next() % 1_000) as i32 > 500 - (pool.head().tick - TICK).clamp(-400, 400);
    let size = |random: &mut Random, token: usize| {
        if token == 0 {
            random.between(10_u128.pow(5), 10_u128.pow(11))
        } else {
            random.between(10_u128.pow(14), 10_u128.pow(20))
        }
    };
    let (paid, got) = (usize::from(!falling), usize::from(falling));
    let amount = if random.next() % 10 < 7 {
        I256::from_i128(size(random, paid) as i128)
    } else {
        I256::from_i128(-(size(random, got) as i128))
    };
    let done = pool.swap(falling, amount, bound(falling), now, Payment::Due).expect("a swap");
    Event::Swap {
        sender: OWNER,
        recipient: OWNER,
        amounts: [done.amount0, done.amount1],
        sqrt_price: done.sqrt_price,
        liquidity: done.liquidity,
        tick: done.tick,
        protocol: None,
    }
}
