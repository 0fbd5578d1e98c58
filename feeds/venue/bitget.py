"""Bitget v1 market data: books with checksum and trades, on a socket for spot and one for futures.

catalogue: M1. <https://bitgetlimited.github.io/apidoc/en/spot/#websocket-api>: `ping` every 30 s, answered `pong`;
240 subscriptions an hour and 1,000 channels a connection. The venue serves v2 since, whose trades are objects: these
sessions are proved on recordings of v1, and refused at the production address. The checksum covers 25 levels a side;
what is lost beyond shows in the book that is asked for again every five minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, Control, Endpoints, Ping, Venue, chunks, frame, refused

_CHANNELS = ("books", "trade", "ticker", "candle1m")
_SYMBOLS_A_FRAME = 20


class Bitget(Venue):
    """Bitget's `books`, `trade`, `ticker` and klines of a minute under a symbol's plain name."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message for every twenty symbols."""
        return [self._frame("subscribe", some, _CHANNELS) for some in chunks(symbols, _SYMBOLS_A_FRAME)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a snapshot."""
        return [self._frame(word, [symbol], _CHANNELS[:1]) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`event` says what was answered."""
        match message.get("event"):
            case "subscribe":
                return ACCEPTED
            case "error":
                return refused(f"{message.get('code')} {message.get('msg')}")
        return None

    def _frame(self, word: str, symbols: Sequence[str], channels: Sequence[str]) -> bytes:
        kind = "SP" if self.feed == "bitget-spot" else "MC"
        names = [{"instType": kind, "channel": c, "instId": s} for c in channels for s in symbols]
        return frame({"op": word, "args": names})


def _connection(name: str) -> Bitget:
    return Bitget(
        feed=f"bitget-{name}",
        production=Endpoints("https://api.bitget.com", "wss://ws.bitget.com"),
        path=f"/{name}/v1/stream",
        ping=Ping(b"ping", 25.0),
        stale_s=60.0,
        symbols_max=100,
        audit_s=300.0,
        experimental="the recordings are of v1, and the venue serves v2",
    )


BITGET_SPOT = _connection("spot")
BITGET_MIX = _connection("mix")
