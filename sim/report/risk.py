"""The risk table: each configured limit, the most that the session used of it, and how often its check refused.

catalogue: S7, R1. Limits come from the configuration that a run leaves beside its journal; what was used comes from the
replay. Where a limit counts what a replay does not sample (an order rate, a collar), only its refusals are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sim.report.story import Story

#: The gate's check (native/core/src/gate/refusal.rs) that each kind of limit feeds.
_CHECKS = {
    "allow_symbol": "allowed symbols",
    "forbid_symbol": "allowed symbols",
    "max_order_qty": "order size",
    "max_order_notional": "order notional",
    "max_position": "position",
    "max_total_notional": "total notional",
    "max_open_orders": "open orders",
    "max_leverage": "leverage",
    "price_collar": "price collar",
    "order_rate": "order rate",
    "max_loss_per_trade": "loss per trade",
    "max_daily_loss": "daily loss limit",
    "max_drawdown": "drawdown",
    "self_trade": "self-trade",
}


def table(limits: Sequence[Mapping[str, Any]], story: Story) -> list[dict[str, str]]:
    """Rows `limit, for, value, most used, share, refusals of its check`; permissions have no size and are left out."""
    rows = []
    for limit in limits:
        if limit["kind"] in ("allow_symbol", "forbid_symbol"):
            continue
        used = _used(limit, story)
        value = str(limit["value"]) + (f" + {limit['extra']}/s" if limit.get("extra") else "")
        rows.append(
            {
                "limit": limit["kind"].replace("_", " "),
                "for": f"{limit['scope']} {limit['subject']}",
                "value": value,
                "most used": "" if used is None else f"{used.normalize():f}",
                "share": _share(used, limit["value"]),
                "refusals of its check": str(story.refusals.get(_CHECKS.get(limit["kind"], ""), 0)),
            }
        )
    return rows


def _share(used: Decimal | None, value: object) -> str:
    bound = Decimal(str(value))
    return "" if used is None or bound <= 0 else f"{100 * used / bound:.0f} %"


def _used(limit: Mapping[str, Any], story: Story) -> Decimal | None:
    """The most that was used, in the limit's own unit; None where the replay does not sample it."""
    chosen = [
        number
        for number, item in story.instruments.items()
        if limit["scope"] != "symbol" or limit["subject"] == f"{item['market']}:{item['symbol']}"
    ]
    match limit["kind"], limit["scope"]:
        case "max_order_qty", "symbol":
            return max((_qty(story, i, story.qty_max.get(i, 0)) for i in chosen), default=None)
        case "max_position", "symbol":
            return max((_qty(story, i, _held_max(story, i)) for i in chosen), default=None)
        case "max_order_notional", _:
            return max((round(story.notional_max.get(i, Decimal(0)), 2) for i in chosen), default=None)
        case "max_open_orders", "account":
            return Decimal(story.open_max)
        case "max_daily_loss", "account":
            lows = [min(series.values, default=0.0) for series in story.equity.values()]
            return round(Decimal(max(0.0, -min(lows, default=0.0))), 2)
    return None


def _held_max(story: Story, instrument: int) -> int:
    """The largest position that was held, lots, either way."""
    held = story.inventory.get(instrument)
    return int(max(map(abs, held.values), default=0)) if held is not None else 0


def _qty(story: Story, instrument: int, lots: int) -> Decimal:
    item = story.instruments[instrument]
    return Decimal(lots * item["lot"]).scaleb(-item["qty_scale"])
