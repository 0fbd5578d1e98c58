//! What user data and answers become, and what they refuse.

use crate::decode::samples::*;
use crate::decode::{Decoder, Stamp};
use crate::error::{CoreError, Result};
use crate::event::{
    Answer, Balance, Exec, Funding, Outcome, Record, RecordBuf, Report, Request, VenuePosition, VenueStatus, flags,
};
use crate::instrument::Market;
use crate::units::{Amount, NO_PRICE, NO_TIME};

const STAMP: Stamp = Stamp { stream: 3, ts_receive: 1_000, ts_mono: 2_000 };

fn user(market: Market, text: &str) -> Result<RecordBuf> {
    let mut out = RecordBuf::with_capacity(1 << 16);
    let written = decoder().user(market, 5, text.as_bytes(), STAMP, &mut out)?;
    assert_eq!(out.iter().count(), written, "{text}");
    Ok(out)
}

fn answer(market: Market, text: &str) -> Result<RecordBuf> {
    let mut out = RecordBuf::with_capacity(1 << 16);
    let written = decoder().answer(market, 5, text.as_bytes(), STAMP, &mut out)?;
    assert_eq!(out.iter().count(), written, "{text}");
    Ok(out)
}

/// All records of one type.
fn all<R: Record>(out: &RecordBuf) -> Vec<R> {
    out.iter().filter_map(|record| record.unwrap().get::<R>()).collect()
}

/// A report as text: order, venue order, exec, status, flags, price, quantity, last price and quantity, filled, trade,
/// fee and its asset.
fn line(report: &Report) -> String {
    let price = |ticks: i64| if ticks == NO_PRICE { "-".to_owned() } else { ticks.to_string() };
    format!(
        "{} #{} {:?} {:?} f{} {}x{} {}x{} of {} t{} fee {} of {}",
        report.order,
        report.venue_order,
        Exec::from_byte(report.exec).unwrap(),
        VenueStatus::from_byte(report.status).unwrap(),
        report.header.flags,
        price(report.price),
        report.qty,
        price(report.last_price),
        report.last_qty,
        report.cum_qty,
        report.trade,
        Amount::from(report.fee),
        report.fee_asset,
    )
}

#[test]
fn reports_of_spot() {
    let fill = all::<Report>(&user(Market::Spot, SPOT_FILL).unwrap())[0];
    let want = "31 #4293153 Trade PartiallyFilled f4 6183763x100000 6183760x25000 of 25000 t77 fee 1234 of 3";
    assert_eq!(line(&fill), want);
    assert_eq!((fill.account, fill.header.instrument, fill.header.stream_seq), (5, 1, 77));
    assert_eq!(fill.header.ts_venue, 1_499_405_658_657_000_000);
    let canceled = all::<Report>(&user(Market::Spot, SPOT_CANCELED).unwrap())[0];
    assert_eq!(line(&canceled), "32 #4293154 Canceled Canceled f2 6183763x100000 -x0 of 25000 t0 fee 0 of 0");
    let foreign = SPOT_FILL.replace("tw000000000000z", "web_1234");
    let foreign = all::<Report>(&user(Market::Spot, &foreign).unwrap())[0];
    assert_eq!((foreign.order, foreign.header.flags), (0, flags::MAKER | flags::FOREIGN));
}

#[test]
fn reports_of_usdm() {
    let fill = all::<Report>(&user(Market::Linear, USDM_FILL).unwrap())[0];
    assert_eq!(line(&fill), "64 #8886774 Trade Filled f2 -x1 639439x1 of 1 t91 fee 2557756 of 2");
    assert_eq!(Amount::from(fill.realised), -125_000_000);
    assert!(user(Market::Linear, USDM_LITE).unwrap().is_empty());
}

