//! Messages about single orders: each venue's own forms, from its document or a recording, and damaged ones.

use super::*;
use crate::instrument::samples::btcusdt_spot;
use proptest::prelude::*;

fn decoder(feed: &str, books: &[&str]) -> OrderDecoder {
    let mut decoder = OrderDecoder::new(OrderFeed::parse(feed).unwrap());
    for (at, symbol) in books.iter().enumerate() {
        let cents = Instrument { tick: 1, price_scale: 2, lot: 1, qty_scale: 2, ..btcusdt_spot() };
        decoder.define(&Instrument { id: at as u32 + 1, symbol: (*symbol).to_owned(), ..cents }).unwrap();
    }
    decoder
}

fn read(decoder: &mut OrderDecoder, payload: &str, symbol: Option<&str>) -> Result<Vec<OrderRecord>> {
    let mut out = Vec::new();
    decoder.read(payload.as_bytes(), symbol.map(str::as_bytes), 7, &mut out)?;
    Ok(out)
}

/// (kind, id, side, price, qty, flags) of each record.
fn short(records: &[OrderRecord]) -> Vec<(u8, u64, u8, i64, i64, u16)> {
    records.iter().map(|record| (record.kind, record.id, record.side, record.price, record.qty, record.flags)).collect()
}

const EVENT: u16 = flags::LAST | flags::MESSAGE;

