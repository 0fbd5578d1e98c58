"""Deribit v2 market data: JSON-RPC notifications of books, trades and best prices.

catalogue: M1. <https://docs.deribit.com/#subscription-management> and
<https://docs.deribit.com/#public-set_heartbeat>: at most 500 channels a subscription, 32 connections from one
address. `raw` needs a login; `100ms` does not. With a heartbeat set the server asks `test_request`, and closes the
connection that does not answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Means, Venue, chunks, frame, refused

_CHANNELS = ("book.{}.100ms", "trades.{}.100ms", "quote.{}", "ticker.{}.100ms", "chart.trades.{}.1")
_CHANNELS_A_FRAME = 500
#: How often the server is to show that it is alive, s; ten is the least it takes.
_HEARTBEAT_S = 10
#: The request's number tells which answer a list of channels is.
_SUBSCRIBE, _HEARTBEAT, _TEST = 1, 2, 3


class Deribit(Venue):
    """Deribit's `book`, `trades`, `quote`, `ticker` (with funding, open interest and marks) and klines of a minute."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """The heartbeat, then all channels."""
        names = [channel.format(symbol) for channel in _CHANNELS for symbol in symbols]
        asked = [_call(_SUBSCRIBE, "subscribe", {"channels": some}) for some in chunks(names, _CHANNELS_A_FRAME)]
        return [_call(_HEARTBEAT, "set_heartbeat", {"interval": _HEARTBEAT_S}), *asked]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a snapshot."""
        params = {"channels": [_CHANNELS[0].format(symbol)]}
        return [_call(_TEST, "unsubscribe", params), _call(_SUBSCRIBE, "subscribe", params)]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """An unknown channel is left out of the answer without a word, so an empty one is a refusal."""
        if "error" in message:
            return refused(message["error"])
        if message.get("method") == "heartbeat":
            wants = message.get("params", {}).get("type") == "test_request"
            return Control(Means.ANSWER, _call(_TEST, "test", {}).decode()) if wants else ALIVE
        if message.get("id") == _SUBSCRIBE:
            return ACCEPTED if message.get("result") else refused("none of the channels is known")
        return ALIVE if "result" in message else None


def _call(number: int, method: str, params: Mapping[str, object]) -> bytes:
    return frame({"jsonrpc": "2.0", "id": number, "method": f"public/{method}", "params": dict(params)})


DERIBIT = Deribit(
    feed="deribit",
    production=Endpoints("https://www.deribit.com", "wss://www.deribit.com"),
    testnet=Endpoints("https://test.deribit.com", "wss://test.deribit.com"),
    path="/ws/api/v2",
    symbols_max=100,
)
