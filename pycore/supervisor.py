"""Takes a session down after a fault: kill switch, cancel-all through the core, and past the core if need be.

catalogue: K5, R2. A core panic (a BaseException), a broken invariant, a storage error or a strategy's exception all
end here. The last resort is a raw REST cancel-all for each configured symbol, which needs nothing of the core.
"""

from __future__ import annotations

import asyncio
import logging

from native._core import BrokenError, FullError, StorageError
from oms.binance_rest import Rest, VenueError
from oms.release import WaitingFullError
from pycore.errors import EngineError, StartRefusedError
from pycore.reconcile import none_open
from pycore.runner import StrategyError
from pycore.session import Session

log = logging.getLogger(__name__)

_REFUSALS_MAX = 3
#: Refusals that time heals: rate limits.
_PATIENCE = (418, 429)
_LAST_RESORT_PAUSE_S = 0.5


def name_of(error: BaseException) -> str:
    """The named final state that a fault leads to."""
    if isinstance(error, EngineError):
        return error.state
    names: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
        (StrategyError, "killed: strategy raised"),
        (BrokenError, "killed: invariant broken"),
        (StorageError, "killed: storage failed"),
        ((FullError, WaitingFullError), "killed: a bound is full"),
    )
    for kinds, name in names:
        if isinstance(error, kinds):
            return name
    return "killed: core panic" if not isinstance(error, Exception) else "killed: unexpected error"


def first_of(error: BaseException) -> BaseException:
    """The fault inside task groups: the first leaf of an exception group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def core_usable(error: BaseException) -> bool:
    """Whether the core may still be asked to cancel: after a strategy's or the host's fault, not after its own."""
    return isinstance(error, StrategyError | EngineError)


async def take_down(session: Session, error: BaseException) -> str:
    """Kills and cancels everything; returns the final state's name, with what could not be cancelled appended."""
    state = name_of(error)
    log.error("%s: %s", state, error)
    if isinstance(error, StartRefusedError):
        # Nothing of ours is open and nothing was done: there is nothing to kill, and the next start is not halted.
        session.port.closed = True
        return state
    session.phase = "killing"
    session.reserve.release()
    session.port.runner = None
    closed = False
    if core_usable(error):
        try:
            session.port.command("kill")
            closed = await none_open(session, session.config.timers.stop_deadline_ms / 1e3)
        except BaseException as second:  # a panic while killing must not keep us from the last resort
            log.error("the core could not cancel: %s", second)
    session.port.closed = True
    if not closed:
        left = await last_resort(session)
        if left:
            return f"{state}; not cancelled: {', '.join(left)}"
    return state


async def last_resort(session: Session) -> list[str]:
    """Cancels all by REST, symbol by symbol, without the core, and sees that nothing is open any more.

    It goes on while the venue is out of reach, for `timers.last_resort_ms` at most: a network that comes back must not
    find orders that nobody watches. Returns the symbols where it could not.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + session.config.timers.last_resort_ms / 1e3
    items = session.config.instruments
    done = await asyncio.gather(*(_cancel(session.rests.get(item.market), item.symbol, until) for item in items))
    return [item.key for item, cancelled in zip(items, done, strict=True) if not cancelled]


async def _cancel(rest: Rest | None, symbol: str, until: float) -> bool:
    """Cancels one symbol and looks after a pause, for what was under way; every failure is logged.

    A refusal that is the venue's last word is repeated only a few times, anything else until the time is up.
    """
    refusals = 0
    while rest is not None and refusals < _REFUSALS_MAX:
        try:
            await rest.cancel_all(symbol)
            await asyncio.sleep(_LAST_RESORT_PAUSE_S)
            if not await rest.call("GET", "open_orders", {"symbol": symbol}):
                return True
        except VenueError as error:
            log.error("last resort on %s %s: %s", rest.market, symbol, error)
            refusals += 400 <= error.status < 500 and error.status not in _PATIENCE
            await asyncio.sleep(_LAST_RESORT_PAUSE_S)
        if asyncio.get_running_loop().time() >= until:
            return False
    return False
