"""One connection's messages about single orders, joined with the whole books that REST brings besides.

catalogue: M1, M2, M3, M12. A whole book is older than the messages that came while it was on its way: they are kept,
and those that are newer than it are read once more behind it. Live books and recordings take the same way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from feeds.l3.records import GAP, MESSAGE, OLD, ORDER, SNAPSHOT, Records
from native._core import FullError, OrderDecoder

#: Messages that are kept for a whole book that may come, at most, and for how long, ns: a request takes 20 s at most.
HELD_MAX = 20_000
_HELD_NS = 60_000_000_000


class OrderStream:
    """Messages to records; `books` are (symbol, tick, lot), numbered from 0 on."""

    def __init__(self, feed: str, books: Sequence[tuple[str, str, str]], *, by_rest: bool) -> None:
        """A fresh connection; `by_rest`: whole books come beside the stream."""
        self.decoder, self._again = OrderDecoder(feed), OrderDecoder(feed)
        for book in books:
            self.decoder.define(*book)
            self._again.define(*book)
        self._by_rest = by_rest
        self._held: deque[tuple[bytes, int]] = deque(maxlen=HELD_MAX)

    def messages(self, payloads: list[bytes], ts_ns: list[int], *, origin: str = "", first: int = 0) -> Records:
        """The records of messages that were received at `ts_ns`. InputError for what cannot be read."""
        found = np.frombuffer(self.decoder.records(payloads, ts_ns, origin=origin, first=first), ORDER)
        if self._by_rest:
            self._held.extend(zip(payloads, ts_ns, strict=True))
        return found

    def whole(self, book: int, symbol: str, body: bytes, ts_ns: int) -> Records:
        """The records of a whole book, and behind them those of newer messages that came before it.

        InputError for what cannot be read; FullError where more messages came meanwhile than are kept.
        """
        found = np.frombuffer(self.decoder.records([body], [ts_ns], symbol), ORDER)
        while self._held and self._held[0][1] < ts_ns - _HELD_NS:
            self._held.popleft()
        if len(self._held) == HELD_MAX:
            raise FullError(f"messages that wait for the book of {symbol} are full, capacity {HELD_MAX}")
        self._again.records([body], [ts_ns], symbol)
        payloads, times = [held[0] for held in self._held], [held[1] for held in self._held]
        newer = np.frombuffer(self._again.records(payloads, times), ORDER)
        newer = newer[(newer["book"] == book) & (newer["flags"] & OLD == 0)]
        # They were counted, and their holes told, when they came: here they are a part of the whole book.
        newer["flags"] = newer["flags"] & ~np.uint16(GAP | MESSAGE) | SNAPSHOT
        return np.concatenate([found, newer])
