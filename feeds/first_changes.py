"""Binance's books as far as a recorder follows them: which have sent a change since the connection was made.

catalogue: M12. Its decoder needs each symbol's tick and lot, which a recorder does not know; a combined message begins
with its stream's name, so that a symbol's first change is told by it, undecoded.
"""

from __future__ import annotations

from typing import Any

from feeds.session import Event, Note
from feeds.venue.binance import Binance


class FirstChanges:
    """Notes the first change of each symbol, with which its whole book is asked for."""

    def __init__(self, venue: Binance, symbols: list[str]) -> None:
        """Of these symbols, numbered from 1 on."""
        self.numbers = {symbol: number for number, symbol in enumerate(symbols, start=1)}
        self._prefixes = {
            f'{{"stream":"{venue.market.streams(symbol)[0]}"'.encode(): number
            for symbol, number in self.numbers.items()
        }
        self._awaited = dict(self._prefixes)

    def take(self, payload: bytes, whole: int | None = None, ts_ns: int = 0) -> tuple[list[Event], int, list[Note]]:
        """Notes a first change, and that a whole book is there."""
        del ts_ns
        if whole is not None:
            return [], 1, [(whole, "synced", 0, 0)]
        number = self._awaited.pop(payload[: payload.find(b",")], None) if self._awaited else None
        return [], 1, [] if number is None else [(number, "waiting", 0, 0)]

    def reset(self) -> None:
        """Another connection: every first change is awaited again."""
        self._awaited = dict(self._prefixes)

    def distrust(self, instrument: int) -> None:
        """Nothing is kept that could be in doubt."""

    def state(self, instrument: int) -> dict[str, Any]:
        """What has been said to be in step is."""
        return {"synced": True}
