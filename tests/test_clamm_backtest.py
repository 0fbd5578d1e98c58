"""A liquidity strategy inside a pool: what it earns is the pool's own arithmetic, and every figure can be checked."""

from __future__ import annotations

import gzip
import json
import math
import statistics
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feeds.chain.pool_file import open_pool
from feeds.chain.pool_logs import EVENTS
from native._core import ClammPool, InputError
from pycore.chain_proposal import ChainProposal, ChainView, MintRange
from pycore.cli import main
from pycore.errors import CheckError, ConfigError
from pycore.lp.hedged import HedgedRange
from pycore.lp.range_keeper import RangeKeeper
from pycore.lp.strategy import LiquidityStrategy
from pycore.lp.wide_range import WideRange
from sim.clamm.backtest import OWNER, Backtest, Costs
from sim.clamm.config import load
from sim.clamm.flow import Block, MintCall, SwapCall
from sim.clamm.generated import GeneratedFlow, Market
from sim.clamm.recorded import RecordedFlow, follow, rows

UNIT = 10**18
UNITS = {"MintRange": 430_000, "BurnRange": 190_000, "CollectRange": 140_000, "SwapTokens": 150_000}
OTHERS = "0x" + "01" * 20
PLAIN = {"seed": 3, "blocks": 300, "price": 1.0, "fee": 3_000, "first": Block(1, 1_704_067_200, 20 * 10**9)}


def started(strategy: LiquidityStrategy, **market: object) -> Backtest:
    drawn = Market(**(PLAIN | market))  # type: ignore[arg-type]  # a dictionary of its fields
    pool, flow = drawn.pool(60, 1_000_000 * UNIT, OTHERS), GeneratedFlow(drawn)
    return Backtest(pool, flow, strategy, Costs(UNITS), (100 * UNIT, 100 * UNIT), flow.reference)


def ran(strategy: LiquidityStrategy, **market: object) -> Backtest:
    run = started(strategy, **market)
    for _ in run.run():
        pass
    return run


class Idle(LiquidityStrategy):
    """Never does anything."""

    def generate_proposals(self, view: ChainView) -> None:
        return


class Greedy(LiquidityStrategy):
    """Wants more for its tokens than the pool gives."""

    def propose(self, view: ChainView, /) -> Sequence[ChainProposal]:
        amount = str(50 * UNIT)
        return [MintRange(-600, 600, amount, amount, str(51 * UNIT), "0", "0", "0", "0")]

    def generate_proposals(self, view: ChainView) -> None:
        raise AssertionError("propose is its own")


@pytest.mark.parametrize("strategy", [WideRange, RangeKeeper, HedgedRange])
def test_what_the_marks_say_is_what_the_pool_would_pay(strategy: type[LiquidityStrategy]) -> None:
    run = ran(strategy({"half_width": 600}), volatility=1.5)
    last = run.marks[-1]
    paid = [0, 0]
    pool = run.pool.copy()
    for (_, lower, upper), position in pool.positions_of(OWNER):
        if position.liquidity:
            pool.burn(OWNER, lower, upper, position.liquidity, last.time_s)
        given = pool.collect(OWNER, lower, upper, 2**128 - 1, 2**128 - 1)
        paid = [paid[0] + given[0], paid[1] + given[1]]
    assert paid == [a + b for a, b in zip(last.position, last.owed, strict=True)]
    assert run.performance().fees >= (1, 1)


def test_every_token_is_somewhere() -> None:
    """What left the wallet is in the pool or was taken by the others: swaps aside, nothing is made or lost."""
    run = ran(RangeKeeper({"half_width": 60, "rebalance": False, "reset_s_min": 0}), volatility=3.0)
    moved = [sum(action.amount0 for action in run.actions), sum(action.amount1 for action in run.actions)]
    assert run.wallet == (100 * UNIT + moved[0], 100 * UNIT + moved[1])
    assert {action.call for action in run.actions} == {"MintRange", "BurnRange", "CollectRange"}
    assert len([action for action in run.actions if action.call == "MintRange"]) > 1


def test_the_same_seed_is_the_same_run_and_another_is_another() -> None:
    one, two = ran(WideRange(), seed=5), ran(WideRange(), seed=5)
    assert one.marks == two.marks
    assert one.pool.state_hash == two.pool.state_hash
    assert ran(WideRange(), seed=6).pool.state_hash != one.pool.state_hash


def test_a_strategy_that_does_nothing_earns_what_its_tokens_did() -> None:
    figures = ran(Idle()).performance()
    assert (figures.fees, figures.gas, figures.loss_versus_rebalancing) == ((0, 0), 0.0, 0.0)
    assert figures.against_holding == pytest.approx(0.0, abs=1e6)
    assert figures.in_range == 0.0


