"""The watermark of a chain: how far it is read, and whether that is fresh enough for anybody to act on.

catalogue: R7. Requests that rest on a chain's state ask here first; in doubt they are refused. Stale is a chain whose
newest complete block is too many blocks below the head that a node told, or too old by its own time (a node that hangs
tells no head either, but time goes on).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from native._core import InputError, TickwrightError


class StaleChainError(TickwrightError):
    """A request was refused because what is known of the chain is too old; the message says by how much."""


@dataclass
class Watermark:
    """One chain's. At most `behind_max` blocks below the head, `age_s_max` s since its last block's time."""

    behind_max: int
    age_s_max: float
    block: int | None = field(default=None, init=False)
    head: int | None = field(default=None, init=False)
    _block_ns: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """InputError for limits that refuse everything or nothing."""
        if self.behind_max < 0:
            raise InputError(f"behind_max must be 0 or more blocks, was {self.behind_max}")
        if not 0 < self.age_s_max < math.inf:
            raise InputError(f"age_s_max must be above 0 and finite, was {self.age_s_max}")

    def complete(self, block: int, time_s: int) -> None:
        """A block is complete, or is the last one again after others were undone; `time_s` is its own time."""
        self.block = block
        self._block_ns = time_s * 1_000_000_000
        self.head = block if self.head is None else max(self.head, block)

    def told(self, head: int) -> None:
        """A node told its newest block, which may be lower than before."""
        self.head = head

    def stale(self, now_ns: int) -> str | None:
        """Why a request is refused now (UTC, ns); None where it may go on."""
        if self.block is None or self.head is None:
            return "no block of the chain is complete"
        behind = self.head - self.block
        if behind > self.behind_max:
            return f"block {self.block} is {behind} behind the head {self.head}, at most {self.behind_max} are allowed"
        age_s = (now_ns - self._block_ns) / 1e9
        if age_s > self.age_s_max:
            return f"block {self.block} is {age_s:.1f} s old, at most {self.age_s_max} are allowed"
        return None

    def require(self, now_ns: int) -> int:
        """The block that a request may rest on. StaleChainError where it may not."""
        why = self.stale(now_ns)
        if why is not None or self.block is None:
            raise StaleChainError(f"refused: {why}")
        return self.block
