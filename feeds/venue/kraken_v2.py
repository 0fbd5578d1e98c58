"""Kraken spot market data, WebSocket v2: books with checksum, trades, tickers and klines.

catalogue: M1. <https://docs.kraken.com/api/docs/websocket-v2/book> and `/ping` beside it; limits are those of v1
(`feeds.venue.kraken`). The checksum covers ten levels a side, so that the book is asked for again every five minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Ping, Venue, frame, refused

_BOOK: dict[str, object] = {"channel": "book", "depth": 1000}
_CHANNELS: tuple[dict[str, object], ...] = (
    _BOOK,
    {"channel": "trade"},
    {"channel": "ticker", "event_trigger": "bbo"},
    {"channel": "ohlc", "interval": 1},
)


class KrakenV2(Venue):
    """Kraken's `book`, `trade`, `ticker` and `ohlc`."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a channel, for all pairs."""
        return [_frame("subscribe", symbols, channel) for channel in _CHANNELS]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a snapshot."""
        return [_frame(word, [symbol], _BOOK) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """An answer has the method and whether it succeeded."""
        if message.get("channel") == "heartbeat" or message.get("method") == "pong":
            return ALIVE
        if message.get("success") is False:
            return refused(f"{message.get('symbol')} {message.get('error')}")
        return ACCEPTED if message.get("method") == "subscribe" else None


def _frame(word: str, symbols: Sequence[str], channel: Mapping[str, object]) -> bytes:
    return frame({"method": word, "params": {**channel, "symbol": list(symbols)}})


KRAKEN_V2 = KrakenV2(
    feed="kraken-spot-v2",
    production=Endpoints("https://api.kraken.com", "wss://ws.kraken.com"),
    path="/v2",
    ping=Ping(b'{"method":"ping"}', 15.0),
    symbols_max=50,
    audit_s=300.0,
    experimental="no recording of this connection has been read",
)
