"""PostgreSQL's tables of market data: monthly partitions, or hypertables where TimescaleDB is in the database.

catalogue: M7, K11. They lie in the schema `market`, because `public.trades` is where our own fills are. Partitions are
called `trades_2024_01` and are made when a row needs one. K-lines have the names of requirements.md (D3 3.3.2):
`market_data_partitioned` with partitions `market_data_2024_01`, and a view `market_data` that shows decimals and a
`timestamptz` beside our integers and nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from psycopg import Cursor

from feeds.store.tables import Layout

_TYPES = {
    pa.string(): "text",
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.int8(): "smallint",
    pa.uint64(): "numeric(20, 0)",
    pa.uint32(): "bigint",
    pa.bool_(): "boolean",
    pa.decimal128(38, 0): "numeric(38, 0)",
}
_KEPT = "CREATE TABLE IF NOT EXISTS market.kept (name text PRIMARY KEY, text text NOT NULL)"
_VIEW = """
CREATE OR REPLACE VIEW market.market_data AS SELECT id, venue, symbol, bar AS interval,
    timestamptz 'epoch' + ts_venue / 1000 * interval '1 microsecond' AS timestamp,
    (open * power(10::numeric, -price_scale))::numeric(20, 8) AS open_price,
    (high * power(10::numeric, -price_scale))::numeric(20, 8) AS high_price,
    (low * power(10::numeric, -price_scale))::numeric(20, 8) AS low_price,
    (close * power(10::numeric, -price_scale))::numeric(20, 8) AS close_price,
    (volume * power(10::numeric, -qty_scale))::numeric(20, 8) AS volume
FROM market.market_data_partitioned
"""
_KLINE_INDEX = """
CREATE INDEX IF NOT EXISTS idx_market_data_symbol_interval
    ON market.market_data_partitioned (symbol, bar, ts_venue DESC)
"""


def sql(text: str) -> bytes:
    """SQL that is made of our own names only; values go beside it."""
    return text.encode()


def make(cursor: Cursor[Any], layouts: Iterable[Layout]) -> None:
    """Makes the schema and the tables that are missing."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tickwright.market'))")
    cursor.execute("CREATE SCHEMA IF NOT EXISTS market")
    cursor.execute(sql(_KEPT))
    cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")
    timescale = cursor.fetchone() is not None
    for at in layouts:
        cursor.execute("SELECT to_regclass(%s)", (f"market.{at.table}",))
        if cursor.fetchone() == (None,):
            _make(cursor, at, timescale)
        if at.channel == "klines":
            cursor.execute(sql(_KLINE_INDEX))
            cursor.execute(sql(_VIEW))


def _make(cursor: Cursor[Any], at: Layout, timescale: bool) -> None:
    columns = ", ".join(f"{field.name} {_type(at, field)}" for field in at.schema)
    key = f"PRIMARY KEY ({', '.join(at.key)})"
    split = "" if timescale else f" PARTITION BY RANGE ({at.day})"
    cursor.execute(sql(f"CREATE TABLE market.{at.table} ({columns}, {key}){split}"))
    if timescale:
        # A chunk of TimescaleDB is so many days long, not a month of the calendar.
        cursor.execute(
            "SELECT create_hypertable(%s, by_range(%s, interval '1 month'), create_default_indexes => false)",
            (f"market.{at.table}", at.day),
        )


def hypertables(cursor: Cursor[Any], layouts: Iterable[Layout]) -> set[str]:
    """The tables that are hypertables: those that do not say themselves how they are partitioned."""
    cursor.execute(
        "SELECT relname FROM pg_class "
        "WHERE relnamespace = 'market'::regnamespace AND relkind = 'r' AND relname = ANY(%s)",
        ([at.table for at in layouts],),
    )
    return {str(name) for (name,) in cursor.fetchall()}


def make_months(cursor: Cursor[Any], at: Layout, months: Iterable[str]) -> None:
    """Makes the partitions of months (`2024-01`) that are missing."""
    for month in sorted(months):
        first, after = f"{month}-01", _month_after(month)
        cursor.execute(
            sql(
                f"CREATE TABLE IF NOT EXISTS market.{partition(at, month)} PARTITION OF market.{at.table} "
                f"FOR VALUES FROM ('{first}') TO ('{after}-01')"
            )
        )


def partition(at: Layout, month: str) -> str:
    """What the partition of a month is called: `trades_2024_01`."""
    return f"{at.prefix}_{month.replace('-', '_')}"


def _month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:7])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def _type(at: Layout, field: pa.Field) -> str:
    name = "date" if field.name == at.day else _TYPES[field.type]
    return name if field.nullable else f"{name} NOT NULL"
