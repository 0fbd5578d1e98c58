"""Leaves no order of a connectivity check behind: asks the venue, cancels what it finds, asks again.

catalogue: K5, O2. Over REST, because the order connection may be what is broken; one order by its client id, no other.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from feeds.ports import Clock
from oms.binance_rest import Rest, VenueError

log = logging.getLogger(__name__)

#: How long it asks again once a request of unknown fate has expired, s.
_MARGIN_S = 3.0
_EVERY_S = 0.25


@dataclass(frozen=True)
class Cleared:
    """How it ended: whether the venue says that the order is gone, how often we had to cancel it, and in words."""

    gone: bool
    cancelled: int
    detail: str


async def leave_nothing(rest: Rest, clock: Clock, symbol: str, client_id: str, window_ms: int) -> Cleared:
    """Returns when the order is not open, and cannot come to be: `window_ms` after now the venue must refuse it.

    Gives up some seconds later, with the reason.
    """
    settled_ns = clock.mono_ns() + window_ms * 1_000_000
    ends_ns = settled_ns + int(_MARGIN_S * 1e9)
    cancelled, why = 0, ""
    while True:
        try:
            if await _cancelled_now(rest, symbol, client_id):
                cancelled, why = cancelled + 1, f"order {client_id} was open a moment ago"
            elif clock.mono_ns() >= settled_ns:
                return Cleared(True, cancelled, "as the venue says")
        except VenueError as error:
            why = str(error)
        # After the attempt, because a rate limit may have held it back for longer than that.
        if clock.mono_ns() >= ends_ns:
            return Cleared(False, cancelled, f"no order of ours may be open, but {why}")
        await asyncio.sleep(_EVERY_S)


async def _cancelled_now(rest: Rest, symbol: str, client_id: str) -> bool:
    """Whether the order was open at the venue; it is cancelled then."""
    rows = await rest.call("GET", "open_orders", {"symbol": symbol})
    if not any(row["clientOrderId"] == client_id for row in rows):
        return False
    await rest.call("DELETE", "order", {"symbol": symbol, "origClientOrderId": client_id})
    log.warning("%(market)s: our order was still open and is cancelled over REST", {"market": rest.market})
    return True
