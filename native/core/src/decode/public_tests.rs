//! Short real messages of each venue beside Binance (cryptofeed's recordings), as records.

use super::*;
use crate::decode::message::Message;
use crate::decode::samples::*;
use crate::decode::{PublicDecoder, Stamp};
use crate::event::{Bbo, Record, RecordBuf, Trade, flags};
use crate::instrument::Instrument;
use crate::instrument::samples::btcusdt_spot;
use crate::units::{NO_PRICE, NO_TIME, Side};

const STAMP: Stamp = Stamp { stream: 1, ts_receive: 2, ts_mono: 3 };

/// A decoder of one instrument whose tick is 10^-`price` and lot 10^-`qty`.
fn decoder(public: Public, symbol: &str, price: u8, qty: u8) -> PublicDecoder {
    let mut decoder = PublicDecoder::new(public);
    let market = public.market_of(symbol.as_bytes());
    let listed = Instrument {
        market,
        venue: public.venue(),
        symbol: symbol.into(),
        price_scale: price,
        qty_scale: qty,
        ..btcusdt_spot()
    };
    decoder.define(&listed).unwrap();
    decoder
}

fn records(decoder: &PublicDecoder, text: &str) -> RecordBuf {
    let mut out = RecordBuf::with_capacity(1 << 14);
    let written = decoder.clone().market(text.as_bytes(), STAMP, &mut out).unwrap();
    assert_eq!(out.iter().count(), written);
    out
}

/// Snapshot flag, ids, time, bids and asks of the only record, which is a book.
type Shown = (bool, (u64, u64, u64), i64, Vec<(i64, i64)>, Vec<(i64, i64)>);

fn book(decoder: &PublicDecoder, text: &str) -> Shown {
    let out = records(decoder, text);
    let view = out.iter().next().unwrap().unwrap().depth().unwrap();
    let pairs = |levels: &[crate::event::Level]| levels.iter().map(|level| (level.price, level.qty)).collect();
    let head = view.head;
    let ids = (head.first, head.header.stream_seq, head.previous);
    (head.header.has(flags::SNAPSHOT), ids, head.header.ts_venue, pairs(view.bids), pairs(view.asks))
}

fn only<R: Record>(decoder: &PublicDecoder, text: &str) -> R {
    let out = records(decoder, text);
    out.iter().next().unwrap().unwrap().get::<R>().unwrap()
}

#[test]
fn okx_books_tops_and_trades() {
    let okx = decoder(Public::Okx, "BTC-USD-220527", 1, 0);
    let ms = 1_000_000;
    let asks = vec![(302_494, 0), (302_610, 4), (303_103, 19)];
    assert_eq!(book(&okx, OKX_DELTA), (false, (0, 0, 0), 1_652_459_225_464 * ms, vec![(301_826, 452)], asks));
    let numbered = OKX_DELTA.replace("\"ts\"", "\"prevSeqId\":123,\"seqId\":130,\"ts\"");
    assert_eq!(book(&okx, &numbered).1, (130, 130, 123));
    let snapshot = numbered.replace("update", "snapshot").replace(":123", ":-1");
    assert_eq!((book(&okx, &snapshot).0, book(&okx, &snapshot).1), (true, (130, 130, 0)));
    let trade: Trade = only(&okx, OKX_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.stream_seq), (302_188, 1, 7849));
    assert!(!trade.header.has(flags::SELL));
    let top: Bbo = only(&okx, OKX_TICKER);
    assert_eq!((top.bid, top.bid_qty, top.ask, top.ask_qty), (302_104, 4, 302_201, 3));
    let best: Bbo = only(&okx, &OKX_DELTA.replace("\"books\"", "\"bbo-tbt\"").replace("\"ts\"", "\"seqId\":9,\"ts\""));
    assert_eq!((best.bid, best.header.stream_seq), (301_826, 9));
}

#[test]
fn okx_names_tell_how_an_instrument_settles() {
    for (symbol, market) in [
        ("BTC-USDT", Market::Spot),
        ("BTC-USD", Market::Spot),
        ("BTC-USD-220527", Market::Inverse),
        ("UNI-USD-SWAP", Market::Inverse),
        ("BTC-USDT-SWAP", Market::Linear),
        ("BTC-USD-220514-22000-C", Market::Inverse),
    ] {
        assert_eq!(Public::Okx.market_of(symbol.as_bytes()), market, "{symbol}");
    }
}

