"""A pool that follows a real chain (R7): in step through reorganisations, refused when stale, refused when parted."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import pytest

from feeds.chain.events import ChainEvent, Header, Log, What
from feeds.chain.follow import Begin, Follower
from feeds.chain.pool_logs import EVENTS, TOPICS
from feeds.chain.rpc import Node, Wanted, address_of
from feeds.chain.source import ChainSource
from native._core import ClammPool
from oms.chain_pool import ChainPool, DesyncedPoolError
from pycore.clock import Clock
from risk.watermark import StaleChainError, Watermark
from tests.chain_node import Pool, chain, deployed

SECOND = 1_000_000_000


@pytest.fixture
def market() -> Iterator[Pool]:
    with chain() as node:
        found = deployed(node)
        found.mint(-600, 600, 10**18)
        yield found


def fresh(market: Pool) -> ChainPool:
    return ChainPool(address_of(market.address), ClammPool(3_000, 60), 0, Watermark(2, 60.0))


async def to_the_head(market: Pool, follower: Follower, followed: ChainPool) -> None:
    async with aiohttp.ClientSession() as http:
        wanted = Wanted([address_of(market.address)], TOPICS)
        source = ChainSource(Node(market.node.url, http), follower, wanted, [followed], Clock(), once=True)
        await source.run()


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
