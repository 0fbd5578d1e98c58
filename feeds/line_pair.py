"""Two connections to one venue as one market: each line's session, and the books of both in the core.

catalogue: M1, M3, M4. A hole in one line is filled from the other where the venue numbers its messages alike on both;
where it does not, the book of the line that is whole by its checksums is shown (`native._core.LineBooks`). Ticks and
lots are learnt as in `feeds.learned_books`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from feeds.learned_books import unit
from feeds.live import LiveFeed
from feeds.session import Event, Note
from feeds.together import Together
from native._core import BookSurvey, LineBooks

LINES = ("A", "B")
#: What stands behind the source of a record of line B.
MARK_B = "#B"
_MARKETS = ("spot", "linear", "inverse")


class LinePair:
    """The books of some symbols on both lines, numbered from 1 on; as `feeds.market_feed.ViewBooks`."""

    def __init__(self, feed: str, symbols: Sequence[str]) -> None:
        """`feed` as the core names it."""
        self.books = LineBooks(feed)
        self.units = dict.fromkeys(symbols, ("1", "1"))
        self.numbers = {symbol: self.books.define(symbol, "1", "1") for symbol in symbols}
        self.lines = [_Line(self, line) for line in range(len(LINES))]
        self._survey = BookSurvey(None if feed in _MARKETS else feed)
        self._names = {number: symbol for symbol, number in self.numbers.items()}

    def learn(self, payload: bytes, whole: int | None) -> None:
        """Brings ticks and lots up to date; a book whose unit changes is empty then."""
        self._survey.feed([payload], None if whole is None else self._names[whole])
        for symbol, tick, lot in self._survey.instruments():
            units = (unit(tick), unit(lot))
            if symbol in self.units and units != self.units[symbol]:
                self.units[symbol] = units
                self.books.define(symbol, *units)

    @property
    def synced(self) -> bool:
        """Whether every book can be shown."""
        return all(self.state(number)["synced"] for number in self.numbers.values())

    def state(self, instrument: int) -> dict[str, Any]:
        """What both lines are together."""
        return self.books.state(instrument)

    def levels(self, instrument: int, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The best `count` bids and asks in the present units."""
        return self.books.levels(instrument, count)


class _Line:
    """One line's books, as its session drives them (`feeds.session.Books`)."""

    def __init__(self, pair: LinePair, line: int) -> None:
        self._pair, self._line = pair, line
        self._heard_ns = 0

    def take(self, payload: bytes, whole: int | None = None, ts_ns: int = 0) -> tuple[list[Event], int, list[Note]]:
        self._heard_ns = ts_ns
        self._pair.learn(payload, whole)
        return self._pair.books.take(self._line, payload, whole, ts_ns)

    def reset(self) -> None:
        self._pair.books.reset(self._line, self._heard_ns)

    def distrust(self, instrument: int) -> None:
        self._pair.books.distrust(self._line, instrument)

    def state(self, instrument: int) -> dict[str, Any]:
        return self._pair.books.line_state(self._line, instrument)


class TwoLines(Together):
    """Both lines' feeds, run together, with the books of both."""

    def __init__(self, feeds: Sequence[LiveFeed], pairs: Sequence[LinePair]) -> None:
        """Connects nothing yet; `feeds` are of lines A and B."""
        super().__init__(feeds)
        self.pairs = pairs

    @property
    def synced(self) -> bool:
        """Whether every book can be shown."""
        return all(pair.synced for pair in self.pairs)

    def tally(self) -> dict[str, int]:
        """What the sessions of both lines have seen; `gaps` are those that no line filled."""
        states = [pair.state(number) for pair in self.pairs for number in pair.numbers.values()]
        both = {name: sum(state[name] for state in states) for name in ("gaps", "filled", "switches")}
        lost = {f"gaps_{name.lower()}": feed.tally()["gaps"] for name, feed in zip(LINES, self.feeds, strict=True)}
        return {**super().tally(), **lost, **both}
