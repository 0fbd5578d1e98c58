"""What makes a market move by itself: the generator, the 50 ms grid, mark prices and funding (catalogue: S1)."""

import asyncio
from collections.abc import Awaitable, Callable
from math import sqrt

from sim.box.clock import NS_PER_MS
from sim.box.desk import Desk
from sim.box.listing import text_e8
from sim.box.publish import GRID_MS, Publisher
from sim.box.usdm_countdown import run_out
from sim.box.usdm_settings import FUNDING_INTERVAL_MS, FUNDING_RATE_E8

SLEEP_S_MIN = 0.001
FAR_NS = 2**63 - 1
Step = Callable[[int], int]


def generate(desk: Desk, speed: float, skip: frozenset[str] = frozenset()) -> None:
    """Starts the seeded generator for every contract but those in `skip`; `speed` makes time run faster in it."""
    now = desk.clock.now_ns()
    for listing in desk.listings.values():
        if listing.symbol not in skip:
            desk.exchange.flow(
                desk.ids[listing.symbol], mid=listing.start_e8 // listing.tick_e8, ts=now,
                maker_rate=40.0 * speed, trade_rate=4.0 * speed, volatility=0.6 * sqrt(speed),
            )  # fmt: skip


class Pace:
    """Runs one desk in real time."""

    def __init__(self, desk: Desk, publisher: Publisher, step: Step | None = None) -> None:
        """`step`, when given, replays a recording: called with the time, it returns when it wants to act next."""
        self._desk = desk
        self._publisher = publisher
        self._step = step
        self._grid = 0
        self._second = 0
        self._funding = desk.clock.now_ms() // FUNDING_INTERVAL_MS
        self._due = False

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Moves the market until cancelled."""
        self._desk.on_change = self._soon
        while True:
            wake_ns = self.move()
            wait_s = (wake_ns - self._desk.clock.now_ns()) / 1e9
            await sleep(max(SLEEP_S_MIN, wait_s))

    def _soon(self) -> None:
        """Publishes once the request at hand has been answered, once for many changes."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._due = False
        self._publisher.flush()

    def move(self) -> int:
        """Brings the market up to now and sends what is due; returns when to come back, in ns."""
        desk = self._desk
        now = desk.clock.now_ns()
        wake = self._step(now) if self._step else FAR_NS
        events = desk.exchange.advance(now)
        if events:
            desk.settle(events)
        self._publisher.flush()
        now_ms = now // NS_PER_MS
        if now_ms // GRID_MS != self._grid:
            self._grid = now_ms // GRID_MS
            run_out(desk, now)
            if now_ms // 1_000 != self._second:
                self._second = now_ms // 1_000
                self._mark(now)
            self._publisher.tick(now)
        for number in desk.by_id:
            wake = min(wake, desk.exchange.next_ts(number))
        return min(wake, (self._grid + 1) * GRID_MS * NS_PER_MS)

    def _mark(self, now: int) -> None:
        """Once a second: mark prices with what they liquidate, funding at its hours, listen keys that ran out."""
        desk = self._desk
        if desk.market != "linear":
            return
        marks = {name: desk.mark_ticks(name) * row.tick_e8 for name, row in desk.listings.items()}
        for name, mark_e8 in marks.items():
            events = desk.exchange.mark(desk.ids[name], mark_e8, now)
            if events:
                desk.settle(events)
        period = now // NS_PER_MS // FUNDING_INTERVAL_MS
        if period != self._funding:
            self._funding = period
            self._fund(marks, now)
        desk.users.expire(now)

    def _fund(self, marks: dict[str, int], now: int) -> None:
        desk = self._desk
        for name, mark_e8 in marks.items():
            desk.settle(desk.exchange.funding(desk.ids[name], FUNDING_RATE_E8, mark_e8, now))
            desk.fundings.append(
                {
                    "symbol": name,
                    "fundingRate": text_e8(FUNDING_RATE_E8),
                    "fundingTime": self._funding * FUNDING_INTERVAL_MS,
                    "markPrice": text_e8(mark_e8),
                }
            )
