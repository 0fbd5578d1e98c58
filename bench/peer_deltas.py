"""A seeded stream of level changes for one book, the same for every program that is compared.

catalogue: M4. A middle walks; bids stand below it and asks above, most within some ticks, some far; when the middle
moves over a level, that level is deleted first, so the book is never crossed. No level is deleted that is not there.
"""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from feeds.deltas import LEVEL_DELTA

#: Changes between two looks at the best prices: one message of a busy feed, or some milliseconds of one.
BATCH = 1_000
BATCHES = 500
_MIDDLE = 6_000_000
_NEAR, _FAR = 15.0, 500


def deltas(seed: int) -> NDArray[np.void]:
    """`BATCH` times `BATCHES` changes."""
    flow = _Flow(random.Random(seed))
    while len(flow.rows) < BATCH * BATCHES:
        flow.step()
    return np.array(flow.rows[: BATCH * BATCHES], LEVEL_DELTA)


class _Flow:
    def __init__(self, random_: random.Random) -> None:
        self.rows: list[tuple[int, int, int]] = []
        self._random = random_
        self._middle = _MIDDLE
        self._levels: tuple[set[int], set[int]] = (set(), set())

    def step(self) -> None:
        """One change, and before it now and then a step of the middle."""
        draw = self._random
        if draw.random() < 0.02:
            self._walk(draw.choice((-1, 1)))
        side = draw.getrandbits(1)
        away = draw.randrange(_FAR) if draw.random() < 0.2 else int(draw.expovariate(1 / _NEAR))
        price = self._middle + (1 + away if side else -1 - away)
        gone = price in self._levels[side] and draw.random() < 0.4
        self._set(price, 0 if gone else 1 + draw.randrange(10_000), side)

    def _walk(self, step: int) -> None:
        self._middle += step
        for side in (0, 1):
            if self._middle in self._levels[side]:
                self._set(self._middle, 0, side)

    def _set(self, price: int, qty: int, side: int) -> None:
        (self._levels[side].add if qty else self._levels[side].discard)(price)
        self.rows.append((price, qty, side))
