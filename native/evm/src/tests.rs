//! The simulator on hand-assembled contracts: every way a call ends, what it changes, undo, sources and the bound.

use std::sync::{Arc, Mutex};

use tickwright_core::clamm::pool::{Family, Payment, Pool, Terms};
use tickwright_core::clamm::u256;

use super::*;

/// Reverts with its calldata.
const REVERTS: &[u8] = &[0x36, 0x5f, 0x5f, 0x37, 0x36, 0x5f, 0xfd];
/// Adds one to slot 7 and logs nothing.
const COUNTS: &[u8] = &[0x60, 0x07, 0x54, 0x60, 0x01, 0x01, 0x60, 0x07, 0x55, 0x00];
/// Logs its calldata under the topic 5, and returns it.
const LOGS: &[u8] = &[0x36, 0x5f, 0x5f, 0x37, 0x60, 0x05, 0x36, 0x5f, 0xa1, 0x36, 0x5f, 0xf3];
/// Returns the hash of block 41 and the time.
const BLOCKS: &[u8] = &[0x60, 0x29, 0x40, 0x5f, 0x52, 0x42, 0x60, 0x20, 0x52, 0x60, 0x40, 0x5f, 0xf3];

const SENDER: Address = Address::repeat_byte(0x11);
const CONTRACT: Address = Address::repeat_byte(0x22);

fn evm(code: &'static [u8]) -> Evm {
    let mut world = World::new(1_000, None);
    world.set_account(CONTRACT, Account { code: code.into(), ..Account::default() }).unwrap();
    Evm::new(world, SpecId::CANCUN, 1, Reasons::new(["Wrong(uint256)".to_owned()]))
}

fn call(data: &[u8]) -> Call {
    Call {
        from: SENDER,
        to: Some(CONTRACT),
        data: data.to_vec().into(),
        value: U256::ZERO,
        gas: 1_000_000,
        gas_price: 0,
    }
}

fn reverted(data: &[u8]) -> String {
    let outcome = evm(REVERTS).call(&call(data), &Block::default(), true).unwrap();
    assert_eq!(outcome.output[..], *data);
    assert!(outcome.logs.is_empty());
    match outcome.ended {
        Ended::Revert(reason) => reason.to_string(),
        other => panic!("reverts, was {other:?}"),
    }
}

fn words(selector: [u8; 4], words: &[&[u8]]) -> Vec<u8> {
    let mut data = selector.to_vec();
    for word in words {
        let mut padded = [0; 32];
        padded[32 - word.len()..].copy_from_slice(word);
        data.extend(padded);
    }
    data
}

#[test]
fn every_form_of_a_revert_has_its_text() {
    let mut text = words([0x08, 0xc3, 0x79, 0xa0], &[&[32], &[3]]);
    text.extend(b"LOK");
    text.extend([0; 29]);
    assert_eq!(reverted(&text), "LOK");
    assert_eq!(reverted(&words([0x4e, 0x48, 0x7b, 0x71], &[&[0x11]])), "Panic(0x11)");
    let wrong = keccak256(b"Wrong(uint256)");
    assert_eq!(reverted(&words([wrong[0], wrong[1], wrong[2], wrong[3]], &[&[9]])), "Wrong(uint256)");
    assert_eq!(reverted(&[1, 2, 3, 4]), "0x01020304");
    assert_eq!(reverted(&[]), "");
    assert_eq!(reverted(&[1, 2]), "data of no known form");
}

#[test]
fn a_text_that_points_outside_of_the_data_is_not_read() {
    for (start, length) in
        [(vec![0xff; 32], vec![3]), (vec![32], vec![0xff; 32]), (vec![64], vec![3]), (vec![32], vec![33])]
    {
        let data = words([0x08, 0xc3, 0x79, 0xa0], &[&start, &length]);
        assert_eq!(reverted(&data), "data of no known form");
    }
    assert_eq!(reverted(&[0x08, 0xc3, 0x79, 0xa0]), "data of no known form");
    assert_eq!(reverted(&[0x4e, 0x48, 0x7b, 0x71, 0]), "data of no known form");
}

