//! Messages of figures and klines for tests: one of each channel of each venue, recorded (cryptofeed's bundles) or as the
//! venue's document prints it, and what its records are to say.

/// A connection's name, the symbol that is defined, a message, and its records as `figure_tests::said` writes them.
pub(crate) type Told = (&'static str, &'static str, &'static str, &'static str);

/// One message of each channel.
pub(crate) const TOLD: &[Told] = &[
    (
        "okx",
        "BTC-USD-220527",
        r#"{"arg":{"channel":"tickers","instId":"BTC-USD-220527"},"data":[{"instType":"FUTURES","instId":"BTC-USD-220527","last":"30218.8","lastSz":"1","askPx":"30220.1","askSz":"3","bidPx":"30210.4","bidSz":"4","open24h":"29571.4","high24h":"31003.3","low24h":"27930.8","sodUtc0":"28935.3","sodUtc8":"30320.5","volCcy24h":"2620.289","vol24h":"779573","ts":"1652459223003"}]}"#,
        "Bbo; Ticker last=302188 open=295714 high=310033 low=279308 last_qty=1 volume=779573 turnover=2620289 price_scale=1 turnover_scale=3",
    ),
    (
        "okx",
        "LTC-USD-SWAP",
        r#"{"arg":{"channel":"mark-price","instId":"LTC-USD-SWAP"},"data":[{"instType":"SWAP","instId":"LTC-USD-SWAP","markPx":"0.100","ts":"1597026383085"}]}"#,
        "Reference mark=1 price_scale=1",
    ),
    (
        "okx",
        "BTC-USDT",
        r#"{"arg":{"channel":"index-tickers","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","idxPx":"1000.05","high24h":"1000","low24h":"1000","open24h":"1000","sodUtc0":"1000","sodUtc8":"1000","ts":"1597026383085"}]}"#,
        "Reference index=100005 price_scale=2",
    ),
    (
        "okx",
        "BTC-USD-SWAP",
        r#"{"arg":{"channel":"funding-rate","instId":"BTC-USD-SWAP"},"data":[{"fundingRate":"0.0001875391284828","fundingTime":"1700726400000","instId":"BTC-USD-SWAP","instType":"SWAP","nextFundingRate":"","nextFundingTime":"1700755200000","settFundingRate":"0.0001418433662153","settState":"settled","ts":"1700724675402"}]}"#,
        "FundingRate rate_e18=187539128482800 next=1700726400000000000",
    ),
    (
        "okx",
        "LTC-USD-SWAP",
        r#"{"arg":{"channel":"open-interest","instId":"LTC-USD-SWAP"},"data":[{"instType":"SWAP","instId":"LTC-USD-SWAP","oi":"5000","oiCcy":"555.55","oiUsd":"50000.5","ts":"1597026383085"}]}"#,
        "OpenInterest qty=5000 value=500005 value_scale=1",
    ),
    (
        "okx",
        "BTC-USDT",
        r#"{"arg":{"channel":"candle1D","instId":"BTC-USDT"},"data":[["1597026383085","8533.02","8553.74","8527.17","8548.26","45247","529.5858061","5529.5","1"]]}"#,
        "Kline begin=1597026383085000000 interval=86400000000000 open=853302 high=855374 low=852717 close=854826 volume=45247 turnover=55295 price_scale=2 turnover_scale=1 closed",
    ),
    (
        "bybit-linear",
        "BTCUSDT",
        r#"{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","tickDirection":"ZeroPlusTick","price24hPcnt":"0.001624","lastPrice":"65114.30","prevPrice24h":"65008.70","highPrice24h":"65282.30","lowPrice24h":"64694.40","prevPrice1h":"65083.80","markPrice":"65117.44","indexPrice":"65137.76","openInterest":"59891.732","openInterestValue":"3899996265.01","turnover24h":"1142118412.9021","volume24h":"17573.9120","fundingIntervalHour":"8","fundingCap":"0.005","nextFundingTime":"1786320000000","fundingRate":"0.0001","bid1Price":"65114.20","bid1Size":"5.954","ask1Price":"65114.30","ask1Size":"10.470","preOpenPrice":"","preQty":"","curPreListingPhase":""},"cs":753843900397,"ts":1786310817583}"#,
        "Ticker bid=651142 ask=651143 last=651143 open=650087 high=652823 low=646944 bid_qty=5954 ask_qty=10470 volume=17573912 turnover=11421184129021 price_scale=1 qty_scale=3 turnover_scale=4; FundingRate rate_e18=100000000000000 next=1786320000000000000 interval=28800000000000; OpenInterest qty=59891732 value=389999626501 qty_scale=3 value_scale=2; Reference mark=6511744 index=6513776 price_scale=2",
    ),
    (
        "bybit-linear",
        "BTCUSDT",
        r#"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"65117.43","openInterestValue":"3899995666.09","ask1Price":"65114.30","ask1Size":"10.488","singleOpenInterestValue":"1949997833.04"},"cs":753843915209,"ts":1786310818183}"#,
        "Ticker ask=651143 ask_qty=10488 price_scale=1 qty_scale=3; OpenInterest value=389999566609 value_scale=2; Reference mark=6511743 price_scale=2",
    ),
    (
        "bybit-linear",
        "BTCUSDT",
        r#"{"topic":"kline.1.BTCUSDT","data":[{"start":1786310760000,"end":1786310819999,"interval":"1","open":"65119.9","close":"65114.3","high":"65119.9","low":"65114.2","volume":"1.576","turnover":"102627.995","confirm":false,"timestamp":1786310818440}],"ts":1786310818440,"type":"snapshot"}"#,
        "Kline begin=1786310760000000000 interval=60000000000 open=651199 high=651199 low=651142 close=651143 volume=1576 turnover=102627995 price_scale=1 qty_scale=3 turnover_scale=3",
    ),
    (
        "bitget-mix",
        "DASHUSDT",
        r#"{"action":"snapshot","arg":{"instType":"mc","channel":"ticker","instId":"DASHUSDT"},"data":[{"instId":"DASHUSDT","last":"113.370","bestAsk":"113.41","bestBid":"113.36","high24h":"118.870","low24h":"113.140","priceChangePercent":"-0.036","capitalRate":"-0.000100","nextSettleTime":1649314800000,"systemTime":1649290077309,"markPrice":"113.381","indexPrice":"113.427","holding":"21957.17","baseVolume":"25301.40","quoteVolume":"3062327.31"}]}"#,
        "Ticker bid=11336 ask=11341 last=11337 high=11887 low=11314 volume=253014 turnover=306232731 price_scale=2 qty_scale=1 turnover_scale=2; FundingRate rate_e18=-100000000000000 next=1649314800000000000; OpenInterest qty=2195717 qty_scale=2; Reference mark=113381 index=113427 price_scale=3",
    ),
    (
        "bitget-spot",
        "HOTUSDT",
        r#"{"action":"update","arg":{"instType":"sp","channel":"candle1m","instId":"HOTUSDT"},"data":[["1649290020000","0.00562","0.005623","0.005613","0.005613","8587.44"]]}"#,
        "Kline begin=1649290020000000000 interval=60000000000 open=5620 high=5623 low=5613 close=5613 volume=858744 price_scale=6 qty_scale=2",
    ),
    (
        "coinbase",
        "BTC-USD",
        r#"{"channel":"ticker","timestamp":"2026-08-09T21:05:48.229198328Z","sequence_num":6,"events":[{"type":"snapshot","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"65086.18","volume_24_h":"2867.54532609","low_24_h":"64675.22","high_24_h":"65252.99","low_52_w":"57717.55","high_52_w":"126296","price_percent_chg_24_h":"0.09601107287722","best_bid":"65083.66","best_ask":"65083.67","best_bid_quantity":"0.20371215","best_ask_quantity":"0.24290402"}]}]}"#,
        "Bbo; Ticker last=6508618 high=6525299 low=6467522 volume=286754532609 price_scale=2 qty_scale=8",
    ),
    (
        "coinbase",
        "ETH-USD",
        r#"{"channel":"candles","timestamp":"2026-08-09T21:05:51.491081826Z","sequence_num":138,"events":[{"type":"update","candles":[{"start":"1786309500","high":"1919.6","low":"1919.27","open":"1919.58","close":"1919.41","volume":"36.36630914","product_id":"ETH-USD"}]}]}"#,
        "Kline begin=1786309500000000000 interval=300000000000 open=191958 high=191960 low=191927 close=191941 volume=3636630914 price_scale=2 qty_scale=8",
    ),
    (
        "kraken-spot",
        "WAVES/EUR",
        r#"[1668,{"a":["13.253900",35,"35.72892241"],"b":["13.232900",185,"185.18432037"],"c":["13.253900","3.71672000"],"v":["26560.85364463","72035.05488104"],"p":["13.529003","13.734728"],"t":[640,1353],"l":["13.021800","13.021800"],"h":["13.942000","14.211200"],"o":["13.804000","13.428300"]},"ticker","WAVES/EUR"]"#,
        "Bbo; Ticker last=132539 open=134283 high=142112 low=130218 last_qty=371672000 volume=7203505488104 price_scale=4 qty_scale=8",
    ),
    (
        "kraken-spot",
        "XBT/USD",
        r#"[42,["1542057314.748456","1542057360.435743","3586.70000","3586.70000","3586.60000","3586.60000","3586.68894","0.03373000",2],"ohlc-5","XBT/USD"]"#,
        "Kline begin=1542057000000000000 interval=300000000000 open=35867 high=35867 low=35866 close=35866 volume=3373 trades=2 price_scale=1 qty_scale=5",
    ),
    (
        "kraken-futures",
        "PI_XBTUSD",
        r#"{"time":1676393235406,"product_id":"PI_XBTUSD","funding_rate":-6.2604214e-11,"funding_rate_prediction":-3.65989977e-10,"relative_funding_rate":-1.380384722222E-6,"relative_funding_rate_prediction":-8.047629166667E-6,"next_funding_rate_time":1676394000000,"feed":"ticker","bid":28060,"ask":28070,"bid_size":2844,"ask_size":1902,"volume":19628180,"dtm":0,"leverage":"50x","index":28062.14,"premium":0,"last":28053.5,"change":-0.7710945651981715,"suspended":false,"tag":"perpetual","pair":"XBT:USD","openInterest":28875946,"markPrice":28064.92082724592,"maturityTime":0,"post_only":false,"volumeQuote":19628180}"#,
        "Ticker bid=280600 ask=280700 last=280535 bid_qty=2844 ask_qty=1902 volume=19628180 turnover=19628180 price_scale=1; FundingRate rate_e18=-1380384722222 next=1676394000000000000; OpenInterest qty=28875946; Reference mark=2806492082724592 index=2806214000000000 price_scale=11",
    ),
    (
        "kraken-futures",
        "FI_BCHUSD_210730",
        r#"{"feed":"ticker_lite","product_id":"FI_BCHUSD_210730","bid":439.3,"ask":439.6,"change":2.640803926150981,"premium":0.3,"volume":3413476.0,"tag":"month","pair":"BCH:USD","dtm":7,"maturityTime":1627657200000}"#,
        "Ticker bid=4393 ask=4396 volume=3413476 price_scale=1",
    ),
    (
        "deribit",
        "ETH-30JUL21-2800-C",
        r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.ETH-30JUL21-2800-C.raw","data":{"underlying_price":2003.61,"underlying_index":"ETH-30JUL21","timestamp":1626993723632,"stats":{"volume":869.0,"price_change":0.0,"low":0.0015,"high":0.0025},"state":"open","settlement_price":0.0,"open_interest":12685.0,"min_price":0.0001,"max_price":0.025,"mark_price":0.001972,"mark_iv":120.74,"last_price":0.002,"interest_rate":0.0,"instrument_name":"ETH-30JUL21-2800-C","index_price":2006.72,"greeks":{"vega":0.20072,"theta":-1.64029,"rho":0.01188,"gamma":0.0002,"delta":0.03127},"estimated_delivery_price":2006.72,"bid_iv":115.62,"best_bid_price":0.0015,"best_bid_amount":4714.0,"best_ask_price":0.0025,"best_ask_amount":873.0,"ask_iv":125.63}}}"#,
        "Bbo; Ticker last=20 high=25 low=15 volume=869 price_scale=4; OpenInterest qty=12685; Reference mark=1972 index=2006720000 price_scale=6",
    ),
    (
        "deribit",
        "BTC-PERPETUAL",
        r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.BTC-PERPETUAL.raw","data":{"timestamp":1623060194301,"stats":{"volume_usd":284061480,"volume":7871.02139035,"price_change":0.7229,"low":35213.5,"high":36824.5},"state":"open","settlement_price":36169.49,"open_interest":502097590,"mark_price":36446.51,"last_price":36457.5,"instrument_name":"BTC-PERPETUAL","index_price":36441.64,"funding_8h":0.0000211,"current_funding":-0.0000123,"best_bid_price":36442.5,"best_bid_amount":5000,"best_ask_price":36443,"best_ask_amount":100}}}"#,
        "Bbo; Ticker last=364575 high=368245 low=352135 volume=284061480 turnover=787102139035 price_scale=1 turnover_scale=8; FundingRate rate_e18=-12300000000000; OpenInterest qty=502097590; Reference mark=3644651 index=3644164 price_scale=2",
    ),
    (
        "deribit",
        "BTC-PERPETUAL",
        r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"chart.trades.BTC-PERPETUAL.1","data":{"volume":0.05219351,"tick":1573645080000,"open":8869.79,"low":8788.25,"high":8870.31,"cost":460,"close":8791.25}}}"#,
        "Kline begin=1573645080000000000 interval=60000000000 open=886979 high=887031 low=878825 close=879125 volume=460 turnover=5219351 price_scale=2 turnover_scale=8",
    ),
    (
        "kucoin-spot",
        "SNX-BTC",
        r#"{"data":{"sequence":"1612844051653","bestAsk":"0.00028717","size":"0.01745248","bestBidSize":"3.70422021","price":"0.00028676","time":1619378326323,"bestAskSize":"14.04274325","bestBid":"0.00028678"},"subject":"trade.ticker","topic":"/market/ticker:SNX-BTC","type":"message"}"#,
        "Bbo; Ticker last=28676 last_qty=1745248 price_scale=8 qty_scale=8",
    ),
    (
        "kucoin-spot",
        "KCS-BTC",
        r#"{"type":"message","topic":"/market/snapshot:KCS-BTC","subject":"trade.snapshot","data":{"sequence":"1545896669291","data":{"trading":true,"symbol":"KCS-BTC","buy":0.00011,"sell":0.00012,"sort":100,"volValue":3.13851792584,"baseCurrency":"KCS","market":"BTC","quoteCurrency":"BTC","symbolCode":"KCS-BTC","datetime":1548388122031,"high":0.00013,"vol":27514.34842,"low":0.0001,"changePrice":-1.0e-5,"changeRate":-0.0769,"lastTradedPrice":0.00012,"board":0,"mark":0}}}"#,
        "Ticker bid=11 ask=12 last=12 high=13 low=10 volume=2751434842 turnover=313851792584 price_scale=5 qty_scale=5 turnover_scale=11",
    ),
    (
        "kucoin-spot",
        "BCHSV-USDT",
        r#"{"data":{"symbol":"BCHSV-USDT","candles":["1619378280","242.781","242.9","243","242.5","0.14324938","34.77822772578"],"time":1619378337806000034},"subject":"trade.candles.add","topic":"/market/candles:BCHSV-USDT_1min","type":"message"}"#,
        "Kline begin=1619378280000000000 interval=60000000000 open=242781 high=243000 low=242500 close=242900 volume=14324938 turnover=3477822772578 price_scale=3 qty_scale=8 turnover_scale=11",
    ),
    (
        "hyperliquid",
        "BTC",
        r#"{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"funding":"0.0000125","openInterest":"30000.12","prevDayPx":"100000.0","dayNtlVlm":"3000000000.5","premium":"0.0003","oraclePx":"105000.0","markPx":"105010.5","midPx":"105011.0","impactPxs":["105010.0","105012.0"],"dayBaseVlm":"28000.5"}}}"#,
        "Ticker open=100000 volume=280005 turnover=30000000005 qty_scale=1 turnover_scale=1; FundingRate rate_e18=12500000000000; OpenInterest qty=3000012 qty_scale=2; Reference mark=1050105 index=1050000 price_scale=1",
    ),
    (
        "hyperliquid",
        "BTC",
        r#"{"channel":"candle","data":{"t":1681923600000,"T":1681924499999,"s":"BTC","i":"15m","o":"29295.0","c":"29258.0","h":"29309.0","l":"29250.0","v":"0.98639","n":189}}"#,
        "Kline begin=1681923600000000000 interval=900000000000 open=29295 high=29309 low=29250 close=29258 volume=98639 trades=189 qty_scale=5",
    ),
    (
        "htx-linear",
        "BTC-USDT",
        r#"{"ch":"market.BTC-USDT.detail","ts":1603707124366,"tick":{"id":1603707120,"mrid":131599726,"open":13067.7,"close":12959.8,"high":13205.3,"low":12852.8,"amount":31.316,"vol":31316,"trade_turnover":406123.45,"count":4,"ask":[12960.0,10],"bid":[12959.8,5]}}"#,
        "Ticker last=129598 open=130677 high=132053 low=128528 volume=31316 turnover=40612345 price_scale=1 turnover_scale=2",
    ),
    (
        "htx-linear",
        "BTC-USDT",
        r#"{"ch":"market.BTC-USDT.kline.4hour","ts":1603707124366,"tick":{"id":1603700000,"mrid":131599726,"vol":31316,"count":26,"open":13067.7,"close":12959.8,"low":12852.8,"high":13205.3,"amount":31.316,"trade_turnover":406123.45}}"#,
        "Kline begin=1603700000000000000 interval=14400000000000 open=130677 high=132053 low=128528 close=129598 volume=31316 turnover=40612345 trades=26 price_scale=1 turnover_scale=2",
    ),
    (
        "htx-linear",
        "BTC-USDT",
        r#"{"ch":"market.BTC-USDT.mark_price.1min","ts":1489474082831,"tick":{"vol":"0","close":"9800.12","count":"0","high":"9800.12","id":1529898780,"low":"9800.12","open":"9800.12","trade_turnover":"0","amount":"0"}}"#,
        "Reference mark=980012 price_scale=2",
    ),
    (
        "htx-linear",
        "BTC-USDT",
        r#"{"op":"notify","topic":"public.BTC-USDT.funding_rate","ts":1603778748166,"data":[{"symbol":"BTC","contract_code":"BTC-USDT","fee_asset":"USDT","funding_time":"1603778700000","funding_rate":"-0.000220068774978695","estimated_rate":"-0.000684397270167616","settlement_time":"1603785600000"}]}"#,
        "FundingRate rate_e18=-220068774978695 next=1603785600000000000",
    ),
    (
        "htx-inverse",
        "BTC-USD",
        r#"{"ch":"market.BTC-USD.bbo","ts":1603707934525,"tick":{"mrid":131599726,"id":1603707934,"bid":[13064,38],"ask":[13072.3,205],"ts":1603707934525,"version":131599726,"ch":"market.BTC-USD.bbo"}}"#,
        "Bbo",
    ),
    (
        "gate-spot",
        "BTC_USDT",
        r#"{"time":1669107766,"time_ms":1669107766406,"channel":"spot.tickers","event":"update","result":{"currency_pair":"BTC_USDT","last":"15743.4","lowest_ask":"15744.4","highest_bid":"15743.5","change_percentage":"-1.8254","base_volume":"9110.473081735","quote_volume":"145082083.2535","high_24h":"16280.9","low_24h":"15468.5"}}"#,
        "Ticker bid=157435 ask=157444 last=157434 high=162809 low=154685 volume=9110473081735 turnover=1450820832535 price_scale=1 qty_scale=9 turnover_scale=4",
    ),
    (
        "gate-spot",
        "BTC_USDT",
        r#"{"time":1606292600,"time_ms":1606292600376,"channel":"spot.candlesticks","event":"update","result":{"t":"1606292580","v":"2362.32035","c":"19128.1","h":"19128.1","l":"19128.1","o":"19128.1","n":"1m_BTC_USDT","a":"3.8283","w":true}}"#,
        "Kline begin=1606292580000000000 interval=60000000000 open=191281 high=191281 low=191281 close=191281 volume=38283 turnover=236232035 price_scale=1 qty_scale=4 turnover_scale=5 closed",
    ),
    (
        "kraken-spot-v2",
        "ALGO/USD",
        r#"{"channel":"ticker","type":"snapshot","data":[{"symbol":"ALGO/USD","bid":0.10025,"bid_qty":740.0,"ask":0.10036,"ask_qty":1361.44813783,"last":0.10035,"volume":997038.98383185,"vwap":0.10148,"low":0.09979,"high":0.10285,"change":-0.00017,"change_pct":-0.17}]}"#,
        "Bbo; Ticker last=10035 high=10285 low=9979 volume=99703898383185 price_scale=5 qty_scale=8",
    ),
    (
        "kraken-spot-v2",
        "MATIC/USD",
        r#"{"channel":"ohlc","type":"update","timestamp":"2023-10-04T16:26:30.524394914Z","data":[{"symbol":"MATIC/USD","open":0.5624,"high":0.5628,"low":0.5622,"close":0.5627,"trades":12,"volume":30927.68066226,"vwap":0.5626,"interval_begin":"2023-10-04T16:25:00.000000000Z","interval":5,"timestamp":"2023-10-04T16:30:00.000000Z"}]}"#,
        "Kline begin=1696436700000000000 interval=300000000000 open=5624 high=5628 low=5622 close=5627 volume=3092768066226 trades=12 price_scale=4 qty_scale=8",
    ),
    (
        "gate-linear",
        "BTC_USDT",
        r#"{"time":1541659086,"time_ms":1541659086123,"channel":"futures.tickers","event":"update","result":[{"contract":"BTC_USDT","last":"118.4","change_percentage":"0.77","funding_rate":"-0.000114","funding_rate_indicative":"0.01875","mark_price":"118.35","index_price":"118.36","total_size":"73648","volume_24h":"745487577","volume_24h_btc":"117","volume_24h_quote":"419950","quanto_base_rate":"","low_24h":"99.2","high_24h":"132.5"}]}"#,
        "Ticker last=1184 high=1325 low=992 volume=745487577 price_scale=1; FundingRate rate_e18=-114000000000000; OpenInterest qty=73648; Reference mark=11835 index=11836 price_scale=2",
    ),
    (
        "gate-linear",
        "FRONT_USDT",
        r#"{"time":1684930165,"time_ms":1684930165934,"channel":"futures.candlesticks","event":"update","result":[{"t":1684930140,"v":0,"c":"0.1701","h":"0.1701","l":"0.1701","o":"0.1701","n":"1m_FRONT_USDT"}]}"#,
        "Kline begin=1684930140000000000 interval=60000000000 open=1701 high=1701 low=1701 close=1701 volume=0 price_scale=4",
    ),
    (
        "bitmex",
        "XBTUSD",
        r#"{"table":"instrument","action":"update","data":[{"symbol":"XBTUSD","lastPrice":95123.5,"markPrice":95125.7,"indicativeSettlePrice":95126.05,"openInterest":123456789,"openValue":1234567890,"fundingRate":0.0001,"fundingTimestamp":"2024-11-25T20:00:00.000Z","bidPrice":95123,"timestamp":"2024-11-25T12:00:00.000Z"}]}"#,
        "Ticker bid=951230 last=951235 price_scale=1; FundingRate rate_e18=100000000000000 next=1732564800000000000; OpenInterest qty=123456789; Reference mark=9512570 index=9512605 price_scale=2",
    ),
    (
        "bitmex",
        "XBTUSD",
        r#"{"table":"funding","action":"partial","data":[{"timestamp":"2024-11-25T04:00:00.000Z","symbol":"XBTUSD","fundingInterval":"2000-01-01T08:00:00.000Z","fundingRate":0.0001,"fundingRateDaily":0.0003}]}"#,
        "FundingRate rate_e18=100000000000000",
    ),
    (
        "bitmex",
        "XBTUSD",
        r#"{"table":"tradeBin1m","action":"insert","data":[{"timestamp":"2020-02-03T18:28:00.000Z","symbol":"XBTUSD","open":9256,"high":9256.5,"low":9256,"close":9256,"trades":29,"volume":79057,"vwap":9256.688,"lastSize":100,"turnover":854077082,"homeNotional":8.540770820000002,"foreignNotional":79057}]}"#,
        "Kline begin=1580754420000000000 interval=60000000000 open=92560 high=92565 low=92560 close=92560 volume=79057 turnover=8540770820000002 trades=29 price_scale=1 turnover_scale=15",
    ),
    (
        "dydx",
        "BTC-USD",
        r#"{"type":"subscribed","connection_id":"a","message_id":1,"channel":"v4_markets","contents":{"markets":{"BTC-USD":{"clobPairId":"0","ticker":"BTC-USD","status":"ACTIVE","oraclePrice":"43250.00","priceChange24H":"1250.50","volume24H":"293545.6","trades24H":12,"nextFundingRate":"0.00000466041666666667","openInterest":"987.6","atomicResolution":-10},"ETH-USD":{"oraclePrice":"2250.00"}}}}"#,
        "Ticker turnover=2935456 turnover_scale=1; FundingRate rate_e18=4660416666666; OpenInterest qty=9876 qty_scale=1; Reference index=43250",
    ),
    (
        "dydx",
        "BTC-USD",
        r#"{"type":"channel_data","connection_id":"a","message_id":5,"channel":"v4_markets","version":"1.0.0","contents":{"oraclePrices":{"BTC-USD":{"oraclePrice":"43300.5","effectiveAt":"2024-01-01T00:01:00.000Z","effectiveAtHeight":"12345679","marketId":0}}}}"#,
        "Reference index=433005 price_scale=1",
    ),
    (
        "dydx",
        "BTC-USD",
        r#"{"type":"channel_data","connection_id":"a","message_id":3,"id":"BTC-USD/1MIN","channel":"v4_candles","version":"1.0.0","contents":{"startedAt":"2025-08-05T03:40:00.000Z","ticker":"BTC-USD","resolution":"1MIN","low":"114249","high":"114262","open":"114256","close":"114261","baseTokenVolume":"0.4753","usdVolume":"54304.6873","trades":9,"startingOpenInterest":"501.7424"}}"#,
        "Kline begin=1754365200000000000 interval=60000000000 open=114256 high=114262 low=114249 close=114261 volume=4753 turnover=543046873 trades=9 qty_scale=4 turnover_scale=4",
    ),
    (
        "kucoin-futures",
        "XBTUSDTM",
        r#"{"id":"5c24c5da03aa673885cd67a0","type":"message","topic":"/contractMarket/snapshot:XBTUSDTM","subject":"snapshot.24h","data":{"highPrice":70100.1,"lastPrice":69500,"lowPrice":68000.5,"price24HoursBefore":69000.4,"priceChg":499.6,"priceChgPct":0.0072,"symbol":"XBTUSDTM","ts":1731902590200000000,"turnover":1193412345.6,"volume":17312.5}}"#,
        "Ticker last=695000 open=690004 high=701001 low=680005 volume=173125 turnover=11934123456 price_scale=1 qty_scale=1 turnover_scale=1",
    ),
    (
        "kucoin-futures",
        "XBTUSDTM",
        r#"{"topic":"/contract/instrument:XBTUSDTM","type":"message","subject":"mark.index.price","data":{"granularity":1000,"indexPrice":90445.02,"markPrice":90450.5,"timestamp":1731899129000}}"#,
        "Reference mark=9045050 index=9044502 price_scale=2",
    ),
    (
        "kucoin-futures",
        "XBTUSDTM",
        r#"{"topic":"/contract/instrument:XBTUSDTM","type":"message","subject":"funding.rate","data":{"granularity":60000,"fundingRate":-0.002966,"timestamp":1551770400000}}"#,
        "FundingRate rate_e18=-2966000000000000",
    ),
    (
        "kucoin-futures",
        "LTCUSDTM",
        r#"{"topic":"/contractMarket/limitCandle:LTCUSDTM_1min","type":"message","data":{"symbol":"LTCUSDTM","candles":["1715470980","81.38","81.4","81.5","81.3","61.0","61"],"time":1715470994801},"subject":"candle.stick"}"#,
        "Kline begin=1715470980000000000 interval=60000000000 open=8138 high=8150 low=8130 close=8140 volume=61 price_scale=2",
    ),
    (
        "lighter",
        "1",
        r#"{"channel":"market_stats:1","market_stats":{"symbol":"BTC","market_id":1,"index_price":"92866.5","mark_price":"92830.3","open_interest":"250534357.5","last_trade_price":"92834.8","current_funding_rate":"0.0012","daily_base_token_volume":34414.5,"daily_quote_token_volume":3180988401.5,"daily_price_low":91000.5,"daily_price_high":94000.5},"timestamp":1765394056621,"type":"update/market_stats"}"#,
        "Ticker last=928348 high=940005 low=910005 volume=344145 turnover=31809884015 price_scale=1 qty_scale=1 turnover_scale=1; OpenInterest value=2505343575 value_scale=1; Reference mark=928303 index=928665 price_scale=1",
    ),
];

