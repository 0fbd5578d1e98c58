//! The usual readers beside the general ones: whatever bytes come, both say the same.

use crate::decode::memory::Memory;
use crate::decode::message::Take;
use crate::decode::public::Public;
use crate::decode::samples::*;
use crate::decode::scan::{Scan, Value};
use crate::decode::{PublicDecoder, Stamp};
use crate::error::Result;
use crate::event::RecordBuf;
use crate::instrument::Instrument;
use crate::instrument::samples::btcusdt_spot;
use proptest::prelude::*;

const STAMP: Stamp = Stamp { stream: 1, ts_receive: 2, ts_mono: 3 };

/// Messages in the order in which their venues write them.
const USUAL: &[(Public, &str, &str)] = &[
    (Public::Okx, "BTC-USD-220527", OKX_DELTA),
    (Public::BybitSpot, "BTCUSDT", BYBIT_DELTA),
    (
        Public::BybitLinear,
        "SOLUSDT",
        r#"{"topic":"orderbook.200.SOLUSDT","type":"delta","ts":1786310827854,"data":{"s":"SOLUSDT","b":[["76.220","98.6"]],"a":[],"u":13783403,"seq":272903637263},"cts":1786310827840}"#,
    ),
    (Public::BybitLinear, "BTCUSDT", BYBIT_TRADE),
    (
        Public::BybitLinear,
        "SOLUSDT",
        r#"{"topic":"tickers.SOLUSDT","type":"delta","data":{"symbol":"SOLUSDT","openInterest":"12.5","bid1Price":"77.280","bid1Size":"407.9"},"cs":272903650291,"ts":1786310840280}"#,
    ),
    (
        Public::BybitSpot,
        "BTCUSDT",
        r#"{"topic":"tickers.BTCUSDT","ts":1786310822627,"type":"snapshot","cs":112488547164,"data":{"symbol":"BTCUSDT","lastPrice":"65140.5","highPrice24h":"65305.6","lowPrice24h":"64727.9","prevPrice24h":"65045.3","volume24h":"2951.373556","turnover24h":"191907024.69597728","price24hPcnt":"0.0015","usdIndexPrice":""}}"#,
    ),
    (Public::Okx, "BTC-USD-220527", OKX_TRADE),
    (Public::Okx, "BTC-USD-220527", OKX_TICKER),
    (
        Public::BitgetMix,
        "DASHUSDT",
        r#"{"action":"snapshot","arg":{"instType":"mc","channel":"candle1m","instId":"DASHUSDT"},"data":[["1649230080000","125.77","125.8","125.69","125.8","27.57"],["1649230140000","125.8","125.8","125.7","125.77","25.6"]]}"#,
    ),
    (Public::Deribit, "BTC-24SEP21-8000-P", DERIBIT_DELTA),
    (
        Public::Deribit,
        "BTC-31DEC21-34000-P",
        r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.BTC-31DEC21-34000-P.raw","data":{"underlying_price":32744.81,"underlying_index":"BTC-31DEC21","timestamp":1626993722933,"stats":{"volume":null,"price_change":null,"low":null,"high":0.3},"state":"open","settlement_price":0.24,"open_interest":4.6,"min_price":0.165,"max_price":0.329,"mark_price":0.2335098,"mark_iv":80.02,"last_price":0.229,"interest_rate":0.0,"instrument_name":"BTC-31DEC21-34000-P","index_price":32201.67,"greeks":{"vega":85.22269,"theta":-21.12703,"rho":-94.98694,"gamma":2.0e-5,"delta":-0.42256},"estimated_delivery_price":32201.67,"bid_iv":79.08,"best_bid_price":0.2325,"best_bid_amount":0.8,"best_ask_price":null,"best_ask_amount":0.0,"ask_iv":81.92}}}"#,
    ),
    (
        Public::Deribit,
        "BTC-PERPETUAL",
        r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.BTC-PERPETUAL.raw","data":{"timestamp":1623060194301,"stats":{"volume_usd":284061480.0,"volume":7871.02139035,"price_change":0.7229,"low":35213.5,"high":36824.5},"state":"open","settlement_price":36169.49,"open_interest":502097590,"min_price":35898.37,"max_price":36991.72,"mark_price":36446.51,"last_price":36457.5,"interest_value":1.7362511643080387,"instrument_name":"BTC-PERPETUAL","index_price":36441.64,"funding_8h":0.0000211,"estimated_delivery_price":36441.64,"current_funding":-1.0e-5,"best_bid_price":36442.5,"best_bid_amount":5000.0,"best_ask_price":36443.0,"best_ask_amount":100.0}}}"#,
    ),
    (Public::Deribit, "BTC-24SEP21-8000-P", DERIBIT_TRADE),
    (Public::BitgetMix, "DASHUSDT", BITGET_DELTA),
    (Public::BitgetMixV2, "ETHUSDT", BITGET_V2_DELTA),
    (Public::BitgetSpotV2, "ETHUSDT", BITGET_V2_SUMMED),
    (Public::BitgetSpotV2, "ETHUSDT", BITGET_V2_TRADE),
    (
        Public::BybitLinear,
        "BTCUSDT",
        r#"{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","tickDirection":"ZeroPlusTick","price24hPcnt":"0.001624","lastPrice":"65114.30","prevPrice24h":"65008.70","highPrice24h":"65282.30","lowPrice24h":"64694.40","prevPrice1h":"65083.80","markPrice":"65117.44","indexPrice":"65137.76","openInterest":"59891.732","openInterestValue":"3899996265.01","turnover24h":"1142118412.9021","volume24h":"17573.9120","fundingIntervalHour":"8","fundingCap":"0.005","singleOpenInterest":"29945.866","singleOpenInterestValue":"1949998132.50","nextFundingTime":"1786320000000","fundingRate":"0.0001","bid1Price":"65114.20","bid1Size":"5.954","ask1Price":"65114.30","ask1Size":"10.470","preOpenPrice":"","preQty":"","curPreListingPhase":""},"cs":753843900397,"ts":1786310817583}"#,
    ),
    (
        Public::BybitSpot,
        "ETHUSDT",
        r#"{"topic":"publicTrade.ETHUSDT","ts":1786310821917,"type":"snapshot","data":[{"i":"2280000001739247417","T":1786310821917,"p":"1923.28","v":"0.04537","S":"Sell","seq":178477362706,"s":"ETHUSDT","BT":false,"RPI":false},{"i":"2280000001739247418","T":1786310821917,"p":"1923.29","v":"0.1","S":"Buy","seq":178477362707,"s":"ETHUSDT","BT":true,"RPI":false}]}"#,
    ),
    (Public::KucoinSpot, "BCHSV-USDT", KUCOIN_DELTA),
    (Public::KucoinSpot, "BCHSV-USDT", KUCOIN_TICKER),
    (Public::Bitstamp, "adaeur", BITSTAMP_DELTA),
    (Public::KrakenFutures, "PI_ETHUSD", FUTURES_DELTA),
    (Public::KrakenSpot, "SC/EUR", KRAKEN_BOTH),
    (
        Public::KrakenSpot,
        "SC/EUR",
        r#"[1920,{"as":[["0.043130","11802.77325050","1618678133.136361"],["0.043140","3348.53731567","1618678132.869433"]],"bs":[["0.042990","0.5","1618678131.1"]]},"book-1000","SC/EUR"]"#,
    ),
    (Public::Hyperliquid, "BTC", HYPERLIQUID_WHOLE),
    (
        Public::Hyperliquid,
        "BTC",
        r#"{"channel":"l2Book","data":{"coin":"BTC","time":1737918843512,"levels":[[{"px":"105055.0","sz":"3.03622","n":5}],[{"px":"105056.0","sz":"0.16179","n":2}]]}}"#,
    ),
    (Public::HtxInverse, "ATOM-USD", HTX_WHOLE),
    (Public::Lighter, "1", LIGHTER_DELTA),
    (
        Public::Lighter,
        "1",
        r#"{"channel":"trade:1","liquidation_trades":null,"nonce":3691007616,"trades":[{"trade_id":667097583,"tx_hash":"3170e522","type":"trade","market_id":1,"size":"0.00200","price":"92829.1","usd_amount":"185.658200","ask_id":562950878433724,"bid_id":844423988645427,"ask_client_id":176539403750191,"bid_client_id":143951229643012,"ask_account_id":436932,"bid_account_id":279533,"is_maker_ask":false,"block_height":122317132,"timestamp":1765394039071,"taker_position_size_before":"-0.18600","taker_entry_quote_before":"17212.131813","taker_initial_margin_fraction_before":500,"maker_fee":20,"maker_position_size_before":"35.78952","maker_entry_quote_before":"3321440.210837","maker_initial_margin_fraction_before":3333,"maker_position_sign_changed":true}],"type":"update/trade"}"#,
    ),
];

