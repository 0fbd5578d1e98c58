//! Real messages for tests: recorded by a third party on Binance in August and July 2024, cut to a few levels; user data
//! and answers as the venue's documents print them, with our order ids.

use super::Decoder;
use super::orders::OrderFeed;
#[cfg(test)]
use crate::error::CoreError;
use crate::instrument::samples::{btcusd_inverse, btcusdt_perp, btcusdt_spot};

/// A decoder that knows BTCUSDT on spot and USD-M, BTCUSD_PERP, and BTC (1), USDT (2) and BNB (3).
pub(crate) fn decoder() -> Decoder {
    let mut decoder = Decoder::new();
    for instrument in [btcusdt_spot(), btcusdt_perp(), btcusd_inverse()] {
        decoder.define(&instrument).unwrap();
    }
    for (id, name) in [(1, "BTC"), (2, "USDT"), (3, "BNB")] {
        decoder.define_asset(id, name, 8).unwrap();
    }
    decoder
}

pub(crate) const SPOT_DEPTH: &str = r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255308,"s":"BTCUSDT","U":50093239203,"u":50093239207,"b":[["55653.87000000","0.00000000"]],"a":[["61838.04000000","0.32332000"],["61862.51000000","0.00000000"]]}}"#;
pub(crate) const SPOT_TOP: &str = r#"{"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}"#;
pub(crate) const SPOT_TRADE: &str = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"#;
pub(crate) const SPOT_AGG: &str = r#"{"e":"aggTrade","E":1672515782136,"s":"BTCUSDT","a":12345,"p":"16000.01","q":"1.00000","f":100,"l":105,"T":1672515782136,"m":false,"M":true}"#;
pub(crate) const SPOT_PARTIAL: &str = r#"{"stream":"btcusdt@depth5","data":{"lastUpdateId":160,"bids":[["61837.63000000","3.78826000"]],"asks":[["61837.64000000","1.54698000"]]}}"#;
pub(crate) const SPOT_SNAPSHOT: &str = r#"{"lastUpdateId":50093239218,"bids":[["61837.63000000","3.78826000"],["61837.62000000","0.61700000"]],"asks":[["61837.64000000","1.54698000"]]}"#;
pub(crate) const USDM_DEPTH: &str = r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1721347022557,"T":1721347022553,"s":"BTCUSDT","U":4984028370826,"u":4984028373334,"pu":4984028370730,"b":[["1000.00","569.567"],["62109.60","0.004"],["63620.10","0.000"]],"a":[["63978.50","2.363"],["64169.40","0.020"]]}}"#;
pub(crate) const USDM_TOP: &str = r#"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":4984028370881,"s":"BTCUSDT","b":"63943.90","B":"46.371","a":"63944.00","A":"0.095","T":1721347022507,"E":1721347022507}}"#;
pub(crate) const USDM_TRADE: &str = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1721347022956,"T":1721347022956,"s":"BTCUSDT","t":5182005737,"p":"63943.90","q":"0.003","X":"INSURANCE_FUND","m":true}}"#;
pub(crate) const USDM_MARK: &str = r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","P":"11784.25641265","i":"11784.62659091","r":"-0.00038167","T":1562306400000}"#;
pub(crate) const USDM_FORCED: &str = r#"{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":1721347023001,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.214","p":"63410.5","ap":"63902.3318","X":"FILLED","l":"0.1","z":"0.214","T":1721347022998,"ps":"BTCUSDT"}}}"#;
pub(crate) const COINM_FORCED: &str = r#"{"e":"forceOrder","E":1721347023001,"o":{"s":"BTCUSD_PERP","S":"BUY","o":"LIMIT","f":"IOC","q":"12","p":"64410.5","ap":"64102.3","X":"PARTIALLY_FILLED","l":"5","z":"5","T":1721347022998}}"#;
pub(crate) const COINM_DEPTH: &str = r#"{"stream":"btcusd_perp@depth@0ms","data":{"e":"depthUpdate","E":1723161257440,"T":1723161257432,"s":"BTCUSD_PERP","ps":"BTCUSD","U":1007198631260,"u":1007198631565,"pu":1007198631198,"b":[["61773.6","1001"],["61777.7","1"]],"a":[["61834.3","0"],["61840.5","137"]]}}"#;
pub(crate) const COINM_TOP: &str = r#"{"stream":"btcusd_perp@bookTicker","data":{"u":1007198632021,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"61804.7","B":"35","a":"61804.8","A":"1645","T":1723161257465,"E":1723161257476}}"#;
pub(crate) const KLINE: &str =
    r#"{"e":"kline","E":1672515782136,"s":"BNBBTC","k":{"t":1672515780000,"s":"BNBBTC","i":"1m","x":false}}"#;

