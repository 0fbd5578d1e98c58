"""How long the venue has been out of reach: a connection that stays down ends the run while orders may rest there.

catalogue: K5. Every connection reconnects by itself; orders that rest meanwhile are watched by nobody. After
`timers.lost_ms` the engine gives up quoting for good and goes on trying to cancel (`supervisor.last_resort`).
"""

from __future__ import annotations

from pycore.connections import parts
from pycore.errors import EngineError
from pycore.session import Session

LOST = "stopped: network lost"


class LinkWatch:
    """Follows since when each connection has been down."""

    def __init__(self) -> None:
        """Nothing is known to be down."""
        self._since: dict[str, int] = {}

    def check(self, session: Session) -> None:
        """Raises `EngineError` `stopped: network lost` naming what has been down for too long."""
        now = session.clock.mono_ns()
        for part in parts(session):
            if part.up:
                self._since.pop(part.name, None)
            else:
                self._since.setdefault(part.name, now)
        lost_ms = session.config.timers.lost_ms
        lost = [name for name, since in self._since.items() if now - since > lost_ms * 1_000_000]
        if lost:
            raise EngineError(LOST, f"connections must be up again within {lost_ms} ms, was down: {', '.join(lost)}")
