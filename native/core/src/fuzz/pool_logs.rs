//! The fuzz target of pools' logs: read as each kind of pool's, and followed by one pool of each kind.
//!
//! catalogue: S4, M6, K1. A log is a count of topics, the topics, and the data; each stands behind its length. What is read
//! is written back as the same log, and one that comes out otherwise than the pool says leaves the pool as it was.

use super::blocks;
use crate::clamm::events::Event;
use crate::clamm::follow::Follow;
use crate::clamm::i256::I256;
use crate::clamm::log::Word;
use crate::clamm::pool::{Family, Payment, Pool, Terms};
use crate::clamm::position::Address;
use crate::clamm::u256::U256;
use crate::clamm::v2::{EventV2, Pair};
use crate::clamm::v4::{EventV4, FollowedV4};

const ME: Address = [1; 20];
const ID: Word = [9; 32];
const PRICE_ONE: U256 = U256([0, 1 << 32, 0, 0]);
const LIQUIDITY: u128 = 1 << 60;

type Log = (Vec<Word>, Vec<u8>);

/// Reads and follows every log of the input, by pools that know all positions and by pools that do not.
pub(super) fn drive(bytes: &[u8]) {
    for whole in [true, false] {
        let Some((mut pool, mut pair, mut v4)) = pools() else { return };
        for (at, block) in blocks(bytes).enumerate() {
            let (topics, data) = parted(block);
            if let Ok(Some(event)) = Event::of_log(topics, data) {
                assert_eq!(event.to_log(), (topics.to_vec(), data.to_vec()));
            }
            if let Ok(Some(event)) = EventV2::of_log(topics, data) {
                assert_eq!(event.to_log(), (topics.to_vec(), data.to_vec()));
            }
            if let Ok(Some(event)) = EventV4::of_log(topics, data) {
                assert_eq!(event.to_log(), (topics.to_vec(), data.to_vec()));
            }
            let block = at as u64 / 2;
            followed(&mut pool, topics, data, block, whole, |pool| pool.state_hash());
            followed(&mut pair, topics, data, block, whole, |pair| pair.state_hash());
            followed(&mut v4, topics, data, block, whole, |v4| format!("{:?}", v4.pool()));
        }
    }
}

fn followed<F: Follow, S: PartialEq + std::fmt::Debug>(
    pool: &mut F,
    topics: &[Word],
    data: &[u8],
    block: u64,
    whole: bool,
    state: impl Fn(&F) -> S,
) {
    let Ok(Some(event)) = pool.event(topics, data) else { return };
    let _ = pool.begin_block(block);
    let before = state(pool);
    if pool.follow(&event, block as u32, whole).is_err() {
        assert_eq!(state(pool), before, "a log that was refused has changed something");
    }
}

/// A block's topics and data.
fn parted(block: &[u8]) -> (&[Word], &[u8]) {
    let Some((count, rest)) = block.split_first() else { return (&[], &[]) };
    let words = rest.as_chunks::<32>().0;
    let count = usize::from(count % 5).min(words.len());
    (&words[..count], &rest[32 * count..])
}

/// A pool of each kind with one position, ready to undo blocks.
fn pools() -> Option<(Pool, Pair, FollowedV4)> {
    use crate::clamm::journal::Undo;
    let mut pool = Pool::new(Terms::new(Family::Uniswap, 3000, 60).ok()?);
    pool.initialize(PRICE_ONE, 0).ok()?;
    pool.mint(ME, -60, 60, LIQUIDITY, 0, Payment::Due).ok()?;
    let mut pair = Pair::default();
    pair.deposit([U256::from(1_000_000_u64), U256::from(4_000_000_u64)]).ok()?;
    pair.mint(ME, ME, 0).ok()?;
    let mut v4 = FollowedV4::new(ID);
    for event in [v4_begins(), v4_minted()] {
        v4.follow(&event, 0, true).ok()?;
    }
    pool.keep_blocks(0, 4);
    pair.keep_blocks(0, 4);
    v4.keep_blocks(0, 4);
    Some((pool, pair, v4))
}

