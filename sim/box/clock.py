"""The venue's clock: the only place in the box that reads the time (catalogue: S1).

Everything the box serves or checks (serverTime, recvWindow, event times, the Exchange's `ts`) comes from here, so one
skew moves the whole venue, as a fault may ask.
"""

import time
from typing import NamedTuple

NS_PER_MS = 1_000_000
NS_PER_US = 1_000


class Stamp(NamedTuple):
    """A moment in ns as one receiver reads it: in units of `tick_ns`."""

    now_ns: int
    tick_ns: int

    @property
    def now(self) -> int:
        """The moment itself in the receiver's unit."""
        return self.now_ns // self.tick_ns

    def of(self, ts: int) -> int:
        """Another time in ns in the receiver's unit."""
        return ts // self.tick_ns


class BoxClock:
    """UTC nanoseconds that never run backwards, shifted by `skew_ns`."""

    def __init__(self, skew_ns: int = 0) -> None:
        """Starts a clock that shows the machine's time plus `skew_ns`."""
        self.skew_ns = skew_ns
        self._last_ns = 0

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, at least the last answer."""
        now = time.time_ns() + self.skew_ns
        self._last_ns = max(self._last_ns, now)
        return self._last_ns

    def now_ms(self) -> int:
        """Milliseconds since the epoch, as the venue's `serverTime`."""
        return self.now_ns() // NS_PER_MS