pub(crate) const SPOT_FILL: &str = r#"{"subscriptionId":0,"event":{"e":"executionReport","E":1499405658658,"s":"BTCUSDT","c":"tw000000000000z","S":"BUY","o":"LIMIT","f":"GTC","q":"1.00000000","p":"61837.63000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE","i":4293153,"l":"0.25000000","z":"0.25000000","L":"61837.60000000","n":"0.00001234","N":"BNB","T":1499405658657,"t":77,"v":3,"I":8641984,"w":true,"m":true,"M":false,"O":1499405658657,"Z":"0.00000000","Y":"0.00000000","Q":"0.00000000","W":1499405658657,"V":"NONE"}}"#;
pub(crate) const SPOT_CANCELED: &str = r#"{"e":"executionReport","E":1499405658658,"s":"BTCUSDT","c":"x-cancel-9","S":"SELL","o":"LIMIT_MAKER","f":"GTC","q":"1.00000000","p":"61837.63000000","C":"tw0000000000010","x":"CANCELED","X":"CANCELED","r":"NONE","i":4293154,"l":"0.00000000","z":"0.25000000","L":"0.00000000","n":"0","N":null,"T":1499405658657,"t":-1,"m":false}"#;
pub(crate) const SPOT_BALANCES: &str = r#"{"e":"outboundAccountPosition","E":1564034571105,"u":1564034571073,"B":[{"a":"USDT","f":"10000.00000000","l":"0.50000000"},{"a":"BTC","f":"1.00000000","l":"0.00000000"}]}"#;
pub(crate) const SPOT_TRANSFER: &str =
    r#"{"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"-100.00000000","T":1573200697068}"#;
pub(crate) const USDM_FILL: &str = r#"{"e":"ORDER_TRADE_UPDATE","E":1568879465651,"T":1568879465650,"o":{"s":"BTCUSDT","c":"tw0000000000020","S":"SELL","o":"MARKET","f":"GTC","q":"0.001","p":"0","ap":"0","sp":"0","x":"TRADE","X":"FILLED","i":8886774,"l":"0.001","z":"0.001","L":"63943.90","N":"USDT","n":"0.02557756","T":1568879465650,"t":91,"b":"0","a":"9.91","m":false,"R":true,"wt":"CONTRACT_PRICE","ot":"MARKET","ps":"BOTH","cp":false,"rp":"-1.25000000","pP":false,"si":0,"ss":0,"V":"NONE","pm":"NONE","gtd":0}}"#;
pub(crate) const USDM_ACCOUNT: &str = r#"{"e":"ACCOUNT_UPDATE","E":1564745798939,"T":1564745798938,"a":{"m":"ORDER","B":[{"a":"USDT","wb":"122624.12345678","cw":"100.12345678","bc":"50.12345678"}],"P":[{"s":"BTCUSDT","pa":"-0.020","ep":"63943.90000","bep":"63943.9","cr":"200","up":"-1.5","mt":"cross","iw":"0.00000000","ps":"BOTH"},{"s":"BTCUSDT","pa":"0","ep":"0.0","up":"0","mt":"cross","iw":"0","ps":"LONG"}]}}"#;
pub(crate) const USDM_FUNDING: &str = r#"{"e":"ACCOUNT_UPDATE","E":1564745798939,"T":1564745798938,"a":{"m":"FUNDING_FEE","B":[{"a":"USDT","wb":"999.5","cw":"999.5","bc":"-0.5"}],"P":[]}}"#;
pub(crate) const USDM_LITE: &str = r#"{"e":"TRADE_LITE","E":1721895408092,"T":1721895408214,"s":"BTCUSDT","q":"0.001","p":"0","m":false,"c":"z","S":"BUY","L":"64089.20","l":"0.040","t":109100866,"i":8886774}"#;

