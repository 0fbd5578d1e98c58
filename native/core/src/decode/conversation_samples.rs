//! Messages of venues whose messages build on earlier ones, in order, and what their records are to say: as recorded by a
//! third party in 2021 and 2023, or as the venue's document prints them, cut to a few levels.

/// A message and its records as `conversation_tests::said_of` writes them.
pub(crate) type Said = (&'static str, &'static str);

/// What tells Bitfinex's channels: a book, trades, a ticker, candles, the status of a derivative; and a raw book, which is
/// none of ours.
pub(crate) const BITFINEX_NAMES: &[&str] = &[
    r#"{"event":"info","version":2,"serverId":"083bd8d4","platform":{"status":1}}"#,
    r#"{"event":"subscribed","channel":"book","chanId":11,"symbol":"tBTCUSD","prec":"P0","freq":"F0","len":"25","pair":"BTCUSD"}"#,
    r#"{"event":"subscribed","channel":"trades","chanId":12,"symbol":"tBTCUSD","pair":"BTCUSD"}"#,
    r#"{"event":"subscribed","channel":"ticker","chanId":13,"symbol":"tBTCUSD","pair":"BTCUSD"}"#,
    r#"{"event":"subscribed","channel":"candles","chanId":14,"key":"trade:1m:tBTCUSD"}"#,
    r#"{"event":"subscribed","channel":"status","chanId":15,"key":"deriv:tBTCF0:USTF0"}"#,
    r#"{"event":"subscribed","channel":"book","chanId":16,"symbol":"tBTCUSD","prec":"R0","freq":"F0","len":"25","pair":"BTCUSD"}"#,
    r#"{"event":"conf","status":"OK","flags":65536}"#,
];

