"""What a connectivity check hears and asks: it stands where the engine stands, behind the same feed and gateway.

catalogue: K5, O2. Market data, user data and answers come in as the engine would get them; requests go out through the
gateway, signed, with its deadlines. This is a cold path, so messages are read with the standard JSON parser.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from feeds.ports import Clock
from oms.binance_gateway import QUERY, OrderGateway
from oms.binance_rest import Rest
from pycore.errors import CheckError
from pycore.latency import Histogram

#: Frame ids; they must not begin with `tw-`, which are the gateway's own.
_ID = "probe"


@dataclass(frozen=True)
class Request:
    """One request as `oms.ports.Outbound` describes it; there is no journal, so no event to wait for."""

    order: int
    request: int
    account: int
    market: str
    payload: bytes
    expires: int
    mono: int
    seq: int = 0


@dataclass
class Line:
    """The inputs of one market's feed, gateway and user stream, and the requests that wait for their answers.

    `delays` holds samples, ns, by name: `market stream` and `user stream` (venue's event time to our receipt, on the
    venue's clock, to 1 ms), `place`, `cancel` and `query` (request to answer).
    """

    market_name: str
    rest: Rest
    clock: Clock
    gateway: OrderGateway | None = None
    bid: Decimal | None = None
    messages: Counter[str] = field(default_factory=Counter)
    downs: Counter[str] = field(default_factory=Counter)
    reports: list[dict[str, Any]] = field(default_factory=list)
    delays: dict[str, Histogram] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _asked: int = 0

    # --- what the feed, the gateway and the user stream call -----------------------------------------------------

    def market(self, _stream: int, _market: str, payload: bytes) -> None:
        """One message of a market-data socket; the best bid is kept."""
        body = json.loads(payload)
        data = body.get("data", body)
        self._heard("market stream", data)
        if str(body.get("stream", "")).endswith("@bookTicker"):
            self.bid = Decimal(data["b"])
        self.changed.set()

    def snapshot(self, _stream: int, _instrument: int, _payload: bytes) -> None:
        """A depth snapshot; a check asks for none."""

    def user(self, _stream: int, _account: int, _market: str, payload: bytes) -> None:
        """A user-data event; reports about orders are kept, in the shape of `o` (USD-M) or of the event (spot)."""
        body = json.loads(payload)
        event = body.get("event", body)
        self._heard("user stream", event)
        if event.get("e") == "executionReport":
            self.reports.append(event)
        elif event.get("e") == "ORDER_TRADE_UPDATE":
            self.reports.append(event["o"])
        self.changed.set()

    def answer(self, _account: int, _market: str, payload: bytes) -> None:
        """The answer to a request."""
        body = json.loads(payload)
        number = int(str(body["id"]).rpartition("-")[2])
        waiting = self._waiting.pop(number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(body)

    def log_on(self, _account: int, _market: str, _on: bool) -> None:
        """The connection logged on; a check signs all the same, so that it sees the key's signature taken."""

    def sent(self, order: int, request: int, expires: int) -> None:
        """The bytes of a request left."""

    def lost(self, order: int, request: int) -> None:
        """A request that could not be sent, or got no answer: what became of it is unknown."""
        waiting = self._waiting.pop(order, None)
        if waiting is not None and not waiting.done():
            waiting.set_exception(CheckError(f"a request must be answered in time, request {request} was not"))

    def link(self, stream: int, role: str, up: bool, account: int = 0) -> None:
        """A connection went up or down."""
        if not up:
            self.downs[role] += 1
        self.changed.set()

    # --- what the check asks ---------------------------------------------------------------------------------------

    async def ask(self, name: str, kind: int, method: str, params: dict[str, str | int]) -> dict[str, Any]:
        """One signed request over the gateway; its answer, whatever its status. CheckError where there is none."""
        gateway = self.gateway
        if gateway is None:
            raise CheckError("the order connection must be up, was not made yet")
        self._asked += 1
        number, now = self._asked, self.clock.mono_ns()
        window_ms = gateway.recv_window_ms
        venue_ms = (self.clock.utc_ns() + self.rest.offset_ns) // 1_000_000
        signed = gateway.signer.api_params({**params, "timestamp": venue_ms, "recvWindow": window_ms})
        frame = json.dumps({"id": f"{_ID}-{number}", "method": method, "params": signed}).encode()
        self._waiting[number] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[number]
        expires = (venue_ms + window_ms) * 1_000_000
        gateway.send(Request(number, kind, gateway.account, self.market_name, frame, expires, now))
        try:
            while not waiting.done():
                await asyncio.wait([waiting], timeout=0.05)
                gateway.expire()
            answer = waiting.result()
        finally:
            self._waiting.pop(number, None)
        gateway.answered(number, kind)
        self.delays.setdefault(name, Histogram()).record(self.clock.mono_ns() - now)
        return answer

    async def query(self, symbol: str, client_id: str) -> dict[str, Any]:
        """The venue's word about an order. CheckError where it has none."""
        answer = await self.ask("query", QUERY, "order.status", {"symbol": symbol, "origClientOrderId": client_id})
        if answer.get("status") != 200:
            error = answer.get("error", {})
            raise CheckError(f"a query must be answered, was refused: code {error.get('code')}, {error.get('msg')}")
        return dict(answer["result"])

    def _heard(self, name: str, data: dict[str, Any]) -> None:
        self.messages[name] += 1
        if "E" in data:
            now = self.clock.utc_ns() + self.rest.offset_ns
            self.delays.setdefault(name, Histogram()).record(now - int(data["E"]) * 1_000_000)
