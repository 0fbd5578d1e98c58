"""Following a chain (M6): whatever way the chain takes while it is read, the stream is whole blocks in their order."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.chain.events import ChainEvent, Header, Log, What
from feeds.chain.follow import Answer, Ask, AskHeader, AskLogs, Begin, DeepReorgError, Follower, Range
from native._core import InputError

POOL = b"\x11" * 20


@dataclass
class World:
    """A chain that is cut back and grown at random, and answers as a node does: by what it is at that moment."""

    draw: random.Random
    blocks: list[Header] = field(default_factory=list)
    logs: dict[bytes, tuple[Log, ...]] = field(default_factory=dict)
    made: int = 0
    final_depth: int = 1_000_000
    highest: int = 0

    def grow(self, count: int) -> None:
        for _ in range(count):
            parent = self.blocks[-1].hash if self.blocks else bytes(32)
            self.made += 1
            name = hashlib.sha256(b"%d" % self.made).digest()
            number = len(self.blocks)
            self.blocks.append(Header(number, name, parent, number * 12))
            self.highest = max(self.highest, number)
            found = range(self.draw.choice((0, 0, 1, 3)))
            self.logs[name] = tuple(
                Log(number, name, bytes(32), at * 2, POOL, (bytes(32),), name[:4] + bytes([at])) for at in found
            )

    def cut(self, depth: int) -> None:
        """Takes the newest blocks away; what is `final_depth` below any head that ever was stays."""
        del self.blocks[max(1, self.highest - self.final_depth + 1, len(self.blocks) - depth) :]

    def answer(self, ask: Ask) -> Answer:
        if isinstance(ask, AskHeader):
            return self.blocks[ask.number] if ask.number < len(self.blocks) else None
        if isinstance(ask, AskLogs):
            known = ask.header in self.blocks
            return tuple(reversed(self.logs[ask.header.hash])) if known else None
        if ask.last >= len(self.blocks):
            return None
        span = self.blocks[ask.first : ask.last + 1]
        logs = [log for header in span for log in self.logs[header.hash]]
        with_logs = {log.block_hash for log in logs}
        kept = [header for header in span if header.hash in with_logs or header in (span[0], span[-1])]
        return Range(tuple(kept), tuple(logs))


@dataclass
class Reader:
    """Reads the stream as anybody would: appends, and takes back what it is told to take back."""

    blocks: list[Header] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    waiting: list[Log] = field(default_factory=list)
    seq: int = 0
    synced: int = -1

    def read(self, event: ChainEvent) -> None:
        self.seq += 1
        assert event.seq == self.seq, "numbered without a hole"
        assert event.what is What.UNDONE or event.last_sync_block >= self.synced, "only what is undone takes it back"
        self.synced = event.last_sync_block
        if event.what is What.LOG:
            assert event.log is not None
            assert event.last_sync_block < event.header.number, "a block is complete when its last event is read"
            self.waiting.append(event.log)
        elif event.what is What.BLOCK:
            assert not self.blocks or self.blocks[-1].number < event.header.number
            assert event.last_sync_block == event.header.number
            self.blocks.append(event.header)
            self.logs += self.waiting
            self.waiting = []
        else:
            assert not self.waiting
            for header in event.undone:
                assert self.blocks.pop() == header, "newest first, each one that was told"
                self.logs = [log for log in self.logs if log.block_hash != header.hash]
            assert self.blocks[-1] == event.header
            assert event.last_sync_block == event.header.number


def settle(follower: Follower, world: World, reader: Reader, meanwhile: float = 0.0) -> None:
    """Walks until nothing is left to ask; the chain may take another way between any two answers."""
    for _ in range(10_000):
        ask = follower.ask()
        if ask is None:
            return
        if world.draw.random() < meanwhile:
            world.cut(world.draw.randrange(4))
            world.grow(world.draw.randrange(4))
        for event in follower.answer(ask, world.answer(ask)):
            reader.read(event)
    pytest.fail("the walk does not end")


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), final_depth=st.sampled_from((8, 20, 40)), steps=st.integers(1, 12))
def test_the_stream_is_the_chain_whatever_way_it_takes(seed: int, final_depth: int, steps: int) -> None:
    world, reader = World(random.Random(seed), final_depth=final_depth), Reader()
    world.grow(1 + world.draw.randrange(60))
    follower = Follower(1, Begin(0), final_depth=final_depth, depth_max=64)
    follower.range_blocks = world.draw.choice((1, 7, 2_000))
    for _ in range(steps):
        world.cut(world.draw.randrange(6))
        world.grow(world.draw.randrange(12))
        follower.head(world.draw.choice(world.blocks[-3:]))
        settle(follower, world, reader, meanwhile=0.1)
    world.grow(2)
    follower.head(world.blocks[-1])
    settle(follower, world, reader)
    assert follower.last_sync_block == world.blocks[-1].number
    assert follower.settled
    assert [log for header in world.blocks for log in world.logs[header.hash]] == reader.logs
    told = {header.hash for header in reader.blocks}
    assert told <= {header.hash for header in world.blocks}
    assert {log.block_hash for log in reader.logs} <= told


def whole(blocks: int, **depth: int) -> tuple[World, Follower, Reader]:
    world, reader = World(random.Random(1)), Reader()
    world.grow(blocks)
    follower = Follower(1, Begin(0), **depth)
    follower.head(world.blocks[-1])
    settle(follower, world, reader)
    return world, follower, reader


def test_a_shorter_chain_is_followed_down() -> None:
    world, follower, reader = whole(20, final_depth=30, depth_max=40)
    world.cut(5)
    follower.head(world.blocks[-1])
    settle(follower, world, reader)
    assert reader.blocks == world.blocks


def test_a_node_that_lacks_what_it_told_of_undoes_nothing() -> None:
    world, follower, reader = whole(20, final_depth=30, depth_max=40)
    behind = World(world.draw, world.blocks[:10], world.logs)
    follower.head(Header(21, b"\x01" * 32, b"\x02" * 32, 0))
    settle(follower, behind, reader)
    assert reader.blocks == world.blocks
    follower.head(Header(19, b"\x03" * 32, b"\x02" * 32, 0))
    settle(follower, behind, reader)
    assert reader.blocks == world.blocks


def test_a_reorganisation_below_what_is_remembered_is_refused_by_name() -> None:
    world, follower, reader = whole(40, final_depth=4, depth_max=8)
    world.cut(20)
    world.grow(25)
    follower.head(world.blocks[-1])
    with pytest.raises(DeepReorgError, match=r"block 3[0-9] .* is replaced, and nothing before it is known"):
        settle(follower, world, reader)


def test_a_follower_goes_on_behind_the_blocks_that_are_known() -> None:
    world, follower, _ = whole(20, final_depth=30, depth_max=40)
    again, rest = Follower(1, Begin(0, tuple(world.blocks[:15]), seq=1), final_depth=30, depth_max=40), Reader()
    rest.blocks = world.blocks[:15]
    world.cut(8)
    world.grow(9)
    again.head(world.blocks[-1])
    settle(again, world, rest)
    assert rest.blocks == world.blocks
    assert follower.last_sync_block == 19


def test_logs_of_another_block_are_not_taken() -> None:
    world, reader = World(random.Random(3)), Reader()
    world.grow(3)
    follower = Follower(1, Begin(0), final_depth=30, depth_max=40)
    follower.head(world.blocks[-1])
    ask = follower.ask()
    assert ask == AskHeader(0)
    follower.answer(ask, world.blocks[0])
    ask = follower.ask()
    assert isinstance(ask, AskLogs)
    foreign = Log(0, b"\x09" * 32, bytes(32), 0, POOL, (), b"")
    assert follower.answer(ask, (foreign,)) == []
    settle(follower, world, reader)
    assert [header.number for header in reader.blocks] == [0, 1, 2]


@pytest.mark.parametrize(
    ("begin", "depth", "says"),
    [(Begin(-1), 64, "start must be a block's number, 0 or more, was -1"), (Begin(0), 0, "final_depth .* was 0")],
)
def test_what_cannot_be_followed_is_refused(begin: Begin, depth: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Follower(1, begin, final_depth=depth)
