"""Gate G2 on the real bytecode: an honest strategy passes, one that is off by one anywhere is named and fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.chain.pool_file import open_pool
from native._core import ClammPool, EvmBlock, EvmState
from pycore.chain_proposal import BurnRange
from pycore.cli import main
from pycore.errors import BAD_INPUT, DONE, INTERRUPTED, UNEQUAL, InputError
from pycore.lp.find import find
from sim.gates import abi
from sim.gates.g2 import Gate2
from sim.gates.pools import usual
from tests import evm_contracts
from tests.gate_strategies import Fixed, Honest, WrongByOne

HONEST = "tests.gate_strategies:Honest"


@pytest.fixture(autouse=True)
def _contracts() -> None:
    evm_contracts.contract("UniswapV3Pool")


def test_an_honest_strategy_passes_and_every_kind_of_proposal_was_judged() -> None:
    gate = Gate2(usual(), Honest({}), seed=1)
    for _ in range(40):
        assert gate.block() is None
    assert gate.tally.blocks == 40
    assert gate.tally.proposals > 40
    assert gate.tally.fields > 300


@pytest.mark.parametrize(
    ("call", "field"),
    [
        ("MintRange", "liquidity"),
        ("MintRange", "amount0"),
        ("MintRange", "amount1"),
        ("BurnRange", "amount0"),
        ("BurnRange", "amount1"),
        ("CollectRange", "amount0"),
        ("CollectRange", "amount1"),
        ("SwapTokens", "amount0"),
        ("SwapTokens", "amount1"),
        ("SwapTokens", "sqrt_price"),
        ("SwapTokens", "tick"),
        ("SwapTokens", "liquidity"),
    ],
)
def test_one_unit_is_a_difference_that_names_the_field(call: str, field: str) -> None:
    gate = Gate2(usual(), WrongByOne({"call": call, "field": field}), seed=1)
    found = next(one for one in (gate.block() for _ in range(20)) if one is not None)
    assert (found.call, found.field) == (call, field)
    assert int(found.core) == int(found.contract) + 1


def test_a_limit_that_the_contracts_would_not_accept_is_a_difference_with_their_reason() -> None:
    gate = Gate2(usual(), WrongByOne({"call": "MintRange", "field": "amount0_min"}), seed=1)
    found = gate.block()
    assert found is not None
    assert (found.call, found.field, found.core) == ("MintRange", "outcome", "accepted")
    assert "Price slippage check" in found.contract


def test_a_call_that_the_core_refuses_and_the_contract_does_not_is_a_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = usual()
    gate = Gate2(pool, Honest({}), seed=1)
    locked = pool.copy()
    locked.set_unlocked(False)
    monkeypatch.setattr(gate, "_core", locked)
    found = gate.block()
    assert found is not None
    assert (found.call, found.field, found.core) == ("others' swap", "outcome", "reverted: LOK")


def test_a_range_without_a_position_is_a_difference() -> None:
    found = Gate2(usual(), Fixed([BurnRange(-60, 60, "1", "0", "0", "0", "0")]), seed=1).block()
    assert found is not None
    assert (found.call, found.field) == ("BurnRange", "outcome")
    assert "the strategy has no position there" in found.contract


def test_an_amount_that_is_no_decimal_string_is_bad_input() -> None:
    gate = Gate2(usual(), Fixed([BurnRange(-60, 60, "1e18", "0", "0", "0", "0")]), seed=1)
    with pytest.raises(InputError, match=r"BurnRange.liquidity must be a decimal string .* was '1e18'"):
        gate.block()


def test_a_core_that_is_not_the_contract_is_found_in_the_storage() -> None:
    pool, market = usual(), evm_contracts.uniswap()
    market.adopt(pool)
    assert market.compare(pool) == []
    pool.increase_observation_cardinality_next(5)
    names = [name for name, _, _ in market.compare(pool)]
    assert names == ["slot0", *(f"observations[{at}]" for at in range(1, 5))]


def test_a_pool_that_lived_in_the_core_goes_on_in_the_contract_alike() -> None:
    pool, market = usual(), evm_contracts.uniswap()
    pool.increase_observation_cardinality_next(8)
    for block in range(1, 20):
        amount = (-1) ** block * 10**17 * block
        pool.swap(block % 3 == 0, amount, None, 1_600_000_000 + 600 * block)
    market.adopt(pool)
    for block in range(20, 32):
        now = 1_600_000_000 + 600 * block
        market.block = EvmBlock(number=block, timestamp=now)
        theirs = market.swap(block % 2 == 0, 10**18 * block, 0, 0)
        assert tuple(pool.swap(block % 2 == 0, 10**18 * block, None, now)) == tuple(theirs)
        assert market.compare(pool) == []


def test_the_verb_exits_by_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "g2", HONEST, "--blocks", "8", "--json"]) == DONE
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["summary"], summary["passed"], summary["blocks"]) == (True, True, 8)
    wrong = ["tests.gate_strategies:WrongByOne", "--option", "call=SwapTokens", "--option", "field=tick"]
    assert main(["gate", "g2", *wrong, "--json"]) == UNEQUAL
    difference, summary = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (difference["call"], difference["field"]) == ("SwapTokens", "tick")
    assert summary["passed"] is False
    assert main(["gate", "g2", "nobody"]) == BAD_INPUT
    assert main(["gate", "g2", HONEST, "--pool", str(tmp_path / "none")]) == BAD_INPUT


def test_an_interrupted_gate_says_how_far_it_came(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(gate: Gate2) -> None:
        gate.tally.blocks += 1
        if gate.tally.blocks == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Gate2, "block", interrupted)
    assert main(["gate", "g2", HONEST, "--json"]) == INTERRUPTED
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[-1])["passed"] is False
    assert "interrupted after 3 blocks" in told.err


def test_a_recorded_pool_of_the_chain_goes_on_on_the_bytecode(shared_data: Path) -> None:
    state = shared_data / "clamm/univ3_wbtc_weth_3000_20230331/pool_before_16944668.json.gz"
    gate = Gate2(open_pool(state, "--pool"), Honest({}), 3)
    assert [gate.block() for _ in range(12)] == [None] * 12
    assert gate.tally.proposals > 10


@pytest.mark.parametrize(
    ("kind", "params", "calls_min"),
    [
        ("range_keeper", {"half_width": 120, "reset_s_min": 0}, 60),
        ("wide_range", {}, 1),
        ("hedged_range", {"half_width": 120, "reset_s_min": 0}, 6),
    ],
)
def test_each_strategy_that_is_registered_passes(kind: str, params: dict[str, int], calls_min: int) -> None:
    gate = Gate2(usual(), find(kind)(params), seed=5)
    assert [gate.block() for _ in range(60)] == [None] * 60
    assert gate.tally.proposals >= calls_min


def test_a_strategys_wrong_parameter_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "g2", "range_keeper", "--option", "half_width=0"]) == BAD_INPUT
    assert "half_width" in capsys.readouterr().err


def pancake() -> ClammPool:
    """A pool of Pancake v3 at price 1, with somebody else's positions; the protocol takes its share from the start."""
    pool = ClammPool(2500, 50, "pancake")
    pool.initialize(evm_contracts.PRICE_ONE, 1_600_000_000)
    for lower, upper, liquidity in ((-887250, 887250, 10**20), (-600, 600, 10**21), (-50, 50, 7 * 10**20)):
        pool.mint("0x" + "07" * 20, lower, upper, liquidity, 1_600_000_000)
    return pool


