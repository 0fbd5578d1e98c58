"""ClickHouse as a store: a table a channel, partitioned by month, each message once.

catalogue: M7, M10. An insert is one piece of one month, so a crash leaves a piece whole or not at all; what is sent
again is left out, because the messages of its partitions are asked for first. The engine (`ReplacingMergeTree` on the
whole key) is the second line: two writers of the same rows end in one copy, and reading says `FINAL`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from feeds.lake_schema import CHANNELS, SCHEMAS
from feeds.store.clickhouse_engine import Engine
from feeds.store.ports import Part, Times
from feeds.store.tables import Layout, keyed, layout, new_rows, part_filter, parts_of, pieces

#: A larger insert could be cut into several, of which a crash may leave some (max_insert_block_size: 1,048,449).
ROWS_MAX = 500_000
_TYPES = {
    pa.string(): "String",
    pa.int64(): "Int64",
    pa.int32(): "Int32",
    pa.int8(): "Int8",
    pa.uint64(): "UInt64",
    pa.uint32(): "UInt32",
    pa.bool_(): "Bool",
    pa.decimal128(38, 0): "Decimal(38, 0)",
}
_KEPT = (
    "CREATE TABLE IF NOT EXISTS kept (name String, text String, turn UInt64) ENGINE = ReplacingMergeTree(turn) "
    "ORDER BY name"
)


class ClickHouse:
    """Market data in ClickHouse. One writer at a time counts exactly what is new; more write each row once too."""

    def __init__(self, engine: Engine) -> None:
        """Makes the tables that are missing."""
        self._engine = engine
        for channel in CHANNELS:
            engine.do(_table(layout(channel)))
        engine.do(_KEPT)

    def write(self, channel: str, rows: pa.Table, name: str) -> int:
        """Stores rows, messages that are there already left out; returns how many were new."""
        at, new = layout(channel), 0
        rows = keyed(channel, rows, name)
        for part in parts_of(at, rows):
            mine = rows.filter(part_filter(at, part))
            mine = new_rows(channel, mine, self._known(at, part, mine))
            for piece in pieces(mine, ROWS_MAX):
                self._engine.put(at.table, _outward(at, piece))
            new += len(mine)
        return new

    def scan(self, channel: str, venue: str, symbol: str, times: Times, **within: str) -> pa.Table:
        """A channel's rows of a symbol in the order of receipt; `within` chooses further partitions (bar, day)."""
        at = layout(channel)
        since, until, known_by = times
        first, last = at.dates(since, until)
        wanted = [_equal(at, name, value) for name, value in {"venue": venue, "symbol": symbol, **within}.items()]
        wanted += [
            f"{at.day} BETWEEN '{first}' AND '{last}'",
            f"coalesce(ts_venue, ts_receive) >= {since} AND coalesce(ts_venue, ts_receive) < {until}",
            f"ts_receive <= {known_by}",
        ]
        columns = ", ".join(_read(at, name) for name in SCHEMAS[channel].names)
        found = self._engine.ask(
            f"SELECT {columns} FROM {at.table} FINAL WHERE {' AND '.join(wanted)} ORDER BY ts_receive, record, place"
        )
        return found.rename_columns(SCHEMAS[channel].names).cast(SCHEMAS[channel])

    def days(self, channel: str, venue: str, symbol: str) -> list[str]:
        """The days (or months) that a channel has rows of a symbol on, sorted."""
        at = layout(channel)
        where = " AND ".join(_equal(at, *pair) for pair in (("venue", venue), ("symbol", symbol)))
        found = self._engine.ask(f"SELECT DISTINCT {_read(at, at.day)} FROM {at.table} WHERE {where} ORDER BY 1")
        return [str(value) for value in found.column(0).to_pylist()]

    def partitions(self) -> list[dict[str, Any]]:
        """What there is: a row for each channel and partition, with its `rows`, sorted."""
        return [row for channel in CHANNELS for row in self._parts(layout(channel))]

    def keep(self, name: str, text: str) -> None:
        """Keeps a short text under a name; the one before is replaced."""
        now = self._engine.ask(f"SELECT toInt64(max(turn)) FROM kept WHERE name = {_text(name)}").column(0)[0].as_py()
        row = {"name": [name], "text": [text], "turn": pa.array([(now or 0) + 1], pa.uint64())}
        self._engine.put("kept", pa.table(row))

    def kept(self, name: str) -> str | None:
        """The text under a name, None where there is none."""
        found = self._engine.ask(f"SELECT text FROM kept FINAL WHERE name = {_text(name)}").column(0).to_pylist()
        return str(found[0]) if found else None

    def drop(self, channel: str, parts: Iterable[tuple[Part, int]]) -> int:
        """Removes partitions that have exactly as many rows as said; a month of which nothing stays goes as one."""
        at = layout(channel)
        there = {_of(at, row): int(row["rows"]) for row in self._parts(at)}
        going = {_of(at, part): rows for part, rows in parts if there.get(_of(at, part)) == rows}
        whole = {key[-1][:7] for key in going} - {key[-1][:7] for key in there if key not in going}
        for month in sorted(whole):
            self._engine.do(f"ALTER TABLE {at.table} DROP PARTITION {month.replace('-', '')}")
        for key in sorted(going):
            if key[-1][:7] not in whole:
                chosen = " AND ".join(_equal(at, *pair) for pair in zip(at.partition, key, strict=True))
                self._engine.do(f"DELETE FROM {at.table} WHERE {chosen}")
        return sum(going.values())

    def close(self) -> None:
        """Ends the connection."""
        self._engine.close()

    def _parts(self, at: Layout) -> list[dict[str, Any]]:
        read = ", ".join(_read(at, name) for name in at.partition)
        by = ", ".join(at.partition)
        found = self._engine.ask(f"SELECT {read}, toInt64(count()) FROM {at.table} FINAL GROUP BY {by} ORDER BY {by}")
        rows = found.rename_columns([*at.partition, "rows"]).to_pylist()
        return [{"channel": at.channel, **row} for row in rows]

    def _known(self, at: Layout, part: Part, rows: pa.Table) -> pa.Table:
        """The messages of a partition that are there already, of those that `rows` could be."""
        ids, origins = pc.min_max(rows["id"]).as_py(), pc.min_max(rows["origin"]).as_py()
        chosen = [_equal(at, *pair) for pair in part.items()]
        chosen += [f"id BETWEEN {ids['min']} AND {ids['max']}"]
        chosen += [f"origin BETWEEN {_text(origins['min'])} AND {_text(origins['max'])}"]
        names = ", ".join(at.message)
        found = self._engine.ask(f"SELECT DISTINCT {names} FROM {at.table} WHERE {' AND '.join(chosen)}")
        return found.cast(pa.schema([at.schema.field(name) for name in at.message]))


