"""A venue's own messages about single orders, as recorded from its socket: the core reads, this finds their books.

catalogue: M1, M2, M12. Whole books that come over REST stand in the recording by their request, and are joined with
what came while they were on their way; Bitfinex sends its own in the stream, and a recording of Bitstamp may begin
cold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from feeds.l3.bitstamp import GHOST_PATIENCE_NS
from feeds.l3.join import OrderStream
from feeds.l3.records import ADD, NOTHING, PUT, Records
from feeds.l3.source import Books, OrderSource
from feeds.recorder import Recorded, What, recorded_venue
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
    Feed("kraken-orders", re.compile(rb'"channel":"level3"'), False, None),
    Feed("coinbase-orders", re.compile(rb'\{"type":"received","time":"[^"]*","product_id":'), False, None),
)
_WHOLE = re.compile(
    r"https://api\.independentreserve\.com/Public/GetAllOrders\?primaryCurrencyCode=(\w+)&secondaryCurrencyCode=(\w+)"
    r"|https://www\.bitstamp\.net/api/v2/order_book/(\w+)/\?group=2"
    r"|https://api\.exchange\.coinbase\.com/products/([\w-]+)/book\?level=3",
    re.I,
)


def feed_of(head: bytes) -> Feed | None:
    """The feed that a recording's first unpacked bytes tell, or None."""
    if (venue := recorded_venue(head)) is not None:
        return next((feed for feed in FEEDS if feed.name == venue), None)
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
        self._stream = OrderStream(feed.name, [], by_rest=False)
        self._whole: set[str] = set()

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
        self._whole = wanted
        self._listed = meant
        adds = self._adds()
        return Books([symbol for symbol, _, _ in meant], [1] * len(meant), adds)

    def _adds(self) -> int:
        return sum(int(np.count_nonzero(np.isin(batch["kind"], (ADD, PUT)))) for batch in self.batches())

    def batches(self) -> Iterator[Records]:
        """Reads the file again, as records; what comes before a book's first whole one waits for it."""
        self._stream = OrderStream(self.venue, self._listed, by_rest=bool(self._whole))
        numbers = {symbol: number for number, (symbol, _, _) in enumerate(self._listed)}
        waiting = {numbers[symbol] for symbol in self._whole if symbol in numbers}
        for at, symbol, run in self._runs():
            if symbol is None:
                yield self._messages(run, at, waiting)
                continue
            for record in run if symbol in numbers else []:
                waiting.discard(numbers[symbol])
                yield self._stream.whole(numbers[symbol], symbol, record.payload, record.ts_ns)

    def _messages(self, run: list[Recorded], at: int, waiting: set[int]) -> Records:
        payloads, times = [record.payload for record in run], [record.ts_ns for record in run]
        found = self._stream.messages(payloads, times, origin=str(self.path), first=at)
        if waiting:
            found = found.copy()
            found["kind"][np.isin(found["book"], list(waiting))] = NOTHING
        return found

    def told(self, book: int) -> dict[str, int]:
        """The words of the recording with their counts."""
        return self._stream.decoder.told(book)

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
    if found is None:
        return ""
    return found[4] or (found[3] or f"{found[1]}-{found[2]}").lower()
