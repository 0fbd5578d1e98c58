"""The venue's dead-man switch: USD-M cancels our symbols' orders by itself unless we keep saying that we are there.

catalogue: R5, O2. `POST /fapi/v1/countdownCancelAll` (safety.md, dead-man switches): one for each symbol, renewed
four times in its length; a clean stop ends it. Spot has no such switch. It covers what no process of ours can: a dead
host, a lost network. It cancels every order of the symbol, foreign ones too.
"""

from __future__ import annotations

import asyncio
import logging

from oms.binance_rest import Rest, VenueError
from pycore.errors import EngineError
from pycore.session import Session

log = logging.getLogger(__name__)

_RENEWALS = 4
_ATTEMPTS = 3
_PAUSE_S = 0.5


async def arm(session: Session) -> None:
    """Starts the countdowns before anything quotes, and the task that renews them.

    Raises `EngineError` `start: no dead man's switch` where the venue does not take them.
    """
    rest = session.rests.get("linear")
    if rest is None or not session.config.venue.dead_man_ms:
        return
    for left in reversed(range(_ATTEMPTS)):
        try:
            await _tell(session, rest, session.config.venue.dead_man_ms)
            break
        except VenueError as error:
            # Setting a countdown twice is setting it once, so it may be sent again.
            if not left:
                raise EngineError("start: no dead man's switch", str(error)) from None
            await asyncio.sleep(_PAUSE_S)
    session.background.append(asyncio.create_task(_renew(session, rest), name="dead man's switch"))


async def disarm(session: Session) -> None:
    """Ends the countdowns; nothing is open any more."""
    rest = session.rests.get("linear")
    if rest is None or not session.config.venue.dead_man_ms:
        return
    try:
        await _tell(session, rest, 0)
    except VenueError as error:
        log.warning("the dead man's switch stays armed, and finds nothing to cancel: %s", error)


async def _renew(session: Session, rest: Rest) -> None:
    """A renewal that fails leaves the countdown running: that is what it is for."""
    while True:
        await asyncio.sleep(session.config.venue.dead_man_ms / 1e3 / _RENEWALS)
        try:
            await _tell(session, rest, session.config.venue.dead_man_ms)
        except VenueError as error:
            log.warning("the dead man's switch could not be renewed: %s", error)


async def _tell(session: Session, rest: Rest, time_ms: int) -> None:
    calls = (
        rest.call("POST", "countdown", {"symbol": symbol, "countdownTime": time_ms})
        for symbol in session.symbols("linear")
    )
    await asyncio.gather(*calls)
