"""Keeps one protective stop at the venue under each USD-M position, so that one whose engine is gone is still closed.

catalogue: R6, O2. Once a second each position's wanted stop is compared with the one that the venue holds; it is moved
when the entry has moved by a quarter of the distance. A clean stop leaves the stops of what is still held.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from decimal import Decimal

from oms import open_orders, protective_stop
from oms.binance_rest import Rest, VenueError
from oms.protective_stop import Stop
from pycore.profit import NET
from pycore.session import Session

log = logging.getLogger(__name__)

_EVERY_S = 1.0
#: A stop is moved when its trigger is off by more than this part of its distance from the entry.
_SLACK = Decimal("0.25")


@dataclass
class Keeper:
    """The stops of one session's USD-M positions."""

    session: Session
    rest: Rest
    distance_bp: int
    #: By symbol: what the venue holds, and its client id.
    held: dict[str, tuple[Stop, str]] = field(default_factory=dict)

    async def begin(self) -> None:
        """Takes back what an earlier session left; its positions get theirs anew. Raises `VenueError`."""
        ours = self.session.symbols("linear")
        for order in await open_orders.fetch(self.rest):
            if order.symbol in ours and order.client_id.startswith(protective_stop.PREFIX):
                await protective_stop.cancel(self.rest, order.symbol, order.client_id)

    async def run(self) -> None:
        """Keeps them until it is cancelled. A refusal is tried again with the next round."""
        while True:
            await self.round()
            await asyncio.sleep(_EVERY_S)

    async def round(self) -> None:
        """Moves every stop that is not where its position wants it."""
        for symbol, stop in self._wanted().items():
            try:
                await self._settle(symbol, stop)
            except VenueError as error:
                log.error("protective stop of %(symbol)s: %(why)s", {"symbol": symbol, "why": error})

    async def _settle(self, symbol: str, stop: Stop | None) -> None:
        held = self.held.get(symbol)
        if held is not None and (stop is None or not stop.near(held[0], self._slack(stop))):
            await protective_stop.cancel(self.rest, symbol, held[1])
            del self.held[symbol]
            held = None
        if held is None and stop is not None:
            self.held[symbol] = (stop, await protective_stop.place(self.rest, stop))
            told = {"symbol": symbol, "side": stop.side, "trigger": stop.trigger}
            log.info("protective stop of %(symbol)s: %(side)s at %(trigger)s", told)

    def _slack(self, stop: Stop) -> Decimal:
        return stop.trigger * self.distance_bp / 10_000 * _SLACK

    def _wanted(self) -> dict[str, Stop | None]:
        rows = {row["instrument"]: row for row in self.session.core.positions() if row["strategy"] == NET}
        found: dict[str, Stop | None] = {}
        for symbol, number in self.session.symbols("linear").items():
            row, tick = rows.get(number), Decimal(self.session.instrument(f"linear:{symbol}").tick)
            found[symbol] = None
            if row is not None:
                found[symbol] = protective_stop.wanted(symbol, row["qty"], row["entry_e8"], self.distance_bp, tick)
        return found


async def begin(session: Session) -> None:
    """Starts to keep stops, where the configuration wants them. Raises `VenueError`."""
    rest, distance_bp = session.rests.get("linear"), session.config.venue.protective_stop_bp
    if rest is None or not distance_bp:
        return
    keeper = Keeper(session, rest, distance_bp)
    await keeper.begin()
    session.background.append(asyncio.create_task(keeper.run(), name="protective stops"))
