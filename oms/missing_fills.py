"""Fills that a crash or a lost connection hid: fetched from the trade list and told as the events that were missed.

catalogue: O1, O2. When a query says that more of an order is filled than was reported, the order table raises the
alarm `FillsMissing`. The venue's trade list (`myTrades`, `userTrades`) holds each fill; it is handed to the engine in
the form of the user-data event that did not arrive, and the trade's id keeps it from being booked twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from oms.binance_rest import Rest


async def fetch(rest: Rest, symbol: str, venue_order: int) -> list[bytes]:
    """The fills of one order as user-data events, oldest first. Raises `VenueError`."""
    which: dict[str, str | int] = {"symbol": symbol, "orderId": venue_order}
    order = await rest.call("GET", "order", which)
    trades = await rest.call("GET", "trades", which)
    rows = sorted(trades, key=lambda row: int(row["id"]))
    return [event(rest.market, order, row, last=row is rows[-1]) for row in rows]


def event(market: str, order: Mapping[str, Any], trade: Mapping[str, Any], *, last: bool) -> bytes:
    """One row of the trade list as an execution report.

    The count of what is filled is not stated (0), because a row does not say it; only the last row carries the
    order's present status.
    """
    fields = {
        "s": order["symbol"],
        "c": order["clientOrderId"],
        "S": order["side"],
        "q": order["origQty"],
        "p": order["price"],
        "x": "TRADE",
        "X": order["status"] if last else "PARTIALLY_FILLED",
        "i": order["orderId"],
        "l": trade["qty"],
        "z": "0",
        "L": trade["price"],
        "n": trade["commission"],
        "N": trade["commissionAsset"],
        "T": trade["time"],
        "t": trade["id"],
        "m": trade["isMaker"] if market == "spot" else trade["maker"],
    }
    if market == "spot":
        return json.dumps({"e": "executionReport", "E": trade["time"], **fields}).encode()
    fields["rp"] = trade["realizedPnl"]
    return json.dumps({"e": "ORDER_TRADE_UPDATE", "E": trade["time"], "T": trade["time"], "o": fields}).encode()
