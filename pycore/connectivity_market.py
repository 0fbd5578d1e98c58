"""The connectivity check of one market: REST, connections, one order there and back, the watch, and nothing left open.

catalogue: K5, O2. Each step adds findings; a step that fails ends the steps after it, never the clearing up.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from feeds.binance_live import MarketFeed, categories
from feeds.ports import Clock
from feeds.socket import Socket
from oms import account
from oms.binance_gateway import CANCEL, PLACE, OrderGateway
from oms.binance_rest import Rest
from oms.binance_user import UserStream
from oms.signing import Signer
from pycore import exchange_info
from pycore.config import Config
from pycore.connections import SKEW_NS_MAX
from pycore.errors import CheckError, ConfigError, TickwrightError
from pycore.latency import Histogram, LatencyTracker
from pycore.probe_clear import leave_nothing
from pycore.probe_line import Line
from pycore.probe_order import ProbeOrder, far_order

#: Clock measurements over REST; the one with the shortest round trip is kept.
_CLOCK_SAMPLES = 9
#: How long connections, the first price and a report of the user stream may take, s.
_CONNECT_S = 15.0
_FIRST_PRICE_S = 5.0
_REPORT_S = 5.0
#: Queries a second while the streams are watched.
_QUERY_EVERY_S = 0.5


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    ok: bool
    detail: str


@dataclass
class MarketCheck:
    """One market of a check. `findings`, counts and latencies fill while it runs."""

    market: str
    config: Config
    signer: Signer
    clock: Clock
    http: aiohttp.ClientSession
    jitter: random.Random
    findings: list[Finding] = field(default_factory=list)
    placed: int = 0
    cancelled: int = 0
    seen: int = 0
    rest: Rest = field(init=False)
    line: Line = field(init=False)
    _sockets: list[Socket] = field(default_factory=list)
    _parts: list[MarketFeed | OrderGateway | UserStream] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _row: dict[str, Any] = field(default_factory=dict)
    _client_id: str = ""
    _fate_known: bool = True

    def __post_init__(self) -> None:
        """Makes the REST client and the line; connects nothing."""
        venue = self.config.venue
        endpoint = venue.endpoint(self.market)
        if endpoint is None:
            raise ConfigError("configuration", [(f"venue.{self.market}", "is missing")])
        self._endpoint = endpoint
        self.symbol = next(item.symbol for item in self.config.instruments if item.market == self.market)
        self.rest = Rest(self.market, endpoint.rest, self.signer, self.clock, self.http, venue.recv_window_ms)
        self.line = Line(self.market, self.rest, self.clock)
        self._rest_times = Histogram()

    @property
    def reconnects(self) -> int:
        """How often a connection had to be made again."""
        return sum(socket.reconnects for socket in self._sockets)

    def latencies(self) -> dict[str, Histogram]:
        """Every kind of latency that has samples."""
        orders = {
            f"WebSocket {name}": self.line.delays[name]
            for name in ("place", "cancel", "query")
            if name in self.line.delays
        }
        streams = {
            f"{name} delay": self.line.delays[name]
            for name in ("market stream", "user stream")
            if name in self.line.delays
        }
        return {**({"REST round trip": self._rest_times} if self._rest_times.samples else {}), **orders, **streams}

    async def run(self, seconds: float) -> None:
        """The steps in order; what fails is a finding. Only a cancellation is raised, after the clearing up."""
        try:
            await self._ask_rest()
            await self._connect()
            ends_ns = self.clock.mono_ns() + int(seconds * 1e9)
            await self._there_and_back()
            await self._watch(ends_ns)
        except TickwrightError as error:
            self._find("check", False, str(error))
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as error:
            self._find("check", False, f"the venue's answers must be readable, was {type(error).__name__}: {error}")
        finally:
            await self._clear()
            await self._close()

    def _find(self, what: str, ok: bool, detail: str) -> None:
        self.findings.append(Finding(what, ok, detail))

    # --- REST ------------------------------------------------------------------------------------------------------

    async def _ask_rest(self) -> None:
        """Clock, instrument and key."""
        await self._measure_clock()
        offset_ms = self.rest.offset_ns / 1e6
        wanted = f"must be within {SKEW_NS_MAX / 1e6:.0f} ms of ours, was {offset_ms:+.3f} ms"
        self._find("venue clock", abs(self.rest.offset_ns) <= SKEW_NS_MAX, wanted)
        body = await self.rest.call("GET", "exchange_info", signed=False)
        faults = exchange_info.faults(self.config, self.market, body)
        told = "; ".join(f"{path} {why}" for path, why in faults)
        self._find("instruments", not faults, told or "as configured")
        self._row = next((row for row in body["symbols"] if row["symbol"] == self.symbol), {})
        if not self._row:
            raise CheckError(f"{self.symbol} must be listed to be traded, was not")
        await self.rest.call("GET", "account")
        self._find("key", True, "accepted by the venue")
        if await account.is_hedged(self.rest):
            raise CheckError("the account must be in one-way position mode, was in hedge mode")

    async def _measure_clock(self) -> None:
        """Several measurements; the offset of the quickest is kept, because it can be off by half its round trip."""
        best_ns, offset_ns = None, 0
        for _ in range(_CLOCK_SAMPLES):
            began = self.clock.mono_ns()
            found = await self.rest.measure_clock()
            took = self.clock.mono_ns() - began
            self._rest_times.record(took)
            if best_ns is None or took < best_ns:
                best_ns, offset_ns = took, found
        self.rest.offset_ns = offset_ns

    # --- connections -----------------------------------------------------------------------------------------------

    async def _connect(self) -> None:
        """The engine's own feed, gateway and user stream for one symbol."""
        endpoint, venue = self._endpoint, self.config.venue
        feed = MarketFeed(
            market=self.market,
            ws=endpoint.ws,
            rest=endpoint.rest,
            symbols={self.symbol: 1},
            streams={category: at for at, category in enumerate(categories(self.market), start=1)},
            inputs=self.line,
            clock=self.clock,
            http=self.http,
            jitter=self.jitter,
            stale_ms=self.config.timers.stale_ms,
        )
        gateway = OrderGateway(
            market=self.market,
            account=1,
            ws_api=endpoint.ws_api,
            orders_stream=8,
            user_stream=9,
            inputs=self.line,
            signer=self.signer,
            clock=self.clock,
            latency=LatencyTracker(),
            jitter=self.jitter,
            deadline_ms=venue.answer_deadline_ms,
            recv_window_ms=venue.recv_window_ms,
        )
        gateway.venue_offset_ns = self.rest.offset_ns
        self.line.gateway = gateway
        self._parts, self._sockets = [feed, gateway], [*feed.sockets, gateway.socket]
        if self.market == "linear":
            user = UserStream(1, endpoint.ws, 9, self.rest, self.line, self.clock, self.jitter)
            self._parts.append(user)
            self._sockets.append(user.socket)
        self._tasks = [asyncio.create_task(part.run()) for part in self._parts]
        try:
            async with asyncio.timeout(_CONNECT_S):
                await asyncio.gather(*(part.connected() for part in self._parts))
        except TimeoutError:
            down = ", ".join(part.name for part in self._parts if not part.up)
            raise CheckError(f"connections must be up within {_CONNECT_S:.0f} s, was down: {down}") from None
        self._find("connections", True, ", ".join(part.name for part in self._parts))

    # --- one order -------------------------------------------------------------------------------------------------

    async def _there_and_back(self) -> None:
        """One order: placed, seen in the user stream, asked about, cancelled, seen again."""
        await self._until(lambda: self.line.bid is not None, _FIRST_PRICE_S, "a best price must be seen")
        bid = self.line.bid
        assert bid is not None, "waited for in the line above"
        order = far_order(self._row, bid)
        self._client_id = f"tickwright-check-{self.clock.utc_ns() // 1_000_000}"
        await self._place(order)
        await self._see("NEW")
        status = (await self.line.query(self.symbol, self._client_id))["status"]
        self._find("asked about", status == "NEW", f"must be NEW, was {status}")
        await self._cancel()
        await self._see("CANCELED")

    async def _place(self, order: ProbeOrder) -> None:
        self._fate_known = False
        answer = await self.line.ask("place", PLACE, "order.place", order.params(self.market, self._client_id))
        # 5xx says nothing about what became of the order (safety.md, orders 1).
        self._fate_known = int(answer.get("status", 500)) < 500
        if answer.get("status") != 200:
            error = answer.get("error", {})
            raise CheckError(f"an order must be accepted, was refused: code {error.get('code')}, {error.get('msg')}")
        self.placed += 1
        told = (
            f"BUY {order.quantity} {order.symbol} at {order.price}, post-only, venue's id {answer['result']['orderId']}"
        )
        self._find("placed", True, told)

    async def _cancel(self) -> None:
        params: dict[str, str | int] = {"symbol": self.symbol, "origClientOrderId": self._client_id}
        answer = await self.line.ask("cancel", CANCEL, "order.cancel", params)
        status = answer.get("result", {}).get("status")
        if answer.get("status") != 200 or status != "CANCELED":
            raise CheckError(f"the order must be cancelled, was {status or answer.get('error')}")
        self.cancelled += 1
        self._find("cancelled", True, f"status {status}")

    async def _see(self, execution: str) -> None:
        """Waits for the order's report of this execution type in the user stream."""
        await self._until(
            lambda: any(self._ours(report) and report["x"] == execution for report in self.line.reports),
            _REPORT_S,
            f"the user stream must report {execution} of our order",
        )
        self.seen += 1
        traded = [report for report in self.line.reports if self._ours(report) and report["x"] == "TRADE"]
        self._find(f"seen {execution}", not traded, f"in the user stream; it must not trade, was {len(traded)} fills")

    def _ours(self, report: dict[str, Any]) -> bool:
        # A cancelled order's `c` is the cancel's id on spot, and `C` the order's (binance.md section 5).
        return self._client_id in (report.get("c"), report.get("C"))

    async def _until(self, condition: Callable[[], bool], within_s: float, told: str) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    self.line.changed.clear()
                    await self.line.changed.wait()
        except TimeoutError:
            raise CheckError(f"{told} within {within_s:.0f} s, was not") from None

    # --- the watch -------------------------------------------------------------------------------------------------

    async def _watch(self, ends_ns: int) -> None:
        """Until the end: connections must stay up and speak; the order connection is asked now and then."""
        while self.clock.mono_ns() < ends_ns:
            await self.line.query(self.symbol, self._client_id)
            await asyncio.sleep(min(_QUERY_EVERY_S, max(0.0, (ends_ns - self.clock.mono_ns()) / 1e9)))
            for task in self._tasks:
                if task.done():
                    task.result()
                    raise CheckError("a connection's task must run until the end, was done")
        down = [part.name for part in self._parts if not part.up]
        told = f"{self.line.messages['market stream']} messages, {self.reconnects} reconnects"
        broken = self.reconnects + sum(self.line.downs.values())
        stable = not down and not broken and self.line.messages["market stream"] > 0
        self._find("streams", stable, told + (f", was down: {', '.join(down)}" if down else ""))

    # --- the end ---------------------------------------------------------------------------------------------------

    async def _clear(self) -> None:
        """Leaves no order of ours open, and says so where it cannot."""
        if not self._client_id:
            return
        # An order whose request got no answer may still come to be until the venue must refuse it.
        window_ms = 0 if self._fate_known else self.config.venue.recv_window_ms
        cleared = await leave_nothing(self.rest, self.clock, self.symbol, self._client_id, window_ms)
        self.cancelled += cleared.cancelled
        self._find("nothing left open", cleared.gone, cleared.detail)

    async def _close(self) -> None:
        for part in self._parts:
            part.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
