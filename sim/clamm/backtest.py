"""A liquidity strategy among what others did: its own position lies in the pool, and earns by the pool's arithmetic.

catalogue: S4, P4. Block by block: the calls that the strategy proposed after the last block come first, then everybody
else's, then it is asked again. Its liquidity changes what the same calls of the others do: recorded swaps are made anew
with the amounts that they specified. A call whose minimum is not met fails and costs its gas, and the calls after it
wait for the next proposal. Fees are those of the pool's fee growth, exact to the smallest unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from native._core import RevertError
from pycore.chain_proposal import (
    BurnRange,
    ChainProposal,
    ChainStrategy,
    ChainView,
    CollectRange,
    MintRange,
    SwapTokens,
)
from pycore.lp.amounts import liquidity_for
from pycore.lp.strategy import MATH, position_of
from sim.clamm.flow import Block, Flow
from sim.clamm.performance import Mark, Performance, judge
from sim.clamm.reference import Reference

#: Who the strategy is in the pool.
OWNER = "0x00000000000000000000000000000000000070ad"
_MOST = (1 << 128) - 1
_Q192 = 1 << 192
_BP = 10_000


class Hedger(Protocol):
    """A strategy that also wants token 0 short elsewhere."""

    def hedge(self, view: ChainView, short: int) -> int:
        """How much should be short, where `short` is (smallest units)."""


@dataclass(frozen=True)
class Costs:
    """What calls and the hedge cost. `gas_units` by the name of the proposal; `native` is the price of one wei of the
    chain's coin in smallest units of token 1 (1 where token 1 is the wrapped coin); the hedge's fee is in basis points.
    """

    gas_units: Mapping[str, int]
    native: float = 1.0
    hedge_fee_bp: float = 2.0

    def gas(self, proposal: ChainProposal, block: Block) -> float:
        """What a call costs, in smallest units of token 1."""
        return self.gas_units[type(proposal).__name__] * block.gas_price * self.native


class Action(NamedTuple):
    """A call of the strategy and what came of it; amounts are what moved into the wallet, `why` a failure's reason."""

    block: int
    time_s: int
    call: str
    lower: int | None
    upper: int | None
    amount0: int
    amount1: int
    gas: float
    why: str


class _FailedError(Exception):
    """A call that the position manager or the router would have reverted."""


