"""Public market data of both markets, for REST and WebSocket API alike (catalogue: S1).

Rules: binance.md §2, §3 and §5. What differs between spot and USD-M (a depth's times, a trade's fields) is decided by
the desk's market in one place each.
"""

from sim.box.errors import refuse
from sim.box.filters import rules
from sim.box.listing import ONE_E8, Listing, text_e8
from sim.box.params import Params
from sim.box.table import SPOT, USDM, Call
from sim.box.tape import INTERVALS, Aggregate, Candle, Trade

DEPTH_SPOT_MAX = 5_000
DEPTHS_USDM = (5, 10, 20, 50, 100, 500, 1_000)
ORDER_TYPES_SPOT = ["LIMIT", "LIMIT_MAKER", "MARKET"]
ORDER_TYPES_USDM = [
    "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET",
]  # fmt: skip
STP_MODES = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"]
ONBOARD_MS = 1_569_398_400_000
DELIVERY_MS = 4_133_404_800_000


@SPOT.method("GET /api/v3/ping", "ping")
@USDM.method("GET /fapi/v1/ping", "ping")
def ping(_call: Call) -> object:
    """Nothing but an answer."""
    return {}


@SPOT.method("GET /api/v3/time", "time")
@USDM.method("GET /fapi/v1/time", "time")
def time(call: Call) -> object:
    """The venue's clock."""
    return {"serverTime": call.now()}


def _wanted(call: Call) -> tuple[list[Listing], bool]:
    """The contracts a request names, and whether it named exactly one by `symbol`."""
    one, several = call.params.optional("symbol"), call.params.names("symbols")
    if one is not None and several is not None:
        raise refuse("COMBINATION")
    if one is not None:
        return [call.desk.listing(one)], True
    if several is not None:
        return [call.desk.listing(name) for name in several], False
    return list(call.desk.listings.values()), False


@SPOT.method("GET /api/v3/exchangeInfo", "exchangeInfo", weight=20)
def exchange_info_spot(call: Call) -> object:
    """Contracts, filters and limits of spot."""
    listings, _ = _wanted(call)
    return {
        "timezone": "UTC",
        "serverTime": call.now(),
        "rateLimits": [limit.shown() for limit in call.desk.limiter.limits],
        "exchangeFilters": [],
        "symbols": [_spot_symbol(listing) for listing in listings],
    }


def _spot_symbol(listing: Listing) -> dict[str, object]:
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ORDER_TYPES_SPOT,
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": rules(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": STP_MODES,
    }


@USDM.method("GET /fapi/v1/exchangeInfo")
def exchange_info_usdm(call: Call) -> object:
    """Contracts, assets, filters and limits of USD-M."""
    return {
        "timezone": "UTC",
        "serverTime": call.now(),
        "futuresType": "U_MARGINED",
        "rateLimits": [limit.shown() for limit in call.desk.limiter.limits],
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [_usdm_symbol(listing) for listing in call.desk.listings.values()],
    }


