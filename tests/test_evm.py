"""The simulator from Python: real contracts and small ones, reverts named, states written, undone, asked lazily."""

from __future__ import annotations

import json

import pytest

from native import _core
from native._core import EvmBlock, EvmState, FullError, InputError
from sim.gates import abi
from tests import evm_contracts

#: Adds one to slot 7; reverts with its calldata; returns it with a log.
COUNTS = bytes.fromhex("60075460010160075500")
REVERTS = bytes.fromhex("365f5f37365ffd")
LOGS = bytes.fromhex("365f5f376005365fa1365ff3")
CONTRACT = "0x" + "22" * 20
SENDER = "0x" + "11" * 20


def over(code: bytes, **beside: object) -> EvmState:
    state = EvmState(fork="cancun", errors=["Wrong(uint256)"])
    state.set_account(CONTRACT, code=code)
    return state


def test_a_call_tells_what_it_changed_and_keeps_it_only_when_committed() -> None:
    state = over(COUNTS)
    first = state.call(CONTRACT, sender=SENDER)
    assert (first.status, first.reason, first.output, first.created) == ("success", "", b"", None)
    nothing = {"balance": (0, 0), "code": None, "destroyed": False}
    assert first.changes == {
        SENDER: {**nothing, "nonce": (0, 1), "storage": {}},
        CONTRACT: {**nothing, "nonce": (0, 0), "storage": {7: (0, 1)}},
    }
    assert state.slot(CONTRACT, 7) == 0
    mark = state.snapshot()
    state.call(CONTRACT, sender=SENDER, commit=True)
    assert state.slot(CONTRACT, 7) == 1
    state.rollback(mark)
    assert state.slot(CONTRACT, 7) == 0
    with pytest.raises(InputError, match="snapshot must be one that was not gone back behind, was 0"):
        state.rollback(mark)


def test_logs_and_output_are_bytes() -> None:
    outcome = over(LOGS).call(CONTRACT, b"abc")
    assert outcome.output == b"abc"
    assert outcome.logs == [(CONTRACT, [(5).to_bytes(32, "big")], b"abc")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (abi.calldata("Error(string)", 32, 3) + b"LOK".ljust(32, b"\0"), "LOK"),
        (abi.calldata("Panic(uint256)", 0x11), "Panic(0x11)"),
        (abi.calldata("Wrong(uint256)", 5), "Wrong(uint256)"),
        (bytes.fromhex("deadbeef"), "0xdeadbeef"),
        (b"", ""),
    ],
)
def test_a_revert_has_its_reason(data: bytes, reason: str) -> None:
    outcome = over(REVERTS).call(CONTRACT, data)
    assert (outcome.status, outcome.reason, outcome.output) == ("revert", reason, data)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"to": "0x12"}, "to must be .*, was '0x12'"),
        ({"to": CONTRACT, "data": "beef"}, "data must be .*, was 'beef'"),
        ({"to": CONTRACT, "value": -1}, "value must be .*, was -1"),
        ({"to": CONTRACT, "value": "0xzz"}, "value must be .*, was '0xzz'"),
        ({"to": CONTRACT, "value": 1 << 256}, "value must be .*, was 1157"),
        ({"to": CONTRACT, "gas": 2_000_000_000}, "gas must be at most 1000000000, was 2000000000"),
        ({"to": CONTRACT, "value": 1}, "lack of funds"),
    ],
)
def test_bad_input_names_field_and_value(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        over(COUNTS).call(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_an_unknown_fork_and_a_full_state_are_refused() -> None:
    with pytest.raises(InputError, match="fork is not a known fork, was dencun"):
        EvmState(fork="dencun")
    state = EvmState(entries_max=2)
    state.set_account(CONTRACT)
    with pytest.raises(FullError, match="entries_max is 2"):
        state.set_slot(CONTRACT, 1, 1)


def test_a_state_survives_json_and_a_bad_one_changes_nothing() -> None:
    state = over(COUNTS)
    state.set_account(SENDER, balance=1 << 200, nonce=3)
    state.call(CONTRACT, sender=SENDER, commit=True)
    written = json.loads(json.dumps(state.dump()))
    again = EvmState(fork="cancun")
    again.load(written)
    assert again.dump() == written
    assert again.account(SENDER) == (1 << 200, 4, b"")
    before = again.dump()
    with pytest.raises(InputError, match=r"storage must be .*, was 'x'"):
        again.load({SENDER: {"balance": 5}, CONTRACT: {"storage": {"0x1": "x"}}})
    assert again.dump() == before


class Node:
    """A source that counts its questions and fails for one account."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def account(self, address: str) -> tuple[int, int, bytes] | None:
        self.asked.append(address)
        if address == "0x" + "44" * 20:
            raise ConnectionError("the node is gone")
        return (5, 0, COUNTS) if address == CONTRACT else None

    def slot(self, address: str, key: int) -> int:
        self.asked.append(f"{address} {key}")
        return 40

    def block_hash(self, number: int) -> bytes:
        return number.to_bytes(32, "big")


def test_a_source_is_asked_once_and_its_exception_is_met_unchanged() -> None:
    node = Node()
    state = EvmState(source=node)
    for _ in range(2):
        state.call(CONTRACT, sender=SENDER, commit=True)
    assert state.slot(CONTRACT, 7) == 42
    assert len(node.asked) == len(set(node.asked))
    with pytest.raises(ConnectionError, match="the node is gone"):
        state.call("0x" + "44" * 20, sender=SENDER)


def test_the_hash_is_the_one_of_the_chains() -> None:
    assert _core.keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_a_real_pool_is_deployed_and_its_refusals_have_the_reasons_of_its_source() -> None:
    market = evm_contracts.uniswap()
    swap = abi.calldata("swap(address,bool,int256,uint160,bytes)", SENDER, 1, 1, 4295128740, 160, 0)
    refused = market.state.call(market.pool, swap)
    assert (refused.status, refused.reason) == ("revert", "LOK")
    market.initialize(evm_contracts.PRICE_ONE)
    again = market.state.call(market.pool, abi.calldata("initialize(uint160)", evm_contracts.PRICE_ONE))
    assert (again.status, again.reason) == ("revert", "AI")


def test_a_swap_of_the_real_contracts_moves_the_price_and_is_the_same_twice() -> None:
    market = evm_contracts.uniswap()
    market.initialize(evm_contracts.PRICE_ONE)
    liquidity, amount0, amount1 = market.mint(-600, 600, (10**18, 10**18), (0, 0))
    assert liquidity == 33837499809738371427
    assert max(amount0, amount1) == 10**18
    mark = market.state.snapshot()
    first = market.swap(True, 10**15, 0, 0)
    market.state.rollback(mark)
    assert market.swap(True, 10**15, 0, 0) == first
    assert first[0] == 10**15
    assert first[1] < 0
    assert first[2] < evm_contracts.PRICE_ONE
    assert market.burn(-600, 600, liquidity, (0, 0))[0] > 10**18
    assert market.collect(-600, 600)[0] > 10**18


def test_calls_of_a_block_see_its_number_and_time() -> None:
    state = over(bytes.fromhex("435f524260205260405ff3"))
    block = EvmBlock(number=18_000_000, timestamp=1_700_000_000)
    assert abi.integers(state.call(CONTRACT, block=block).output) == [18_000_000, 1_700_000_000]
