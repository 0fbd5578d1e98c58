"""Rows of history as tables of the lake: the venue's texts become integers with their decimals beside them, exactly.

catalogue: M7, M8. All rows of a page share the finest scale that one of them needs.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa

from feeds.history.job import Job
from feeds.history.page import Row
from feeds.history.venues import VenueError
from feeds.lake_schema import SCHEMAS

#: By channel: the columns of each scale.
_SCALES: dict[str, dict[str, tuple[str, ...]]] = {
    "klines": {"price_scale": ("open", "high", "low", "close"), "qty_scale": ("volume",)},
    "trades": {"price_scale": ("price",), "qty_scale": ("qty",)},
    "funding": {"rate_scale": ("rate",)},
}
_I64_MAX = 2**63 - 1
_MS_NS = 1_000_000


def table(job: Job, rows: list[Row], first: int) -> pa.Table:
    """The rows as a table of the dictionary's schema, numbered from `first`; VenueError names what is no number."""
    ts = np.array([row.ts_ms for row in rows], np.int64) * _MS_NS
    days = (ts // (86_400_000 * _MS_NS)).astype("datetime64[D]")
    columns: dict[str, Any] = {
        "venue": [job.venue] * len(rows),
        "symbol": [job.symbol] * len(rows),
        "bar": [job.bar] * len(rows),
        "day": days.astype(str),
        "month": days.astype("datetime64[M]").astype(str),
        "record": np.arange(first, first + len(rows)),
        "ts_receive": np.array([row.known_ms for row in rows], np.int64) * _MS_NS,
        "ts_venue": ts,
        "id": np.array([row.id for row in rows], np.uint64),
        "flags": np.array([row.flags for row in rows], np.uint32),
    }
    if job.channel == "klines":
        columns["end_ns"] = columns["ts_receive"]
    for scale, names in _SCALES[job.channel].items():
        exact = {name: [_number(job, name, row.texts[name]) for row in rows] for name in names}
        decimals = max((_decimals(number) for column in exact.values() for number in column), default=0)
        columns[scale] = np.full(len(rows), decimals, np.int8)
        for name, numbers in exact.items():
            columns[name] = [_whole(job, name, number, decimals) for number in numbers]
    schema = SCHEMAS[job.channel]
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)


def _number(job: Job, name: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise VenueError(f"{name} of {job.name()} must be a number, was {text!r}")
    return number.normalize()


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))


def _whole(job: Job, name: str, number: Decimal, decimals: int) -> int:
    found = int(number.scaleb(decimals))
    if abs(found) > _I64_MAX:
        raise VenueError(f"{name} of {job.name()} must fit an i64 with {decimals} decimals, was {number}")
    return found
