//! Venues whose messages build on earlier ones, or whose books come in several forms: in order, as records.

use super::conversation_samples::*;
use super::memory::Memory;
use super::message::Message;
use super::public::Public;
use super::{PublicDecoder, Stamp};
use crate::book::check::{Checker, Tally};
use crate::event::{RecordBuf, RecordRef, Trade, flags};
use crate::instrument::Instrument;
use crate::instrument::samples::btcusdt_spot;
use crate::journal::show;

const STAMP: Stamp = Stamp { stream: 1, ts_receive: 2, ts_mono: 3 };

fn decoder(feed: &str, symbols: &[&str]) -> PublicDecoder {
    let public = Public::parse(feed).unwrap();
    let mut decoder = PublicDecoder::new(public);
    for (at, symbol) in symbols.iter().enumerate() {
        let (id, market) = (at as u32 + 1, public.market_of(symbol.as_bytes()));
        let symbol = (*symbol).to_owned();
        decoder.define(&Instrument { id, market, symbol, price_scale: 1, qty_scale: 8, ..btcusdt_spot() }).unwrap();
    }
    decoder
}

/// A record as text: `!` marks a whole book; ids are left out, and what was not told.
fn said_of(record: &RecordRef<'_>) -> String {
    let whole = record.depth().is_some_and(|view| view.head.header.has(flags::SNAPSHOT));
    let mut parts = vec![format!("{}{}", show::kind_name(record.header()), if whole { "!" } else { "" })];
    let told = show::own_fields(record).into_iter().filter(|(name, value)| {
        let silent = value == "none" || value == "0" && (name.ends_with("scale") || *name == "interval");
        !silent && !matches!(*name, "first" | "previous")
    });
    parts.extend(told.map(|(name, value)| format!("{name}={value}")));
    let sold = record.get::<Trade>().is_some_and(|trade| trade.header.has(flags::SELL));
    parts.extend(sold.then(|| "sell".to_owned()));
    parts.join(" ")
}

/// Reads one message and says what it gave.
fn read(decoder: &mut PublicDecoder, text: &str) -> String {
    let mut out = RecordBuf::with_capacity(1 << 14);
    decoder.market(text.as_bytes(), STAMP, &mut out).unwrap();
    out.iter().map(|record| said_of(&record.unwrap())).collect::<Vec<_>>().join("; ")
}

fn talk(decoder: &mut PublicDecoder, messages: &[Said]) {
    for (text, want) in messages {
        assert_eq!(read(decoder, text), *want, "{text}");
    }
}

/// What the checker counts over messages of one instrument with a tick of 0.1 and a lot of 10^-8.
fn counted(feed: &str, symbol: &str, messages: &[&str]) -> Tally {
    let mut checker = Checker::of_public(Public::parse(feed).unwrap());
    let symbol = symbol.to_owned();
    checker.define(Instrument { symbol, price_scale: 1, qty_scale: 8, ..btcusdt_spot() }).unwrap();
    checker.begin_file();
    for message in messages {
        checker.take(message.as_bytes(), None).unwrap();
    }
    checker.finish();
    checker.rows(0).next().unwrap().1
}

#[test]
fn bitfinex_names_its_channels_first() {
    let mut bitfinex = decoder("bitfinex", &["tBTCUSD", "tBTCF0:USTF0"]);
    for (text, _) in BITFINEX {
        assert_eq!(read(&mut bitfinex, text), "", "no channel has a name yet: {text}");
    }
    for text in BITFINEX_NAMES {
        assert_eq!(read(&mut bitfinex, text), "", "{text}");
    }
    talk(&mut bitfinex, BITFINEX);
}

#[test]
fn bitfinex_checksums_are_of_prices_and_signed_amounts() {
    let sum = crc32fast::hash(b"7364.7:0.00288831:7364.9:-0.42028976:7365:-1e-7").cast_signed();
    let told = [sum, sum ^ 1].map(|sum| format!("[11,\"cs\",{sum},20]"));
    let book = BITFINEX.iter().take(3).map(|(text, _)| *text);
    let messages: Vec<&str> =
        BITFINEX_NAMES.iter().copied().chain(book).chain(told.iter().map(String::as_str)).collect();
    let tally = counted("bitfinex", "tBTCUSD", &messages);
    assert_eq!((tally.checksums, tally.checksums_equal, tally.crossed), (2, 1, 0));
}

