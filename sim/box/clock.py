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


class Skew(NamedTuple):
    """How far the clock is off for a while: from `after_ns` since the start, for `for_ns`, again every `every_ns`."""

    skew_ns: int
    after_ns: int = 0
    for_ns: int | None = None
    every_ns: int | None = None

    def at(self, since_ns: int) -> int:
        """The skew at a time since the start."""
        into = since_ns - self.after_ns
        if into < 0:
            return 0
        if self.every_ns is not None:
            into %= self.every_ns
        return self.skew_ns if self.for_ns is None or into < self.for_ns else 0


class BoxClock:
    """UTC nanoseconds that never run backwards: a clock that is put back stands still until time has caught up."""

    def __init__(self, skew_ns: int = 0, skews: tuple[Skew, ...] = ()) -> None:
        """Starts a clock that shows the machine's time plus `skew_ns`, and plus what `skews` add for a while."""
        self.skew_ns = skew_ns
        self._skews = skews
        self._start_ns = time.time_ns()
        self._last_ns = 0

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, at least the last answer."""
        now = time.time_ns() + self.skew_ns
        for skew in self._skews:
            now += skew.at(time.time_ns() - self._start_ns)
        self._last_ns = max(self._last_ns, now)
        return self._last_ns

    def since_start_ns(self) -> int:
        """Nanoseconds since the clock was made, whatever it shows."""
        return time.time_ns() - self._start_ns

    def now_ms(self) -> int:
        """Milliseconds since the epoch, as the venue's `serverTime`."""
        return self.now_ns() // NS_PER_MS
