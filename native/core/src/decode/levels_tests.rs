//! Levels in one pass beside the general reader of each form.

use super::*;
use crate::decode::samples;
use crate::event::{DepthHead, Header};
use crate::instrument::Market;
use proptest::prelude::*;

/// Makes one level out of price, size and a number beside them.
type Write = fn(&str, &str, u8) -> String;
/// Makes the levels of a message out of both sides' arrays.
type Make = for<'a> fn(Value<'a>, Value<'a>) -> Levels<'a>;

/// Every form as its venue writes it.
const FORMS: &[(Write, Make)] = &[
    (
        |price, qty, _| format!("[\"{price}\",\"{qty}\"]"),
        |bids, asks| Levels::Pairs { bids: Some(bids), asks: Some(asks) },
    ),
    (
        |price, qty, n| format!("[\"{price}\",\"{qty}\",\"1618678133.13636{n}\",\"r\"]"),
        |bids, asks| Levels::Pairs { bids: Some(bids), asks: Some(asks) },
    ),
    (
        |price, qty, n| format!("[\"{price}\",\"{qty}\",\"1618678133.13636{n}\"]"),
        |bids, asks| Levels::Timed { bids: Some(bids), asks: Some(asks) },
    ),
    (|price, qty, n| format!("[\"{price}\",\"{qty}\",\"{n}\"]"), |bids, asks| Levels::Priced { bids, asks }),
    (|price, qty, _| format!("[{price},{qty}]"), |bids, asks| Levels::Figures { bids, asks }),
    (
        |price, qty, n| format!("{{\"n\":{n},\"px\":\"{price}\",\"sz\":\"{qty}\"}}"),
        |bids, asks| Levels::Short { bids, asks },
    ),
    (
        |price, qty, n| format!("{{\"px\":\"{price}\",\"sz\":\"{qty}\",\"n\":{n}}}"),
        |bids, asks| Levels::Short { bids, asks },
    ),
    (
        |price, qty, n| format!("[\"{}\",{price},{qty}]", ["new", "change", "delete"][usize::from(n) % 3]),
        |bids, asks| Levels::Worded { bids, asks },
    ),
    (|price, qty, _| format!("{{\"price\":{price},\"qty\":{qty}}}"), |bids, asks| Levels::Named { bids, asks }),
    (
        |price, qty, _| format!("{{\"price\":\"{price}\",\"size\":\"{qty}\"}}"),
        |bids, asks| Levels::Named { bids, asks },
    ),
    (
        |price, qty, n| {
            let side = if n % 3 == 0 { "offer" } else { "bid" };
            format!(
                "{{\"side\":\"{side}\",\"event_time\":\"2026-08-09T21:05:48.{n}Z\",\"price_level\":\"{price}\",\"new_quantity\":\"{qty}\"}}"
            )
        },
        |bids, _| Levels::Sided(bids),
    ),
];

/// Both arrays of `text`, which is `{"b":..,"a":..}`, as a message's levels; None where they are none.
fn levels(text: &[u8], make: Make) -> Option<Levels<'_>> {
    let (mut bids, mut asks) = (None, None);
    let whole = Scan::new(text).whole_text("message").ok()?;
    whole
        .members("message", |key, value| {
            match key {
                b"bids_of_the_book" => bids = Some(value),
                _ => asks = Some(value),
            }
            Ok(())
        })
        .ok()?;
    Some(make(bids?, asks?))
}

/// All levels of a message, bids first.
type All = Result<Vec<Level>>;

/// The levels, written in one pass where that can, and read one by one.
fn both_ways(text: &[u8], make: Make) -> Option<(All, All)> {
    let decoder = samples::decoder();
    let listed = decoder.symbols.find(Market::Spot, b"BTCUSDT")?;
    let levels = levels(text, make)?;
    let mut out = RecordBuf::with_capacity(1 << 16);
    let at = out.begin_depth().ok()?;
    let written = levels.write(text, listed, &mut out).map(|Written { bids, asks, .. }| {
        out.end_depth(at, DepthHead { header: Header::of::<DepthHead>(1, 1, 1, 1), first: 1, previous: 0, bids, asks });
        let view = out.iter().next().unwrap().unwrap().depth().unwrap();
        [view.bids, view.asks].concat()
    });
    let mut read = Vec::new();
    let done = [Side::Buy, Side::Sell].into_iter().try_for_each(|side| {
        levels.each(side, |price, qty| {
            read.push(listed.level(price, qty)?);
            Ok(())
        })
    });
    let times = match levels {
        Levels::Timed { bids, asks } => {
            [bids, asks].into_iter().flatten().try_for_each(|side| rows::latest(side).map(|_| ()))
        }
        _ => Ok(()),
    };
    Some((written, done.and(times).map(|()| read)))
}

/// Price, size and a small number.
fn rows() -> impl Strategy<Value = Vec<(String, String, u8)>> {
    let price = "[1-9][0-9]{0,6}(\\.[0-9]{1,2}0{0,7})?|0\\.0[1-9]|61837\\.64000000|0";
    proptest::collection::vec((price, "[0-9]{1,9}(\\.[0-9]{1,5}0{0,3})?|0\\.123456789", 0u8..=9), 0..9)
}

fn text_of(write: Write, bids: &[(String, String, u8)], asks: &[(String, String, u8)], tail: &str) -> String {
    let side = |rows: &[(String, String, u8)]| {
        rows.iter().map(|(price, qty, n)| write(price, qty, *n)).collect::<Vec<_>>().join(",")
    };
    format!("{{\"bids_of_the_book\":[{}],\"a\":[{}]{tail}}}", side(bids), side(asks))
}

#[test]
fn a_bid_behind_asks_goes_before_them() {
    let row = |price: &str, n| (price.to_owned(), "1".to_owned(), n);
    let (write, make) = FORMS[10];
    let rows = [row("5", 1), row("7", 3), row("8", 3), row("4", 2), row("9", 6), row("3", 1)];
    let text = text_of(write, &rows, &[], "");
    let (written, read) = both_ways(text.as_bytes(), make).unwrap();
    assert_eq!(written.unwrap().iter().map(|level| level.price).collect::<Vec<_>>(), [500, 400, 300, 700, 800, 900]);
    assert_eq!(read.unwrap().iter().map(|level| level.price).collect::<Vec<_>>(), [500, 400, 300, 700, 800, 900]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn one_pass_gives_what_one_by_one_gives((write, make) in proptest::sample::select(FORMS), bids in rows(), asks in rows(), tail in prop_oneof![Just(String::new()), Just(format!(" {:70}", ""))]) {
        let text = text_of(write, &bids, &asks, &tail);
        match both_ways(text.as_bytes(), make).unwrap() {
            (Ok(written), Ok(read)) => prop_assert_eq!(written, read, "{}", text),
            (written, read) => prop_assert_eq!(written.is_err(), read.is_err(), "{}", text),
        }
    }

    #[test]
    fn whatever_bytes_come_both_say_the_same((write, make) in proptest::sample::select(FORMS), bids in rows(), asks in rows(), changes in proptest::collection::vec((any::<usize>(), proptest::sample::select(b"\"[]{},.:-e05x ".to_vec())), 1..4)) {
        let mut text = text_of(write, &bids, &asks, "").into_bytes();
        for (at, byte) in changes {
            let at = at % text.len();
            text[at] = byte;
        }
        if let Some((written, read)) = both_ways(&text, make) {
            prop_assert_eq!(written.ok(), read.ok(), "{}", String::from_utf8_lossy(&text));
        }
    }
}
