"""Gate market data, WebSocket v4, spot and futures: changes of the book, trades, best prices; the whole book over REST.

catalogue: M1. <https://www.gate.com/docs/developers/apiv4/ws/en/> and
<https://www.gate.com/docs/developers/futures/ws/en/>: `order_book_update` takes one pair a message, and REST gives at
most 100 levels a side with `with_id`. At most 100 connections from one host are recommended
(<https://github.com/gateio/gatews/issues/25>). Every message carries its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Ping, Venue, frame, refused

#: The channels that take all pairs in one message.
_OF_ALL = ("trades", "book_ticker", "tickers")


@dataclass(frozen=True, kw_only=True)
class Gate(Venue):
    """Gate's books, trades, best prices and tickers; `settle` is the futures' coin, empty for spot."""

    settle: str = ""

    @property
    def _kind(self) -> str:
        return "futures" if self.settle else "spot"

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a pair for books, one each for the rest."""
        depth = ["100ms", "100"] if self.settle else ["100ms"]
        books = [self._frame("order_book_update", [symbol, *depth], utc_s) for symbol in symbols]
        return [*books, *(self._frame(channel, symbols, utc_s) for channel in _OF_ALL)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """REST has the whole book."""
        return []

    def book_request(self, symbol: str) -> str:
        """The best 100 levels a side with their number."""
        if self.settle:
            return f"/api/v4/futures/{self.settle}/order_book?contract={symbol}&limit=100&with_id=true"
        return f"/api/v4/spot/order_book?currency_pair={symbol}&limit=100&with_id=true"

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """A refusal has an `error`."""
        if message.get("channel") == f"{self._kind}.pong":
            return ALIVE
        if message.get("error"):
            return refused(message["error"])
        return ACCEPTED if message.get("event") == "subscribe" else None

    def _frame(self, channel: str, payload: Sequence[str], utc_s: int) -> bytes:
        name = f"{self._kind}.{channel}"
        return frame({"time": utc_s, "channel": name, "event": "subscribe", "payload": list(payload)})


def _connection(feed: str, ws: str, path: str, settle: str = "") -> Gate:
    return Gate(
        feed=feed,
        production=Endpoints("https://api.gateio.ws", ws),
        path=path,
        ping=Ping(b'{"channel":"futures.ping"}' if settle else b'{"channel":"spot.ping"}', 10.0),
        symbols_max=50,
        whole_by_rest=True,
        settle=settle,
        experimental="no recording of this connection has been read",
    )


GATE_SPOT = _connection("gate-spot", "wss://api.gateio.ws", "/ws/v4")
GATE_LINEAR = _connection("gate-linear", "wss://fx-ws.gateio.ws", "/v4/ws/usdt", "usdt")
GATE_INVERSE = _connection("gate-inverse", "wss://fx-ws.gateio.ws", "/v4/ws/btc", "btc")
