"""The only place on the live path where Python reads a clock; everything else is told the time.

catalogue: K6. Both readings are ints in nanoseconds: UTC since the epoch, and a monotonic clock for intervals.
"""

from __future__ import annotations

import time


class Clock:
    """The host's clocks. Tests and replays pass another object with the same two methods."""

    def utc_ns(self) -> int:
        """UTC now, ns since the epoch."""
        return time.time_ns()

    def mono_ns(self) -> int:
        """The monotonic clock now, ns since an arbitrary start."""
        return time.monotonic_ns()
