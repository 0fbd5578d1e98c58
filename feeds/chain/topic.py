"""The topic `stream:chain:events`: what a chain says, as entries of a Redis stream that any number of readers follow.

catalogue: M6, K7. An entry's id is the event's number (`<seq>-0`), and a block's events enter together (MULTI), so that
the stream always ends with a whole block and a repeated attempt is known: what was pushed is never pushed twice, and
nothing is left out. Where Redis does not answer, the source waits. After a restart the follower begins behind the last
blocks that the stream has (`begin`), so that a reorganisation in the meantime is told like any other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from feeds.backoff import Backoff
from feeds.chain.events import ChainEvent, Header, What
from feeds.chain.follow import DEPTH_MAX, Begin
from feeds.store.address import REDIS, address, hidden
from native._core import DamagedError, InputError

log = logging.getLogger(__name__)

TOPIC = "stream:chain:events"
#: Entries that the stream keeps, about: the oldest go.
ENTRIES_MAX = 1_000_000
#: Events that enter together at most, where one answer brings many blocks.
_BATCH = 1_000
_ANSWER_S = 5.0
_PAGE = 1_000
_FAILURES = (RedisError, OSError, TimeoutError)


class Topic:
    """The stream of one chain on one Redis; a sink of `ChainSource`. `key` is the stream's name."""

    def __init__(self, url: str, *, key: str = TOPIC) -> None:
        """Connects when it is first used. InputError for an address that is none of Redis."""
        if address(url).scheme not in REDIS:
            raise InputError(f"--redis must be an address of {', '.join(REDIS)}, was {hidden(url)}")
        self.failures = 0
        self._hidden, self._key = hidden(url), key
        self._redis: Redis = Redis.from_url(url, socket_timeout=_ANSWER_S, socket_connect_timeout=_ANSWER_S)
        self._backoff = Backoff(random.Random(os.getpid()), first_s=0.05, cap_s=5.0)

    async def __call__(self, events: Sequence[ChainEvent]) -> None:
        """Pushes events, whole blocks together; returns when the stream has them, however long Redis is away."""
        for group in _groups(events):
            while True:
                try:
                    await self._push(group)
                    break
                except _FAILURES as why:
                    self.failures += 1
                    told = {"at": self._hidden, "why": why}
                    log.warning("%(at)s: chain events wait: %(why)s", told)
                    await asyncio.sleep(self._backoff.delay_s())
            self._backoff.reset()

    async def _push(self, group: Sequence[ChainEvent]) -> None:
        last = await self._newest(count=1)
        have = _number(last[0][0]) if last else 0
        missing = [event for event in group if event.seq > have]
        if not missing:
            return
        async with self._redis.pipeline(transaction=True) as together:
            for event in missing:
                fields: Any = entry(event)
                together.xadd(self._key, fields, id=f"{event.seq}-0", maxlen=ENTRIES_MAX, approximate=True)
            await together.execute()

    async def begin(self, chain_id: int, start: int, *, depth_max: int = DEPTH_MAX) -> Begin:
        """Where to go on: behind the blocks of the stream's end; at `start` where it is empty.

        DamagedError where the stream is another chain's.
        """
        last, before, undone = 0, "+", set[bytes]()
        known: list[Header] = []
        while len(known) < depth_max:
            page = await self._newest(before, _PAGE)
            for name, fields in page:
                last = last or _number(name)
                if int(fields[b"chain_id"]) != chain_id:
                    has = int(fields[b"chain_id"])
                    raise DamagedError(f"{self._key} must be of chain {chain_id}, was of chain {has}")
                if not _remember(fields, undone, known):
                    return Begin(start, tuple(reversed(known)), last + 1)
            if len(page) < _PAGE:
                break
            before = f"({page[-1][0].decode()}"
        return Begin(start, tuple(reversed(known[:depth_max])), last + 1)

    async def _newest(self, before: str = "+", count: int = 1) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """The newest entries, from `before` down."""
        found: Any = await self._redis.xrevrange(self._key, max=before, count=count)
        return list(found)

    async def close(self) -> None:
        """Ends the connections."""
        await self._redis.aclose()


def _remember(fields: Mapping[bytes, bytes], undone: set[bytes], known: list[Header]) -> bool:
    """Walks back over one entry; False where the run of blocks ends."""
    what = fields[b"what"]
    if what == b"undone":
        undone |= {bytes.fromhex(text) for text in fields[b"undone"].decode().split(",")}
    elif what == b"block":
        names = bytes.fromhex(fields[b"hash"].decode()), bytes.fromhex(fields[b"parent"].decode())
        header = Header(int(fields[b"block"]), *names, int(fields[b"time_s"]))
        if header.hash in undone:
            return True
        if known and known[-1].parent != header.hash:
            return False
        known.append(header)
    return True


def entry(event: ChainEvent) -> dict[str, str | int]:
    """An event as the fields of an entry: numbers in decimal, bytes in hexadecimal without `0x`."""
    header = event.header
    fields: dict[str, str | int] = {
        "chain_id": event.chain_id,
        "what": event.what.name.lower(),
        "block": header.number,
        "hash": header.hash.hex(),
        "parent": header.parent.hex(),
        "time_s": header.time_s,
        "last_sync_block": event.last_sync_block,
    }
    if event.log is not None:
        fields |= {
            "address": event.log.address.hex(),
            "topics": ",".join(topic.hex() for topic in event.log.topics),
            "data": event.log.data.hex(),
            "transaction": event.log.transaction.hex(),
            "log_index": event.log.log_index,
        }
    if event.what is What.UNDONE:
        fields["undone"] = ",".join(gone.hash.hex() for gone in event.undone)
    return fields


def _number(name: bytes) -> int:
    return int(name.partition(b"-")[0])


def _groups(events: Iterable[ChainEvent]) -> Iterator[list[ChainEvent]]:
    """Events in groups that end with a whole block, or with what was undone."""
    group: list[ChainEvent] = []
    for event in events:
        group.append(event)
        if event.what is not What.LOG and len(group) >= _BATCH:
            yield group
            group = []
    if group:
        yield group
