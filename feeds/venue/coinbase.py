"""Coinbase Advanced Trade market data: level 2, trades, tickers and heartbeats on one socket.

catalogue: M1. <https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview>: a
connection must subscribe within 5 s, one channel a message, eight messages a second without a key; `heartbeats` comes
every second, so that a connection of quiet products stays open and silence can be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Venue, frame, refused

#: `heartbeats` first: whether the connection is alive is known before the first book comes.
_CHANNELS = ("heartbeats", "level2", "market_trades", "ticker", "candles")


class Coinbase(Venue):
    """Coinbase's channels; every message of the connection has the next number, so one that is missing is noticed."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a channel."""
        return [frame({"type": "subscribe", "product_ids": list(symbols), "channel": name}) for name in _CHANNELS]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """Another connection sends it.

        A message that is missing puts all books in doubt, and eight messages a second would be slow to ask for each.
        """
        return []

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """A refusal has a type and no channel."""
        if message.get("type") == "error":
            return refused(message.get("message"))
        return {"subscriptions": ACCEPTED, "heartbeats": ALIVE}.get(str(message.get("channel")))


COINBASE = Coinbase(
    feed="coinbase",
    production=Endpoints("https://api.coinbase.com", "wss://advanced-trade-ws.coinbase.com"),
    stale_s=10.0,
    symbols_max=100,
)
