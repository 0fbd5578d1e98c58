"""A kept range whose token 0 is sold short elsewhere, so that the price's way costs little and the fees remain.

catalogue: P4. The delta of a position is the amount of token 0 in it: what it holds of token 0 is what it loses when
token 0 falls. The hedge is a short of as much in a perpetual contract, changed when it is off by more than `band_share`
of it. What is left is the loss of the curvature (loss versus rebalancing), funding and the hedge's own costs.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pycore.chain_proposal import ChainView
from pycore.lp.range_keeper import RangeKeeper, RangeKeeperParams


class HedgedRangeParams(RangeKeeperParams):
    """As the range keeper's, and how exact the hedge is."""

    hedge_share: Annotated[float, Field(gt=0, le=2)] = 1.0
    """How much of the delta is hedged."""
    band_share: Annotated[float, Field(ge=0, lt=1)] = 0.02
    """The hedge stays as it is while it is off by less than this share of the delta."""


class HedgedRange(RangeKeeper):
    """A range keeper with a hedge."""

    Params = HedgedRangeParams
    params: HedgedRangeParams

    def hedge(self, view: ChainView, short: int) -> int:
        """How much of token 0 should be short now (smallest units), where `short` is.

        Counted is the position and the wallet: the delta of everything that is owned.
        """
        delta = self.delta(view)
        wanted = int(delta * self.params.hedge_share)
        return short if abs(wanted - short) <= self.params.band_share * delta else wanted
