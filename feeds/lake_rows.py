"""Rows of the core, numbers packed one behind another, as Arrow tables of the data dictionary.

catalogue: M7. What comes from a recording and what comes from a journal becomes a table here, by the same rules.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from feeds.lake import Column
from feeds.lake_schema import SCHEMAS

_DAY_NS = 86_400_000_000_000
_NO_TIME, _NO_PRICE = -(2**63), 2**63 - 1
#: The columns of the core's rows (native/bind/src/columns.rs and figure_columns.rs), after `HEAD`.
REST: dict[str, tuple[str, ...]] = {
    "trades": ("price", "qty", "flags"),
    "levels": ("first", "previous", "snapshot", "side", "price", "qty"),
    "tops": ("bid", "bid_qty", "ask", "ask_qty"),
    "tickers": (
        *("bid", "ask", "last", "open", "high", "low", "bid_qty", "ask_qty", "last_qty", "volume", "turnover"),
        *("price_scale", "qty_scale", "turnover_scale"),
    ),
    "klines": ("begin", "interval", "open", "high", "low", "close", "volume", "price_scale", "qty_scale"),
    "rates": ("rate", "next_ns", "interval_ns", "rate_scale"),
    "interest": ("qty", "value", "qty_scale", "value_scale"),
    "marks": ("mark_price", "index_price", "price_scale"),
    "liquidations": ("sell", "price", "average", "qty", "filled", "price_scale", "qty_scale"),
}
HEAD = ("instrument", "record", "ts_receive", "ts_venue", "id")
PRICES = ("price", "bid", "ask")
_UNITS_NS = {"d": 86_400_000_000_000, "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000}


class Instrument(NamedTuple):
    """What a row needs to be told of its instrument."""

    venue: str
    symbol: str
    price_scale: int
    qty_scale: int


def packed_rows(channel: str, packed: bytes) -> Column:
    """Rows of the core as an array, a column for each of `HEAD` and `REST`; it is not a copy."""
    return np.frombuffer(packed, "<i8").reshape(-1, len(HEAD) + len(REST[channel]))


def table(channel: str, rows: Column, instruments: list[Instrument]) -> pa.Table:
    """Rows of the core as a table of the dictionary's schema; `instrument` is a place in `instruments`.

    A row of figures says its decimals itself. A bar whose interval or price the venue does not say has no row.
    """
    if channel == "klines":
        rows = rows[(rows[:, len(HEAD) + 1] > 0) & (rows[:, len(HEAD) + 2] != _NO_PRICE)]
    names = (*HEAD, *REST[channel])
    columns: dict[str, Any] = {name: rows[:, at] for at, name in enumerate(names)}
    place = columns.pop("instrument")
    if channel == "klines":
        _as_bars(columns)
    ts_venue = columns["ts_venue"]
    when = np.where(ts_venue == _NO_TIME, columns["ts_receive"], ts_venue)
    days = (when // _DAY_NS).astype("datetime64[D]")
    columns |= {"day": days.astype(str), "month": days.astype("datetime64[M]").astype(str)}
    for name in Instrument._fields:
        if name not in columns:
            columns[name] = np.array([getattr(item, name) for item in instruments])[place]
    arrays = []
    for field in SCHEMAS[channel]:
        column = columns[field.name]
        absent = (column == _NO_PRICE) | (column == _NO_TIME) if field.nullable else None
        if pa.types.is_uint64(field.type):
            column = column.view(np.uint64) if column.flags.c_contiguous else column.copy().view(np.uint64)
        arrays.append(pa.array(column, mask=absent).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=SCHEMAS[channel])


def _as_bars(columns: dict[str, Any]) -> None:
    """A bar's time and number are its begin, and it was known when it was received."""
    begin, interval = columns["begin"], columns["interval"]
    columns |= {"ts_venue": begin, "id": begin.copy(), "end_ns": begin + interval}
    columns["volume"] = np.where(columns["volume"] == _NO_PRICE, 0, columns["volume"])
    columns["bar"] = np.array([_named(int(length)) for length in interval], object)


def _named(interval_ns: int) -> str:
    """What a bar of this length is called: `15m`, `1h`."""
    unit, length = next(((unit, ns) for unit, ns in _UNITS_NS.items() if interval_ns % ns == 0), ("ns", 1))
    return f"{interval_ns // length}{unit}"
