"""The lake beside bare pyarrow: rows written and scanned, the book at a time, a year of hourly bars; floors in one run.

catalogue: M7, M10. Everything is made from a seed. A row of the result is a figure, its floor (what pyarrow alone needs
for the same bytes, measured around it) and their ratio, as JSON lines; goals are told on stderr.

example: python bench/lake.py [DIRECTORY on the disk to measure] [ROWS, 10000000 by default]
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from feeds.lake import Lake
from feeds.lake_book import book_at
from feeds.lake_query import Queries, Span
from feeds.lake_schema import PARTITIONED, SCHEMAS

ROWS = 10_000_000
PIECE_ROWS = 500_000
BEGIN_NS = 1_735_689_600_000_000_000  # 2025-01-01
DAY_NS = 86_400_000_000_000
HOUR_NS = 3_600_000_000_000
YEAR_GOAL_MS = 100.0
OF = ("binance-usdm", "BTCUSDT")


def main(words: list[str]) -> int:
    """Runs the bench; returns 0, or 1 where the year of bars misses its goal."""
    base = Path(words[0]) if words else Path(tempfile.gettempdir())
    rows = int(words[1]) if len(words) > 1 else ROWS
    place = Path(tempfile.mkdtemp(prefix="lake-", dir=base))
    try:
        written(Lake(place / "trades"), place / "bare", rows)
        books(Lake(place / "books"))
        return 0 if year(Lake(place / "year"), place) else 1
    finally:
        shutil.rmtree(place)


def written(lake: Lake, bare: Path, rows: int) -> None:
    """Trades of ten days, written in pieces as an import does, each known by its number; then all of them read."""
    took, floor = 0.0, 0.0
    bare.mkdir()
    for at in range(0, rows, PIECE_ROWS):
        piece = trades(at, min(PIECE_ROWS, rows - at), rows)
        stored = piece.drop_columns(PARTITIONED["trades"].names)
        floor += timed(lambda stored=stored, at=at: pq.write_table(stored, bare / f"{at}.parquet", compression="zstd"))
        took += timed(lambda piece=piece, at=at: lake.write("trades", piece, f"bench-{at:012d}"))
    tell("lake write", rows / took, "rows/s", rows / floor)
    scans, floors = [], []
    for _ in range(3):
        floors.append(timed(lambda: pq.read_table(bare)))
        scans.append(timed(lambda: lake.dataset("trades").to_table()))
    tell("lake scan", rows / min(scans), "rows/s", rows / min(floors))
    sums = Queries(lake)
    question = "select sum(qty) as q, count(*) as n from trades"
    took = min(timed(lambda: sums.sql(question)) for _ in range(3))
    assert sums.sql(question)["n"][0].as_py() == rows, "every row is there once"
    tell("lake sum by DuckDB", rows / took, "rows/s", rows / min(floors))


def books(lake: Lake) -> None:
    """The book at twenty times of a day of 100,000 changes, beside a bare read of the rows that it is made of."""
    lake.write("levels", levels(100_000), "bench-000000000000")
    queries, (path,) = Queries(lake), lake.names("levels")
    source = np.random.default_rng(5)
    times = (BEGIN_NS + source.integers(HOUR_NS, DAY_NS - 1, 20)).tolist()
    took = [timed(lambda at=at: book_at(queries, *OF, at)) for at in times]
    floors = [timed(lambda: pq.read_table(path, partitioning=None)) for _ in times]
    tell("book at a time, p50", median(took) * 1e3, "ms", median(floors) * 1e3)


def year(lake: Lake, place: Path) -> bool:
    """A year of hourly bars of one symbol, as backfill leaves them (a file a page and month), from begin to answer."""
    table = klines(8_760)
    for at in range(0, len(table), 1_000):
        lake.write("klines", table.slice(at, 1_000), f"bench-{at:012d}")
    bare = place / "year.parquet"
    pq.write_table(table.drop_columns(PARTITIONED["klines"].names), bare, compression="zstd")
    span, took, floors = Span(BEGIN_NS, BEGIN_NS + 366 * DAY_NS), [], []
    for _ in range(21):
        floors.append(timed(lambda: pq.read_table(bare, partitioning=None)))
        took.append(timed(lambda: Queries(lake).klines(*OF, "1h", span)))
    assert len(Queries(lake).klines(*OF, "1h", span)) == 8_760, "a year has so many hours"
    found = median(took) * 1e3
    tell("a year of 1h bars, p50", found, "ms", median(floors) * 1e3, goal=YEAR_GOAL_MS)
    return found < YEAR_GOAL_MS


def trades(first: int, rows: int, of: int) -> pa.Table:
    """Some rows, from `first` on, of a walk of prices over ten days."""
    source = np.random.default_rng((3, first))
    number = np.arange(first, first + rows, dtype=np.int64)
    ts = BEGIN_NS + number * (10 * DAY_NS // of)
    days = (ts // DAY_NS).astype("datetime64[D]").astype(str)
    columns = {
        "day": days,
        "record": number,
        "ts_receive": ts + source.integers(1_000_000, 9_000_000, rows),
        "ts_venue": ts,
        "id": number.astype(np.uint64) + 1,
        "price": 600_000 + np.cumsum(source.integers(-3, 4, rows)),
        "qty": source.integers(1, 5_000, rows),
        "flags": source.integers(0, 2, rows) * 2,
    }
    return filled("trades", columns, rows)


def levels(changes: int) -> pa.Table:
    """A snapshot of 1,000 levels a side, then changes of one level each, half of them near the best price."""
    source = np.random.default_rng(4)
    rows = 2_000 + changes
    side = np.r_[np.repeat([0, 1], 1_000), source.integers(0, 2, changes)]
    away = np.r_[np.tile(np.arange(1, 1_001), 2), np.minimum(source.geometric(0.02, changes), 1_500)]
    record = np.r_[np.zeros(2_000, np.int64), np.arange(1, changes + 1)]
    ts = BEGIN_NS + record * (DAY_NS // (changes + 1))
    columns = {
        "day": np.full(rows, "2025-01-01"),
        "record": record,
        "ts_receive": ts,
        "ts_venue": ts,
        "id": record.astype(np.uint64) + 10,
        "first": record.astype(np.uint64) + 10,
        "previous": np.r_[np.zeros(2_000, np.uint64), record[2_000:].astype(np.uint64) + 9],
        "snapshot": record == 0,
        "side": side,
        "price": 600_000 + np.where(side == 0, -away, away),
        "qty": np.r_[source.integers(1, 900, 2_000), source.integers(0, 3, changes) * 50],
    }
    return filled("levels", columns, rows)


def klines(hours: int) -> pa.Table:
    """A walk of hourly bars."""
    source = np.random.default_rng(6)
    ts = BEGIN_NS + np.arange(hours, dtype=np.int64) * HOUR_NS
    price = 600_000 + np.cumsum(source.integers(-900, 901, hours))
    columns = {
        "bar": np.full(hours, "1h"),
        "month": ts.astype("datetime64[ns]").astype("datetime64[M]").astype(str),
        "record": np.arange(hours),
        "ts_receive": ts + HOUR_NS,
        "ts_venue": ts,
        "id": ts.astype(np.uint64),
        "end_ns": ts + HOUR_NS,
        "open": price,
        "high": price + 500,
        "low": price - 500,
        "close": price + source.integers(-500, 501, hours),
        "volume": source.integers(1, 9_000_000, hours),
    }
    return filled("klines", columns, hours)


def filled(channel: str, columns: dict[str, Any], rows: int) -> pa.Table:
    """The columns and the ones that are the same in every row, as a table of the dictionary's schema."""
    same = {"venue": OF[0], "symbol": OF[1], "price_scale": 1, "qty_scale": 3}
    arrays = [
        pa.array(columns[field.name]).cast(field.type)
        if field.name in columns
        else pa.repeat(pa.scalar(same[field.name], field.type), rows)
        for field in SCHEMAS[channel]
    ]
    return pa.table(arrays, schema=SCHEMAS[channel])


def timed(do: Callable[[], object]) -> float:
    """How long it takes, s."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def median(values: list[float]) -> float:
    """The middle value."""
    return float(np.median(values))


def tell(figure: str, value: float, unit: str, floor: float, goal: float | None = None) -> None:
    """Prints one figure as JSON, and for people."""
    row = {"figure": figure, "value": round(value, 3), "unit": unit, "floor": round(floor, 3)}
    row["ratio"] = round(value / floor, 3)
    print(json.dumps(row), flush=True)
    wanted = "" if goal is None else f", wanted < {goal:g}: {'reached' if value < goal else 'MISSED'}"
    print(
        f"{figure}: {value:,.1f} {unit}, bare pyarrow {floor:,.1f}, ratio {row['ratio']:.2f}{wanted}", file=sys.stderr
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