#[test]
fn balances_transfers_funding_and_positions() {
    let balances = |market, text: &str| -> Vec<(u16, u8, u8, Amount)> {
        let all = all::<Balance>(&user(market, text).unwrap());
        all.iter().map(|b| (b.asset, b.reason, b.market, Amount::from(b.amount))).collect()
    };
    assert_eq!(balances(Market::Spot, SPOT_BALANCES), [(2, 0, 1, 1_000_050_000_000), (1, 0, 1, 100_000_000)]);
    assert_eq!(balances(Market::Spot, SPOT_TRANSFER), [(1, 1, 1, -10_000_000_000)]);
    assert_eq!(balances(Market::Linear, USDM_ACCOUNT), [(2, 1, 2, 5_012_345_678), (2, 0, 2, 12_262_412_345_678)]);
    let held = all::<VenuePosition>(&user(Market::Linear, USDM_ACCOUNT).unwrap());
    assert_eq!(held.len(), 1);
    assert_eq!((held[0].qty, held[0].entry_e8, held[0].unrealised_e8), (-20, 6_394_390_000_000, -150_000_000));
    let funding = all::<Funding>(&user(Market::Linear, USDM_FUNDING).unwrap());
    assert_eq!((funding[0].asset, Amount::from(funding[0].amount), funding[0].header.instrument), (2, -50_000_000, 0));
    assert_eq!(balances(Market::Linear, USDM_FUNDING), [(2, 0, 2, 99_950_000_000)]);
}

#[test]
fn an_unknown_asset_is_named_so_that_it_can_be_defined() {
    let text = SPOT_FILL.replace("BNB", "DOGE");
    let error = user(Market::Spot, &text).unwrap_err();
    assert_eq!(error, CoreError::Unknown { what: "asset", was: "DOGE".into() });
    let mut known: Decoder = decoder();
    known.define_asset(9, "DOGE", 8).unwrap();
    let mut out = RecordBuf::with_capacity(4096);
    known.user(Market::Spot, 5, text.as_bytes(), STAMP, &mut out).unwrap();
    assert_eq!(all::<Report>(&out)[0].fee_asset, 9);
}

#[test]
fn bad_user_data_is_refused_by_field_and_value() {
    for (from, to, want) in [
        ("\"S\":\"BUY\"", "\"S\":\"HOLD\"", "cannot decode side, was HOLD"),
        ("\"x\":\"TRADE\"", "\"x\":\"DANCE\"", "cannot decode execution type, was DANCE"),
        ("\"X\":\"PARTIALLY_FILLED\"", "\"X\":\"?\"", "cannot decode order status, was ?"),
        ("\"L\":\"61837.60000000\"", "\"L\":\"-2\"", "price must be above zero, was -2"),
        ("\"i\":4293153", "\"i\":\"4293153\"", "cannot decode order id, was 4293153"),
        ("\"q\":\"1.00000000\",", "", "quantity must be in the message, was missing"),
        ("\"n\":\"0.00001234\"", "\"n\":\"0.000012345\"", "fee has too many decimals, was 0.000012345"),
    ] {
        let text = SPOT_FILL.replace(from, to);
        assert_eq!(placed(&user(Market::Spot, &text).unwrap_err(), &text), want);
    }
    let hedged = USDM_ACCOUNT.replace("\"ps\":\"BOTH\"", "\"ps\":\"SHORT\"");
    assert!(user(Market::Linear, &hedged).unwrap_err().to_string().ends_with("was SHORT"));
}

#[test]
fn answers_that_accept() {
    let out = answer(Market::Spot, PLACED).unwrap();
    let head = all::<Answer>(&out)[0];
    assert_eq!((head.order, head.request, head.outcome), (31, Request::Place as u8, Outcome::Accepted as u8));
    assert_eq!((head.venue_order, head.ts_query, head.account), (12_569_099_453, 1_660_801_715_793_000_000, 5));
    let lines: Vec<_> = all::<Report>(&out).iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "31 #12569099453 Trade PartiallyFilled f66 2341610x100000 2341650x25000 of 25000 t1650422481 fee 100 of 3",
            "31 #12569099453 Trade Filled f66 2341610x100000 2341610x75000 of 100000 t1650422482 fee 300 of 3",
            "31 #12569099453 Status Filled f66 2341610x100000 -x0 of 100000 t0 fee 0 of 0",
        ]
    );
    let out = answer(Market::Spot, CANCELED).unwrap();
    assert_eq!((all::<Answer>(&out)[0].order, all::<Answer>(&out)[0].request), (32, Request::Cancel as u8));
    assert_eq!(line(&all::<Report>(&out)[0]), "32 #7 Status Canceled f66 2341610x847 -x0 of 100 t0 fee 0 of 0");
    let out = answer(Market::Spot, REPLACED).unwrap();
    assert_eq!(all::<Answer>(&out)[0].venue_order, 8);
    let orders: Vec<_> = all::<Report>(&out).iter().map(|r| (r.order, r.status)).collect();
    assert_eq!(orders, [(32, VenueStatus::Canceled as u8), (33, VenueStatus::New as u8)]);
}

