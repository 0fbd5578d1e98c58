"""USD-M's income: every movement of a wallet, from trades and funding (catalogue: S1).

Rules: binance.md §3 (freqtrade asks for it). The oldest are forgotten with the trades that they come from.
"""

from typing import Any

from sim.box.clock import NS_PER_MS
from sim.box.desk import Desk
from sim.box.listing import Listing, text_e8
from sim.box.shapes_usdm import Row
from sim.box.table import USDM, Call


def _income_rows(desk: Desk, who: int) -> list[Row]:
    """Every movement of the wallet that the Exchange still knows, the oldest first."""
    rows = [row for owner, row in desk.funding_income if owner == who]
    for listing in desk.listings.values():
        for trade in desk.exchange.trades(who, desk.ids[listing.symbol]):
            rows.append(_income(listing, trade, "COMMISSION", -trade["fee"]))
            if trade["realised"]:
                rows.append(_income(listing, trade, "REALIZED_PNL", trade["realised"]))
    rows.sort(key=lambda row: int(row["time"]))
    return rows


def _income(listing: Listing, trade: dict[str, Any], kind: str, amount: int) -> Row:
    return {
        "symbol": listing.symbol,
        "incomeType": kind,
        "income": text_e8(amount),
        "asset": "USDT",
        "info": str(trade["trade_id"]),
        "time": trade["ts"] // NS_PER_MS,
        "tranId": trade["trade_id"],
        "tradeId": str(trade["trade_id"]),
    }


@USDM.method("GET /fapi/v1/income", weight=30, security="SIGNED")
def income(call: Call) -> object:
    """What moved the wallet: realised profit, commission and funding."""
    desk, kind = call.desk, call.params.optional("incomeType")
    name = call.params.optional("symbol")
    if name is not None:
        desk.listing(name)
    start, end = call.params.span()
    rows = [
        row
        for row in _income_rows(desk, call.who)
        if (kind is None or row["incomeType"] == kind)
        and (name is None or row["symbol"] == name)
        and (start is None or row["time"] >= start)
        and (end is None or row["time"] <= end)
    ]
    limit = call.params.limit(100, 1_000)
    return rows[:limit] if start is not None else rows[-limit:]
