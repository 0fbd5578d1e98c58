"""Pools that follow a chain: recorded states, days and quotes to the wei, and what is told where a log is wrong."""

from __future__ import annotations

import ast
import csv
import gzip
import json
import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from feeds.chain.pool_file import open_pool
from feeds.chain.pool_logs import EVENTS, event_of, fields_of
from feeds.chain.pool_state import LogBatch, from_arrow, full_state, log_batch, simulator_row, tick_map, to_arrow
from native._core import ClammPool, InputError, RevertError

LOWEST, HIGHEST = 4295128740, 1461446703485210103287273052203988822378723970341
OWNER = b"\x01" * 20
Log = tuple[list[bytes], bytes, int, int]


def _json(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def _word(value: int) -> bytes:
    return (value % (1 << 256)).to_bytes(32, "big")


def _log(name: str, block: int, indexed: list[int], words: list[int]) -> Log:
    topic = next(event.topic for event in EVENTS if event.name == name)
    return [topic, *map(_word, indexed)], b"".join(map(_word, words)), block, 12 * block


def _pool() -> ClammPool:
    pool = ClammPool(3000, 60)
    pool.initialize(1 << 96, 1)
    return pool


def _history(seed: int, events: int) -> tuple[list[Log], list[bytes]]:
    """Logs of a pool under random calls, and its hash after each."""
    draw, pool = random.Random(seed), _pool()
    logs: list[Log] = []
    hashes: list[bytes] = []
    owner = int.from_bytes(OWNER, "big")
    while len(logs) < events:
        block = len(logs) + 1
        if draw.random() < 0.4:
            lower, upper = sorted(draw.sample(range(-40, 40), 2))
            liquidity = draw.randrange(1, 1 << 70)
            amounts = pool.mint(OWNER, 60 * lower, 60 * upper, liquidity, 12 * block)
            logs.append(_log("Mint", block, [owner, 60 * lower, 60 * upper], [owner, liquidity, *amounts]))
        else:
            down, amount = draw.random() < 0.5, draw.choice([1, -1]) * draw.randrange(1, 1 << draw.randrange(1, 70))
            try:
                done = pool.swap(down, amount, LOWEST if down else HIGHEST, 12 * block)
            except RevertError:
                continue
            logs.append(_log("Swap", block, [owner, owner], list(done)))
        hashes.append(pool.state_hash)
    return logs, hashes


def _follow(pool: ClammPool, batch: LogBatch) -> tuple[int, tuple[int, int, int], tuple[str, str, str] | None]:
    columns = batch.topics, batch.topic_ends, batch.data, batch.data_ends, batch.blocks, batch.times
    return pool.follow_batch(*columns)


def test_a_batch_leaves_the_pool_as_its_calls_did_and_undo_takes_each_block_back() -> None:
    logs, hashes = _history(7, 120)
    pool = _pool()
    pool.keep_blocks(0, 50)
    done, asked, difference = _follow(pool, log_batch(logs))
    assert (done, difference, pool.state_hash, pool.block) == (120, None, hashes[-1], 120)
    assert sum(asked) == sum(len(topics) == 3 for topics, _, _, _ in logs)
    for block in range(120, 70, -1):
        pool.undo_to(block)
        assert pool.state_hash == hashes[block - 1]
    pool.undo_to(70)
    with pytest.raises(InputError, match="further back"):
        pool.undo_to(69)
    assert _follow(pool, log_batch(logs[70:]))[0] == 50
    assert pool.state_hash == hashes[-1]


def test_the_first_wrong_log_is_told_and_nothing_of_it_is_done() -> None:
    logs, hashes = _history(11, 60)
    at = next(at for at in range(30, 60) if len(logs[at][0]) == 3)
    topics, data, block, time_s = logs[at]
    liquidity = int.from_bytes(data[96:128], "big")
    logs[at] = (topics, data[:96] + _word(liquidity + 1) + data[128:], block, time_s)
    pool = _pool()
    done, _, difference = _follow(pool, log_batch(logs))
    assert (done, difference) == (at, ("liquidity", str(liquidity), str(liquidity + 1)))
    assert pool.state_hash == hashes[at - 1]


def test_torn_batches_and_logs_are_refused_by_field() -> None:
    logs, _ = _history(3, 5)
    batch = log_batch(logs)
    with pytest.raises(InputError, match="data_ends must end within its blob"):
        _follow(_pool(), batch._replace(data=batch.data[:-1]))
    with pytest.raises(InputError, match="times must be as long as blocks"):
        _follow(_pool(), batch._replace(times=batch.times[:-1]))
    with pytest.raises(InputError, match="must have as many words"):
        _pool().follow(logs[0][0], logs[0][1][:-32], 5)
    with pytest.raises(InputError, match="owner must be an address of 20 bytes"):
        _pool().mint(b"me", 0, 60, 1, 1)
    with pytest.raises(InputError, match="event must be an event of a v3 pool, was Swop"):
        _pool().follow_row("Swop", {}, 1)


def test_a_state_comes_back_from_its_dict_its_bytes_and_arrow() -> None:
    logs, _ = _history(5, 80)
    pool = _pool()
    pool.increase_observation_cardinality_next(5)
    _follow(pool, log_batch(logs))
    for again in (
        ClammPool.from_state(pool.state()),
        ClammPool.from_bytes(pool.to_bytes()),
        from_arrow(to_arrow(pool)),
    ):
        assert again.state_hash == pool.state_hash
    with pytest.raises(InputError, match=r"tickwright\.pool"):
        from_arrow(to_arrow(pool).replace_schema_metadata(None))
    state = pool.state()
    state["ticks"][61] = next(iter(state["ticks"].values()))
    with pytest.raises(InputError, match="tick is not a value that a snapshot can hold, was 61"):
        ClammPool.from_state(state)


def test_rows_say_the_same_as_logs() -> None:
    logs, hashes = _history(13, 60)
    pool = _pool()
    for topics, data, _, time_s in logs:
        event = event_of(topics)
        assert event
        assert pool.follow_row(event.name, dict(fields_of(event, topics, data)), time_s)[1] is None
    assert pool.state_hash == hashes[-1]


def test_a_recorded_pool_goes_from_its_first_state_to_its_last(shared_data: Path) -> None:
    """329 swaps, 19 mints and 31 burns of WBTC/WETH: every total, tick and observation of the state after them."""
    folder = shared_data / "clamm" / "univ3_wbtc_weth_3000_20230331"
    pool = ClammPool.from_state(full_state(_json(folder / "pool_before_16944668.json.gz")))
    after = full_state(_json(folder / "pool_after_16951788.json.gz"))
    counts: Counter[str] = Counter()
    for row in _json(folder / "events_16944669_16951788.json.gz")["data"]:
        name, fields = _simulated(row)
        asked, difference = pool.follow_row(name, fields, row["timestamp"], whole=False)
        assert difference is None, row
        counts[asked or name] += 1
    assert sum(counts[asked] for asked in ("input", "output", "limit")) == 329
    assert (counts["Mint"], counts["Burn"]) == (19, 31)
    state = pool.state()
    for part in ("slot0", "liquidity", "fee_growth_global", "observations"):
        assert state[part] == after[part], part
    # The window of recorded ticks moved with the price: one tick of the second file is not in the first.
    assert len(state["ticks"]) == 356
    assert after["ticks"].keys() - state["ticks"].keys() == {239760}
    for tick, data in state["ticks"].items():
        assert data == after["ticks"][tick] | {"initialized": True}, tick


def _simulated(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A row of that recording; its burns repeat the liquidity as amount0, so that is not compared."""
    name = row["method"].capitalize()
    names = {"tickLower": "lower", "tickUpper": "upper", "sqrtPriceX96": "sqrt_price", "amount": "liquidity"}
    fields = {names.get(key, key): value for key, value in row.items()}
    return name, fields | ({"amount0": None} if name == "Burn" else {})


@pytest.mark.parametrize(
    ("name", "prefix", "swaps"),
    [
        ("univ3_eth_usdc_weth_500_20240105.raw.csv.gz", "", (4777, 577, 124)),
        ("univ3_polygon_usdc_weth_500_20231125.raw.csv.gz", "pool_", (2345, 335, 245)),
    ],
)
def test_swaps_of_a_day_without_a_tick_map_come_out_to_the_wei(
    shared_data: Path, name: str, prefix: str, swaps: tuple[int, int, int]
) -> None:
    """Each swap that leaves the liquidity as it was, from the price that the log before it left."""
    with gzip.open(shared_data / "clamm" / name, "rt") as text:
        rows = [row for row in csv.DictReader(text) if row[f"{prefix}topics"]]
    rows.sort(key=lambda row: (int(row["block_number"]), int(row[f"{prefix}log_index"])))
    pool, counts = _pool_of_a_day(), Counter[str]()
    before: tuple[int, int, int] | None = None
    for row in rows:
        topics = [bytes.fromhex(topic[2:]) for topic in ast.literal_eval(row[f"{prefix}topics"])]
        data = bytes.fromhex(row[f"{prefix}data"][2:])
        event = event_of(topics)
        assert event
        fields: dict[str, Any] = dict(fields_of(event, topics, data))
        if event.name == "Swap":
            if before and before[1] == fields["liquidity"]:
                pool.adopt(*before)
                asked, difference = pool.follow(topics, data, 5)
                assert difference is None, row
                counts[str(asked)] += 1
            before = (fields["sqrt_price"], fields["liquidity"], fields["tick"])
        elif before and event.name in ("Mint", "Burn") and fields["lower"] <= before[2] < fields["upper"]:
            sign = 1 if event.name == "Mint" else -1
            before = (before[0], before[1] + sign * fields["liquidity"], before[2])
    assert (counts["input"], counts["output"], counts["limit"]) == swaps


def _pool_of_a_day() -> ClammPool:
    pool = ClammPool(500, 10)
    pool.initialize(1 << 96, 0)
    pool.set_balances(None)
    return pool


def test_the_quoter_of_the_chain_is_answered_to_the_wei(shared_data: Path) -> None:
    """80 answers of QuoterV2 on the WBTC/WETH pool, from 1 wei to the largest int256."""
    folder = shared_data / "clamm" / "univ3_wbtc_weth_3000_quotes"
    pool = ClammPool.from_state(tick_map(_json(folder / "pool_24407242.json.gz")))
    entries = _json(folder / "quoterv2_24407242.json.gz")["entries"]
    for key, entry in entries.items():
        _, function, direction, amount = key.split("|")
        down = direction.startswith("WBTC")
        quote = pool.quote_exact_input if function == "quoteExactInputSingle" else pool.quote_exact_output
        assert quote(down, int(amount), LOWEST if down else HIGHEST)[0] == entry["value"], key
    assert len(entries) == 80


def test_the_ticks_from_inception_are_those_of_the_snapshots(shared_data: Path, tmp_path: Path) -> None:
    """Mints and burns of USDC/WETH from the first on: the tick maps after 1,844 and 3,408 of them."""
    events = _rows(shared_data, tmp_path, "univ3_usdc_weth_3000_liquidity_from_inception")
    snapshots = _rows(shared_data, tmp_path, "univ3_usdc_weth_3000_state_snapshots")[:2]
    expected = {
        count: simulator_row(row, 3000, 60)["ticks"] for count, row in zip((1844, 3408), snapshots, strict=True)
    }
    pool = ClammPool(3000, 60)
    pool.initialize(1377930981022373588153883738259818, 0)
    for count, row in enumerate(events[:3408], start=1):
        fields = {"owner": OWNER, "lower": row["tick_lower"], "upper": row["tick_upper"]}
        fields |= {"liquidity": int(row["liquidity"]), "amount0": None, "amount1": None}
        assert pool.follow_row("Mint" if row["type"] == 1 else "Burn", fields, count)[1] is None
        if count in expected:
            ticks, want = pool.state()["ticks"], expected[count]
            assert ticks.keys() == want.keys()
            for tick, data in want.items():
                assert all(ticks[tick][part] == data[part] for part in ("liquidity_gross", "liquidity_net")), tick


def _rows(shared_data: Path, tmp_path: Path, name: str) -> list[dict[str, Any]]:
    """The rows of the one table of interest of a compressed database."""
    path = tmp_path / f"{name}.db"
    path.write_bytes(gzip.decompress((shared_data / "clamm" / f"{name}.sqlite.gz").read_bytes()))
    with sqlite3.connect(path) as database:
        database.row_factory = sqlite3.Row
        question = "SELECT * FROM liquidity_events_usdc_weth_3000 ORDER BY block_number, transaction_index, log_index"
        if "snapshots" in name:
            question = "SELECT * FROM snapshot ORDER BY id"
        return [dict(row) for row in database.execute(question)]


def test_a_pool_is_read_from_every_form_of_file(tmp_path: Path) -> None:
    pool = _pool()
    slot0, ticks = pool.state()["slot0"], pool.state()["ticks"]
    scalars = {"fee": 3000, "tick_spacing": 60, "tick": slot0["tick"], "liquidity": str(pool.state()["liquidity"])}
    tick_map_form = {
        "scalars": scalars | {"sqrt_price_x96": str(slot0["sqrt_price"])},
        "tick_data": {at: [str(tick["liquidity_gross"]), str(tick["liquidity_net"])] for at, tick in ticks.items()},
        "balance_token0": 0,
        "balance_token1": 0,
    }
    (tmp_path / "pool").write_bytes(pool.to_bytes())
    pq.write_table(to_arrow(pool), tmp_path / "pool.parquet")
    (tmp_path / "map.json.gz").write_bytes(gzip.compress(json.dumps(tick_map_form).encode()))
    for name in ("pool", "pool.parquet"):
        assert open_pool(tmp_path / name, "--pool").state_hash == pool.state_hash
    mapped = open_pool(tmp_path / "map.json.gz", "--pool").state()
    assert {at: tick["liquidity_net"] for at, tick in mapped["ticks"].items()} == {
        at: tick["liquidity_net"] for at, tick in ticks.items()
    }
    assert mapped["slot0"]["sqrt_price"] == slot0["sqrt_price"]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("pool", b"no pool"),
        ("p.json", b"[]"),
        ("p.json.gz", b"{}"),
        ("p.parquet", b"PAR1"),
        ("p.json", b"{"),
        ("", b""),
    ],
)
def test_a_file_that_holds_no_pool_is_named_with_its_field(tmp_path: Path, name: str, wrong: bytes) -> None:
    if name:
        (tmp_path / name).write_bytes(wrong)
    with pytest.raises(InputError, match=rf"--pool must be a file with a pool's state \(.*, was .*{name}"):
        open_pool(tmp_path / name, "--pool")
