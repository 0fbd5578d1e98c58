"""Profit from position rows, exactly: realised and unrealised results, fees and funding in the settlement asset.

catalogue: O6. Rows are those of `Engine.positions()`; strategy 0 is an account's net row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

#: The strategy number of an account's net position.
NET = 0


def units(row: Mapping[str, Any]) -> int:
    """The result of one row in the settlement asset's smallest unit."""
    return int(row["realised"]) + int(row["unrealised"]) - int(row["fees"]) + int(row["funding"])


def total(rows: Iterable[Mapping[str, Any]]) -> int:
    """The result of all net rows, smallest units; all of them must settle in one asset."""
    return sum(units(row) for row in rows if row["strategy"] == NET)


def decimal(amount: int, scale: int) -> Decimal:
    """Smallest units as a decimal of the asset."""
    return Decimal(amount).scaleb(-scale)