#[test]
fn bybit_books_and_trades() {
    let bybit = decoder(Public::BybitSpot, "BTCUSDT", 1, 6);
    let asks = vec![(651_546, 99_480), (652_391, 0)];
    let want = (false, (62_505_425, 62_505_425, 0), 1_786_310_816_585_000_000, vec![(651_404, 875_077)], asks);
    assert_eq!(book(&bybit, BYBIT_DELTA), want);
    assert!(book(&bybit, &BYBIT_DELTA.replace("\"delta\"", "\"snapshot\"")).0);
    assert!(book(&bybit, &BYBIT_DELTA.replace("\"u\":62505425", "\"u\":1")).0, "a restart");
    let linear = decoder(Public::BybitLinear, "BTCUSDT", 1, 3);
    let trade: Trade = only(&linear, BYBIT_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.ts_venue), (651_142, 4, 1_786_310_819_680_000_000));
    assert!(trade.header.has(flags::SELL) && !trade.header.has(flags::OFF_BOOK));
    assert!(only::<Trade>(&linear, &BYBIT_TRADE.replace("\"BT\":false", "\"BT\":true")).header.has(flags::OFF_BOOK));
}

#[test]
fn bitget_books_and_trades() {
    let bitget = decoder(Public::BitgetMix, "DASHUSDT", 2, 2);
    let asks = vec![(11_342, 0), (11_346, 1_365)];
    assert_eq!(book(&bitget, BITGET_DELTA), (false, (0, 0, 0), 1_649_290_077_676_000_000, vec![(11_338, 476)], asks));
    assert!(book(&bitget, &BITGET_DELTA.replace("update", "snapshot")).0);
    let trades = records(&bitget, BITGET_TRADE);
    let sold: Vec<_> = trades.iter().map(|trade| trade.unwrap().header().has(flags::SELL)).collect();
    assert_eq!(sold, [true, false]);
    assert!(records(&bitget, &BITGET_TRADE.replace("update", "snapshot")).is_empty(), "trades of before");
    assert_eq!(Public::BitgetMix.market_of(b"BTCUSD"), Market::Inverse);
}

#[test]
fn bitget_v2_books_tops_and_trades() {
    let ms = 1_000_000;
    let mix = decoder(Public::BitgetMixV2, "ETHUSDT", 2, 2);
    let (ids, asks) = ((910_000_000_119, 910_000_000_207, 910_000_000_118), vec![(305_218, 0), (305_291, 1_420)]);
    assert_eq!(book(&mix, BITGET_V2_DELTA), (false, ids, 1_790_000_000_410 * ms, vec![(305_205, 766)], asks));
    let whole = BITGET_V2_DELTA.replace("update", "snapshot");
    assert_eq!((book(&mix, &whole).0, book(&mix, &whole).1), (true, (0, 910_000_000_207, 0)));
    assert!(book(&mix, &whole.replace("\"books\"", "\"books15\"")).0);
    let spot = decoder(Public::BitgetSpotV2, "ETHUSDT", 2, 2);
    assert_eq!(book(&spot, BITGET_V2_SUMMED).1, (0, 118, 0), "a number alone");
    assert_eq!(book(&spot, &BITGET_V2_SUMMED.replace("\"seq\":118,", "")).1, (0, 0, 0));
    let sold: Vec<_> = records(&spot, BITGET_V2_TRADE)
        .iter()
        .map(|trade| trade.unwrap().get::<Trade>().unwrap())
        .map(|trade| (trade.header.stream_seq, trade.header.has(flags::SELL), trade.price))
        .collect();
    let (second, first) = (1_480_000_000_000_000_002, 1_480_000_000_000_000_001);
    assert_eq!(sold, [(second, true, 305_205), (first, false, 305_218)]);
    assert!(records(&spot, &BITGET_V2_TRADE.replace("update", "snapshot")).is_empty(), "trades of before");
    let inverse = decoder(Public::BitgetMixV2, "ETHUSD", 2, 1);
    let top: Bbo = only(&inverse, BITGET_V2_TOP);
    assert_eq!((top.bid, top.bid_qty, top.ask, top.ask_qty), (NO_PRICE, 0, 305_218, 405));
    for (of_the_other, connection) in [(BITGET_V2_TRADE, &mix), (BITGET_V2_SUMMED, &mix), (BITGET_V2_DELTA, &spot)] {
        assert!(records(connection, of_the_other).is_empty(), "{of_the_other}");
    }
    for (symbol, market) in [
        ("BTCUSDT", Market::Linear),
        ("BTCPERP", Market::Linear),
        ("BTCUSD", Market::Inverse),
        ("BTCUSDH26", Market::Inverse),
    ] {
        assert_eq!(Public::BitgetMixV2.market_of(symbol.as_bytes()), market, "{symbol}");
    }
}