def _table(at: Layout) -> str:
    """The statement that makes a channel's table where it is missing."""
    columns = [f"{field.name} {_type(at, field)}" for field in at.schema]
    return (
        f"CREATE TABLE IF NOT EXISTS {at.table} ({', '.join(columns)}) ENGINE = ReplacingMergeTree "
        f"PARTITION BY toYYYYMM({at.day}) ORDER BY ({', '.join(at.key)})"
    )


def _type(at: Layout, field: pa.Field) -> str:
    if field.name == at.day:
        return "Date"
    if field.name in at.partition:
        return "LowCardinality(String)"
    name = f"Nullable({_TYPES[field.type]})" if field.nullable else _TYPES[field.type]
    # What counts up from row to row is kept as differences.
    return f"{name} CODEC(Delta, ZSTD)" if field.name in ("record", "ts_receive", "ts_venue", "moment", "id") else name


def _read(at: Layout, name: str) -> str:
    """A column as the dictionary has it."""
    if name == "month":
        return "formatDateTime(month, '%Y-%m')"
    return f"toString({name})" if name in at.partition else name


def _equal(at: Layout, name: str, value: str) -> str:
    return f"{name} = {_text(at.date(value) if name == at.day else value)}"


def _text(value: str) -> str:
    """A text as a literal of SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _of(at: Layout, row: Part | dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in at.partition)


def _outward(at: Layout, rows: pa.Table) -> pa.Table:
    """Rows as they are sent: the day as a date."""
    return rows.set_column(rows.column_names.index(at.day), pa.field(at.day, pa.date32()), at.as_dates(rows))