fn decoder(public: Public, symbol: &str) -> PublicDecoder {
    let (market, venue) = (public.market_of(symbol.as_bytes()), public.venue());
    let listed = Instrument { market, venue, symbol: symbol.into(), price_scale: 6, qty_scale: 8, ..btcusdt_spot() };
    let mut decoder = PublicDecoder::new(public);
    decoder.define(&listed).unwrap();
    decoder
}

/// The records that `read` gives of a message; None where it leaves the message to others.
fn records(
    decoder: &PublicDecoder,
    bytes: &[u8],
    read: impl for<'a> FnOnce(&'a mut Memory, Value<'a>, Take<'_, 'a>) -> Option<Result<()>>,
) -> Option<Result<RecordBuf>> {
    let (mut memory, mut out) = (Memory::default(), RecordBuf::with_capacity(1 << 14));
    let whole = match Scan::new(bytes).whole_text("message") {
        Ok(whole) => whole,
        Err(error) => return Some(Err(error)),
    };
    let done = read(&mut memory, whole, &mut |message| decoder.write(message, bytes, STAMP, &mut out).map(|_| ()))?;
    Some(done.map(|()| out))
}

fn by_usual(public: Public, decoder: &PublicDecoder, bytes: &[u8]) -> Option<Result<RecordBuf>> {
    records(decoder, bytes, |_, whole, take| public.usual(whole, take))
}

