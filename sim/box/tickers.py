"""Prices at a glance: 24 h tickers, last prices, best bids and offers, average price (catalogue: S1).

Rules: binance.md §2 and §3: an object with `symbol=`, an array without.
"""

from sim.box.info import wanted
from sim.box.listing import ONE_E8, Listing, text_e8
from sim.box.params import Params
from sim.box.table import SPOT, USDM, Call
from sim.box.tape import Candle


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
    listings, single = wanted(call)
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
    listings, single = wanted(call)
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
    listings, single = wanted(call)
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