#[test]
fn bitstamp_in_both_its_forms() {
    let mut decoder = decoder("bitstamp-orders", &["btcusd"]);
    let order = |event: &str, price: &str| {
        format!(
            r#"{{"data":{{"id":5,"id_str":"5","order_type":1,"datetime":"1777689381","microtimestamp":"1777689381262000","amount":0.5,"amount_str":"0.50","price":{price},"price_str":"{price}"}},"channel":"live_orders_btcusd","event":"order_{event}"}}"#
        )
    };
    for (event, kind) in [("created", 1), ("changed", 5), ("deleted", 3)] {
        let found = read(&mut decoder, &order(event, "100.25"), None).unwrap();
        assert_eq!(short(&found), [(kind, 5, 1, 10_025, 50, EVENT)]);
        assert_eq!(found[0].ts_ns, 1_777_689_381_262_000_000);
    }
    for (event, price) in [("created", "0"), ("changed", "100.25"), ("deleted", "100.25")] {
        let found = read(&mut decoder, &order(event, price), None).unwrap();
        assert_eq!(short(&found), [(0, 5, 1, 0, 50, EVENT)], "a market order never rests: {event}");
    }
    assert_eq!(read(&mut decoder, &order("deleted", "100.25"), None).unwrap()[0].kind, 3, "its id is free again");
    let old = r#"order_created {"price":"233.50","amount":"1.00","datetime":"1421000000","id":6,"order_type":0}"#;
    let found = read(&mut decoder, old, None).unwrap();
    assert_eq!((short(&found), found[0].ts_ns), (vec![(1, 6, 0, 23_350, 100, EVENT)], 1_421_000_000_000_000_000));
    assert!(read(&mut decoder, r#"trade {"price":233.5,"amount":1.0,"id":9}"#, None).unwrap()[0].id == 0);
    let trade = r#"{"data":{"id":1,"microtimestamp":"1777689381262000","amount":0.5,"price":100.25,"type":0,"buy_order_id":8,"sell_order_id":5},"channel":"live_trades_btcusd","event":"trade"}"#;
    assert_eq!(short(&read(&mut decoder, trade, None).unwrap()), [(8, 5, 1, 10_025, 50, EVENT)]);
    let other = order("created", "1").replace("btcusd", "etheur");
    assert!(read(&mut decoder, &other, None).unwrap().is_empty());
    assert_eq!(decoder.told(0).collect::<Vec<_>>(), [("changed", 2), ("created", 3), ("deleted", 3), ("trade", 2)]);
}

#[test]
fn bitstamp_whole_books_have_what_the_stream_said_before_them() {
    let mut decoder = decoder("bitstamp-orders", &["btcusd"]);
    let body = r#"{"timestamp":"1777689381","microtimestamp":"1777689381262000","bids":[["99.50","0.5","7"]],"asks":[["100.25","1.00","5"],["101.00","2","6"]]}"#;
    let whole = read(&mut decoder, body, Some("btcusd")).unwrap();
    let of = flags::SNAPSHOT;
    let want = [
        (7, 0, 0, 0, 0, of | flags::MESSAGE),
        (1, 7, 0, 9_950, 50, of),
        (1, 5, 1, 10_025, 100, of),
        (1, 6, 1, 10_100, 200, of),
    ];
    assert_eq!(short(&whole), want);
    let deleted = |micros: &str| {
        format!(
            r#"{{"data":{{"id":5,"order_type":1,"microtimestamp":"{micros}","amount":1,"price":100.25}},"channel":"live_orders_btcusd","event":"order_deleted"}}"#
        )
    };
    let old = read(&mut decoder, &deleted("1777689381262000"), None).unwrap();
    assert_eq!(short(&old), [(0, 5, 1, 10_025, 100, EVENT | flags::OLD)], "of the book's own time: it is in it");
    assert_eq!(read(&mut decoder, &deleted("1777689381262001"), None).unwrap()[0].kind, 3);
    assert!(read(&mut decoder, &body.replace(r#","5"]"#, "]"), Some("btcusd")).is_err(), "an order without its id");
    assert!(read(&mut decoder, r#"{"bids":[],"asks":[]}"#, Some("btcusd")).is_err(), "a book without its time");
}

#[test]
fn coinbase_orders_rest_once_they_are_open() {
    let mut decoder = decoder("coinbase-orders", &["ETH-USD"]);
    let (_, sample) = crate::decode::samples::ORDERS.iter().find(|(feed, _)| *feed == OrderFeed::Coinbase).unwrap();
    let mut lines = sample.lines();
    let id = 0x5e2b_7d10_27ac_4a5e ^ 0x9d0e_1f2a_3b4c_5d6e;
    let want = [
        (0, 0, 0, 0, 0, EVENT),
        (1, id, 0, 305_010, 150, EVENT),
        (2, id, 0, 0, 50, EVENT),
        (5, id, 0, 305_020, 75, EVENT),
        (3, id, 0, 0, 0, EVENT),
    ];
    for (line, want) in lines.by_ref().zip(want) {
        assert_eq!(short(&read(&mut decoder, line, None).unwrap()), [want], "{line}");
    }
    let received = sample.lines().next().unwrap();
    let done = sample.lines().last().unwrap();
    let number = |line: &str, at: u64| {
        let from = line.find("\"sequence\":").unwrap() + 11;
        format!("{}{at}{}", &line[..from], &line[from + 2..])
    };
    read(&mut decoder, &number(received, 55), None).unwrap();
    let never = read(&mut decoder, &number(done, 56), None).unwrap();
    assert_eq!((never[0].kind, never[0].flags), (0, EVENT), "it never rested");
    let filled = number(done, 57).replace("canceled", "filled");
    assert_eq!(read(&mut decoder, &filled, None).unwrap()[0].kind, 0, "its matches took it");
    let gap = read(&mut decoder, &number(done, 60), None).unwrap();
    assert_eq!((gap[0].kind, gap[0].flags), (3, EVENT | flags::GAP));
    let market = number(received, 61).replace("\"received\"", "\"change\"").replace("\"3050.10\"", "null");
    assert_eq!(read(&mut decoder, &market, None).unwrap()[0].kind, 0, "a market order has no price");
    assert!(read(&mut decoder, &number(done, 62).replace("\"side\":\"buy\",", ""), None).is_err());
    assert!(read(&mut decoder, &number(done, 63).replace("5e2b", "5x2b"), None).is_err());
    assert!(read(&mut decoder, r#"{"type":"subscriptions","channels":[]}"#, None).unwrap().is_empty());
    assert_eq!(decoder.told(0).map(|(_, count)| count).sum::<u64>(), 10);
}

#[test]
fn coinbase_whole_books_name_the_last_message_in_them() {
    let mut decoder = decoder("coinbase-orders", &["ETH-USD"]);
    let body = r#"{"sequence":52,"bids":[["3050.10","1.00","5e2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e"]],"asks":[["3051.00","2","6f2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e"]],"auction_mode":false,"time":"2026-09-25T10:00:01Z"}"#;
    let whole = read(&mut decoder, body, Some("ETH-USD")).unwrap();
    assert_eq!(
        whole.iter().map(|record| (record.kind, record.price)).collect::<Vec<_>>(),
        [(7, 0), (1, 305_010), (1, 305_100)]
    );
    let (_, sample) = crate::decode::samples::ORDERS.iter().find(|(feed, _)| *feed == OrderFeed::Coinbase).unwrap();
    let kinds: Vec<_> = sample.lines().map(|line| read(&mut decoder, line, None).unwrap()[0]).collect();
    let old: Vec<_> = kinds.iter().map(|record| (record.kind, record.flags & flags::OLD != 0)).collect();
    assert_eq!(old, [(0, true), (0, true), (0, true), (5, false), (3, false)]);
    assert!(read(&mut decoder, &body.replace("\"sequence\":52,", ""), Some("ETH-USD")).is_err());
    assert!(
        read(&mut decoder, &body.replace(",\"6f2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e\"", ""), Some("ETH-USD")).is_err()
    );
}

#[test]
fn kraken_tells_every_order_of_the_subscribed_levels() {
    let mut decoder = OrderDecoder::new(OrderFeed::Kraken);
    let listed = Instrument {
        id: 1,
        symbol: "ETH/USD".to_owned(),
        tick: 1,
        price_scale: 4,
        lot: 1,
        qty_scale: 8,
        ..btcusdt_spot()
    };
    decoder.define(&listed).unwrap();
    let (_, sample) = crate::decode::samples::ORDERS.iter().find(|(feed, _)| *feed == OrderFeed::Kraken).unwrap();
    let (whole, update) = sample.split_once('\n').unwrap();
    let whole = read(&mut decoder, whole, None).unwrap();
    let (bid, ask) = (whole[1].id, whole[2].id);
    let of = flags::SNAPSHOT;
    let want = [
        (7, 0, 0, 0, 0, of | flags::MESSAGE),
        (1, bid, 0, 30_501_000, 50_000_000, of),
        (1, ask, 1, 30_502_000, 125_000_000, of),
        (10, 1_000, 0, 0, 0, of),
        (11, 1, 0, 100, 1, of | flags::LAST),
    ];
    assert_eq!(short(&whole), want);
    let changes = read(&mut decoder, update, None).unwrap();
    let added = changes[2].id;
    let want = [
        (5, bid, 0, 30_501_000, 25_000_000, flags::MESSAGE),
        (3, ask, 1, 0, 0, 0),
        (6, added, 1, 30_503_000, 200_000_000, 0),
        (10, 1_000, 0, 0, 0, 0),
        (11, 2, 0, 100, 1, flags::LAST),
    ];
    assert_eq!(short(&changes), want);
    let answer = r#"{"method":"subscribe","result":{"channel":"level3","depth":10,"snapshot":true,"symbol":"ETH/USD"},"success":true}"#;
    assert!(read(&mut decoder, answer, None).unwrap().is_empty());
    let none = r#"{"channel":"level3","type":"update","data":[{"checksum":3,"symbol":"ETH/USD","bids":[],"asks":[]}]}"#;
    assert_eq!(
        short(&read(&mut decoder, none, None).unwrap()),
        [(10, 10, 0, 0, 0, flags::MESSAGE), (11, 3, 0, 100, 1, flags::LAST)],
        "so deep, and in the units that were learnt"
    );
    assert!(bid != ask && ask != added && added != bid);
    for (from, to) in [
        ("\"add\"", "\"odd\""),
        ("ZZZZZY", "ZZZ_ZY"),
        ("\"limit_price\":3050.30", "\"price\":1"),
        ("\"bids\"", "\"b\""),
        ("\"checksum\"", "\"sum\""),
        ("3050.30", "3050.30000"),
        ("2.00000000", "2.0000000000000"),
    ] {
        assert!(read(&mut decoder, &update.replace(from, to), None).is_err(), "{from}");
    }
    assert!(read(&mut decoder, r#"{"channel":"heartbeat"}"#, None).unwrap().is_empty());
    assert!(read(&mut decoder, "{}", Some("ETH/USD")).is_err(), "it has no book over REST");
}

const SUBSCRIBED: &str =
    r#"{"event":"subscribed","channel":"book","chanId":7,"symbol":"tBTCUSD","prec":"R0","len":"25"}"#;

#[test]
fn bitfinex_snapshot_updates_and_numbers() {
    let mut decoder = decoder("bitfinex-orders", &["tBTCUSD"]);
    assert!(read(&mut decoder, "[7,[1,2,3]]", None).unwrap().is_empty(), "a channel that nobody subscribed");
    read(&mut decoder, SUBSCRIBED, None).unwrap();
    let whole = read(&mut decoder, "[7,[[11,60.5,0.25],[12,61,-1]],1]", None).unwrap();
    let first = flags::MESSAGE | flags::SNAPSHOT;
    let want = [(7, 0, 0, 0, 0, first), (6, 11, 0, 6_050, 25, 2), (6, 12, 1, 6_100, 100, 3)];
    assert_eq!(short(&whole), want);
    assert_eq!(short(&read(&mut decoder, "[7,[11,60.5,0.2],2]", None).unwrap()), [(6, 11, 0, 6_050, 20, EVENT)]);
    assert!(read(&mut decoder, r#"[7,"hb",3]"#, None).unwrap().is_empty());
    assert!(read(&mut decoder, r#"[7,"cs",-81,4]"#, None).unwrap().is_empty());
    let gone = read(&mut decoder, "[7,[12,0,-1],6]", None).unwrap();
    assert_eq!(short(&gone), [(3, 12, 1, 0, 0, EVENT | flags::GAP)]);
    for other in [r#"[8,"te",[1,2,3,4],7]"#, "[8,[[1,2,3,4]],8]"] {
        assert!(
            read(&mut decoder, other, None).unwrap().is_empty(),
            "another channel counts, and says nothing of orders"
        );
    }
    assert!(read(&mut decoder, r#"[7,"hb",10]"#, None).unwrap().is_empty());
    let later = read(&mut decoder, "[7,[14,1,1],11]", None).unwrap();
    assert_ne!(later[0].flags & flags::GAP, 0, "a gap that a heartbeat brought to light");
    let timed = read(&mut decoder, "[7,[13,1,1],1615000000000]", None).unwrap();
    assert_eq!(timed[0].flags & flags::GAP, 0, "a time is no number");
}

#[test]
fn independent_reserve_in_every_money_that_is_defined() {
    let mut decoder = decoder("independent-reserve", &["eth-aud", "eth-usd"]);
    let message = |event: &str, nonce: u32, rest: &str| {
        format!(
            r#"{{"Channel":"orderbook-eth","Nonce":{nonce},"Data":{{"OrderType":"LimitOffer","OrderGuid":"dbe7b832-b9b7-4eac-84ce-9f49c2a93b87"{rest}}},"Time":1689718320139,"Event":"{event}"}}"#
        )
    };
    let price = r#","Price":{"aud":2500,"usd":1816.5,"nzd":2587.5,"sgd":2453},"Volume":1"#;
    let made = read(&mut decoder, &message("NewOrder", 28, price), None).unwrap();
    assert_eq!(
        made.iter().map(|r| (r.book, r.kind, r.side, r.price)).collect::<Vec<_>>(),
        [(0, 6, 1, 250_000), (1, 6, 1, 181_650)]
    );
    assert_ne!(made[0].id, made[1].id, "one order, two books");
    let changed = read(&mut decoder, &message("OrderChanged", 29, r#","Volume":0.5"#), None).unwrap();
    assert_eq!((changed.len(), changed[0].kind, changed[0].qty, changed[0].id), (2, 9, 50, made[0].id));
    let gone = read(&mut decoder, &message("OrderCanceled", 31, ""), None).unwrap();
    assert!(gone.iter().all(|record| record.kind == 3 && record.flags & flags::GAP != 0));
    let body =
        r#"{"BuyOrders":[{"Guid":"dbe7b832-b9b7-4eac-84ce-9f49c2a93b87","Price":3.5,"Volume":2.0}],"SellOrders":[]}"#;
    let whole = read(&mut decoder, body, Some("eth-usd")).unwrap();
    assert_eq!(whole.iter().map(|r| (r.kind, r.id, r.price)).collect::<Vec<_>>(), [(7, 0, 0), (1, made[1].id, 350)]);
    let dated = body.replacen('{', r#"{"CreatedTimestampUtc":"2023-07-18T22:12:00.139Z","#, 1);
    read(&mut decoder, &dated, Some("eth-usd")).unwrap();
    let old = read(&mut decoder, &message("OrderCanceled", 32, ""), None).unwrap();
    assert_eq!(old.iter().map(|r| (r.book, r.kind)).collect::<Vec<_>>(), [(0, 3), (1, 3)]);
    assert_eq!(
        old.iter().map(|r| r.flags & flags::OLD).collect::<Vec<_>>(),
        [0, flags::OLD],
        "the whole book may have it"
    );
    assert!(read(&mut decoder, &body.replace("-b9b7-", "-"), Some("eth-usd")).is_err(), "a GUID that is cut");
}

#[test]
fn learns_the_books_and_their_steps() {
    let mut decoder = OrderDecoder::new(OrderFeed::Bitfinex);
    for payload in [SUBSCRIBED, "[7,[[11,60.5,0.25],[12,61,-1]]]", "[7,[11,0,1]]"] {
        decoder.learn(payload.as_bytes(), None).unwrap();
    }
    let [book] = decoder.learnt() else { panic!("one book") };
    assert_eq!((book.symbol.as_str(), book.tick(), book.lot()), ("tBTCUSD", (5, 1), (25, 2)));
    assert!(OrderFeed::parse("none").unwrap_err().to_string().contains("was none"));
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(payload in proptest::collection::vec(any::<u8>(), 0..80), cut in 0_usize..120, flip in any::<u8>()) {
        for (_, feed) in OrderFeed::NAMES {
            let mut decoder = OrderDecoder::new(feed);
            let _ = decoder.learn(&payload, None);
            let _ = decoder.read(&payload, Some(b"eth-aud"), 0, &mut Vec::new());
            let mut known = [SUBSCRIBED, "[7,[[11,60.5,0.25],[12,61,-1]],3]", "order_created {\"id\":1,\"price\":\"2\",\"amount\":\"3\",\"order_type\":0}"]
                .map(|text| text.as_bytes().to_vec());
            for text in &mut known {
                let at = cut % text.len();
                text[at] ^= flip;
                let _ = decoder.learn(text, None);
            }
        }
    }
}
