"""The cache of the market: what is true now of each symbol, in Redis, and in memory whatever happens to Redis.

catalogue: K7, K11. Keys (requirements.md, D2 1.3): `md:tick:<symbol>`, `md:book:<symbol>`, `md:funding:<symbol>`. A
value is a msgpack map in an LZ4 frame, set with a time to live of 300 s (D3 3.3.1: SETEX, msgpack then lz4 frame, a
pool of 20 connections, a retry on timeout). Another venue than the first one writes `<venue>:<symbol>` for `<symbol>`,
because two venues may call two things by one name.

Writing never waits: `put` keeps the newest value of each key in memory, and `run` sends what changed. When Redis does
not answer in time, the cache serves from memory and tries again with growing patience; when it is back, all that still
lives in memory is sent at once. Memory is bounded by the number of keys: the one that was not written for longest goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Protocol

import lz4.frame
import msgpack
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from feeds.backoff import Backoff
from feeds.store.address import REDIS, address, hidden
from native._core import InputError

Kind = Literal["tick", "book", "funding"]
TTL_S = 300
KEYS_MAX = 10_000
CONNECTIONS_MAX = 20
#: An answer takes a fraction of a millisecond on one machine; what takes this long is a fault.
ANSWER_S = 0.25
#: So many keys are sent in one go.
_BATCH = 500
#: What changes within this is sent once.
_EVERY_S = 0.02
#: How often a silent Redis is asked whether it is the same.
_ALIVE_S = 1.0
_FAILURES = (RedisError, OSError, TimeoutError)


class Clock(Protocol):
    """The clock that lives are counted by, ns."""

    def mono_ns(self) -> int:
        """The monotonic clock now."""


class _Entry(NamedTuple):
    packed: bytes
    until_ns: int


class Memory:
    """The newest value of each key for as long as it lives, `keys_max` of them at most."""

    def __init__(self, clock: Clock, keys_max: int = KEYS_MAX) -> None:
        """Holds nothing yet."""
        self._clock = clock
        self._keys_max = keys_max
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        """How many keys it holds, those whose life has ended included until somebody asks for them."""
        return len(self._entries)

    def put(self, key: str, packed: bytes, ttl_s: int) -> None:
        """Keeps a value; where there are too many, the key that was not written for longest goes."""
        self._entries[key] = _Entry(packed, self._clock.mono_ns() + ttl_s * 1_000_000_000)
        self._entries.move_to_end(key)
        while len(self._entries) > self._keys_max:
            self._entries.popitem(last=False)
            self.dropped += 1

    def get(self, key: str) -> bytes | None:
        """The value, None where there is none or its life has ended."""
        return self.left(key)[0]

    def left(self, key: str) -> tuple[bytes | None, int]:
        """The value, and how long it lives on, ms."""
        entry = self._entries.get(key)
        if entry is None:
            return None, 0
        left_ms = (entry.until_ns - self._clock.mono_ns()) // 1_000_000
        if left_ms <= 0:
            del self._entries[key]
            return None, 0
        return entry.packed, left_ms

    def keys(self) -> list[str]:
        """Every key, the one that was not written for longest first."""
        return list(self._entries)


class MarketCache:
    """The cache of one process. `where` says who answers now: `redis`, or `memory` where Redis failed."""

    def __init__(
        self, url: str, clock: Clock, *, venue: str = "", ttl_s: int = TTL_S, keys_max: int = KEYS_MAX
    ) -> None:
        """Connects when it runs; without a `url` it is memory only. `venue` is the one whose symbols stand alone."""
        self._memory = Memory(clock, keys_max)
        self._venue, self._ttl_s = venue, ttl_s
        self._changed: OrderedDict[str, None] = OrderedDict()
        self._wake = asyncio.Event()
        self._redis = _client(url) if url else None
        self._patience = Backoff(random.Random(clock.mono_ns()), first_s=0.1, cap_s=5.0)
        self.where: Literal["redis", "memory"] = "memory"
        self.switches = 0
        self.sent = 0
        self.on_switch: Callable[[str, str], None] = lambda where, why: None

    @property
    def dropped(self) -> int:
        """How many keys went because there were too many."""
        return self._memory.dropped

    def key(self, kind: Kind, venue: str, symbol: str) -> str:
        """What a symbol's value is called in Redis."""
        return f"md:{kind}:{symbol}" if venue == self._venue else f"md:{kind}:{venue}:{symbol}"

    def put(self, kind: Kind, venue: str, symbol: str, value: Mapping[str, Any]) -> None:
        """Keeps the newest value; `run` sends it. Never waits, never fails for want of Redis."""
        key = self.key(kind, venue, symbol)
        self._memory.put(key, pack(value), self._ttl_s)
        self._changed[key] = None
        self._wake.set()

    async def get(self, kind: Kind, venue: str, symbol: str) -> dict[str, Any] | None:
        """The newest value, whoever wrote it: from Redis, or from this process's memory while Redis fails."""
        key = self.key(kind, venue, symbol)
        packed: bytes | str | None = None
        if self._redis is not None and self.where == "redis":
            try:
                async with asyncio.timeout(2 * ANSWER_S):
                    packed = await self._redis.get(key)
            except _FAILURES as why:
                self._switch("memory", why)
        packed = packed or self._memory.get(key)
        return unpack(packed) if isinstance(packed, bytes) else None

    async def run(self) -> None:
        """Sends what changed until cancelled; falls back to memory when Redis fails, and returns when it is back."""
        if self._redis is None:
            return
        try:
            while True:
                try:
                    await self._serve(self._redis)
                except _FAILURES as why:
                    self._switch("memory", why)
                await asyncio.sleep(self._patience.delay_s())
        finally:
            await self._redis.aclose()

    async def _serve(self, redis: Redis) -> None:
        """Sends everything that lives, then what changes; ends by what Redis fails with."""
        life = await _life(redis)
        self._changed = OrderedDict.fromkeys(self._memory.keys())
        await self._flush(redis)
        self._switch("redis", "answers")
        self._patience.reset()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _ALIVE_S)
            self._wake.clear()
            if not self._changed and life != await _life(redis):
                raise RedisError("was started anew")  # it may have lost what it had, so all of it is sent again
            await self._flush(redis)
            await asyncio.sleep(_EVERY_S)

    async def _flush(self, redis: Redis) -> None:
        while self._changed:
            keys = [self._changed.popitem(last=False)[0] for _ in range(min(_BATCH, len(self._changed)))]
            async with asyncio.timeout(4 * ANSWER_S), redis.pipeline(transaction=False) as pipe:
                for key in keys:
                    packed, left_ms = self._memory.left(key)
                    if packed is not None:
                        pipe.set(key, packed, px=left_ms)
                await pipe.execute()
            self.sent += len(keys)

    def _switch(self, where: Literal["redis", "memory"], why: object) -> None:
        if where != self.where:
            self.where = where
            self.switches += 1
            self.on_switch(where, hidden(str(why)) or type(why).__name__)


