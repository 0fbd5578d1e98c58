"""An ITCH channel that is being received: over MoldUDP64 or SoupBinTCP into books, onto a tape, or both.

catalogue: M1, M2, M3, M7, M12. What a tape gets is what came, byte for byte, each datagram with its line; besides it
notes where a hole was given up and where a connection began, because a reader cannot know it: `feeds.itch.recorded`
makes the same messages of it again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from feeds.backoff import Backoff
from feeds.itch.books import ItchBooks
from feeds.itch.where import Where
from feeds.market_feed import MarketFeed, Tape, ViewBooks
from feeds.mold import MoldFeed
from feeds.ports import Clock
from feeds.soup import Login, SoupSession

VENUE = "itch"


class ItchFeed:
    """One channel; `books` and `tape` where they are wanted."""

    def __init__(self, where: Where, clock: Clock, books: ItchBooks | None = None, tape: Tape | None = None) -> None:
        """Opens nothing yet. InputError for lines that cannot be."""
        self._where, self._books, self._tape = where, books, tape
        self._messages = 0
        self._gaps = 0
        self._line: MoldFeed | SoupSession
        if isinstance(where.at, Login):
            backoff = Backoff(random.Random(1))
            self._line = SoupSession(where.at, self._message, lambda kind, _: self._event(kind), backoff, tap=self._tap)
        else:
            self._line = MoldFeed(
                where.at, self._message, lambda kind, _, __, ___: self._event(kind), clock, tap=self._tap
            )

    def _message(self, _: int, payload: bytes) -> None:
        self._messages += 1
        if self._books is not None:
            self._books.message(payload)

    def _event(self, kind: str) -> None:
        self._gaps += kind == "gap"
        if self._books is not None and kind == "gap":
            self._books.lost()
        if self._books is not None and kind == "session":
            self._books.restart()

    def _tap(self, source: str, data: bytes) -> None:
        if self._tape is not None:
            self._tape.message(data, source)

    @property
    def synced(self) -> bool:
        """Whether every book is whole."""
        return self._books is None or self._books.synced

    async def run(self) -> None:
        """Receives until the session has ended or `close`."""
        if self._tape is not None:
            self._tape.link(True, self._where.text)
        await self._line.run()

    def close(self) -> None:
        """Ends `run`."""
        self._line.close()

    def tally(self) -> dict[str, int]:
        """Counts of messages, and what a multicast line lost and was brought again."""
        counts = {"messages": self._messages, "gaps": self._gaps}
        if isinstance(self._line, SoupSession):
            return {**counts, "garbage": self._garbage(0), "connections": 1 + self._line.reconnects}
        figures: dict[str, Any] = self._line.figures()
        told = {name: figures[name] for name in ("requested", "recovered", "lost")}
        lines = {f"line_{name}_lost": line["lost"] for name, line in zip("ab", figures["lines"], strict=False)}
        return {**counts, "garbage": self._garbage(figures["unreadable"]), "connections": 1, **told, **lines}

    def _garbage(self, of_lines: int) -> int:
        return of_lines + (0 if self._books is None else self._books.garbage)


@dataclass(frozen=True)
class ItchMarket:
    """The channel and symbols that a command named; as `feeds.market_feed.Market`."""

    symbols: Sequence[str]
    where: Where
    name: str = VENUE

    def about(self) -> dict[str, Any]:
        """Where it is received, and from which message on."""
        return {"lines": self.where.text, "session": self.where.at.session, "next": self.where.next_number}

    def view(self, clock: Clock, http: aiohttp.ClientSession) -> tuple[MarketFeed, list[ViewBooks]]:
        """A feed with books."""
        del http
        books = ItchBooks(self.symbols, self.where.orders_max, from_start=self.where.next_number == 1)
        return ItchFeed(self.where, clock, books), [books]

    def record(self, tape: Tape, clock: Clock, http: aiohttp.ClientSession) -> MarketFeed:
        """A feed onto a tape."""
        del http
        return ItchFeed(self.where, clock, tape=tape)
