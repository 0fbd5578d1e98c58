"""Bitfinex's raw books, WebSocket v2: the best 250 orders of a side of each pair, with every message numbered.

catalogue: M1, M2. <https://docs.bitfinex.com/reference/ws-public-raw-books> (`book` with `prec: R0`) and
<https://docs.bitfinex.com/docs/flag-values>: with `SEQ_ALL` each message of a connection ends with its number, so
that a lost one shows; another connection then sends the books anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from feeds.venue.bitfinex import Bitfinex
from feeds.venue.spec import Endpoints, Ping, frame

#: SEQ_ALL.
_FLAGS = 65_536


class BitfinexOrders(Bitfinex):
    """Bitfinex's `book` at precision `R0`."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """The flags, then a message a pair."""
        head = {"event": "subscribe", "channel": "book", "prec": "R0", "freq": "F0", "len": "250"}
        return [
            frame(message)
            for message in ({"event": "conf", "flags": _FLAGS}, *({**head, "symbol": s} for s in symbols))
        ]


BITFINEX_ORDERS = BitfinexOrders(
    feed="bitfinex-orders",
    production=Endpoints("https://api-pub.bitfinex.com", "wss://api-pub.bitfinex.com"),
    path="/ws/2",
    ping=Ping(b'{"event":"ping","cid":1}', 15.0),
    symbols_max=25,
    orders=True,
)
