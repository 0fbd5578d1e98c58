//! What each venue's figures and klines become, and how texts become integers.

use super::*;
use crate::decode::public::Public;
use crate::decode::samples::*;
use crate::decode::scan::Shape;
use crate::decode::told_samples::{TOLD, TOLD_REST, Told};
use crate::decode::{Decoder, PublicDecoder};
use crate::event::{Kind, RecordRef};
use crate::instrument::samples::btcusdt_spot;
use crate::instrument::{Instrument, Market};
use crate::journal::show;

const STAMP: Stamp = Stamp { stream: 1, ts_receive: 2, ts_mono: 3 };

/// A record as text: its kind, and of figures and klines what it says; scales of 0 and what was not told are left out.
fn said_of(record: &RecordRef<'_>) -> String {
    let mut parts = vec![show::kind_name(record.header())];
    if record.kind().is_told() {
        let told = show::own_fields(record).into_iter();
        let told = told.filter(|(name, value)| value != "none" && !(value == "0" && name.ends_with("scale")));
        let told =
            told.filter(|(name, value)| !(record.kind() == Kind::FundingRate && *name == "interval" && value == "0"));
        parts.extend(told.map(|(name, value)| format!("{name}={value}")));
        parts.extend(record.header().has(flags::CLOSED).then(|| "closed".to_owned()));
    }
    parts.join(" ")
}

/// All records as text.
fn said(out: &RecordBuf) -> String {
    out.iter().map(|record| said_of(&record.unwrap())).collect::<Vec<_>>().join("; ")
}

fn decoder_of((feed, symbol, ..): &Told) -> PublicDecoder {
    let public = Public::parse(feed).unwrap();
    let (market, symbol) = (public.market_of(symbol.as_bytes()), (*symbol).to_owned());
    let mut decoder = PublicDecoder::new(public);
    decoder.define(&Instrument { market, symbol, price_scale: 8, qty_scale: 8, ..btcusdt_spot() }).unwrap();
    decoder
}

#[test]
fn each_channel_says_what_its_message_says() {
    for row in TOLD {
        let (mut out, (feed, _, text, want)) = (RecordBuf::with_capacity(1 << 12), row);
        let written = decoder_of(row).market(text.as_bytes(), STAMP, &mut out);
        assert_eq!((written, said(&out)), (Ok(want.split("; ").count()), (*want).to_owned()), "{feed}: {text}");
    }
}

#[test]
fn answers_over_rest_say_it_too() {
    for row in TOLD_REST {
        let (mut out, (_, symbol, text, want)) = (RecordBuf::with_capacity(1 << 12), row);
        decoder_of(row).snapshot(symbol.as_bytes(), text.as_bytes(), STAMP, &mut out).unwrap();
        assert_eq!(said(&out), *want);
    }
}

#[test]
fn figures_of_an_instrument_that_is_not_defined_are_left_out() {
    for (feed, symbol, text, want) in TOLD.iter().filter(|(.., want)| !want.contains("Bbo")) {
        let mut out = RecordBuf::with_capacity(1 << 12);
        let mut decoder = PublicDecoder::new(Public::parse(feed).unwrap());
        assert_eq!(decoder.market(text.as_bytes(), STAMP, &mut out), Ok(0), "{feed} {symbol} {want}");
    }
}