pub(crate) const PLACED: &str = r#"{"id":"1:tw000000000000z","status":200,"result":{"symbol":"BTCUSDT","orderId":12569099453,"orderListId":-1,"clientOrderId":"tw000000000000z","transactTime":1660801715793,"price":"23416.10000000","origQty":"1.00000000","executedQty":"1.00000000","origQuoteOrderQty":"0","cummulativeQuoteQty":"23416.1","status":"FILLED","timeInForce":"GTC","type":"LIMIT","side":"SELL","workingTime":1660801715793,"fills":[{"price":"23416.50000000","qty":"0.25000000","commission":"0.00000100","commissionAsset":"BNB","tradeId":1650422481},{"price":"23416.10000000","qty":"0.75000000","commission":"0.00000300","commissionAsset":"BNB","tradeId":1650422482}],"selfTradePreventionMode":"NONE"},"rateLimits":[]}"#;
pub(crate) const CANCELED: &str = r#"{"id":"2:tw0000000000010","status":200,"result":{"symbol":"BTCUSDT","origClientOrderId":"tw0000000000010","orderId":7,"orderListId":-1,"clientOrderId":"91fe37ce9e69c90d6358c0","transactTime":1684804350068,"price":"23416.10000000","origQty":"0.00847000","executedQty":"0.00100000","status":"CANCELED","timeInForce":"GTC","type":"LIMIT","side":"SELL"},"rateLimits":[]}"#;
pub(crate) const REPLACE_HALF: &str = r#"{"id":"3:tw0000000000011","status":409,"error":{"code":-2021,"msg":"Order cancel-replace partially failed.","data":{"cancelResult":"SUCCESS","newOrderResult":"FAILURE","cancelResponse":{"symbol":"BTCUSDT","origClientOrderId":"tw0000000000010","orderId":7,"clientOrderId":"x","transactTime":1684804350068,"price":"23416.10000000","origQty":"0.00847000","executedQty":"0.00100000","status":"CANCELED","side":"SELL"},"newOrderResponse":{"code":-2010,"msg":"Order would immediately match and take."}}}}"#;
pub(crate) const REPLACED: &str = r#"{"id":"3:tw0000000000011","status":200,"result":{"cancelResult":"SUCCESS","newOrderResult":"SUCCESS","cancelResponse":{"symbol":"BTCUSDT","origClientOrderId":"tw0000000000010","orderId":7,"clientOrderId":"x","transactTime":1684804350068,"price":"23416.10000000","origQty":"0.00847000","executedQty":"0.00100000","status":"CANCELED","side":"SELL"},"newOrderResponse":{"symbol":"BTCUSDT","orderId":8,"clientOrderId":"tw0000000000011","transactTime":1684804350069,"price":"23416.20000000","origQty":"0.00847000","executedQty":"0.00000000","status":"NEW","side":"SELL","fills":[]}}}"#;
pub(crate) const SPOT_ACCOUNT: &str = r#"{"id":"account","status":200,"result":{"makerCommission":10,"balances":[{"asset":"BTC","free":"1.5","locked":"0.25"},{"asset":"XYZ","free":"0.00000000","locked":"0.00000000"}]}}"#;
pub(crate) const USDM_STATUS: &str = r#"{"id":"account","status":200,"result":{"assets":[{"asset":"USDT","walletBalance":"23.7"}],"positions":[{"symbol":"BTCUSDT","positionAmt":"0.5","entryPrice":"60000.0","unrealizedProfit":"1"},{"symbol":"XYZUSDT","positionAmt":"0"}]}}"#;