def test_an_honest_strategy_passes_on_pancakes_pool() -> None:
    gate = Gate2(pancake(), Honest({}), seed=2)
    assert [gate.block() for _ in range(30)] == [None] * 30
    assert gate.tally.proposals > 30


@pytest.mark.parametrize(
    ("call", "field"),
    [("MintRange", "amount0"), ("BurnRange", "amount1"), ("CollectRange", "amount0"), ("SwapTokens", "tick")],
)
def test_one_unit_is_a_difference_on_pancakes_pool(call: str, field: str) -> None:
    gate = Gate2(pancake(), WrongByOne({"call": call, "field": field}), seed=1)
    found = next(one for one in (gate.block() for _ in range(20)) if one is not None)
    assert (found.call, found.field) == (call, field)
    assert int(found.core) == int(found.contract) + 1


@pytest.mark.parametrize(
    ("field", "reason"), [("amount0_min", "Price slippage check"), ("amount_limit", "Too little received")]
)
def test_a_limit_that_is_not_met_is_a_difference_on_pancakes_pool(field: str, reason: str) -> None:
    call = "MintRange" if field == "amount0_min" else "SwapTokens"
    found = Gate2(pancake(), WrongByOne({"call": call, "field": field}), seed=1).block()
    assert found is not None
    assert (found.call, found.field, found.core) == (call, "outcome", "accepted")
    assert reason in found.contract


