"""Hyperliquid market data: books of the best twenty levels, trades and best prices.

catalogue: M1. <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions>,
`/timeouts-and-heartbeats` (a connection to which nothing was sent for 60 s is closed) and
`/rate-limits-and-user-limits` beside it: 100 connections and 1,000 subscriptions from one address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Ping, Venue, frame, refused

_KINDS = ("l2Book", "trades", "bbo", "activeAssetCtx")


class Hyperliquid(Venue):
    """Hyperliquid's `l2Book`, `trades`, `bbo` and `activeAssetCtx` (funding, open interest, marks).

    Each book is whole, so that a lost one is made good by the next.
    """

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a kind and coin."""
        return [_frame("subscribe", kind, symbol) for kind in _KINDS for symbol in symbols]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with the present book."""
        return [_frame(word, _KINDS[0], symbol) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """Everything is under a channel, refusals too."""
        match message.get("channel"):
            case "subscriptionResponse":
                return ACCEPTED
            case "pong":
                return ALIVE
            case "error":
                return refused(message.get("data"))
        return None


def _frame(word: str, kind: str, symbol: str) -> bytes:
    return frame({"method": word, "subscription": {"type": kind, "coin": symbol}})


HYPERLIQUID = Hyperliquid(
    feed="hyperliquid",
    production=Endpoints("https://api.hyperliquid.xyz", "wss://api.hyperliquid.xyz"),
    testnet=Endpoints("https://api.hyperliquid-testnet.xyz", "wss://api.hyperliquid-testnet.xyz"),
    path="/ws",
    ping=Ping(b'{"method":"ping"}', 20.0),
    symbols_max=250,
)