pub(crate) const OKX_DELTA: &str = r#"{"arg":{"channel":"books","instId":"BTC-USD-220527"},"action":"update","data":[{"asks":[["30249.4","0","0","0"],["30261","4","0","1"],["30310.3","19","0","1"]],"bids":[["30182.6","452","0","1"]],"ts":"1652459225464","checksum":-914047754}]}"#;
pub(crate) const OKX_TRADE: &str = r#"{"arg":{"channel":"trades","instId":"BTC-USD-220527"},"data":[{"instId":"BTC-USD-220527","tradeId":"7849","px":"30218.8","sz":"1","side":"buy","ts":"1652459199958"}]}"#;
pub(crate) const OKX_TICKER: &str = r#"{"arg":{"channel":"tickers","instId":"BTC-USD-220527"},"data":[{"instType":"FUTURES","instId":"BTC-USD-220527","last":"30218.8","lastSz":"1","askPx":"30220.1","askSz":"3","bidPx":"30210.4","bidSz":"4","open24h":"29571.4","vol24h":"779573","ts":"1652459223003"}]}"#;
pub(crate) const BYBIT_DELTA: &str = r#"{"topic":"orderbook.200.BTCUSDT","ts":1786310816618,"type":"delta","data":{"s":"BTCUSDT","b":[["65140.4","0.875077"]],"a":[["65154.6","0.09948"],["65239.1","0"]],"u":62505425,"seq":112488545865},"cts":1786310816585}"#;
pub(crate) const BYBIT_TRADE: &str = r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1786310819681,"data":[{"T":1786310819680,"s":"BTCUSDT","S":"Sell","v":"0.004","p":"65114.20","L":"MinusTick","i":"a9188a0a-82bc-50de-be60-03eedbe3cdd7","BT":false,"RPI":false,"seq":753843954913}]}"#;
pub(crate) const BITGET_DELTA: &str = r#"{"action":"update","arg":{"instType":"mc","channel":"books","instId":"DASHUSDT"},"data":[{"asks":[["113.42","0"],["113.46","13.65"]],"bids":[["113.38","4.76"]],"checksum":-487257069,"ts":"1649290077676"}]}"#;
pub(crate) const BITGET_TRADE: &str = r#"{"action":"update","arg":{"instType":"mc","channel":"trade","instId":"DASHUSDT"},"data":[["1649290076980","113.37","0.49","sell"],["1649290074399","113.4","0.94","buy"]]}"#;
pub(crate) const BITGET_V2_DELTA: &str = r#"{"action":"update","arg":{"instType":"USDT-FUTURES","channel":"books","instId":"ETHUSDT"},"data":[{"asks":[["3052.18","0"],["3052.91","14.2"]],"bids":[["3052.05","7.66"]],"ts":"1790000000410","seq":910000000207,"pseq":910000000118}],"ts":1790000000412}"#;
pub(crate) const BITGET_V2_SUMMED: &str = r#"{"action":"update","arg":{"instType":"SPOT","channel":"books","instId":"ETHUSDT"},"data":[{"asks":[],"bids":[["3052.05","7.66"],["3051.9","0"]],"checksum":-71182403,"seq":118,"ts":"1710000000410"}],"ts":1710000000411}"#;
pub(crate) const BITGET_V2_TRADE: &str = r#"{"action":"update","arg":{"instType":"SPOT","channel":"trade","instId":"ETHUSDT"},"data":[{"ts":"1790000000501","price":"3052.05","size":"0.31","side":"sell","tradeId":"1480000000000000002"},{"ts":"1790000000500","price":"3052.18","size":"0.02","side":"buy","tradeId":"1480000000000000001"}],"ts":1790000000503}"#;
pub(crate) const BITGET_V2_TOP: &str = r#"{"action":"snapshot","arg":{"instType":"COIN-FUTURES","channel":"books1","instId":"ETHUSD"},"data":[{"asks":[["3052.18","40.5"]],"bids":[],"ts":"1790000000610","seq":1480000000000000031,"pseq":0}],"ts":1790000000611}"#;
pub(crate) const COINBASE_DELTA: &str = r#"{"channel":"l2_data","timestamp":"2026-08-09T21:05:48.506659391Z","sequence_num":15,"events":[{"type":"update","product_id":"BTC-USD","updates":[{"side":"offer","event_time":"2026-08-09T21:05:48.264069Z","price_level":"65106.54","new_quantity":"0.15361938"},{"side":"bid","event_time":"2026-08-09T21:05:48.264069Z","price_level":"65061.91","new_quantity":"0"}]}]}"#;
pub(crate) const COINBASE_TRADE: &str = r#"{"channel":"market_trades","timestamp":"2026-08-09T21:05:48.251397169Z","sequence_num":9,"events":[{"type":"update","trades":[{"product_id":"BTC-USD","trade_id":"1068572091","price":"65083.67","size":"0.01034361","time":"2026-08-09T21:05:48.167634Z","side":"SELL"}]}]}"#;
pub(crate) const COINBASE_TICKER: &str = r#"{"channel":"ticker","timestamp":"2026-08-09T21:05:48.229198328Z","sequence_num":6,"events":[{"type":"snapshot","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"65086.18","best_bid":"65083.66","best_ask":"65083.67","best_bid_quantity":"0.20371215","best_ask_quantity":"0.24290402"}]}]}"#;
pub(crate) const DERIBIT_DELTA: &str = r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-24SEP21-8000-P.raw","data":{"type":"change","timestamp":1626993724337,"prev_change_id":33195894355,"instrument_name":"BTC-24SEP21-8000-P","change_id":33195894358,"bids":[["new",5.0e-4,2.6]],"asks":[["delete",0.001,0.0]]}}}"#;
pub(crate) const DERIBIT_TICKER: &str = r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.BTC-24SEP21-8000-P.raw","data":{"timestamp":1626993723632,"state":"open","instrument_name":"BTC-24SEP21-8000-P","best_bid_price":0.0015,"best_bid_amount":4714.0,"best_ask_price":0.0,"best_ask_amount":0.0}}}"#;
pub(crate) const DERIBIT_TRADE: &str = r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.BTC-24SEP21-8000-P.raw","data":[{"trade_seq":30289442,"trade_id":"48079269","timestamp":1590484512188,"price":0.0025,"instrument_name":"BTC-24SEP21-8000-P","direction":"sell","amount":10.5}]}}"#;
pub(crate) const FUTURES_WHOLE: &str = r#"{"feed":"book_snapshot","product_id":"PI_ETHUSD","timestamp":1626994925378,"seq":26660859,"tickSize":null,"bids":[{"price":2004.7,"qty":20108.0}],"asks":[{"price":2004.85,"qty":23706.0},{"price":2005.0,"qty":1.0}]}"#;
pub(crate) const FUTURES_DELTA: &str = r#"{"feed":"book","product_id":"PI_ETHUSD","side":"sell","seq":26660860,"price":2004.85,"qty":4787.0,"timestamp":1626994927744}"#;
pub(crate) const FUTURES_TRADE: &str = r#"{"feed":"trade","product_id":"PI_ETHUSD","uid":"e2429e31-8b9d-4195-900e-fd42be2dec89","side":"buy","type":"fill","seq":5956,"time":1626994929946,"qty":320.0,"price":2004.9}"#;
pub(crate) const KRAKEN_BOTH: &str = r#"[1920,{"a":[["0.042990","364630.28272081","1618678145.920470"]]},{"b":[["0.042990","0.00000000","1618678145.920708"]],"c":"4105471083"},"book-1000","SC/EUR"]"#;
pub(crate) const KRAKEN_TRADE: &str =
    r#"[1921,[["0.042990","15979.71727919","1618678145.920708","s","l",""]],"trade","SC/EUR"]"#;
