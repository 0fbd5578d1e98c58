"""A pool that follows a real chain (R7): in step through reorganisations, refused when stale, refused when parted."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import pytest

from feeds.chain.events import ChainEvent, Header, Log, What
from feeds.chain.follow import Begin, Follower
from feeds.chain.pool_logs import EVENTS, TOPICS, topics_of
from feeds.chain.rpc import Node, Wanted, address_of
from feeds.chain.source import ChainSource, Sink
from native._core import ClammPair, ClammPool, ClammV4Pool
from oms.chain_pool import ChainPool, DesyncedPoolError
from pycore.clock import Clock
from risk.watermark import StaleChainError, Watermark
from tests.chain_node import Anvil, Pool, chain, deployed
from tests.chain_pools import pair_on, pool_v4_on

SECOND = 1_000_000_000


@pytest.fixture
def market() -> Iterator[Pool]:
    with chain() as node:
        found = deployed(node)
        found.mint(-600, 600, 10**18)
        yield found


def fresh(market: Pool) -> ChainPool[ClammPool]:
    return ChainPool(address_of(market.address), ClammPool(3_000, 60), 0, Watermark(2, 60.0))


async def to_the_head(market: Pool, follower: Follower, followed: ChainPool[ClammPool]) -> None:
    await read(market.node, Wanted([address_of(market.address)], TOPICS), follower, followed)


async def read(node: Anvil, wanted: Wanted, follower: Follower, followed: Sink) -> None:
    async with aiohttp.ClientSession() as http:
        await ChainSource(Node(node.url, http), follower, wanted, [followed], Clock(), once=True).run()


def now_ns(market: Pool) -> int:
    return int(market.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) * SECOND


async def test_the_pool_is_the_chains_through_a_reorganisation(market: Pool) -> None:
    followed, follower = fresh(market), Follower(31337, Begin(0), final_depth=20)
    market.swap(True, 10**15)
    await to_the_head(market, follower, followed)
    pool, block = followed.pool(now_ns(market))
    assert (pool.sqrt_price, pool.tick) == market.slot0()
    assert block == market.node.number()
    for _ in range(3):
        market.swap(True, 10**16)
    await to_the_head(market, follower, followed)
    other = {"from": market.node.account, "to": market.router, "data": market.swap_data(False, 3 * 10**15)}
    market.node.call("anvil_reorg", 3, [[other | {"gas": hex(1_000_000)}, 1]])
    market.node.mine()
    await to_the_head(market, follower, followed)
    pool, _ = followed.pool(now_ns(market))
    assert (pool.sqrt_price, pool.tick) == market.slot0()
    assert pool.liquidity == market.liquidity()
    before = pool.state_hash
    pool.swap(True, 10**12, None, 1)
    assert followed.pool(now_ns(market))[0].state_hash == before, "a copy was given"


async def test_a_v2_pair_is_the_chains_through_a_reorganisation() -> None:
    with chain() as node:
        market = pair_on(node)
        address = address_of(market.address)
        followed = ChainPool(address, ClammPair(address), 0, Watermark(2, 60.0))
        follower, wanted = Follower(31337, Begin(0), final_depth=20), Wanted([address], topics_of(["v2"]))
        market.mint(10**18)
        market.swap(10**15, 9 * 10**14)
        await read(node, wanted, follower, followed)
        market.burn(10**15)
        market.swap(10**15, 9 * 10**14)
        await read(node, wanted, follower, followed)
        assert followed.parted == ""
        before = market.reserves()
        data = node.encoded("sync()")
        other = {"from": node.account, "to": market.address, "data": data, "gas": hex(1_000_000)}
        node.call("anvil_reorg", 3, [[other, 1]])
        node.mine()
        await read(node, wanted, follower, followed)
        assert (followed.parted, market.reserves() != before) == ("", True)
        pair, block = followed.pool(int(node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) * SECOND)
        state = pair.state()
        assert (*state["reserves"], state["time_last"]) == market.reserves()
        assert state["shares"][address_of(node.account)] == market.shares()
        assert block == node.number()


async def test_a_v4_pool_is_the_managers_through_a_reorganisation() -> None:
    with chain() as node:
        market = pool_v4_on(node)
        manager = address_of(market.manager)
        followed = ChainPool(manager, ClammV4Pool(market.id), 0, Watermark(2, 60.0))
        follower, wanted = Follower(31337, Begin(0), final_depth=20), Wanted([manager], topics_of(["v4"]))
        market.modify(-600, 600, 10**18)
        market.swap(True, -(10**15))
        market.donate(10**9, 10**10)
        await read(node, wanted, follower, followed)
        market.swap(False, 10**14)
        market.modify(-600, 600, -(10**17))
        market.swap(True, -(10**15))
        await read(node, wanted, follower, followed)
        before = market.slot0()
        other = {"from": node.account, "to": market.routers["PoolSwapTest"], "data": market.swap_data(False, -(10**15))}
        node.call("anvil_reorg", 3, [[other | {"gas": hex(1_000_000)}, 1]])
        node.mine()
        await read(node, wanted, follower, followed)
        assert (followed.parted, market.slot0() != before) == ("", True)
        pool, _ = followed.pool(int(node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) * SECOND)
        assert pool.sqrt_price == market.slot0()
        assert pool.liquidity == 10**18


async def test_a_stale_chain_is_refused(market: Pool) -> None:
    followed = fresh(market)
    with pytest.raises(StaleChainError, match="no block of the chain is complete"):
        followed.pool(0)
    await to_the_head(market, Follower(31337, Begin(0), final_depth=20), followed)
    number = market.node.number()
    followed.told(number + 3)
    with pytest.raises(StaleChainError, match=f"block {number} is 3 behind the head {number + 3}"):
        followed.pool(now_ns(market))
    followed.told(number)
    with pytest.raises(StaleChainError, match=r"is 61\.0 s old, at most 60\.0 are allowed"):
        followed.pool(now_ns(market) + 61 * SECOND)


async def test_a_pool_that_has_parted_is_refused_and_says_where() -> None:
    followed = ChainPool(b"\x11" * 20, ClammPool(3_000, 60), 0, Watermark(2, 60.0))
    header = Header(1, b"\x01" * 32, bytes(32), 100)
    initialize = next(event for event in EVENTS if event.name == "Initialize")
    wrong = (1 << 96).to_bytes(32, "big") + (5).to_bytes(32, "big")
    log = Log(1, header.hash, bytes(32), 4, b"\x11" * 20, (initialize.topic,), wrong)
    await followed([ChainEvent(1, 1, What.LOG, header, 0, log), ChainEvent(2, 1, What.BLOCK, header, 1)])
    with pytest.raises(DesyncedPoolError, match="log 4 of block 1: tick must be 0, was 5"):
        followed.pool(100 * SECOND)
