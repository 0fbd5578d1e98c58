"""Gate spot market data, WebSocket v4: changes of the book, trades and best prices; the whole book over REST.

catalogue: M1. <https://www.gate.com/docs/developers/apiv4/ws/en/>: `spot.order_book_update` takes one pair a message,
and REST gives at most 100 levels a side with `with_id`. At most 100 connections from one host are recommended
(<https://github.com/gateio/gatews/issues/25>). Every message carries its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Ping, Venue, frame, refused

#: The channels that take all pairs in one message.
_OF_ALL = ("spot.trades", "spot.book_ticker", "spot.tickers")


class Gate(Venue):
    """Gate's `spot.order_book_update`, `spot.trades`, `spot.book_ticker` and `spot.tickers`."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a pair for books, one each for trades and best prices."""
        books = [_frame("spot.order_book_update", [symbol, "100ms"], utc_s) for symbol in symbols]
        return [*books, *(_frame(channel, symbols, utc_s) for channel in _OF_ALL)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """REST has the whole book."""
        return []

    def book_request(self, symbol: str) -> str:
        """The best 100 levels a side with their number."""
        return f"/api/v4/spot/order_book?currency_pair={symbol}&limit=100&with_id=true"

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """A refusal has an `error`."""
        if message.get("channel") == "spot.pong":
            return ALIVE
        if message.get("error"):
            return refused(message["error"])
        return ACCEPTED if message.get("event") == "subscribe" else None


def _frame(channel: str, payload: Sequence[str], utc_s: int) -> bytes:
    return frame({"time": utc_s, "channel": channel, "event": "subscribe", "payload": list(payload)})


GATE_SPOT = Gate(
    feed="gate-spot",
    production=Endpoints("https://api.gateio.ws", "wss://api.gateio.ws"),
    path="/ws/v4",
    ping=Ping(b'{"channel":"spot.ping"}', 10.0),
    symbols_max=50,
    whole_by_rest=True,
    experimental="no recording of this connection has been read",
)