#[test]
fn bitget_v2_checksums_are_of_the_texts_as_sent_and_a_zero_is_none() {
    let mut sums = Vec::new();
    let texts = [BITGET_V2_SUMMED.to_owned(), BITGET_V2_SUMMED.replace("-71182403", "0"), BITGET_V2_DELTA.to_owned()];
    for (public, text) in [Public::BitgetSpotV2, Public::BitgetSpotV2, Public::BitgetMixV2].into_iter().zip(&texts) {
        let mut take = |message: &Message<'_>| {
            let Message::Book(book) = message else { panic!("{message:?}") };
            sums.push(book.checksum);
            Ok(())
        };
        public.read(&mut Memory::default(), text.as_bytes(), &mut take).unwrap();
    }
    assert_eq!(sums, [Some((-71_182_403_i32).cast_unsigned()), None, None]);
}

#[test]
fn coinbase_books_tops_and_trades() {
    let coinbase = decoder(Public::Coinbase, "BTC-USD", 2, 8);
    let (ts, asks) = (1_786_309_548_506_659_391, vec![(6_510_654, 15_361_938)]);
    assert_eq!(book(&coinbase, COINBASE_DELTA), (false, (15, 15, 0), ts, vec![(6_506_191, 0)], asks));
    assert!(book(&coinbase, &COINBASE_DELTA.replace("\"update\"", "\"snapshot\"")).0);
    let trade: Trade = only(&coinbase, COINBASE_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.stream_seq), (6_508_367, 1_034_361, 1_068_572_091));
    assert!(!trade.header.has(flags::SELL), "the maker sold");
    assert!(records(&coinbase, &COINBASE_TRADE.replace("update\"", "snapshot\"")).is_empty(), "trades of before");
    let top: Bbo = only(&coinbase, COINBASE_TICKER);
    assert_eq!((top.bid, top.bid_qty, top.ask, top.ask_qty), (6_508_366, 20_371_215, 6_508_367, 24_290_402));
    assert_eq!(Public::Coinbase.read(&mut Memory::default(), COINBASE_DELTA.as_bytes(), &mut |_| Ok(())), Ok(Some(15)));
}

#[test]
fn deribit_books_tops_and_trades() {
    let deribit = decoder(Public::Deribit, "BTC-24SEP21-8000-P", 4, 1);
    let ids = (33_195_894_358, 33_195_894_358, 33_195_894_355);
    assert_eq!(book(&deribit, DERIBIT_DELTA), (false, ids, 1_626_993_724_337_000_000, vec![(5, 26)], vec![(10, 0)]));
    assert!(book(&deribit, &DERIBIT_DELTA.replace("\"change\"", "\"snapshot\"")).0);
    let trade: Trade = only(&deribit, DERIBIT_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.stream_seq), (25, 105, 30_289_442));
    assert!(trade.header.has(flags::SELL));
    let top: Bbo = only(&deribit, DERIBIT_TICKER);
    assert_eq!((top.bid, top.bid_qty, top.ask, top.ask_qty), (15, 47_140, NO_PRICE, 0));
    assert_eq!(Public::Deribit.market_of(b"BTC_USDC-PERPETUAL"), Market::Linear);
    assert_eq!(Public::Deribit.market_of(b"BTC_USDC"), Market::Spot);
}

#[test]
fn kraken_futures_books_and_trades() {
    let futures = decoder(Public::KrakenFutures, "PI_ETHUSD", 2, 0);
    let (ids, asks) = ((26_660_859, 26_660_859, 0), vec![(200_485, 23_706), (200_500, 1)]);
    let want = (true, ids, 1_626_994_925_378_000_000, vec![(200_470, 20_108)], asks);
    assert_eq!(book(&futures, FUTURES_WHOLE), want);
    let (ids, ts) = ((26_660_860, 26_660_860, 0), 1_626_994_927_744_000_000);
    assert_eq!(book(&futures, FUTURES_DELTA), (false, ids, ts, vec![], vec![(200_485, 4_787)]));
    let bought = FUTURES_DELTA.replace("sell", "buy");
    assert_eq!(book(&futures, &bought), (false, ids, ts, vec![(200_485, 4_787)], vec![]));
    let trade: Trade = only(&futures, FUTURES_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.stream_seq), (200_490, 320, 5956));
    assert!(!trade.header.has(flags::SELL) && !trade.header.has(flags::OFF_BOOK));
    assert_eq!(Public::KrakenFutures.market_of(b"PF_XBTUSD"), Market::Linear);
}

