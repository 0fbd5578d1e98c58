"""Bitstamp's single orders, WebSocket v2: every order of a pair as it comes and goes; the whole book over REST.

catalogue: M1, M2. <https://www.bitstamp.net/websocket/v2/> (`live_orders_..`) and <https://www.bitstamp.net/api/>
(`order_book`, `group=2`: orders with their ids, and the time of the book in microseconds). What the stream said up to
that time is in it. Nothing is numbered, so the whole book is asked for again every five minutes.
"""

from __future__ import annotations

from collections.abc import Sequence

from feeds.venue.bitstamp import Bitstamp
from feeds.venue.spec import Endpoints, Ping, frame

_CHANNELS = ("live_orders_{}", "live_trades_{}")


class BitstampOrders(Bitstamp):
    """Bitstamp's `live_orders` and `live_trades`."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a channel and pair."""
        names = [channel.format(symbol) for channel in _CHANNELS for symbol in symbols]
        return [frame({"event": "bts:subscribe", "data": {"channel": name}}) for name in names]

    def book_request(self, symbol: str) -> str:
        """The whole book, order by order."""
        return f"/api/v2/order_book/{symbol}/?group=2"


BITSTAMP_ORDERS = BitstampOrders(
    feed="bitstamp-orders",
    production=Endpoints("https://www.bitstamp.net", "wss://ws.bitstamp.net"),
    ping=Ping(b'{"event":"bts:heartbeat"}', 10.0),
    symbols_max=20,
    whole_by_rest=True,
    audit_s=300.0,
    orders=True,
    experimental="its orders are recorded as a table alone, not as the messages that it sends",
)
