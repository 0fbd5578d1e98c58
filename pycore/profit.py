"""Profit from position rows, exactly: realised and unrealised results, fees and funding in the settlement asset.

catalogue: O6. Rows are those of `Engine.positions()` and `Replay.positions()`; strategy 0 is an account's net row. A
fee that spot takes in the base asset counts at the price that values the position (`fees_base_value`). The terminal,
the figures of `run` and the report all add up here, so they agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

#: The strategy number of an account's net position.
NET = 0
#: What a row's result is made of, and with which sign.
PARTS = {"realised": 1, "unrealised": 1, "fees": -1, "fees_base_value": -1, "funding": 1}


def units(row: Mapping[str, Any]) -> int:
    """The result of one row in the settlement asset's smallest unit."""
    return sum(sign * int(row[part]) for part, sign in PARTS.items())


def total(rows: Iterable[Mapping[str, Any]]) -> int:
    """The result of all net rows, smallest units; all of them must settle in one asset."""
    return sum(units(row) for row in rows if row["strategy"] == NET)


def decimal(amount: int, scale: int) -> Decimal:
    """Smallest units as a decimal of the asset."""
    return Decimal(amount).scaleb(-scale)
