"""The tables of a store: the data dictionary's columns, and the few that dedupe and order need besides.

catalogue: M7. A message is known again by its partition, its number, its venue time and, in books, whether it is a
snapshot, as in the lake; one that the venue does not number by the recording and its place there. The primary key
ends with the row's place in its message, because a message has many rows. `Layout` says all of it in Arrow's types;
each store translates it into its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from feeds.lake import unseen
from feeds.lake_schema import CHANNELS, SCHEMAS, STORED
from native._core import InputError

#: The venue time of messages that have none: null is no part of a key.
NO_TIME = -(2**63)
#: What a store has besides the dictionary's columns.
_HIDDEN = pa.schema(
    [
        pa.field("moment", pa.int64(), False),  # ts_venue, or NO_TIME
        pa.field("origin", pa.string(), False),  # recording:record:time of what the venue does not number, else empty
        pa.field("part", pa.int32(), False),  # which row of its message it is
        pa.field("place", pa.int32(), False),  # which row of its record: the order in which the venue told them
    ]
)
#: Names of tables that differ from their channel's: requirements.md names the one for K-lines (D3 3.3.2).
_TABLES = {"klines": "market_data_partitioned"}


class Layout(NamedTuple):
    """One channel's table."""

    channel: str
    table: str
    """What the parent table is called."""
    prefix: str
    """What its monthly partitions are called, before `_2024_01`."""
    schema: pa.Schema
    """All columns, the dictionary's first."""
    partition: tuple[str, ...]
    """The columns that choose a partition of the lake: venue, symbol, (bar,) and the time."""
    key: tuple[str, ...]
    """The primary key."""

    @property
    def day(self) -> str:
        """The column of the time of a partition: `day`, or `month` where rows are few. A date in a store."""
        return self.partition[-1]

    def date(self, text: str) -> str:
        """A day or month of the lake as a date: a month is its first day."""
        return text if self.day == "day" else f"{text}-01"

    def dates(self, since: int, until: int) -> tuple[str, str]:
        """The first and the last date that rows from `since` to `until` (not in it, ns) can have."""
        found = [str(np.datetime64(max(0, ns), "ns").astype("M8[D]")) for ns in (since, until - 1)]
        return self.date(found[0][: 10 if self.day == "day" else 7]), found[1]

    def as_dates(self, rows: pa.Table) -> pa.ChunkedArray:
        """The column `day` of rows as dates of Arrow."""
        texts = rows[self.day]
        whole = texts if self.day == "day" else pc.binary_join_element_wise(texts, "01", "-")
        return pc.strptime(whole, "%Y-%m-%d", "s").cast(pa.date32())

    @property
    def message(self) -> tuple[str, ...]:
        """What tells messages apart within a partition."""
        return tuple(name for name in self.key if name not in self.partition and name != "part")


@cache
def layout(channel: str) -> Layout:
    """The table of a channel. InputError for an unknown one."""
    if channel not in CHANNELS:
        raise InputError(f"channel must be one of {', '.join(CHANNELS)}, was {channel}")
    schema, stored = SCHEMAS[channel], set(STORED[channel].names)
    partition = tuple(name for name in schema.names if name not in stored)
    told = ("snapshot",) if "snapshot" in schema.names else ()
    key = (*partition, "id", "moment", *told, "origin", "part")
    table = _TABLES.get(channel, channel)
    whole = pa.schema([*schema, *_HIDDEN])
    return Layout(channel, table, table.removesuffix("_partitioned"), whole, partition, key)


