"""Uniswap v3 as deployed: the real factory, pool, position manager and router over a simulated chain.

catalogue: S4, S10. The bytecode is npm's (`make clamm-artifacts`); only the two tokens are made up, without
fees and hooks. A pool's state is written into its storage, so that any recorded pool can be continued here.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from native._core import ClammPool, EvmBlock, EvmOutcome, EvmState, TickwrightError
from sim import contracts
from sim.gates import abi

#: Who deploys, holds tokens and trades: an account without code.
TRADER = "0x00000000000000000000000000000000000070ad"
#: An address without code in place of the wrapped coin: neither of the tokens is it.
_NO_WRAPPED = "0x00000000000000000000000000000000000000ee"
_EVERYTHING = (1 << 256) - 1
#: What the trader has of each token, and the pool: enough for every amount of 128 bits, and sums stay below 2^256.
_TRADER_HAS = 1 << 200
_POOL_HAS = 1 << 160
_SWAP = abi.topic("Swap(address,address,int256,int256,uint160,uint128,int24)")
_MINT_TYPES = "(address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256)"
_SWAP_TYPES = "(address,address,uint24,address,uint256,uint256,uint256,uint160)"


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


class Uniswap:
    """One pool of the real contracts. The block's time and number are the caller's to move."""

    def __init__(
        self, fee: int, tick_spacing: int, *, place: Path = contracts.PLACE, state: EvmState | None = None
    ) -> None:
        """Deploys everything on a new chain, or on `state`; the pool is not initialised.

        Raises `MissingArtifactError` without the artifacts.
        """
        self.state = state or EvmState()
        self.block = EvmBlock(number=1, timestamp=1)
        self.fee = fee
        self._tokens_of: dict[tuple[int, int], int] = {}
        self.factory = self._deploy("UniswapV3Factory", place)
        tokens = sorted(self._deploy("TestERC20", place, _TRADER_HAS) for _ in range(2))
        self.token0, self.token1 = tokens
        self.positions = self._deploy("NonfungiblePositionManager", place, self.factory, _NO_WRAPPED, 0)
        self.router = self._deploy("SwapRouter", place, self.factory, _NO_WRAPPED)
        if self._words(self.factory, abi.calldata("feeAmountTickSpacing(uint24)", fee)) != [tick_spacing]:
            self.send(self.factory, abi.calldata("enableFeeAmount(uint24,int24)", fee, tick_spacing))
        made = self.send(self.factory, abi.calldata("createPool(address,address,uint24)", *tokens, fee))
        self.pool = abi.address(abi.integers(made.output)[0])
        for token in tokens:
            self.send(token, abi.calldata("mint(address,uint256)", self.pool, _POOL_HAS))
            for spender in (self.positions, self.router):
                self.send(token, abi.calldata("approve(address,uint256)", spender, _EVERYTHING))

    def _deploy(self, name: str, place: Path, *arguments: int | str) -> str:
        creation = contracts.contract(name, place).creation + abi.words(*arguments)
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

    def _words(self, to: str, data: bytes) -> list[int]:
        return abi.integers(self.state.call(to, data, sender=TRADER, block=self.block).output)

    def adopt(self, pool: ClammPool) -> None:
        """Puts a pool's state in place of the deployed one's: the state to go on from."""
        self.state.write_pool(self.pool, pool)

    def compare(self, pool: ClammPool) -> list[tuple[str, int, int]]:
        """(variable, the core's word, the contract's word) of every word of storage that is not the pool's state."""
        return self.state.compare_pool(self.pool, pool)

    def initialize(self, sqrt_price: int) -> None:
        """The pool's first price, Q64.96."""
        self.send(self.pool, abi.calldata("initialize(uint160)", sqrt_price))

    def mint(self, lower: int, upper: int, desired: tuple[int, int], least: tuple[int, int]) -> tuple[int, int, int]:
        """(liquidity, amount0, amount1) of adding to the trader's position on this range."""
        token = self._tokens_of.get((lower, upper))
        if token is not None:
            signature = "increaseLiquidity((uint256,uint256,uint256,uint256,uint256,uint256))"
            data = abi.calldata(signature, token, *desired, *least, _EVERYTHING)
            liquidity, amount0, amount1 = abi.integers(self.send(self.positions, data).output)
            return liquidity, amount0, amount1
        what = (self.token0, self.token1, self.fee, lower, upper, *desired, *least, TRADER, _EVERYTHING)
        told = abi.integers(self.send(self.positions, abi.calldata(f"mint({_MINT_TYPES})", *what)).output)
        self._tokens_of[lower, upper] = told[0]
        return told[1], told[2], told[3]

    def burn(self, lower: int, upper: int, liquidity: int, least: tuple[int, int]) -> tuple[int, int]:
        """(amount0, amount1) of taking liquidity out of the trader's position."""
        signature = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
        data = abi.calldata(signature, self._token(lower, upper), liquidity, *least, _EVERYTHING)
        amount0, amount1 = abi.integers(self.send(self.positions, data).output)
        return amount0, amount1

    def collect(self, lower: int, upper: int) -> tuple[int, int]:
        """(amount0, amount1) of collecting all that is owed to the trader's position."""
        most = (1 << 128) - 1
        data = abi.calldata("collect((uint256,address,uint128,uint128))", self._token(lower, upper), TRADER, most, most)
        amount0, amount1 = abi.integers(self.send(self.positions, data).output)
        return amount0, amount1

    def swap(self, zero_for_one: bool, specified: int, limit: int, sqrt_price_limit: int) -> Swapped:
        """What the pool logs of a swap through the router.

        `specified` goes in when it is positive, comes out when negative; `limit` is the least out, or the most in.
        """
        path = (self.token0, self.token1) if zero_for_one else (self.token1, self.token0)
        kind = "exactInputSingle" if specified > 0 else "exactOutputSingle"
        what = (*path, self.fee, TRADER, _EVERYTHING, abs(specified), limit, sqrt_price_limit)
        outcome = self.send(self.router, abi.calldata(f"{kind}({_SWAP_TYPES})", *what))
        [data] = [data for address, topics, data in outcome.logs if address == self.pool and topics[0] == _SWAP]
        return Swapped(*abi.integers(data, signed=True))

    def _token(self, lower: int, upper: int) -> int:
        token = self._tokens_of.get((lower, upper))
        if token is None:
            raise RevertedError(f"the range {lower}..{upper}", "the strategy has no position there")
        return token