#[test]
fn bitmex_knows_prices_by_their_ids() {
    talk(&mut decoder("bitmex", &["XBTUSD", "ADAUSDT"]), BITMEX);
}

#[test]
fn dydx_sends_changes_alone_and_in_batches() {
    talk(&mut decoder("dydx", &["BTC-USD"]), DYDX);
}

#[test]
fn gate_futures_count_contracts_and_sign_trades() {
    talk(&mut decoder("gate-linear", &["BTC_USDT"]), GATE_FUTURES);
    let body = r#"{"id":123456,"current":1623898993.123,"update":1623898993.121,"asks":[{"p":"1.5","s":892}],"bids":[{"p":"1.4","s":12}]}"#;
    let mut out = RecordBuf::with_capacity(1 << 12);
    let gate = decoder("gate-linear", &["BTC_USDT"]);
    assert_eq!(gate.snapshot(b"BTC_USDT", body.as_bytes(), STAMP, &mut out), Ok(1));
    let record = out.iter().next().unwrap().unwrap();
    assert_eq!(said_of(&record), "Depth! bids=1: 14x1200000000 asks=1: 15x89200000000");
    assert_eq!((record.header().stream_seq, record.header().ts_venue), (123_456, 1_623_898_993_121_000_000));
}

#[test]
fn kucoin_futures_change_one_level_at_a_time() {
    let mut kucoin = decoder("kucoin-futures", &["XBTUSDTM"]);
    talk(&mut kucoin, KUCOIN_FUTURES);
    for bad in ["5000.0,sell", "5000.0,sell,83,1", "5000.0,none,83"] {
        let (mut out, text) = (RecordBuf::with_capacity(1 << 12), KUCOIN_FUTURES[0].0.replace("5000.0,sell,83", bad));
        assert!(kucoin.market(text.as_bytes(), STAMP, &mut out).is_err() && out.is_empty(), "{bad}");
    }
    let body = r#"{"code":"200000","data":{"sequence":1697895963339,"symbol":"XBTUSDTM","bids":[[66968,2],["66964.5",25]],"asks":[[66968.1,13131]],"ts":1729168101216000000}}"#;
    let mut out = RecordBuf::with_capacity(1 << 12);
    assert_eq!(kucoin.snapshot(b"XBTUSDTM", body.as_bytes(), STAMP, &mut out), Ok(1));
    let record = out.iter().next().unwrap().unwrap();
    assert_eq!(said_of(&record), "Depth! bids=2: 669680x200000000 669645x2500000000 asks=1: 669681x1313100000000");
    assert_eq!((record.header().stream_seq, record.header().ts_venue), (1_697_895_963_339, 1_729_168_101_216_000_000));
}

#[test]
fn krakens_second_version_agrees_with_the_example_of_its_guide() {
    let update = r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":45283.6,"qty":1.00000000}],"asks":[],"checksum":1,"timestamp":"2023-10-06T17:35:55.440295Z"}]}"#;
    let tally = counted("kraken-spot-v2", "BTC/USD", &[KRAKEN_V2_BOOK, update, KRAKEN_V2_TRADE]);
    assert_eq!((tally.checksums, tally.checksums_equal, tally.messages), (2, 1, 3));
    let mut kraken = decoder("kraken-spot-v2", &["BTC/USD"]);
    assert_eq!(read(&mut kraken, KRAKEN_V2_TRADE), "Trade price=452834 qty=50000 sell");
}

#[test]
fn krakens_second_version_keeps_the_depth_that_was_subscribed() {
    let depth_of = |first: &[&str]| {
        let mut depth = None;
        let mut memory = Memory::default();
        for text in first.iter().chain(&[KRAKEN_V2_BOOK]) {
            let mut take = |message: &Message<'_>| {
                if let Message::Book(book) = message {
                    depth = book.depth;
                }
                Ok(())
            };
            Public::KrakenSpotV2.read(&mut memory, text.as_bytes(), &mut take).unwrap();
        }
        depth
    };
    assert_eq!(depth_of(&[]), Some(10), "the least that holds the snapshot");
    let answer = r#"{"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"BTC/USD"},"success":true}"#;
    assert_eq!(depth_of(&[answer]), Some(25));
}
