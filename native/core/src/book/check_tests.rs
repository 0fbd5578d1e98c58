//! A made recording, its tops, its faults, and files that continue one another or do not.

use super::*;
use crate::instrument::samples::btcusdt_spot;

fn checker() -> Checker {
    let mut checker = Checker::new(Market::Spot);
    checker.define(btcusdt_spot()).unwrap();
    checker
}

fn delta(first: u64, last: u64, bids: &str, asks: &str) -> String {
    format!(r#"{{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}}"#)
}

fn ticker(update: u64, bid: &str, ask: &str) -> String {
    format!(r#"{{"u":{update},"s":"BTCUSDT","b":"{bid}","B":"1","a":"{ask}","A":"1"}}"#)
}

const SNAPSHOT: &str = r#"{"lastUpdateId":10,"bids":[["99.00","1"],["98.00","1"]],"asks":[["101.00","1"]]}"#;

fn feed(checker: &mut Checker, messages: &[String]) {
    checker.begin_file();
    messages.iter().for_each(|text| checker.take(text.as_bytes(), None).unwrap());
}

fn row(checker: &Checker, file: usize) -> Tally {
    checker.rows(file).next().unwrap().1
}

#[test]
fn each_top_meets_the_ticker_of_its_update_whichever_comes_first() {
    let mut checker = checker();
    let messages = [
        delta(8, 9, r#"["1.00","1"]"#, ""),
        delta(10, 12, r#"["99.50","1"]"#, ""),
        ticker(12, "99.50", "101.00"),
        SNAPSHOT.to_owned(),
        ticker(14, "99.60", "101.00"),
        ticker(15, "99.70", "101.00"),
        // Both tickers came before this delta; the one of update 14 is its own.
        delta(13, 14, r#"["99.60","1"]"#, ""),
        delta(15, 16, r#"["99.80","1"]"#, ""),
        // No ticker of update 16 came: the top changed after the one of 15.
        ticker(17, "99.80", "101.00"),
    ];
    feed(&mut checker, &messages);
    checker.finish();
    let want = Tally {
        messages: 9,
        deltas: 4,
        tops_compared: 3,
        tops_equal: 2,
        tops_between: 1,
        discarded: 1,
        told: [1, 4, 0, 0, 0],
        ..Tally::default()
    };
    assert_eq!(row(&checker, 0), want);
}

#[test]
fn gaps_and_crossed_books_are_counted() {
    let mut checker = checker();
    let messages = [
        SNAPSHOT.to_owned(),
        delta(11, 12, "", ""),
        delta(14, 15, "", ""),
        delta(16, 16, "", ""),
        SNAPSHOT.replace("10", "14").replace("141", "101"),
        delta(17, 17, r#"["101.00","1"]"#, ""),
        delta(18, 18, "", ""),
    ];
    feed(&mut checker, &messages);
    checker.finish();
    let tally = row(&checker, 0);
    assert_eq!((tally.deltas, tally.gaps, tally.crossed, tally.discarded), (5, 1, 1, 1));
}

#[test]
fn a_file_continues_the_one_before_or_is_its_own() {
    let mut continued = checker();
    feed(&mut continued, &[SNAPSHOT.to_owned(), delta(11, 12, "", "")]);
    feed(&mut continued, &[ticker(12, "99.00", "101.00"), delta(13, 13, "", "")]);
    continued.finish();
    assert_eq!((row(&continued, 0).tops_equal, row(&continued, 1).tops_equal), (1, 1));
    let mut apart = checker();
    feed(&mut apart, &[SNAPSHOT.to_owned(), delta(11, 12, "", "")]);
    feed(&mut apart, &[delta(500, 501, "", ""), SNAPSHOT.replace("10,", "501,"), delta(502, 503, "", "")]);
    apart.finish();
    assert_eq!((row(&apart, 1).gaps, row(&apart, 1).discarded, row(&apart, 1).deltas), (0, 1, 2));
}

#[test]
fn a_message_missing_from_the_connection_puts_every_book_in_doubt() {
    let told = |place: u64, kind: &str, updates: &str| {
        format!(
            r#"{{"channel":"l2_data","timestamp":"2026-08-09T21:05:48Z","sequence_num":{place},"events":[{{"type":"{kind}","product_id":"BTC-USD","updates":[{updates}]}}]}}"#
        )
    };
    let heartbeat = |place: u64| format!(r#"{{"channel":"heartbeats","sequence_num":{place},"events":[]}}"#);
    let level = |side: &str, price: u32| {
        format!(r#"{{"side":"{side}","event_time":"","price_level":"{price}","new_quantity":"1"}}"#)
    };
    let mut checker = Checker::of_public(crate::decode::public::Public::Coinbase);
    checker.define(Instrument { symbol: "BTC-USD".into(), ..btcusdt_spot() }).unwrap();
    let whole = [level("bid", 99), level("offer", 101)].join(",");
    let messages = [
        told(0, "snapshot", &whole),
        heartbeat(1),
        told(2, "update", &level("bid", 100)),
        heartbeat(4),
        told(5, "update", &level("bid", 98)),
        told(6, "snapshot", &whole),
        told(7, "update", &level("bid", 101)),
    ];
    feed(&mut checker, &messages);
    checker.finish();
    let tally = row(&checker, 0);
    assert_eq!((tally.messages, tally.deltas, tally.gaps, tally.discarded, tally.crossed), (5, 3, 1, 1, 1));
}

#[test]
fn levels_beyond_krakens_depth_never_come_back() {
    let sum = |digits: &[u8]| crc32fast::hash(digits);
    let messages = [
        r#"[1,{"as":[["101.00","1","1.0"],["102.00","1","1.0"]],"bs":[["99.00","1","1.0"]]},"book-2","XBT/USD"]"#
            .to_owned(),
        format!(r#"[1,{{"a":[["100.00","1","2.0"]],"c":"{}"}},"book-2","XBT/USD"]"#, sum(b"10000110100199001")),
        // 102 went when 100 came: after 100 only 101 is left.
        format!(r#"[1,{{"a":[["100.00","0","3.0"]],"c":"{}"}},"book-2","XBT/USD"]"#, sum(b"10100199001")),
        r#"[1,{"b":[["98.00","1","4.0"]],"c":"1"},"book-2","XBT/USD"]"#.to_owned(),
    ];
    let mut checker = Checker::of_public(crate::decode::public::Public::KrakenSpot);
    checker.define(Instrument { symbol: "XBT/USD".into(), ..btcusdt_spot() }).unwrap();
    feed(&mut checker, &messages);
    checker.finish();
    let tally = row(&checker, 0);
    assert_eq!((tally.deltas, tally.checksums, tally.checksums_equal), (3, 3, 2));
}

#[test]
fn bad_messages_and_unknown_symbols_are_named() {
    let mut checker = checker();
    checker.begin_file();
    assert!(checker.take(b"{\"e\":", None).is_err());
    let error = checker.take(SNAPSHOT.as_bytes(), Some("XYZUSDT")).unwrap_err();
    assert_eq!(error.to_string(), "unknown symbol, was XYZUSDT");
    assert_eq!(checker.rows(0).count(), 0);
}
