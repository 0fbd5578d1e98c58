"""A book kept in step by the venue's documented procedure, for clients that bring streams and snapshots but no book.

Source: the venue's public page "How to manage a local order book correctly" for spot and for USD-M: buffer, take a
snapshot, drop what it covers, then chain every message (spot: U = last u + 1; USD-M: pu = last u).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.clients.trader import LEVELS, Book

BUFFER_MAX = 1_000


class StreamBook:
    """One contract's book from `depthUpdate` messages; `snapshot` gives a deep REST answer."""

    def __init__(self, market: str, keep: Callable[[Book], None]) -> None:
        """`keep` is told every state."""
        self._market = market
        self._keep = keep
        self._waiting: list[dict[str, Any]] = []
        self._sides: dict[str, dict[Decimal, Decimal]] = {}
        self._last = 0
        self._chained = False

    @property
    def heard(self) -> bool:
        """Whether a message has come, so that a snapshot may be taken."""
        return bool(self._waiting) or bool(self._last)

    def message(self, message: dict[str, Any]) -> None:
        """One depthUpdate: applied in its turn, kept for the snapshot before that; AssertionError at a gap."""
        if not self._last:
            self._waiting.append(message)
            assert len(self._waiting) <= BUFFER_MAX, "no snapshot came"
            return
        if message["u"] <= self._last and not self._chained:
            return
        before = message["U"] - 1 if self._market == "spot" else message["pu"]
        # The first message after the snapshot may begin before it; from then on each begins where the last one ended.
        fits = before == self._last if self._chained else before <= self._last
        assert fits, f"the message after {self._last} must begin there, began at {before}"
        self._chained = True
        self._apply(message)

    def snapshot(self, answer: dict[str, Any]) -> None:
        """A REST depth answer: the start, and the buffered messages after it."""
        last = int(answer["lastUpdateId"])
        self._sides = {side: {Decimal(price): Decimal(qty) for price, qty in answer[side]} for side in ("bids", "asks")}
        self._last = last
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            self.message(message)

    def _apply(self, message: dict[str, Any]) -> None:
        for side, rows in (("bids", message["b"]), ("asks", message["a"])):
            book = self._sides[side]
            for price, qty in rows:
                if Decimal(qty):
                    book[Decimal(price)] = Decimal(qty)
                else:
                    book.pop(Decimal(price), None)
        self._last = int(message["u"])
        self._keep(self.top())

    def top(self) -> Book:
        """The best levels now."""
        bids = sorted(self._sides["bids"].items(), reverse=True)[:LEVELS]
        asks = sorted(self._sides["asks"].items())[:LEVELS]
        return Book(self._last, tuple(bids), tuple(asks))
