"""Logs of v2 pairs and of v4's manager as rows of the store, amounts from the pool's side as v3's are (M7)."""

from __future__ import annotations

import itertools
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from feeds.chain.archive import CHANNEL, Archive
from feeds.chain.events import ChainEvent, Header, Log, What
from feeds.chain.pool_logs import EVENTS, KINDS, event_of, fields_of, topics_of
from feeds.store.open import open_store
from native._core import DecodeError, keccak256
from pycore.clock import Clock
from sim.clamm.recorded import rows

CONTRACT, ID, ME, YOU = b"\x11" * 20, b"\x44" * 32, b"\x01" * 20, b"\x02" * 20


def log(kind: str, name: str, indexed: list[bytes], *values: int) -> Log:
    """A log of block 1 by its kind, name, indexed words and other values."""
    [event] = [event for event in EVENTS if (event.kind, event.name) == (kind, name)]
    data = b"".join((value % 2**256).to_bytes(32, "big") for value in values)
    topics = (event.topic, *(one.rjust(32, b"\0") for one in indexed))
    return Log(1, b"\x01" * 32, bytes(32), 0, CONTRACT, topics, data)


SWAP_V2 = log("v2", "Swap", [ME, YOU], 1000, 0, 0, 3984)
SWAP_V4 = log("v4", "Swap", [ID, ME], -1000, 990, 1 << 96, 10**18, -1, 3000)


def test_every_topic_is_the_hash_of_its_signature() -> None:
    assert all(keccak256(event.signature.encode()) == event.topic for event in EVENTS)


def test_a_pair_that_nobody_names_is_not_asked_for_by_transfers() -> None:
    transfer = next(event.topic for event in EVENTS if event.name == "Transfer")
    assert transfer in topics_of(["v2"])
    assert transfer not in topics_of(KINDS, transfers=False)
    assert len(topics_of(KINDS)) == len(EVENTS) == len(topics_of(KINDS, transfers=False)) + 1


async def test_a_swap_is_told_from_the_pools_side_whatever_its_kind(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "lake"), {})
    archive = Archive(store, 1, Clock(), final_depth=1)
    header, later = Header(1, b"\x01" * 32, bytes(32), 100), Header(2, b"\x02" * 32, b"\x01" * 32, 112)
    seq = itertools.count(1)
    logs = [one._replace(log_index=at) for at, one in enumerate((SWAP_V2, SWAP_V4))]
    told = [ChainEvent(next(seq), 1, What.LOG, header, 0, one) for one in logs]
    ends = [ChainEvent(next(seq), 1, What.BLOCK, one, one.number) for one in (header, later)]
    await archive([*told, *ends])
    every = (0, 2**62, 2**62)
    table = store.scan(CHANNEL, "evm-1", f"0x{CONTRACT.hex()}", every)
    [pair] = table.to_pylist()
    assert (pair["event"], pair["amount0"], pair["amount1"]) == ("swap", "1000", "-3984")
    assert (pair["sender"], pair["owner"]) == (f"0x{ME.hex()}", f"0x{YOU.hex()}")
    [pool] = store.scan(CHANNEL, "evm-1", f"0x{ID.hex()}", every).to_pylist()
    assert (pool["amount0"], pool["amount1"], pool["sqrt_price"]) == ("1000", "-990", str(1 << 96))
    assert (pool["tick"], pool["liquidity"]) == (-1, str(10**18))
    pq.write_table(table, tmp_path / "pair.parquet")
    assert rows(tmp_path / "pair.parquet") == [], "a replay of a v3 pool has no use for it"
    store.close()


def test_a_word_is_read_by_its_type() -> None:
    event = event_of(SWAP_V4.topics)
    assert event is not None
    assert fields_of(event, SWAP_V4.topics, SWAP_V4.data)["id"] == f"0x{ID.hex()}"
    with pytest.raises(DecodeError, match=r"Swap.amount0 must be of type int128, was"):
        fields_of(event, SWAP_V4.topics, (2**128).to_bytes(32, "big") + SWAP_V4.data[32:])