def _usdm_symbol(listing: Listing) -> dict[str, object]:
    return {
        "symbol": listing.symbol,
        "pair": listing.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": DELIVERY_MS,
        "onboardDate": ONBOARD_MS,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": listing.quote,
        "pricePrecision": listing.price_precision,
        "quantityPrecision": listing.qty_precision,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10_000,
        "filters": rules(listing),
        "orderTypes": ORDER_TYPES_USDM,
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def depth_weight_spot(params: Params) -> int:
    """5, 25, 50 or 250 by the levels asked for."""
    limit = params.limit(100, DEPTH_SPOT_MAX)
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1_000 else 250


def depth_weight_usdm(params: Params) -> int:
    """2, 5, 10 or 20 by the levels asked for."""
    limit = params.limit(500, 1_000)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20


@SPOT.method("GET /api/v3/depth", "depth", weight=depth_weight_spot)
def depth_spot(call: Call) -> object:
    """The book's best levels and the update id they stand at."""
    listing = call.desk.listing(call.params.text("symbol"))
    book = call.desk.exchange.depth(call.desk.ids[listing.symbol], call.params.limit(100, DEPTH_SPOT_MAX))
    return {"lastUpdateId": book["u"], "bids": listing.levels(book["bids"]), "asks": listing.levels(book["asks"])}


@USDM.method("GET /fapi/v1/depth", "depth", weight=depth_weight_usdm)
def depth_usdm(call: Call) -> object:
    """As spot's, with its two times."""
    listing = call.desk.listing(call.params.text("symbol"))
    limit = call.params.integer("limit")
    if limit is not None and limit not in DEPTHS_USDM:
        raise refuse("BAD_VALUE", "limit")
    book = call.desk.exchange.depth(call.desk.ids[listing.symbol], limit or 500)
    now = call.now()
    return {
        "lastUpdateId": book["u"],
        "E": now,
        "T": now,
        "bids": listing.levels(book["bids"]),
        "asks": listing.levels(book["asks"]),
    }


@SPOT.method("GET /api/v3/trades", "GET /api/v3/historicalTrades", "trades.recent", "trades.historical", weight=25)
@USDM.method("GET /fapi/v1/trades", "GET /fapi/v1/historicalTrades", weight=5)
def trades(call: Call) -> object:
    """Recent trades, the oldest first."""
    listing = call.desk.listing(call.params.text("symbol"))
    limit, first = call.params.limit(500, 1_000), call.params.integer("fromId")
    kept = call.desk.tapes[listing.symbol].trades
    if first is not None:
        rows = [trade for trade in kept if trade.trade_id >= first][:limit]
    else:
        rows = list(kept)[-limit:]
    return [_trade(call, listing, trade) for trade in rows]


def _trade(call: Call, listing: Listing, trade: Trade) -> dict[str, object]:
    row: dict[str, object] = {
        "id": trade.trade_id,
        "price": listing.price_text(trade.price),
        "qty": listing.qty_text(trade.qty),
        "quoteQty": text_e8(listing.value_e8(trade.price, trade.qty)),
        "time": call.time(trade.ts),
        "isBuyerMaker": trade.taker_sell,
    }
    if call.desk.market == "spot":
        row["isBestMatch"] = True
    return row


@SPOT.method("GET /api/v3/aggTrades", "trades.aggregate", weight=4)
@USDM.method("GET /fapi/v1/aggTrades", weight=20)
def agg_trades(call: Call) -> object:
    """Trades of one taker order at one price, summed up."""
    listing = call.desk.listing(call.params.text("symbol"))
    limit, first = call.params.limit(500, 1_000), call.params.integer("fromId")
    start, end = call.params.span()
    kept = call.desk.tapes[listing.symbol].aggregates
    if first is not None:
        rows = [row for row in kept if row.agg_id >= first][:limit]
    else:
        inside = [row for row in kept if _within(row.ts, start, end)]
        rows = inside[:limit] if start is not None else inside[-limit:]
    return [_aggregate(call, listing, row) for row in rows]


def _within(ts: int, start_ms: int | None, end_ms: int | None) -> bool:
    ms = ts // 1_000_000
    return (start_ms is None or ms >= start_ms) and (end_ms is None or ms <= end_ms)


def _aggregate(call: Call, listing: Listing, row: Aggregate) -> dict[str, object]:
    shown: dict[str, object] = {
        "a": row.agg_id,
        "p": listing.price_text(row.price),
        "q": listing.qty_text(row.qty),
        "f": row.first,
        "l": row.last,
        "T": call.time(row.ts),
        "m": row.taker_sell,
    }
    if call.desk.market == "spot":
        shown["M"] = True
    return shown


@SPOT.method("GET /api/v3/klines", "GET /api/v3/uiKlines", "klines", "uiKlines", weight=2)
@USDM.method("GET /fapi/v1/klines", weight=5)
def klines(call: Call) -> object:
    """Candles of one interval, each an array of exactly 12."""
    listing = call.desk.listing(call.params.text("symbol"))
    interval = call.params.choice("interval", INTERVALS, None, "INTERVAL")
    limit = call.params.limit(500, 1_000 if call.desk.market == "spot" else 1_500)
    start, end = call.params.span()
    candles = call.desk.tapes[listing.symbol].candles(interval, call.desk.clock.now_ns())
    inside = [candle for candle in candles if _within(candle.start, start, end)]
    rows = inside[:limit] if start is not None else inside[-limit:]
    return [_kline(call, listing, candle) for candle in rows]


def _kline(call: Call, listing: Listing, candle: Candle) -> list[object]:
    return [
        call.time(candle.start),
        listing.price_text(candle.open),
        listing.price_text(candle.high),
        listing.price_text(candle.low),
        listing.price_text(candle.close),
        listing.qty_text(candle.volume),
        call.time(candle.end) - 1,
        text_e8(candle.quote),
        candle.count,
        listing.qty_text(candle.take_volume),
        text_e8(candle.take_quote),
        "0",
    ]


def _ticker_weight(params: Params) -> int:
    return 2 if params.has("symbol") else 80


def _one_or_all(params: Params) -> int:
    return 2 if params.has("symbol") else 4


def change_text(listing: Listing, opened: int, closed: int) -> tuple[str, str]:
    """Price change and change in percent (3 decimals, cut) between two prices in ticks."""
    moved = closed - opened
    sign = "-" if moved < 0 else ""
    percent = abs(moved) * 100_000 // opened if opened else 0
    return f"{sign}{listing.price_text(abs(moved))}", f"{sign}{percent // 1000}.{percent % 1000:03d}"


def weighted_text(listing: Listing, candle: Candle) -> str:
    """The volume-weighted price of a candle, or its close without volume."""
    if not candle.volume:
        return listing.price_text(candle.close)
    decimals = 8 if listing.market == "spot" else listing.price_precision
    return text_e8(candle.quote * ONE_E8 // (candle.volume * listing.lot_e8), decimals)


@SPOT.method("GET /api/v3/ticker/24hr", "ticker.24hr", weight=_ticker_weight)
@USDM.method("GET /fapi/v1/ticker/24hr", weight=_ticker_weight)
def ticker_day(call: Call) -> object:
    """The last 24 hours; an object with `symbol=`, else an array."""
    listings, single = _wanted(call)
    rows = [_day_row(call, listing) for listing in listings]
    return rows[0] if single else rows


def _day_row(call: Call, listing: Listing) -> dict[str, object]:
    desk = call.desk
    tape = desk.tapes[listing.symbol]
    day = tape.day(desk.clock.now_ns())
    moved, percent = change_text(listing, day.open, day.close)
    last = tape.trades[-1] if tape.trades else None
    row: dict[str, object] = {
        "symbol": listing.symbol,
        "priceChange": moved,
        "priceChangePercent": percent,
        "weightedAvgPrice": weighted_text(listing, day),
        "lastPrice": listing.price_text(day.close),
        "lastQty": listing.qty_text(last.qty if last else 0),
        "openPrice": listing.price_text(day.open),
        "highPrice": listing.price_text(day.high),
        "lowPrice": listing.price_text(day.low),
        "volume": listing.qty_text(day.volume),
        "quoteVolume": text_e8(day.quote),
        "openTime": call.time(day.start),
        "closeTime": call.time(day.end),
        "firstId": day.first,
        "lastId": day.last,
        "count": day.count,
    }
    if desk.market == "spot":
        row["prevClosePrice"] = listing.price_text(day.open)
        row.update(_best(call, listing))
    return row


def _best(call: Call, listing: Listing) -> dict[str, object]:
    """Best bid and offer; an empty side is 0."""
    _, bid, bid_qty, ask, ask_qty = call.desk.exchange.bbo(call.desk.ids[listing.symbol])
    return {
        "bidPrice": listing.price_text(bid or 0),
        "bidQty": listing.qty_text(bid_qty if bid is not None else 0),
        "askPrice": listing.price_text(ask or 0),
        "askQty": listing.qty_text(ask_qty if ask is not None else 0),
    }


@SPOT.method("GET /api/v3/ticker/price", "ticker.price", weight=_one_or_all)
@USDM.method("GET /fapi/v1/ticker/price", "GET /fapi/v2/ticker/price", "ticker.price", weight=_one_or_all)
def ticker_price(call: Call) -> object:
    """Last prices."""
    listings, single = _wanted(call)
    rows: list[dict[str, object]] = []
    for listing in listings:
        row: dict[str, object] = {
            "symbol": listing.symbol,
            "price": listing.price_text(call.desk.tapes[listing.symbol].price),
        }
        if call.desk.market == "linear":
            row["time"] = call.now()
        rows.append(row)
    return rows[0] if single else rows


@SPOT.method("GET /api/v3/ticker/bookTicker", "ticker.book", weight=_one_or_all)
@USDM.method("GET /fapi/v1/ticker/bookTicker", "ticker.book", weight=_one_or_all)
def ticker_book(call: Call) -> object:
    """Best bids and offers."""
    listings, single = _wanted(call)
    rows: list[dict[str, object]] = []
    for listing in listings:
        row: dict[str, object] = {"symbol": listing.symbol, **_best(call, listing)}
        if call.desk.market == "linear":
            row["lastUpdateId"] = call.desk.exchange.bbo(call.desk.ids[listing.symbol])[0]
            row["time"] = call.now()
        rows.append(row)
    return rows[0] if single else rows


@SPOT.method("GET /api/v3/avgPrice", "avgPrice", weight=2)
def average(call: Call) -> object:
    """The volume-weighted price of the last 5 minutes, or the last price without trades."""
    listing = call.desk.listing(call.params.text("symbol"))
    tape = call.desk.tapes[listing.symbol]
    candle = tape.candle("5m", call.desk.clock.now_ns())
    closed = call.time(tape.trades[-1].ts) if tape.trades else call.now()
    return {"mins": 5, "price": weighted_text(listing, candle), "closeTime": closed}