const fn v4_begins() -> EventV4 {
    let (currencies, hooks) = ([[2; 20], [3; 20]], [0; 20]);
    EventV4::Initialize { id: ID, currencies, fee: 3000, tick_spacing: 60, hooks, sqrt_price: PRICE_ONE, tick: 0 }
}

const fn v4_minted() -> EventV4 {
    let liquidity = I256::from_i128(LIQUIDITY as i128);
    EventV4::ModifyLiquidity { id: ID, sender: ME, lower: -60, upper: 60, liquidity, salt: [0; 32] }
}

/// The calls of each kind of pool as one input: what they log, in order.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let packed = |logs: &[Log]| {
        let one = |(topics, data): &Log| {
            let log = [&[topics.len() as u8][..], topics.as_flattened(), data].concat();
            [&(log.len() as u16).to_be_bytes()[..], &log].concat()
        };
        logs.iter().flat_map(one).collect::<Vec<u8>>()
    };
    let v4 = [
        EventV4::Donate { id: ID, sender: ME, amounts: [U256::ONE; 2] },
        EventV4::ProtocolFeeUpdated { id: ID, fee: 1000 },
        EventV4::ModifyLiquidity {
            id: ID,
            sender: ME,
            lower: -60,
            upper: 60,
            liquidity: I256::from(-5),
            salt: [0; 32],
        },
    ];
    let v4 = [vec![v4_begins(), v4_minted()], v4.to_vec()].concat();
    vec![
        packed(&v3_logs().unwrap_or_default()),
        packed(&v2_logs().unwrap_or_default()),
        packed(&v4.iter().map(EventV4::to_log).collect::<Vec<_>>()),
    ]
}

fn v3_logs() -> Option<Vec<Log>> {
    let (mut pool, _, _) = pools()?;
    let swap = pool.swap(true, I256::from(1 << 40), PRICE_ONE >> 1, 1, Payment::Due).ok()?;
    let (amounts, sqrt_price) = ([swap.amount0, swap.amount1], swap.sqrt_price);
    let (liquidity, tick, protocol) = (swap.liquidity, swap.tick, None);
    let swapped = Event::Swap { sender: ME, recipient: ME, amounts, sqrt_price, liquidity, tick, protocol };
    let paid = pool.burn(ME, -60, 60, LIQUIDITY / 2, 2).ok()?.map(Some);
    let burnt = Event::Burn { owner: ME, lower: -60, upper: 60, liquidity: LIQUIDITY / 2, amounts: paid };
    let collected = Event::Collect { owner: ME, recipient: ME, lower: -60, upper: 60, amounts: [5, 6] };
    let grown = Event::IncreaseObservationCardinalityNext { before: 1, after: 5 };
    Some([swapped, burnt, collected, grown].iter().map(Event::to_log).collect())
}

fn v2_logs() -> Option<Vec<Log>> {
    let (_, mut pair, _) = pools()?;
    let address = *pair.address();
    let mut told = Vec::new();
    let mut keep = |pair: &Pair| told.extend(pair.told().iter().map(EventV2::to_log));
    pair.deposit([U256::from(1000_u64), U256::ZERO]).ok()?;
    pair.swap(ME, ME, [U256::ZERO, U256::from(3984_u64)], [U256::ZERO; 2], 1).ok()?;
    keep(&pair);
    pair.transfer(ME, address, U256::from(1000_u64)).ok()?;
    keep(&pair);
    pair.burn(ME, ME, 2).ok()?;
    keep(&pair);
    pair.deposit([U256::from(5000_u64); 2]).ok()?;
    pair.mint(ME, ME, 3).ok()?;
    keep(&pair);
    pair.sync(4).ok()?;
    keep(&pair);
    Some(told)
}