#[test]
fn kraken_books_tops_and_trades() {
    let kraken = decoder(Public::KrakenSpot, "SC/EUR", 6, 8);
    let asks = vec![(42_990, 36_463_028_272_081)];
    assert_eq!(book(&kraken, KRAKEN_BOTH), (false, (0, 0, 0), 1_618_678_145_920_708_000, vec![(42_990, 0)], asks));
    let snapshot = KRAKEN_BOTH.replace("\"a\"", "\"as\"").replace("\"b\"", "\"bs\"");
    assert!(book(&kraken, &snapshot).0);
    // A time of ten digits that no i64 of nanoseconds holds (found by the fuzzer).
    let late = KRAKEN_BOTH.replace("1618678145.920470", "9618678945.900000");
    let mut out = RecordBuf::with_capacity(1 << 12);
    let error = kraken.clone().market(late.as_bytes(), STAMP, &mut out).unwrap_err();
    assert!(error.to_string().contains("9618678945.900000"), "{error}");
    let trade: Trade = only(&kraken, KRAKEN_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.has(flags::SELL)), (42_990, 1_597_971_727_919, true));
    let top: Bbo = only(&decoder(Public::KrakenSpot, "WAVES/EUR", 6, 8), KRAKEN_TICKER);
    assert_eq!((top.bid, top.bid_qty, top.ask, top.ask_qty), (13_232_900, 18_518_432_037, 13_253_900, 3_572_892_241));
    assert_eq!(top.header.ts_venue, NO_TIME);
}

#[test]
fn kucoin_books_tops_and_trades() {
    let kucoin = decoder(Public::KucoinSpot, "BCHSV-USDT", 3, 8);
    let (bids, asks) = (vec![(242_600, 0)], vec![(244_351, 15_000_000_000)]);
    let ids = (1_613_277_183_875, 1_613_277_183_877, 0);
    assert_eq!(book(&kucoin, KUCOIN_DELTA), (false, ids, NO_TIME, bids, asks), "a price of 0 is no level");
    let top: Bbo = only(&kucoin, KUCOIN_TICKER);
    assert_eq!((top.bid, top.bid_qty, top.ask, top.ask_qty), (242_654, 68_148_185, 242_951, 451_280_965));
    assert_eq!(top.header.stream_seq, 1_613_277_183_873);
    let trade: Trade = only(&kucoin, KUCOIN_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.has(flags::SELL)), (242_951, 8_188_140_000, false));
    assert_eq!((trade.header.stream_seq, trade.header.ts_venue), (1_612_701_563_869, 1_619_378_327_739_050_725));
}

#[test]
fn bitstamp_books_and_trades() {
    let bitstamp = decoder(Public::Bitstamp, "adaeur", 5, 8);
    let (id, asks) = (1_641_343_691_310_202, vec![(117_438, 85_301_809_477), (117_484, 0)]);
    assert_eq!(book(&bitstamp, BITSTAMP_DELTA), (false, (id, id, 0), 1_641_343_691_310_202_000, vec![], asks));
    let trade: Trade = only(&bitstamp, BITSTAMP_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.has(flags::SELL)), (380_293_000, 93_100_000, true));
    assert_eq!((trade.header.stream_seq, trade.header.ts_venue), (216_000_484, 1_641_343_709_599_000_000));
}

#[test]
fn hyperliquid_books_tops_and_trades() {
    let hyperliquid = decoder(Public::Hyperliquid, "BTC", 0, 5);
    let (id, bids) = (1_737_918_843_512, vec![(105_055, 303_622), (105_054, 14_280)]);
    let want = (true, (id, id, 0), 1_737_918_843_512_000_000, bids, vec![(105_056, 16_179)]);
    assert_eq!(book(&hyperliquid, HYPERLIQUID_WHOLE), want);
    let top: Bbo = only(&hyperliquid, HYPERLIQUID_TOP);
    assert_eq!((top.bid, top.bid_qty, top.ask, top.ask_qty), (105_055, 303_622, NO_PRICE, 0));
    let trade: Trade = only(&hyperliquid, HYPERLIQUID_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.has(flags::SELL)), (105_056, 219, false));
    let markets = ["BTC", "PURR/USDC", "@107"].map(|symbol| Public::Hyperliquid.market_of(symbol.as_bytes()));
    assert_eq!(markets, [Market::Linear, Market::Spot, Market::Spot]);
}

