"""A venue's own messages about single orders, as recorded from its socket: the core reads, this finds their books.

catalogue: M1, M2, M12. Independent Reserve's whole books come over REST and stand in the recording by their request;
the others send theirs in the stream, or begin cold (Bitstamp).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from feeds.l3.bitstamp import GHOST_PATIENCE_NS
from feeds.l3.records import ADD, ORDER, PUT, Records
from feeds.l3.source import Books, OrderSource
from feeds.recorder import Recorded, What
from feeds.recordings import Recording
from native._core import OrderDecoder


@dataclass(frozen=True)
class Feed:
    """How one venue's stream is known and judged. `name` is the core's, `mark` stands where a recording begins."""

    name: str
    mark: re.Pattern[bytes]
    exact: bool
    ghost_patience_ns: int | None


FEEDS = (
    Feed("independent-reserve", re.compile(rb'"exchange":\s*"INDEPENDENT_RESERVE"'), True, None),
    Feed(
        "bitfinex-orders",
        re.compile(rb'^(\[|.*"exchange":\s*"BITFINEX").*?"prec\\?":\s*\\?"R0\\?"', re.DOTALL),
        False,
        None,
    ),
    Feed(
        "bitstamp-orders",
        re.compile(rb"^\d+ (order_created|order_changed|order_deleted) |live_orders_"),
        False,
        GHOST_PATIENCE_NS,
    ),
)
_WHOLE = re.compile(
    r"https://api\.independentreserve\.com/Public/GetAllOrders\?primaryCurrencyCode=(\w+)&secondaryCurrencyCode=(\w+)",
    re.I,
)


def feed_of(head: bytes) -> Feed | None:
    """The feed that a recording's first unpacked bytes tell, or None."""
    return next((feed for feed in FEEDS if feed.mark.search(head)), None)


class WireOrders(OrderSource):
    """One recording of one feed."""

    def __init__(self, path: Path, feed: Feed) -> None:
        """Opens nothing yet."""
        super().__init__(path)
        self.venue = feed.name
        self.exact = feed.exact
        self.ghost_patience_ns = feed.ghost_patience_ns
        self._listed: list[tuple[str, str, str]] = []
        self._decoder = OrderDecoder(feed.name)

    def survey(self) -> Books:
        """Reads the file once for its books, ticks and lots."""
        decoder = OrderDecoder(self.venue)
        wanted: set[str] = set()
        for at, symbol, run in self._runs():
            if symbol is not None:
                wanted.add(symbol)
            decoder.learn([record.payload for record in run], symbol, origin=str(self.path), first=at)
        # Independent Reserve prices an order in every money: whole books say which one is meant.
        meant = [book for book in decoder.learnt() if book[0] in wanted] or decoder.learnt()
        self._listed = meant
        adds = self._adds()
        return Books([symbol for symbol, _, _ in meant], [1] * len(meant), adds)

    def _adds(self) -> int:
        return sum(int(np.count_nonzero(np.isin(batch["kind"], (ADD, PUT)))) for batch in self.batches())

    def batches(self) -> Iterator[Records]:
        """Reads the file again, as records."""
        self._decoder = OrderDecoder(self.venue)
        for book in self._listed:
            self._decoder.define(*book)
        for at, symbol, run in self._runs():
            payloads, times = [record.payload for record in run], [record.ts_ns for record in run]
            yield np.frombuffer(self._decoder.records(payloads, times, symbol, origin=str(self.path), first=at), ORDER)

    def told(self, book: int) -> dict[str, int]:
        """The words of the recording with their counts."""
        return self._decoder.told(book)

    def _runs(self) -> Iterator[tuple[int, str | None, list[Recorded]]]:
        """Runs of messages (None) or of whole books of one symbol, with the number of their first record."""
        recording, at = Recording(self.path), 0
        for batch in recording.batches():
            self.bytes_read = recording.bytes_read
            for symbol, run_of in groupby(batch, key=_belongs):
                run = list(run_of)
                if symbol != "":
                    yield at, symbol, run
                at += len(run)
        self.torn = recording.torn


def _belongs(record: Recorded) -> str | None:
    """None for a message, the symbol for its whole book, an empty text for what is neither."""
    if record.what is What.MESSAGE:
        return None
    found = _WHOLE.match(record.source) if record.what is What.REST else None
    return f"{found[1]}-{found[2]}".lower() if found else ""
