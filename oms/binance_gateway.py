"""Orders to Binance over the WebSocket API of one market, with a deadline for every request.

catalogue: O2. Spot carries its user data on the same connection (`userDataStream.subscribe.signature`, binance.md
section 7); USD-M has a connection of its own for it (`oms.binance_user`). An Ed25519 key logs on once a connection
(`session.logon`), because each of its signatures takes as long as a hundred messages; an HMAC key signs every frame.
Frames come ready from the core and go back to it undecoded; only the answers to our own control requests (ids
beginning `tw-`) are read here. A request that cannot be
sent, is not answered in time, or was under way when the connection broke is LOST: its order becomes UNKNOWN
(safety.md, orders 1) and is proven by queries, never sent again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from dataclasses import dataclass, field

from feeds.backoff import Backoff
from feeds.ports import Clock
from feeds.socket import Socket
from oms.ports import LatencySink, OrderInputs, Outbound
from oms.signing import Signer

log = logging.getLogger(__name__)

#: `event::Request`.
PLACE, CANCEL, REPLACE, QUERY = 1, 2, 3, 4
_CONTROL = b'"tw-'
#: How much of a frame is looked at to tell where it goes; `id` comes first in every answer (binance.md section 7).
_HEAD = 64


@dataclass(frozen=True)
class _Awaited:
    """A request that left and has no answer yet."""

    deadline_ns: int
    sent_ns: int
    cause_ns: int


@dataclass
class OrderGateway:
    """One account's order connection on one market. `ws_api` is the whole address, path included."""

    market: str
    account: int
    ws_api: str
    orders_stream: int
    user_stream: int
    inputs: OrderInputs
    signer: Signer
    clock: Clock
    latency: LatencySink
    jitter: random.Random
    deadline_ms: int = 2_000
    recv_window_ms: int = 5_000
    socket: Socket = field(init=False)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    venue_offset_ns: int = 0
    _awaited: dict[tuple[int, int], _Awaited] = field(default_factory=dict)
    _quiet_until_ns: int = 0
    _controls: int = 0

    def __post_init__(self) -> None:
        """Makes the socket; connects nothing."""

        async def address() -> str:
            return self.ws_api

        self.socket = Socket(
            f"{self.market}/orders",
            address,
            self._message,
            clock=self.clock,
            backoff=Backoff(self.jitter),
            on_up=self._up,
            on_down=self._down,
        )

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.market} orders"

    @property
    def up(self) -> bool:
        """Whether orders can be sent and their reports arrive."""
        return self.ready.is_set()

    async def connected(self) -> None:
        """Returns when it is up."""
        await self.ready.wait()

    async def run(self) -> None:
        """Keeps the connection up until `close`; raises what the engine raised."""
        await self.socket.run()

    def close(self) -> None:
        """Ends the connection for good."""
        self.socket.close()

    def send(self, request: Outbound) -> None:
        """Sends one request whose event is durable; where that is impossible, its order is lost to UNKNOWN."""
        now = self.clock.mono_ns()
        log.debug("%(market)s: sends %(frame)s", {"market": self.market, "frame": request.payload})
        if now < self._quiet_until_ns or not self.socket.send(request.payload):
            self.inputs.lost(request.order, request.request)
            return
        deadline = now + self.deadline_ms * 1_000_000
        self._awaited[request.order, request.request] = _Awaited(deadline, now, request.mono)
        self.inputs.sent(request.order, request.request, request.expires)

    def answered(self, order: int, request: int) -> None:
        """The engine read an answer: its deadline is off. Spot answers a replace as a cancel and a place."""
        awaited = self._awaited.pop((order, request), None)
        if awaited is None and request == PLACE:
            awaited = self._awaited.pop((order, REPLACE), None)
        if awaited is not None:
            now = self.clock.mono_ns()
            self.latency.record("sent_ack", now - awaited.sent_ns)
            self.latency.record("total", now - awaited.cause_ns)

    def expire(self) -> None:
        """Gives up on every request past its deadline; called by the engine's timer."""
        now = self.clock.mono_ns()
        late = [key for key, awaited in self._awaited.items() if awaited.deadline_ns <= now]
        for order, request in late:
            del self._awaited[order, request]
            told = {"market": self.market, "order": order, "request": request, "deadline_ms": self.deadline_ms}
            log.warning(
                "%(market)s: no answer for request %(request)d of order %(order)d within %(deadline_ms)d ms", told
            )
            self.inputs.lost(order, request)

    @property
    def awaiting(self) -> int:
        """How many requests have no answer yet."""
        return len(self._awaited)

    def _up(self) -> None:
        self.inputs.link(self.orders_stream, "orders", True, self.account)
        if self.signer.logs_on:
            self._ask("logon", "session.logon")
        else:
            self._join()

    def _join(self) -> None:
        """Asks for user data on this connection (spot), or has all that it needs."""
        if self.market == "spot":
            self._ask("user", "userDataStream.subscribe.signature")
        else:
            self.ready.set()

    def _down(self) -> None:
        self.ready.clear()
        self.inputs.log_on(self.account, self.market, False)
        awaited, self._awaited = self._awaited, {}
        for order, request in awaited:
            self.inputs.lost(order, request)
        if self.market == "spot":
            self.inputs.link(self.user_stream, "user", False, self.account)
        self.inputs.link(self.orders_stream, "orders", False, self.account)

    def _ask(self, what: str, method: str) -> None:
        """A signed request of our own; its answer comes to `_control` under the id `tw-WHAT-number`."""
        now_ms = (self.clock.utc_ns() + self.venue_offset_ns) // 1_000_000
        params = self.signer.api_params({"timestamp": now_ms, "recvWindow": self.recv_window_ms})
        self._controls += 1
        frame = json.dumps({"id": f"tw-{what}-{self._controls}", "method": method, "params": params}).encode()
        log.debug("%(market)s: sends %(frame)s", {"market": self.market, "frame": frame})
        self.socket.send(frame)

    def _message(self, payload: bytes) -> None:
        head = payload[:_HEAD]
        if b'"id"' not in head:
            self._event(payload)
        elif _CONTROL in head:
            self._control(payload)
        else:
            if b'"status":429' in head or b'"status":418' in head:
                self._limited(payload)
            self.inputs.answer(self.account, self.market, payload)

    def _event(self, payload: bytes) -> None:
        self.inputs.user(self.user_stream, self.account, self.market, payload)
        if b"eventStreamTerminated" in payload or b"serverShutdown" in payload:
            log.warning("%(market)s: the venue ends the user data, reconnecting", {"market": self.market})
            self.socket.drop()

    def _control(self, payload: bytes) -> None:
        """The answer to a request of our own. Without user data the connection is of no use."""
        answer = json.loads(payload)
        taken, error = answer.get("status") == 200, answer.get("error", {})
        told = {"market": self.market, "code": error.get("code"), "text": error.get("msg")}
        if answer["id"].startswith("tw-logon"):
            if taken:
                self.inputs.log_on(self.account, self.market, True)
            else:
                log.warning(
                    "%(market)s: log-on refused, every request is signed instead, code %(code)s: %(text)s", told
                )
            self._join()
        elif taken:
            self.inputs.link(self.user_stream, "user", True, self.account)
            self.ready.set()
        else:
            log.error("%(market)s: user data refused, code %(code)s: %(text)s", told)
            self.socket.drop()

    def _limited(self, payload: bytes) -> None:
        """429 or 418: nothing leaves until the venue's `retryAfter` (ms since the epoch), at least a second."""
        error = json.loads(payload).get("error", {})
        until_ms = int(error.get("data", {}).get("retryAfter", 0))
        wait_ns = until_ms * 1_000_000 - self.clock.utc_ns() - self.venue_offset_ns
        wait_ns = max(wait_ns, 1_000_000_000)
        log.warning(
            "%(market)s: rate limited, nothing leaves for %(wait_s).1f s",
            {"market": self.market, "wait_s": wait_ns / 1e9},
        )
        self._quiet_until_ns = self.clock.mono_ns() + wait_ns
