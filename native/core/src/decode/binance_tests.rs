//! What each public message becomes, whatever the order of its members, and what is refused.

use crate::decode::heads::Heads;
use crate::decode::samples::*;
use crate::decode::{Decoder, Stamp};
use crate::error::{CoreError, Result};
use crate::event::{Bbo, Mark, RecordBuf, Trade, flags};
use crate::instrument::Market;
use crate::units::{NO_PRICE, NO_TIME};

const STAMP: Stamp = Stamp { stream: 3, ts_receive: 1_000, ts_mono: 2_000 };

fn market_of(decoder: &mut Decoder, market: Market, text: &str) -> Result<RecordBuf> {
    let mut out = RecordBuf::with_capacity(1 << 16);
    let written = decoder.market(market, text.as_bytes(), STAMP, &mut out)?;
    assert_eq!(out.iter().count(), written, "{text}");
    Ok(out)
}

fn read(market: Market, text: &str) -> Result<RecordBuf> {
    market_of(&mut decoder(), market, text)
}

/// A depth record as text: instrument, flags, U, u, pu, time, bids, asks.
fn depth_of(out: &RecordBuf) -> String {
    let record = out.iter().next().unwrap().unwrap();
    let view = record.depth().unwrap();
    let pairs = |levels: &[crate::event::Level]| levels.iter().map(|l| (l.price, l.qty)).collect::<Vec<_>>();
    let head = view.head;
    format!(
        "{} f{} {} {} {} {} {:?} {:?}",
        head.header.instrument,
        head.header.flags,
        head.first,
        head.header.stream_seq,
        head.previous,
        head.header.ts_venue,
        pairs(view.bids),
        pairs(view.asks)
    )
}

const SPOT_WANT: &str =
    "1 f0 50093239203 50093239207 0 1723161255308000000 [(5565387, 0)] [(6183804, 32332), (6186251, 0)]";
const USDM_WANT: &str = "2 f0 4984028370826 4984028373334 4984028370730 1721347022553000000 [(10000, 569567), (621096, 4), (636201, 0)] [(639785, 2363), (641694, 20)]";
const COINM_WANT: &str = "3 f0 1007198631260 1007198631565 1007198631198 1723161257432000000 [(617736, 1001), (617777, 1)] [(618343, 0), (618405, 137)]";

/// The inner object of a combined message.
fn raw(text: &str) -> &str {
    let from = text.find("\"data\":").unwrap() + 7;
    &text[from..text.len() - 1]
}

#[test]
fn deltas_of_each_market() {
    for (market, text, want) in [
        (Market::Spot, SPOT_DEPTH, SPOT_WANT),
        (Market::Linear, USDM_DEPTH, USDM_WANT),
        (Market::Inverse, COINM_DEPTH, COINM_WANT),
    ] {
        assert_eq!(depth_of(&read(market, text).unwrap()), want);
        assert_eq!(depth_of(&read(market, raw(text)).unwrap()), want);
    }
}

#[test]
fn members_in_any_order_and_with_any_space_mean_the_same() {
    let turned = r#"{"a":[["61838.04000000","0.32332000"],["61862.51000000","0"]],"b":[["55653.87","0.00000000",[]]],"x":{"b":[1]},
        "u":50093239207, "U":50093239203,"s":"BTCUSDT","E":1723161255308,"e":"depthUpdate"}"#;
    let combined = format!(" {{ \"data\" : {turned} , \"more\":[{{}}], \"stream\" : \"btcusdt@depth@100ms\" }} ");
    for text in [turned, &combined, &SPOT_DEPTH.replace(',', " ,\n\t")] {
        assert_eq!(depth_of(&read(Market::Spot, text).unwrap()), SPOT_WANT, "{text}");
    }
}

#[test]
fn the_usual_form_is_read_by_the_fast_path() {
    for (market, text) in [(Market::Spot, SPOT_DEPTH), (Market::Linear, USDM_DEPTH), (Market::Inverse, COINM_DEPTH)] {
        for text in [text, raw(text)] {
            let mut out = RecordBuf::with_capacity(1 << 16);
            let heads = &mut Heads::default();
            let fast =
                super::super::binance_depth::usual(&decoder().symbols, heads, market, text.as_bytes(), STAMP, &mut out);
            assert_eq!(fast, Some(Ok(1)), "{text}");
        }
    }
}