#[test]
fn binance_tells_liquidations() {
    let read = |market, text: &str| {
        let mut out = RecordBuf::with_capacity(1 << 12);
        decoder().market(market, text.as_bytes(), STAMP, &mut out).map(|_| said(&out))
    };
    let sold = "Liquidation sell=1 price=634105000 average=639023318 qty=214 filled=214 price_scale=4 qty_scale=3";
    assert_eq!(read(Market::Linear, USDM_FORCED), Ok(sold.to_owned()));
    let bought = "Liquidation sell=0 price=644105 average=641023 qty=12 filled=5 price_scale=1";
    assert_eq!(read(Market::Inverse, COINM_FORCED), Ok(bought.to_owned()));
    assert_eq!(read(Market::Inverse, USDM_FORCED), Ok(String::new()), "an instrument of another market is left out");
    for (from, to, want) in [
        ("\"SELL\"", "\"SHORT\"", "cannot decode S"),
        ("\"ap\"", "\"aq\"", "ap must be in the message, was missing"),
        ("\"0.214\"", "\"x\"", "quantity"),
        ("\"o\":{", "\"w\":{", "o must be in the message, was missing"),
    ] {
        let error = read(Market::Linear, &USDM_FORCED.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn binance_tells_tickers_klines_and_open_interest() {
    let read = |market, text: &str| {
        let mut out = RecordBuf::with_capacity(1 << 12);
        decoder().market(market, text.as_bytes(), STAMP, &mut out).map(|_| said(&out))
    };
    let kline = r#"{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1626992741424,"s":"BTCUSDT","k":{"t":1626992700000,"T":1626992759999,"s":"BTCUSDT","i":"1m","f":23961275,"L":23961322,"o":"1.01000","c":"1.01100","h":"1.01100","l":"1.01000","v":"3917","n":48,"x":true,"q":"3957.89900","V":"1729","Q":"1748.01900","B":"0"}}}"#;
    let want = "Kline begin=1626992700000000000 interval=60000000000 open=1010 high=1011 low=1010 close=1011 volume=3917 turnover=3957899 trades=48 price_scale=3 turnover_scale=3 closed";
    assert_eq!(read(Market::Linear, kline), Ok(want.to_owned()));
    assert_eq!(read(Market::Inverse, kline), Ok(String::new()), "BTCUSDT is none of COIN-M");
    let ticker = r#"{"e":"24hrTicker","E":1672515782136,"s":"BTCUSDT","p":"0.0015","P":"250.00","w":"0.0018","x":"0.0009","c":"0.0025","Q":"10","b":"0.0024","B":"10","a":"0.0026","A":"100","o":"0.0010","h":"0.0025","l":"0.0010","v":"10000","q":"18","O":0,"C":86400000,"F":0,"L":18150,"n":18151}"#;
    let want = "Ticker bid=24 ask=26 last=25 open=10 high=25 low=10 bid_qty=10 ask_qty=100 last_qty=10 volume=10000 turnover=18 price_scale=4";
    assert_eq!(read(Market::Spot, ticker), Ok(want.to_owned()));
    let interest = r#"{"openInterest":"10659.509","symbol":"BTCUSDT","time":1589437530011}"#;
    let mut out = RecordBuf::with_capacity(1 << 12);
    assert_eq!(decoder().open_interest(Market::Linear, interest.as_bytes(), STAMP, &mut out), Ok(1));
    let record = out.iter().next().unwrap().unwrap();
    assert_eq!(
        (said(&out).as_str(), record.header().ts_venue),
        ("OpenInterest qty=10659509 qty_scale=3", 1_589_437_530_011_000_000)
    );
    assert!(Decoder::new().open_interest(Market::Linear, interest.as_bytes(), STAMP, &mut out).is_err());
}

/// A figure as a text.
fn figure(text: &str) -> Value<'_> {
    Value { shape: Shape::Text, raw: text.as_bytes(), at: 0 }
}

#[test]
fn texts_share_the_fewest_decimals_that_hold_them() {
    let of = |texts: [&str; 2]| aligned(texts.map(figure).each_ref().map(Some), b"", "price");
    assert_eq!(of(["1.50", "-2"]), Ok(([15, -20], 1)));
    assert_eq!(of(["5.0e-4", "0"]), Ok(([5, 0], 4)));
    let long = ["2.2569881997133624986364029626731768237", "12345678901.5"];
    assert_eq!(of(long), Ok(([225_698_819, 1_234_567_890_150_000_000], 8)), "cut to what an i64 holds");
    assert_eq!(aligned([None, Some(&figure("7"))], b"", "price"), Ok(([NO_PRICE, 7], 0)));
    let error = of(["9223372036854775807", "1"]).unwrap_err().to_string();
    assert_eq!(error, "price is too large, was 9223372036854775807");
    assert!(of(["nan", "1"]).unwrap_err().to_string().starts_with("price must be a decimal number"));
    // Where their places in a message are known, they say the same.
    let message = b"{\"last_price\":36446.5100,\"low\":-0.25}";
    let value = |at: usize, raw: &'static str| Value { shape: Shape::Number, raw: raw.as_bytes(), at: at as u32 };
    let (last, low) = (value(14, "36446.5100"), value(31, "-0.25"));
    let figures = [Some(&last), Some(&low)];
    assert_eq!(aligned(figures, message, "price"), Ok(([3_644_651, -25], 2)));
    assert_eq!(aligned(figures, b"", "price"), Ok(([3_644_651, -25], 2)));
}

#[test]
fn a_kline_without_its_prices_or_its_time_is_refused() {
    let row = TOLD.iter().find(|(feed, _, text, _)| *feed == "bybit-linear" && text.contains("kline")).unwrap();
    for (from, to) in
        [("\"open\"", "\"x\""), ("\"start\"", "\"x\""), ("1786310760000,", "\"soon\","), ("kline.1.", "kline.0.")]
    {
        let mut out = RecordBuf::with_capacity(1 << 12);
        let text = row.2.replace(from, to);
        assert!(decoder_of(row).market(text.as_bytes(), STAMP, &mut out).is_err() && out.is_empty(), "{text}");
    }
}

#[test]
fn lengths_of_intervals() {
    use crate::decode::figures::interval;
    let minute = 60_000_000_000_i64;
    for (name, minutes) in [
        ("1", 1),
        ("1m", 1),
        ("15min", 15),
        ("5MINS", 5),
        ("4HOURS", 240),
        ("1H", 60),
        ("1hour", 60),
        ("D", 1440),
        ("1Dutc", 1440),
        ("W", 10_080),
        ("1week", 10_080),
        ("1M", 0),
        ("1mon", 0),
    ] {
        assert_eq!(interval(name.as_bytes()), Ok(minutes * minute), "{name}");
    }
    assert_eq!(interval(b"1s"), Ok(minute / 60));
    for name in ["0m", "1x", "99999999999999999999m", "9999999999999999D"] {
        let error = interval(name.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, format!("interval must be a count and a unit of time, was {name}"));
    }
}
