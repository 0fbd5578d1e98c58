//! The fuzz smoke: every target of `fuzz` over its own seeds mutated, and over arbitrary bytes.
//!
//! `make fuzz` drives the same targets by coverage, for as long as one likes.

use super::Stamp;
use super::heads::Heads;
use super::samples::*;
use crate::event::RecordBuf;
use crate::fuzz::{Driver, Target};
use crate::instrument::Market;
use proptest::prelude::*;
use std::cell::RefCell;

const STAMP: Stamp = Stamp { stream: 1, ts_receive: 1, ts_mono: 1 };
const MARKETS: [Market; 3] = [Market::Spot, Market::Linear, Market::Inverse];

/// One change of a message.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(usize, u8),
    Cut(usize),
    Insert(usize, u8),
    Repeat(usize, usize),
    Splice(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    // Bytes that mean something to the scanner are worth more than others.
    let byte = prop_oneof![proptest::sample::select(b"\"\\{}[]:,.-+eE019 nN\x00\xff".to_vec()), any::<u8>()];
    let at = any::<prop::sample::Index>().prop_map(|at| at.index(2048));
    prop_oneof![
        (at.clone(), byte.clone()).prop_map(|(at, byte)| Mutation::Flip(at, byte)),
        at.clone().prop_map(Mutation::Cut),
        (at.clone(), byte).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        (at.clone(), 0usize..64).prop_map(|(at, len)| Mutation::Repeat(at, len)),
        (at, 0usize..64).prop_map(|(at, len)| Mutation::Splice(at, len)),
    ]
}

fn mutate(seed: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for mutation in mutations {
        let len = bytes.len().max(1);
        match *mutation {
            Mutation::Flip(at, byte) => bytes[at % len] = byte,
            Mutation::Cut(at) => bytes.truncate((at % len).max(1)),
            Mutation::Insert(at, byte) => bytes.insert(at % len, byte),
            Mutation::Repeat(at, count) => {
                let from = at % len;
                let part = bytes[from..(from + count).min(len)].to_vec();
                bytes.splice(from..from, part);
            }
            Mutation::Splice(at, count) => {
                let from = at % len;
                bytes.drain(from..(from + count).min(len - 1).max(from));
            }
        }
    }
    bytes
}

thread_local! {
    /// Every target, made once.
    static DRIVERS: RefCell<Vec<Driver>> = RefCell::new(Target::all().map(Driver::new).collect());
}

/// Every target over the same bytes.
fn drive_all(bytes: &[u8]) {
    DRIVERS.with_borrow_mut(|drivers| drivers.iter_mut().for_each(|driver| driver.drive(bytes)));
}

/// A target's place among all, and one of its own seeds.
fn seed() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let seeds = |(at, target): (usize, Target)| target.seeds().into_iter().map(move |seed| (at, seed));
    proptest::sample::select(Target::all().enumerate().flat_map(seeds).collect::<Vec<_>>())
}

/// The targets' seeds are good ones: each venue's decoder reads its own, so that mutations begin inside it.
#[test]
fn every_target_has_seeds_that_it_reads() {
    for target in Target::all() {
        let seeds = target.seeds();
        assert!(seeds.iter().any(|seed| seed.len() > 20), "{}", target.name());
        assert_eq!(Target::parse(target.name()), Ok(target));
        seeds.iter().for_each(|seed| Driver::new(target).drive(seed));
    }
    assert_eq!(Target::parse("nothing").unwrap_err().to_string(), "unknown fuzz target, was nothing");
}

fn message() -> impl Strategy<Value = &'static str> {
    let all: Vec<&str> = [SPOT, USDM, USER, ANSWERS, &[COINM_DEPTH, COINM_TOP, SPOT_SNAPSHOT]].concat();
    proptest::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mutated_seeds((at, seed) in seed(), mutations in proptest::collection::vec(mutation(), 0..6)) {
        DRIVERS.with_borrow_mut(|drivers| drivers[at].drive(&mutate(&seed, &mutations)));
    }

    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        // Lines would make books of every venue, which costs more than it finds here.
        let one_line: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'\n').collect();
        drive_all(&one_line);
    }

    /// The fast path and the general reader agree: on what both read, and that the general one reads all of it.
    #[test]
    fn the_fast_path_agrees_with_the_general_reader(text in message(), mutations in proptest::collection::vec(mutation(), 0..3)) {
        let (decoder, bytes) = (decoder(), mutate(text.as_bytes(), &mutations));
        for market in MARKETS {
            let mut fast = RecordBuf::with_capacity(1 << 14);
            let mut general = RecordBuf::with_capacity(1 << 14);
            let again = |general: &mut RecordBuf| super::binance::market(&decoder.symbols, market, &bytes, STAMP, general);
            match super::binance_depth::usual(&decoder.symbols, &mut Heads::default(), market, &bytes, STAMP, &mut fast) {
                Some(Ok(written)) => {
                    prop_assert_eq!(again(&mut general), Ok(written));
                    prop_assert_eq!(fast.bytes(), general.bytes());
                }
                // What was written before the fault is taken back by the entry points, see `drive`.
                Some(Err(_)) => prop_assert!(again(&mut general).is_err()),
                None => prop_assert!(fast.is_empty()),
            }
        }
    }
}

/// The canary: a reader that trusts a length in the message must be caught by the same mutations within the same count.
#[test]
fn the_canary_is_caught() {
    let trusting = |bytes: &[u8]| {
        // Reads two levels wherever it sees the bids, as if every message had them.
        let at = bytes.windows(4).position(|w| w == b"\"b\":").map_or(0, |at| at + 4);
        bytes[at + 40]
    };
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = runner.run(&(message(), proptest::collection::vec(mutation(), 0..6)), |(text, mutations)| {
        trusting(&mutate(text.as_bytes(), &mutations));
        Ok(())
    });
    std::panic::set_hook(hook);
    assert!(matches!(found, Err(proptest::test_runner::TestError::Fail(..))), "{found:?}");
}
