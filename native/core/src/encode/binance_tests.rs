//! Requests against the venue's words: golden frames and queries, signatures checked over the text as it is sent.

use super::super::sign::{Ed25519Key, HmacKey};
use super::super::text::{base64, hex};
use super::*;
use crate::gate::samples::{approve, place};
use crate::instrument::samples::{btcusd_inverse, btcusdt_perp, btcusdt_spot};
use crate::units::NO_PRICE;

/// The key and secret that the venue's documentation uses in its examples.
const KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const SECRET: &[u8] = b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const NOW_MS: i64 = 1_700_000_000_123;

fn session(instrument: &Instrument) -> Session {
    let signer = Signer::Hmac(HmacKey::new(SECRET));
    let mut session = Session::new(instrument.market, KEY, signer, 5_000).unwrap();
    session.prepare(instrument).unwrap();
    session
}

fn signed(text: &str) -> String {
    String::from_utf8(hex(&HmacKey::new(SECRET).sign(text.as_bytes())).to_vec()).unwrap()
}

fn frame(instrument: &Instrument, proposal: &Proposal, wire: Wire) -> String {
    let mut out = vec![0xEE; FRAME_BYTES_MAX];
    let len = session(instrument).frame(&approve(proposal, instrument), wire, NOW_MS, &mut out).unwrap();
    String::from_utf8(out[..len].to_vec()).unwrap()
}

fn query(instrument: &Instrument, proposal: &Proposal, wire: Wire) -> (Rest, String) {
    let mut out = vec![0xEE; FRAME_BYTES_MAX];
    let rest = session(instrument).rest(&approve(proposal, instrument), wire, NOW_MS, &mut out).unwrap();
    (rest, String::from_utf8(out[..rest.len].to_vec()).unwrap())
}

/// What the venue does: takes the parameters out of the frame, sorts them, joins them, signs them.
fn assert_frame(frame: &str, head: &str, params: &[(&str, &str)]) {
    let numbers = ["recvWindow", "timestamp"];
    let value = |name: &str, value: &str| {
        if numbers.contains(&name) { value.to_owned() } else { format!("\"{value}\"") }
    };
    let mut sorted: Vec<_> = params.to_vec();
    sorted.push(("apiKey", KEY));
    sorted.push(("recvWindow", "5000"));
    sorted.push(("timestamp", "1700000000123"));
    sorted.sort_unstable();
    let payload: Vec<_> = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let body: Vec<_> = sorted.iter().map(|(name, text)| format!("\"{name}\":{}", value(name, text))).collect();
    let signature = signed(&payload.join("&"));
    assert_eq!(frame, format!("{{{head},\"params\":{{{},\"signature\":\"{signature}\"}}}}", body.join(",")));
}

fn assert_query(query: &str, text: &str) {
    assert_eq!(query, format!("{text}&signature={}", signed(text)));
}

#[test]
fn the_documentation_s_examples_are_signed_as_it_says() {
    for (text, wanted) in [
        (
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000\
             &timestamp=1499827319559"
                .to_owned(),
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
        ),
        (
            format!(
                "apiKey={KEY}&newOrderRespType=ACK&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL\
                 &symbol=BTCUSDT&timeInForce=GTC&timestamp=1645423376532&type=LIMIT"
            ),
            "cc15477742bd704c29492d96c7ead9414dfd8e0ec4a00f947bb5bb454ddbd08a",
        ),
    ] {
        assert_eq!(signed(&text), wanted);
    }
}

#[test]
fn a_spot_place_is_a_limit_maker() {
    let spot = btcusdt_spot();
    let proposal = place(&spot, 6_183_764, 50_000);
    assert_frame(
        &frame(&spot, &proposal, Wire::of(&proposal)),
        "\"id\":\"1:tw0000000000001\",\"method\":\"order.place\"",
        &[
            ("newClientOrderId", "tw0000000000001"),
            ("newOrderRespType", "ACK"),
            ("price", "61837.64"),
            ("quantity", "0.50000"),
            ("side", "BUY"),
            ("symbol", "BTCUSDT"),
            ("type", "LIMIT_MAKER"),
        ],
    );
    let (rest, text) = query(&spot, &proposal, Wire::of(&proposal));
    assert_eq!((rest.method, rest.path), ("POST", "/api/v3/order"));
    assert_query(
        &text,
        "symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&newOrderRespType=ACK&recvWindow=5000\
         &newClientOrderId=tw0000000000001&quantity=0.50000&price=61837.64&timestamp=1700000000123",
    );
}