def keyed(channel: str, rows: pa.Table, name: str) -> pa.Table:
    """Rows of the dictionary with the hidden columns, messages that come twice among them once.

    `name` is that of `Store.write`: what stands before its last `-` names the recording.
    """
    at = layout(channel)
    rows = rows.select(SCHEMAS[channel].names).combine_chunks()
    number = rows["record"].to_numpy()
    moment = rows["ts_venue"].fill_null(NO_TIME)
    recording = name.rpartition("-")[0] or name
    record = pc.utf8_lpad(rows["record"].cast(pa.string()), 19, "0")
    # With its time, because a journal that lost its end in a power cut gives the same numbers again.
    named = pc.binary_join_element_wise(pa.scalar(recording), record, rows["ts_receive"].cast(pa.string()), ":")
    origin = pc.if_else(pc.equal(rows["id"], pa.scalar(0, pa.uint64())), named, "")
    tell = [_codes(rows[column]) for column in at.partition] + [_codes(rows["id"]), moment.to_numpy()]
    tell += [_codes(rows[column]) for column in at.message if column == "snapshot"]
    rows = rows.append_column(at.schema.field("moment"), moment)
    rows = rows.append_column(at.schema.field("origin"), origin)
    rows = rows.append_column(at.schema.field("part"), pa.array(_ordinal([*tell, number])))
    rows = rows.append_column(at.schema.field("place"), pa.array(_ordinal([number])))
    parts = [rows.filter(part_filter(at, part)) for part in parts_of(at, rows)]
    kept = [part.filter(pa.array(unseen(part.select(_wanted(at)), []))) for part in parts]
    return pa.concat_tables(kept) if kept else rows


def parts_of(at: Layout, rows: pa.Table) -> list[dict[str, str]]:
    """The partitions that rows are in."""
    found: list[dict[str, str]] = rows.select(at.partition).group_by(list(at.partition)).aggregate([]).to_pylist()
    return found


def part_filter(at: Layout, part: dict[str, str]) -> pc.Expression:
    """Chooses the rows of a partition."""
    chosen = pc.scalar(True)
    for name in at.partition:
        chosen = chosen & (pc.field(name) == part[name])
    return chosen


def new_rows(channel: str, rows: pa.Table, known: pa.Table) -> pa.Table:
    """The rows of one partition (`keyed`) whose messages are not among `known`, which has the columns of `message`."""
    at = layout(channel)
    moments = pc.if_else(pc.equal(known["moment"], NO_TIME), pa.scalar(None, pa.int64()), known["moment"])
    seen = known.append_column("ts_venue", moments)
    seen = seen.append_column("record", pa.repeat(pa.scalar(-1, pa.int64()), len(seen)))
    told = rows.select(_wanted(at))
    keep = pa.array(unseen(told, [seen.select(told.column_names).cast(told.schema)]))
    numbered = pc.equal(rows["origin"], "")
    there = pc.is_in(rows["origin"], value_set=known["origin"].combine_chunks())
    return rows.filter(pc.and_(keep, pc.or_(numbered, pc.invert(there))))


def pieces(rows: pa.Table, rows_max: int) -> Iterator[pa.Table]:
    """Rows in runs of at most so many, cut between records only: a message that is there is there whole."""
    record = rows["record"].to_numpy()
    cuts = np.flatnonzero(np.r_[True, record[1:] != record[:-1]]) if len(rows) else np.empty(0, np.int64)
    begin = 0
    while begin < len(rows):
        fits = int(np.searchsorted(cuts, begin + rows_max, "right")) - 1
        end = len(rows) if len(rows) - begin <= rows_max else int(cuts[fits])
        if end <= begin:  # one record that is larger goes whole
            end = int(cuts[fits + 1]) if fits + 1 < len(cuts) else len(rows)
        yield rows.slice(begin, end - begin)
        begin = end


def _wanted(at: Layout) -> list[str]:
    return ["id", "record", "ts_venue", *(name for name in at.message if name == "snapshot")]


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A column as numbers that are equal where its values are."""
    packed = column.combine_chunks().dictionary_encode()
    found: npt.NDArray[np.int64] = packed.indices.to_numpy().astype(np.int64)
    return found


def _ordinal(columns: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int32]:
    """For each row how many rows before it have the same values."""
    count = len(columns[0])
    order = np.lexsort(columns)
    first = np.ones(count, np.bool_)
    first[1:] = False
    for column in columns:
        first[1:] |= column[order][1:] != column[order][:-1]
    begins = np.maximum.accumulate(np.where(first, np.arange(count), 0))
    found = np.empty(count, np.int32)
    found[order] = np.arange(count) - begins
    return found
