"""Asks for the fills that the engine knows to be missing, and hands them in; and finds out whether any are.

catalogue: O1, K5. The order table raises the alarm `FillsMissing` when the venue's count is ahead of the fills, and
again with every question until they are there. A report that is lost with its count shows in the wallet: a difference
that stays makes us ask about every open order, whose counts then say what is missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from oms import missing_fills
from oms.binance_rest import VenueError
from pycore.session import Session

log = logging.getLogger(__name__)

#: Between a difference and the round of questions about all open orders: what is said meanwhile joins that round,
#: because each order costs the account request weight.
_ROUND_S = 2.0
#: The place of that round among the tasks: no order has this number.
_ALL = 0


def begin(session: Session, order: int) -> None:
    """Fetches one order's fills in the background; a second call while that is under way does nothing."""
    _once(session, order, _recover)


def ask_all(session: Session) -> None:
    """A wallet differs from the ledger for too long: asks the venue about every open order, two seconds from now."""
    _once(session, _ALL, _ask)


def _once(session: Session, order: int, work: Callable[[Session, int], Coroutine[Any, Any, None]]) -> None:
    if order in session.recovering:
        return
    task = asyncio.get_running_loop().create_task(work(session, order), name=f"fills of order {order}")
    session.recovering[order] = task
    task.add_done_callback(lambda done: _ended(session, order, done))


def _ended(session: Session, order: int, done: asyncio.Task[None]) -> None:
    del session.recovering[order]
    if not done.cancelled() and done.exception() is not None:
        # What the core raised on a fill ends the session like any other fault of its tasks.
        session.tasks.append(done)


async def _ask(session: Session, _order: int) -> None:
    await asyncio.sleep(_ROUND_S)
    session.port.query_open()


async def _recover(session: Session, order: int) -> None:
    """One attempt: what stays missing is still in the order table, which asks again and raises its alarm again."""
    row = next((row for row in session.core.orders(open_only=False) if row["order"] == order), None)
    if row is None or not row["venue_order"]:
        return
    market, _, symbol = session.keys_by_number()[row["instrument"]].partition(":")
    try:
        events = await missing_fills.fetch(session.rests[market], symbol, row["venue_order"])
    except VenueError as error:
        log.warning("fills of order %d: %s", order, error)
        return
    stream = session.numbers.streams[f"{market}/user"]
    for event in events:
        session.port.user(stream, session.numbers.account, market, event)
