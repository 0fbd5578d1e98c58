"""Books, trades and candles of both markets, for REST and WebSocket API alike (catalogue: S1).

Rules: binance.md §2 and §3. What differs between spot and USD-M (a depth's times, a trade's fields) is decided by the
desk's market in one place each.
"""

from sim.box.errors import refuse
from sim.box.listing import Listing, text_e8
from sim.box.params import Params
from sim.box.table import SPOT, USDM, Call
from sim.box.tape import INTERVALS, Aggregate, Candle, Trade

DEPTH_SPOT_MAX = 5_000
DEPTHS_USDM = (5, 10, 20, 50, 100, 500, 1_000)


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
    rows = list(kept)[-limit:] if first is None else [trade for trade in kept if trade.trade_id >= first][:limit]
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