pub(crate) const KRAKEN_TICKER: &str = r#"[1668,{"a":["13.253900",35,"35.72892241"],"b":["13.232900",185,"185.18432037"],"c":["13.253900","3.71672000"],"t":[640,1353]},"ticker","WAVES/EUR"]"#;

pub(crate) const KUCOIN_DELTA: &str = r#"{"data":{"sequenceStart":1613277183875,"symbol":"BCHSV-USDT","changes":{"asks":[["244.351","150","1613277183875"],["0","0","1613277183876"]],"bids":[["242.6","0","1613277183877"]]},"sequenceEnd":1613277183877},"subject":"trade.l2update","topic":"/market/level2:BCHSV-USDT","type":"message"}"#;
pub(crate) const KUCOIN_WHOLE: &str = r#"{"code":"200000","data":{"time":1619378326628,"sequence":"1613277183892","bids":[["242.649","5"]],"asks":[["242.951","4.51280965"]]}}"#;
pub(crate) const KUCOIN_TICKER: &str = r#"{"data":{"sequence":"1613277183873","bestAsk":"242.951","size":"0.08000012","bestBidSize":"0.68148185","price":"243.65","time":1619378326330,"bestAskSize":"4.51280965","bestBid":"242.654"},"subject":"trade.ticker","topic":"/market/ticker:BCHSV-USDT","type":"message"}"#;
pub(crate) const KUCOIN_TRADE: &str = r#"{"data":{"symbol":"BCHSV-USDT","sequence":"1612701563869","side":"buy","size":"81.8814","price":"242.951","takerOrderId":"6085c097587c2000060cde57","time":"1619378327739050725","type":"match","makerOrderId":"6085c06144b3790006512a4d","tradeId":"6085c09769bc506996295e36"},"subject":"trade.l3match","topic":"/market/match:BCHSV-USDT","type":"message"}"#;
pub(crate) const BITSTAMP_DELTA: &str = r#"{"data":{"timestamp":"1641343691","microtimestamp":"1641343691310202","bids":[],"asks":[["1.17438","853.01809477"],["1.17484","0.00000000"]]},"channel":"diff_order_book_adaeur","event":"data"}"#;
pub(crate) const BITSTAMP_WHOLE: &str = r#"{"timestamp": "1641343696", "microtimestamp": "1641343696303862", "bids": [["1.17198", "1889.09713704"]], "asks": [["1.17299", "3.5"]]}"#;
pub(crate) const BITSTAMP_TRADE: &str = r#"{"data":{"id":216000484,"timestamp":"1641343709","amount":0.931,"amount_str":"0.93100000","price":3802.93,"price_str":"3802.93","type":1,"microtimestamp":"1641343709599000","buy_order_id":1443875774971904,"sell_order_id":1443875778322433},"channel":"live_trades_adaeur","event":"trade"}"#;
pub(crate) const HYPERLIQUID_WHOLE: &str = r#"{"channel":"l2Book","data":{"coin":"BTC","levels":[[{"n":5,"px":"105055.0","sz":"3.03622"},{"n":1,"px":"105054.0","sz":"0.1428"}],[{"n":2,"px":"105056.0","sz":"0.16179"}]],"time":1737918843512}}"#;
pub(crate) const HYPERLIQUID_TOP: &str = r#"{"channel":"bbo","data":{"coin":"BTC","time":1737918843512,"bbo":[{"px":"105055.0","sz":"3.03622","n":5},null]}}"#;
pub(crate) const HYPERLIQUID_TRADE: &str = r#"{"channel":"trades","data":[{"coin":"BTC","hash":"0xde47","px":"105056.0","side":"B","sz":"0.00219","tid":121451470284048,"time":1737918794873,"users":["0xe9ed","0x6802"]}]}"#;

