"""The lake: market data as Parquet files by channel, venue, symbol and day, written whole or not at all.

catalogue: M7. A folder, or any file system of pyarrow by its address (`s3://bucket/path?endpoint_override=..`):

    trades/venue=binance-spot/symbol=BTCUSDT/day=2024-08-09/<recording>-<first record>.parquet
    klines/venue=binance-usdm/symbol=BTCUSDT/bar=1h/month=2025-09/<job>-<first time>.parquet

A file appears under its name only when it is complete. Columns are in `lake_schema`. Messages that the lake has already
(the same venue, channel, symbol, number and venue time) are left out as a file is written; where a venue numbers
nothing, only the recording itself is known again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from feeds.lake_schema import CHANNELS, PARTITIONED, SCHEMAS, STORED
from native._core import InputError

#: What tells one message of a symbol from another, beside its number.
_KEYS = {channel: ["ts_venue"] for channel in CHANNELS} | {"levels": ["ts_venue", "snapshot"]}
Column = npt.NDArray[np.int64]


class Lake:
    """One lake at one place. Any number of readers are safe beside one importer."""

    def __init__(self, place: str | Path) -> None:
        """Opens nothing yet; InputError for an address that no file system of pyarrow has."""
        text = str(place)
        try:
            local: tuple[Any, str] = (fs.LocalFileSystem(), str(Path(text).absolute()))
            files, root = fs.FileSystem.from_uri(text) if "://" in text else local
        except (OSError, ValueError, pa.ArrowException) as why:
            raise InputError(f"lake must be a folder or an address that pyarrow knows ({why}), was {place}") from None
        self.files: Any = files
        self.root: str = root

    def names(self, channel: str, **within: str) -> list[str]:
        """The paths of a channel's whole files, sorted; `within` chooses partitions: venue, symbol, bar, day, month."""
        steps = {key: f"{key}={quote(value, safe='')}" for key, value in within.items() if value}
        place = f"{self.root}/{channel}"
        for key in PARTITIONED[channel].names:  # only what lies below the chosen directories is listed
            if key not in steps:
                break
            place += f"/{steps.pop(key)}"
        chosen = fs.FileSelector(place, allow_not_found=True, recursive=True)
        paths = (info.path for info in self.files.get_file_info(chosen))
        return sorted(
            path for path in paths if path.endswith(".parquet") and all(f"/{step}/" in path for step in steps.values())
        )

    def dataset(self, channel: str, **within: str) -> Any:
        """A channel's files as an Arrow dataset with the dictionary's schema. InputError for an unknown channel."""
        if channel not in CHANNELS:
            raise InputError(f"channel must be one of {', '.join(CHANNELS)}, was {channel}")
        return ds.dataset(
            self.names(channel, **within),
            SCHEMAS[channel],
            format="parquet",
            filesystem=self.files,
            partitioning=ds.HivePartitioning(PARTITIONED[channel]),
            partition_base_dir=f"{self.root}/{channel}",
        )

    def partitions(self) -> list[dict[str, Any]]:
        """What there is: a row for each channel and partition of it, with its files, rows and bytes."""
        found: dict[tuple[str, ...], dict[str, Any]] = {}
        for channel in CHANNELS:
            names = PARTITIONED[channel].names
            for path in self.names(channel):
                steps = [unquote(step.partition("=")[2]) for step in path.split("/")[-1 - len(names) : -1]]
                head = dict(zip(("channel", *names), (channel, *steps), strict=True))
                row = found.setdefault((channel, *steps), {**head, "files": 0, "rows": 0, "bytes": 0})
                row["files"] += 1
                row["rows"] += pq.read_metadata(path, filesystem=self.files).num_rows
                row["bytes"] += self.files.get_file_info(path).size
        return list(found.values())

    def write(self, channel: str, rows: pa.Table, name: str) -> int:
        """Stores rows (partition columns included) as the file `name` of each partition; returns how many were new.

        A file of the same name is replaced: the same piece of the same recording, written again, changes nothing.
        """
        names = PARTITIONED[channel].names
        parts = rows.select(names).group_by(names).aggregate([]).to_pylist()
        return sum(self._write_part(channel, part, rows, name) for part in parts)

    def _write_part(self, channel: str, part: dict[str, str], rows: pa.Table, name: str) -> int:
        folder = "/".join(f"{key}={quote(part[key], safe='')}" for key in PARTITIONED[channel].names)
        target = f"{self.root}/{channel}/{folder}/{name}.parquet"
        chosen = pc.scalar(True)
        for key, value in part.items():
            chosen = chosen & (pc.field(key) == value)
        rows = rows.filter(chosen)
        wanted = ["id", "record", *_KEYS[channel]]
        others = [path for path in self.names(channel, **part) if path != target]
        known = [pq.read_table(path, columns=wanted, filesystem=self.files, partitioning=None) for path in others]
        new = rows.filter(pa.array(unseen(rows.select(wanted), known)))
        if new.num_rows:
            stored = new.select(STORED[channel].names).cast(STORED[channel])
            self.put(target, lambda path: pq.write_table(stored, path, filesystem=self.files, compression="zstd"))
        return int(new.num_rows)

    def scan(self, channel: str, venue: str, symbol: str, times: tuple[int, int, int], **within: str) -> pa.Table:
        """A channel's rows of a symbol in the order of receipt; `within` chooses further partitions (bar, day).

        `times`, ns: the first, the first behind them, the last that a row was received at.
        """
        since, until, known_by = times
        when = pc.coalesce(pc.field("ts_venue"), pc.field("ts_receive"))
        chosen = (when >= since) & (when < until) & (pc.field("ts_receive") <= known_by)
        day = [name for name in SCHEMAS[channel].names if name not in STORED[channel].names][-1]
        first, last = (str(np.datetime64(max(0, ns), "ns").astype("M8[D]")) for ns in (since, until - 1))
        chosen &= (pc.field(day) >= (first if day == "day" else first[:7])) & (pc.field(day) <= last)
        found = self.dataset(channel, venue=venue, symbol=symbol, **within).to_table(filter=chosen)
        # Arrow's sort is stable, so the trades of one message stay in the order in which it told them.
        return found.take(pc.sort_indices(found, sort_keys=[("ts_receive", "ascending"), ("record", "ascending")]))

    def days(self, channel: str, venue: str, symbol: str) -> list[str]:
        """The days (or months) that a channel has rows of a symbol on, sorted."""
        found = self.names(channel, venue=venue, symbol=symbol)
        return sorted({unquote(path.split("/")[-2].partition("=")[2]) for path in found})

    def keep(self, name: str, text: str) -> None:
        """Keeps a short text under a name (`imports/..`); the one before is replaced."""

        def write(path: str) -> None:
            with self.files.open_output_stream(path) as stream:
                stream.write(text.encode())

        self.put(f"{self.root}/{name}.json", write)

    def kept(self, name: str) -> str | None:
        """The text under a name, None where there is none."""
        place = f"{self.root}/{name}.json"
        if not self.files.get_file_info(place).is_file:
            return None
        with self.files.open_input_file(place) as stream:
            text: bytes = stream.read()
        return text.decode()

    def drop(self, channel: str, parts: Iterable[tuple[Mapping[str, str], int]]) -> int:
        """Removes partitions that have exactly as many rows as said (one that grew stays); returns how many rows."""
        gone = 0
        for part, rows in parts:
            paths = self.names(channel, **part)
            if sum(pq.read_metadata(path, filesystem=self.files).num_rows for path in paths) == rows:
                for path in paths:
                    self.files.delete_file(path)
                gone += rows
        return gone

    def close(self) -> None:
        """Nothing: a lake holds nothing open."""

    def put(self, target: str, write: Callable[[str], object]) -> None:
        """Lets `write` make a file beside `target`, then gives it that name: nobody sees a part of it."""
        self.files.create_dir(target.rpartition("/")[0], recursive=True)
        beside = f"{target}.part"
        write(beside)
        self.files.move(beside, target)


def unseen(rows: pa.Table, known: list[pa.Table]) -> npt.NDArray[np.bool_]:
    """Which rows belong to the first message of their key: not in `known`, and the first record here that has it."""
    whole = pa.concat_tables([*known, rows])
    record = _numbers(whole["record"])
    record[: whole.num_rows - rows.num_rows] = -1
    columns = [_numbers(whole[name]) for name in whole.column_names if name != "record"]
    order = np.lexsort(columns)
    differs = np.zeros(len(order), np.bool_)
    for column in columns:
        differs[1:] |= column[order][1:] != column[order][:-1]
    group = np.empty(len(order), np.int64)
    group[order] = np.cumsum(differs)
    first = np.full(len(order), np.iinfo(np.int64).max)
    np.minimum.at(first, group, record)
    keep: npt.NDArray[np.bool_] = (first[group] == record) | (_numbers(whole["id"]) == 0)
    return keep[whole.num_rows - rows.num_rows :]


def _numbers(column: pa.ChunkedArray) -> Column:
    """A column as numbers that are equal where its values are; null is the least."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    found: Column = column.fill_null(np.iinfo(np.int64).min if column.type == pa.int64() else 0).to_numpy()
    return found.astype(np.int64, copy=True)