#[test]
fn gate_books_tops_and_trades() {
    let gate = decoder(Public::GateSpot, "BTC_USDT", 4, 10);
    let (ids, bids) = ((48_776_301, 48_776_306, 0), vec![(191_377_400, 1_000_000), (190_883_700, 0)]);
    let want = (false, ids, 1_606_294_781_123_000_000, bids, vec![(191_377_500, 6_135_000_000)]);
    assert_eq!(book(&gate, GATE_DELTA), want);
    let (snapshot, ids, _, bids, _) = book(&gate, GATE_FULL);
    assert_eq!((snapshot, ids, bids), (true, (28_606_981, 28_606_981, 0), vec![(1_059_589_000, 90_800_000)]));
    let sides = (r#""full":true"#, r#","b":[["105958.9","0.00908"]]"#);
    let one_side = GATE_FULL.replace(sides.0, r#""U":28606980"#).replace(sides.1, "");
    let (snapshot, ids, _, bids, _) = book(&gate, &one_side);
    assert_eq!((snapshot, ids, bids), (false, (28_606_980, 28_606_981, 0), vec![]));
    let top: Bbo = only(&gate, GATE_TICKER);
    assert_eq!((top.bid, top.bid_qty, top.ask, top.ask_qty), (191_777_900, 3_341_504, 191_793_800, 900_000_000));
    let trade: Trade = only(&gate, GATE_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.has(flags::SELL)), (4_705, 164_700_000_000, true));
    assert_eq!((trade.header.stream_seq, trade.header.ts_venue), (309_143_071, 1_606_292_218_213_457_800));
}

#[test]
fn htx_books_and_trades() {
    let htx = decoder(Public::HtxInverse, "ATOM-USD", 4, 0);
    let (ids, bids) = ((74_377_472_700, 74_377_472_700, 0), vec![(265_766, 50), (265_699, 152)]);
    assert_eq!(book(&htx, HTX_WHOLE), (true, ids, 1_645_289_384_842_000_000, bids, vec![(266_000, 111)]));
    let trade: Trade = only(&htx, HTX_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.has(flags::SELL)), (265_841, 6, false));
    assert_eq!((trade.header.stream_seq, trade.header.ts_venue), (743_774_717_120_000, 1_645_289_382_216_000_000));
    assert_eq!([Public::HtxLinear, Public::HtxInverse].map(|p| p.market_of(b"X")), [Market::Linear, Market::Inverse]);
}

#[test]
fn lighter_books_and_trades() {
    let lighter = decoder(Public::Lighter, "1", 1, 5);
    let (bids, ts) = (vec![(929_823, 0), (929_781, 491_994)], 1_765_394_056_621_000_000);
    assert_eq!(book(&lighter, LIGHTER_DELTA), (false, (8, 8, 0), ts, bids, vec![]));
    assert!(book(&lighter, &LIGHTER_DELTA.replace("update/", "subscribed/")).0);
    let chained = LIGHTER_DELTA.replace("\"nonce\"", "\"begin_nonce\":3691012280,\"nonce\"");
    assert_eq!(book(&lighter, &chained).1, (3_691_012_288, 3_691_012_288, 3_691_012_280));
    let trade: Trade = only(&lighter, LIGHTER_TRADE);
    assert_eq!((trade.price, trade.qty, trade.header.has(flags::SELL)), (928_291, 200, false));
    assert_eq!((trade.header.stream_seq, trade.header.ts_venue), (667_097_583, 1_765_394_039_499_000_000));
    assert!(only::<Trade>(&lighter, &LIGHTER_TRADE.replace("true", "false")).header.has(flags::SELL));
    assert_eq!(
        records(&lighter, &LIGHTER_TRADE.replace("update/", "subscribed/")).iter().count(),
        0,
        "trades of the past"
    );
}

