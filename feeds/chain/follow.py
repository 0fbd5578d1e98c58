"""Follows one chain of blocks, sans-I/O: what to ask a node next, and which events its answers are.

catalogue: M6, M3. A block is known by its hash, never by its number: each must name the one before it as its parent,
and logs are asked for by the block's hash, so that they cannot be another block's. Where a block does not join, the
last blocks are asked for again from the newest down; those that the node no longer has are undone, in one event, and
the walk goes on from the one that is left. Blocks `final_depth` below the head are read in ranges: that is how a gap of
hours is filled.

    while (ask := follower.ask()) is not None:
        events = follower.answer(ask, ..)          # the node's answer, None where it does not have the block

Whatever a node says in whatever order, the events are: a chain of complete blocks, each after its parent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from feeds.chain.events import ChainEvent, Header, Log, What
from native._core import InputError, TickwrightError

#: Blocks that are remembered, and so the deepest reorganisation that is followed.
DEPTH_MAX = 256
#: A block this far below the head is not expected to be replaced: two epochs of Ethereum are 64 blocks.
FINAL_DEPTH = 64
#: Blocks that are asked for at once at first; nodes that refuse so many are asked for half.
RANGE_BLOCKS = 2_000


class DeepReorgError(TickwrightError):
    """More blocks were replaced than are remembered: what is known of the chain must be read again."""


class AskHeader(NamedTuple):
    """Which block has this number now?"""

    number: int


class AskLogs(NamedTuple):
    """The logs of exactly this block."""

    header: Header


class AskRange(NamedTuple):
    """The logs of the blocks `first` to `last`, and the headers of both and of every block between that has logs."""

    first: int
    last: int


class Range(NamedTuple):
    """The answer to `AskRange`: headers and logs, each in the order of the chain."""

    headers: tuple[Header, ...]
    logs: tuple[Log, ...]


Ask = AskHeader | AskLogs | AskRange
Answer = Header | tuple[Log, ...] | Range | None


class Begin(NamedTuple):
    """Where a follower begins: at block `start`, or behind the last of the blocks that are `known` already.

    `known` is oldest first, each the parent of the next; `seq` is the number that the first event gets.
    """

    start: int
    known: tuple[Header, ...] = ()
    seq: int = 1


class Follower:
    """One chain, from where it begins on."""

    def __init__(
        self, chain_id: int, begin: Begin, *, final_depth: int = FINAL_DEPTH, depth_max: int = DEPTH_MAX
    ) -> None:
        """InputError for a start below 0 and for a depth of final blocks that the memory does not reach."""
        if begin.start < 0:
            raise InputError(f"start must be a block's number, 0 or more, was {begin.start}")
        if not 0 < final_depth < depth_max:
            raise InputError(f"final_depth must be above 0 and below {depth_max}, was {final_depth}")
        self.chain_id = chain_id
        self.seq = begin.seq
        self.range_blocks = RANGE_BLOCKS
        self._start = begin.start
        self._final_depth = final_depth
        self._blocks: deque[Header] = deque(begin.known, maxlen=depth_max)
        self._head: Header | None = None
        self._read: Header | None = None
        self._doubt = False
        self._undone: list[Header] = []

    @property
    def last_sync_block(self) -> int:
        """The last block that is complete; one below the start where there is none."""
        return self._blocks[-1].number if self._blocks else self._start - 1

    @property
    def settled(self) -> bool:
        """Whether everything up to the last head that was told is in the stream."""
        return self._head is None and not self._doubt

    def head(self, header: Header) -> None:
        """A node told its newest block."""
        self._head = header

    def narrow(self) -> None:
        """The node refused a range: ask for half. InputError where it refuses a single block."""
        if self.range_blocks == 1:
            raise InputError("eth_getLogs must answer for one block, was refused")
        self.range_blocks //= 2

    def ask(self) -> Ask | None:
        """What to ask now; None: nothing until the next head."""
        if self._head is None:
            return None
        if self._doubt:
            return AskHeader(self._blocks[-1].number)
        if self._read is not None:
            return AskLogs(self._read)
        wanted = self.last_sync_block + 1
        if self._head.number < wanted:
            return self._compare(self._head)
        final = self._head.number - self._final_depth
        if final >= wanted:
            return AskRange(wanted, min(final, wanted + self.range_blocks - 1))
        return AskHeader(wanted)

    def _compare(self, head: Header) -> Ask | None:
        """A head that is not above our last block: that block itself, an old one told late, or a chain that was cut."""
        if not self._blocks or self._blocks[-1].hash == head.hash:
            self._head = None
            return None
        self._doubt = True
        return AskHeader(self._blocks[-1].number)

    def answer(self, ask: Ask, found: Answer) -> list[ChainEvent]:
        """What the answer to `ask` means. DeepReorgError where the chain went another way before all that is known."""
        if isinstance(ask, AskHeader) and (found is None or isinstance(found, Header)):
            return self._check(found) if self._doubt else self._join(found)
        if isinstance(ask, AskLogs) and (found is None or not isinstance(found, (Header, Range))):
            return self._complete(ask.header, found)
        if isinstance(ask, AskRange) and (found is None or isinstance(found, Range)):
            return self._fill(found)
        raise TypeError(f"an answer to {ask} cannot be {type(found).__name__}")

    def _join(self, found: Header | None) -> list[ChainEvent]:
        """The next block: it must name ours as its parent."""
        if found is None:
            self._head = None  # gone, or not there yet: the next head tells
        elif self._joins(found):
            self._read = found
        else:
            self._doubt = True
        return []

    def _joins(self, header: Header) -> bool:
        return not self._blocks or header.parent == self._blocks[-1].hash

    def _check(self, found: Header | None) -> list[ChainEvent]:
        """Our last block is in doubt: this is what the node has in its place."""
        last = self._blocks[-1]
        if found is not None and found.hash == last.hash:
            return self._agreed()
        if found is None and self._head is not None and self._head.number >= last.number:
            self._head = None  # it told of a block that it does not have: what it says now proves nothing
            return []
        if len(self._blocks) == 1:
            raise DeepReorgError(f"block {last.number} ({last.hash.hex()}) is replaced, and nothing before it is known")
        self._undone.append(self._blocks.pop())
        return self._agreed() if found is not None and self._joins(found) else []

    def _agreed(self) -> list[ChainEvent]:
        """Our last block is the node's too: what was taken back on the way here is told."""
        self._doubt = False
        if self._head is not None and self._head.number <= self._blocks[-1].number:
            self._head = None
        undone, self._undone = tuple(self._undone), []
        return [self._event(What.UNDONE, self._blocks[-1], undone=undone)] if undone else []

    def _complete(self, header: Header, found: tuple[Log, ...] | None) -> list[ChainEvent]:
        """The logs of the block that was joined."""
        if self._read != header:
            return []
        self._read = None
        if found is None or any(log.block_hash != header.hash for log in found):
            self._doubt = bool(self._blocks)
            return []
        return self._tell(header, found)

    def _fill(self, found: Range | None) -> list[ChainEvent]:
        """The logs of a range; its first block must join ours, and each log must be of a block that is named."""
        if found is None:
            self._head = None
            return []
        if not self._joins(found.headers[0]):
            self._doubt = True
            return []
        by_block: dict[bytes, list[Log]] = {header.hash: [] for header in found.headers}
        for log in found.logs:
            if log.block_hash not in by_block:
                self._head = None  # the chain moved between two answers, this deep: ask again with the next head
                return []
            by_block[log.block_hash].append(log)
        return [event for header in found.headers for event in self._tell(header, by_block[header.hash])]

    def _tell(self, header: Header, logs: Iterable[Log]) -> list[ChainEvent]:
        ordered = sorted(logs, key=lambda log: log.log_index)
        events = [self._event(What.LOG, header, log=log) for log in ordered]
        if self._blocks and self._blocks[-1].number != header.number - 1:
            self._blocks.clear()  # within a range: only a run without holes can be walked back
        self._blocks.append(header)
        return [*events, self._event(What.BLOCK, header)]

    def _event(
        self, what: What, header: Header, *, log: Log | None = None, undone: tuple[Header, ...] = ()
    ) -> ChainEvent:
        event = ChainEvent(self.seq, self.chain_id, what, header, self.last_sync_block, log, undone)
        self.seq += 1
        return event
