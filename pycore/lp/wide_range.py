"""A wide range that is minted once and left alone: the passive position that every other one is compared with.

catalogue: P4. Fees are collected every `collect_s` and stay in the wallet, so that they are known to the wei.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from pycore.chain_proposal import ChainView
from pycore.config import Section
from pycore.lp.ranges import around
from pycore.lp.strategy import LiquidityStrategy


class WideRangeParams(Section):
    """Widths are in ticks to one side, times in s."""

    half_width: Annotated[int, Field(ge=1, le=887_272)] = 20_000
    """20,000 ticks: from an eighth of the price to its sevenfold."""
    collect_s: Annotated[int, Field(ge=0)] = 0
    """0: never."""
    rebalance: bool = True
    slippage_bp: Annotated[int, Field(ge=0, le=5_000)] = 50


class WideRange(LiquidityStrategy):
    """One range, for good."""

    Params = WideRangeParams
    params: WideRangeParams

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        """Checks the parameters; raises `ConfigError` with every fault."""
        super().__init__(params)
        self.slippage_bp = self.params.slippage_bp
        self._collected_s: int | None = None

    def generate_proposals(self, view: ChainView) -> None:
        """The first block mints; later ones may collect."""
        if self.held is None:
            lower, upper = around(view.pool.tick, self.params.half_width, view.pool.tick_spacing)
            if self.params.rebalance:
                self.swap_to_mix(lower, upper)
            self.mint_all(lower, upper)
            self._collected_s = view.time_s
        elif self.params.collect_s and view.time_s - (self._collected_s or 0) >= self.params.collect_s:
            self.collect(self.held.lower, self.held.upper)
            self._collected_s = view.time_s
