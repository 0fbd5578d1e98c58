"""A pool of real contracts over a simulated chain: what the gate needs of it, whoever's bytecode it is.

catalogue: S4, S10. The bytecode is npm's (`make clamm-artifacts`); only the two tokens are made up, without fees and
hooks. A pool's state is written into its storage, so that any recorded pool can be continued here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple

from native._core import ClammPool, EvmBlock, EvmOutcome, EvmState, TickwrightError
from sim import contracts
from sim.gates import abi

#: Who deploys, holds tokens and trades.
TRADER = "0x00000000000000000000000000000000000070ad"
EVERYTHING = (1 << 256) - 1
#: What the trader has of each token, and the pool: enough for every amount of 128 bits, and sums stay below 2^256.
TRADER_HAS = 1 << 200
POOL_HAS = 1 << 160


class Swapped(NamedTuple):
    """The pool's log of a swap: its two amounts (positive went in), and price (Q64.96), liquidity and tick after it."""

    amount0: int
    amount1: int
    sqrt_price: int
    liquidity: int
    tick: int


class RevertedError(TickwrightError):
    """A call that the contracts refused; `reason` is theirs."""

    def __init__(self, what: str, reason: str) -> None:
        """Names the call and the reason."""
        self.reason = reason
        super().__init__(f"{what} reverted: {reason or 'without a reason'}")


class Market(ABC):
    """One pool and the account that trades in it. The block's time and number are the caller's to move."""

    #: The pool's address, and whose positions the trader's are.
    pool: str
    positions: str

    def __init__(self, place: Path, state: EvmState | None) -> None:
        """Deploys two tokens on a new chain, or on `state`. Raises `MissingArtifactError` without the artifacts."""
        self.state = state or EvmState()
        self.block = EvmBlock(number=1, timestamp=1)
        self._place = place
        self.token0, self.token1 = sorted(self.deploy("TestERC20", TRADER_HAS) for _ in range(2))

    def deploy(self, name: str, *arguments: int | str) -> str:
        """Deploys a contract; its address."""
        creation = contracts.contract(name, self._place).creation + abi.words(*arguments)
        outcome = self.state.call(None, creation, sender=TRADER, block=self.block, commit=True)
        if outcome.created is None:
            raise RevertedError(f"deploying {name}", outcome.reason)
        return outcome.created

    def send(self, to: str, data: bytes) -> EvmOutcome:
        """A transaction of the trader, kept. Raises `RevertedError`, and then nothing has changed but the nonce."""
        outcome = self.state.call(to, data, sender=TRADER, block=self.block, commit=True)
        if outcome.status != "success":
            raise RevertedError(f"{data[:4].hex()} of {to}", outcome.reason)
        return outcome

    def ask(self, to: str, data: bytes) -> list[int]:
        """The words of a call's answer; nothing is kept."""
        return abi.integers(self.state.call(to, data, sender=TRADER, block=self.block).output)

    def adopt(self, pool: ClammPool) -> None:
        """Puts a pool's state in place of the deployed one's: the state to go on from."""
        self.state.write_pool(self.pool, pool)

    def compare(self, pool: ClammPool) -> list[tuple[str, int, int]]:
        """(variable, the core's word, the contract's word) of every word of storage that is not the pool's state."""
        return self.state.compare_pool(self.pool, pool)

    @abstractmethod
    def mint(self, lower: int, upper: int, desired: tuple[int, int], least: tuple[int, int]) -> tuple[int, int, int]:
        """(liquidity, amount0, amount1) of adding to the trader's position on this range."""

    @abstractmethod
    def burn(self, lower: int, upper: int, liquidity: int, least: tuple[int, int]) -> tuple[int, int]:
        """(amount0, amount1) of taking liquidity out of the trader's position."""

    @abstractmethod
    def collect(self, lower: int, upper: int) -> tuple[int, int]:
        """(amount0, amount1) of collecting all that is owed to the trader's position."""

    @abstractmethod
    def swap(self, zero_for_one: bool, specified: int, limit: int, sqrt_price_limit: int) -> Swapped:
        """What the pool logs of a swap.

        `specified` goes in when it is positive, comes out when negative; `limit` is the least out, or the most in.
        """
