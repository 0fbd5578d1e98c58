"""Rebuilds the books of a recording of two lines: each line's, and what they are together.

catalogue: M3, M4, M12. The copies go through the same arbitration as live, in the order and at the times at which they
came. A hole of one line is no fault, because a recording of two lines is made for that; one of both is, and so is a
book of both that crosses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from feeds.binance import snapshot_symbol
from feeds.line_pair import LINES, MARK_B
from feeds.public import book_request
from feeds.recorder import Recorded, What
from feeds.recordings import Recording
from feeds.venue import session_of
from native._core import BookSurvey, DecodeError, LineBooks

#: The line of a row about both.
BOTH = "A+B"
_MARKETS = ("spot", "linear", "inverse")


class LinesFile:
    """One recording of both lines. `survey` learns its instruments, `rebuild` fills in `rows`."""

    def __init__(self, path: Path, venue: str) -> None:
        """Opens nothing yet. InputError for a venue without a session."""
        self.path, self.venue = path, venue
        self.recording = Recording(path)
        self.seconds = 0.0
        self.rows: list[tuple[str, dict[str, Any]]] = []
        self._feed = session_of(venue).books
        self._survey = BookSurvey(None if self._feed in _MARKETS else self._feed)

    @property
    def torn(self) -> str | None:
        """What is torn at the file's end."""
        return self.recording.torn

    def survey(self, tick: Callable[[Recording], None]) -> None:
        """The first pass: ticks and lots."""
        for at, record in enumerate(self._records(tick)):
            if record.what in (What.MESSAGE, What.REST):
                self._survey.feed([record.payload], _symbol(record), origin=str(self.path), first=at)

    def rebuild(self, tick: Callable[[Recording], None]) -> None:
        """The second pass."""
        books = LineBooks(self._feed)
        numbers = {symbol: books.define(symbol, *steps) for symbol, *steps in self._survey.instruments()}
        messages = [0, 0]
        for record in self._records(tick):
            line = int(record.source.endswith(MARK_B))
            symbol = _symbol(record)
            if record.what is What.DOWN:
                books.reset(line, record.ts_ns)
            elif record.what is What.MESSAGE or symbol in numbers:
                messages[line] += record.what is What.MESSAGE
                self._take(books, line, record, None if symbol is None else numbers[symbol])
        self.rows = [(self.venue, row) for symbol, at in numbers.items() for row in _rows(books, symbol, at, messages)]

    def _take(self, books: LineBooks, line: int, record: Recorded, whole: int | None) -> None:
        try:
            books.take(line, record.payload, whole, record.ts_ns)
        except DecodeError:
            # As in a session: what it was shows by its absence.
            return

    def _records(self, tick: Callable[[Recording], None]) -> Iterator[Recorded]:
        for batch in self.recording.batches():
            tick(self.recording)
            yield from batch


def _symbol(record: Recorded) -> str | None:
    """The symbol of a whole book over REST; None for anything else."""
    if record.what is not What.REST:
        return None
    request = record.source.removesuffix(MARK_B)
    found = book_request(request)
    return found[1] if found else snapshot_symbol(request)


def _rows(books: LineBooks, symbol: str, number: int, messages: list[int]) -> list[dict[str, Any]]:
    """A row for each line, which has no fault, and one for both; the messages are of all symbols."""
    rows = []
    for line, name in enumerate(LINES):
        state = books.line_state(line, number)
        rows.append(_row(symbol, name, state, messages[line], state["applied"]))
    state = books.state(number)
    both = _row(symbol, BOTH, state, sum(messages), max(row["deltas"] for row in rows))
    counts = {name: state[name] for name in ("filled", "switches") if state[name]}
    return [*rows, {**both, "faults": state["gaps"] + state["crossed"], "counts": counts}]


def _row(symbol: str, line: str, state: dict[str, Any], messages: int, deltas: int) -> dict[str, Any]:
    counts = {name: state[name] for name in ("gaps", "crossed", "checksums")}
    equal = state["checksums"] - state["checksums_wrong"]
    head = {"instrument": symbol, "line": line, "messages": messages, "deltas": deltas}
    return {**head, **counts, "checksums_equal": equal, "faults": 0}