async def _life(redis: Redis) -> str:
    """What changes when Redis is started anew."""
    async with asyncio.timeout(4 * ANSWER_S):
        found: Mapping[str, Any] = await redis.info("server")
    return str(found["run_id"])


def pack(value: Mapping[str, Any]) -> bytes:
    """A value as it stands in Redis: msgpack in an LZ4 frame."""
    packed: bytes = lz4.frame.compress(msgpack.packb(value))
    return packed


def unpack(packed: bytes) -> dict[str, Any]:
    """A value from what stands in Redis; InputError where it is none of ours."""
    try:
        value = msgpack.unpackb(lz4.frame.decompress(packed))
    except (RuntimeError, ValueError, msgpack.UnpackException) as why:
        raise InputError(f"value must be msgpack in an LZ4 frame ({why}), was {packed[:40]!r}") from None
    if not isinstance(value, dict):
        raise InputError(f"value must be a map, was {type(value).__name__}")
    return value


def _client(url: str) -> Redis:
    """A client that gives up soon: a pool of connections, an answer in time, and one more try."""
    at = address(url)
    if at.scheme not in REDIS:
        raise InputError(f"cache must be an address of {', '.join(REDIS)}, was {at.shown}")
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        timeout=ANSWER_S,
        socket_timeout=ANSWER_S,
        socket_connect_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 1),
    )
    return Redis(connection_pool=pool)
