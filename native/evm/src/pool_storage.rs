//! A pool of the core as the storage of its contract: every slot by name, so that either can go on where the other is.
//!
//! catalogue: S4, S10. Solidity puts the variables of a contract into slots in the order of their declaration, packs what
//! fits into one word from its low end, and finds an entry of a mapping at keccak256(key, slot). Pancake's fee share
//! has 32 bits and no room in the first word, so that everything after it lies one slot later.

use std::collections::BTreeMap;

use revm::primitives::{Address, U256, keccak256};
use tickwright_core::clamm::oracle::Observation;
use tickwright_core::clamm::pool::{Family, Head, Pool};
use tickwright_core::clamm::position::{Position, PositionKey};
use tickwright_core::clamm::tick::Tick;
use tickwright_core::clamm::u256;

use crate::state::{StateError, World};

/// One word of a pool's storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSlot {
    /// The variable, as the contract's interface calls it: `slot0`, `ticks[-60].feeGrowthOutside0X128`, ...
    pub name: String,
    /// Where it lies.
    pub key: U256,
    /// What lies there.
    pub value: U256,
}

/// A slot that two sides have different words in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDifference {
    /// The variable; `slot 0x...` for one that the pool of the core does not know.
    pub name: String,
    /// The word that the core's pool would have there.
    pub core: U256,
    /// The word in the contract's storage.
    pub contract: U256,
}

/// Puts fields into one word from its low end.
#[derive(Default)]
struct Packed {
    word: U256,
    at: usize,
}

impl Packed {
    /// The next field of so many bits; what is above them in a negative number is cut off.
    fn with(mut self, bits: usize, field: U256) -> Self {
        let kept = field & ((U256::ONE << bits) - U256::ONE);
        self.word |= kept << self.at;
        self.at += bits;
        self
    }

    fn unsigned(self, bits: usize, field: impl Into<u128>) -> Self {
        self.with(bits, U256::from(field.into()))
    }

    fn signed(self, bits: usize, field: i128) -> Self {
        self.with(bits, wide(field))
    }
}

/// A signed number as a word of two's complement.
fn wide(value: i128) -> U256 {
    let magnitude = U256::from(value.unsigned_abs());
    if value < 0 { magnitude.wrapping_neg() } else { magnitude }
}

const fn word(value: u256::U256) -> U256 {
    U256::from_limbs(value.0)
}

/// Where an entry of the mapping at `slot` begins.
fn entry(key: U256, slot: U256) -> U256 {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&key.to_be_bytes::<32>());
    bytes[32..].copy_from_slice(&slot.to_be_bytes::<32>());
    keccak256(bytes).into()
}

/// keccak256 of owner, lower and upper without padding: the key of a position.
fn position_key(key: &PositionKey) -> U256 {
    let mut bytes = [0; 26];
    bytes[..20].copy_from_slice(&key.owner);
    bytes[20..23].copy_from_slice(&key.lower.to_be_bytes()[1..]);
    bytes[23..].copy_from_slice(&key.upper.to_be_bytes()[1..]);
    keccak256(bytes).into()
}

/// The slots of a pool, gathered in order.
struct Slots {
    all: Vec<PoolSlot>,
}

impl Slots {
    fn put(&mut self, name: impl Into<String>, key: U256, value: U256) {
        self.all.push(PoolSlot { name: name.into(), key, value });
    }

    /// The words of one entry that begins at `key`, each named after it.
    fn put_entry(&mut self, entry: &str, key: U256, fields: &[(&str, U256)]) {
        for (place, (field, value)) in fields.iter().enumerate() {
            self.put(format!("{entry}.{field}"), key.wrapping_add(U256::from(place)), *value);
        }
    }

    fn head(&mut self, head: &Head, family: Family) -> u64 {
        let first = Packed::default()
            .with(160, word(head.sqrt_price))
            .signed(24, i128::from(head.tick))
            .unsigned(16, head.observation_index)
            .unsigned(16, head.observation_cardinality)
            .unsigned(16, head.observation_cardinality_next);
        let next = match family {
            Family::Uniswap => {
                self.put("slot0", U256::ZERO, first.unsigned(8, head.fee_protocol).unsigned(8, head.unlocked).word);
                1
            }
            Family::Pancake => {
                self.put("slot0", U256::ZERO, first.word);
                let second = Packed::default().unsigned(32, head.fee_protocol).unsigned(8, head.unlocked);
                self.put("slot0.feeProtocol", U256::ONE, second.word);
                2
            }
        };
        self.put("feeGrowthGlobal0X128", U256::from(next), word(head.fee_growth_global[0]));
        self.put("feeGrowthGlobal1X128", U256::from(next + 1), word(head.fee_growth_global[1]));
        let [fees0, fees1] = head.protocol_fees;
        let fees = Packed::default().unsigned(128, fees0).unsigned(128, fees1);
        self.put("protocolFees", U256::from(next + 2), fees.word);
        self.put("liquidity", U256::from(next + 3), U256::from(head.liquidity));
        next + 4
    }