#[test]
fn a_call_changes_nothing_until_it_is_committed_and_a_mark_takes_it_back() {
    let mut evm = evm(COUNTS);
    let (one, two) = (U256::from(1), U256::from(2));
    let first = evm.call(&call(&[]), &Block::default(), false).unwrap();
    let again = evm.call(&call(&[]), &Block::default(), true).unwrap();
    assert_eq!(first, again);
    assert_eq!(first.ended, Ended::Success);
    let slot = SlotChange { key: U256::from(7), before: U256::ZERO, after: one };
    let touched: Vec<_> =
        first.changes.iter().map(|change| (change.address, change.nonce, change.slots.clone())).collect();
    assert_eq!(touched, [(SENDER, (0, 1), vec![]), (CONTRACT, (0, 0), vec![slot])]);
    let mark = evm.world.mark();
    evm.call(&call(&[]), &Block::default(), true).unwrap();
    assert_eq!(evm.world.slot(CONTRACT, U256::from(7)), Ok(two));
    evm.world.undo(mark).unwrap();
    assert_eq!(evm.world.slot(CONTRACT, U256::from(7)), Ok(one));
    assert_eq!(evm.world.account(SENDER).unwrap().unwrap().nonce, 1);
    assert_eq!(evm.world.undo(mark), Err(StateError::UnknownMark(mark)));
}

#[test]
fn logs_output_and_block_reach_the_outcome() {
    let outcome = evm(LOGS).call(&call(b"abc"), &Block::default(), false).unwrap();
    assert_eq!(outcome.output, b"abc"[..]);
    assert_eq!(outcome.logs.len(), 1);
    assert_eq!(outcome.logs[0].data.topics(), [B256::left_padding_from(&[5])]);
    let block = Block { number: 42, timestamp: 1_700_000_000, ..Block::default() };
    let outcome = evm(BLOCKS).call(&call(&[]), &block, false).unwrap();
    assert_eq!(U256::from_be_slice(&outcome.output[32..]), U256::from(1_700_000_000_u64));
}

#[test]
fn a_halt_takes_the_gas_and_a_refusal_takes_nothing() {
    let outcome = evm(&[0xfe]).call(&call(&[]), &Block::default(), false).unwrap();
    assert!(matches!(outcome.ended, Ended::Halt(_)));
    assert_eq!(outcome.gas_used, 1_000_000);
    let mut evm = evm(COUNTS);
    let dear = Call { value: U256::from(1), ..call(&[]) };
    assert!(matches!(evm.call(&dear, &Block::default(), true), Err(EvmError::Invalid(_))));
    let endless = Call { gas: GAS_MAX + 1, ..call(&[]) };
    assert!(matches!(evm.call(&endless, &Block::default(), true), Err(EvmError::Invalid(_))));
    assert_eq!(evm.world.account(SENDER), Ok(None));
}

#[test]
fn gas_is_paid_to_the_coinbase_when_it_has_a_price() {
    let mut evm = evm(COUNTS);
    evm.world.set_account(SENDER, Account { balance: U256::from(10_000_000), ..Account::default() }).unwrap();
    let block = Block { base_fee: 2, coinbase: Address::repeat_byte(0x33), ..Block::default() };
    let outcome = evm.call(&Call { gas_price: 3, ..call(&[]) }, &block, true).unwrap();
    let paid = U256::from(3 * outcome.gas_used);
    assert_eq!(evm.world.account(SENDER).unwrap().unwrap().balance, U256::from(10_000_000) - paid);
    assert_eq!(evm.world.account(block.coinbase).unwrap().unwrap().balance, U256::from(outcome.gas_used));
    assert!(evm.call(&Call { gas_price: 1, ..call(&[]) }, &block, true).is_err());
}

#[test]
fn creation_code_deploys_and_its_state_can_be_undone() {
    // Stores 9 in slot 1 and deploys the one byte 0x00.
    let creation = [0x60, 0x09, 0x60, 0x01, 0x55, 0x60, 0x01, 0x5f, 0xf3];
    let mut evm = evm(COUNTS);
    let mark = evm.world.mark();
    let outcome = evm.call(&Call { to: None, ..call(&creation) }, &Block::default(), true).unwrap();
    let made = outcome.created.unwrap();
    assert_eq!(evm.world.account(made).unwrap().unwrap().code, [0][..]);
    assert_eq!(evm.world.slots_of(made).collect::<Vec<_>>(), [(U256::from(1), U256::from(9))]);
    let change = outcome.changes.iter().find(|change| change.address == made).unwrap();
    assert_eq!(change.deployed, Some(Bytes::from_static(&[0])));
    evm.world.undo(mark).unwrap();
    assert_eq!(evm.world.account(made), Ok(None));
    assert_eq!(evm.world.slots_of(made).count(), 0);
}

/// A source that counts questions, and refuses for one address.
struct Node(Arc<Mutex<Vec<String>>>);

impl Source for Node {
    fn account(&mut self, address: Address) -> Result<Option<Account>, String> {
        self.0.lock().unwrap().push(format!("account {address}"));
        match address {
            CONTRACT => Ok(Some(Account { code: COUNTS.into(), ..Account::default() })),
            SENDER => Ok(None),
            _ => Err("the node is gone".to_owned()),
        }
    }

