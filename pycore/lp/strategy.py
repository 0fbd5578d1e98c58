"""The base class of liquidity strategies: they say which position they want, and every claim is worked out here.

catalogue: P4, P1. A strategy is called once a block with the pool as it is (a copy that it may compute on) and what is
in its wallet. `mint`, `burn`, `collect` and `swap` become proposals whose claims the core computed on that copy, each
after the calls before it, so that gate G2 can hold them against the bytecode. A call that the pool would refuse is not
proposed: it raises, and the strategy decides again.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from native._core import ClammMath
from pycore.chain_proposal import BurnRange, ChainProposal, ChainView, CollectRange, MintRange, SwapTokens
from pycore.config import Section
from pycore.errors import InputError
from pycore.lp.amounts import amounts_of, liquidity_for
from pycore.strategy import NoParams, check_params

#: The libraries of a v3 pool.
MATH = ClammMath()
_BP = 10_000
_Q192 = 1 << 192
#: Liquidity by which the mix of a range is measured: large, so that rounding does not matter.
_MUCH = 1 << 120
#: A swap to the range's mix that is smaller than this share of the wallet costs more gas than it brings.
_MIX_SHARE_MIN = 200
#: A limit that is never reached.
_NO_LIMIT = "0"


class Tokens(NamedTuple):
    """The two tokens of a pool: their decimals turn smallest units into numbers for people."""

    decimals0: int
    decimals1: int

    def price(self, sqrt_price: int) -> float:
        """Whole tokens 1 for one whole token 0, from a square root of Q64.96."""
        return float(sqrt_price * sqrt_price / _Q192 * 10.0 ** (self.decimals0 - self.decimals1))

    def price_at(self, tick: int) -> float:
        """The same at a tick."""
        return self.price(MATH.sqrt_price_at_tick(tick))

    def tick_at(self, price: float) -> int:
        """The tick nearest to a price in whole tokens. InputError for a price that is none."""
        if not 0 < price < math.inf:
            raise InputError(f"price must be above 0 and finite, was {price}")
        return round(math.log(price * 10.0 ** (self.decimals1 - self.decimals0)) / math.log(1.0001))


class Held(NamedTuple):
    """The strategy's position: its range, its liquidity, and what that is worth now, without fees."""

    lower: int
    upper: int
    liquidity: int
    amount0: int
    amount1: int