pub(crate) const GATE_DELTA: &str = r#"{"time":1606294781,"time_ms":1606294781236,"channel":"spot.order_book_update","event":"update","result":{"t":1606294781123,"e":"depthUpdate","E":1606294781,"s":"BTC_USDT","U":48776301,"u":48776306,"b":[["19137.74","0.0001"],["19088.37","0"]],"a":[["19137.75","0.6135"]]}}"#;
pub(crate) const GATE_FULL: &str = r#"{"channel":"spot.obu","result":{"t":1748572394325,"full":true,"s":"ob.BTC_USDT.50","u":28606981,"b":[["105958.9","0.00908"]],"a":[["105963.1","0.00053"]]},"time_ms":1748572394327}"#;
pub(crate) const GATE_WHOLE: &str = r#"{"id":48776300,"current":1606294781000,"update":1606294780990,"asks":[["19137.75","0.5"]],"bids":[["19136.1","2"]]}"#;
pub(crate) const GATE_TICKER: &str = r#"{"time":1606293275,"time_ms":1606293275723,"channel":"spot.book_ticker","event":"update","result":{"t":1606293275123,"u":48733182,"s":"BTC_USDT","b":"19177.79","B":"0.0003341504","a":"19179.38","A":"0.09"}}"#;
pub(crate) const GATE_TRADE: &str = r#"{"time":1606292218,"time_ms":1606292218231,"channel":"spot.trades","event":"update","result":{"id":309143071,"create_time":1606292218,"create_time_ms":"1606292218213.4578","side":"sell","currency_pair":"BTC_USDT","amount":"16.4700000000","price":"0.4705"}}"#;

