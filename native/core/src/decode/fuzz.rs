//! The fuzz smoke of the decoders: mutated real messages and arbitrary bytes never panic, and what fails leaves nothing.

use super::public::Public;
use super::samples::*;
use super::told_samples::{TOLD, TOLD_REST};
use super::{Decoder, PublicDecoder, Stamp};
use crate::event::RecordBuf;
use crate::instrument::samples::btcusdt_spot;
use crate::instrument::{Instrument, Market};
use proptest::prelude::*;

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

fn mutate(text: &str, mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
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

/// Every entry point over the same bytes.
fn drive(decoder: &Decoder, bytes: &[u8]) {
    let mut out = RecordBuf::with_capacity(1 << 14);
    for market in MARKETS {
        for entry in 0..4 {
            let mark = out.mark();
            let written = match entry {
                0 => decoder.market(market, bytes, STAMP, &mut out),
                1 => decoder.snapshot(1, bytes, STAMP, &mut out),
                2 => decoder.user(market, 1, bytes, STAMP, &mut out),
                _ => decoder.answer(market, 1, bytes, STAMP, &mut out),
            };
            match written {
                Ok(count) => assert_eq!(out.iter().filter(|r| r.is_ok()).count(), count),
                Err(_) => assert_eq!(out.mark(), mark),
            }
            out.clear();
        }
    }
}

/// Every other venue's decoder, knowing the symbols of the samples, over the same bytes.
fn drive_public(bytes: &[u8]) {
    let mut out = RecordBuf::with_capacity(1 << 14);
    let markets = ["okx", "bybit-spot", "bybit-linear", "kraken-spot", "bitget-mix", "coinbase", "deribit"];
    for name in markets.into_iter().chain([
        "kraken-futures",
        "kucoin-spot",
        "bitstamp",
        "hyperliquid",
        "gate-spot",
        "htx-inverse",
    ]) {
        let public = Public::parse(name).unwrap();
        let mut decoder = PublicDecoder::new(public);
        for symbol in [
            "BTC-USD-220527",
            "BTCUSDT",
            "BTC-USD",
            "BTC-24SEP21-8000-P",
            "DASHUSDT",
            "PI_ETHUSD",
            "SC/EUR",
            "WAVES/EUR",
            "BCHSV-USDT",
            "adaeur",
            "BTC",
            "BTC_USDT",
            "ATOM-USD",
        ]
        .into_iter()
        .chain(TOLD.iter().map(|(_, symbol, ..)| *symbol))
        {
            let (market, symbol) = (public.market_of(symbol.as_bytes()), symbol.to_owned());
            let listed = Instrument { market, symbol, price_scale: 6, qty_scale: 8, ..btcusdt_spot() };
            decoder.define(&listed).unwrap();
        }
        match decoder.market(bytes, STAMP, &mut out) {
            Ok(count) => assert_eq!(out.iter().filter(|r| r.is_ok()).count(), count),
            Err(_) => assert!(out.is_empty()),
        }
        out.clear();
        let mut survey = super::survey::Survey::of_public(public);
        let _ = survey.take(bytes, None);
        let _ = survey.take(bytes, Some(b"adaeur"));
    }
}

fn public_message() -> impl Strategy<Value = &'static str> {
    let told = TOLD.iter().chain(TOLD_REST).map(|(_, _, text, _)| *text);
    proptest::sample::select(PUBLIC.iter().copied().chain(told).collect::<Vec<_>>())
}

fn message() -> impl Strategy<Value = &'static str> {
    let all: Vec<&str> = [SPOT, USDM, USER, ANSWERS, &[COINM_DEPTH, COINM_TOP, SPOT_SNAPSHOT]].concat();
    proptest::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mutated_messages(text in message(), mutations in proptest::collection::vec(mutation(), 0..6)) {
        drive(&decoder(), &mutate(text, &mutations));
    }

    #[test]
    fn mutated_messages_of_other_venues(text in public_message(), mutations in proptest::collection::vec(mutation(), 0..6)) {
        drive_public(&mutate(text, &mutations));
    }

    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drive(&decoder(), &bytes);
        drive_public(&bytes);
    }

    /// The fast path and the general reader agree: on what both read, and that the general one reads all of it.
    #[test]
    fn the_fast_path_agrees_with_the_general_reader(text in message(), mutations in proptest::collection::vec(mutation(), 0..3)) {
        let (decoder, bytes) = (decoder(), mutate(text, &mutations));
        for market in MARKETS {
            let mut fast = RecordBuf::with_capacity(1 << 14);
            let mut general = RecordBuf::with_capacity(1 << 14);
            let again = |general: &mut RecordBuf| super::binance::market(&decoder.symbols, market, &bytes, STAMP, general);
            match super::binance_depth::usual(&decoder.symbols, market, &bytes, STAMP, &mut fast) {
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
        trusting(&mutate(text, &mutations));
        Ok(())
    });
    std::panic::set_hook(hook);
    assert!(matches!(found, Err(proptest::test_runner::TestError::Fail(..))), "{found:?}");
}
