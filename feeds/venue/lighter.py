"""Lighter market data: books whose changes are numbered, trades, figures of a market.

catalogue: M1. <https://apidocs.lighter.xyz/docs/websocket-reference> and
<https://apidocs.lighter.xyz/docs/market-data>: a market is its number; something must be sent every two minutes, and
the server's ping be answered; a subscription begins with the whole book.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Means, Ping, Venue, frame, refused

_CHANNELS = ("order_book", "trade", "market_stats")


class Lighter(Venue):
    """Lighter's `order_book`, `trade` and `market_stats`."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a channel and market."""
        return [_frame("subscribe", channel, symbol) for symbol in symbols for channel in _CHANNELS]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with the whole book."""
        return [_frame(word, _CHANNELS[0], symbol) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """What is subscribed answers with the channel's present state."""
        if "error" in message:
            return refused(message["error"])
        match str(message.get("type", "")).partition("/")[0]:
            case "ping":
                return Control(Means.ANSWER, frame({"type": "pong"}).decode())
            case "pong":
                return ALIVE
            case "subscribed":
                return ACCEPTED
        return None


def _frame(word: str, channel: str, symbol: str) -> bytes:
    return frame({"type": word, "channel": f"{channel}/{symbol}"})


LIGHTER = Lighter(
    feed="lighter",
    production=Endpoints("https://mainnet.zklighter.elliot.ai", "wss://mainnet.zklighter.elliot.ai"),
    testnet=Endpoints("https://testnet.zklighter.elliot.ai", "wss://testnet.zklighter.elliot.ai"),
    path="/stream",
    ping=Ping(b'{"type":"ping"}', 60.0),
    symbols_max=30,
)
