"""catalogue: S1. Every request of ../shared/spec/binance.md §2, §3 and §7 is there, and §5's fields have their types.

Clients with strict types fail a whole message for one number where a text belongs. In the field lists `i` is a whole
number, `s` a text, `b` a truth value, `l` a list.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim.box.table import TABLES
from tests.box_venue import Venue

REST = {
    "spot": """
        GET ping time exchangeInfo depth trades aggTrades klines ticker/24hr ticker/price ticker/bookTicker avgPrice
        account openOrders order allOrders myTrades account/commission rateLimit/order openOrderList
        POST order order/test order/cancelReplace userDataStream
        PUT order/amend/keepPriority userDataStream
        DELETE order openOrders userDataStream
    """,
    "linear": """
        GET ping time exchangeInfo depth trades aggTrades klines ticker/24hr ticker/bookTicker premiumIndex fundingRate
        openInterest fundingInfo order openOrder openOrders userTrades allOrders leverageBracket symbolConfig
        accountConfig commissionRate income algoOrder openAlgoOrders allAlgoOrders positionSide/dual multiAssetsMargin
        v2/ticker/price v2/account v3/account v2/balance v3/balance v2/positionRisk v3/positionRisk
        POST order batchOrders leverage marginType positionSide/dual multiAssetsMargin algoOrder listenKey
        countdownCancelAll
        PUT order listenKey
        DELETE order allOpenOrders algoOrder algoOpenOrders listenKey
    """,
}
SAPI = (
    "/sapi/v1/asset/tradeFee", "/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs",
    "/sapi/v1/capital/config/getall",
)  # fmt: skip
WS = {
    "spot": """order.place order.status order.cancel openOrders.status account.status myTrades depth ticker.price time
        ping""",
    "linear": """order.place order.modify order.cancel order.status account.status v2/account.status v2/account.balance
        v2/account.position account.balance account.position depth ticker.price ticker.book userDataStream.start
        userDataStream.ping userDataStream.stop algoOrder.place algoOrder.cancel""",
}


def test_every_request_of_the_page_is_there() -> None:
    for market, text in REST.items():
        verb = ""
        for word in text.split():
            if word.isupper():
                verb = word
                continue
            base = (
                "/api/v3/" if market == "spot" else "/fapi/" if word[:1] == "v" and word[1:2].isdigit() else "/fapi/v1/"
            )
            assert (verb, base + word) in TABLES[market].rest, f"{verb} {base}{word}"
    assert all(("GET", path) in TABLES["spot"].rest for path in SAPI)
    for market, text in WS.items():
        assert set(text.split()) <= set(TABLES[market].ws)


SPOT_ORDER = """symbol:s orderId:i orderListId:i clientOrderId:s price:s origQty:s executedQty:s cummulativeQuoteQty:s
    status:s timeInForce:s type:s side:s"""
USDM_ORDER = """symbol:s orderId:i clientOrderId:s price:s avgPrice:s origQty:s executedQty:s cumQuote:s status:s
    timeInForce:s type:s side:s positionSide:s reduceOnly:b closePosition:b stopPrice:s workingType:s priceProtect:b
    origType:s updateTime:i"""
ALGO = """algoId:i clientAlgoId:s algoType:s orderType:s symbol:s side:s positionSide:s timeInForce:s quantity:s
    algoStatus:s triggerPrice:s price:s workingType:s closePosition:b priceProtect:b reduceOnly:b createTime:i
    updateTime:i triggerTime:i actualOrderId:s"""
MARGINS = """walletBalance:s unrealizedProfit:s marginBalance:s maintMargin:s initialMargin:s positionInitialMargin:s
    openOrderInitialMargin:s crossWalletBalance:s crossUnPnl:s availableBalance:s maxWithdrawAmount:s"""
BTC = {"symbol": "BTCUSDT"}
FAR = {**BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "58000"}
STOP = {**BTC, "algoType": "CONDITIONAL", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.01"}
# Market, request, parameters, where its rows are (a path of keys, "" for the answer itself), the fields of each row.
FIELDS: list[tuple[str, str, dict[str, str], str, str]] = [
    ("spot", "GET /api/v3/exchangeInfo", {}, "", "timezone:s serverTime:i rateLimits:l exchangeFilters:l symbols:l"),
    ("spot", "GET /api/v3/exchangeInfo", {}, "rateLimits", "rateLimitType:s interval:s intervalNum:i limit:i"),
    ("spot", "GET /api/v3/exchangeInfo", {}, "symbols",
     """symbol:s status:s baseAsset:s quoteAsset:s baseAssetPrecision:i quotePrecision:i quoteAssetPrecision:i
     orderTypes:l icebergAllowed:b ocoAllowed:b quoteOrderQtyMarketAllowed:b allowTrailingStop:b isSpotTradingAllowed:b
     isMarginTradingAllowed:b filters:l permissions:l permissionSets:l"""),
    ("linear", "GET /fapi/v1/exchangeInfo", {}, "", "timezone:s serverTime:i rateLimits:l exchangeFilters:l assets:l"),
    ("linear", "GET /fapi/v1/exchangeInfo", {}, "symbols",
     """pair:s contractType:s deliveryDate:i onboardDate:i maintMarginPercent:s requiredMarginPercent:s baseAsset:s
     quoteAsset:s marginAsset:s pricePrecision:i quantityPrecision:i baseAssetPrecision:i quotePrecision:i
     underlyingType:s underlyingSubType:l triggerProtect:s liquidationFee:s marketTakeBound:s filters:l orderTypes:l
     timeInForce:l"""),
    ("spot", "GET /api/v3/account", {}, "",
     """makerCommission:i takerCommission:i buyerCommission:i sellerCommission:i canTrade:b canWithdraw:b canDeposit:b
     updateTime:i accountType:s balances:l permissions:l"""),
    ("spot", "GET /api/v3/account", {}, "balances", "asset:s free:s locked:s"),
    ("linear", "GET /fapi/v2/account", {}, "",
     "feeTier:i canTrade:b canDeposit:b canWithdraw:b updateTime:i assets:l positions:l"),
    ("linear", "GET /fapi/v2/account", {}, "assets", MARGINS),
    ("linear", "GET /fapi/v3/account", {}, "assets", MARGINS),
    ("linear", "GET /fapi/v2/account", {}, "positions", "symbol:s leverage:s isolated:b positionAmt:s"),
    ("linear", "GET /fapi/v2/positionRisk", {}, "",
     """symbol:s positionSide:s positionAmt:s entryPrice:s markPrice:s unRealizedProfit:s liquidationPrice:s
     isolatedMargin:s updateTime:i leverage:s marginType:s isAutoAddMargin:s"""),
    ("linear", "GET /fapi/v3/positionRisk", {}, "",
     """symbol:s positionSide:s positionAmt:s entryPrice:s markPrice:s unRealizedProfit:s liquidationPrice:s
     isolatedMargin:s updateTime:i"""),
    ("linear", "GET /fapi/v1/symbolConfig", {}, "",
     "symbol:s marginType:s isAutoAddMargin:b leverage:i maxNotionalValue:s"),
    ("spot", "POST /api/v3/order", {**FAR, "newOrderRespType": "FULL"}, "", SPOT_ORDER + " transactTime:i fills:l"),
    ("spot", "GET /api/v3/openOrders", {}, "", SPOT_ORDER + " time:i updateTime:i isWorking:b"),
    ("spot", "GET /api/v3/allOrders", BTC, "", SPOT_ORDER + " time:i updateTime:i"),
    ("spot", "GET /api/v3/myTrades", BTC, "",
     """commission:s commissionAsset:s price:s qty:s id:i orderId:i time:i isBuyer:b isMaker:b isBestMatch:b"""),
    ("linear", "POST /fapi/v1/order", FAR, "", USDM_ORDER),
    ("linear", "GET /fapi/v1/openOrders", {}, "", USDM_ORDER + " time:i"),
    ("linear", "GET /fapi/v1/userTrades", BTC, "",
     """commission:s commissionAsset:s price:s qty:s id:i orderId:i time:i buyer:b maker:b side:s positionSide:s
     realizedPnl:s"""),
    ("linear", "POST /fapi/v1/algoOrder", {**STOP, "triggerPrice": "50000"}, "", ALGO),
    ("linear", "GET /fapi/v1/openAlgoOrders", {}, "", ALGO),
    ("linear", "GET /fapi/v1/allAlgoOrders", BTC, "", ALGO),
    ("spot", "GET /api/v3/depth", BTC, "", "lastUpdateId:i bids:l asks:l"),
    ("linear", "GET /fapi/v1/depth", BTC, "", "lastUpdateId:i E:i T:i bids:l asks:l"),
    ("spot", "GET /sapi/v1/asset/tradeFee", {}, "", "symbol:s makerCommission:s takerCommission:s"),
    ("linear", "GET /fapi/v1/commissionRate", BTC, "", "symbol:s makerCommissionRate:s takerCommissionRate:s"),
]  # fmt: skip
FILTERS = """PRICE_FILTER PERCENT_PRICE PERCENT_PRICE_BY_SIDE LOT_SIZE MIN_NOTIONAL NOTIONAL ICEBERG_PARTS
    MARKET_LOT_SIZE MAX_NUM_ORDERS MAX_NUM_ALGO_ORDERS MAX_NUM_ICEBERG_ORDERS MAX_NUM_ORDER_LISTS MAX_NUM_ORDER_AMENDS
    MAX_POSITION TRAILING_DELTA POSITION_RISK_CONTROL"""
TYPES = {"i": int, "s": str, "b": bool, "l": list}
# In hedge mode the same requests, for the long position, give the same fields.
HEDGED = [("hedge", *row[1:]) for row in FIELDS if row[0] == "linear"]
CASES = FIELDS + HEDGED


def _sent(market: str, verb: str, params: dict[str, str]) -> dict[str, str]:
    return {**params, "positionSide": "LONG"} if (market, verb) == ("hedge", "POST") else params


@pytest.fixture(scope="module")
def venues() -> dict[str, Venue]:
    """Both markets, USD-M in both modes, with a trade, an open position, an open order and a conditional one."""
    made = {name: Venue("spot" if name == "spot" else "linear") for name in ("spot", "linear", "hedge")}
    made["hedge"].ok("POST", "/fapi/v1/positionSide/dual", {"dualSidePosition": "true"})
    for name, venue in made.items():
        venue.trade_at("60000")
        market = {**BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        venue.ok("POST", venue.order, _sent(name, "POST", market))
        venue.ok("POST", venue.order, _sent(name, "POST", FAR))
        if name != "spot":
            venue.ok("POST", "/fapi/v1/algoOrder", _sent(name, "POST", {**STOP, "triggerPrice": "50000"}))
    made["hedge"].ok("POST", "/fapi/v1/order", {**market, "side": "SELL", "positionSide": "SHORT"})
    return made


@pytest.mark.parametrize("wanted", CASES, ids=[f"{row[0]} {row[1]} {row[3]}" for row in CASES])
def test_fields_have_their_types(venues: dict[str, Venue], wanted: tuple[str, str, dict[str, str], str, str]) -> None:
    market, request, params, where, fields = wanted
    verb, path = request.split()
    body: Any = venues[market].ok(verb, path, _sent(market, verb, params))
    rows = body[where] if where else body
    rows = rows if isinstance(rows, list) else [rows]
    assert rows, "there is a row to look at"
    for row in rows:
        for name, letter in (field.split(":") for field in fields.split()):
            assert type(row[name]) is TYPES[letter], f"{name} is {row[name]!r}"


@pytest.mark.parametrize("market", ["spot", "linear"])
def test_candles_have_twelve_parts_and_filters_their_order(venues: dict[str, Venue], market: str) -> None:
    base = {"spot": "/api/v3", "linear": "/fapi/v1"}[market]
    for candle in venues[market].ok("GET", f"{base}/klines", {**BTC, "interval": "1m"}):
        assert (len(candle), candle[11]) == (12, "0")
        assert [type(part) for part in candle] == [int, str, str, str, str, str, int, str, int, str, str, str]
    for symbol in venues[market].ok("GET", f"{base}/exchangeInfo", {})["symbols"]:
        names = [row["filterType"] for row in symbol["filters"]]
        assert names[0] == "PRICE_FILTER"
        assert set(names) <= set(FILTERS.split())


def test_brackets_are_numbers(venues: dict[str, Venue]) -> None:
    for symbol in venues["linear"].ok("GET", "/fapi/v1/leverageBracket", {}):
        assert type(symbol["notionalCoef"]) is float
        for row in symbol["brackets"]:
            kinds = {name: type(row[name]) for name in ("notionalCap", "notionalFloor", "maintMarginRatio", "cum")}
            assert kinds == {"notionalCap": int, "notionalFloor": int, "maintMarginRatio": float, "cum": float}
