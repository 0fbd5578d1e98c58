"""How late the event loop is: a sleep that is asked for again and again, and by how much each one was overslept.

catalogue: K6, Q3. A strategy that computes too long, a blocked disk or a starved host all show here first.
"""

from __future__ import annotations

import asyncio

from feeds.ports import Clock
from pycore.latency import Histogram

_EVERY_S = 0.05


class LoopLag:
    """The lag of one event loop, ns: all of it in a histogram, and the last sample."""

    def __init__(self, clock: Clock) -> None:
        """Measures nothing yet."""
        self._clock = clock
        self.histogram = Histogram()
        self.last_ns = 0

    async def run(self) -> None:
        """Measures until cancelled."""
        while True:
            asked = self._clock.mono_ns()
            await asyncio.sleep(_EVERY_S)
            self.last_ns = max(0, self._clock.mono_ns() - asked - int(_EVERY_S * 1e9))
            self.histogram.record(self.last_ns)
