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
#: The columns of the core's rows (native/bind/src/columns.rs), after `HEAD`.
REST = {
    "trades": ("price", "qty", "flags"),
    "levels": ("first", "previous", "snapshot", "side", "price", "qty"),
    "tops": ("bid", "bid_qty", "ask", "ask_qty"),
}
HEAD = ("instrument", "record", "ts_receive", "ts_venue", "id")
PRICES = ("price", "bid", "ask")


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
    """Rows of the core as a table of the dictionary's schema; `instrument` is a place in `instruments`."""
    names = (*HEAD, *REST[channel])
    columns: dict[str, Any] = {name: rows[:, at] for at, name in enumerate(names)}
    ts_venue, place = columns["ts_venue"], columns.pop("instrument")
    when = np.where(ts_venue == _NO_TIME, columns["ts_receive"], ts_venue)
    columns["day"] = (when // _DAY_NS).astype("datetime64[D]").astype(str)
    for name in Instrument._fields:
        columns[name] = np.array([getattr(item, name) for item in instruments])[place]
    schema = SCHEMAS[channel]
    absent = {"ts_venue": ts_venue == _NO_TIME}
    absent |= {name: columns[name] == _NO_PRICE for name in PRICES if name in columns}
    arrays = []
    for field in schema:
        column = columns[field.name]
        if pa.types.is_uint64(field.type):
            column = column.view(np.uint64) if column.flags.c_contiguous else column.copy().view(np.uint64)
        arrays.append(pa.array(column, mask=absent.get(field.name)).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