#[test]
fn snapshots_from_rest_and_partial_streams() {
    let mut out = RecordBuf::with_capacity(4096);
    decoder().snapshot(1, SPOT_SNAPSHOT.as_bytes(), STAMP, &mut out).unwrap();
    let want =
        format!("1 f1 50093239218 50093239218 0 {NO_TIME} [(6183763, 378826), (6183762, 61700)] [(6183764, 154698)]");
    assert_eq!(depth_of(&out), want);
    let want = format!("1 f1 160 160 0 {NO_TIME} [(6183763, 378826)] [(6183764, 154698)]");
    assert_eq!(depth_of(&read(Market::Spot, SPOT_PARTIAL).unwrap()), want);
    let partial = USDM_DEPTH.replace("@depth@", "@depth20@");
    assert!(depth_of(&read(Market::Linear, &partial).unwrap()).starts_with("2 f1 "));
    let other = SPOT_SNAPSHOT.replace("{\"last", "{\"symbol\":\"ETHUSD_PERP\",\"last");
    let error = decoder().snapshot(3, other.as_bytes(), STAMP, &mut out).unwrap_err();
    assert!(error.to_string().ends_with("was ETHUSD_PERP"), "{error}");
    assert_eq!(decoder().snapshot(9, b"{}", STAMP, &mut out).unwrap_err().to_string(), "unknown instrument, was 9");
}

#[test]
fn tops_of_each_market() {
    let top = |market, text| read(market, text).unwrap().iter().next().unwrap().unwrap().get::<Bbo>().unwrap();
    let spot = top(Market::Spot, SPOT_TOP);
    assert_eq!((spot.bid, spot.bid_qty, spot.ask, spot.ask_qty), (6_183_763, 378_826, 6_183_764, 154_698));
    assert_eq!((spot.header.stream_seq, spot.header.ts_venue, spot.header.stream), (50_093_239_212, NO_TIME, 3));
    let usdm = top(Market::Linear, USDM_TOP);
    assert_eq!((usdm.bid, usdm.ask_qty, usdm.header.ts_venue), (639_439, 95, 1_721_347_022_507_000_000));
    assert_eq!(top(Market::Inverse, COINM_TOP).ask_qty, 1645);
    let one_sided = SPOT_TOP.replace("61837.63000000", "0.00000000").replace("3.78826000", "0.00000000");
    assert_eq!((top(Market::Spot, &one_sided).bid, top(Market::Spot, &one_sided).bid_qty), (NO_PRICE, 0));
}

#[test]
fn trades_and_marks() {
    let trade = |market, text| read(market, text).unwrap().iter().next().unwrap().unwrap().get::<Trade>().unwrap();
    let spot = trade(Market::Spot, SPOT_TRADE);
    assert_eq!(
        (spot.price, spot.qty, spot.header.stream_seq, spot.header.flags),
        (6_183_763, 2000, 3_735_683_259, flags::SELL)
    );
    assert_eq!(
        (spot.header.ts_venue, spot.header.ts_receive, spot.header.ts_mono),
        (1_723_161_255_342_000_000, 1000, 2000)
    );
    let aggregated = trade(Market::Spot, SPOT_AGG);
    assert_eq!((aggregated.header.stream_seq, aggregated.header.flags), (12_345, 0));
    assert_eq!(trade(Market::Linear, USDM_TRADE).header.flags, flags::SELL | flags::OFF_BOOK);
    let mark = read(Market::Linear, USDM_MARK).unwrap().iter().next().unwrap().unwrap().get::<Mark>().unwrap();
    assert_eq!((mark.mark_e8, mark.index_e8, mark.rate_e8), (1_179_415_000_000, 1_178_462_659_091, -38_167));
    assert_eq!((mark.next_funding, mark.header.ts_venue), (1_562_306_400_000_000_000, 1_562_305_380_000_000_000));
    let micros = SPOT_TRADE.replace("1723161255342", "1723161255342123");
    assert_eq!(trade(Market::Spot, &micros).header.ts_venue, 1_723_161_255_342_123_000);
}