class LiquidityStrategy(ABC):
    """Override `generate_proposals`. `Params` is a pydantic model; faults of the configuration are found by it."""

    Params: ClassVar[type[Section]] = NoParams

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        """Checks the parameters; raises `ConfigError` with every fault."""
        self.params: Any = check_params(type(self), params or {})
        self.slippage_bp = 50
        self.held: Held | None = None
        self.wallet = (0, 0)
        self._view: ChainView | None = None
        self._proposals: list[ChainProposal] = []

    def propose(self, view: ChainView, /) -> Sequence[ChainProposal]:
        """What to do in the next block; called by the engine, the backtest and gate G2 alike."""
        self._view, self._proposals = view, []
        self.wallet = (int(view.amount0), int(view.amount1))
        self.held = position_of(view)
        self.generate_proposals(view)
        self._view = None
        return self._proposals

    @abstractmethod
    def generate_proposals(self, view: ChainView) -> None:
        """Calls `mint_all`, `leave`, `collect` and `swap` for what is wanted; nothing where all is well."""

    # --- calls, each with its claims -----------------------------------------------------------------------------

    def mint_all(self, lower: int, upper: int) -> None:
        """Mints as much on a range as the wallet pays for; nothing where that is no liquidity at all."""
        view = self._seen()
        liquidity = liquidity_for(view.pool.sqrt_price, *_prices(lower, upper), *self.wallet)
        if not liquidity:
            return
        paid = view.pool.mint(view.owner, lower, upper, liquidity, view.time_s)
        proposal = MintRange(
            lower,
            upper,
            amount0_desired=str(self.wallet[0]),
            amount1_desired=str(self.wallet[1]),
            amount0_min=str(self._less(paid[0])),
            amount1_min=str(self._less(paid[1])),
            liquidity=str(liquidity),
            amount0=str(paid[0]),
            amount1=str(paid[1]),
        )
        self._proposals.append(proposal)
        self._spend(-paid[0], -paid[1])

    def leave(self) -> None:
        """Burns the whole position and collects what it gives, fees too."""
        if self.held is None:
            return
        view, (lower, upper, liquidity, *_) = self._seen(), self.held
        given = view.pool.burn(view.owner, lower, upper, liquidity, view.time_s)
        least = [self._less(amount) for amount in given]
        self._proposals.append(BurnRange(lower, upper, str(liquidity), *map(str, least), *map(str, given)))
        self.collect(lower, upper)
        self.held = None

    def collect(self, lower: int, upper: int) -> None:
        """Collects all that is owed to a range; fees that were not counted yet are counted first."""
        view = self._seen()
        if position_of(view) is not None:
            view.pool.burn(view.owner, lower, upper, 0, view.time_s)
        most = (1 << 128) - 1
        given = view.pool.collect(view.owner, lower, upper, most, most)
        self._proposals.append(CollectRange(lower, upper, *map(str, given)))
        self._spend(*given)

    def swap(self, zero_for_one: bool, amount: int) -> None:
        """Sells `amount` of the one token for the other in the pool itself."""
        view = self._seen()
        done = view.pool.swap(zero_for_one, amount, None, view.time_s)
        least = self._less(-(done.amount1 if zero_for_one else done.amount0))
        after = (str(done.amount0), str(done.amount1), str(done.sqrt_price), done.tick, str(done.liquidity))
        self._proposals.append(SwapTokens(zero_for_one, str(amount), str(least), _NO_LIMIT, *after))
        self._spend(-done.amount0, -done.amount1)

    def swap_to_mix(self, lower: int, upper: int) -> None:
        """Swaps so much that the wallet has the mix of a range at the price of now (before the swap moves it)."""
        square = self._seen().pool.sqrt_price ** 2
        amount0, amount1 = amounts_of(self._seen().pool.sqrt_price, *_prices(lower, upper), _MUCH)
        mix0 = amount0 * square // _Q192
        total = self.wallet[0] * square // _Q192 + self.wallet[1]
        wanted0 = total * mix0 // (mix0 + amount1) * _Q192 // square
        surplus = self.wallet[0] - wanted0
        in_value = abs(surplus) * square // _Q192
        if in_value * _MIX_SHARE_MIN < total or not total:
            return
        self.swap(surplus > 0, surplus if surplus > 0 else min(in_value, self.wallet[1]))

    def delta(self, view: ChainView) -> int:
        """All of token 0 that is owned, in the position and in the wallet."""
        held = position_of(view)
        return int(view.amount0) + (held.amount0 if held else 0)

    def _seen(self) -> ChainView:
        if self._view is None:
            raise InputError("calls can be made within generate_proposals only, was called outside")
        return self._view

    def _less(self, amount: int) -> int:
        """An amount less what the price may slip."""
        return amount * (_BP - self.slippage_bp) // _BP

    def _spend(self, amount0: int, amount1: int) -> None:
        self.wallet = (self.wallet[0] + amount0, self.wallet[1] + amount1)


def _prices(lower: int, upper: int) -> tuple[int, int]:
    return MATH.sqrt_price_at_tick(lower), MATH.sqrt_price_at_tick(upper)


def position_of(view: ChainView) -> Held | None:
    """The owner's position with liquidity, None where there is none; a strategy has one at a time."""
    for (_owner, lower, upper), position in view.pool.positions_of(view.owner):
        if position.liquidity:
            amounts = amounts_of(view.pool.sqrt_price, *_prices(lower, upper), position.liquidity)
            return Held(lower, upper, position.liquidity, *amounts)
    return None