#[test]
fn answers_that_refuse_or_do_not_know() {
    let failed_on = |market: Market, request: Request, status: u32, code: i32| {
        let text = format!(
            r#"{{"id":"{}:tw0000000000010","status":{status},"error":{{"code":{code},"msg":"x"}}}}"#,
            request as u8
        );
        let found = all::<Answer>(&answer(market, &text).unwrap())[0];
        assert_eq!((found.order, found.code, found.ts_query), (32, code, NO_TIME));
        Outcome::from_byte(found.outcome).unwrap()
    };
    let failed = |request, status, code| failed_on(Market::Spot, request, status, code);
    assert_eq!(failed_on(Market::Linear, Request::Replace, 400, -2013), Outcome::TooLate);
    assert_eq!(failed_on(Market::Linear, Request::Replace, 400, -2011), Outcome::TooLate);
    assert_eq!(failed_on(Market::Linear, Request::Replace, 400, -5027), Outcome::Rejected);
    assert_eq!(failed(Request::Replace, 400, -2011), Outcome::Rejected);
    assert_eq!(failed(Request::Place, 400, -2010), Outcome::Rejected);
    assert_eq!(failed(Request::Place, 400, -1007), Outcome::Unknown);
    assert_eq!(failed(Request::Place, 400, -1006), Outcome::Unknown);
    assert_eq!(failed(Request::Place, 503, -1000), Outcome::Unknown);
    assert_eq!(failed(Request::Place, 400, -2013), Outcome::Rejected);
    assert_eq!(failed(Request::Query, 400, -2013), Outcome::NotFound);
    assert_eq!(failed(Request::Query, 400, -1021), Outcome::Rejected);
    assert_eq!(failed(Request::Cancel, 400, -2011), Outcome::TooLate);
    assert_eq!(failed(Request::Place, 429, -1003), Outcome::Rejected);
    let out = answer(Market::Spot, REPLACE_HALF).unwrap();
    let head = all::<Answer>(&out)[0];
    assert_eq!((head.order, head.code, head.outcome), (33, -2010, Outcome::Rejected as u8));
    assert_eq!(all::<Report>(&out)[0].order, 32);
}

#[test]
fn account_queries_give_wallets_and_positions() {
    let out = answer(Market::Spot, SPOT_ACCOUNT).unwrap();
    let wallets: Vec<_> = all::<Balance>(&out).iter().map(|b| (b.asset, Amount::from(b.amount))).collect();
    assert_eq!(wallets, [(1, 175_000_000)]);
    let out = answer(Market::Linear, USDM_STATUS).unwrap();
    assert_eq!(Amount::from(all::<Balance>(&out)[0].amount), 2_370_000_000);
    assert_eq!(all::<VenuePosition>(&out).iter().map(|p| p.qty).collect::<Vec<_>>(), [500]);
    for other in [r#"{"id":7,"status":200,"result":{"subscriptionId":0}}"#, r#"{"id":null,"status":400,"error":{}}"#] {
        assert!(answer(Market::Spot, other).unwrap().is_empty(), "{other}");
    }
    assert!(answer(Market::Spot, r#"{"status":200}"#).is_err());
    assert!(answer(Market::Spot, r#"{"id":"1:tw000000000000z","status":200}"#).is_err());
}
