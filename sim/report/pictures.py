"""The pictures of a report: equity, inventory, fills on the price, markouts, latency, refusals, orders by state.

catalogue: S7. Each function gives one SVG element; the time axis counts from the first record of the journal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from pycore.latency import Histogram, bucket_top
from sim.report.drawing import BLUE, GREEN, GREY, INK, ORANGE, RED, SERIES, draw, thin
from sim.report.markouts import BUY, HORIZONS_S, SELL, Markout
from sim.report.story import Series, Story, price_of, qty_of

WIDTH_IN = 6.2
#: Markers beyond this many per side are thinned: the picture would be one band.
_MARKERS_MAX = 1500


class TimeAxis:
    """Seconds, minutes or hours since the session began."""

    def __init__(self, begin_ns: int, end_ns: int) -> None:
        """Chooses the unit by the length."""
        span_s = (end_ns - begin_ns) / 1e9
        self._begin_ns = begin_ns
        self.unit, self._unit_s = ("s", 1) if span_s < 600 else ("min", 60) if span_s < 6 * 3600 else ("h", 3600)
        self.end = span_s / self._unit_s

    def of(self, ts: Sequence[int]) -> list[float]:
        """Positions on the axis."""
        return [(at - self._begin_ns) / 1e9 / self._unit_s for at in ts]

    def label(self, axis: Axes) -> None:
        """Names the axis."""
        axis.set_xlabel(f"time since the session began, {self.unit}")


def equity(series: Mapping[str, Series], time: TimeAxis) -> str:
    """Equity above, the fall below its peak under it, a line for each settlement asset."""

    def paint(axes: list[Axes]) -> None:
        for colour, (asset, values) in zip(SERIES, series.items(), strict=False):
            ts, thinned = thin(values.ts, values.values)
            axes[0].plot(time.of(ts), thinned, color=colour, label=asset, drawstyle="steps-post")
            falls = [value - peak for value, peak in zip(values.values, peaks(values.values), strict=True)]
            ts, thinned = thin(values.ts, falls)
            axes[1].fill_between(time.of(ts), thinned, 0, color=RED, alpha=0.35, step="post", linewidth=0)
            axes[1].plot(time.of(ts), thinned, color=RED, linewidth=0.8, drawstyle="steps-post")
        axes[0].axhline(0, color=INK, linewidth=0.6)
        axes[0].set_ylabel(f"equity, {'/'.join(series)}")
        axes[1].set_ylabel("below peak")
        if len(series) > 1:
            axes[0].legend()
        time.label(axes[1])

    return draw("equity", (WIDTH_IN, 3.8), 2, paint)


def peaks(values: Sequence[float]) -> list[float]:
    """The highest value so far, beginning at 0: a session that only loses is below its start."""
    return list(accumulate(values, max, initial=0.0))[1:]


def inventory(story: Story, time: TimeAxis) -> str:
    """The position of each instrument in its base asset, an axis each."""
    held = list(story.inventory.items())

    def paint(axes: list[Axes]) -> None:
        for axis, colour, (instrument, series) in zip(axes, SERIES, held, strict=False):
            item = story.instruments[instrument]
            ts, values = thin(series.ts, [qty_of(item, lots) for lots in series.values])
            ts, values = [*ts, *([story_end(story)] if ts else [])], [*values, *values[-1:]]
            axis.fill_between(time.of(ts), values, 0, color=colour, alpha=0.2, step="post", linewidth=0)
            axis.plot(time.of(ts), values, color=colour, drawstyle="steps-post")
            axis.axhline(0, color=INK, linewidth=0.6)
            axis.set_ylabel(f"{item['base']}, {item['market']}")
        time.label(axes[len(held) - 1])

    return draw("inventory", (WIDTH_IN, 1.0 + 1.4 * len(held)), len(held), paint)


def story_end(story: Story) -> int:
    """The last time of any mid or fill."""
    ends = [series.ts[-1] for series in story.mids.values() if series.ts]
    return max([*ends, *(fill.ts for fill in story.fills[-1:])], default=0)


def fills(story: Story, instrument: int, time: TimeAxis) -> str:
    """The mid as a line, own buys below as triangles up, own sells as triangles down; hollow where we took."""
    item, mids = story.instruments[instrument], story.mids[instrument]

    def paint(axes: list[Axes]) -> None:
        axis = axes[0]
        ts, values = thin(mids.ts, [price_of(item, mid) for mid in mids.values])
        axis.plot(time.of(ts), values, color=GREY, linewidth=1.0, drawstyle="steps-post", label="mid")
        for side, marker, colour, name in ((BUY, "^", GREEN, "buy"), (SELL, "v", RED, "sell")):
            for maker in (True, False):
                own = [f for f in story.fills if f.instrument == instrument and f.side == side and f.maker == maker]
                own = own[:: len(own) // _MARKERS_MAX + 1]
                if own:
                    axis.plot(
                        time.of([f.ts for f in own]),
                        [price_of(item, f.price) for f in own],
                        linestyle="none",
                        marker=marker,
                        markersize=5,
                        color=colour,
                        markerfacecolor=colour if maker else "none",
                        label=f"{name} {'' if maker else '(taker) '}x {len(own)}",
                        zorder=3,
                    )
        axis.set_ylabel(f"{item['quote']}")
        axis.yaxis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value:,.{item['price_scale']}f}".rstrip("0").rstrip("."))
        )
        axis.legend(loc="best", ncols=3, fontsize=8)
        time.label(axis)

    return draw(f"fills-{instrument}", (WIDTH_IN, 3.2), 1, paint)


def markouts(groups: Mapping[str, Sequence[Markout]]) -> str:
    """Mean markout and its standard error over the horizons, a line for each group of fills."""

    def paint(axes: list[Axes]) -> None:
        axis = axes[0]
        styles = [(GREEN, "-"), (RED, "-"), (GREEN, "--"), (RED, "--"), (BLUE, "-"), (ORANGE, "-")]
        places = np.arange(len(HORIZONS_S))
        for number, (name, rows) in enumerate(groups.items()):
            colour, line = styles[number % len(styles)]
            shift = (number - (len(groups) - 1) / 2) * 0.06
            means, errors = (
                [row.mean_bp for row in rows],
                [0 if math.isnan(row.error_bp) else row.error_bp for row in rows],
            )
            axis.errorbar(
                places + shift,
                means,
                yerr=errors,
                color=colour,
                linestyle=line,
                marker="o",
                markersize=4,
                capsize=2,
                elinewidth=0.9,
                label=name,
            )
        axis.axhline(0, color=INK, linewidth=0.6)
        axis.set_xticks(places, [f"{horizon:g} s" for horizon in HORIZONS_S])
        axis.set_xlabel("after the fill")
        axis.set_ylabel("markout, bp of the fill's price")
        axis.legend(fontsize=8)

    return draw("markouts", (WIDTH_IN, 3.4), 1, paint)


def latency(hops: Mapping[str, Histogram]) -> str:
    """A histogram of each hop over a logarithmic time axis, with its median and 99th percentile."""
    shown = [(name, histogram) for name, histogram in hops.items() if histogram.samples]
    edges = _edges([histogram for _, histogram in shown])

    def paint(axes: list[Axes]) -> None:
        for axis, colour, (name, histogram) in zip(axes, SERIES, shown, strict=False):
            tops = np.array([max(bucket_top(int(b)), 1) for b in np.flatnonzero(histogram.counts)]) / 1e3
            weights = histogram.counts[np.flatnonzero(histogram.counts)]
            axis.hist(tops, bins=list(edges), weights=weights, color=colour, alpha=0.75)
            for share, style in ((0.5, "-"), (0.99, ":")):
                axis.axvline(histogram.percentile(share) / 1e3, color=INK, linewidth=1, linestyle=style)
            axis.set_title(name, loc="left", fontsize=9)
            axis.set_xscale("log")
            axis.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        last = axes[len(shown) - 1]
        last.xaxis.set_major_locator(LogLocator())
        last.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _time_text(value)))
        last.xaxis.set_minor_locator(NullLocator())
        last.set_xlabel("line: median, dots: 99th percentile")

    return draw("latency", (WIDTH_IN, 0.7 + 1.1 * len(shown)), len(shown), paint)


def _edges(histograms: Sequence[Histogram]) -> list[float]:
    """Bin edges, us: eight for each decade between the smallest and the largest sample."""
    tops = [max(bucket_top(int(b)), 1) for h in histograms for b in np.flatnonzero(h.counts)[[0, -1]]]
    low, high = math.floor(8 * math.log10(min(tops) / 1e3)), math.ceil(8 * math.log10(max(tops) / 1e3) + 1e-9) + 1
    return [10 ** (step / 8) for step in range(low, high + 1)]


def _time_text(us: float) -> str:
    """A time of `us` microseconds in the unit that a person would take."""
    return f"{us:g} µs" if us < 1e3 else f"{us / 1e3:g} ms" if us < 1e6 else f"{us / 1e6:g} s"


def bars(name: str, counts: Mapping[str, int], colour: str) -> str:
    """Counts as lying bars, the largest on top, each with its number."""
    rows = sorted(counts.items(), key=lambda row: row[1])

    def paint(axes: list[Axes]) -> None:
        drawn = axes[0].barh([row[0] for row in rows], [row[1] for row in rows], color=colour, alpha=0.8, height=0.6)
        axes[0].bar_label(drawn, fmt="{:,.0f}", padding=3)
        axes[0].grid(visible=False, axis="y")
        axes[0].margins(x=0.12)
        axes[0].xaxis.set_major_locator(MaxNLocator(5, integer=True))

    return draw(name, (WIDTH_IN, 0.7 + 0.33 * len(rows)), 1, paint)
