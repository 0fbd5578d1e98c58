"""dYdX's indexer, v4: books, trades and markets.

catalogue: M1. <https://docs.dydx.xyz/indexer-client/websockets>: 32 subscriptions of a kind a connection; the
server's own pings keep it open. Changes have no number of a book, so that a lost one cannot be told: the whole book
is subscribed anew every five minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Venue, frame, refused

_CHANNELS = ("v4_orderbook", "v4_trades")


class Dydx(Venue):
    """dYdX's `v4_orderbook`, `v4_trades` and `v4_markets` (oracle price, funding, open interest)."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a channel and market."""
        asked = [_frame("subscribe", channel, symbol) for channel in _CHANNELS for symbol in symbols]
        return [*asked, frame({"type": "subscribe", "channel": "v4_markets"})]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with the whole book."""
        return [_frame(word, _CHANNELS[0], symbol) for word in ("unsubscribe", "subscribe")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """What a subscription answers is market data, so that these are few."""
        match message.get("type"):
            case "connected" | "unsubscribed":
                return ALIVE
            case "subscribed":
                return ACCEPTED
            case "error":
                return refused(message.get("message"))
        return None


def _frame(word: str, channel: str, symbol: str) -> bytes:
    return frame({"type": word, "channel": channel, "id": symbol})


DYDX = Dydx(
    feed="dydx",
    production=Endpoints("https://indexer.dydx.trade", "wss://indexer.dydx.trade"),
    testnet=Endpoints("https://indexer.v4testnet.dydx.exchange", "wss://indexer.v4testnet.dydx.exchange"),
    path="/v4/ws",
    symbols_max=32,
    audit_s=300.0,
    experimental="no recording of this connection has been read",
)