#[test]
fn whole_books_over_rest() {
    for (public, body, id, bid) in [
        (Public::KucoinSpot, KUCOIN_WHOLE, 1_613_277_183_892, "242.649"),
        (Public::Bitstamp, BITSTAMP_WHOLE, 1_641_343_696_303_862, "1.17198"),
        (Public::GateSpot, GATE_WHOLE, 48_776_300, "19136.1"),
    ] {
        let mut seen = Vec::new();
        let mut take = |message: &Message<'_>| {
            let Message::Book(book) = message else { panic!("{message:?}") };
            book.levels(Side::Buy, |price, _| {
                seen.push((book.symbol.to_vec(), book.snapshot, book.ids, price.to_vec()));
                Ok(())
            })
        };
        public.read_whole(b"x", body.as_bytes(), &mut take).unwrap();
        assert_eq!(seen, [(b"x".to_vec(), true, (id, id, 0), bid.as_bytes().to_vec())]);
    }
    let refused = Public::Okx.read_whole(b"x", b"{}", &mut |_| Ok(())).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "feed must be bitstamp, kraken-futures or one of gate, htx or kucoin for a REST answer, was Okx"
    );
    let unnumbered = GATE_WHOLE.replace("\"id\":48776300,", "");
    let mut none = |message: &Message<'_>| panic!("{message:?}");
    Public::GateSpot.read_whole(b"x", unnumbered.as_bytes(), &mut none).unwrap();
}

