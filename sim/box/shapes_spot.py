"""Spot's JSON: orders, fills and user events, from what the Exchange tells (catalogue: S1).

Fields: binance.md §5. Every price, quantity and amount is text with 8 decimals, every id and time a whole number.
"""

from typing import Any

from sim.box.clock import NS_PER_MS, Stamp
from sim.box.desk import Desk, ExecEvent
from sim.box.encoding import encode
from sim.box.listing import Listing, text_e8

Row = dict[str, Any]
ZERO = "0.00000000"


def order_type(order: ExecEvent) -> str:
    """LIMIT_MAKER for a post-only order, which the Exchange knows as GTX; a conditional order's own type."""
    if "stop" in order:
        return str(order["stop"][0])
    return "LIMIT_MAKER" if order["tif"] == "GTX" else str(order["type"])


def tif(order: ExecEvent) -> str:
    """The timeInForce spot shows; LIMIT_MAKER and MARKET orders are GTC there."""
    return "GTC" if order["tif"] == "GTX" or order["type"] == "MARKET" else str(order["tif"])


def _price(listing: Listing, order: ExecEvent) -> str:
    return ZERO if order["price"] is None else listing.price_text(order["price"])


def _stop_price(listing: Listing, order: ExecEvent) -> str:
    return listing.price_text(order["stop"][1]) if "stop" in order else ZERO


def _working_ns(order: ExecEvent) -> int | None:
    """Since when the order is in the book, None while it waits for its price."""
    return (order["stop"][2] or None) if "stop" in order else order["created_ts"]


def _size(listing: Listing, order: ExecEvent) -> str:
    """The ordered size; a MARKET order by quote amount shows what it got."""
    return listing.qty_text(order["cum_qty"] if order["qty"] is None else order["qty"])


def _core(listing: Listing, order: ExecEvent) -> Row:
    """What every order message has."""
    return {
        "price": _price(listing, order),
        "origQty": _size(listing, order),
        "executedQty": listing.qty_text(order["cum_qty"]),
        "origQuoteOrderQty": text_e8(order.get("quote_qty", 0)),
        "cummulativeQuoteQty": text_e8(order["cum_quote"]),
        "status": order["status"],
        "timeInForce": tif(order),
        "type": order_type(order),
        "side": order["side"],
        "selfTradePreventionMode": order["stp"],
    }


def order_row(listing: Listing, order: ExecEvent, tick_ns: int = NS_PER_MS) -> Row:
    """An order as GET shows it."""
    created, working = order["created_ts"] // tick_ns, _working_ns(order)
    return {
        "symbol": listing.symbol,
        "orderId": order["order_id"],
        "orderListId": -1,
        "clientOrderId": order["client_id"],
        **_core(listing, order),
        "stopPrice": _stop_price(listing, order),
        "icebergQty": ZERO,
        "time": created,
        "updateTime": order["ts"] // tick_ns,
        "isWorking": working is not None,
        "workingTime": -1 if working is None else working // tick_ns,
    }


def placed(listing: Listing, order: ExecEvent, events: list[ExecEvent], shape: str, tick_ns: int) -> Row:
    """The answer to a new order: ACK, RESULT or FULL."""
    stamp = order["created_ts"] // tick_ns
    row: Row = {
        "symbol": listing.symbol,
        "orderId": order["order_id"],
        "orderListId": -1,
        "clientOrderId": order["client_id"],
        "transactTime": stamp,
    }
    if shape == "ACK":
        return row
    row.update(_core(listing, order))
    if "stop" in order:
        row["stopPrice"] = _stop_price(listing, order)
    working = _working_ns(order)
    row["workingTime"] = -1 if working is None else working // tick_ns
    if shape == "FULL":
        row["fills"] = [
            {
                "price": listing.price_text(event["last_price"]),
                "qty": listing.qty_text(event["last_qty"]),
                "commission": text_e8(event["fee"]),
                "commissionAsset": event["fee_asset"],
                "tradeId": event["trade_id"],
            }
            for event in events
            if event["exec"] == "TRADE" and event["order_id"] == order["order_id"]
        ]
    return row


def cancelled(listing: Listing, order: ExecEvent, cancel_id: str, tick_ns: int) -> Row:
    """The answer to a cancel: `clientOrderId` is the cancel's own id."""
    return {
        "symbol": listing.symbol,
        "origClientOrderId": order["client_id"],
        "orderId": order["order_id"],
        "orderListId": -1,
        "clientOrderId": cancel_id,
        "transactTime": order["ts"] // tick_ns,
        **_core(listing, order),
        **({"stopPrice": _stop_price(listing, order)} if "stop" in order else {}),
    }


