"""PostgreSQL as a store: a table a channel, partitioned by month, each message once.

catalogue: M7, M10, K11. Rows come in batches by COPY into a temporary table and from there with ON CONFLICT DO NOTHING,
in one transaction: a batch is there whole or not at all. Writers of a channel wait for one another, so what is asked
to be there already cannot change before the commit. They go out by COPY too, as CSV, which Arrow reads
and writes column by column, exactly.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, Cursor
from pyarrow import csv

from feeds.lake_schema import CHANNELS, SCHEMAS
from feeds.store import postgres_tables
from feeds.store.address import Address, hidden
from feeds.store.ports import Part, StoreError, Times
from feeds.store.postgres_tables import sql
from feeds.store.tables import Layout, keyed, layout, new_rows, part_filter, parts_of

_CONNECT_S = 10
_LAYOUTS = tuple(map(layout, CHANNELS))


class Postgres:
    """Market data in PostgreSQL. Any number of writers and readers; a lost connection is made anew by the next call."""

    def __init__(self, address: Address) -> None:
        """Connects, and makes the tables that are missing."""
        self._address = address
        self._connection: Connection[Any] | None = None
        self._months: set[tuple[str, str]] = set()
        with self._cursor() as cursor:
            postgres_tables.make(cursor, _LAYOUTS)
            self.hypertables = postgres_tables.hypertables(cursor, _LAYOUTS)

    def write(self, channel: str, rows: pa.Table, name: str) -> int:
        """Stores rows, messages that are there already left out; returns how many were new."""
        at = layout(channel)
        rows = keyed(channel, rows, name)
        self._make_months(at, rows)
        with self._cursor() as cursor:
            _lock(cursor, at)
            kept = []
            for part in parts_of(at, rows):
                mine = rows.filter(part_filter(at, part))
                kept.append(new_rows(channel, mine, _known(cursor, at, part, mine)))
            new = pa.concat_tables(kept) if kept else rows
            return _insert(cursor, at, new) if len(new) else 0

    def scan(self, channel: str, venue: str, symbol: str, times: Times, **within: str) -> pa.Table:
        """A channel's rows of a symbol in the order of receipt; `within` chooses further partitions (bar, day)."""
        at = layout(channel)
        since, until, known_by = times
        chosen, values = _equal(at, {"venue": venue, "symbol": symbol, **within})
        query = (
            f"SELECT {', '.join(_read(at, name) for name in SCHEMAS[channel].names)} FROM market.{at.table} "
            f"WHERE {chosen} AND {at.day} BETWEEN %s AND %s AND coalesce(ts_venue, ts_receive) >= %s "
            "AND coalesce(ts_venue, ts_receive) < %s AND ts_receive <= %s ORDER BY ts_receive, record, place"
        )
        with self._cursor() as cursor:
            return _copied(cursor, query, [*values, *at.dates(since, until), since, until, known_by], SCHEMAS[channel])

    def days(self, channel: str, venue: str, symbol: str) -> list[str]:
        """The days (or months) that a channel has rows of a symbol on, sorted."""
        at = layout(channel)
        chosen, values = _equal(at, {"venue": venue, "symbol": symbol})
        with self._cursor() as cursor:
            cursor.execute(sql(f"SELECT DISTINCT {_read(at, at.day)} FROM market.{at.table} WHERE {chosen}"), values)
            return sorted(str(day) for (day,) in cursor.fetchall())

    def partitions(self) -> list[dict[str, Any]]:
        """What there is: a row for each channel and partition, with its `rows`, sorted."""
        with self._cursor() as cursor:
            return [row for at in _LAYOUTS for row in _parts(cursor, at)]

    def keep(self, name: str, text: str) -> None:
        """Keeps a short text under a name; the one before is replaced."""
        with self._cursor() as cursor:
            cursor.execute(
                "INSERT INTO market.kept VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                (name, text),
            )

    def kept(self, name: str) -> str | None:
        """The text under a name, None where there is none."""
        with self._cursor() as cursor:
            found = cursor.execute("SELECT text FROM market.kept WHERE name = %s", (name,)).fetchone()
        return None if found is None else str(found[0])

    def drop(self, channel: str, parts: Iterable[tuple[Part, int]]) -> int:
        """Removes partitions that have exactly as many rows as said; a month of which nothing stays goes as one."""
        at = layout(channel)
        with self._cursor() as cursor:
            _lock(cursor, at)
            there = {_of(at, row): int(row["rows"]) for row in _parts(cursor, at)}
            going = {_of(at, part): rows for part, rows in parts if there.get(_of(at, part)) == rows}
            whole = set()
            if at.table not in self.hypertables:
                whole = {key[-1][:7] for key in going} - {key[-1][:7] for key in there if key not in going}
            for month in sorted(whole):
                cursor.execute(sql(f"DROP TABLE market.{postgres_tables.partition(at, month)}"))
            for key in sorted(going):
                if key[-1][:7] not in whole:
                    chosen, values = _equal(at, dict(zip(at.partition, key, strict=True)))
                    cursor.execute(sql(f"DELETE FROM market.{at.table} WHERE {chosen}"), values)
            if at.table in self.hypertables and going:
                _drop_empty_chunks(cursor, at)
        self._months.clear()
        return sum(going.values())

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    @contextmanager
    def _cursor(self) -> Iterator[Cursor[Any]]:
        """A cursor in a transaction, which is committed at the end; what PostgreSQL says becomes a StoreError."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._address.url, connect_timeout=_CONNECT_S)
            with self._connection.transaction(), self._connection.cursor() as cursor:
                yield cursor
        except psycopg.Error as why:
            if self._connection is not None and (self._connection.broken or isinstance(why, psycopg.OperationalError)):
                self.close()
            said = hidden((str(why).strip().splitlines() or ["failed"])[0])
            raise StoreError(f"store {self._address.shown}: {said}") from None

    def _make_months(self, at: Layout, rows: pa.Table) -> None:
        """Before the transaction that writes, because a new partition keeps everybody from the table."""
        if at.table in self.hypertables:
            return
        months = {str(day)[:7] for day in pc.unique(rows[at.day]).to_pylist()}
        missing = {month for month in months if (at.table, month) not in self._months}
        if missing:
            with self._cursor() as cursor:
                _lock(cursor, at)
                postgres_tables.make_months(cursor, at, missing)
            self._months |= {(at.table, month) for month in missing}


def _lock(cursor: Cursor[Any], at: Layout) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"tickwright.{at.table}",))


def _known(cursor: Cursor[Any], at: Layout, part: Part, rows: pa.Table) -> pa.Table:
    """The messages of a partition that are there already, of those that `rows` could be."""
    ids, origins = pc.min_max(rows["id"]).as_py(), pc.min_max(rows["origin"]).as_py()
    chosen, values = _equal(at, part)
    query = (
        f"SELECT DISTINCT {', '.join(at.message)} FROM market.{at.table} "
        f'WHERE {chosen} AND id BETWEEN %s AND %s AND origin COLLATE "C" BETWEEN %s AND %s'
    )
    bounds = [ids["min"], ids["max"], origins["min"], origins["max"]]
    return _copied(cursor, query, [*values, *bounds], pa.schema([at.schema.field(name) for name in at.message]))


def _insert(cursor: Cursor[Any], at: Layout, rows: pa.Table) -> int:
    names = ", ".join(rows.schema.names)
    text = io.BytesIO()
    dated = rows.set_column(rows.column_names.index(at.day), pa.field(at.day, pa.date32()), at.as_dates(rows))
    csv.write_csv(dated, text, csv.WriteOptions(include_header=False))
    stage = f"stage_{at.table}"
    cursor.execute(sql(f"CREATE TEMPORARY TABLE {stage} (LIKE market.{at.table}) ON COMMIT DROP"))
    with cursor.copy(sql(f"COPY {stage} ({names}) FROM STDIN (FORMAT csv)")) as copy:
        copy.write(text.getbuffer())
    cursor.execute(sql(f"INSERT INTO market.{at.table} ({names}) SELECT {names} FROM {stage} ON CONFLICT DO NOTHING"))
    return cursor.rowcount


def _copied(cursor: Cursor[Any], query: str, values: list[Any], schema: pa.Schema) -> pa.Table:
    """What a query finds, by COPY."""
    text = io.BytesIO()
    with cursor.copy(sql(f"COPY ({query}) TO STDOUT (FORMAT csv)"), values) as copy:
        for block in copy:
            text.write(block)
    if not text.tell():
        return schema.empty_table()
    text.seek(0)
    types = {field.name: field.type for field in schema}
    read = csv.ReadOptions(column_names=schema.names)
    values_as = csv.ConvertOptions(column_types=types, null_values=[""], true_values=["t"], false_values=["f"])
    # A text of nothing is quoted and a null is not: PostgreSQL writes both so.
    values_as.strings_can_be_null, values_as.quoted_strings_can_be_null = True, False
    return csv.read_csv(text, read, None, values_as).cast(schema)


def _parts(cursor: Cursor[Any], at: Layout) -> list[dict[str, Any]]:
    read, by = ", ".join(_read(at, name) for name in at.partition), ", ".join(at.partition)
    cursor.execute(sql(f"SELECT {read}, count(*) FROM market.{at.table} GROUP BY {by}"))
    names = ("channel", *at.partition, "rows")
    # Sorted here, because a database sorts texts by its own locale.
    return [dict(zip(names, (at.channel, *row), strict=True)) for row in sorted(cursor.fetchall())]


def _drop_empty_chunks(cursor: Cursor[Any], at: Layout) -> None:
    """Chunks of TimescaleDB that lie before everything that is left hold nothing any more."""
    found = cursor.execute(sql(f"SELECT min({at.day}) FROM market.{at.table}")).fetchone()
    if found is not None and found[0] is not None:
        cursor.execute("SELECT drop_chunks(%s, older_than => %s::date)", (f"market.{at.table}", found[0]))


def _read(at: Layout, name: str) -> str:
    """A column as the dictionary has it."""
    if name == at.day:
        return f"to_char({name}, '{'YYYY-MM-DD' if name == 'day' else 'YYYY-MM'}')"
    return name


def _equal(at: Layout, part: Part) -> tuple[str, list[str]]:
    """Chooses a partition: a condition and its values."""
    values = [at.date(value) if name == at.day else value for name, value in part.items()]
    return " AND ".join(f"{name} = %s" for name in part), values


def _of(at: Layout, row: Part | dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in at.partition)
