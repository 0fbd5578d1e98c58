"""Kraken Futures market data, WebSocket v1: books and trades.

catalogue: M1. <https://docs.kraken.com/api/docs/guides/futures-websockets>: 100 connections and 100 requests a
second; a connection must be pinged within 60 s, which the socket's own pings do, and the `heartbeat` feed tells
silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Venue, frame, refused

_FEEDS = ("book", "trade", "ticker")


class KrakenFutures(Venue):
    """Kraken Futures' `book`, `trade`, `ticker` (with funding, open interest and marks) and `heartbeat`."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a feed, for all products."""
        return [frame({"event": "subscribe", "feed": "heartbeat"}), *(_frame("subscribe", symbols, f) for f in _FEEDS)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a snapshot."""
        return [_frame(word, [symbol], "book") for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`alert` and `error` are refusals."""
        if message.get("feed") == "heartbeat":
            return ALIVE
        match message.get("event"):
            case "subscribed":
                return ACCEPTED
            case "alert" | "error":
                return refused(message.get("message"))
        return None


def _frame(word: str, symbols: Sequence[str], feed: str) -> bytes:
    return frame({"event": word, "feed": feed, "product_ids": list(symbols)})


KRAKEN_FUTURES = KrakenFutures(
    feed="kraken-futures",
    production=Endpoints("https://futures.kraken.com", "wss://futures.kraken.com"),
    testnet=Endpoints("https://demo-futures.kraken.com", "wss://demo-futures.kraken.com"),
    path="/ws/v1",
    symbols_max=100,
)
