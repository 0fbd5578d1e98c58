//! Live books under loss: a gap, a wrong checksum and a lost message of the connection are noted, and the book empties.

use super::*;
use crate::instrument::Venue;

const STAMP: Stamp = Stamp { stream: 1, ts_receive: 0, ts_mono: 0 };

fn instrument(books: &LiveBooks, symbol: &str) -> Instrument {
    Instrument {
        id: 0,
        venue: Venue::Okx,
        market: books.market_of(symbol),
        symbol: symbol.to_owned(),
        base: 1,
        quote: 2,
        settle: 2,
        tick: 1,
        price_scale: 1,
        lot: 1,
        qty_scale: 3,
        multiplier: 1,
        settle_scale: 8,
        base_scale: 8,
    }
}

fn take(books: &mut LiveBooks, payload: &str, whole: Option<u32>) -> Vec<(u32, Note)> {
    let mut records = RecordBuf::with_capacity(1 << 16);
    books.take(payload.as_bytes(), whole, STAMP, &mut records, &mut |_| {}).unwrap();
    books.notes().to_vec()
}

fn bybit(kind: &str, update: u64, bid: &str) -> String {
    format!(
        r#"{{"topic":"orderbook.200.BTCUSDT","type":"{kind}","ts":1,"data":{{"s":"BTCUSDT","b":[["{bid}","1"]],"a":[["9.5","1"]],"u":{update},"seq":1}}}}"#
    )
}

#[test]
fn a_gap_empties_the_book_until_the_stream_sends_a_whole_one() {
    for watched in [false, true] {
        let mut books = LiveBooks::of_public(Public::BybitLinear);
        let id = if watched {
            books.watch("BTCUSDT").unwrap()
        } else {
            books.define(instrument(&books, "BTCUSDT")).unwrap()
        };
        assert!(take(&mut books, &bybit("delta", 6, "1.0"), None).is_empty(), "of a book that is gone");
        assert_eq!(take(&mut books, &bybit("snapshot", 7, "1.0"), None), [(id, Note::Synced)]);
        assert!(take(&mut books, &bybit("delta", 8, "1.1"), None).is_empty());
        assert!(take(&mut books, &bybit("delta", 8, "1.1"), None).is_empty(), "twice is once");
        let gap = Note::Gap { expected: 9, was: 10 };
        assert_eq!(take(&mut books, &bybit("delta", 10, "1.2"), None), [(id, gap)]);
        let book = books.book(id).unwrap();
        assert!(book.synced().needs_snapshot() && book.synced().book().best(crate::units::Side::Buy).is_none());
        assert_eq!((book.counts().gaps, book.counts().applied, book.symbol()), (1, 2, "BTCUSDT"));
        assert_eq!(take(&mut books, &bybit("snapshot", 11, "1.3"), None), [(id, Note::Synced)]);
    }
}

#[test]
fn a_wrong_checksum_empties_the_book() {
    let mut books = LiveBooks::of_public(Public::Okx);
    let id = books.define(instrument(&books, "BTC-USDT")).unwrap();
    let push = |action: &str, qty: &str, sum: u32| {
        format!(
            r#"{{"arg":{{"channel":"books","instId":"BTC-USDT"}},"action":"{action}","data":[{{"asks":[],"bids":[["1.5","{qty}","0","1"]],"ts":"1","checksum":{}}}]}}"#,
            sum.cast_signed()
        )
    };
    let right = crc32fast::hash(b"1.5:7");
    assert!(take(&mut books, "pong", None).is_empty());
    assert_eq!(take(&mut books, &push("snapshot", "7", right), None), [(id, Note::Synced)]);
    let wrong = Note::Checksum { expected: u64::from(right), was: u64::from(crc32fast::hash(b"1.5:8")) };
    assert_eq!(take(&mut books, &push("update", "8", right), None), [(id, wrong)]);
    assert!(books.book(id).unwrap().synced().needs_snapshot());
    assert!(take(&mut books, &push("update", "8", right), None).is_empty(), "nothing to compare while it waits");
    assert_eq!(take(&mut books, &push("snapshot", "7", right), None), [(id, Note::Synced)]);
    assert_eq!(books.book(id).unwrap().counts().checksums_wrong, 1);
}

#[test]
fn a_message_that_the_connection_lost_puts_every_book_in_doubt() {
    let mut books = LiveBooks::of_public(Public::Coinbase);
    let push = |sequence: u64, product: &str| {
        format!(
            r#"{{"channel":"l2_data","timestamp":"2026-08-09T21:05:48Z","sequence_num":{sequence},"events":[{{"type":"snapshot","product_id":"{product}","updates":[{{"side":"bid","price_level":"1.5","new_quantity":"2"}}]}}]}}"#
        )
    };
    let ids = ["A-B", "C-D"].map(|symbol| books.define(instrument(&books, symbol)).unwrap());
    assert_eq!(take(&mut books, &push(0, "A-B"), None), [(ids[0], Note::Synced)]);
    assert_eq!(take(&mut books, &push(1, "C-D"), None), [(ids[1], Note::Synced)]);
    assert!(take(&mut books, r#"{"channel":"heartbeats","sequence_num":1,"events":[]}"#, None).is_empty());
    let lost = Note::Gap { expected: 2, was: 3 };
    let noted = take(&mut books, r#"{"channel":"heartbeats","sequence_num":3,"events":[]}"#, None);
    assert_eq!(noted, [(ids[0], lost), (ids[1], lost)]);
    books.reset();
    assert_eq!(take(&mut books, &push(0, "A-B"), None), [(ids[0], Note::Synced)], "a new connection counts from 0");
}

#[test]
fn changes_wait_for_the_book_that_is_asked_for() {
    let mut books = LiveBooks::of_public(Public::Bitstamp);
    let id = books.define(instrument(&books, "btcusd")).unwrap();
    let change = r#"{"event":"data","channel":"diff_order_book_btcusd","data":{"microtimestamp":"20","bids":[["1.5","1"]],"asks":[]}}"#;
    assert_eq!(take(&mut books, change, None), [(id, Note::Waiting)]);
    let whole = r#"{"microtimestamp":"10","bids":[["1.4","1"]],"asks":[["1.6","2"]]}"#;
    assert_eq!(take(&mut books, whole, Some(id)), [(id, Note::Synced)]);
    assert_eq!(books.book(id).unwrap().synced().last_update(), 20);
    books.distrust(id);
    assert_eq!(take(&mut books, &change.replace("20", "30"), None), [(id, Note::Waiting)]);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let mut binance = LiveBooks::of_binance(Market::Spot);
    assert!(binance.watch("BTCUSDT").unwrap_err().to_string().contains("tick and lot"));
    let mut other = LiveBooks::of_rule(Public::Hyperliquid.rule(None));
    let mut records = RecordBuf::with_capacity(64);
    assert!(other.take(b"{}", None, STAMP, &mut records, &mut |_| {}).is_err());
    let view = DepthView {
        head: &DepthHead { header: Header::of::<DepthHead>(1, 0, 0, 0), first: 0, previous: 0, bids: 0, asks: 0 },
        bids: &[],
        asks: &[],
    };
    assert!(other.apply(1, view).is_err());
    other.watch("S").unwrap();
    assert!(other.book(1).is_some() && other.book(0).is_none() && other.book(99).is_none());
}