#[test]
fn answers_and_other_channels_say_nothing() {
    for (public, text) in [
        (Public::Okx, r#"{"event":"subscribe","arg":{"channel":"trades","instId":"BTC-USD-220527"}}"#),
        (Public::Okx, r#"{"arg":{"channel":"candle1m","instId":"BTC-USDT"},"data":[["1","2"]]}"#),
        (Public::BybitLinear, r#"{"success":true,"ret_msg":"","conn_id":"d8bu","req_id":"","op":"subscribe"}"#),
        (Public::BybitLinear, r#"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT"},"ts":1}"#),
        (Public::KrakenFutures, r#"{"event":"subscribed","feed":"book","product_ids":["FI_ETHUSD_211231"]}"#),
        (Public::KrakenSpot, r#"{"event":"heartbeat"}"#),
        (Public::KucoinSpot, r#"{"id":"1","type":"ack"}"#),
        (Public::KucoinSpot, r#"{"data":{"sequence":"1"},"subject":"BTC-USDT","topic":"/market/ticker:all"}"#),
        (Public::Bitstamp, r#"{"event":"bts:subscription_succeeded","channel":"diff_order_book_sgbeur","data":{}}"#),
        (Public::GateSpot, r#"{"channel":"spot.obu","event":"subscribe","result":{"status":"success"}}"#),
        (Public::HtxLinear, r#"{"id":"1","subbed":"market.ATOM-USD.trade.detail","ts":1645289384874,"status":"ok"}"#),
        (Public::HtxLinear, r#"{"ping":1645289389619}"#),
        (Public::Hyperliquid, r#"{"channel":"subscriptionResponse","data":{"method":"subscribe"}}"#),
        (Public::BitgetSpot, r#"{"event":"subscribe","arg":{"instType":"sp","channel":"books","instId":"HOTUSDT"}}"#),
        (
            Public::BitgetSpotV2,
            r#"{"event":"subscribe","arg":{"instType":"SPOT","channel":"books","instId":"ETHUSDT"}}"#,
        ),
        (Public::KrakenSpot, r#"[1,["1","2"],"spread","SC/EUR"]"#),
    ] {
        let mut out = RecordBuf::with_capacity(1 << 10);
        assert_eq!(PublicDecoder::new(public).market(text.as_bytes(), STAMP, &mut out), Ok(0), "{text}");
    }
}

#[test]
fn bad_values_are_named_and_leave_nothing() {
    for (public, symbol, text, from, to, want) in [
        (Public::Okx, "BTC-USD-220527", OKX_DELTA, "-914047754", "-9140477540", "cannot decode checksum"),
        (Public::Okx, "BTC-USD-220527", OKX_DELTA, "\"30261\"", "30261", "cannot decode price"),
        (Public::Okx, "BTC-USD-220527", OKX_TRADE, "\"buy\"", "\"bye\"", "cannot decode side"),
        (Public::Okx, "BTC-USDT", OKX_TRADE, "x", "x", "unknown symbol, was BTC-USD-220527"),
        (Public::BybitSpot, "BTCUSDT", BYBIT_DELTA, "62505425", "-1", "cannot decode u"),
        (Public::BybitSpot, "BTCUSDT", BYBIT_DELTA, "\"u\"", "\"v\"", "u must be in the message, was missing"),
        (
            Public::BitgetMix,
            "DASHUSDT",
            BITGET_DELTA,
            "\"bids\"",
            "\"bid\"",
            "bids must be in the message, was missing",
        ),
        (Public::BitgetMix, "DASHUSDT", BITGET_TRADE, "\"buy\"", "\"bye\"", "cannot decode side"),
        (Public::BitgetMixV2, "ETHUSDT", BITGET_V2_DELTA, ",\"pseq\":", ",\"pseq\":-", "cannot decode pseq"),
        (
            Public::BitgetMixV2,
            "ETHUSDT",
            BITGET_V2_DELTA,
            "\"instType\"",
            "\"type\"",
            "instType must be in the message",
        ),
        (Public::BitgetSpotV2, "ETHUSDT", BITGET_V2_TRADE, "\"buy\"", "\"bye\"", "cannot decode side"),
        (Public::BitgetSpotV2, "ETHUSDT", BITGET_V2_TRADE, "0002\"", "0002x\"", "cannot decode tradeId"),
        (Public::Coinbase, "BTC-USD", COINBASE_DELTA, "\"bid\"", "\"buy\"", "cannot decode side"),
        (Public::Coinbase, "BTC-USD", COINBASE_TRADE, "48.167634Z", "48.167634", "cannot decode time"),
        (Public::Deribit, "BTC-24SEP21-8000-P", DERIBIT_DELTA, "33195894358", "null", "cannot decode change_id"),
        (Public::Deribit, "BTC-24SEP21-8000-P", DERIBIT_DELTA, "2.6", "true", "cannot decode quantity"),
        (Public::KrakenFutures, "PI_ETHUSD", FUTURES_DELTA, "\"sell\"", "\"sold\"", "cannot decode side"),
        (Public::KrakenFutures, "PI_ETHUSD", FUTURES_WHOLE, "\"asks\"", "\"ask\"", "asks must be in the message"),
        (Public::KucoinSpot, "BCHSV-USDT", KUCOIN_DELTA, "\"bids\"", "\"bid\"", "bids must be in the message"),
        (Public::KucoinSpot, "BCHSV-USDT", KUCOIN_TRADE, "\"buy\"", "\"bye\"", "cannot decode side"),
        (Public::Bitstamp, "adaeur", BITSTAMP_DELTA, "\"1641343691310202\"", "1", "cannot decode microtimestamp"),
        (Public::Bitstamp, "adaeur", BITSTAMP_TRADE, "\"type\":1", "\"type\":2", "cannot decode type"),
        (Public::HtxInverse, "ATOM-USD", HTX_WHOLE, "\"mrid\"", "\"mid\"", "mrid must be in the message"),
        (Public::HtxInverse, "ATOM-USD", HTX_TRADE, "\"buy\"", "\"bye\"", "cannot decode direction"),
        (Public::GateSpot, "BTC_USDT", GATE_DELTA, "\"U\"", "\"V\"", "U must be in the message"),
        (Public::GateSpot, "BTC_USDT", GATE_TRADE, "\"sell\"", "\"sold\"", "cannot decode side"),
        (Public::Hyperliquid, "BTC", HYPERLIQUID_WHOLE, "\"time\"", "\"tome\"", "time must be in the message"),
        (Public::Hyperliquid, "BTC", HYPERLIQUID_TRADE, "\"B\"", "\"C\"", "cannot decode side"),
        (Public::KrakenSpot, "SC/EUR", KRAKEN_BOTH, "book-1000", "book-x", "channel must be book- and a depth"),
        (Public::KrakenSpot, "SC/EUR", KRAKEN_BOTH, "4105471083", "41054710830", "cannot decode checksum"),
        (Public::KrakenSpot, "SC/EUR", KRAKEN_TRADE, "\"s\"", "\"z\"", "cannot decode side"),
    ] {
        let decoder = decoder(public, symbol, 6, 8);
        let mut out = RecordBuf::with_capacity(1 << 12);
        let error = decoder.clone().market(text.replace(from, to).as_bytes(), STAMP, &mut out).unwrap_err();
        assert!(error.to_string().starts_with(want), "{error}");
        assert!(out.is_empty());
    }
    assert!(Public::parse("okex").unwrap_err().to_string().ends_with("was okex"));
}
