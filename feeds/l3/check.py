"""Rebuilds the books of one recording of single orders and counts what became of each.

catalogue: M2, M4, M12. A book is judged where an event of it is complete. A crossed book is counted and no fault:
takers are told before their trades (Bitstamp), auctions cross by right (CME before the open), and a window of the
best orders crosses at its edge (Bitfinex). Faults are missing messages, records that the books refuse, states and
checksums of the venue's own that differ, and unknown ids, as far as nothing explains them: a recording that begins in
the middle without a whole book knows no older orders; a venue without numbers may leave out at most one order of a
thousand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from feeds.l3.records import (
    CLEAR,
    CUT,
    GAP,
    LAST,
    MESSAGE,
    NOTHING,
    OLD,
    SNAPSHOT,
    SUM,
    TRADE,
    UNKNOWN_ORDER,
    Faults,
    Mask,
    Records,
    apply_with_tops,
)
from feeds.l3.source import Books, OrderSource
from native._core import OrderBooks

#: One unknown id in this many changes can be explained where the venue's messages have no number.
CHANGES_PER_UNKNOWN = 1_000

#: The counts of a book that are fields of `tickwright book`.
_COUNTED = ("messages", "deltas", "gaps", "unknown_ids", "crossed", "discarded", "checksums", "checksums_equal")

_Counts = npt.NDArray[np.int64]


@dataclass
class _Tallies:
    """Counts by book."""

    books: int
    counts: dict[str, _Counts] = field(default_factory=dict)

    def add(self, name: str, batch: Records, where: Mask) -> None:
        """Counts the records of a batch where `where` holds."""
        found = np.bincount(batch["book"][where], minlength=self.books)[: self.books]
        self.counts[name] = self.counts.get(name, np.zeros(self.books, np.int64)) + found

    def of(self, name: str, book: int) -> int:
        """One count of one book."""
        return int(self.counts[name][book]) if name in self.counts else 0


class OrderCheck:
    """The books of one source. `run` rebuilds them, `rows` says what was found."""

    def __init__(self, source: OrderSource, books: Books) -> None:
        """Makes the books with all their memory."""
        self.source = source
        self.listing = books
        self.books = OrderBooks(
            books.ticks_per_step,
            books.orders_max,
            books.levels_max,
            ghost_patience_ns=source.ghost_patience_ns,
        )
        self._tallies = _Tallies(len(books.symbols))
        self._crossing = _Crossing()

    def take(self, batch: Records) -> None:
        """Applies one batch and counts."""
        faults, tops = apply_with_tops(self.books, batch)
        flags, kind = batch["flags"], batch["kind"]
        self._count_records(batch, faults)
        ends = (flags & LAST) != 0
        both = (tops["bid_qty"] > 0) & (tops["ask_qty"] > 0)
        crossed = ends & both & (tops["bid"] >= tops["ask"])
        self._tallies.add("crossed", batch, crossed)
        self._tallies.add("one_sided", batch, ends & ~both & (kind != NOTHING))
        if len(self.listing.symbols) == 1:
            self._crossing.take(batch["ts_ns"][ends], crossed[ends])

    def _count_records(self, batch: Records, faults: Faults) -> None:
        flags, kind = batch["flags"], batch["kind"]
        whole = (flags & SNAPSHOT) != 0
        old, unknown = (flags & OLD) != 0, faults == UNKNOWN_ORDER
        changes, summed = ~np.isin(kind, (NOTHING, TRADE, CLEAR, CUT, SUM)), kind == SUM
        counted = {
            "messages": (flags & MESSAGE) != 0,
            "deltas": changes & ~whole,
            "discarded": unknown & old,
            "snapshot": changes & whole,
            "whole": whole | (kind == CLEAR),
            "gaps": (flags & GAP) != 0,
            "unknown_ids": unknown & ~old,
            "refused": (faults != 0) & (faults != UNKNOWN_ORDER) & ~summed,
            "checksums": summed,
            "checksums_equal": summed & (faults == 0),
        }
        for name, where in counted.items():
            self._tallies.add(name, batch, where)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each book with messages, in the fields of `tickwright book`; `faults` are the unexplained ones."""
        listed = self.listing.listed or [True] * len(self.listing.symbols)
        books = [book for book, named in enumerate(listed) if named and self._tallies.of("messages", book)]
        return [self._row(book) for book in books]

    def _row(self, book: int) -> dict[str, Any]:
        of = {name: self._tallies.of(name, book) for name in _COUNTED}
        compared, equal = self.source.compared()
        refused = self._tallies.of("refused", book)
        known = self.source.from_start or self._tallies.of("whole", book) > 0
        allowed = 0 if self.source.exact else of["deltas"] // CHANGES_PER_UNKNOWN
        unexplained = max(0, of["unknown_ids"] - allowed) if known else 0
        counts = {
            **self.source.told(book),
            "snapshot_orders": self._tallies.of("snapshot", book),
            "one_sided": self._tallies.of("one_sided", book),
            "refused": refused,
            **({"ghosts": self.books.ghosts} if self.source.ghost_patience_ns is not None else {}),
            **self._crossing.told(),
        }
        return {
            "instrument": self.listing.symbols[book],
            **of,
            "tops_compared": compared,
            "tops_equal": equal,
            "faults": of["gaps"] + refused + unexplained + compared - equal + of["checksums"] - of["checksums_equal"],
            "counts": {word: count for word, count in counts.items() if count},
        }


class _Crossing:
    """How often and for how long the only book of a recording was crossed, over the ends of its events."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._lasted: list[int] = []

    def take(self, ts_ns: npt.NDArray[np.int64], crossed: Mask) -> None:
        """The times of the ends of a batch, and whether the book was crossed at each."""
        edges = np.flatnonzero(np.diff(crossed, prepend=self._since is not None))
        for at in edges:
            now = int(ts_ns[at])
            if self._since is None:
                self._since = now
            else:
                self._lasted.append(now - self._since)
                self._since = None

    def told(self) -> dict[str, int]:
        """How many crossings ended, the longest and the median one in ms."""
        if not self._lasted:
            return {}
        longest, median = max(self._lasted), int(np.median(self._lasted))
        return {
            "crossings": len(self._lasted),
            "crossing_ms_median": median // 1_000_000,
            "crossing_ms_max": longest // 1_000_000,
        }
