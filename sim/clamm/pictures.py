"""The pictures of a liquidity backtest: ranges on the price, value beside holding, what was earned and lost, the pool.

catalogue: S4, S7. Each function gives one SVG element. Prices and values are in whole tokens: the caller scaled them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from sim.report.drawing import BLUE, GREEN, GREY, INK, ORANGE, RED, draw, thin
from sim.report.pictures import WIDTH_IN, TimeAxis

_NS = 1_000_000_000


class Stay(NamedTuple):
    """A range and how long it was kept: times in s, prices in whole tokens."""

    begin_s: int
    end_s: int
    lower: float
    upper: float


class Curves(NamedTuple):
    """What is drawn over time, each as long as `times_s`; values are of token 1 in whole tokens."""

    times_s: Sequence[int]
    price: Sequence[float]
    reference: Sequence[float]
    value: Sequence[float]
    held: Sequence[float]
    fees: Sequence[float]
    impermanent: Sequence[float]
    rebalancing: Sequence[float]
    gas: Sequence[float]


class _Plot:
    """Lines over the time of a run."""

    def __init__(self, times_s: Sequence[int]) -> None:
        self._times = [at * _NS for at in times_s]
        self.time = TimeAxis(self._times[0], max(self._times[-1], self._times[0] + _NS))

    def line(self, axis: Axes, values: Sequence[float], colour: str, label: str) -> None:
        ts, thinned = thin(self._times, values)
        axis.plot(self.time.of(ts), thinned, color=colour, label=label, drawstyle="steps-post")


def ranges(curves: Curves, stays: Sequence[Stay], unit: str) -> str:
    """The pool's price and the reference's, on the ranges that were kept."""
    plot = _Plot(curves.times_s)

    def paint(axes: list[Axes]) -> None:
        for number, stay in enumerate(stays):
            begin, end = plot.time.of([stay.begin_s * _NS, stay.end_s * _NS])
            label = "range" if number == 0 else None
            axes[0].fill_between(
                [begin, end], stay.lower, stay.upper, color=GREEN, alpha=0.18, linewidth=0, label=label
            )
        plot.line(axes[0], curves.reference, GREY, "reference")
        plot.line(axes[0], curves.price, BLUE, "pool")
        seen = [*curves.price, *curves.reference]
        room = 0.15 * (max(seen) - min(seen)) or 0.01 * seen[0]
        axes[0].set_ylim(min(seen) - room, max(seen) + room)
        axes[0].set_ylabel(f"price, {unit}")
        axes[0].legend(loc="best")
        plot.time.label(axes[0])

    return draw("ranges", (WIDTH_IN, 3.4), 1, paint)


def value(curves: Curves, unit: str) -> str:
    """Everything that is owned, beside what it would be had it been held; the difference under it."""
    plot = _Plot(curves.times_s)

    def paint(axes: list[Axes]) -> None:
        plot.line(axes[0], curves.value, BLUE, "strategy")
        plot.line(axes[0], curves.held, GREY, "held")
        axes[0].set_ylabel(f"value, {unit}")
        axes[0].legend(loc="best")
        more = [own - held for own, held in zip(curves.value, curves.held, strict=True)]
        plot.line(axes[1], more, ORANGE, "difference")
        axes[1].axhline(0, color=INK, linewidth=0.6)
        axes[1].set_ylabel("over holding")
        plot.time.label(axes[1])

    return draw("value", (WIDTH_IN, 3.8), 2, paint)


def earned(curves: Curves, unit: str) -> str:
    """Fees above; what the price's way took, and gas, below."""
    plot = _Plot(curves.times_s)

    def paint(axes: list[Axes]) -> None:
        plot.line(axes[0], curves.fees, GREEN, "fees")
        plot.line(axes[0], [-lost for lost in curves.rebalancing], RED, "loss versus rebalancing")
        plot.line(axes[0], curves.impermanent, ORANGE, "impermanent loss")
        plot.line(axes[0], [-paid for paid in curves.gas], GREY, "gas")
        axes[0].axhline(0, color=INK, linewidth=0.6)
        axes[0].set_ylabel(f"earned, {unit}")
        axes[0].legend(loc="best")
        plot.time.label(axes[0])

    return draw("earned", (WIDTH_IN, 3.4), 1, paint)


def liquidity(segments: Sequence[tuple[float, float, int]], price: float, own: Sequence[Stay], unit: str) -> str:
    """The pool's liquidity over the price round the present one, the strategy's range marked.

    `segments` are lower and upper price and the liquidity between them.
    """
    low, high = price / 1.6, price * 1.6

    def paint(axes: list[Axes]) -> None:
        shown = [(max(low, a), min(high, b), amount) for a, b, amount in segments if b > low and a < high and amount]
        most = max((amount for _, _, amount in shown), default=1)
        for a, b, amount in shown:
            axes[0].fill_between([a, b], amount / most, color=BLUE, alpha=0.45, linewidth=0)
        for number, stay in enumerate(own):
            label = "own range" if number == 0 else None
            axes[0].axvspan(max(low, stay.lower), min(high, stay.upper), color=GREEN, alpha=0.18, label=label)
        axes[0].axvline(price, color=INK, linewidth=0.8, label="price")
        axes[0].set_xscale("log")
        axes[0].set_xlim(low, high)
        ticks = [price * math.exp(step * math.log(1.6) / 2) for step in range(-2, 3)]
        axes[0].set_xticks(ticks, [f"{tick:.4g}" for tick in ticks])
        axes[0].minorticks_off()
        axes[0].set_xlabel(f"price, {unit}")
        axes[0].set_ylabel("liquidity, share of the most")
        axes[0].legend(loc="best")

    return draw("liquidity", (WIDTH_IN, 3.0), 1, paint)