def test_a_call_below_its_minimum_fails_and_costs_its_gas() -> None:
    run = ran(Greedy(), blocks=3)
    assert [action.why for action in run.actions] == ["Price slippage check"] * 2
    assert run.performance().gas == pytest.approx(2 * 430_000 * 20 * 10**9)
    assert run.wallet == (100 * UNIT, 100 * UNIT)


def test_the_loss_versus_rebalancing_is_that_of_the_model() -> None:
    """A constant-product position loses sigma^2 / 8 of its value by the year (Milionis et al., section 4)."""
    market = {"blocks": 4_000, "fee": 100, "volatility": 1.0, "jumps_per_day": 0.0, "trades_per_block": 0.0}
    run = ran(WideRange({"half_width": 880_000, "rebalance": False}), **market)
    figures = run.performance()
    years = figures.seconds / (365 * 86_400)
    assert figures.loss_versus_rebalancing == pytest.approx(200 * UNIT * years / 8, rel=0.15)


def test_a_hedge_takes_the_price_out_of_the_value() -> None:
    def swings(run: Backtest) -> float:
        values = [mark.value for mark in run.marks]
        return statistics.pstdev(after - before for before, after in pairwise(values))

    params = {"half_width": 2_000}
    plain, hedged = ran(RangeKeeper(params)), ran(HedgedRange(params))
    assert swings(hedged) < swings(plain) / 3
    assert hedged.performance().hedge != 0.0


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"half_width": 120}, "price"),
        ({"half_width": 20_000, "age_s_max": 900}, "time"),
        ({"half_width": 20_000, "volatility_widths": 2.0, "horizon_s": 3_600}, "volatility"),
    ],
)
def test_a_keeper_makes_a_new_range_for_each_of_its_reasons(params: dict[str, object], reason: str) -> None:
    strategy, seen = RangeKeeper(params | {"reset_s_min": 0}), set()
    run = started(strategy, volatility=2.0)
    for _ in run.run():
        seen.add(strategy.reason)
    assert reason in seen
    assert sum(action.call == "MintRange" for action in run.actions) > 1
    assert not [action for action in run.actions if action.why]


CONFIG = """
[token0]
symbol = "ETH"
decimals = 18
[token1]
symbol = "USDC"
decimals = 6
[wallet]
amount0 = "1000000000000000000"
amount1 = "2000000000"
[strategy]
kind = "{kind}"
params = {{ half_width = {width} }}
[costs]
native_price = 2000.0
[generated]
seed = 1
blocks = 40
"""


def written(folder: Path, kind: str = "range_keeper", width: int = 600, more: str = "") -> str:
    path = folder / "run.toml"
    path.write_text(CONFIG.format(kind=kind, width=width) + more)
    return str(path)


def test_the_verb_writes_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    assert main(["clamm", "backtest", written(tmp_path), "--dir", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    result = json.loads((folder / "result.json").read_text())
    assert result.items() <= told.items()
    assert pq.read_table(folder / "calls.parquet")["call"].to_pylist()[-1] == "MintRange"
    page = (folder / "report.html").read_text()
    for name in ("ranges", "value", "earned", "liquidity"):
        assert f'aria-label="{name}"' in page
    assert math.isfinite(result["profit"])


@pytest.mark.parametrize(
    ("faulty", "says"),
    [
        ({"kind": "nothing"}, "STRATEGY must be one of hedged_range, range_keeper, wide_range or module:Class"),
        ({"width": 0}, "params.half_width input should be greater than or equal to 1, was 0"),
        ({"more": "fee = 0\n"}, "generated.fee input should be greater than 0, was 0"),
        ({"more": '[recorded]\nstate = "a"\nevents = "b"\n'}, "the market must be one of"),
    ],
)
def test_a_configuration_with_faults_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], faulty: dict[str, Any], says: str
) -> None:
    assert main(["clamm", "backtest", written(tmp_path, **faulty), "--dir", str(tmp_path / "out")]) == 2
    assert says in capsys.readouterr().err


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"CONFIG must be a file that can be read .*, was .*none.toml"):
        load(tmp_path / "none.toml")
    torn = tmp_path / "torn.toml"
    torn.write_text("[token0\n")
    with pytest.raises(InputError, match="CONFIG must be TOML"):
        load(torn)
    torn.write_text("[token0]\nsymbol = 1\n")
    with pytest.raises(ConfigError, match=r"token0.symbol input should be a valid string, was 1"):
        load(torn)