@dataclass
class Backtest:
    """One run. `wallet` is what the strategy begins with; `reference` the price outside, None for the pool's own."""

    pool: Any
    flow: Flow
    strategy: ChainStrategy
    costs: Costs
    wallet: tuple[int, int]
    reference: Reference | None = None
    actions: list[Action] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    pool_prices: list[int] = field(default_factory=list)
    refused: int = 0
    _principal: list[int] = field(default_factory=lambda: [0, 0])
    _collected: list[int] = field(default_factory=lambda: [0, 0])
    _gas: float = 0.0
    _short: int = 0
    _hedged: float = 0.0

    def run(self) -> Iterator[Block]:
        """Runs; gives each block when it is done, for who shows how far it is."""
        wanted: Sequence[ChainProposal] = ()
        for block in self.flow.blocks():
            price = self._price(block)
            if not self.marks:
                self._mark(block, price, moved=False)
            self._hold_hedge(price)
            if wanted:
                self._mark(block, price, moved=False)
                self._carry_out(wanted, block)
                self._mark(block, price, moved=True)
            for call in self.flow.calls(block, self.pool):
                try:
                    call.apply(self.pool, block.time_s)
                except RevertError:
                    self.refused += 1  # it would not have gone through with our liquidity in the pool
            self._mark(block, price, moved=False)
            view = self._view(block)
            wanted = self.strategy.propose(view)
            self._hedge(view, price)
            yield block

    def performance(self) -> Performance:
        """The figures of what ran so far."""
        return judge(self.marks, (self._collected[0], self._collected[1]))

    def _view(self, block: Block) -> ChainView:
        amounts = [str(amount) for amount in self.wallet]
        return ChainView(self.pool.copy(), OWNER, block.number + 1, block.time_s, *amounts)

    def _price(self, block: Block) -> float:
        if self.reference is not None:
            return self.reference.at(block.time_s)
        return float(self.pool.sqrt_price**2 / _Q192)

    # --- own calls ------------------------------------------------------------------------------------------------

    def _carry_out(self, proposals: Sequence[ChainProposal], block: Block) -> None:
        for proposal in proposals:
            gas = self.costs.gas(proposal, block)
            self._gas += gas
            why, moved = "", (0, 0)
            try:
                moved = self._do(proposal, block.time_s)
            except (_FailedError, RevertError) as failed:
                why = str(failed.args[0])
            self.wallet = (self.wallet[0] + moved[0], self.wallet[1] + moved[1])
            span = (getattr(proposal, "lower", None), getattr(proposal, "upper", None))
            self.actions.append(
                Action(block.number, block.time_s, type(proposal).__name__, *span, *moved, gas=gas, why=why)
            )
            if why:
                return

    def _do(self, proposal: ChainProposal, time_s: int) -> tuple[int, int]:
        if isinstance(proposal, MintRange):
            return self._mint(proposal, time_s)
        if isinstance(proposal, BurnRange):
            return self._burn(proposal, time_s)
        if isinstance(proposal, CollectRange):
            return self._collect(proposal, time_s)
        return self._swap(proposal, time_s)

    def _mint(self, wanted: MintRange, time_s: int) -> tuple[int, int]:
        """As the position manager: liquidity from the amounts at the price of now, which the wallet bounds."""
        desired = (
            min(int(wanted.amount0_desired), self.wallet[0]),
            min(int(wanted.amount1_desired), self.wallet[1]),
        )
        span = (MATH.sqrt_price_at_tick(wanted.lower), MATH.sqrt_price_at_tick(wanted.upper))
        liquidity = liquidity_for(self.pool.sqrt_price, *span, *desired)
        due = self.pool.copy().mint(OWNER, wanted.lower, wanted.upper, liquidity, time_s)
        if due[0] < int(wanted.amount0_min) or due[1] < int(wanted.amount1_min):
            raise _FailedError("Price slippage check")
        self.pool.mint(OWNER, wanted.lower, wanted.upper, liquidity, time_s)
        return -due[0], -due[1]

    def _burn(self, wanted: BurnRange, time_s: int) -> tuple[int, int]:
        given = self.pool.copy().burn(OWNER, wanted.lower, wanted.upper, int(wanted.liquidity), time_s)
        if given[0] < int(wanted.amount0_min) or given[1] < int(wanted.amount1_min):
            raise _FailedError("Price slippage check")
        self.pool.burn(OWNER, wanted.lower, wanted.upper, int(wanted.liquidity), time_s)
        self._principal = [self._principal[0] + given[0], self._principal[1] + given[1]]
        return 0, 0

    def _collect(self, wanted: CollectRange, time_s: int) -> tuple[int, int]:
        view = ChainView(self.pool, OWNER, 0, time_s, "0", "0")
        if position_of(view) is not None:
            self.pool.burn(OWNER, wanted.lower, wanted.upper, 0, time_s)
        given = self.pool.collect(OWNER, wanted.lower, wanted.upper, _MOST, _MOST)
        for token in range(2):
            self._collected[token] += given[token] - self._principal[token]
        self._principal = [0, 0]
        return given[0], given[1]

    def _swap(self, wanted: SwapTokens, time_s: int) -> tuple[int, int]:
        amount = int(wanted.amount_specified)
        amount = min(amount, self.wallet[0 if wanted.zero_for_one else 1])
        if amount <= 0:
            raise _FailedError("STF")
        done = self.pool.copy().swap(wanted.zero_for_one, amount, None, time_s)
        out = -(done.amount1 if wanted.zero_for_one else done.amount0)
        if out < int(wanted.amount_limit):
            raise _FailedError("Too little received")
        self.pool.swap(wanted.zero_for_one, amount, None, time_s)
        return -done.amount0, -done.amount1

    # --- the hedge ------------------------------------------------------------------------------------------------

    def _hold_hedge(self, price: float) -> None:
        """What the short earned since the last mark."""
        if self._short and self.marks:
            self._hedged -= self._short * (price - self.marks[-1].price)

    def _hedge(self, view: ChainView, price: float) -> None:
        hedge = getattr(self.strategy, "hedge", None)
        if hedge is None:
            return
        wanted = int(hedge(view, self._short))
        self._hedged -= abs(wanted - self._short) * price * self.costs.hedge_fee_bp / _BP
        self._short = wanted

    # --- marks ----------------------------------------------------------------------------------------------------

    def _mark(self, block: Block, price: float, *, moved: bool) -> None:
        view = ChainView(self.pool, OWNER, block.number, block.time_s, "0", "0")
        held = position_of(view)
        position, owed, inside = (0, 0), (0, 0), False
        if held is not None:
            position = (held.amount0, held.amount1)
            counted = self.pool.owed(OWNER, held.lower, held.upper)
            owed = (counted[0] - self._principal[0], counted[1] - self._principal[1])
            inside = held.lower <= self.pool.tick < held.upper
        else:
            position = (self._principal[0], self._principal[1])
        self.pool_prices.append(self.pool.sqrt_price)
        self.marks.append(
            Mark(
                block.time_s, price, position, owed, self.wallet, self._gas, self._hedged, in_range=inside, moved=moved
            )
        )