/// The same over REST.
pub(crate) const TOLD_REST: &[Told] = &[
    (
        "bitstamp",
        "btcusd",
        r#"{"timestamp": "1643640186", "open": "2211.00", "high": "2811.00", "low": "2188.97", "last": "2211.00", "volume": "213.26801100", "vwap": "2189.80", "bid": "2188.97", "ask": "2211.00", "side": "0", "open_24": "2211.50", "percent_change_24": "13.57"}"#,
        "Ticker bid=218897 ask=221100 last=221100 open=221150 high=281100 low=218897 volume=213268011 price_scale=2 qty_scale=6",
    ),
    (
        "bitstamp",
        "btcusd",
        r#"{"data": {"pair": "BTC/USD", "ohlc": [{"high": "53000.12", "timestamp": "1638336000", "volume": "13.5", "low": "52000", "close": "52500", "open": "52100"}]}}"#,
        "Kline begin=1638336000000000000 interval=0 open=5210000 high=5300012 low=5200000 close=5250000 volume=135 price_scale=2 qty_scale=1",
    ),
    (
        "kraken-futures",
        "PI_XBTUSD",
        r#"{"candles":[{"time":1680624000000,"open":"28050.0","high":"28150","low":"27983.0","close":"28126.0","volume":"1089794.00000000"}],"more_candles":true}"#,
        "Kline begin=1680624000000000000 interval=0 open=28050 high=28150 low=27983 close=28126 volume=1089794",
    ),
    (
        "htx-linear",
        "BTC-USDT",
        r#"{"status":"ok","data":[{"volume":7192610,"amount":7192.61,"symbol":"BTC","value":134654290.332,"contract_code":"BTC-USDT","trade_amount":53692.306,"trade_volume":53692306,"trade_turnover":1007003124.5}],"ts":1664336503144}"#,
        "OpenInterest qty=7192610 value=134654290332 value_scale=3",
    ),
    (
        "kucoin-futures",
        "XBTUSDTM",
        r#"{"code":"200000","data":{"symbol":"XBTUSDTM","fundingFeeRate":0.000052,"openInterest":"6748176","markPrice":66251.4,"indexPrice":66279.24,"lastTradePrice":66262.7,"nextFundingRateTime":22773681,"nextFundingRateDateTime":1731441600000}}"#,
        "Ticker last=662627 price_scale=1; FundingRate rate_e18=52000000000000 next=1731441600000000000; OpenInterest qty=6748176; Reference mark=6625140 index=6627924 price_scale=2",
    ),
];
