"""Kraken spot market data, WebSocket v1: books with checksum, trades, tickers.

catalogue: M1. <https://docs.kraken.com/api/docs/guides/spot-ws-intro> and
<https://docs.kraken.com/api/docs/websocket-v1/book>: a heartbeat every second while nothing else comes; 150
connections in ten minutes from one address. The depth is part of the subscription, because the book keeps no more
levels than that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, RECONNECT, Control, Endpoints, Ping, Venue, frame, refused

_BOOK: dict[str, object] = {"name": "book", "depth": 1000}
_SUBSCRIPTIONS: tuple[dict[str, object], ...] = (
    _BOOK,
    {"name": "trade"},
    {"name": "ticker"},
    {"name": "ohlc", "interval": 1},
)


class Kraken(Venue):
    """Kraken's `book-1000`, `trade`, `ticker` and klines of a minute."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a channel, for all pairs."""
        return [_frame("subscribe", symbols, name) for name in _SUBSCRIPTIONS]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a snapshot."""
        return [_frame(word, [symbol], _BOOK) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`systemStatus` other than online comes before a restart."""
        match message.get("event"), message.get("status"):
            case "heartbeat" | "pong", _:
                return ALIVE
            case "subscriptionStatus", "error":
                return refused(f"{message.get('pair')} {message.get('errorMessage')}")
            case "subscriptionStatus", "subscribed":
                return ACCEPTED
            case "systemStatus", "maintenance" | "cancel_only":
                return RECONNECT
        return None


def _frame(word: str, symbols: Sequence[str], subscription: Mapping[str, object]) -> bytes:
    return frame({"event": word, "pair": list(symbols), "subscription": dict(subscription)})


KRAKEN = Kraken(
    feed="kraken-spot",
    production=Endpoints("https://api.kraken.com", "wss://ws.kraken.com"),
    testnet=Endpoints("https://api.kraken.com", "wss://beta-ws.kraken.com"),
    ping=Ping(b'{"event":"ping","reqid":1}', 15.0),
    symbols_max=50,
    audit_s=300.0,
)