#[test]
fn what_is_not_for_us_is_skipped() {
    for text in [
        KLINE,
        r#"{"result":null,"id":3}"#,
        r#"[{"e":"24hrTicker","s":"X"}]"#,
        r#"{"stream":"!ticker@arr","data":[]}"#,
        "{}",
    ] {
        assert!(read(Market::Spot, text).unwrap().is_empty(), "{text}");
    }
}

#[test]
fn bad_input_is_refused_by_field_and_value_and_leaves_nothing() {
    let cases: &[(&str, &str, &str)] = &[
        ("\"s\":\"BTCUSDT\"", "\"s\":\"XYZUSDT\"", "unknown symbol, was XYZUSDT"),
        ("\"61838.04000000\"", "\"-61838.04\"", "price must be above zero, was -61838.04"),
        ("\"61838.04000000\"", "\"NaN\"", "price must be a decimal number, was NaN"),
        ("\"61838.04000000\"", "\"inf\"", "price must be a decimal number, was inf"),
        ("\"61838.04000000\"", "\"0\"", "price must be above zero, was 0"),
        ("\"61838.04000000\"", "\"61838.041\"", "price has too many decimals, was 61838.041"),
        ("\"61838.04000000\"", "61838.04", "cannot decode price, was 61838.04"),
        ("\"0.32332000\"", "\"-1\"", "quantity must not be negative, was -1"),
        ("\"0.32332000\"", "null", "cannot decode quantity, was null"),
        ("[\"61862.51000000\",\"0.00000000\"]", "[\"61862.51000000\"]", "cannot decode asks, was [\"61862.51000000\"]"),
        (
            "\"U\":50093239203",
            "\"U\":50093239999",
            "first update id must not be above the last one, was 50093239999 > 50093239207",
        ),
        ("\"U\":50093239203", "\"U\":-1", "cannot decode first update id, was -1"),
        ("\"U\":50093239203,", "", "first update id must be in the message, was missing"),
        (
            "\"E\":1723161255308",
            "\"E\":18446744073709551615",
            "time is outside the range of nanoseconds, was 18446744073709551615",
        ),
        ("\"e\":\"depthUpdate\"", "\"e\":7", "cannot decode event, was 7"),
        ("}}", "}}x", "cannot decode end of the message, was x"),
    ];
    for (from, to, want) in cases {
        let text = SPOT_DEPTH.replace(from, to);
        assert_ne!(&text, SPOT_DEPTH, "{from}");
        let mut out = RecordBuf::with_capacity(1 << 16);
        decoder().market(Market::Spot, SPOT_TOP.as_bytes(), STAMP, &mut out).unwrap();
        let mark = out.mark();
        let error = decoder().market(Market::Spot, text.as_bytes(), STAMP, &mut out).unwrap_err();
        assert_eq!(placed(&error, &text), *want);
        assert_eq!(out.mark(), mark, "{from}");
    }
    for cut in 0..SPOT_DEPTH.len() {
        assert!(matches!(read(Market::Spot, &SPOT_DEPTH[..cut]), Err(CoreError::Decode { .. })), "cut at {cut}");
    }
    assert!(read(Market::Linear, &USDM_MARK.replace("\"11794", "\"-11794")).is_err());
}

#[test]
fn a_full_buffer_is_an_error_that_writes_nothing() {
    for room in (0..160).step_by(8) {
        let mut out = RecordBuf::with_capacity(room);
        let full = decoder().market(Market::Spot, SPOT_DEPTH.as_bytes(), STAMP, &mut out);
        assert_eq!((full.is_ok(), out.is_empty()), (room >= 120, room < 120), "{room}");
    }
}

#[test]
fn a_stream_with_an_endless_name_is_read_all_the_same() {
    let name = "7x".repeat(40_000);
    let text = USDM_DEPTH.replace("btcusdt@depth@0ms", &name);
    assert_eq!(depth_of(&read(Market::Linear, &text).unwrap()), USDM_WANT);
}
