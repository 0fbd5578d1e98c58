"""The cache of the market (K11): `md:*` keys in a real Redis, which hangs, dies and comes back meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import lz4.frame
import msgpack
import pytest
import redis

from feeds.store.cache import CONNECTIONS_MAX, MarketCache, Memory, pack, unpack
from native._core import Engine, InputError
from pycore.clock import Clock
from pycore.config import Cache as CacheOptions
from pycore.config import Instrument
from pycore.market_cache import MarketKeeper
from tests.box_process import running_box
from tests.engine_process import bench_on
from tests.store_servers import Redis
from tests.test_lake import SNAPSHOT, lines


class At:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 0

    def mono_ns(self) -> int:
        return self.now


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    found = Redis(tmp_path)
    yield found
    found.resume()
    found.kill()


@contextlib.asynccontextmanager
async def running(cache: MarketCache) -> AsyncIterator[None]:
    task = asyncio.create_task(cache.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


def there(server: Redis) -> dict[str, object]:
    """Everything that the server holds, as another program sees it."""
    with redis.Redis.from_url(server.url) as client:
        keys = [key.decode() for key in client.scan_iter()]
        return {key: msgpack.unpackb(lz4.frame.decompress(client.get(key))) for key in keys}


def tick(price: int) -> dict[str, str]:
    return {"bid": str(price), "ask": str(price + 1)}


async def test_values_stand_under_the_keys_of_the_requirements_for_300_seconds(server: Redis) -> None:
    cache = MarketCache(server.url, Clock(), venue="binance-spot")
    async with running(cache):
        cache.put("tick", "binance-spot", "BTCUSDT", tick(1))
        cache.put("tick", "binance-spot", "BTCUSDT", tick(2))
        cache.put("book", "binance-spot", "BTCUSDT", {"bids": [["1", "2"]], "asks": []})
        cache.put("funding", "okx", "BTC-USDT-SWAP", {"rate": "0.0001"})
        await until(lambda: cache.sent >= 3)
        assert there(server) == {
            "md:tick:BTCUSDT": tick(2),
            "md:book:BTCUSDT": {"bids": [["1", "2"]], "asks": []},
            "md:funding:okx:BTC-USDT-SWAP": {"rate": "0.0001"},
        }
        with redis.Redis.from_url(server.url) as client:
            assert 290_000 < client.pttl("md:tick:BTCUSDT") <= 300_000
            assert client.info("clients")["connected_clients"] <= CONNECTIONS_MAX
        reader = MarketCache(server.url, Clock(), venue="binance-spot")
        reader.where = "redis"
        assert await reader.get("tick", "binance-spot", "BTCUSDT") == tick(2)


@pytest.mark.parametrize("way", ["hangs", "dies"])
async def test_memory_serves_while_redis_fails_and_redis_has_all_of_it_when_it_is_back(server: Redis, way: str) -> None:
    switched: list[tuple[str, str]] = []
    cache = MarketCache(server.url, Clock())
    cache.on_switch = lambda where, why: switched.append((where, why))
    async with running(cache):
        cache.put("tick", "", "A", tick(1))
        await until(lambda: cache.where == "redis" and cache.sent > 0)
        server.stop() if way == "hangs" else server.kill()
        cache.put("tick", "", "A", tick(2))
        cache.put("tick", "", "B", tick(3))
        await until(lambda: cache.where == "memory")
        assert [await cache.get("tick", "", name) for name in "AB"] == [tick(2), tick(3)]
        cache.put("tick", "", "C", tick(4))
        server.resume() if way == "hangs" else server.start()
        await until(lambda: cache.where == "redis")
        assert there(server) == {"md:tick:A": tick(2), "md:tick:B": tick(3), "md:tick:C": tick(4)}
        assert await cache.get("tick", "", "C") == tick(4)
    assert [where for where, _ in switched] == ["redis", "memory", "redis"]
    assert "not-shown" not in str(switched)


async def test_a_redis_that_was_started_anew_gets_everything_again(server: Redis) -> None:
    cache = MarketCache(server.url, Clock())
    async with running(cache):
        cache.put("book", "", "A", {"bids": []})
        await until(lambda: cache.sent == 1)
        with redis.Redis.from_url(server.url) as client:
            client.flushall()
        server.kill()
        server.start()
        await until(lambda: cache.sent == 2)
        assert there(server) == {"md:book:A": {"bids": []}}


async def test_without_redis_it_is_memory_only() -> None:
    cache = MarketCache("", Clock())
    async with running(cache):
        cache.put("tick", "", "A", tick(1))
        assert (await cache.get("tick", "", "A"), await cache.get("book", "", "A")) == (tick(1), None)
    assert cache.where == "memory"


def test_memory_is_bounded_and_values_end() -> None:
    clock = At()
    memory = Memory(clock, keys_max=3)
    for name in "abac":
        memory.put(name, name.encode(), 10)
    memory.put("d", b"d", 20)
    assert (memory.keys(), memory.dropped) == (["a", "c", "d"], 1)
    clock.now = 10_000_000_000
    assert [memory.get(name) for name in "abcd"] == [None, None, None, b"d"]
    assert memory.keys() == ["d"]


def test_a_value_of_somebody_else_is_refused() -> None:
    assert unpack(pack({"a": "1"})) == {"a": "1"}
    for bad in (b"{}", lz4.frame.compress(b"\xc1"), lz4.frame.compress(msgpack.packb([1]))):
        with pytest.raises(InputError, match="value must be"):
            unpack(bad)
    with pytest.raises(InputError, match=r"cache must be an address of redis.*http://me:\*\*\*@host"):
        MarketCache("http://me:secret@host", Clock())


async def test_a_running_engines_market_is_what_redis_has(server: Redis) -> None:
    engine = Engine(None, build="test", config_digest=bytes(32))
    for name in ("BTC", "USDT"):
        engine.asset(name)
    number = engine.instrument("binance", "spot", "BTCUSDT", "BTC", "USDT", "USDT", "0.05", "0.010")
    item = Instrument(
        market="spot", symbol="BTCUSDT", base="BTC", quote="USDT", settle="USDT", tick="0.05", lot="0.010"
    )
    stream = engine.stream("market")
    cache = MarketCache(server.url, Clock(), venue="binance-spot")
    keeper = MarketKeeper(engine, {number: item}, cache, Clock(), CacheOptions(levels=2))
    ts, _, body = SNAPSHOT.partition(" ")
    engine.snapshot(stream, number, body.encode(), int(ts), 1)
    for line in lines(0, 3).splitlines():
        message = json.dumps(json.loads(line.partition(" ")[2])["data"]).encode()
        engine.market(stream, "spot", message, int(ts), 2)
        for event in engine.events():
            keeper.take(event)
    keeper.take((9, "mark", number, 6_000_012_345_678, 10_000))
    keeper.publish()
    keeper.publish()
    async with running(cache):
        await until(lambda: cache.sent >= 3)
        found = there(server)
    tick, book, funding = (found[f"md:{kind}:BTCUSDT"] for kind in ("tick", "book", "funding"))
    assert isinstance(tick, dict)
    assert isinstance(book, dict)
    assert isinstance(funding, dict)
    assert (tick["bid"], tick["bid_qty"], tick["ask"], tick["ask_qty"]) == ("59002.50", "1.500", "60001.10", "2.000")
    assert (tick["last"], tick["last_qty"], tick["last_side"]) == ("60002.10", "0.020", "sell")
    assert book["bids"] == [["59002.50", "1.500"], ["59001.50", "1.500"]]
    assert (funding["rate"], funding["mark"]) == ("0.00010000", "60000.12345678")


async def test_an_engine_that_runs_keeps_its_market_in_redis(server: Redis, tmp_path: Path) -> None:
    redis_at = f"redis://127.0.0.1:{server.port}/0"
    with running_box("--seed", "7") as venue:
        async with bench_on(venue, tmp_path) as bench:
            os.environ["TICKWRIGHT_REDIS_PASSWORD"] = "not-shown"
            try:
                run = await asyncio.to_thread(bench.start, f'cache.redis="{redis_at}"')
            finally:
                del os.environ["TICKWRIGHT_REDIS_PASSWORD"]
            keys = {f"md:{kind}:{name}" for kind in ("tick", "book") for name in ("BTCUSDT", "binance-usdm:BTCUSDT")}
            await until(lambda: keys | {"md:funding:binance-usdm:BTCUSDT"} <= there(server).keys())
            server.kill()
            await until(lambda: "the market is kept in memory" in run.log.read_text())
            server.start()
            await until(lambda: keys <= there(server).keys())
            run.process.terminate()
            assert (await asyncio.to_thread(run.summary))["state"] == "stopped"
            assert "not-shown" not in run.log.read_text()