pub(crate) const HTX_WHOLE: &str = r#"{"ch":"market.ATOM-USD.depth.step0","ts":1645289384843,"tick":{"mrid":74377472700,"id":1645289384,"bids":[[26.5766,50],[26.5699,152]],"asks":[[26.6,111]],"ts":1645289384842,"version":1645289384,"ch":"market.ATOM-USD.depth.step0"}}"#;
pub(crate) const HTX_TRADE: &str = r#"{"ch":"market.ATOM-USD.trade.detail","ts":1645289382234,"tick":{"id":74377471712,"ts":1645289382216,"data":[{"amount":6,"quantity":2.2569881997133624986364029626731768237,"ts":1645289382216,"id":743774717120000,"price":26.5841,"direction":"buy"}]}}"#;
pub(crate) const LIGHTER_DELTA: &str = r#"{"channel":"order_book:1","offset":8,"order_book":{"code":0,"asks":[],"bids":[{"price":"92982.3","size":"0.00000"},{"price":"92978.1","size":"4.91994"}],"offset":8,"nonce":3691012288},"timestamp":1765394056621,"type":"update/order_book"}"#;
pub(crate) const LIGHTER_TRADE: &str = r#"{"channel":"trade:1","liquidation_trades":null,"trades":[{"trade_id":667097583,"size":"0.00200","price":"92829.1","is_maker_ask":true,"timestamp":1765394039499}],"type":"update/trade"}"#;