fn by_general(public: Public, decoder: &PublicDecoder, bytes: &[u8]) -> Result<RecordBuf> {
    records(decoder, bytes, |memory, whole, take| Some(public.general(memory, whole, take).map(|_| ()))).unwrap()
}

#[test]
fn each_venues_own_order_is_read_in_one_pass_and_means_the_same() {
    for (public, symbol, text) in USUAL {
        let decoder = decoder(*public, symbol);
        let usual = by_usual(*public, &decoder, text.as_bytes()).unwrap_or_else(|| panic!("{text}")).unwrap();
        let general = by_general(*public, &decoder, text.as_bytes()).unwrap();
        assert!(!usual.is_empty() && usual.bytes() == general.bytes(), "{text}");
        // With white space before each value nothing is where it is expected, neither members nor levels.
        let spaced = text.replace("\":", "\": ").replace(",\"", ", \"").replace(",[", ", [").replace("{\"", "{ \"");
        assert!(by_usual(*public, &decoder, spaced.as_bytes()).is_none(), "{spaced}");
        assert_eq!(by_general(*public, &decoder, spaced.as_bytes()).unwrap().bytes(), usual.bytes(), "{spaced}");
    }
}

/// One change of a message: a byte put in place of another, before it, or a run of bytes taken out.
fn changed(text: &str, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (at, kind, byte) in changes {
        let at = at % bytes.len();
        match kind {
            0 => bytes[at] = *byte,
            1 => bytes.insert(at, *byte),
            _ => drop(bytes.drain(at..(at + usize::from(*byte % 12)).min(bytes.len() - 1).max(at))),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn whatever_comes_both_readers_say_the_same(
        (public, symbol, text) in proptest::sample::select(USUAL),
        changes in proptest::collection::vec(
            (any::<usize>(), 0u8..3, prop_oneof![proptest::sample::select(b"\"\\{}[]:,.-e0159 n".to_vec()), any::<u8>()]),
            0..4,
        ),
    ) {
        let (decoder, bytes) = (decoder(public, symbol), changed(text, &changes));
        match by_usual(public, &decoder, &bytes) {
            None => {}
            Some(Ok(usual)) => {
                let general = by_general(public, &decoder, &bytes);
                prop_assert_eq!(general.as_ref().map(RecordBuf::bytes), Ok(usual.bytes()));
            }
            Some(Err(_)) => prop_assert!(by_general(public, &decoder, &bytes).is_err()),
        }
    }
}
