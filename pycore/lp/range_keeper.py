"""Keeps one narrow range round the price, and makes a new one when price, time or volatility have moved away from it.

catalogue: P4. A narrow range earns more fees while the price is in it, and nothing outside: the strategy burns,
collects, brings the wallet back to the range's mix by a swap, and mints anew when

- **price**: the tick is nearer to the range's edge than `edge_share` of its half width (0: when it has left it);
- **time**: the range is older than `age_s_max`;
- **volatility**: the width that volatility asks for differs from the range's by more than `width_change`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from pycore.chain_proposal import ChainView
from pycore.config import Section
from pycore.lp.ranges import TickVolatility, around
from pycore.lp.strategy import LiquidityStrategy


class RangeKeeperParams(Section):
    """Widths are in ticks to one side, times in s."""

    half_width: Annotated[int, Field(ge=1, le=400_000)] = 600
    edge_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    age_s_max: Annotated[int, Field(ge=0)] = 0
    """0: age alone is no reason."""
    volatility_widths: Annotated[float, Field(ge=0)] = 0.0
    """The half width is this many standard deviations over `horizon_s`; 0: `half_width` as it is."""
    horizon_s: Annotated[int, Field(gt=0)] = 86_400
    half_life_s: Annotated[int, Field(gt=0)] = 21_600
    width_change: Annotated[float, Field(gt=0)] = 0.5
    reset_s_min: Annotated[int, Field(ge=0)] = 600
    """No reset sooner after the last: each costs gas and the swap's fee."""
    rebalance: bool = True
    """Swap to the range's mix before a mint; without it the range is minted from what is there."""
    slippage_bp: Annotated[int, Field(ge=0, le=5_000)] = 50


class RangeKeeper(LiquidityStrategy):
    """One range, kept round the price."""

    Params = RangeKeeperParams
    params: RangeKeeperParams

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        """Checks the parameters; raises `ConfigError` with every fault."""
        super().__init__(params)
        self.slippage_bp = self.params.slippage_bp
        self.reason = ""
        self._volatility = TickVolatility(self.params.half_life_s)
        self._minted_s: int | None = None

    def generate_proposals(self, view: ChainView) -> None:
        """Nothing while the range is good; else out of it and into a new one, in one block."""
        self._volatility.sample(view.pool.tick, view.time_s)
        half_width = self._half_width()
        if self.held is not None:
            self.reason = self._due(view, half_width)
            if not self.reason:
                return
            self.leave()
        lower, upper = around(view.pool.tick, half_width, view.pool.tick_spacing)
        if self.params.rebalance:
            self.swap_to_mix(lower, upper)
        self.mint_all(lower, upper)
        self._minted_s = view.time_s

    def _half_width(self) -> int:
        spread = self._volatility.over(self.params.horizon_s) if self.params.volatility_widths else None
        return self.params.half_width if spread is None else max(1, round(self.params.volatility_widths * spread))

    def _due(self, view: ChainView, half_width: int) -> str:
        """Why the range has to go; empty while it may stay."""
        if self.held is None or (self._minted_s is not None and view.time_s - self._minted_s < self.params.reset_s_min):
            return ""
        half = (self.held.upper - self.held.lower) // 2
        margin = int(self.params.edge_share * half)
        if not self.held.lower + margin <= view.pool.tick < self.held.upper - margin:
            return "price"
        if (
            self.params.age_s_max
            and self._minted_s is not None
            and view.time_s - self._minted_s > self.params.age_s_max
        ):
            return "time"
        if self.params.volatility_widths and abs(half_width - half) > self.params.width_change * half:
            return "volatility"
        return ""
