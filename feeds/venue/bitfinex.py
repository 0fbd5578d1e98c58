"""Bitfinex market data, WebSocket v2: books with checksum, trades, tickers and the status of derivatives.

catalogue: M1. <https://docs.bitfinex.com/docs/ws-general> and <https://docs.bitfinex.com/docs/ws-public>: 25 channels
a connection, 20 connections a minute; a flag of `conf` sends a checksum of each book's best 25 levels. A channel is
left by the number that the answer gave it, so a book that is in doubt is asked for by another connection, and so are
all every ten minutes, because what is lost further out does not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, RECONNECT, Control, Endpoints, Ping, Venue, frame, refused

#: OB_CHECKSUM.
_FLAGS = 131_072
#: The codes of `info`: the server restarts, or its maintenance has ended and everything must be subscribed anew.
_RECONNECT = (20_051, 20_061)


class Bitfinex(Venue):
    """Bitfinex's `book` (250 levels a side), `trades` and `ticker`, and `status` of derivatives."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """The flags, then a message a channel and symbol."""
        asked: list[dict[str, object]] = [{"event": "conf", "flags": _FLAGS}]
        for symbol in symbols:
            head = {"event": "subscribe", "symbol": symbol}
            asked.append({**head, "channel": "book", "prec": "P0", "freq": "F0", "len": "250"})
            asked += [{**head, "channel": channel} for channel in ("trades", "ticker")]
            if "F0:" in symbol:
                asked.append({"event": "subscribe", "channel": "status", "key": f"deriv:{symbol}"})
        return [frame(message) for message in asked]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """Another connection sends it."""
        return []

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`info` with a code announces a restart."""
        match message.get("event"):
            case "subscribed" | "conf":
                return ACCEPTED
            case "pong":
                return ALIVE
            case "error":
                return refused(f"{message.get('code')} {message.get('msg')}")
            case "info" if message.get("code") in _RECONNECT:
                return RECONNECT
        return None


BITFINEX = Bitfinex(
    feed="bitfinex",
    production=Endpoints("https://api-pub.bitfinex.com", "wss://api-pub.bitfinex.com"),
    path="/ws/2",
    ping=Ping(b'{"event":"ping","cid":1}', 15.0),
    symbols_max=6,
    audit_s=600.0,
    experimental="no recording of these channels has been read",
)
