"""A chain on loopback (M6, M7): a real pool's logs, through real reorganisations, into lake, ClickHouse and Redis."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import redis

from feeds.chain.archive import CHANNEL, Archive
from feeds.chain.events import ChainEvent, Log
from feeds.chain.follow import Begin, Follower
from feeds.chain.pool_logs import EVENTS, TOPICS, event_of, fields_of
from feeds.chain.rpc import Node, NodeError, Wanted, address_of, header_of, log_of
from feeds.chain.source import ChainSource
from feeds.chain.topic import TOPIC, Topic
from feeds.lake import Lake
from feeds.store.open import open_store
from native._core import DamagedError, DecodeError, InputError
from pycore.cli import main
from pycore.clock import Clock
from tests.chain_node import EVEN, Anvil, Pool, chain, deployed
from tests.store_servers import Redis

CHAIN_ID = 31337
FINAL = 5


@pytest.fixture
def node() -> Iterator[Anvil]:
    with chain() as started:
        yield started


@pytest.fixture
def pool(node: Anvil) -> Pool:
    found = deployed(node)
    found.mint(-600, 600, 10**18)
    return found


class Kept:
    """A sink that reads the stream: the logs of the blocks that still are."""

    def __init__(self) -> None:
        self.events: list[ChainEvent] = []
        self.logs: list[Log] = []
        self.undone = 0

    async def __call__(self, events: Sequence[ChainEvent]) -> None:
        self.events += events
        for event in events:
            if event.log is not None:
                self.logs.append(event.log)
            gone = {header.hash for header in event.undone}
            self.undone += len(gone)
            self.logs = [log for log in self.logs if log.block_hash not in gone]


@contextlib.asynccontextmanager
async def following(pool: Pool, *sinks: Any, begin: Begin | None = None, **more: Any) -> AsyncIterator[ChainSource]:
    async with aiohttp.ClientSession() as http:
        asked = Node(pool.node.url, http, answer_s=more.pop("answer_s", 10.0))
        follower = Follower(CHAIN_ID, begin or Begin(0), final_depth=more.pop("final_depth", FINAL))
        wanted = Wanted([address_of(pool.address)], TOPICS)
        yield ChainSource(asked, follower, wanted, sinks, Clock(), poll_s=0.05, **more)


async def to_the_head(pool: Pool, *sinks: Any, begin: Begin | None = None) -> ChainSource:
    async with following(pool, *sinks, begin=begin, once=True) as source:
        await source.run()
        return source


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.02)


def told_by_node(pool: Pool) -> list[Log]:
    return [log_of(row) for row in pool.node.logs(pool.address)]


def test_the_topics_are_the_hashes_of_their_signatures(node: Anvil) -> None:
    for event in EVENTS:
        assert f"0x{event.topic.hex()}" == node.keccak(event.signature)


async def test_every_log_of_a_real_pool_is_read_and_means_what_the_pool_did(pool: Pool) -> None:
    position = pool.mint(-60, 120, 10**17)
    pool.swap(True, 10**15)
    pool.swap(False, 3 * 10**15)
    pool.burn(position, 10**12)
    kept = Kept()
    await to_the_head(pool, kept)
    assert kept.logs == told_by_node(pool)
    read = [(event, fields_of(event, log.topics, log.data)) for log in kept.logs if (event := event_of(log.topics))]
    names = [event.name for event, _ in read]
    assert names == ["Initialize", "Mint", "Mint", "Swap", "Swap", "Burn", "Burn", "Collect"]
    assert read[0][1] == {"sqrt_price": EVEN, "tick": 0}
    sold = read[3][1]
    assert sold["amount0"] == 10**15
    assert isinstance(sold["amount1"], int)
    assert -(10**15) < sold["amount1"] < 0
    assert (read[4][1]["sqrt_price"], read[4][1]["tick"]) == pool.slot0()
    assert read[4][1]["liquidity"] == pool.liquidity() + 10**12
    assert (read[2][1]["lower"], read[2][1]["upper"]) == (-60, 120)


@pytest.mark.parametrize("subscribed", [False, True])
async def test_real_reorganisations_are_undone_and_read_again(pool: Pool, subscribed: bool) -> None:
    kept = Kept()
    # Deeper than any of the three: what is final is read in ranges, of which the last block alone is remembered.
    heads = pool.node.heads if subscribed else None
    async with following(pool, kept, heads=heads, final_depth=20) as source:
        running = asyncio.create_task(source.run())
        for depth in (1, 3, 8):
            for _ in range(depth):
                await asyncio.to_thread(pool.swap, True, 10**14)
            await until(lambda: source.follower.last_sync_block == pool.node.number())
            before = kept.undone
            other = {"from": pool.node.account, "to": pool.router, "data": pool.swap_data(False, 2 * 10**14)}
            await asyncio.to_thread(pool.node.call, "anvil_reorg", depth, [[other | {"gas": hex(1_000_000)}, 0]])
            await asyncio.to_thread(pool.node.mine)
            await until(lambda: source.follower.last_sync_block == pool.node.number() and source.follower.settled)
            assert kept.undone == before + depth
            assert kept.logs == told_by_node(pool)
        source.close()
        await running
    assert [event.seq for event in kept.events] == list(range(1, len(kept.events) + 1))


async def test_a_node_that_hangs_is_waited_for_and_nothing_is_lost(pool: Pool) -> None:
    kept = Kept()
    async with following(pool, kept, answer_s=0.2) as source:
        running = asyncio.create_task(source.run())
        await until(lambda: source.follower.last_sync_block == pool.node.number())
        pool.node.signal(signal.SIGSTOP)
        await until(lambda: source.failures > 1)
        pool.node.signal(signal.SIGCONT)
        for _ in range(3):
            await asyncio.to_thread(pool.swap, True, 10**14)
        await until(lambda: source.follower.last_sync_block == pool.node.number())
        source.close()
        await running
    assert kept.logs == told_by_node(pool)


@pytest.mark.parametrize("kind", ["lake", "chdb"])
async def test_final_logs_are_archived_once(pool: Pool, tmp_path: Path, kind: str) -> None:
    if kind == "chdb":
        pytest.importorskip("chdb", reason="chdb is not here (the extra `dev`)")
    store = open_store(f"chdb:{tmp_path / 'house'}" if kind == "chdb" else str(tmp_path / "lake"), {})
    pool.swap(True, 10**15)
    source = await to_the_head(pool, Archive(store, CHAIN_ID, Clock(), final_depth=FINAL))
    archived = store.scan(CHANNEL, f"evm-{CHAIN_ID}", pool.address, (0, 2**62, 2**62))
    final = source.follower.last_sync_block - FINAL
    assert archived["block"].to_pylist() == [log.block for log in told_by_node(pool) if log.block <= final]

    pool.swap(False, 10**15)
    pool.node.mine(FINAL)
    again = Archive(store, CHAIN_ID, Clock(), final_depth=FINAL)
    assert again.next_block == final + 1
    await to_the_head(pool, again, begin=Begin(final - 2))  # three blocks are read once more
    rows = store.scan(CHANNEL, f"evm-{CHAIN_ID}", pool.address, (0, 2**62, 2**62)).to_pylist()
    logs = told_by_node(pool)
    assert [(row["block"], row["log_index"]) for row in rows] == [(log.block, log.log_index) for log in logs]
    swap = rows[-1]
    assert (swap["event"], swap["amount1"], swap["sqrt_price"]) == ("swap", str(10**15), str(pool.slot0()[0]))
    assert bytes.fromhex(swap["data"][2:]) == logs[-1].data
    store.close()


async def test_the_topic_has_every_event_once_while_redis_hangs_and_after_a_restart(pool: Pool, tmp_path: Path) -> None:
    server = Redis(tmp_path)
    try:
        topic = Topic(server.url)
        await to_the_head(pool, topic, begin=await topic.begin(CHAIN_ID, 0))
        server.stop()
        pool.swap(True, 10**14)
        waiting = asyncio.create_task(to_the_head(pool, topic, begin=Begin(0)))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        server.resume()
        await waiting

        pool.swap(True, 10**14)
        begin = await topic.begin(CHAIN_ID, 0)
        assert (
            begin.known[-1].hash
            == header_of(pool.node.call("eth_getBlockByNumber", hex(begin.known[-1].number), False)).hash
        )
        pool.node.call("anvil_reorg", 2, [])
        pool.node.mine(3)
        await to_the_head(pool, topic, begin=begin)
        entries = _entries(server)
        with pytest.raises(DamagedError, match="must be of chain 1, was of chain 31337"):
            await topic.begin(1, 0)
        await topic.close()
    finally:
        server.resume()
        server.kill()
    assert [int(name.partition(b"-")[0]) for name, _ in entries] == list(range(1, len(entries) + 1))
    logs: list[tuple[str, int]] = []
    for _, fields in entries:
        if fields[b"what"] == b"log":
            logs.append((fields[b"hash"].decode(), int(fields[b"log_index"])))
        elif fields[b"what"] == b"undone":
            gone = fields[b"undone"].decode().split(",")
            logs = [log for log in logs if log[0] not in gone]
    assert logs == [(log.block_hash.hex(), log.log_index) for log in told_by_node(pool)]


def _entries(server: Redis) -> list[tuple[bytes, dict[bytes, bytes]]]:
    with redis.Redis.from_url(server.url) as client:
        found: Any = client.xrange(TOPIC)
        return list(found)


def test_the_verb_follows_to_the_head_and_goes_on_where_it_was(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pool.swap(True, 10**14)
    pool.node.mine(FINAL)
    store = str(tmp_path / "lake")
    words = ["chain", "follow", "--node", pool.node.url, "--pool", pool.address, "--store", store, "--once", "--json"]
    assert main([*words, "--final", str(FINAL), "--from", "0"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logs = told_by_node(pool)
    assert sum(row["logs"] for row in told[:-1]) == len(logs) == told[-1]["logs"] == told[-1]["archived"]
    assert told[-1]["last_sync_block"] == pool.node.number()
    pool.swap(True, 10**14)
    pool.node.mine(FINAL)
    assert main([*words, "--final", str(FINAL)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["archived"] == 1
    assert len(Lake(store).dataset(CHANNEL).to_table()) == len(logs) + 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--pool", "0x12"], "address must be 20 bytes in hexadecimal, was 0x12"),
        (["--seconds", "0"], "--seconds must be above 0, was 0.0"),
        (
            ["--redis", "http://127.0.0.1:1"],
            "--redis must be an address of redis, rediss, unix, was http://127.0.0.1:1",
        ),
    ],
)
def test_bad_words_are_named(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chain", "follow", "--node", "http://127.0.0.1:1", *words]) == 2
    assert says in capsys.readouterr().err


def test_torn_answers_are_named() -> None:
    header = {"number": "0x1", "hash": "0x" + "11" * 32, "parentHash": "0x" + "22" * 32, "timestamp": "12"}
    with pytest.raises(DecodeError, match="timestamp must be a hexadecimal quantity, was 12"):
        header_of(header)
    with pytest.raises(DecodeError, match="hash must be 32 bytes in hexadecimal, was 0x11"):
        header_of(header | {"timestamp": "0xc", "hash": "0x11"})
    swap = next(event for event in EVENTS if event.name == "Swap")
    with pytest.raises(DecodeError, match=r"Swap.data must be 160 bytes, was 3"):
        fields_of(swap, [swap.topic, bytes(32), bytes(32)], b"abc")
    with pytest.raises(DecodeError, match=r"Swap.tick must be of type int24, was 8388608"):
        fields_of(swap, [swap.topic, bytes(32), bytes(32)], bytes(128) + (1 << 23).to_bytes(32, "big"))
    with pytest.raises(DecodeError, match=r"Swap.sender must be an address, was 0x01"):
        fields_of(swap, [swap.topic, b"\x01" + bytes(31), bytes(32)], bytes(160))


async def test_a_node_that_is_not_there_is_an_error_that_names_the_call() -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(NodeError, match="eth_chainId: no answer"):
            await Node("http://127.0.0.1:1", http).chain_id()


def test_a_place_to_wait_must_be_one() -> None:
    with pytest.raises(InputError, match="poll_s must be above 0, was 0"):
        ChainSource(Node("", None), Follower(1, Begin(0)), Wanted(), (), Clock(), poll_s=0)  # type: ignore[arg-type]  # asks nothing
