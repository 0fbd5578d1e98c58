"""When a kill comes: drawn from the seed and the kill's number alone, so that any one of them can be asked for again.

catalogue: K4.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

#: Shares of the kills: during start-up, while it trades, during the shutdown.
_START, _RUN = 0.2, 0.65
_RUN_S = (0.05, 1.5)
_STOP_S = 0.15


@dataclass(frozen=True)
class Moment:
    """One kill: the phase that it hits, how long the engine trades before, and where in that phase it comes."""

    number: int
    phase: str
    trade_s: float
    #: Of the phases start and stop: which part of the usual start (0..1), or seconds after the stop was asked for.
    after: float


def moment(seed: int, number: int) -> Moment:
    """The kill `number` (from 1) of a seed."""
    draw = random.Random(f"{seed}:{number}")
    share, trade_s, after = draw.random(), draw.uniform(*_RUN_S), draw.random()
    if share < _START:
        return Moment(number, "start", 0.0, after)
    if share < _START + _RUN:
        return Moment(number, "run", trade_s, 0.0)
    return Moment(number, "stop", trade_s, after * _STOP_S)
