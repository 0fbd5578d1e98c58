//! Two lines that lose each for itself: the book of both is the lossless one, by numbers or by checksums.

use super::*;
use crate::decode::public::Public;
use crate::instrument::Venue;
use crate::units::Side;
use proptest::prelude::*;

fn made(public: Public) -> (LineBooks, u32) {
    let mut books = LineBooks::new([LiveBooks::of_public(public), LiveBooks::of_public(public)]);
    let market = books.lines[0].market_of("BTCUSDT");
    let instrument = Instrument {
        id: 0,
        venue: Venue::Okx,
        market,
        symbol: "BTCUSDT".to_owned(),
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
    };
    let id = books.define(&instrument).unwrap();
    (books, id)
}

fn take(books: &mut LineBooks, line: usize, payload: &str, now: i64) {
    let stamp = Stamp { stream: 0, ts_receive: now, ts_mono: 0 };
    books.take(line, payload.as_bytes(), None, stamp, &mut RecordBuf::with_capacity(1 << 12), &mut |_| {}).unwrap();
}

/// Update `update` of Bybit sets the bid at 1.0 to as many lots.
fn bybit(kind: &str, update: u64) -> String {
    format!(
        r#"{{"topic":"orderbook.200.BTCUSDT","type":"{kind}","ts":1,"data":{{"s":"BTCUSDT","b":[["1.0","0.{update:03}"]],"a":[["9.5","1"]],"u":{update},"seq":1}}}}"#
    )
}

fn bid(books: &LineBooks, id: u32) -> Option<i64> {
    books.shown(id).and_then(|book| book.book().best(Side::Buy)).map(|level| level.qty)
}

#[test]
fn a_hole_of_one_line_is_filled_from_the_other_and_one_of_both_is_a_gap() {
    let (mut books, id) = made(Public::BybitLinear);
    for line in [0, 1] {
        take(&mut books, line, &bybit("snapshot", 7), 1);
    }
    for (line, update) in [(0, 8), (0, 10), (1, 8), (1, 9), (1, 10)] {
        take(&mut books, line, &bybit("delta", update), 2);
    }
    let merged = books.merged(id).unwrap();
    assert_eq!((bid(&books, id), merged.gaps(), merged.filled(), merged.crossed()), (Some(10), 0, 1, 0));
    assert_eq!(books.line(0).unwrap().book(id).unwrap().counts().gaps, 1, "line A alone has lost 9");
    for line in [0, 1] {
        take(&mut books, line, &bybit("delta", 12), 3);
    }
    assert_eq!((bid(&books, id), books.merged(id).unwrap().gaps()), (None, 1));
    take(&mut books, 1, &bybit("snapshot", 13), 4);
    assert_eq!(bid(&books, id), Some(13));
    assert!(books.line(2).is_err() && books.reset(2, 0).is_err() && books.distrust(2, id).is_err());
}

#[test]
fn without_numbers_a_line_that_is_whole_is_shown() {
    let (mut books, id) = made(Public::Hyperliquid);
    let whole = |qty: u32| {
        format!(
            r#"{{"channel":"l2Book","data":{{"coin":"BTCUSDT","time":1,"levels":[[{{"px":"1.0","sz":"0.{qty:03}","n":1}}],[{{"px":"9.5","sz":"1","n":1}}]]}}}}"#
        )
    };
    take(&mut books, 0, &whole(1), 1);
    take(&mut books, 1, &whole(2), 2);
    assert_eq!(bid(&books, id), Some(1));
    books.distrust(0, id).unwrap();
    assert_eq!((bid(&books, id), books.merged(id).unwrap().choice()), (Some(2), Choice { shown: 1, switches: 1 }));
    take(&mut books, 0, &whole(3), 3);
    assert_eq!(bid(&books, id), Some(2), "both are whole: no reason to switch");
    books.reset(1, 4).unwrap();
    assert_eq!((bid(&books, id), books.merged(id).unwrap().gaps()), (Some(3), 0));
    books.reset(0, 5).unwrap();
    assert_eq!((bid(&books, id), books.merged(id).unwrap().gaps()), (None, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn lines_that_lose_and_wait_each_for_itself_are_one_lossless_book(fates in proptest::collection::vec((0_u8..4, 0_usize..3), 1..80)) {
        let (mut books, id) = made(Public::BybitLinear);
        let mut behind: Vec<u64> = Vec::new();
        for line in [0, 1] {
            take(&mut books, line, &bybit("snapshot", 100), 1);
        }
        let mut last = 100;
        for (fate, wait) in fates {
            last += 1;
            // Line A loses some, line B others, and B is behind; neither loses what the other does.
            if fate != 0 {
                take(&mut books, 0, &bybit("delta", last), last as i64);
            }
            if fate != 1 {
                behind.push(last);
            }
            while behind.len() > wait {
                let update = behind.remove(0);
                take(&mut books, 1, &bybit("delta", update), last as i64);
            }
        }
        for update in behind {
            take(&mut books, 1, &bybit("delta", update), last as i64);
        }
        take(&mut books, 0, &bybit("delta", last + 1), last as i64);
        take(&mut books, 1, &bybit("delta", last + 1), last as i64);
        prop_assert_eq!((bid(&books, id), books.merged(id).unwrap().gaps()), (Some(last as i64 + 1), 0));
    }
}
