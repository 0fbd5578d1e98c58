"""What a live market looks like to who shows or records it, whatever carries it: sockets of a venue, or multicast.

catalogue: M1, M12. The verbs know these protocols alone; `feeds.source` has what fills them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp

from feeds.ports import Clock


class ViewBooks(Protocol):
    """Books whose levels can be shown: each symbol's number, and its tick and lot as decimal texts."""

    @property
    def numbers(self) -> Mapping[str, int]:
        """By symbol."""

    @property
    def units(self) -> Mapping[str, tuple[str, str]]:
        """By symbol."""

    def state(self, instrument: int) -> dict[str, Any]:
        """`synced, gaps, crossed, checksums, checksums_wrong` of one book."""

    def levels(self, instrument: int, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The best `count` bids and asks in ticks and lots."""


class MarketFeed(Protocol):
    """A market that is being received."""

    @property
    def synced(self) -> bool:
        """Whether every book is in step now."""

    async def run(self) -> None:
        """Receives until `close`, or until the venue has ended the session."""

    def close(self) -> None:
        """Ends `run`."""

    def tally(self) -> dict[str, int]:
        """`messages, garbage, gaps, connections` since it was made."""


class Tape(Protocol):
    """Where a recorded market goes, byte for byte; the tape has the clock."""

    def message(self, payload: bytes, source: str) -> None:
        """What came, and by which `source` a reader knows it again."""

    def rest(self, body: bytes, source: str) -> None:
        """The body of a REST answer, and its request."""

    def link(self, up: bool, source: str) -> None:
        """A connection was made, to `source`, or was lost."""


class Viewed(Protocol):
    """What can be watched."""

    @property
    def name(self) -> str:
        """The feed's."""

    @property
    def symbols(self) -> Sequence[str]:
        """As the venue writes them."""

    def view(self, clock: Clock, http: aiohttp.ClientSession) -> tuple[MarketFeed, list[ViewBooks]]:
        """A feed that keeps whole books, and these."""


class Market(Viewed, Protocol):
    """What `--venue` and `--symbols` named."""

    def about(self) -> dict[str, Any]:
        """What the head of a recording says of where it came from."""

    def record(self, tape: Tape, clock: Clock, http: aiohttp.ClientSession) -> MarketFeed:
        """A feed that puts everything on a tape."""
