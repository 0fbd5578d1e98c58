"""How long to wait before the next attempt: exponential, capped, with jitter so that clients do not return at once.

catalogue: M1. "Equal jitter" of Brooker, "Exponential Backoff And Jitter" (AWS architecture blog): half the delay is
fixed, half is random, so an attempt is neither immediate nor in step with others.
"""

from __future__ import annotations

import random


class Backoff:
    """Delays in seconds: first to cap, doubling, each drawn from [delay/2, delay]."""

    def __init__(self, source: random.Random, *, first_s: float = 0.25, cap_s: float = 30.0) -> None:
        """Draws its jitter from `source`; `first_s` and `cap_s` bound the delay."""
        if not 0 < first_s <= cap_s:
            raise ValueError(f"first_s must be above zero and at most cap_s, was {first_s} with cap_s {cap_s}")
        self._source = source
        self._first_s = first_s
        self._cap_s = cap_s
        self._next_s = first_s

    def delay_s(self) -> float:
        """The next delay, s; the one after it is twice as long until the cap."""
        delay = self._next_s
        self._next_s = min(self._cap_s, delay * 2)
        return delay / 2 + self._source.random() * delay / 2

    def reset(self) -> None:
        """Starts again at the first delay, after a connection that proved to work."""
        self._next_s = self._first_s