#[test]
fn a_usdm_place_is_gtx_and_can_be_reduce_only() {
    let perp = btcusdt_perp();
    let mut proposal = Proposal { side: Side::Sell as u8, order: 32, ..place(&perp, 618_376, 5) };
    proposal.header.flags = flags::REDUCE_ONLY;
    let order = [("newClientOrderId", "tw0000000000010"), ("price", "61837.6"), ("quantity", "0.005")];
    let words = [("reduceOnly", "true"), ("side", "SELL"), ("symbol", "BTCUSDT"), ("timeInForce", "GTX")];
    assert_frame(
        &frame(&perp, &proposal, Wire::of(&proposal)),
        "\"id\":\"1:tw0000000000010\",\"method\":\"order.place\"",
        &[&order[..], &words[..], &[("type", "LIMIT")]].concat(),
    );
}

#[test]
fn every_kind_of_order_has_its_words() {
    for (instrument, kind, tif, wanted) in [
        (btcusdt_spot(), OrderType::Limit, TimeInForce::Gtc, "type=LIMIT&timeInForce=GTC&"),
        (btcusdt_spot(), OrderType::Limit, TimeInForce::Ioc, "type=LIMIT&timeInForce=IOC&"),
        (btcusdt_spot(), OrderType::Limit, TimeInForce::Fok, "type=LIMIT&timeInForce=FOK&"),
        (btcusdt_spot(), OrderType::Market, TimeInForce::Gtc, "type=MARKET&newOrderRespType"),
        (btcusdt_perp(), OrderType::Limit, TimeInForce::Gtc, "type=LIMIT&timeInForce=GTC&"),
        (btcusdt_perp(), OrderType::Limit, TimeInForce::PostOnly, "type=LIMIT&timeInForce=GTX&"),
        (btcusdt_perp(), OrderType::Market, TimeInForce::Ioc, "type=MARKET&recvWindow"),
        (btcusdt_perp(), OrderType::Market, TimeInForce::Fok, "type=MARKET&recvWindow"),
        (btcusd_inverse(), OrderType::Limit, TimeInForce::Ioc, "type=LIMIT&timeInForce=IOC&"),
    ] {
        let market = kind == OrderType::Market;
        for side in SIDES {
            let proposal = Proposal {
                order_type: kind as u8,
                tif: tif as u8,
                side: side as u8,
                ..place(&instrument, if market { NO_PRICE } else { 600_000 }, 7)
            };
            let (_, text) = query(&instrument, &proposal, Wire::of(&proposal));
            assert!(text.contains(wanted), "{text}");
            assert!(text.contains(&format!("side={}&", word(side))), "{text}");
            assert_eq!(text.contains("price="), !market, "{text}");
            let (unsigned, signature) = text.split_once("&signature=").unwrap();
            assert_eq!(signature, signed(unsigned));
            assert!(
                frame(&instrument, &proposal, Wire::of(&proposal)).contains(&format!("\"side\":\"{}\"", word(side)))
            );
        }
    }
}

