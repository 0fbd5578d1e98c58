"""Bitstamp market data, WebSocket v2: changes of the book, trades; the whole book over REST.

catalogue: M1. <https://www.bitstamp.net/websocket/v2/>: a connection lives 90 days at most and is asked to reconnect
before; 400 requests a second over REST (<https://www.bitstamp.net/api/#section/Request-limits>). Changes have a time
and no number, so a lost one cannot be told: the whole book is asked for again every five minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, RECONNECT, Control, Endpoints, Ping, Venue, frame, refused

_CHANNELS = ("diff_order_book_{}", "live_trades_{}")


class Bitstamp(Venue):
    """Bitstamp's `diff_order_book` and `live_trades`."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a channel and pair."""
        names = [channel.format(symbol) for channel in _CHANNELS for symbol in symbols]
        return [frame({"event": "bts:subscribe", "data": {"channel": name}}) for name in names]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """REST has the whole book."""
        return []

    def book_request(self, symbol: str) -> str:
        """The whole book."""
        return f"/api/v2/order_book/{symbol}"

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`bts:request_reconnect` comes before the server goes."""
        match message.get("event"):
            case "bts:subscription_succeeded":
                return ACCEPTED
            case "bts:heartbeat":
                return ALIVE
            case "bts:error":
                return refused(message.get("data"))
            case "bts:request_reconnect":
                return RECONNECT
        return None


BITSTAMP = Bitstamp(
    feed="bitstamp",
    production=Endpoints("https://www.bitstamp.net", "wss://ws.bitstamp.net"),
    ping=Ping(b'{"event":"bts:heartbeat"}', 10.0),
    symbols_max=50,
    whole_by_rest=True,
    audit_s=300.0,
)
