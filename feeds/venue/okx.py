"""OKX v5 public data: one socket for every instrument type.

catalogue: M1. <https://www.okx.com/docs-v5/en/#overview-websocket-overview>: three connections a second from one
address, 480 subscriptions an hour on one connection, 64 KB of channels in all; a connection without traffic for 30 s
is closed unless `ping` is sent, and answered `pong`. Demo trading's data is on `wspap`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, RECONNECT, Control, Endpoints, Ping, Venue, chunks, frame, refused

_CHANNELS = ("books", "trades", "tickers")
#: Of derivatives besides, and of swaps besides; klines are `OKX_BUSINESS`.
_DERIVATIVE, _SWAP = ("open-interest", "mark-price"), ("funding-rate",)
#: Symbols a message: its arguments stay far below the 64 KB that a connection may subscribe to.
_SYMBOLS_A_FRAME = 20


class Okx(Venue):
    """OKX's books, trades, tickers and figures."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message for every twenty symbols, with the figures that a symbol's kind has."""
        return [
            _frame("subscribe", [(channel, symbol) for symbol in some for channel in _channels(symbol)])
            for some in chunks(symbols, _SYMBOLS_A_FRAME)
        ]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """The document's own way after a gap: unsubscribe, subscribe."""
        return [_frame(word, [("books", symbol)]) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`notice` announces that the server will close the connection."""
        match message.get("event"):
            case "subscribe":
                return ACCEPTED
            case "error":
                return refused(f"{message.get('code')} {message.get('msg')}")
            case "notice":
                return RECONNECT
        return None


def _channels(symbol: str) -> tuple[str, ...]:
    """The channels of a symbol: `BTC-USDT` is spot, `BTC-USDT-SWAP` never ends, `BTC-USD-270326` does."""
    parts = symbol.split("-")
    return _CHANNELS + (_DERIVATIVE if len(parts) > 2 else ()) + (_SWAP if parts[-1] == "SWAP" else ())


def _frame(word: str, wanted: Sequence[tuple[str, str]]) -> bytes:
    return frame({"op": word, "args": [{"channel": channel, "instId": symbol} for channel, symbol in wanted]})


class OkxBusiness(Okx):
    """OKX's klines of a minute, which have a socket of their own."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message for every twenty symbols."""
        return [
            _frame("subscribe", [("candle1m", symbol) for symbol in some]) for some in chunks(symbols, _SYMBOLS_A_FRAME)
        ]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """There is none."""
        return []


OKX_BUSINESS = OkxBusiness(
    feed="okx",
    production=Endpoints("https://www.okx.com", "wss://ws.okx.com:8443"),
    testnet=Endpoints("https://www.okx.com", "wss://wspap.okx.com:8443"),
    path="/ws/v5/business",
    ping=Ping(b"ping", 20.0),
    symbols_max=100,
    bookless=True,
)
OKX = Okx(
    feed="okx",
    production=Endpoints("https://www.okx.com", "wss://ws.okx.com:8443"),
    testnet=Endpoints("https://www.okx.com", "wss://wspap.okx.com:8443"),
    path="/ws/v5/public",
    ping=Ping(b"ping", 20.0),
    symbols_max=100,
    figures=(OKX_BUSINESS,),
)
