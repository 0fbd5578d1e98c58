"""The books of single orders of one live connection: what a session keeps in step, and a person looks at.

catalogue: M1, M2, M4. As `feeds.session.Books` and `feeds.market_feed.ViewBooks`. A book is in step from its whole
one on, which the stream begins with or REST brings; a missing message, another checksum than the venue's, an order
that nobody told, or one that is told twice is doubt, as far as the venue's messages are numbered (`feeds.l3.wire`): of
one that numbers nothing, one change of a thousand may be of an unknown order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from feeds.l3.check import CHANGES_PER_UNKNOWN
from feeds.l3.join import OrderStream
from feeds.l3.records import CLEAR, GAP, LEVEL, OLD, SNAPSHOT, SUM, UNKNOWN_ORDER, Records
from feeds.l3.wire import FEEDS
from feeds.session import Event, Note
from native._core import InputError, OrderBooks

#: Tick and lot of every book: no venue's texts have more decimals.
UNIT = "0.00000001"
#: Room for orders that are alive, a book.
_ORDERS_MAX = 1 << 15
_ROOM_MAX = 1 << 21


class LiveOrderBooks:
    """Books by symbol, numbered from 0 on."""

    def __init__(self, feed: str, symbols: Sequence[str], *, by_rest: bool) -> None:
        """Takes all memory. InputError for a feed without single orders."""
        known = {known.name: known for known in FEEDS}
        if feed not in known:
            raise InputError(f"feed must be one of {', '.join(known)}, was {feed}")
        self.feed, self._symbols, self._by_rest = known[feed], list(symbols), by_rest
        self.numbers = {symbol: number for number, symbol in enumerate(symbols)}
        self.units = dict.fromkeys(symbols, (UNIT, UNIT))
        room = min(_ROOM_MAX, _ORDERS_MAX * len(self._symbols))
        self.orders = OrderBooks([1] * len(self._symbols), room, room, ghost_patience_ns=self.feed.ghost_patience_ns)
        self._changes = dict.fromkeys(range(len(self._symbols)), 0)
        self._unknown = dict(self._changes)
        self._gaps = dict(self._changes)
        self._sums = dict(self._changes)
        self._sums_wrong = dict(self._changes)
        self.reset()

    def reset(self) -> None:
        """The connection is gone: no book is in step, and channels get other numbers."""
        self._stream = OrderStream(
            self.feed.name, [(symbol, UNIT, UNIT) for symbol in self._symbols], by_rest=self._by_rest
        )
        self._synced: set[int] = set()

    def distrust(self, instrument: int) -> None:
        """A book waits for its whole one."""
        self._synced.discard(instrument)

    def take(self, payload: bytes, whole: int | None = None, ts_ns: int = 0) -> tuple[list[Event], int, list[Note]]:
        """As `feeds.session.Books.take`: an event `orders` for each book that a message is about."""
        if whole is None:
            batch = self._stream.messages([payload], [ts_ns])
        else:
            batch = self._stream.whole(whole, self._symbols[whole], payload, ts_ns)
        notes: list[Note] = []
        books = np.unique(batch["book"]).tolist()
        for book in books:
            notes += self._book(book, batch[batch["book"] == book], begins=whole is not None)
        return [{"kind": "orders", "instrument": book} for book in books], len(batch), notes

    def _book(self, book: int, batch: Records, *, begins: bool) -> list[Note]:
        """Applies what is about one book; what follows from it."""
        whole = bool(np.any(batch["kind"] == CLEAR))
        notes: list[Note] = []
        if np.any(batch["flags"] & GAP) and not begins:
            return self._doubt(book)
        if whole and book not in self._synced:
            self._synced.add(book)
            self._changes[book] = self._unknown[book] = 0
            notes.append((book, "synced", 0, 0))
        if book not in self._synced:
            return [(book, "waiting", 0, 0)] if self._by_rest else []
        return notes + self._apply(book, batch)

    def _apply(self, book: int, batch: Records) -> list[Note]:
        faults = np.frombuffer(self.orders.apply(batch), np.uint8)
        counted = (faults != 0) & (batch["flags"] & (OLD | SNAPSHOT) == 0)
        unknown = int(np.count_nonzero(counted & (faults == UNKNOWN_ORDER)))
        refused = bool(np.any((faults != 0) & (faults != UNKNOWN_ORDER)))
        sums = batch["kind"] == SUM
        self._sums[book] += int(np.count_nonzero(sums))
        self._sums_wrong[book] += int(np.count_nonzero(faults[sums]))
        self._changes[book] += len(batch)
        self._unknown[book] += unknown
        allowed = 0 if self.feed.exact else 1 + self._changes[book] // CHANGES_PER_UNKNOWN
        return self._doubt(book) if refused or self._unknown[book] > allowed else []

    def _doubt(self, book: int) -> list[Note]:
        self._gaps[book] += 1
        # A hole in a connection's own numbers may be of any book; the connection is given up, and all of them with it.
        self.distrust(book)
        return [(book, "gap", 0, 0)]

    def state(self, instrument: int) -> dict[str, Any]:
        """`synced` and the counts of one book; a crossed one is none in itself: takers are told before their trades."""
        counts = {"crossed": 0, "checksums": self._sums[instrument], "checksums_wrong": self._sums_wrong[instrument]}
        synced = instrument in self._synced
        return {"symbol": self._symbols[instrument], "synced": synced, "gaps": self._gaps[instrument], **counts}

    def levels(self, instrument: int, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The best `count` bids and asks; empty while the book waits."""
        if instrument not in self._synced:
            return [], []
        bids, asks = (np.frombuffer(self.orders.levels(instrument, side, count), LEVEL).tolist() for side in (0, 1))
        return bids, asks
