"""Uniswap v3 as deployed: the real factory, pool, position manager and router over a simulated chain.

catalogue: S4, S10.
"""

from __future__ import annotations

from pathlib import Path

from native._core import EvmState
from sim import contracts
from sim.gates import abi
from sim.gates.market import EVERYTHING, POOL_HAS, TRADER, Market, RevertedError, Swapped

#: An address without code in place of the wrapped coin: neither of the tokens is it.
_NO_WRAPPED = "0x00000000000000000000000000000000000000ee"
_SWAP = abi.topic("Swap(address,address,int256,int256,uint160,uint128,int24)")
_MINT_TYPES = "(address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256)"
_SWAP_TYPES = "(address,address,uint24,address,uint256,uint256,uint256,uint160)"


class Uniswap(Market):
    """One pool of the real contracts, traded by the real position manager and router."""

    def __init__(
        self, fee: int, tick_spacing: int, *, place: Path = contracts.PLACE, state: EvmState | None = None
    ) -> None:
        """Deploys everything on a new chain, or on `state`; the pool is not initialised.

        Raises `MissingArtifactError` without the artifacts.
        """
        super().__init__(place, state)
        self.fee = fee
        self._tokens_of: dict[tuple[int, int], int] = {}
        self.factory = self.deploy("UniswapV3Factory")
        tokens = (self.token0, self.token1)
        self.positions = self.deploy("NonfungiblePositionManager", self.factory, _NO_WRAPPED, 0)
        self.router = self.deploy("SwapRouter", self.factory, _NO_WRAPPED)
        if self.ask(self.factory, abi.calldata("feeAmountTickSpacing(uint24)", fee)) != [tick_spacing]:
            self.send(self.factory, abi.calldata("enableFeeAmount(uint24,int24)", fee, tick_spacing))
        made = self.send(self.factory, abi.calldata("createPool(address,address,uint24)", *tokens, fee))
        self.pool = abi.address(abi.integers(made.output)[0])
        for token in tokens:
            self.send(token, abi.calldata("mint(address,uint256)", self.pool, POOL_HAS))
            for spender in (self.positions, self.router):
                self.send(token, abi.calldata("approve(address,uint256)", spender, EVERYTHING))

    def initialize(self, sqrt_price: int) -> None:
        """The pool's first price, Q64.96."""
        self.send(self.pool, abi.calldata("initialize(uint160)", sqrt_price))

    def mint(self, lower: int, upper: int, desired: tuple[int, int], least: tuple[int, int]) -> tuple[int, int, int]:
        """(liquidity, amount0, amount1) of adding to the trader's position on this range."""
        token = self._tokens_of.get((lower, upper))
        if token is not None:
            signature = "increaseLiquidity((uint256,uint256,uint256,uint256,uint256,uint256))"
            data = abi.calldata(signature, token, *desired, *least, EVERYTHING)
            liquidity, amount0, amount1 = abi.integers(self.send(self.positions, data).output)
            return liquidity, amount0, amount1
        what = (self.token0, self.token1, self.fee, lower, upper, *desired, *least, TRADER, EVERYTHING)
        told = abi.integers(self.send(self.positions, abi.calldata(f"mint({_MINT_TYPES})", *what)).output)
        self._tokens_of[lower, upper] = told[0]
        return told[1], told[2], told[3]

    def burn(self, lower: int, upper: int, liquidity: int, least: tuple[int, int]) -> tuple[int, int]:
        """(amount0, amount1) of taking liquidity out of the trader's position."""
        signature = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
        data = abi.calldata(signature, self._token(lower, upper), liquidity, *least, EVERYTHING)
        amount0, amount1 = abi.integers(self.send(self.positions, data).output)
        return amount0, amount1

    def collect(self, lower: int, upper: int) -> tuple[int, int]:
        """(amount0, amount1) of collecting all that is owed to the trader's position."""
        most = (1 << 128) - 1
        data = abi.calldata("collect((uint256,address,uint128,uint128))", self._token(lower, upper), TRADER, most, most)
        amount0, amount1 = abi.integers(self.send(self.positions, data).output)
        return amount0, amount1

    def swap(self, zero_for_one: bool, specified: int, limit: int, sqrt_price_limit: int) -> Swapped:
        """What the pool logs of a swap through the router."""
        path = (self.token0, self.token1) if zero_for_one else (self.token1, self.token0)
        kind = "exactInputSingle" if specified > 0 else "exactOutputSingle"
        what = (*path, self.fee, TRADER, EVERYTHING, abs(specified), limit, sqrt_price_limit)
        outcome = self.send(self.router, abi.calldata(f"{kind}({_SWAP_TYPES})", *what))
        [data] = [data for address, topics, data in outcome.logs if address == self.pool and topics[0] == _SWAP]
        return Swapped(*abi.integers(data, signed=True))

    def _token(self, lower: int, upper: int) -> int:
        token = self._tokens_of.get((lower, upper))
        if token is None:
            raise RevertedError(f"the range {lower}..{upper}", "the strategy has no position there")
        return token
