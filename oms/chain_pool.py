"""A pool as the chain has it: followed log by log, taken back with every reorganisation, given to nobody when stale.

catalogue: R7, S4, O8. The pool is v3's (Pancake's too), a v2 pair, or one of v4's, all by the same methods. A sink of
`feeds.chain.source.ChainSource`. What rests on the pool asks `pool`, and is refused when the chain is too old
(`risk.watermark`) or when a log came out otherwise than our arithmetic says: then the state cannot be trusted from that
log on, and must be read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from feeds.chain.events import ChainEvent, What
from feeds.chain.follow import DEPTH_MAX
from native._core import ClammPair, ClammPool, ClammV4Pool, TickwrightError
from risk.watermark import Watermark

Kind = TypeVar("Kind", ClammPool, ClammPair, ClammV4Pool)


class DesyncedPoolError(TickwrightError):
    """A request was refused because the pool and the chain have parted; the message names the first log and field."""


class ChainPool(Generic[Kind]):
    """One pool from its state at the end of block `block` on."""

    def __init__(self, address: bytes, pool: Kind, block: int, watermark: Watermark) -> None:
        """`address` is the contract that logs: the pool's, or v4's manager, which tells of the pool by its id.

        `pool` is taken over: nobody else may change it. As many blocks can be undone as a follower remembers.
        """
        self.parted = ""
        self._address, self._watermark = address, watermark
        self._pool: Kind = pool
        self._pool.keep_blocks(block, DEPTH_MAX)

    async def __call__(self, events: Sequence[ChainEvent]) -> None:
        """Follows."""
        for event in events:
            self._take(event)

    def _take(self, event: ChainEvent) -> None:
        header = event.header
        if event.what is What.UNDONE:
            self._pool.undo_to(header.number)
        elif event.log is not None:
            if event.log.address == self._address and not self.parted:
                self._log(event)
            return
        self._watermark.complete(header.number, header.time_s)

    def _log(self, event: ChainEvent) -> None:
        log = event.log
        if log is None:
            return
        self._pool.begin_block(log.block)
        _, difference = self._pool.follow(list(log.topics), log.data, event.header.time_s % 2**32)
        if difference is not None:
            field, expected, found = difference
            self.parted = f"log {log.log_index} of block {log.block}: {field} must be {expected}, was {found}"

    def told(self, head: int) -> None:
        """A node told its newest block: how far the pool is behind is counted from there."""
        self._watermark.told(head)

    def pool(self, now_ns: int) -> tuple[Kind, int]:
        """A copy of the pool to compute on, and the block that it is at the end of; `now_ns` is UTC.

        StaleChainError where the chain is too old, DesyncedPoolError where the state cannot be trusted.
        """
        if self.parted:
            raise DesyncedPoolError(f"refused: pool 0x{self._address.hex()} has parted from the chain at {self.parted}")
        block = self._watermark.require(now_ns)
        return self._pool.copy(), block
