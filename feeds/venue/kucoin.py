"""KuCoin market data, spot and futures: a token first, then changes of the book, trades, tickers; the book over REST.

catalogue: M1. `POST /api/v1/bullet-public` names the socket and how often to ping it
(<https://www.kucoin.com/docs/websocket/basic-info/apply-connect-token/public-token-no-authentication-required->): 300
topics a connection, 100 messages up in ten seconds, 100 symbols a topic. Without a key REST has the best 100 levels a
side (<https://www.kucoin.com/docs/rest/spot-trading/market-data/get-part-order-book-aggregated->).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Ping, Token, Venue, chunks, frame, refused
from native._core import InputError

_SPOT = ("/market/level2", "/market/match", "/market/ticker", "/market/snapshot")
_FUTURES = (
    "/contractMarket/level2",
    "/contractMarket/execution",
    "/contractMarket/tickerV2",
    "/contractMarket/snapshot",
    "/contract/instrument",
)
_SYMBOLS_A_TOPIC = 100


@dataclass(frozen=True, kw_only=True)
class Kucoin(Venue):
    """KuCoin's topics, books first; `book_path` is where REST has a whole book."""

    topics: tuple[str, ...]
    book_path: str

    def token_request(self) -> str | None:
        """No key is needed for public data."""
        return "/api/v1/bullet-public"

    def token(self, body: bytes) -> Token:
        """The first of the servers that the answer names."""
        try:
            data = json.loads(body)["data"]
            server = data["instanceServers"][0]
            address = f"{server['endpoint']}?token={data['token']}&connectId=tickwright"
            return Token(address, float(server["pingInterval"]) / 1e3 / 2)
        except (ValueError, KeyError, IndexError, TypeError) as why:
            raise InputError(f"token must name a server ({why!r}), was {body[:60]!r}") from None

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a topic and hundred symbols."""
        pairs = [(topic, some) for topic in self.topics for some in chunks(symbols, _SYMBOLS_A_TOPIC)]
        return [
            frame({"id": at, "type": "subscribe", "topic": f"{topic}:{','.join(some)}", "response": True})
            for at, (topic, some) in enumerate(pairs, start=1)
        ]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """REST has the whole book."""
        return []

    def book_request(self, symbol: str) -> str:
        """As deep as it is given without a key: 100 levels a side on spot, all on futures."""
        return f"{self.book_path}?symbol={symbol}"

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`welcome` comes before anything may be subscribed, and what is subscribed earlier is kept for it."""
        match message.get("type"):
            case "ack":
                return ACCEPTED
            case "welcome" | "pong":
                return ALIVE
            case "error":
                return refused(f"{message.get('code')} {message.get('data')}")
        return None


KUCOIN = Kucoin(
    feed="kucoin-spot",
    production=Endpoints("https://api.kucoin.com", "wss://ws-api-spot.kucoin.com"),
    ping=Ping(b'{"id":"1","type":"ping"}', 9.0),
    symbols_max=75,
    whole_by_rest=True,
    topics=_SPOT,
    book_path="/api/v1/market/orderbook/level2_100",
)
KUCOIN_FUTURES = Kucoin(
    feed="kucoin-futures",
    production=Endpoints("https://api-futures.kucoin.com", "wss://ws-api-futures.kucoin.com"),
    ping=Ping(b'{"id":"1","type":"ping"}', 9.0),
    symbols_max=60,
    whole_by_rest=True,
    topics=_FUTURES,
    book_path="/api/v1/level2/snapshot",
    experimental="no recording of this connection has been read",
)
