"""Several connections of one venue as one feed: lines, and what a venue serves on a socket of its own.

catalogue: M1, M3. They are run together; what one of them raises ends them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from feeds.live import LiveFeed
from feeds.session import Event, Note
from native._core import LiveBooks


class Together:
    """Feeds that are run together; as `feeds.market_feed.MarketFeed`."""

    def __init__(self, feeds: Sequence[LiveFeed]) -> None:
        """Connects nothing yet."""
        self.feeds = feeds

    @property
    def synced(self) -> bool:
        """Whether every book of every feed is in step."""
        return all(feed.synced for feed in self.feeds)

    async def run(self) -> None:
        """Keeps all of them up until `close`."""
        try:
            async with asyncio.TaskGroup() as group:
                for feed in self.feeds:
                    group.create_task(feed.run())
        except BaseExceptionGroup as several:
            # What one raised ends the others; the first is what happened.
            raise several.exceptions[0] from None

    def close(self) -> None:
        """Ends all of them."""
        for feed in self.feeds:
            feed.close()

    def tally(self) -> dict[str, int]:
        """What the sessions of all of them have seen."""
        found = [feed.tally() for feed in self.feeds]
        return {name: sum(tally[name] for tally in found) for name in found[0]}


class Figures:
    """What a connection without books tells, for a session: nothing to keep in step (`feeds.session.Books`)."""

    def __init__(self, feed: str, symbols: Sequence[str]) -> None:
        """`feed` as the core names it."""
        self._books = LiveBooks(feed)
        self.numbers = {symbol: self._books.watch(symbol) for symbol in symbols}

    def take(self, payload: bytes, whole: int | None = None, ts_ns: int = 0) -> tuple[list[Event], int, list[Note]]:
        """How many things a message told."""
        return [], self._books.take(payload, whole, ts_ns)[1], []

    def reset(self) -> None:
        """Nothing is kept."""

    def distrust(self, instrument: int) -> None:
        """Nothing is kept that could be in doubt."""

    def state(self, instrument: int) -> dict[str, Any]:
        """Nothing is out of step."""
        return {"synced": True}
