"""Compares the configured instruments with the venue's exchangeInfo, so that a wrong tick is told before the start.

catalogue: K8, M1. Fields by binance.md section 5: PRICE_FILTER.tickSize, LOT_SIZE.stepSize, base and quote assets.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from pycore.config import Config, Instrument


def faults(config: Config, market: str, body: Any) -> list[tuple[str, str]]:
    """Every difference between the configuration and one market's exchangeInfo, as (field path, what is wrong)."""
    listed = {row["symbol"]: row for row in body["symbols"]}
    found: list[tuple[str, str]] = []
    for at, item in enumerate(config.instruments):
        if item.market != market:
            continue
        row = listed.get(item.symbol)
        if row is None:
            found.append((f"instruments.{at}.symbol", f"is not listed by the venue on {market}, was {item.symbol}"))
        else:
            found += [(f"instruments.{at}.{field}", why) for field, why in _differences(item, row)]
    return found


def _differences(item: Instrument, row: Any) -> list[tuple[str, str]]:
    filters = {entry["filterType"]: entry for entry in row["filters"]}
    stated = {
        "tick": filters.get("PRICE_FILTER", {}).get("tickSize"),
        "lot": filters.get("LOT_SIZE", {}).get("stepSize"),
    }
    found = [
        (field, f"differs from the venue's {value}, was {getattr(item, field)}")
        for field, value in stated.items()
        if not _equal(getattr(item, field), value)
    ]
    settle = row.get("marginAsset", row["quoteAsset"])
    named = {"base": row["baseAsset"], "quote": row["quoteAsset"], "settle": settle}
    found += [
        (field, f"differs from the venue's {value}, was {getattr(item, field)}")
        for field, value in named.items()
        if getattr(item, field) != value
    ]
    return found


def _equal(ours: str, theirs: object) -> bool:
    try:
        return Decimal(ours) == Decimal(str(theirs))
    except InvalidOperation:
        return False
