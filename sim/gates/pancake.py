"""Pancake v3's pool as deployed, over a simulated chain, called by an account of ours that pays in its callbacks.

catalogue: S4, S10. npm has the pool's bytecode, but not that of its deployer, position manager and router. A pool asks
whoever deploys it for its terms, which an account that answers with them can be; liquidity for amounts and the limits
of amounts are the periphery's rules (`pycore.lp.amounts`), applied here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from native._core import ClammMath, EvmState
from pycore.lp.amounts import liquidity_for
from sim import contracts
from sim.gates import abi
from sim.gates.market import POOL_HAS, TRADER_HAS, Market, RevertedError, Swapped
from sim.gates.payer import answering, payer

_DEPLOYER = "0x0000000000000000000000000000000000000de9"
_PAYER = "0x0000000000000000000000000000000000000ba1"
_SWAP = abi.topic("Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)")
_MATH = ClammMath()
_LOWEST, _HIGHEST = 4295128740, 1461446703485210103287273052203988822378723970341
_MOST = (1 << 128) - 1
#: Where empty bytes stand behind four words: their offset, and their length.
_NO_BYTES = (5 * 32, 0)


class Pancake(Market):
    """One pool of the real bytecode; its positions are the paying account's."""

    def __init__(
        self, fee: int, tick_spacing: int, *, place: Path = contracts.PLACE, state: EvmState | None = None
    ) -> None:
        """Deploys the pool on a new chain, or on `state`; it is not initialised.

        Raises `MissingArtifactError` without the artifacts.
        """
        super().__init__(place, state)
        tokens = (self.token0, self.token1)
        self.positions = _PAYER
        self._held: dict[tuple[int, int], int] = {}
        self.state.set_account(_DEPLOYER, code=answering(_DEPLOYER, *tokens, fee, tick_spacing))
        self.state.set_account(_PAYER, code=payer(*tokens))
        creation = contracts.contract("PancakeV3Pool", place).creation
        made = self.state.call(None, creation, sender=_DEPLOYER, block=self.block, commit=True)
        if made.created is None:
            raise RevertedError("deploying PancakeV3Pool", made.reason)
        self.pool = made.created
        for token in tokens:
            for holder, amount in ((self.pool, POOL_HAS), (_PAYER, TRADER_HAS)):
                self.send(token, abi.calldata("mint(address,uint256)", holder, amount))

    def mint(self, lower: int, upper: int, desired: tuple[int, int], least: tuple[int, int]) -> tuple[int, int, int]:
        """(liquidity, amount0, amount1) of adding to the trader's position on this range."""
        price = self.ask(self.pool, abi.calldata("slot0()"))[0]
        span = _MATH.sqrt_price_at_tick(lower), _MATH.sqrt_price_at_tick(upper)
        liquidity = liquidity_for(price, *span, *desired)
        signature = "mint(address,int24,int24,uint128,bytes)"
        with self._whole():
            amount0, amount1 = self._pay(signature, _PAYER, lower, upper, liquidity, *_NO_BYTES)
            _check("mint", amount0 >= least[0] and amount1 >= least[1], "Price slippage check")
        self._held[lower, upper] = self._held.get((lower, upper), 0) + liquidity
        return liquidity, amount0, amount1

    def burn(self, lower: int, upper: int, liquidity: int, least: tuple[int, int]) -> tuple[int, int]:
        """(amount0, amount1) of taking liquidity out of the trader's position."""
        held = self._liquidity(lower, upper)
        with self._whole():
            amount0, amount1 = self._pay("burn(int24,int24,uint128)", lower, upper, liquidity)
            _check("burn", amount0 >= least[0] and amount1 >= least[1], "Price slippage check")
        self._held[lower, upper] = held - liquidity
        return amount0, amount1

    def collect(self, lower: int, upper: int) -> tuple[int, int]:
        """(amount0, amount1) of collecting all that is owed to the trader's position, its fees booked first."""
        with self._whole():
            if self._liquidity(lower, upper):
                self._pay("burn(int24,int24,uint128)", lower, upper, 0)
            signature = "collect(address,int24,int24,uint128,uint128)"
            amount0, amount1 = self._pay(signature, _PAYER, lower, upper, _MOST, _MOST)
        return amount0, amount1

    def swap(self, zero_for_one: bool, specified: int, limit: int, sqrt_price_limit: int) -> Swapped:
        """What the pool logs of a swap."""
        bound = sqrt_price_limit or (_LOWEST if zero_for_one else _HIGHEST)
        data = abi.calldata(
            "swap(address,bool,int256,uint160,bytes)", _PAYER, int(zero_for_one), specified, bound, *_NO_BYTES
        )
        with self._whole():
            outcome = self.send(_PAYER, abi.words(self.pool) + data)
            [told] = [data for address, topics, data in outcome.logs if address == self.pool and topics[0] == _SWAP]
            swapped = Swapped(*abi.integers(told, signed=True)[:5])
            amounts = (swapped.amount0, swapped.amount1)
            paid, got = amounts[not zero_for_one], -amounts[zero_for_one]
            if specified > 0:
                _check("swap", got >= limit, "Too little received")
            else:
                _check("swap", paid <= limit, "Too much requested")
        return swapped

    def _pay(self, signature: str, *values: int | str) -> list[int]:
        """A call of the pool by the paying account; its answer's words."""
        sent = self.send(_PAYER, abi.words(self.pool) + abi.calldata(signature, *values))
        return abi.integers(sent.output)

    def _liquidity(self, lower: int, upper: int) -> int:
        if (lower, upper) not in self._held:
            raise RevertedError(f"the range {lower}..{upper}", "the strategy has no position there")
        return self._held[lower, upper]

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All of what happens inside, or nothing where it is refused."""
        mark = self.state.snapshot()
        try:
            yield
        except RevertedError:
            self.state.rollback(mark)
            raise
        self.state.release(mark)


def _check(what: str, good: bool, reason: str) -> None:
    """A limit as the periphery keeps it."""
    if not good:
        raise RevertedError(what, reason)
