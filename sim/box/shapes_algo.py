"""USD-M's conditional orders as JSON: rows of the algo endpoints and the user stream's ALGO_UPDATE (catalogue: S1).

Fields: binance.md §3 and §5, and the venue's public page "Event: Algo Order Update".
"""

from typing import Any

from sim.box.clock import NS_PER_MS, Stamp
from sim.box.desk import Desk, ExecEvent
from sim.box.encoding import encode
from sim.box.listing import Listing, plain_e8, text_e8

Row = dict[str, Any]
# How the venue names a conditional order: what it waits for and what it places then.
TYPES = {
    ("STOP", "LIMIT"): "STOP",
    ("STOP", "MARKET"): "STOP_MARKET",
    ("TAKE_PROFIT", "LIMIT"): "TAKE_PROFIT",
    ("TAKE_PROFIT", "MARKET"): "TAKE_PROFIT_MARKET",
    ("TRAILING", "MARKET"): "TRAILING_STOP_MARKET",
}


def order_type(one: Row) -> str:
    """The venue's name of the type."""
    return TYPES[(one["condition"], one["type"])]


def _tif(one: Row) -> str:
    """Orders that close a position live as long as it does."""
    return "GTE_GTC" if one["close_position"] else str(one["tif"])


def _trigger(listing: Listing, one: Row) -> str:
    """A trailing stop shows where it begins to follow elsewhere."""
    return listing.price_text(0 if one["condition"] == "TRAILING" else one["trigger"] or 0)


def _callback(one: Row) -> Row:
    """What only trailing stops show: the rate in percent."""
    return {"callbackRate": plain_e8(one["rate_e8"] * 100)} if one["condition"] == "TRAILING" else {}


def _placed(desk: Desk, listing: Listing, one: Row) -> ExecEvent | None:
    """The order that it placed, if it has and the Exchange still knows it."""
    if not one["order_id"]:
        return None
    return desk.exchange.find(one["account"], desk.ids[listing.symbol], order_id=one["order_id"])


def row(desk: Desk, listing: Listing, one: Row) -> Row:
    """A conditional order as every answer shows it."""
    order = _placed(desk, listing, one)
    shown: Row = {
        "algoId": one["id"],
        "clientAlgoId": one["client_id"],
        "algoType": "CONDITIONAL",
        "orderType": order_type(one),
        "symbol": listing.symbol,
        "side": one["side"],
        "positionSide": one["leg"],
        "timeInForce": _tif(one),
        "quantity": listing.qty_text(one["qty"]),
        "algoStatus": one["step"],
        "actualOrderId": str(order["order_id"]) if order else "",
        "actualPrice": listing.average_text(order["cum_quote"], order["cum_qty"]) if order else listing.price_text(0),
        "actualQty": listing.qty_text(order["cum_qty"] if order else 0),
        "triggerPrice": _trigger(listing, one),
        "price": listing.price_text(one["price"] or 0),
        "icebergQuantity": None,
        "tpTriggerPrice": listing.price_text(0),
        "tpPrice": listing.price_text(0),
        "slTriggerPrice": listing.price_text(0),
        "slPrice": listing.price_text(0),
        "tpOrderType": "",
        "selfTradePreventionMode": one["stp"],
        "workingType": "MARK_PRICE" if one["by_mark"] else "CONTRACT_PRICE",
        "priceMatch": "NONE",
        "closePosition": one["close_position"],
        "priceProtect": desk.price_protected(one["id"]),
        "reduceOnly": one["reduce_only"],
        "createTime": one["created_ts"] // NS_PER_MS,
        "updateTime": one["ts"] // NS_PER_MS,
        "triggerTime": one["triggered_ts"] // NS_PER_MS,
        "goodTillDate": 0,
        **_callback(one),
    }
    if one["condition"] == "TRAILING":
        shown["activatePrice"] = listing.price_text(one["trigger"] or 0)
    return shown


def update(desk: Desk, listing: Listing, one: Row, step: str, at: Stamp) -> bytes:
    """The user stream's ALGO_UPDATE: `step` is where the order stood when it happened."""
    order = _placed(desk, listing, one) if step in ("TRIGGERED", "FINISHED") else None
    body: Row = {
        "caid": one["client_id"],
        "aid": one["id"],
        "at": "CONDITIONAL",
        "o": order_type(one),
        "s": listing.symbol,
        "S": one["side"],
        "ps": one["leg"],
        "f": _tif(one),
        "q": listing.qty_text(one["qty"]),
        "X": step,
        "ai": "",
        "tp": _trigger(listing, one),
        "p": listing.price_text(one["price"] or 0),
        "V": one["stp"],
        "wt": "MARK_PRICE" if one["by_mark"] else "CONTRACT_PRICE",
        "pm": "NONE",
        "cp": one["close_position"],
        "pP": desk.price_protected(one["id"]),
        "R": one["reduce_only"],
        "tt": 0 if step == "NEW" else at.of(one["triggered_ts"]),
        "gtd": 0,
    }
    if order:
        done = step == "FINISHED"
        body.update(
            ai=str(order["order_id"]),
            ap=listing.average_text(order["cum_quote"], order["cum_qty"]) if done else text_e8(0, 5),
            aq=listing.qty_text(order["cum_qty"] if done else 0),
            act=order["type"],
        )
    if one["condition"] == "TRAILING":
        body.update(cr=plain_e8(one["rate_e8"] * 100), AP=listing.price_text(one["trigger"] or 0))
    event = {"e": "ALGO_UPDATE", "T": at.of(one["ts"]), "E": at.now, "o": body}
    return encode(event).encode()
