"""A walk through all changes of a book: how many levels a side stand after each, and how often one comes.

catalogue: M9. The walk begins at the first snapshot. Where snapshots come by REST (`lake_schema.BY_NUMBER`), the
changes that came before one and have a higher number than it count, as in `lake_book`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from feeds.lake_query import Queries
from feeds.lake_schema import BY_NUMBER
from native._core import L2Book

_SIDES = ("buy", "sell")
#: Levels a side that are counted; more are not asked for.
DEPTH = 10


@dataclass
class Standing:
    """What the changes of a book left behind: `after` counts them by the levels of the thinner side, up to `DEPTH`."""

    after: Counter[int] = field(default_factory=Counter)
    tops: int = 0
    seconds: float = 0.0

    @property
    def changes(self) -> int:
        """How many changes there were, snapshots included."""
        return self.after.total()

    @property
    def least(self) -> int:
        """The fewest levels that a side had after a change; 0 without one."""
        return min(self.after, default=0)

    @property
    def rate(self) -> float:
        """Updates a second: changes of the book and the venue's own best prices."""
        return (self.changes + self.tops) / self.seconds if self.seconds else 0.0

    def share(self, levels: int) -> float:
        """The share of changes after which both sides had so many levels, at most `DEPTH`."""
        return sum(count for had, count in self.after.items() if had >= levels) / max(1, self.changes)


class _Message(NamedTuple):
    begin: int
    end: int
    id: int
    snapshot: bool


def standing(queries: Queries, venue: str, symbol: str) -> Standing:
    """Walks all changes of a symbol that the lake has; a lake without a snapshot of it gives none."""
    rows, tops = (queries.rows(channel, venue, symbol) for channel in ("levels", "tops"))
    found = Standing(tops=len(tops))
    times = np.concatenate([rows["ts_receive"].to_numpy(), tops["ts_receive"].to_numpy()])
    found.seconds = float(np.ptp(times)) / 1e9 if len(times) else 0.0
    book, sides = L2Book(), rows["side"].to_pylist()
    prices, sizes = rows["price"].to_pylist(), rows["qty"].to_pylist()
    for message in _in_order(rows, by_number=venue in BY_NUMBER):
        if message.snapshot:
            book.clear()
        for at in range(message.begin, message.end):
            if prices[at] is not None:
                book.apply(_SIDES[sides[at]], prices[at], sizes[at])
        found.after[min(len(book.levels(side, DEPTH)) for side in _SIDES)] += 1
    return found


def _in_order(rows: pa.Table, by_number: bool) -> Iterator[_Message]:
    """The messages from the first snapshot on that change the book, in the order in which they do."""
    before: list[_Message] = []
    last: int | None = None
    for message in _messages(rows):
        if message.snapshot:
            last = message.id
            yield message
            joined = [waiting for waiting in before if by_number and waiting.id > last]
            yield from sorted(joined, key=lambda waiting: waiting.id)
            last = max((waiting.id for waiting in joined), default=last)
            before = []
        elif last is None:
            before.append(message)
        elif not by_number or message.id > last:
            last = message.id
            yield message


def _messages(rows: pa.Table) -> Iterator[_Message]:
    received, record = rows["ts_receive"].to_numpy(), rows["record"].to_numpy()
    if not len(rows):
        return
    starts = np.flatnonzero(np.r_[True, (received[1:] != received[:-1]) | (record[1:] != record[:-1])])
    ids, snapshots = rows["id"].to_numpy()[starts].tolist(), rows["snapshot"].to_numpy(zero_copy_only=False)[starts]
    for begin, end, id_, snapshot in zip(
        starts.tolist(), [*starts[1:].tolist(), len(rows)], ids, snapshots, strict=True
    ):
        yield _Message(begin, end, id_, bool(snapshot))
