"""Books of instruments whose tick and lot nobody has said: learnt from the messages themselves.

catalogue: M1, M4. A view of a live market is wanted before anything is configured. The decimals of the texts that
came so far are the unit; where a text with more of them comes, the book of its symbol is made anew and asked for
again.
"""

from __future__ import annotations

from typing import Any

from feeds.session import Event, Note
from native._core import BookSurvey, LiveBooks

_MARKETS = ("spot", "linear", "inverse")


class LearnedBooks:
    """The books of one connection; `units` are each symbol's present tick and lot, as powers of ten."""

    def __init__(self, feed: str, symbols: list[str]) -> None:
        """`feed` as the core names it; the books are numbered from 1 on in the order of `symbols`."""
        self.inner = LiveBooks(feed)
        self.units = dict.fromkeys(symbols, ("1", "1"))
        self.numbers = {symbol: self.inner.define(symbol, "1", "1") for symbol in symbols}
        self._survey = BookSurvey(None if feed in _MARKETS else feed)
        self._names = {number: symbol for symbol, number in self.numbers.items()}

    def take(self, payload: bytes, whole: int | None = None, ts_ns: int = 0) -> tuple[list[Event], int, list[Note]]:
        """As `LiveBooks.take`, after the units have been brought up to date."""
        self._survey.feed([payload], None if whole is None else self._names[whole])
        for symbol, tick, lot in self._survey.instruments():
            units = (unit(tick), unit(lot))
            if symbol in self.units and units != self.units[symbol]:
                self.units[symbol] = units
                self.inner.define(symbol, *units)
        return self.inner.take(payload, whole, ts_ns)

    def reset(self) -> None:
        """The connection is gone."""
        self.inner.reset()

    def distrust(self, instrument: int) -> None:
        """Empties one book."""
        self.inner.distrust(instrument)

    def state(self, instrument: int) -> dict[str, Any]:
        """`synced` and the counts of one book."""
        return self.inner.state(instrument)

    def levels(self, instrument: int, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The best `count` bids and asks in the present units."""
        return self.inner.levels(instrument, count)


def unit(text: str) -> str:
    """The power of ten of a tick or lot, not above 1."""
    decimals = len(text.partition(".")[2])
    return f"0.{'0' * (decimals - 1)}1" if decimals else "1"