#[test]
fn a_replace_is_cancel_replace_on_spot_and_an_amend_on_usdm() {
    let spot = btcusdt_spot();
    let mut proposal = place(&spot, 6_183_764, 50_000);
    (proposal.action, proposal.order, proposal.target) = (Action::Replace as u8, 33, 32);
    assert_frame(
        &frame(&spot, &proposal, Wire::of(&proposal)),
        "\"id\":\"3:tw0000000000011\",\"method\":\"order.cancelReplace\"",
        &[
            ("cancelOrigClientOrderId", "tw0000000000010"),
            ("cancelReplaceMode", "STOP_ON_FAILURE"),
            ("newClientOrderId", "tw0000000000011"),
            ("newOrderRespType", "ACK"),
            ("price", "61837.64"),
            ("quantity", "0.50000"),
            ("side", "BUY"),
            ("symbol", "BTCUSDT"),
            ("type", "LIMIT_MAKER"),
        ],
    );
    let (rest, _) = query(&spot, &proposal, Wire::of(&proposal));
    assert_eq!((rest.method, rest.path), ("POST", "/api/v3/order/cancelReplace"));

    let perp = btcusdt_perp();
    let mut proposal = place(&perp, 618_376, 5);
    (proposal.action, proposal.order, proposal.target) = (Action::Replace as u8, 33, 32);
    assert_frame(
        &frame(&perp, &proposal, Wire { target: 1, filled: 2 }),
        "\"id\":\"3:tw0000000000011\",\"method\":\"order.modify\"",
        &[
            ("origClientOrderId", "tw0000000000001"),
            ("price", "61837.6"),
            ("quantity", "0.007"),
            ("side", "BUY"),
            ("symbol", "BTCUSDT"),
        ],
    );
    let (rest, _) = query(&perp, &proposal, Wire::of(&proposal));
    assert_eq!((rest.method, rest.path), ("PUT", "/fapi/v1/order"));
}

#[test]
fn cancels_and_queries_name_the_order() {
    let perp = btcusdt_perp();
    let mut cancel = place(&perp, 0, 0);
    (cancel.action, cancel.order, cancel.target) = (Action::Cancel as u8, 0, 32);
    let order = [("origClientOrderId", "tw0000000000010"), ("symbol", "BTCUSDT")];
    assert_frame(
        &frame(&perp, &cancel, Wire::of(&cancel)),
        "\"id\":\"2:tw0000000000010\",\"method\":\"order.cancel\"",
        &order,
    );
    let (rest, text) = query(&perp, &cancel, Wire::of(&cancel));
    assert_eq!((rest.method, rest.path), ("DELETE", "/fapi/v1/order"));
    assert_query(&text, "symbol=BTCUSDT&recvWindow=5000&origClientOrderId=tw0000000000010&timestamp=1700000000123");

    let mut out = [0; FRAME_BYTES_MAX];
    let len = session(&perp).status(2, 32, NOW_MS, &mut out).unwrap();
    let text = std::str::from_utf8(&out[..len]).unwrap();
    assert_frame(text, "\"id\":\"4:tw0000000000010\",\"method\":\"order.status\"", &order);
    let rest = session(&perp).rest_status(2, 32, NOW_MS, &mut out).unwrap();
    assert_eq!((rest.method, rest.path), ("GET", "/fapi/v1/order"));
}

#[test]
fn a_connection_that_logged_on_needs_neither_key_nor_signature() {
    for instrument in [btcusdt_spot(), btcusdt_perp()] {
        let mut session = session(&instrument);
        let proposal = place(&instrument, 618_376, 5);
        let mut text = |logged_on| {
            session.log_on(logged_on);
            let mut out = vec![0xEE; FRAME_BYTES_MAX];
            let approved = approve(&proposal, &instrument);
            let len = session.frame(&approved, Wire::of(&proposal), NOW_MS, &mut out).unwrap();
            let place = String::from_utf8(out[..len].to_vec()).unwrap();
            let len = session.status(instrument.id, 1, NOW_MS, &mut out).unwrap();
            (place, String::from_utf8(out[..len].to_vec()).unwrap())
        };
        let (signed, bare, again) = (text(false), text(true), text(false));
        assert_eq!(signed, again);
        for (signed, bare) in [(signed.0, bare.0), (signed.1, bare.1)] {
            let (head, _) = signed.split_once(",\"signature\"").unwrap();
            assert_eq!(bare, head.replace(&format!("\"apiKey\":\"{KEY}\","), "") + "}}");
        }
    }
}

