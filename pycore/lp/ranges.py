"""Where a range lies and when it is due for a new one: by price, by time, by volatility.

catalogue: P4. Everything is counted in ticks: one tick is a factor of 1.0001, so a tick is 0.01 % and a standard
deviation of log prices in ticks is one in basis points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pycore.errors import InputError

MIN_TICK, MAX_TICK = -887_272, 887_272


def around(tick: int, half_width: int, spacing: int) -> tuple[int, int]:
    """The usable range nearest to `half_width` ticks on both sides of a tick: at least one spacing to each side.

    InputError for a half width that is none.
    """
    if half_width < 1:
        raise InputError(f"half_width must be 1 tick or more, was {half_width}")
    least, greatest = -(-MIN_TICK // spacing) * spacing, MAX_TICK // spacing * spacing
    half = max(spacing, round(half_width / spacing) * spacing)
    middle = round(tick / spacing) * spacing
    middle = min(max(middle, least + spacing), greatest - spacing)
    return max(least, middle - half), min(greatest, middle + half)


@dataclass
class TickVolatility:
    """The standard deviation of the tick by the square root of a second, older changes counting less and less.

    `half_life_s` is how long it takes for a change to count half. Sampled once a block, whatever blocks take.
    """

    half_life_s: float
    _tick: int | None = field(default=None, init=False)
    _time_s: int = field(default=0, init=False)
    _squares: float = field(default=0.0, init=False)
    _seconds: float = field(default=0.0, init=False)

    def sample(self, tick: int, time_s: int) -> None:
        """The pool's tick at a block's time; times run forward."""
        if self._tick is not None and time_s > self._time_s:
            elapsed = time_s - self._time_s
            kept = 0.5 ** (elapsed / self.half_life_s)
            self._squares = self._squares * kept + (tick - self._tick) ** 2
            self._seconds = self._seconds * kept + elapsed
        if self._tick is None or time_s > self._time_s:
            self._tick, self._time_s = tick, time_s

    def over(self, seconds: float) -> float | None:
        """The standard deviation of the tick's change in so many seconds; None before there was any change."""
        if not self._seconds or not self._squares:
            return None
        return math.sqrt(self._squares / self._seconds * seconds)