def test_a_range_without_a_position_is_a_difference_on_pancakes_pool() -> None:
    found = Gate2(pancake(), Fixed([BurnRange(-50, 50, "1", "0", "0", "0", "0")]), seed=1).block()
    assert found is not None
    assert "the strategy has no position there" in found.contract


@pytest.mark.parametrize("kind", ["range_keeper", "wide_range", "hedged_range"])
def test_each_strategy_that_is_registered_passes_on_pancakes_pool(kind: str) -> None:
    params = {} if kind == "wide_range" else {"half_width": 150, "reset_s_min": 0}
    gate = Gate2(pancake(), find(kind)(params), seed=5)
    assert [gate.block() for _ in range(30)] == [None] * 30
    assert gate.tally.proposals >= 1


def test_pancakes_first_words_lie_where_its_contract_has_them() -> None:
    """Its fee share has 32 bits and a word of its own. A pool asks who deploys it for its terms: here an account that
    answers anything with them.
    """
    creation = evm_contracts.contract("PancakeV3Pool").creation
    deployer, terms = "0x" + "11" * 20, (0xFA, 0xA0, 0xA1, 2500, 50)
    answer = b"".join(b"\x7f" + abi.words(word) + bytes([0x60, 32 * at, 0x52]) for at, word in enumerate(terms))
    state = EvmState()
    state.set_account(deployer, code=answer + bytes.fromhex("60a05ff3"))
    address = state.call(None, creation, sender=deployer, commit=True).created
    assert address is not None
    ours = ClammPool(2500, 50, "pancake")
    assert state.compare_pool(address, ours) == []
    block = EvmBlock(number=1, timestamp=1_700_000_000)
    price = evm_contracts.PRICE_ONE * 3
    for call in (
        abi.calldata("initialize(uint160)", price),
        abi.calldata("increaseObservationCardinalityNext(uint16)", 4),
    ):
        assert state.call(address, call, sender=deployer, block=block, commit=True).status == "success"
    ours.initialize(price, 1_700_000_000)
    ours.increase_observation_cardinality_next(4)
    assert state.compare_pool(address, ours) == []
    uniswaps = ClammPool(2500, 50)
    uniswaps.initialize(price, 1_700_000_000)
    assert state.compare_pool(address, uniswaps)[0][0] == "slot0"


@pytest.mark.parametrize(
    ("strategy", "options"),
    [
        ("range_keeper", ["half_width=300", "reset_s_min=0", "age_s_max=30"]),
        ("wide_range", ["half_width=6000", "collect_s=24"]),
        ("hedged_range", ["half_width=120", "reset_s_min=0"]),
    ],
)
def test_the_strategies_that_are_brought_along_pass(
    strategy: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = [word for option in options for word in ("--option", option)]
    assert main(["gate", "g2", strategy, "--blocks", "25", *chosen, "--json"]) == DONE
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["passed"] is True
    assert told["proposals"] >= 2
