"""Strategies of a pool for the gate's tests: an honest one that uses every proposal, and one that is off by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from pycore.chain_proposal import BurnRange, ChainProposal, ChainView, CollectRange, MintRange, SwapTokens
from pycore.lp.amounts import liquidity_for
from pycore.lp.strategy import MATH

_MOST = (1 << 128) - 1


class Honest:
    """Mints round the price, swaps, burns half, collects, and moves on: every claim is the core's."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.width = int(params.get("width", 10))
        self.range: tuple[int, int] | None = None
        self.blocks = 0

    def propose(self, view: ChainView, /) -> Sequence[ChainProposal]:
        self.blocks += 1
        if self.range is None:
            spacing = view.pool.tick_spacing
            middle = view.pool.tick // spacing * spacing
            self.range = (middle - self.width * spacing, middle + self.width * spacing)
            return [self.mint(view), self.swap(view, 10**15)]
        if self.blocks % 7 == 0:
            done: list[ChainProposal] = [self.burn(view, 1), self.collect(view)]
            self.range = None
            return done
        if self.blocks % 3 == 0:
            return [self.burn(view, 2), self.collect(view), self.mint(view), self.swap(view, -(10**12))]
        return []

    def span(self) -> tuple[int, int]:
        assert self.range is not None
        return self.range

    def mint(self, view: ChainView) -> MintRange:
        lower, upper = self.span()
        desired = (int(view.amount0) // 10, int(view.amount1) // 10)
        span = MATH.sqrt_price_at_tick(lower), MATH.sqrt_price_at_tick(upper)
        liquidity = liquidity_for(view.pool.sqrt_price, *span, *desired)
        taken = view.pool.mint(view.owner, lower, upper, liquidity, view.time_s)
        words = (*map(str, desired), *map(str, taken), str(liquidity), *map(str, taken))
        return MintRange(lower, upper, *words)

    def swap(self, view: ChainView, amount: int) -> SwapTokens:
        told = view.pool.swap(amount > 0, amount, None, view.time_s)
        limit = -told.amount1 if amount > 0 else told.amount1
        after = (str(told.sqrt_price), told.tick, str(told.liquidity))
        return SwapTokens(amount > 0, str(amount), str(limit), "0", str(told.amount0), str(told.amount1), *after)

    def burn(self, view: ChainView, share: int) -> BurnRange:
        lower, upper = self.span()
        [held] = [position.liquidity for key, position in view.pool.positions_of(view.owner) if key[1:] == self.range]
        given = view.pool.burn(view.owner, lower, upper, held // share, view.time_s)
        return BurnRange(lower, upper, str(held // share), *map(str, given), *map(str, given))

    def collect(self, view: ChainView) -> CollectRange:
        lower, upper = self.span()
        if any(position.liquidity for key, position in view.pool.positions_of(view.owner) if key[1:] == self.range):
            view.pool.burn(view.owner, lower, upper, 0, view.time_s)
        return CollectRange(lower, upper, *map(str, view.pool.collect(view.owner, lower, upper, _MOST, _MOST)))


class WrongByOne(Honest):
    """Honest but for one unit in one field of one kind of proposal (`call`, `field`)."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.call, self.field = params["call"], params["field"]

    def propose(self, view: ChainView, /) -> Sequence[ChainProposal]:
        return [self.wrong(one) if type(one).__name__ == self.call else one for one in super().propose(view)]

    def wrong(self, proposal: Any) -> ChainProposal:
        value = getattr(proposal, self.field)
        one_more = value + 1 if isinstance(value, int) else str(int(value) + 1)
        made: ChainProposal = dataclasses.replace(proposal, **{self.field: one_more})
        return made


class Fixed:
    """Proposes the same in every block."""

    def __init__(self, proposals: Sequence[ChainProposal]) -> None:
        self.proposals = proposals

    def propose(self, view: ChainView, /) -> Sequence[ChainProposal]:
        return self.proposals