    fn slot(&mut self, _: Address, key: U256) -> Result<U256, String> {
        self.0.lock().unwrap().push(format!("slot {key}"));
        Ok(U256::from(40))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, String> {
        Ok(B256::left_padding_from(&number.to_be_bytes()))
    }
}

#[test]
fn a_source_is_asked_once_and_its_failure_is_told() {
    let asked = Arc::default();
    let world = World::new(100, Some(Box::new(Node(Arc::clone(&asked)))));
    let mut evm = Evm::new(world, SpecId::CANCUN, 1, Reasons::default());
    let block = Block { coinbase: SENDER, ..Block::default() };
    evm.call(&call(&[]), &block, true).unwrap();
    let questions = asked.lock().unwrap().len();
    evm.call(&call(&[]), &block, true).unwrap();
    assert_eq!(asked.lock().unwrap().len(), questions);
    assert_eq!(evm.world.slot(CONTRACT, U256::from(7)), Ok(U256::from(42)));
    let elsewhere = Call { to: Some(Address::repeat_byte(0x44)), ..call(&[]) };
    let failed = evm.call(&elsewhere, &block, true);
    assert_eq!(failed, Err(EvmError::State(StateError::Source("the node is gone".to_owned()))));
}

#[test]
fn a_zero_that_was_written_hides_what_the_source_has() {
    let mut world = World::new(100, Some(Box::new(Node(Arc::default()))));
    world.set_slot(CONTRACT, U256::from(7), U256::ZERO).unwrap();
    assert_eq!(world.slot(CONTRACT, U256::from(7)), Ok(U256::ZERO));
    assert_eq!(world.slot(CONTRACT, U256::from(8)), Ok(U256::from(40)));
}

#[test]
fn a_full_state_refuses_a_whole_call() {
    let mut world = World::new(3, None);
    world.set_account(CONTRACT, Account { code: COUNTS.into(), ..Account::default() }).unwrap();
    let mut evm = Evm::new(world, SpecId::CANCUN, 1, Reasons::default());
    let full = Err(EvmError::State(StateError::Full { entries_max: 3 }));
    assert_eq!(evm.call(&call(&[]), &Block::default(), true), full);
    assert_eq!(evm.world.entries(), 1);
    assert!(evm.call(&call(&[]), &Block::default(), false).is_ok());
}

fn pool(family: Family) -> Pool {
    let mut pool = Pool::new(Terms::new(family, 3000, 60).unwrap());
    pool.initialize(u256::U256::from_halves(1 << 96, 0), 1_700_000_000).unwrap();
    pool.mint([7; 20], -60, 120, 1_000_000, 1_700_000_012, Payment::Due).unwrap();
    pool
}

#[test]
fn a_pool_that_was_written_into_storage_is_equal_and_one_changed_word_is_named() {
    for family in [Family::Uniswap, Family::Pancake] {
        let (pool, mut world) = (pool(family), World::new(1_000, None));
        world.set_slot(CONTRACT, U256::from(77), U256::from(1)).unwrap();
        write_pool(&mut world, CONTRACT, &pool).unwrap();
        assert_eq!(compare_pool(&mut world, CONTRACT, &pool), Ok(vec![]));
        let slots = pool_slots(&pool);
        let wrong = slots.iter().find(|slot| slot.name == "ticks[-60].liquidity").unwrap();
        world.set_slot(CONTRACT, wrong.key, U256::from(5)).unwrap();
        let difference = PoolDifference { name: wrong.name.clone(), core: wrong.value, contract: U256::from(5) };
        assert_eq!(compare_pool(&mut world, CONTRACT, &pool), Ok(vec![difference]));
    }
}

#[test]
fn the_words_of_a_pool_lie_where_solidity_puts_them() {
    let slots = pool_slots(&pool(Family::Uniswap));
    let value = |name: &str| slots.iter().find(|slot| slot.name == name).map(|slot| (slot.key, slot.value)).unwrap();
    let million = U256::from(1_000_000);
    assert_eq!(value("liquidity"), (U256::from(4), million));
    // The lower tick adds its liquidity and the upper one takes it away, as two's complement in the high half.
    assert_eq!(value("ticks[-60].liquidity").1, million | (million << 128));
    assert_eq!(value("ticks[120].liquidity").1, million | (million.wrapping_neg() << 128));
    // keccak256 of the key and the mapping's slot, each as a word; -60 is 2^256 - 60.
    let mut key = [0xff; 64];
    key[31] = 0xff - 59;
    key[32..].fill(0);
    key[63] = 5;
    assert_eq!(value("ticks[-60].liquidity").0, U256::from_be_bytes(keccak256(key).0));
    assert_eq!(slots.iter().filter(|slot| slot.name.starts_with("tickBitmap")).count(), 2);
}
