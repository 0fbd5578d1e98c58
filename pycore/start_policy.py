"""What a start does with what the journal does not explain: foreign orders, positions and wallets that differ.

catalogue: O7, K5. The configuration's `[start]` decides, `halt` by default: the start ends with exit 3 and lists what
it saw, and nothing was sent or booked. What is adopted becomes events of the stream, so a replay adopts it too.
"""

from __future__ import annotations

import asyncio
import logging
from decimal import ROUND_CEILING, Decimal

from oms import open_orders
from oms.open_orders import OpenOrder
from oms.protective_stop import PREFIX
from pycore.definitions import value_of
from pycore.errors import EngineError, StartRefusedError
from pycore.reconcile import Differences
from pycore.session import Session

log = logging.getLogger(__name__)

_POLL_S = 0.1


async def settle_foreign_orders(session: Session) -> None:
    """Treats open orders on our instruments as configured; called when no order of ours is open any more.

    Raises `StartRefusedError` `start: foreign orders`, or `EngineError` where they could not be cancelled in time.
    """
    found = await _foreign(session)
    if not found:
        return
    policy = session.config.start.foreign_orders
    seen = "; ".join(f"{key}: {order}" for key, orders in found.items() for order in orders)
    log.warning("foreign orders, start.foreign_orders is %s: %s", policy, seen)
    if policy == "halt":
        raise StartRefusedError("start: foreign orders", f"start.foreign_orders halts at foreign orders, was {seen}")
    if policy == "cancel":
        await _cancel(session, found)
    else:
        for key, orders in found.items():
            _count(session, key, orders)


def settle_positions(session: Session, found: Differences) -> None:
    """Treats positions and wallets that differ from the journal's as configured.

    Raises `StartRefusedError` `start: position`, or `EngineError` `reconcile: balances differ` where only wallets do.
    """
    if not found:
        return
    if session.config.start.position == "adopt":
        _adopt(session, found)
        return
    if found.positions:
        raise StartRefusedError("start: position", f"start.position halts at a difference, was {found}")
    raise EngineError("reconcile: balances differ", str(found))


async def _foreign(session: Session) -> dict[str, list[OpenOrder]]:
    """Open orders on our instruments, by `market:symbol`. Protective stops are ours, and settled before quoting."""
    found: dict[str, list[OpenOrder]] = {}
    for market, rest in session.rests.items():
        ours = session.symbols(market)
        for order in await open_orders.fetch(rest):
            if order.symbol in ours and not order.client_id.startswith(PREFIX):
                found.setdefault(f"{market}:{order.symbol}", []).append(order)
    return found


async def _cancel(session: Session, found: dict[str, list[OpenOrder]]) -> None:
    for key, orders in found.items():
        rest = session.rests[key.partition(":")[0]]
        await asyncio.gather(*(open_orders.cancel(rest, order) for order in orders))
    loop = asyncio.get_running_loop()
    until = loop.time() + session.config.timers.stop_deadline_ms / 1e3
    while left := await _foreign(session):
        if loop.time() >= until:
            raise EngineError("start: foreign orders left open", f"foreign orders must be cancelled, was open {left}")
        await asyncio.sleep(_POLL_S)


def _count(session: Session, key: str, orders: list[OpenOrder]) -> None:
    """Takes what foreign orders could still fill, the larger side, off the symbol's largest position."""
    lot, number = Decimal(session.instrument(key).lot), session.numbers.instruments[key]
    sides = (sum((row.rest for row in orders if row.side == side), Decimal(0)) for side in ("BUY", "SELL"))
    lots = int((max(sides) / lot).to_integral_value(ROUND_CEILING))
    trading = {run.name for run in session.config.strategies if run.instrument == key}
    bounds = [
        value_of(session, bound)
        for bound in session.config.limits
        if bound.kind == "max_position"
        and (bound.scope in ("all", "account", "venue") or bound.subject == key or bound.subject in trading)
    ]
    if bounds:
        session.core.limit("symbol", number, "max_position", max(0, min(bounds) - lots))


def _adopt(session: Session, found: Differences) -> None:
    """Positions first, because a wallet's difference may be their realised part."""
    account = session.numbers.account
    for row in found.positions:
        log.warning("adopted: %s", row)
        session.port.venue_position(account, row.instrument, row.stated, adopt=True)
    for wallet in found.wallets:
        log.warning("adopted: %s", wallet)
        moved = wallet.amount - wallet.booked
        session.port.balance(account, wallet.market, wallet.asset, moved, transfer=True)
