"""Coinbase Exchange's single orders: the `full` channel of products, signed; the whole book over REST.

catalogue: M1, M2. <https://docs.cdp.coinbase.com/exchange/websocket-feed/channels> (`full`, which needs a key) and
<https://docs.cdp.coinbase.com/exchange/websocket-feed/authentication>: a subscription is signed like a request of
`/users/self/verify`. Every message of a product has the next number, and the book of `level=3` names the last in it.
Advanced Trade, which `feeds.venue.coinbase` reads, has no single orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from feeds.venue.signing import signature
from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Secret, Venue, frame, refused

#: What is signed besides the time.
_VERIFIED = "GET/users/self/verify"


@dataclass(frozen=True)
class Keys:
    """What a subscription is signed with; `secret` in base 64. Never printed."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)

    def signature(self, utc_s: int) -> str:
        """Of a subscription at a time. InputError for a secret that is no base 64."""
        return signature("coinbase-orders", self.secret, f"{utc_s}{_VERIFIED}".encode(), "sha256")


@dataclass(frozen=True, kw_only=True)
class CoinbaseOrders(Venue):
    """Coinbase's `full` and `heartbeat`."""

    keys: Keys | None = None

    def signed(self, environ: Mapping[str, str]) -> Venue:
        """With the keys of the environment, or of a file."""
        return replace(self, keys=Keys(*self.secrets_of(environ)))

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """One message, signed where there are keys."""
        message: dict[str, object] = {"type": "subscribe", "product_ids": list(symbols)}
        message["channels"] = ["full", "heartbeat"]
        if self.keys is not None:
            message |= {"key": self.keys.key, "passphrase": self.keys.passphrase, "timestamp": str(utc_s)}
            message["signature"] = self.keys.signature(utc_s)
        return [frame(message)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """REST has the whole book."""
        return []

    def book_request(self, symbol: str) -> str:
        """Every order."""
        return f"/products/{symbol}/book?level=3"

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """A refusal names its reason."""
        match message.get("type"):
            case "subscriptions":
                return ACCEPTED
            case "heartbeat":
                return ALIVE
            case "error":
                return refused(f"{message.get('message')} {message.get('reason', '')}".strip())
        return None


COINBASE_ORDERS = CoinbaseOrders(
    feed="coinbase-orders",
    production=Endpoints("https://api.exchange.coinbase.com", "wss://ws-feed.exchange.coinbase.com"),
    stale_s=10.0,
    symbols_max=10,
    whole_by_rest=True,
    orders=True,
    secrets=(
        Secret("api_key", "COINBASE_API_KEY"),
        Secret("secret", "COINBASE_API_SECRET"),
        Secret("passphrase", "COINBASE_API_PASSPHRASE"),
    ),
    experimental="no recording of this connection has been read",
)
