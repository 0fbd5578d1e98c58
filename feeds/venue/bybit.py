"""Bybit v5 public data: the same topics on a socket for each category.

catalogue: M1. <https://bybit-exchange.github.io/docs/v5/ws/connect>: ping every 20 s; 500 connections in five
minutes; spot takes ten arguments a message, and a connection's arguments have at most 21,000 characters. Books of
depth 200 are a snapshot and changes (<https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook>).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Ping, Venue, chunks, frame, refused

_TOPICS = ("orderbook.200", "publicTrade", "tickers", "kline.1")
_ARGUMENTS_A_FRAME = 10


class Bybit(Venue):
    """Bybit's books, trades, tickers (with funding, open interest and marks on futures) and klines of a minute."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """Ten topics a message, as spot demands."""
        topics = [f"{topic}.{symbol}" for topic in _TOPICS for symbol in symbols]
        return [frame({"op": "subscribe", "args": some}) for some in chunks(topics, _ARGUMENTS_A_FRAME)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a snapshot."""
        return [frame({"op": word, "args": [f"{_TOPICS[0]}.{symbol}"]}) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """Spot answers a ping with `op: ping`, futures with `op: pong`."""
        word = message.get("op")
        if word in ("ping", "pong"):
            return ALIVE
        if word == "subscribe":
            return ACCEPTED if message.get("success") else refused(message.get("ret_msg"))
        return None


def _category(name: str, *, experimental: str = "") -> Bybit:
    return Bybit(
        feed=f"bybit-{name}",
        production=Endpoints("https://api.bybit.com", "wss://stream.bybit.com"),
        testnet=Endpoints("https://api-testnet.bybit.com", "wss://stream-testnet.bybit.com"),
        path=f"/v5/public/{name}",
        ping=Ping(b'{"op":"ping"}', 20.0),
        symbols_max=200,
        experimental=experimental,
    )


BYBIT_SPOT = _category("spot")
BYBIT_LINEAR = _category("linear")
BYBIT_INVERSE = _category("inverse", experimental="no recording of this connection has been read")
