"""What a chain says, as events in one order: logs, the blocks that end them, and the blocks that were undone.

catalogue: M6. A chain's history is not final: a node may replace its last blocks. Nothing is ever taken out of the
stream for that: an event says which blocks are undone, newest first, and what replaced them follows
(design.md, "a chain reorganisation is a compensating event").
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Header(NamedTuple):
    """A block: its place, its name and its parent's, and its time, s since the epoch."""

    number: int
    hash: bytes
    parent: bytes
    time_s: int


class Log(NamedTuple):
    """One log of a contract, as `eth_getLogs` gives it: `log_index` counts through the block."""

    block: int
    block_hash: bytes
    transaction: bytes
    log_index: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


class What(IntEnum):
    """What happened."""

    LOG = 1
    """A contract wrote `log`, in the block `header`."""
    BLOCK = 2
    """The block `header` is complete: all its logs came before this event."""
    UNDONE = 3
    """The blocks `undone` are no longer of the chain; `header` is the last one that still is."""


class ChainEvent(NamedTuple):
    """One event. `last_sync_block` is the last block that is complete in the stream when this event has been read."""

    seq: int
    chain_id: int
    what: What
    header: Header
    last_sync_block: int
    log: Log | None = None
    undone: tuple[Header, ...] = ()
