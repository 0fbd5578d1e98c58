"""A provider that cannot look ahead: whatever is asked for, only what had been received by its clock is there.

catalogue: M10. This is `IDataProvider` of the requirements: at any moment only the cross-section of then and before.
Asking for a later time is an error and not an empty answer, because a strategy that asks is wrong.
"""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from feeds.lake_book import BookAt, book_at
from feeds.lake_query import Queries, Span
from native._core import InputError


class UtcClock(Protocol):
    """Says what time it is for the one who asks: the engine's clock, or a backtest's."""

    def utc_ns(self) -> int:
        """UTC now, ns since the epoch."""


class LookAheadError(InputError):
    """Something was asked for that lies after the provider's clock."""


class IDataProvider(Protocol):
    """What a strategy may ask for market data, live or in a backtest: nothing of it lies after the asker's clock."""

    def rows(self, channel: str, venue: str, symbol: str, since: int = 0, until: int | None = None) -> pa.Table:
        """Rows of a channel (trades, levels, tops, funding) as they were known at the clock's time."""

    def bars(self, venue: str, symbol: str, spec: str, since: int = 0, until: int | None = None) -> pa.Table:
        """Whole bars of the trades that were known at the clock's time."""

    def klines(self, venue: str, symbol: str, bar: str, since: int = 0, until: int | None = None) -> pa.Table:
        """The venue's own bars that had ended by the clock's time."""

    def book(self, venue: str, symbol: str, at: int | None = None, levels: int = 10) -> BookAt:
        """The book as it was known at a time, by default the clock's."""


class PointInTime:
    """The lake as it was known at the clock's time. Times are ns since the epoch; `until` is the clock's by default."""

    def __init__(self, queries: Queries, clock: UtcClock) -> None:
        """Reads the clock at every question."""
        self._queries = queries
        self._clock = clock

    def rows(self, channel: str, venue: str, symbol: str, since: int = 0, until: int | None = None) -> pa.Table:
        """Rows of a channel as `Queries.rows` gives them, of those received by now."""
        now = self._now(since, until)
        return self._queries.rows(channel, venue, symbol, Span(since, now if until is None else until, now))

    def bars(self, venue: str, symbol: str, spec: str, since: int = 0, until: int | None = None) -> pa.Table:
        """Bars that are whole by now, of the trades received by now."""
        now = self._now(since, until)
        return self._queries.bars(venue, symbol, spec, Span(since, now if until is None else until, now))

    def klines(self, venue: str, symbol: str, bar: str, since: int = 0, until: int | None = None) -> pa.Table:
        """The venue's own bars that have ended by now."""
        now = self._now(since, until)
        return self._queries.klines(venue, symbol, bar, Span(since, now if until is None else until, now))

    def book(self, venue: str, symbol: str, at: int | None = None, levels: int = 10) -> BookAt:
        """The book at a time, by default now."""
        now = self._now(0, at)
        return book_at(self._queries, venue, symbol, now if at is None else at, levels)

    def _now(self, since: int, until: int | None) -> int:
        """The clock's time, which nothing that is asked for may be after."""
        now = self._clock.utc_ns()
        for name, asked in (("since", since), ("until", until or 0)):
            if asked > now:
                raise LookAheadError(f"{name} must not be after the clock ({now}), was {asked}")
        return now