def test_the_example_runs(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[1] / "docs" / "examples" / "liquidity.toml"
    config = load(example)
    assert config.strategy.kind == "range_keeper"
    assert config.generated is not None


def test_a_recorded_pool_is_replayed_to_the_last_fee_growth(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data / "clamm" / "univ3_wbtc_weth_3000_20230331"
    files = [str(next(folder.glob(f"{name}_*.json.gz"))) for name in ("pool_before", "events", "pool_after")]
    assert main(["clamm", "replay", *files[:2], "--until", files[2], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["events"], told["swaps_input"] + told["swaps_output"], told["differences"]) == (379, 329, 0)
    assert main(["clamm", "replay", files[0], files[1], "--until", files[0], "--json"]) == 1


def test_a_strategy_among_recorded_calls(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shared_data / "clamm" / "univ3_wbtc_weth_3000_20230331"
    state, events = (next(folder.glob(f"{name}_*.json.gz")) for name in ("pool_before", "events"))
    head, _, _ = CONFIG.format(kind="wide_range", width=3_000).partition("[generated]")
    config = tmp_path / "recorded.toml"
    head = head.replace('"1000000000000000000"', '"100000000"').replace('"2000000000"', '"15000000000000000000"')
    config.write_text(f'{head}[recorded]\nstate = "{state}"\nevents = "{events}"\n')
    assert main(["clamm", "backtest", str(config), "--dir", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["refused_of_others"] == 0
    assert int(told["fees0"]) > 0
    assert int(told["fees1"]) > 0


def test_events_that_part_from_the_pool_are_named(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "clamm" / "univ3_wbtc_weth_3000_20230331"
    state, events = (next(folder.glob(f"{name}_*.json.gz")) for name in ("pool_before", "events"))
    told = json.loads(gzip.decompress(events.read_bytes()))
    told["data"][3]["amount1"] += 1
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(told))
    with pytest.raises(CheckError, match=r"event 3 \(Swap in block \d+\): \w+ must be -?\d+, was -?\d+"):
        list(follow(open_pool(state, "state"), rows(wrong)))


def test_rows_of_the_lake_are_the_same_market(tmp_path: Path) -> None:
    """Logs as the archive writes them: what was minted and swapped comes back as the calls that it was."""
    pool = ClammPool(3_000, 60)
    pool.initialize(1 << 96, 1)
    start = pool.copy()
    records: list[dict[str, object]] = []

    def wrote(name: str, indexed: Sequence[int], plain: Sequence[int]) -> None:
        event = next(event for event in EVENTS if event.name == name)
        words = [value.to_bytes(32, "big", signed=value < 0) for value in (*indexed, *plain)]
        topics = event.topic + b"".join(words[: len(indexed)])
        told = {"topics": "0x" + topics.hex(), "data": "0x" + b"".join(words[len(indexed) :]).hex()}
        records.append({**told, "block": 7 + len(records), "ts_venue": (100 + len(records)) * 10**9})

    who = int(OTHERS, 16)
    wrote("Mint", (who, -600, 600), (who, UNIT, *pool.mint(OTHERS, -600, 600, UNIT, 100)))
    wrote("Swap", (who, who), pool.swap(True, -(10**12), None, 101))
    wrote("Swap", (who, who), pool.swap(False, 10**15, None, 102))
    path = tmp_path / "pools.parquet"
    pq.write_table(pa.Table.from_pylist(records), path)
    flow = RecordedFlow(rows(path), start, 0)
    calls = [call for block in flow.blocks() for call in flow.calls(block, None)]
    assert calls == [MintCall(OTHERS, -600, 600, UNIT), SwapCall(True, -(10**12)), SwapCall(False, 10**15)]
    assert [block.number for block in flow.blocks()] == [7, 8, 9]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["quote", "none.json", "--sell", "0", "--amount", "1"], "STATE must be a file with a pool's state"),
        (["replay", "none.json", "none.json"], "STATE must be a file with a pool's state"),
    ],
)
def test_files_that_are_none_are_named(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clamm", *words]) == 2
    assert says in capsys.readouterr().err


def test_a_quote_is_the_pools_own(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = str(next((shared_data / "clamm" / "univ3_wbtc_weth_3000_20230331").glob("pool_before_*")))
    assert main(["clamm", "quote", state, "--sell", "0", "--amount", "100000000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["amount0"], told["amount1"]) == ("100000000", "-15608075964367090663")
    back = ["clamm", "quote", state, "--sell", "0", "--exact-output", "--amount", "15608075964367090663", "--json"]
    assert main(back) == 0
    assert int(json.loads(capsys.readouterr().out)["amount0"]) <= 100_000_000
    assert main(["clamm", "quote", state, "--sell", "0", "--amount", "1", "--limit", "1"]) == 1
    assert "would revert with SPL" in capsys.readouterr().err
    assert main(["clamm", "quote", state, "--sell", "0", "--amount", "1.5"]) == 2
    assert "--amount must be a whole number of smallest units above 0, was 1.5" in capsys.readouterr().err