/// Messages of these channels.
pub(crate) const BITFINEX: &[Said] = &[
    (
        "[11,[[7364.8,10,4.354802],[7364.7,1,0.00288831],[7364.9,3,-0.42028976],[7365,1,-0.25]]]",
        "Depth! bids=2: 73648x435480200 73647x288831 asks=2: 73649x42028976 73650x25000000",
    ),
    ("[11,[7364.8,0,1],18]", "Depth bids=1: 73648x0 asks=0: "),
    ("[11,[7365,2,-1e-7]]", "Depth bids=0:  asks=1: 73650x10"),
    (r#"[11,"cs",-1420651424,20]"#, "Depth bids=0:  asks=0: "),
    (r#"[11,"hb",21]"#, ""),
    ("[12,[[669899159,1618665870435,166.391496,7364.8]]]", ""),
    (r#"[12,"te",[401597395,1574694478808,-0.005,7245.3]]"#, "Trade price=72453 qty=500000 sell"),
    (r#"[12,"tu",[401597395,1574694478808,-0.005,7245.3]]"#, ""),
    (
        "[13,[7616.5,31.89055171,7617.5,43.358118629999986,-550.8,-0.0674,7617.1,8314.71200815,8257.8,7500]]",
        "Ticker bid=76165 ask=76175 last=76171 high=82578 low=75000 volume=831471200815 price_scale=1 qty_scale=8",
    ),
    (
        "[14,[1574698260000,7379.785503,7383.8,7388.3,7379.785503,1.68829482]]",
        "Kline begin=1574698260000000000 interval=60000000000 open=7379785503 high=7388300000 low=7379785503 close=7383800000 volume=168829482 price_scale=6 qty_scale=8",
    ),
    (
        "[15,[1596124822000,null,0.896,0.771995,null,1396531.67460709,null,1596153600000,-0.0001056,6,null,-0.01381344,null,null,0.7664,null,null,246502.09001551,null,null,null,0.0025,0.0025]]",
        "FundingRate rate_e18=-13813440000000000 next=1596153600000000000; OpenInterest qty=24650209001551 qty_scale=8; Reference mark=766400 index=771995 price_scale=6",
    ),
    ("[16,[[34006738527,8744.9,0.25603413]]]", ""),
    ("[17,[1,2,3]]", ""),
];

/// A book of BitMEX as of 2021, whose changes name no price, and messages of its other tables.
pub(crate) const BITMEX: &[Said] = &[
    (
        r#"{"table":"orderBookL2","action":"update","data":[{"symbol":"XBTUSD","id":8799999350,"side":"Buy","size":5}]}"#,
        "Depth bids=0:  asks=0: ",
    ),
    (
        r#"{"table":"orderBookL2","action":"partial","keys":["symbol","id","side"],"filter":{"symbol":"XBTUSD"},"data":[{"symbol":"XBTUSD","id":8799999200,"side":"Sell","size":3,"price":8},{"symbol":"XBTUSD","id":8799999350,"side":"Buy","size":26,"price":6.5}]}"#,
        "Depth! bids=1: 65x2600000000 asks=1: 80x300000000",
    ),
    (
        r#"{"table":"orderBookL2","action":"update","data":[{"symbol":"XBTUSD","id":8799999350,"side":"Buy","size":5}]}"#,
        "Depth bids=1: 65x500000000 asks=0: ",
    ),
    (
        r#"{"table":"orderBookL2","action":"insert","data":[{"symbol":"XBTUSD","id":8799999300,"side":"Sell","size":991,"price":7},{"symbol":"ADAUSDT","id":1,"side":"Sell","size":1,"price":1}]}"#,
        "Depth bids=0:  asks=1: 70x99100000000; Depth bids=0:  asks=1: 10x100000000",
    ),
    (
        r#"{"table":"orderBookL2","action":"delete","data":[{"symbol":"XBTUSD","id":8799999300,"side":"Sell"}]}"#,
        "Depth bids=0:  asks=1: 70x0",
    ),
    (
        r#"{"table":"orderBook10","action":"update","data":[{"symbol":"XBTUSD","bids":[[6.5,5],[6,1]],"asks":[[8,3]],"timestamp":"2021-07-22T22:36:10.014Z"}]}"#,
        "Depth! bids=2: 65x500000000 60x100000000 asks=1: 80x300000000",
    ),
    (
        r#"{"table":"trade","action":"partial","data":[{"timestamp":"2021-07-22T22:36:10.014Z","symbol":"XBTUSD","side":"Buy","size":52,"price":8}]}"#,
        "",
    ),
    (
        r#"{"table":"trade","action":"insert","data":[{"timestamp":"2021-07-22T22:36:10.014Z","symbol":"XBTUSD","side":"Sell","size":52,"price":6.5,"trdMatchID":"39744121-c20e-44ba-8cc8-a6b8cdf72885"}]}"#,
        "Trade price=65 qty=5200000000 sell",
    ),
    (
        r#"{"table":"quote","action":"insert","data":[{"timestamp":"2021-07-22T22:36:10.014Z","symbol":"XBTUSD","bidSize":750,"bidPrice":6.5,"askPrice":8,"askSize":123}]}"#,
        "Bbo bid=65 bid_qty=75000000000 ask=80 ask_qty=12300000000",
    ),
    (r#"{"success":true,"subscribe":"trade:XBTUSD","request":{"op":"subscribe"}}"#, ""),
];

/// A book of dYdX and its changes, one at a time and several in a message; and of v3.
pub(crate) const DYDX: &[Said] = &[
    (r#"{"type":"connected","connection_id":"a","message_id":0}"#, ""),
    (
        r#"{"type":"subscribed","connection_id":"a","message_id":1,"channel":"v4_orderbook","id":"BTC-USD","contents":{"bids":[{"price":"114623","size":"0.1112"}],"asks":[{"price":"114624","size":"0.0872"}]}}"#,
        "Depth! bids=1: 1146230x11120000 asks=1: 1146240x8720000",
    ),
    (
        r#"{"type":"channel_data","connection_id":"a","message_id":2,"id":"BTC-USD","channel":"v4_orderbook","version":"1.0.0","contents":{"asks":[["114624","0.0"]]}}"#,
        "Depth bids=0:  asks=1: 1146240x0",
    ),
    (
        r#"{"type":"channel_batch_data","connection_id":"a","message_id":3,"id":"BTC-USD","channel":"v4_orderbook","version":"1.0.0","contents":[{"bids":[["114622","1"]]},{"asks":[["114625","2"]]}]}"#,
        "Depth bids=1: 1146220x100000000 asks=0: ; Depth bids=0:  asks=1: 1146250x200000000",
    ),
    (
        r#"{"type":"channel_data","connection_id":"a","message_id":21,"id":"BTC-USD","channel":"v3_orderbook","contents":{"offset":"2693988240","bids":[],"asks":[["114626","13.34"]]}}"#,
        "Depth bids=0:  asks=1: 1146260x1334000000",
    ),
    (
        r#"{"type":"subscribed","connection_id":"a","message_id":4,"channel":"v4_trades","id":"BTC-USD","contents":{"trades":[{"id":"02b6","side":"BUY","size":"0.024","price":"114581","type":"LIMIT","createdAt":"2025-08-04T00:42:07.119Z"}]}}"#,
        "",
    ),
    (
        r#"{"type":"channel_batch_data","connection_id":"a","message_id":5,"id":"BTC-USD","channel":"v4_trades","version":"2.1.0","contents":[{"trades":[{"id":"02b6","side":"SELL","size":"0.024","price":"114581","type":"LIMIT","createdAt":"2025-08-04T00:42:07.119Z"}]}]}"#,
        "Trade price=1145810 qty=2400000 sell",
    ),
];

/// A book of Gate's futures and its other channels.
pub(crate) const GATE_FUTURES: &[Said] = &[
    (
        r#"{"time":1684930165,"time_ms":1684930165254,"channel":"futures.order_book_update","event":"update","result":{"U":203083177,"a":[{"p":"0.3","s":0}],"b":[{"p":"0.2","s":12}],"s":"BTC_USDT","t":1684930165217,"u":203083177}}"#,
        "Depth bids=1: 2x1200000000 asks=1: 3x0",
    ),
    (
        r#"{"channel":"futures.obu","result":{"t":1743673026995,"full":true,"s":"ob.BTC_USDT.50","u":79072179673,"b":[["83705.9","30166"]],"a":[["83706","4208"]]},"time_ms":1743673026999}"#,
        "Depth! bids=1: 837059x3016600000000 asks=1: 837060x420800000000",
    ),
    (
        r#"{"time":1684930165,"time_ms":1684930165631,"channel":"futures.book_ticker","event":"update","result":{"t":1684930165621,"u":6159967,"s":"BTC_USDT","b":"0.7","B":814,"a":"0.8","A":677}}"#,
        "Bbo bid=7 bid_qty=81400000000 ask=8 ask_qty=67700000000",
    ),
    (
        r#"{"channel":"futures.trades","event":"update","time":1541503698,"time_ms":1541503698123,"result":[{"size":-108,"id":27753479,"create_time":1545136464,"create_time_ms":1545136464123,"price":"96.4","contract":"BTC_USDT","is_internal":true}]}"#,
        "Trade price=964 qty=10800000000 sell",
    ),
    (
        r#"{"time":1684930165,"time_ms":0,"channel":"futures.trades","event":"subscribe","result":{"status":"success"}}"#,
        "",
    ),
];

/// A book of KuCoin's futures and its other channels.
pub(crate) const KUCOIN_FUTURES: &[Said] = &[
    (
        r#"{"topic":"/contractMarket/level2:XBTUSDTM","type":"message","subject":"level2","data":{"sequence":18,"change":"5000.0,sell,83","timestamp":1551770400000}}"#,
        "Depth bids=0:  asks=1: 50000x8300000000",
    ),
    (
        r#"{"topic":"/contractMarket/level2:XBTUSDTM","type":"message","subject":"level2","data":{"sequence":19,"change":"4999.5,buy,0","timestamp":1551770400001}}"#,
        "Depth bids=1: 49995x0 asks=0: ",
    ),
    (
        r#"{"topic":"/contractMarket/execution:XBTUSDTM","type":"message","subject":"match","sn":1794100537695,"data":{"symbol":"XBTUSDTM","sequence":1794100537695,"side":"buy","size":2,"price":"90503.9","takerOrderId":"247822202957807616","makerOrderId":"247822167163555840","tradeId":"1794100537695","ts":1731898619520000000}}"#,
        "Trade price=905039 qty=200000000",
    ),
    (
        r#"{"topic":"/contractMarket/tickerV2:XBTUSDTM","type":"message","subject":"tickerV2","sn":1,"data":{"symbol":"XBTUSDTM","sequence":1729172965609,"bestBidSize":713,"bestBidPrice":"67400.8","bestAskPrice":"67400.9","bestAskSize":1061,"ts":1729172965609000000}}"#,
        "Bbo bid=674008 bid_qty=71300000000 ask=674009 ask_qty=106100000000",
    ),
    (r#"{"id":"1","type":"ack"}"#, ""),
];

/// The example of a book's checksum in Kraken's guide of v2, <https://docs.kraken.com/api/docs/guides/spot-ws-book-v2>.
pub(crate) const KRAKEN_V2_BOOK: &str = r#"{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":45283.5,"qty":0.10000000},{"price":45283.4,"qty":1.54582015},{"price":45282.1,"qty":0.10000000},{"price":45281.0,"qty":0.10000000},{"price":45280.3,"qty":1.54592586},{"price":45279.0,"qty":0.07990000},{"price":45277.6,"qty":0.03310103},{"price":45277.5,"qty":0.30000000},{"price":45277.3,"qty":1.54602737},{"price":45276.6,"qty":0.15445238}],"asks":[{"price":45285.2,"qty":0.00100000},{"price":45286.4,"qty":1.54571953},{"price":45286.6,"qty":1.54571109},{"price":45289.6,"qty":1.54560911},{"price":45290.2,"qty":0.15890660},{"price":45291.8,"qty":1.54553491},{"price":45294.7,"qty":0.04454749},{"price":45296.1,"qty":0.35380000},{"price":45297.5,"qty":0.09945542},{"price":45299.5,"qty":0.18772827}],"checksum":3310070434}]}"#;
/// A trade of Kraken's v2.
pub(crate) const KRAKEN_V2_TRADE: &str = r#"{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":45283.4,"qty":0.0005,"ord_type":"market","trade_id":4665846,"timestamp":"2023-09-25T07:48:36.925533Z"}]}"#;

/// Those of the connection called `feed`, in order.
pub(crate) fn of(feed: &str) -> Vec<&'static str> {
    let said = match feed {
        "bitfinex" => BITFINEX,
        "bitmex" => BITMEX,
        "dydx" => DYDX,
        "kucoin-futures" => KUCOIN_FUTURES,
        "gate-linear" | "gate-inverse" => GATE_FUTURES,
        _ => &[],
    };
    let names = BITFINEX_NAMES.iter().filter(|_| feed == "bitfinex").copied();
    let kraken = [KRAKEN_V2_BOOK, KRAKEN_V2_TRADE].into_iter().filter(|_| feed == "kraken-spot-v2");
    names.chain(said.iter().map(|(text, _)| *text)).chain(kraken).collect()
}
