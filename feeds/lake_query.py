"""Questions to a lake or another store, answered as Arrow tables: rows of a channel, bars, and SQL through DuckDB.

catalogue: M8, M10. Times are ns since the epoch, UTC. A row's time is the venue's, where it sends one, else the receive
time. Prices and sizes of an answer share one scale: the finest that its rows have. `frame` makes a Polars frame of any
answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from feeds import bars
from feeds.lake import Lake
from feeds.lake_schema import BARS, CHANNELS, PARTITIONED
from feeds.store.ports import Rows
from native._core import InputError

if TYPE_CHECKING:
    import polars

DAY_NS = 86_400_000_000_000
#: The end of time: 2262.
FOREVER_NS = 2**63 - 1
_SCALED: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("price", "bid", "ask", "open", "high", "low", "close"), ("price_scale",)
)
_SCALED |= dict.fromkeys(("qty", "bid_qty", "ask_qty", "volume", "buy_volume"), ("qty_scale",))
_SCALED |= dict.fromkeys(("last", "mark_price", "index_price"), ("price_scale",))
_SCALED |= {"last_qty": ("qty_scale",), "turnover": ("turnover_scale",), "value": ("value_scale",)}
_SCALED |= {"rate": ("rate_scale",), "notional": ("price_scale", "qty_scale")}


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
    """Reads one store. A table without rows is an answer; an unknown venue or symbol gives one."""

    def __init__(self, store: Rows) -> None:
        """Reads nothing yet."""
        self.store = store

    def rows(self, channel: str, venue: str, symbol: str, span: Span = ALL, bar: str | None = None) -> pa.Table:
        """A channel's rows of a symbol in the order of receipt; `bar` chooses among klines or stored bars.

        InputError for an unknown channel, and for klines or bars without `bar` or another channel with it.
        """
        if channel not in CHANNELS:
            raise InputError(f"channel must be one of {', '.join(CHANNELS)}, was {channel}")
        if ("bar" in PARTITIONED[channel].names) != (bar is not None):
            raise InputError(f"bar must be given for klines and bars and for nothing else, was {bar} for {channel}")
        return _one_scale(self.store.scan(channel, venue, symbol, span, **({} if bar is None else {"bar": bar})))

    def klines(self, venue: str, symbol: str, bar: str, span: Span = ALL) -> pa.Table:
        """The venue's own bars by their begin; a span's end is judged by it too."""
        return self.rows("klines", venue, symbol, span, bar)

    def stored_bars(self, venue: str, symbol: str, spec: str, span: Span = ALL) -> pa.Table:
        """The bars that a recorder built from live trades, with the columns of `lake_schema.BARS`."""
        return self.rows("bars", venue, symbol, span, spec).select(BARS.names)

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
        """Any SQL of DuckDB over the tables of a lake, by channel; InputError says what DuckDB refuses."""
        if not isinstance(self.store, Lake):
            raise InputError("SQL of DuckDB is answered by a lake only: a server of a database takes its own")
        with duckdb.connect(config={"enable_external_access": "false"}) as connection:
            for channel in CHANNELS:
                connection.register(channel, self.store.dataset(channel))
            try:
                return connection.sql(text).to_arrow_table()
            except duckdb.Error as why:
                raise InputError(f"SQL must be a query that DuckDB answers ({why}), was {text}") from None


def _finest(table: pa.Table, name: str) -> int:
    return pc.max(table[name]).as_py() or 0


def _one_scale(table: pa.Table) -> pa.Table:
    """The rows with the finest scales among them; InputError where a number does not fit then."""
    scales = [name for name in table.column_names if name.endswith("_scale")]
    finest = {name: _finest(table, name) for name in scales}
    if all(pc.min(table[name]).as_py() in (None, value) for name, value in finest.items()):
        return table
    for name in set(_SCALED) & set(table.column_names):
        field = table.schema.field(name)
        try:
            column = _finer(table[name], [(table[scale], finest[scale]) for scale in _SCALED[name]])
        except pa.ArrowInvalid as why:
            decimals = "+".join(str(finest[scale]) for scale in _SCALED[name])
            raise InputError(f"{name} must fit {field.type} with {decimals} decimals, was larger ({why})") from None
        table = table.set_column(table.column_names.index(name), field, column)
    for name, value in finest.items():
        same = pa.repeat(pa.scalar(value, pa.int8()), len(table))
        table = table.set_column(table.column_names.index(name), table.schema.field(name), same)
    return table


def _finer(column: pa.ChunkedArray, scales: list[tuple[pa.ChunkedArray, int]]) -> pa.ChunkedArray:
    """A column with more decimals; ArrowInvalid where a number does not fit its type then."""
    wide = pa.decimal256(57, 0) if pa.types.is_decimal(column.type) else pa.int64()
    found = column
    for now, finest in scales:
        power = pc.power(pa.scalar(10, pa.int64()), pc.subtract(finest, now.cast(pa.int64())))
        # Decimals widen as they are multiplied: 38 digits by 19 is the widest that fits.
        factor = power.cast(pa.decimal256(19, 0)) if wide != pa.int64() else power
        found = pc.multiply_checked(found, factor).cast(column.type)
    return found


def frame(table: pa.Table) -> polars.DataFrame:
    """An answer as a Polars frame, without a copy where Polars has the same layout; InputError without Polars."""
    try:
        import polars  # noqa: PLC0415  # optional: an answer in Arrow needs none
    except ImportError:
        raise InputError(
            "polars must be installed for frames (pip install 'tickwright[polars]'), was missing"
        ) from None
    found = polars.from_arrow(table)
    assert isinstance(found, polars.DataFrame), "a table becomes a frame, only a column becomes a series"
    return found
