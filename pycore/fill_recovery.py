"""Asks for the fills that the engine knows to be missing, and hands them in.

catalogue: O1, K5. Started by the alarm `FillsMissing` and, after a crash, for every order that the journal left open.
"""

from __future__ import annotations

import asyncio
import logging

from oms import missing_fills
from oms.binance_rest import VenueError
from pycore.session import Session

log = logging.getLogger(__name__)

_ATTEMPTS = 5
_PAUSE_S = 0.5


def begin(session: Session, order: int) -> None:
    """Fetches one order's fills in the background; a second call while that is under way does nothing."""
    if order in session.recovering:
        return
    task = asyncio.get_running_loop().create_task(_recover(session, order), name=f"fills of order {order}")
    session.recovering[order] = task
    task.add_done_callback(lambda _: session.recovering.pop(order, None))


async def _recover(session: Session, order: int) -> None:
    """A few attempts; what stays missing is still in the order table, which asks again and raises its alarm."""
    for _ in range(_ATTEMPTS):
        row = next((row for row in session.core.orders(open_only=False) if row["order"] == order), None)
        if row is None:
            return
        if row["venue_order"]:
            market, _, symbol = session.keys_by_number()[row["instrument"]].partition(":")
            try:
                events = await missing_fills.fetch(session.rests[market], symbol, row["venue_order"])
            except VenueError as error:
                log.warning("fills of order %d: %s", order, error)
            else:
                _hand_in(session, market, events)
                return
        await asyncio.sleep(_PAUSE_S)


def _hand_in(session: Session, market: str, events: list[bytes]) -> None:
    stream = session.numbers.streams[f"{market}/user"]
    for event in events:
        session.port.user(stream, session.numbers.account, market, event)