/// All messages of the venues beside Binance.
pub(crate) const PUBLIC: &[&str] = &[
    OKX_DELTA,
    OKX_TRADE,
    OKX_TICKER,
    BYBIT_DELTA,
    BYBIT_TRADE,
    BITGET_DELTA,
    BITGET_TRADE,
    BITGET_V2_DELTA,
    BITGET_V2_SUMMED,
    BITGET_V2_TRADE,
    BITGET_V2_TOP,
    COINBASE_DELTA,
    COINBASE_TRADE,
    COINBASE_TICKER,
    DERIBIT_DELTA,
    DERIBIT_TICKER,
    DERIBIT_TRADE,
    FUTURES_WHOLE,
    FUTURES_DELTA,
    FUTURES_TRADE,
    KRAKEN_BOTH,
    KRAKEN_TRADE,
    KRAKEN_TICKER,
    KUCOIN_DELTA,
    KUCOIN_WHOLE,
    KUCOIN_TICKER,
    KUCOIN_TRADE,
    BITSTAMP_DELTA,
    BITSTAMP_WHOLE,
    BITSTAMP_TRADE,
    HYPERLIQUID_WHOLE,
    HYPERLIQUID_TOP,
    HYPERLIQUID_TRADE,
    GATE_DELTA,
    GATE_FULL,
    GATE_WHOLE,
    GATE_TICKER,
    GATE_TRADE,
    HTX_WHOLE,
    HTX_TRADE,
    LIGHTER_DELTA,
    LIGHTER_TRADE,
];
/// Messages about single orders, as lines of one connection.
pub(crate) const ORDERS: &[(OrderFeed, &str)] = &[
    (
        OrderFeed::Bitstamp,
        r#"{"data":{"id":5,"order_type":1,"microtimestamp":"1777689381262000","amount_str":"0.50","price_str":"100.25"},"channel":"live_orders_btcusd","event":"order_created"}
order_created {"price":"233.50","amount":"1.00","datetime":"1421000000","id":6,"order_type":0}
order_deleted {"price":"233.50","amount":"0.00","datetime":"1421000000","id":6,"order_type":0}"#,
    ),
    (
        OrderFeed::Bitfinex,
        r#"{"event":"subscribed","channel":"book","chanId":7,"symbol":"tBTCUSD","prec":"R0","len":"25"}
[7,[[11,60.5,0.25],[12,61,-1]],1]
[7,[11,60.5,0.2],2]
[7,[12,0,-1],6]"#,
    ),
    (
        OrderFeed::IndependentReserve,
        r#"{"BuyOrders":[{"Guid":"dbe7b832-b9b7-4eac-84ce-9f49c2a93b87","Price":3.5,"Volume":2.0}],"SellOrders":[],"CreatedTimestampUtc":"2022-04-03T22:10:10.212029Z"}
{"Channel":"orderbook-eth","Nonce":28,"Data":{"OrderType":"LimitOffer","OrderGuid":"0be7b832-b9b7-4eac-84ce-9f49c2a93b87","Price":{"aud":2500,"usd":1816.5},"Volume":1},"Time":1689718320139,"Event":"NewOrder"}
{"Channel":"orderbook-eth","Nonce":29,"Data":{"OrderType":"LimitOffer","OrderGuid":"0be7b832-b9b7-4eac-84ce-9f49c2a93b87","Volume":0.5},"Time":1689718320139,"Event":"OrderChanged"}"#,
    ),
    (
        OrderFeed::Coinbase,
        r#"{"type":"received","time":"2026-09-25T10:00:00.000001Z","product_id":"ETH-USD","sequence":50,"order_id":"5e2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e","size":"1.5","price":"3050.10","side":"buy","order_type":"limit"}
{"type":"open","time":"2026-09-25T10:00:00.000002Z","product_id":"ETH-USD","sequence":51,"price":"3050.10","order_id":"5e2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e","remaining_size":"1.5","side":"buy"}
{"type":"match","trade_id":7,"maker_order_id":"5e2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e","taker_order_id":"6f2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e","side":"buy","size":"0.5","price":"3050.10","product_id":"ETH-USD","sequence":52,"time":"2026-09-25T10:00:00.000003Z"}
{"type":"change","reason":"modify_order","time":"2026-09-25T10:00:00.000004Z","sequence":53,"order_id":"5e2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e","side":"buy","product_id":"ETH-USD","old_size":"1.0","new_size":"0.75","old_price":"3050.10","new_price":"3050.20"}
{"type":"done","time":"2026-09-25T10:00:00.000005Z","product_id":"ETH-USD","sequence":54,"price":"3050.20","order_id":"5e2b7d10-27ac-4a5e-9d0e-1f2a3b4c5d6e","reason":"canceled","side":"buy","remaining_size":"0.75"}"#,
    ),
    (
        OrderFeed::Kraken,
        r#"{"channel":"level3","type":"snapshot","data":[{"symbol":"ETH/USD","checksum":1,"bids":[{"order_id":"OAAAAA-AAAAA-AAAAAB","limit_price":3050.10,"order_qty":0.50000000,"timestamp":"2026-09-25T10:00:00.000000001Z"}],"asks":[{"order_id":"OZZZZZ-ZZZZZ-ZZZZZZ","limit_price":3050.20,"order_qty":1.25000000,"timestamp":"2026-09-25T10:00:00.000000002Z"}]}]}
{"channel":"level3","type":"update","data":[{"checksum":2,"symbol":"ETH/USD","bids":[{"event":"modify","order_id":"OAAAAA-AAAAA-AAAAAB","limit_price":3050.10,"order_qty":0.25000000,"timestamp":"2026-09-25T10:00:00.000000003Z"}],"asks":[{"event":"delete","order_id":"OZZZZZ-ZZZZZ-ZZZZZZ","limit_price":3050.20,"order_qty":1.25000000,"timestamp":"2026-09-25T10:00:00.000000004Z"},{"event":"add","order_id":"OZZZZZ-ZZZZZ-ZZZZZY","limit_price":3050.30,"order_qty":2.00000000,"timestamp":"2026-09-25T10:00:00.000000005Z"}]}]}"#,
    ),
];
/// All market data of a market.
pub(crate) const SPOT: &[&str] = &[SPOT_DEPTH, SPOT_TOP, SPOT_TRADE, SPOT_AGG, SPOT_PARTIAL, KLINE];
/// All market data of USD-M.
pub(crate) const USDM: &[&str] = &[USDM_DEPTH, USDM_TOP, USDM_TRADE, USDM_MARK, USDM_FORCED];
/// All user data.
pub(crate) const USER: &[&str] =
    &[SPOT_FILL, SPOT_CANCELED, SPOT_BALANCES, SPOT_TRANSFER, USDM_FILL, USDM_ACCOUNT, USDM_FUNDING, USDM_LITE];
/// All answers.
pub(crate) const ANSWERS: &[&str] = &[PLACED, CANCELED, REPLACE_HALF, REPLACED, SPOT_ACCOUNT, USDM_STATUS];

#[cfg(test)]
/// The error as text without its byte offset, after checking that the value it quotes stands at that offset.
pub(crate) fn placed(error: &CoreError, text: &str) -> String {
    if let CoreError::Decode { at, was, .. } = error {
        assert!(text[*at..].starts_with(was.as_str()), "{error}");
        return error.to_string().replace(&format!(" at byte {at}"), "");
    }
    error.to_string()
}
