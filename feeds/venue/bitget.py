"""Bitget v2 market data: books, best prices, trades, tickers and candles, on a socket for spot and one for all futures.

catalogue: M1. <https://www.bitget.com/docs/classic/Websocket-introduction>: one address serves every market, `instType`
of each subscription says which; `ping` every 30 s, answered `pong`; 4,096 bytes a subscription message, ten messages a
second, 240 subscriptions an hour, best fewer than 50 symbols a connection. Each change names the one before it.
The venue no longer serves v1, which the core still reads in recordings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, Control, Endpoints, Ping, Venue, chunks, frame, refused

_CHANNELS = ("books", "books1", "trade", "ticker", "candle1m")
#: Five channels of so many symbols with names of up to twenty letters fill a message.
_SYMBOLS_A_FRAME = 8


class Bitget(Venue):
    """Bitget's `books`, `books1`, `trade`, `ticker` and klines of a minute under a symbol's plain name."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message for every eight symbols."""
        return [self._frame("subscribe", some, _CHANNELS) for some in chunks(symbols, _SYMBOLS_A_FRAME)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a snapshot."""
        return [self._frame(word, [symbol], _CHANNELS[:1]) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`event` says what was answered."""
        match message.get("event"):
            case "subscribe":
                return ACCEPTED
            case "error":
                return refused(f"{message.get('code')} {message.get('msg')}")
        return None

    def _frame(self, word: str, symbols: Sequence[str], channels: Sequence[str]) -> bytes:
        spot = self.feed == "bitget-spot-v2"
        names = [
            {"instType": "SPOT" if spot else futures(symbol), "channel": channel, "instId": symbol}
            for channel in channels
            for symbol in symbols
        ]
        return frame({"op": word, "args": names})


def futures(symbol: str) -> str:
    """What the venue calls the market of a future: by its stablecoin, or the one that settles in coins."""
    if "USDT" in symbol:
        return "USDT-FUTURES"
    return "USDC-FUTURES" if symbol.endswith("PERP") or "USDC" in symbol else "COIN-FUTURES"


def _connection(name: str) -> Bitget:
    return Bitget(
        feed=f"bitget-{name}-v2",
        production=Endpoints("https://api.bitget.com", "wss://ws.bitget.com"),
        path="/v2/ws/public",
        ping=Ping(b"ping", 25.0),
        stale_s=60.0,
        symbols_max=48,
        experimental="the recordings are of v1, and the venue serves v2",
    )


BITGET_SPOT_V2 = _connection("spot")
BITGET_MIX_V2 = _connection("mix")
