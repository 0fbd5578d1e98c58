"""Questions to a lake, answered as Arrow tables: rows of a channel, bars, and SQL through DuckDB.

catalogue: M8, M10. Times are ns since the epoch, UTC. A row's time is the venue's, where it sends one, else the receive
time. Prices and sizes of an answer share one scale: the finest that its rows have.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from feeds import bars
from feeds.lake import Lake
from feeds.lake_schema import BARS, CHANNELS
from native._core import InputError

DAY_NS = 86_400_000_000_000
#: The end of time: 2262.
FOREVER_NS = 2**63 - 1
_SCALED = {"price": "price_scale", "bid": "price_scale", "ask": "price_scale"}
_SCALED |= dict.fromkeys(("qty", "bid_qty", "ask_qty"), "qty_scale")


class Span(NamedTuple):
    """Which times are asked for, ns since the epoch: all of them by default."""

    since: int = 0
    """The first."""
    until: int = FOREVER_NS
    """Not in it any more."""
    known_by: int = FOREVER_NS
    """Rows that were received later are left out."""


ALL = Span()


def day_of(ts_ns: int) -> str:
    """The UTC day that a time is in, as partitions are called."""
    return str(np.int64(ts_ns // DAY_NS).astype("datetime64[D]"))


class Queries:
    """Reads one lake. A table without rows is an answer; an unknown venue or symbol gives one."""

    def __init__(self, lake: Lake) -> None:
        """Reads nothing yet."""
        self.lake = lake

    def rows(self, channel: str, venue: str, symbol: str, span: Span = ALL) -> pa.Table:
        """A channel's rows of a symbol in the order of receipt."""
        when = pc.coalesce(pc.field("ts_venue"), pc.field("ts_receive"))
        chosen = (when >= span.since) & (when < span.until) & (pc.field("ts_receive") <= span.known_by)
        chosen &= (pc.field("day") >= day_of(span.since)) & (pc.field("day") <= day_of(span.until - 1))
        found = self.lake.dataset(channel, venue=venue, symbol=symbol).to_table(filter=chosen)
        # Arrow's sort is stable, so the trades of one message stay in the order in which it told them.
        order = pc.sort_indices(found, sort_keys=[("ts_receive", "ascending"), ("record", "ascending")])
        return _one_scale(found.take(order))

    def bars(self, venue: str, symbol: str, spec: str, span: Span = ALL) -> pa.Table:
        """Whole bars of `lake_schema.BARS`; the span's begin goes back to that of its interval.

        A bar is whole when its end is not after `until`, or when a later trade closed it. InputError for a bad `spec`.
        """
        every = bars.INTERVALS_NS.get(spec, 1)
        trades = self.rows("trades", venue, symbol, span._replace(since=span.since - span.since % every))
        price_scale, qty_scale = (int(_finest(trades, name)) for name in ("price_scale", "qty_scale"))
        builder = bars.builder(spec, price_scale, qty_scale)
        sized = trades.filter(pc.field("qty") > 0)
        when = pc.coalesce(sized["ts_venue"], sized["ts_receive"])
        columns = (when, sized["id"], sized["price"], sized["qty"], sized["flags"])
        arrays: list[Any] = [np.ascontiguousarray(column.to_numpy()) for column in columns]
        packed = builder.batch(*arrays)
        if span.until < FOREVER_NS:
            packed += builder.close_until(span.until)
        found = bars.table(packed, BARS)
        same = {"venue": venue, "symbol": symbol, "bar": spec, "price_scale": price_scale, "qty_scale": qty_scale}
        for name, value in same.items():
            found = found.append_column(
                BARS.field(name), pa.repeat(pa.scalar(value, BARS.field(name).type), len(found))
            )
        return found.select(BARS.names).cast(BARS)

    def sql(self, text: str) -> pa.Table:
        """Any SQL of DuckDB over the tables `trades`, `levels` and `tops`; InputError says what DuckDB refuses."""
        with duckdb.connect(config={"enable_external_access": "false"}) as connection:
            for channel in CHANNELS:
                connection.register(channel, self.lake.dataset(channel))
            try:
                return connection.sql(text).to_arrow_table()
            except duckdb.Error as why:
                raise InputError(f"SQL must be a query that DuckDB answers ({why}), was {text}") from None


def _finest(table: pa.Table, name: str) -> int:
    return pc.max(table[name]).as_py() or 0


def _one_scale(table: pa.Table) -> pa.Table:
    """The rows with the finest scales among them; InputError where a number does not fit then."""
    finest = {name: _finest(table, name) for name in ("price_scale", "qty_scale")}
    if all(pc.min(table[name]).as_py() in (None, value) for name, value in finest.items()):
        return table
    for name, scale in _SCALED.items():
        if name in table.column_names:
            power = pc.power(pa.scalar(10, pa.int64()), pc.subtract(finest[scale], table[scale].cast(pa.int64())))
            try:
                column = pc.multiply_checked(table[name], power)
            except pa.ArrowInvalid as why:
                raise InputError(f"{name} must fit an i64 with {finest[scale]} decimals, was larger ({why})") from None
            table = table.set_column(table.column_names.index(name), table.schema.field(name), column)
    for name, value in finest.items():
        same = pa.repeat(pa.scalar(value, pa.int8()), len(table))
        table = table.set_column(table.column_names.index(name), table.schema.field(name), same)
    return table