#[test]
fn ed25519_signs_the_same_text_in_base_64() {
    let spot = btcusdt_spot();
    let key = || Ed25519Key::from_seed(&[7; 32]);
    let mut session = Session::new(Market::Spot, KEY, Signer::Ed25519(key()), 5_000).unwrap();
    session.prepare(&spot).unwrap();
    let proposal = place(&spot, 6_183_764, 50_000);
    let mut out = [0; FRAME_BYTES_MAX];
    let approved = || approve(&proposal, &spot);
    let len = session.frame(&approved(), Wire::of(&proposal), NOW_MS, &mut out).unwrap();
    let text = std::str::from_utf8(&out[..len]).unwrap();
    let payload = format!(
        "apiKey={KEY}&newClientOrderId=tw0000000000001&newOrderRespType=ACK&price=61837.64&quantity=0.50000\
         &recvWindow=5000&side=BUY&symbol=BTCUSDT&timestamp=1700000000123&type=LIMIT_MAKER"
    );
    let signature = base64(&key().sign(payload.as_bytes()));
    let signature = std::str::from_utf8(&signature).unwrap();
    assert!(text.ends_with(&format!("\"signature\":\"{signature}\"}}}}")), "{text}");

    let mut seen = String::new();
    for timestamp_ms in NOW_MS..NOW_MS + 8 {
        let rest = session.rest(&approved(), Wire::of(&proposal), timestamp_ms, &mut out).unwrap();
        let (unsigned, sent) = std::str::from_utf8(&out[..rest.len]).unwrap().split_once("&signature=").unwrap();
        let signature = base64(&key().sign(unsigned.as_bytes()));
        let signature = std::str::from_utf8(&signature).unwrap();
        assert_eq!(sent, signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"));
        seen.push_str(signature);
    }
    assert!(seen.contains('+') && seen.contains('/'), "the signatures tried every character that is escaped");
}

#[test]
fn what_cannot_be_sent_is_refused_by_name() {
    let perp = btcusdt_perp();
    let signer = || Signer::Hmac(HmacKey::new(SECRET));
    for (key, window, text) in [
        ("", 5_000, "api_key must be 1 to 128 letters and digits, was 0 characters"),
        ("a\"b", 5_000, "api_key must be 1 to 128 letters and digits, was 3 characters"),
        ("abc", 0, "recv_window_ms must be 1 to 60,000, was 0"),
        ("abc", 60_001, "recv_window_ms must be 1 to 60,000, was 60001"),
    ] {
        assert_eq!(Session::new(Market::Linear, key, signer(), window).unwrap_err().to_string(), text);
    }
    let mut session = session(&perp);
    for (instrument, text) in [
        (btcusdt_spot(), "was Spot"),
        (Instrument { symbol: "BTC\"".into(), ..btcusdt_perp() }, "was BTC\""),
        (Instrument { price_scale: 19, ..btcusdt_perp() }, "was 19 and 3"),
        (Instrument { id: 4_096, ..btcusdt_perp() }, "bound of 4096"),
    ] {
        assert!(session.prepare(&instrument).unwrap_err().to_string().ends_with(text), "{text}");
    }
    let proposal = place(&perp, 600_000, 1);
    let approved = approve(&proposal, &perp);
    let small = session.frame(&approved, Wire::of(&proposal), NOW_MS, &mut [0; 100]);
    assert_eq!(small.unwrap_err().to_string(), "request buffer is full at its bound of 100");
    let mut out = [0; FRAME_BYTES_MAX];
    let early = session.frame(&approved, Wire::of(&proposal), -5, &mut out).unwrap_err().to_string();
    assert_eq!(early, "timestamp must be above zero and fit 63 bits, was -5");
    let other = session.status(77, 1, NOW_MS, &mut out).unwrap_err().to_string();
    assert_eq!(other, "unknown instrument of the session, was 77");
    let mut market = Proposal { action: Action::Replace as u8, target: 5, ..proposal };
    (market.order_type, market.tif, market.price) = (OrderType::Market as u8, TimeInForce::Ioc as u8, NO_PRICE);
    let amended = session.frame(&approve(&market, &perp), Wire::of(&market), NOW_MS, &mut out);
    assert!(amended.unwrap_err().to_string().starts_with("order is not a kind"));
}
