"""A pool's market from a seed: a price outside, arbitrageurs who know it, and traders who do not.

catalogue: S4. The price outside is a geometric Brownian motion with jumps, one step a block. In each block an
arbitrageur moves the pool to where trading on stops paying (the price outside, less the pool's fee), as in the model of
loss versus rebalancing; uninformed trades come as a Poisson process with sizes of a log-normal law. The same seed gives
the same market on every machine: the draws are numpy's PCG64, and numbers become whole units at one place each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from native._core import ClammPool, InputError
from pycore.lp.ranges import MAX_TICK
from sim.clamm.flow import Block, Call, SwapCall
from sim.clamm.reference import Reference

_YEAR_S = 365 * 86_400
_Q96 = 1 << 96
#: More than any pool can take: the price limit ends an arbitrage.
_ANY_AMOUNT = 1 << 120
_MILLION = 1_000_000


@dataclass(frozen=True)
class Market:
    """What a generated market is like.

    `price` is the first price outside (smallest units of token 1 for one of token 0); `volatility` by the year, jumps
    by the day and in size (standard deviation of the log); `trades_per_block` uninformed trades of `trade_value`
    (median, smallest units of token 1, `trade_spread` the deviation of its log). `fee` is the pool's, in millionths.
    """

    seed: int
    blocks: int
    price: float
    fee: int
    first: Block
    block_s: int = 12
    volatility: float = 0.8
    jumps_per_day: float = 2.0
    jump_size: float = 0.01
    trades_per_block: float = 0.5
    trade_value: float = 1e18
    trade_spread: float = 1.0

    def __post_init__(self) -> None:
        """InputError for a market that cannot be drawn."""
        for name in ("price", "trade_value", "block_s", "blocks"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"market.{name} must be above 0, was {getattr(self, name)}")
        for name in ("volatility", "jumps_per_day", "jump_size", "trades_per_block", "trade_spread"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"market.{name} must be 0 or more, was {getattr(self, name)}")

    def pool(self, tick_spacing: int, depth: int, owner: str) -> ClammPool:
        """The pool at the first price, with `depth` (smallest units of token 1) of `owner` on each side of it.

        That liquidity lies on the whole range: what the others provide does not leave.
        """
        pool = ClammPool(self.fee, tick_spacing)
        sqrt_price = _sqrt(self.price)
        pool.initialize(sqrt_price, self.first.time_s)
        edge = MAX_TICK // tick_spacing * tick_spacing
        pool.mint(owner, -edge, edge, depth * _Q96 // sqrt_price, self.first.time_s)
        return pool


class GeneratedFlow:
    """The market as a flow; `reference` is its price outside."""

    def __init__(self, market: Market) -> None:
        """Draws the whole price at once; trades are drawn block by block."""
        self._market = market
        draws = np.random.default_rng(market.seed)
        step_s = market.block_s / _YEAR_S
        moves = draws.standard_normal(market.blocks) * market.volatility * math.sqrt(step_s)
        jumping = draws.random(market.blocks) < market.jumps_per_day * market.block_s / 86_400
        moves += jumping * draws.standard_normal(market.blocks) * market.jump_size
        drift = -0.5 * market.volatility**2 * step_s
        self._prices = market.price * np.exp(np.cumsum(moves + drift))
        self._counts = draws.poisson(market.trades_per_block, market.blocks)
        self._draws = draws
        times = tuple(block.time_s for block in self.blocks())
        self.reference = Reference(times, tuple(float(price) for price in self._prices), 10 * market.block_s)

    def blocks(self) -> Iterator[Block]:
        """One every `block_s`."""
        first = self._market.first
        for at in range(self._market.blocks):
            yield Block(first.number + at, first.time_s + at * self._market.block_s, first.gas_price)

    def calls(self, block: Block, pool: Any) -> Iterable[Call]:
        """The arbitrageur first, then the others."""
        at = block.number - self._market.first.number
        arbitrage = self._arbitrage(float(self._prices[at]), pool.sqrt_price)
        if arbitrage is not None:
            yield arbitrage
        for _ in range(int(self._counts[at])):
            yield self._trade(float(self._prices[at]))

    def _arbitrage(self, price: float, sqrt_price: int) -> SwapCall | None:
        """To where the last unit costs what it brings outside; None while the pool is within its fee of that price."""
        kept = 1 - self._market.fee / _MILLION
        low, high = _sqrt(price * kept), _sqrt(price / kept)
        if sqrt_price > high:
            return SwapCall(True, _ANY_AMOUNT, high)
        return SwapCall(False, _ANY_AMOUNT, low) if sqrt_price < low else None

    def _trade(self, price: float) -> SwapCall:
        """Somebody who wants the one token or the other, whatever it costs."""
        value = self._market.trade_value * math.exp(self._market.trade_spread * float(self._draws.standard_normal()))
        zero_for_one = bool(self._draws.random() < 0.5)
        return SwapCall(zero_for_one, max(1, int(value / price if zero_for_one else value)))


def _sqrt(price: float) -> int:
    """The square root of a price as Q64.96: the one place where a price becomes a whole number."""
    return int(math.sqrt(price) * _Q96)
