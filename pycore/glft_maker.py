"""The GLFT market maker in Python: the same rule as the compiled kernel (native/glft_kernel.pyx), order for order.

catalogue: P4. The model is Guéant, Lehalle, Fernandez-Tapia (Guéant 2016, equations 4.6 and 4.7), computed by the
core's pinned mathematics; the rule around it: estimate volatility once a second of event time, quote a ladder around
the mid with inventory skew, and move only orders whose price is off by `requote_ticks` or more. A level whose wish came
to nothing waits before it places or moves an order again; a cancel never waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from native import _core
from native._core import OwnOrder, View, Wish
from pycore.config import Section
from pycore.patience import RESTING, Patience
from pycore.strategy import BUY, SELL, Contract, Strategy

_SAMPLE_NS = 1_000_000_000
_MS_NS = 1_000_000


class GlftParams(Section):
    """Parameters: prices in ticks, sizes in lots, time in seconds."""

    a: float = Field(gt=0, description="arrivals a second at the mid")
    k: float = Field(gt=0, description="decay of arrivals per tick of distance")
    gamma: float = Field(gt=0, description="risk aversion, per tick and lot")
    xi: float = Field(gt=0, description="execution risk aversion, per tick and lot")
    sigma: float = Field(gt=0, description="volatility to start with, ticks per square root of a second")
    decay: float = Field(default=0.97, ge=0, lt=1, description="memory of the variance, a sample")
    size: int = Field(gt=0, description="lots a level")
    levels: int = Field(default=1, ge=1, le=16)
    step_ticks: int = Field(default=1, ge=1)
    min_spread_ticks: int = Field(default=1, ge=1)
    requote_ticks: int = Field(default=1, ge=1)
    max_position: int = Field(gt=0, description="lots, either way")
    retry_ms: int = Field(
        default=250,
        ge=0,
        le=60_000,
        description="milliseconds of event time that a level waits after a wish that was refused, twice as long after "
        "each more in a row, at most 32 times as long; 0 asks at every event",
    )


class GlftMaker(Strategy):
    """Quotes a ladder on both sides."""

    Params: ClassVar[type[Section]] = GlftParams

    def __init__(self, contract: Contract, params: Mapping[str, Any] | None = None) -> None:
        """Checks the parameters, the model and the ladder before the first event."""
        super().__init__(contract, params)
        self.variance = self.params.sigma * self.params.sigma
        self._last_sample = 0
        self._last_mid = 0.0
        self._half = 0.0
        self._skew = 0.0
        self._patience = Patience(self.params.retry_ms * _MS_NS)
        self._ladder = _core.Ladder(
            count=self.params.levels,
            step=self.params.step_ticks,
            size=self.params.size,
            position_max=self.params.max_position,
            spread_min=self.params.min_spread_ticks,
        )
        self._model()

    def generate_proposals(self, view: View) -> list[Wish]:
        """The wishes that bring the own orders to the ladder; cancels of everything where there is no market."""
        if view.bid is None or view.ask is None or view.halted:
            return [Wish.cancel(own.id) for own in view.orders if not own.pending]
        mid = 0.5 * (view.bid + view.ask)
        self._estimate(view.now, mid)
        bids, asks = self._ladder.quote(
            fair=mid,
            half_spread=self._half,
            skew=self._skew,
            inventory=view.position,
            bid=view.bid,
            ask=view.ask,
        )
        return self._side(view, BUY, bids) + self._side(view, SELL, asks)

    def _estimate(self, now: int, mid: float) -> None:
        """Folds the mid into the variance once a second of event time and recomputes the model."""
        if self._last_sample == 0:
            self._last_sample, self._last_mid = now, mid
        elif now - self._last_sample >= _SAMPLE_NS:
            move = mid - self._last_mid
            self.variance = self.params.decay * self.variance + (1.0 - self.params.decay) * (move * move)
            self._last_sample, self._last_mid = now, mid
            self._model()

    def _model(self) -> None:
        p = self.params
        sigma = _core.sqrt(self.variance)
        self._half, self._skew = _core.glft(a=p.a, k=p.k, gamma=p.gamma, xi=p.xi, sigma=sigma)

    def _side(self, view: View, side: int, ladder: list[tuple[int, int]]) -> list[Wish]:
        """Compares one side's ladder with the own orders on it, level by level."""
        by_tag = {own.tag: own for own in view.orders}
        wishes = []
        for level in range(self.params.levels):
            tag = side * 16 + level
            wish = self._level(view.now, by_tag.get(tag), side, ladder[level] if level < len(ladder) else None, tag)
            if wish is not None:
                wishes.append(wish)
        return wishes

    def _level(
        self, now: int, own: OwnOrder | None, side: int, wanted: tuple[int, int] | None, tag: int
    ) -> Wish | None:
        may_ask = self._patience.may(now, tag, own)
        wish = None
        if own is None:
            wish = Wish.place(side, *wanted, tag) if wanted else None
        elif own.pending or own.state != RESTING:
            return None
        elif wanted is None:
            return Wish.cancel(own.id)
        elif abs(own.price - wanted[0]) >= self.params.requote_ticks:
            wish = Wish.replace(own.id, side, *wanted, tag)
        if wish is None or not may_ask:
            return None
        self._patience.made(now, tag, own)
        return wish