    fn tick(&mut self, at: i32, tick: &Tick, slot: U256) {
        let liquidity = Packed::default().unsigned(128, tick.gross).signed(128, tick.net);
        let times = Packed::default()
            .signed(56, i128::from(tick.tick_cumulative_outside))
            .with(160, word(tick.seconds_per_liquidity_outside))
            .unsigned(32, tick.seconds_outside)
            .unsigned(8, true);
        let fields = [
            ("liquidity", liquidity.word),
            ("feeGrowthOutside0X128", word(tick.fee_growth_outside[0])),
            ("feeGrowthOutside1X128", word(tick.fee_growth_outside[1])),
            ("outside", times.word),
        ];
        self.put_entry(&format!("ticks[{at}]"), entry(wide(i128::from(at)), slot), &fields);
    }

    fn position(&mut self, key: &PositionKey, position: &Position, slot: U256) {
        let [owed0, owed1] = position.owed;
        let fields = [
            ("liquidity", U256::from(position.liquidity)),
            ("feeGrowthInside0LastX128", word(position.fee_growth_inside_last[0])),
            ("feeGrowthInside1LastX128", word(position.fee_growth_inside_last[1])),
            ("tokensOwed", Packed::default().unsigned(128, owed0).unsigned(128, owed1).word),
        ];
        let name = format!("positions[{}, {}..{}]", Address::from(key.owner), key.lower, key.upper);
        self.put_entry(&name, entry(position_key(key), slot), &fields);
    }
}

fn observation(observation: &Observation) -> U256 {
    Packed::default()
        .unsigned(32, observation.time)
        .signed(56, i128::from(observation.tick_cumulative))
        .with(160, word(observation.seconds_per_liquidity))
        .unsigned(8, observation.initialized)
        .word
}

/// Every word of the contract's storage that this pool would have, zeros among them.
pub fn pool_slots(pool: &Pool) -> Vec<PoolSlot> {
    let mut slots = Slots { all: Vec::new() };
    let next = slots.head(pool.head(), pool.terms().family);
    for (at, tick) in pool.ticks().iter() {
        slots.tick(at, tick, U256::from(next));
    }
    for (at, bits) in pool.ticks().words(pool.terms().tick_spacing) {
        let key = entry(wide(i128::from(at)), U256::from(next + 1));
        slots.put(format!("tickBitmap[{at}]"), key, word(bits));
    }
    for (key, position) in pool.positions() {
        slots.position(key, position, U256::from(next + 2));
    }
    for (at, value) in pool.observations().iter().enumerate() {
        slots.put(format!("observations[{at}]"), U256::from(next + 3) + U256::from(at), observation(value));
    }
    slots.all
}

/// Puts the pool's state in place of what the contract at `address` has in its storage.
pub fn write_pool(world: &mut World, address: Address, pool: &Pool) -> Result<(), StateError> {
    let before: Vec<U256> = world.slots_of(address).map(|(key, _)| key).collect();
    for key in before {
        world.set_slot(address, key, U256::ZERO)?;
    }
    pool_slots(pool).into_iter().try_for_each(|slot| world.set_slot(address, slot.key, slot.value))
}

/// Where the contract's storage and the pool's state differ, in the order of the contract's variables.
///
/// Pancake's farm (`lmPool`, after its 65,535 observations) is no part of the core's pool and is not compared.
pub fn compare_pool(world: &mut World, address: Address, pool: &Pool) -> Result<Vec<PoolDifference>, StateError> {
    let ours = pool_slots(pool);
    let mut unknown: BTreeMap<U256, U256> = world.slots_of(address).collect();
    let mut differences = Vec::new();
    for slot in ours {
        unknown.remove(&slot.key);
        let contract = world.slot(address, slot.key)?;
        if contract != slot.value {
            differences.push(PoolDifference { name: slot.name, core: slot.value, contract });
        }
    }
    let rest = unknown.into_iter().map(|(key, contract)| PoolDifference {
        name: format!("slot 0x{key:x}"),
        core: U256::ZERO,
        contract,
    });
    differences.extend(rest);
    Ok(differences)
}
