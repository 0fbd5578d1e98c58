"""How long rows are kept: 90 days in the hot store, two years in the lake, and nothing leaves before it is in the lake.

catalogue: M7. Requirements.md: the hot table keeps 90 days, the lake keeps at least two years. A partition of the hot
store that is older is compared with the lake row by row; what the lake has not is written there and compared again, and
only what is there in full may be dropped. `plan` says what would happen; `carry_out` does it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from feeds.lake import Lake
from feeds.lake_schema import SCHEMAS
from feeds.store.ports import Rows, Store
from feeds.store.tables import layout

HOT_DAYS = 90
LAKE_DAYS = 730
_EVER = (0, 2**63 - 1, 2**63 - 1)
_DAY_NS = 86_400_000_000_000


class Leaving(NamedTuple):
    """One partition that is older than its store keeps."""

    store: str
    """`hot` or `lake`."""
    channel: str
    part: dict[str, str]
    rows: int
    in_lake: int
    """How many of its rows the lake has; of a partition of the lake, all."""

    @property
    def verified(self) -> bool:
        """Whether it may be dropped as it is."""
        return self.in_lake == self.rows


def plan(
    hot: Store, lake: Lake, now_ns: int, hot_days: int = HOT_DAYS, lake_days: int = LAKE_DAYS
) -> Iterator[Leaving]:
    """What is older than it is kept, the hot store first; a day is older when all of it is."""
    for row in hot.partitions():
        channel, part = row["channel"], _part(row)
        if _end(part) <= now_ns - hot_days * _DAY_NS:
            yield Leaving("hot", channel, part, row["rows"], _shared(hot, lake, channel, part))
    for row in lake.partitions():
        part = _part(row)
        if _end(part) <= now_ns - lake_days * _DAY_NS:
            yield Leaving("lake", row["channel"], part, row["rows"], row["rows"])


def carry_out(hot: Store, lake: Lake, leaving: Leaving) -> tuple[int, int]:
    """Drops one partition, after the lake has all of it; returns rows dropped and rows written to the lake before.

    One that changed since it was planned stays: the next run sees it again.
    """
    channel, part = leaving.channel, leaving.part
    if leaving.store == "lake":
        return lake.drop(channel, [(part, leaving.rows)]), 0
    written = 0
    if not leaving.verified:
        rows = _of(hot, channel, part)
        # Named by what it holds: another piece of the same day must not replace it.
        written = lake.write(channel, rows, f"hot-{_digest(rows)}")
        if _shared(hot, lake, channel, part) != leaving.rows:
            return 0, written
    return hot.drop(channel, [(part, leaving.rows)]), written


def _shared(hot: Rows, lake: Rows, channel: str, part: dict[str, str]) -> int:
    """How many rows of a partition of the hot store the lake has too, as often as they are there.

    A row is the same whichever recording brought it: its number there and its receive time do not count.
    """
    names = [name for name in SCHEMAS[channel].names if name not in ("record", "ts_receive")]
    mine, theirs = (_counted(_of(store, channel, part), names, name) for name, store in (("hot", hot), ("lake", lake)))
    # A null is equal to nothing in a join, so it becomes a number that no venue sends.
    both = mine.join(theirs, names, join_type="inner")
    return int(np.minimum(both["hot"].to_numpy(), both["lake"].to_numpy()).sum()) if len(both) else 0


def _counted(rows: pa.Table, names: list[str], count: str) -> pa.Table:
    for at, field in enumerate(rows.schema):
        if field.nullable:
            rows = rows.set_column(at, field, rows[field.name].fill_null(-(2**63)))
    found = rows.select(names).group_by(names).aggregate([([], "count_all")])
    return found.rename_columns([*names, count])


def _of(store: Rows, channel: str, part: dict[str, str]) -> pa.Table:
    within = {name: value for name, value in part.items() if name not in ("venue", "symbol")}
    return store.scan(channel, part["venue"], part["symbol"], _EVER, **within)


def _digest(rows: pa.Table) -> str:
    digest = hashlib.sha256()
    for batch in rows.to_batches():
        digest.update(batch.serialize())
    return digest.hexdigest()[:16]


def _part(row: dict[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in layout(row["channel"]).partition}


def _end(part: dict[str, str]) -> int:
    """When the day or month of a partition is over, ns since the epoch."""
    if "day" in part:
        return int((np.datetime64(part["day"], "D") + 1).astype("M8[ns]").astype(np.int64))
    return int((np.datetime64(part["month"], "M") + 1).astype("M8[ns]").astype(np.int64))