def amended(listing: Listing, order: ExecEvent, tick_ns: int) -> Row:
    """An order inside the answer to an amendment, which names its fields otherwise than every other answer."""
    return {
        "symbol": listing.symbol,
        "orderId": order["order_id"],
        "orderListId": -1,
        "origClientOrderId": order["client_id"],
        "clientOrderId": order["client_id"],
        "price": _price(listing, order),
        "qty": _size(listing, order),
        "executedQty": listing.qty_text(order["cum_qty"]),
        "preventedQty": ZERO,
        "quoteOrderQty": ZERO,
        "cumulativeQuoteQty": text_e8(order["cum_quote"]),
        "status": order["status"],
        "timeInForce": tif(order),
        "type": order_type(order),
        "side": order["side"],
        "workingTime": order["created_ts"] // tick_ns,
        "selfTradePreventionMode": order["stp"],
    }


def trade_row(listing: Listing, trade: ExecEvent, tick_ns: int) -> Row:
    """One own trade as myTrades shows it."""
    return {
        "symbol": listing.symbol,
        "id": trade["trade_id"],
        "orderId": trade["order_id"],
        "orderListId": -1,
        "price": listing.price_text(trade["price"]),
        "qty": listing.qty_text(trade["qty"]),
        "quoteQty": text_e8(trade["quote"]),
        "commission": text_e8(trade["fee"]),
        "commissionAsset": trade["fee_asset"],
        "time": trade["ts"] // tick_ns,
        "isBuyer": trade["side"] == "BUY",
        "isMaker": trade["maker"],
        "isBestMatch": True,
    }


def _execution(event: ExecEvent) -> str:
    """What happened, in spot's words: an amendment is REPLACED, an order ended by self-trade prevention says so."""
    if event["status"] == "EXPIRED_IN_MATCH":
        return "TRADE_PREVENTION"
    return "REPLACED" if event["exec"] == "AMENDMENT" else str(event["exec"])


def execution_report(listing: Listing, event: ExecEvent, cancel_id: str | None, at: Stamp) -> bytes:
    """The user stream's executionReport: on CANCELED `c` is the cancel's id and `C` the order's."""
    ended = event["exec"] in ("CANCELED", "EXPIRED")
    by_cancel = event["exec"] == "CANCELED" and cancel_id is not None
    traded = event["exec"] == "TRADE"
    stamp = at.of(event["ts"])
    fee = traded and event["fee"]
    waiting = "stop" in event and event["exec"] == "NEW" and event["reason"] != "TRIGGERED"
    report: Row = {
        "e": "executionReport",
        "E": at.now,
        "s": listing.symbol,
        "c": cancel_id if by_cancel else event["client_id"],
        "S": event["side"],
        "o": order_type(event),
        "f": tif(event),
        "q": _size(listing, event),
        "p": _price(listing, event),
        "P": _stop_price(listing, event),
        "F": ZERO,
        "g": -1,
        "C": event["client_id"] if by_cancel else "",
        "x": _execution(event),
        "X": event["status"],
        "r": "NONE",
        "i": event["order_id"],
        "l": listing.qty_text(event["last_qty"]) if traded else ZERO,
        "z": listing.qty_text(event["cum_qty"]),
        "L": listing.price_text(event["last_price"]) if traded else ZERO,
        "n": text_e8(fee) if fee else "0",
        "N": event["fee_asset"] if traded else None,
        "T": stamp,
        "t": event["trade_id"] if traded else -1,
        "I": event["order_id"] * 2 + (1 if ended else 0),
        "w": not ended and not waiting and event["status"] != "FILLED",
        "m": bool(traded and event["maker"]),
        "M": traded,
        "O": at.of(event["created_ts"]),
        "Z": text_e8(event["cum_quote"]),
        "Y": text_e8(event["last_quote"]) if traded else ZERO,
        "Q": text_e8(event.get("quote_qty", 0)),
        "V": event["stp"],
    }
    if not waiting:
        report["W"] = at.of(_working_ns(event) or event["ts"])
    return encode(report).encode()


def account_position(desk: Desk, who: int, assets: tuple[str, ...], ts: int, at: Stamp) -> bytes:
    """The user stream's outboundAccountPosition of the assets an order touched."""
    held = desk.exchange.balances(who)
    rows = [
        {"a": asset, "f": text_e8(free), "l": text_e8(locked)}
        for asset, (free, locked) in ((a, held.get(a, (0, 0))) for a in assets)
    ]
    event = {"e": "outboundAccountPosition", "E": at.now, "u": at.of(ts), "B": rows}
    return encode(event).encode()
