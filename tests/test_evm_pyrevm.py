"""The simulator beside pyrevm, which others bound to another version of revm: one transaction, two equal answers."""

from __future__ import annotations

from typing import cast

import pytest

from native._core import EvmBlock, EvmOutcome, EvmState
from sim.gates import abi
from sim.gates.market import RevertedError
from sim.gates.uniswap import Uniswap
from tests import evm_contracts

pyrevm = pytest.importorskip("pyrevm", reason="pyrevm is not here (extra dev)")


class Twice:
    """An `EvmState` whose every kept call is made in pyrevm too, and compared: output, logs, every changed slot."""

    def __init__(self) -> None:
        self.ours = EvmState(fork="cancun")
        self.theirs = pyrevm.EVM(spec_id="CANCUN")
        self.compared = 0

    def call(
        self,
        to: str | None,
        data: bytes,
        *,
        sender: str,
        block: EvmBlock,
        commit: bool = False,
    ) -> EvmOutcome:
        ours = self.ours.call(to, data, sender=sender, block=block, commit=commit)
        if commit:
            self.theirs.set_block_env(pyrevm.BlockEnv(number=block.number, timestamp=block.timestamp))
            if to is None:
                self._deploy(data, sender, ours)
            else:
                self._call(to, data, sender, ours)
            self._compare_state(ours)
        return ours

    def _deploy(self, data: bytes, sender: str, ours: EvmOutcome) -> None:
        (_, nonce) = ours.changes[sender]["nonce"]
        self.theirs.insert_account_info(sender, pyrevm.AccountInfo(nonce=nonce - 1))
        assert self.theirs.deploy(sender, data).lower() == ours.created

    def _call(self, to: str, data: bytes, sender: str, ours: EvmOutcome) -> None:
        mark = self.theirs.snapshot()
        if ours.status == "revert":
            with pytest.raises(RuntimeError, match=ours.output.hex()):
                self.theirs.message_call(sender, to, data)
            self.theirs.revert(mark)
        else:
            assert ours.output == bytes(self.theirs.message_call(sender, to, data))
            told = [(log.address.lower(), log.topics, bytes(log.data[1])) for log in self.theirs.result.logs]
            assert [(at, [topic.hex() for topic in topics], data) for at, topics, data in ours.logs] == [
                (at, [topic.removeprefix("0x") for topic in topics], data) for at, topics, data in told
            ]
        self.compared += 1

    def _compare_state(self, ours: EvmOutcome) -> None:
        for address, change in ours.changes.items():
            for key, (_, after) in change["storage"].items():
                assert self.theirs.storage(address, key) == after, f"{address} {key:#x}"


@pytest.fixture
def both() -> tuple[Uniswap, Twice]:
    evm_contracts.contract("UniswapV3Pool")
    twice = Twice()
    market = Uniswap(evm_contracts.FEE, evm_contracts.SPACING, state=cast(EvmState, twice))
    market.initialize(evm_contracts.PRICE_ONE)
    return market, twice


def test_a_life_of_a_pool_is_the_same_in_both(both: tuple[Uniswap, Twice]) -> None:
    market, twice = both
    liquidity, _, _ = market.mint(-600, 600, (10**18, 10**18), (0, 0))
    market.mint(-60, 120, (10**20, 10**17), (0, 0))
    for round_, amount in enumerate((10**15, 3 * 10**17, -(10**12), -(10**17))):
        market.block = EvmBlock(number=2 + round_, timestamp=1_000 * (2 + round_))
        most_in = 0 if amount > 0 else 10**30
        market.swap(round_ % 2 == 0, amount, most_in, 0)
    market.burn(-600, 600, liquidity // 3, (0, 0))
    market.collect(-600, 600)
    assert twice.compared > 12


def test_a_refusal_is_the_same_in_both(both: tuple[Uniswap, Twice]) -> None:
    market, _ = both
    with pytest.raises(RevertedError, match="reverted: Price slippage check"):
        market.mint(-600, 600, (10**18, 10**18), (10**18, 2 * 10**18))
    with pytest.raises(RevertedError, match="reverted: AI"):
        market.send(market.pool, abi.calldata("initialize(uint160)", evm_contracts.PRICE_ONE))
