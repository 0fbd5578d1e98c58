"""Inline SVG from matplotlib that follows the page: its colours are CSS variables, so light and dark are both readable.

catalogue: S7. matplotlib draws with placeholder colours that occur nowhere else; they become `var(--...)` in the text.
The same figure gives the same bytes: no dates, and identifiers from the figure's name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Placeholder colours by the CSS variable that takes their place (defined in page.py for light and for dark).
INK, GRID = "#010203", "#010204"
BLUE, ORANGE, GREEN, RED, GREY = "#010205", "#010206", "#010207", "#010208", "#010209"
SERIES = (BLUE, ORANGE, GREEN, RED, GREY)
_VARIABLES = {
    INK: "--ink",
    GRID: "--grid",
    BLUE: "--blue",
    ORANGE: "--orange",
    GREEN: "--green",
    RED: "--red",
    GREY: "--grey",
}
_STYLE = {
    "svg.fonttype": "none",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.3,
    # Offsets like "+6e4" hide the price.
    "axes.formatter.useoffset": False,
}


def draw(name: str, size_in: tuple[float, float], rows: int, paint: Callable[[list[Axes]], None]) -> str:
    """An SVG element of `rows` axes above one another with a common x axis; `paint` draws into them."""
    # Any: the stub wants each key as a literal.
    style: Any = {**_STYLE, "svg.hashsalt": name}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size_in, layout="constrained")
        axes = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
        paint(list(axes))
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return _inline(name, out.getvalue())


def _inline(name: str, svg: str) -> str:
    """The element alone, without fixed size, with the page's colours and identifiers of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = svg.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    # Text keeps its place but takes the page's font.
    svg = re.sub(r"font: (\d+(?:\.\d+)?)px [^;\"]*", r"font-size: \1px; font-family: inherit", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)


def thin(ts: Iterable[int], values: Iterable[float], points: int = 1500) -> tuple[list[int], list[float]]:
    """At most about `points` points that look the same: of each stretch the least and the greatest are kept."""
    times, series = list(ts), list(values)
    if len(times) <= points:
        return times, series
    width = 2 * len(times) // points + 1
    kept: list[int] = []
    for start in range(0, len(times), width):
        stretch = range(start, min(start + width, len(times)))
        kept += sorted({min(stretch, key=series.__getitem__), max(stretch, key=series.__getitem__)})
    if kept[-1] != len(times) - 1:
        kept.append(len(times) - 1)
    return [times[at] for at in kept], [series[at] for at in kept]
