"""Kraken's single orders, WebSocket v2: the `level3` channel of pairs, with a token that a signed request gives.

catalogue: M1, M2. <https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/level3> (200 symbols a connection;
a book of 1,000 levels counts 100 of 200 a second) and
<https://docs.kraken.com/api/docs/rest-api/get-websockets-token>: the token of a connection is asked for before it.
Nothing is numbered: the checksum of each message tells a missing one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from feeds.venue.signing import signature
from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Ping, Secret, Token, Venue, chunks, frame, refused
from native._core import InputError

#: Levels a side that are subscribed; the decoder cuts to as many where no answer says otherwise.
DEPTH = 1000
_TOKEN = "/0/private/GetWebSocketsToken"
_SYMBOLS_A_FRAME = 2


@dataclass(frozen=True)
class Keys:
    """What the request of a token is signed with; `secret` in base 64. Never printed."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    def headers(self, path: str, nonce: int, body: bytes) -> dict[str, str]:
        """The headers of a signed POST. InputError for a secret that is no base 64."""
        text = path.encode() + hashlib.sha256(str(nonce).encode() + body).digest()
        signed = signature("kraken-orders", self.secret, text, "sha512")
        return {"API-Key": self.key, "API-Sign": signed, "Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, kw_only=True)
class KrakenOrders(Venue):
    """Kraken's `level3`."""

    keys: Keys | None = None

    def signed(self, environ: Mapping[str, str]) -> Venue:
        """With the keys of the environment, or of a file."""
        return replace(self, keys=Keys(*self.secrets_of(environ)))

    def token_request(self) -> str | None:
        """A token lives as long as its connection."""
        return _TOKEN

    def token_call(self, utc_ns: int) -> tuple[dict[str, str], bytes]:
        """Signed; the nonce is the time, which only grows."""
        nonce = utc_ns // 1_000_000
        body = f"nonce={nonce}".encode()
        return ({}, body) if self.keys is None else (self.keys.headers(_TOKEN, nonce, body), body)

    def token(self, body: bytes) -> Token:
        """What subscriptions say; the address is known."""
        try:
            answer = json.loads(body)
            if answer["error"]:
                raise InputError(f"token of kraken-orders was refused: {', '.join(map(str, answer['error']))}")
            return Token("", said=str(answer["result"]["token"]))
        except (ValueError, KeyError, TypeError) as why:
            raise InputError(f"token of kraken-orders must be in the answer ({why!r}), was another answer") from None

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message for every two pairs, as many as are counted a second."""
        return [_frame("subscribe", some) for some in chunks(symbols, _SYMBOLS_A_FRAME)]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a snapshot."""
        return [_frame(word, [symbol]) for word in ("unsubscribe", "subscribe")]

    def with_token(self, text: bytes, token: str) -> bytes:
        """Every message says it."""
        message = json.loads(text)
        message["params"]["token"] = token
        return frame(message)

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """An answer has the method and whether it succeeded."""
        if message.get("channel") == "heartbeat" or message.get("method") == "pong":
            return ALIVE
        if message.get("success") is False:
            return refused(f"{message.get('symbol')} {message.get('error')}")
        return ACCEPTED if message.get("method") == "subscribe" else None


def _frame(word: str, symbols: Sequence[str]) -> bytes:
    return frame({"method": word, "params": {"channel": "level3", "symbol": list(symbols), "depth": DEPTH}})


KRAKEN_ORDERS = KrakenOrders(
    feed="kraken-orders",
    production=Endpoints("https://api.kraken.com", "wss://ws-l3.kraken.com"),
    path="/v2",
    ping=Ping(b'{"method":"ping"}', 15.0),
    symbols_max=20,
    orders=True,
    secrets=(Secret("api_key", "KRAKEN_API_KEY"), Secret("secret", "KRAKEN_API_SECRET")),
    experimental="no recording of this connection has been read",
)
