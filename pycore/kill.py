"""What a kill is inside the engine: a command of the stream for the scope that it names, and the marker obeyed.

catalogue: R5, K5. The marker beside the journal (`risk.marker`) is read before strategies start and with every tick of
the timer, so an engine that hung while it was killed halts when it wakes. What it halts stays halted, in the journal
and by the marker, until the operator says `run --resume`.
"""

from __future__ import annotations

import logging
from typing import Any

from pycore import flatten
from pycore.errors import InputError
from pycore.session import Session
from risk.marker import EVERYTHING, Target

log = logging.getLogger(__name__)

#: The author of a command that a person gave.
OPERATOR = 1


def command(session: Session, verb: str, target: Target, *, flattens: bool = False) -> None:
    """Gives the engine a command for a scope by name. Raises `InputError` where the name is not known.

    A kill that flattens goes on until the scope's USD-M positions are closed, or another command comes.
    """
    fields = _scope(session, target)
    session.flattening.clear()
    session.port.command(verb, author=OPERATOR, value=flatten.FLATTEN if flattens else 0, **fields)
    if flattens:
        flatten.begin(session, target)


def obey_marker(session: Session) -> None:
    """Kills what new lines of the marker name; a name that this engine does not know kills everything."""
    for target in session.marker.poll():
        log.error("the kill marker %s names %s %s: killed", session.marker.path, target.scope, target.subject)
        try:
            command(session, "kill", target)
        except InputError:
            command(session, "kill", EVERYTHING)


def resume(session: Session) -> None:
    """The operator's word: the marker goes, and every scope that a kill can have halted is lifted."""
    session.marker.remove()
    targets = [
        EVERYTHING,
        *(Target("strategy", name) for name in session.numbers.strategies),
        *(Target("symbol", key) for key in session.numbers.instruments),
    ]
    for target in targets:
        command(session, "resume", target)


def _scope(session: Session, target: Target) -> dict[str, Any]:
    """The fields of a command for a scope by name."""
    numbers = {
        "all": {"": 0},
        "strategy": session.numbers.strategies,
        "symbol": session.numbers.instruments,
    }.get(target.scope)
    if numbers is None:
        raise InputError(f"scope must be all, strategy or symbol, was {target.scope!r}")
    if target.subject not in numbers:
        raise InputError(f"{target.scope} must be one of {', '.join(numbers)}, was {target.subject!r}")
    number = numbers[target.subject]
    if target.scope == "symbol":
        return {"scope": "symbol", "instrument": number}
    return {"scope": target.scope, "subject": number}
