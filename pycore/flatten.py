"""Flattens USD-M positions through the engine's own gate after a kill that asks for it: reduce-only orders until flat.

catalogue: R5. The kill's halt lets through what only reduces the account's position (native/core/src/gate/halt.rs), so
nothing here can open one. A position waits until its instrument has no open order; a size that the gate finds too large
is halved. Spot is left alone: what to keep there only `tickwright kill` is told (`kill.spot_keep`). Every order is an
event of the stream like a strategy's, so a replay flattens too.
"""

from __future__ import annotations

import logging

from native._core import Wish
from pycore.profit import NET
from pycore.session import Session
from pycore.strategy import BUY, MARKET, NO_PRICE, REDUCE_ONLY, SELL, TIME_IN_FORCE
from risk.marker import Target

log = logging.getLogger(__name__)

_PLACE = 1
#: The value of a kill command that lets reducing orders pass (native/core/src/gate/halt.rs).
FLATTEN = 1
_TOO_LARGE = ("order size", "order notional")


def begin(session: Session, target: Target) -> None:
    """Takes the scope's instruments up; what is held there is worked off with every tick."""
    for run in session.config.strategies:
        named = (Target("all"), Target("strategy", run.name), Target("symbol", run.instrument))
        if run.instrument.startswith("linear:") and target in named:
            session.flattening.setdefault(session.numbers.instruments[run.instrument], run.name)


def step(session: Session) -> None:
    """Sends the next order of each instrument that is not flat and has none open."""
    if not session.flattening:
        return
    busy = {row["instrument"] for row in session.core.orders(open_only=True)}
    held = {
        row["instrument"]: int(row["qty"])
        for row in session.core.positions()
        if row["account"] == session.numbers.account and row["strategy"] == NET
    }
    for number, name in list(session.flattening.items()):
        if number in busy:
            continue
        if held.get(number, 0) == 0:
            log.info("instrument %d is flat", number)
            del session.flattening[number]
            continue
        _send(session, number, session.numbers.strategies[name], held[number])


def _send(session: Session, number: int, strategy: int, held: int) -> None:
    """One market order against the position; halved until the gate finds no size in the way."""
    side, size = (SELL, held) if held > 0 else (BUY, -held)
    while size > 0:
        wish = Wish(_PLACE, side, MARKET, TIME_IN_FORCE["GTC"], REDUCE_ONLY, 0, NO_PRICE, size, 0)
        refused = session.port.propose(session.numbers.account, strategy, number, [wish])
        if not refused:
            return
        log.warning("flattening %d lots of instrument %d: %s", size, number, "; ".join(refused))
        if not any(text.startswith(_TOO_LARGE) for text in refused):
            return
        size //= 2
