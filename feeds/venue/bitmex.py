"""BitMEX market data: books by id, trades, best prices and the figures of an instrument.

catalogue: M1. <https://www.bitmex.com/app/wsAPI>: 720 requests an hour and 20 connections an hour from one address
above those; `ping` is answered `pong`. Rows have no order, so that a lost one cannot be told: the whole book is
subscribed anew every five minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, Control, Endpoints, Ping, Venue, chunks, frame, refused

_TABLES = ("orderBookL2", "trade", "quote", "instrument", "funding", "tradeBin1m")
_TOPICS_A_FRAME = 20


class Bitmex(Venue):
    """BitMEX's `orderBookL2`, `trade`, `quote`, `instrument`, `funding` and bars of a minute."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message for every twenty topics."""
        topics = [f"{table}:{symbol}" for table in _TABLES for symbol in symbols]
        return [frame({"op": "subscribe", "args": some}) for some in chunks(topics, _TOPICS_A_FRAME)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with the whole book (`partial`)."""
        return [frame({"op": word, "args": [f"{_TABLES[0]}:{symbol}"]}) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """An answer has `success`, a refusal `error`."""
        if "error" in message:
            return refused(message["error"])
        return ACCEPTED if message.get("success") and "subscribe" in message else None


BITMEX = Bitmex(
    feed="bitmex",
    production=Endpoints("https://www.bitmex.com", "wss://ws.bitmex.com"),
    testnet=Endpoints("https://testnet.bitmex.com", "wss://ws.testnet.bitmex.com"),
    path="/realtime",
    ping=Ping(b"ping", 15.0),
    symbols_max=30,
    audit_s=300.0,
    experimental="no recording of this connection has been read",
)
