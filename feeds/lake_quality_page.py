"""The quality report as one HTML page that loads nothing: figures that should be 0 and are not, and every day drawn.

catalogue: M9. A strip is one channel of one symbol and day from its first message to its last, in `MARKS` equal parts:
how high a part stands is how many messages it had, beside the highest; red has a gap, a crossed top or an outlier.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from feeds.lake_quality import MARKS

_STYLE = (
    ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d5dae1;--bad:#c0303b;--bar:#3f7fbf;--bg:#fff}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e5e9ef;--soft:#9aa5b4;--line:#333c48;--bad:#ff6b74;--bar:#5b9bd8;"
    "--bg:#12161c}}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1400px;padding:0 14px 40px;color:var(--ink);"
    "background:var(--bg)}h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.6em 0 .4em}p{color:var(--soft)}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.82rem;font-variant-numeric:tabular-nums}"
    "th,td{text-align:right;padding:4px 8px;border-bottom:1px solid var(--line);white-space:nowrap}"
    "th:nth-child(-n+4),td:nth-child(-n+4){text-align:left}.bad{color:var(--bad);font-weight:bold}"
    "figure{margin:0 0 10px}figcaption{font-size:.8rem;color:var(--soft)}svg{display:block;width:100%;height:44px}"
    "rect{fill:var(--bar)}rect.bad{fill:var(--bad)}line{stroke:var(--line)}"
)
#: Figures that should be 0.
FAULTS = ("backwards", "gaps", "crossed", "outliers")
#: Strips that are drawn; the page says how many more there are.
STRIPS_MAX = 60
_HEIGHT = 40
_OF = ("channel", "venue", "symbol", "day")


def page(rows: list[dict[str, Any]], marks: Sequence[dict[str, Any]], place: str) -> str:
    """The report of `quality` and `marks` of a lake that is called `place`."""
    names = list(rows[0]) if rows else []
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(f"<tr>{''.join(_cell(name, row[name]) for name in names)}</tr>" for row in rows)
    title = f"Quality of {html.escape(place)}"
    faults = {name: sum(row[name] or 0 for row in rows) for name in FAULTS}
    told = ", ".join(f"{count:,} {name}" for name, count in faults.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1><p>{len(rows)} symbol days: {told}.</p>"
        f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>{_strips(marks)}</html>\n'
    )


def _cell(name: str, value: object) -> str:
    bad = ' class="bad"' if name in FAULTS and value else ""
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"<td{bad}>{html.escape(text)}</td>"


def _strips(marks: Sequence[dict[str, Any]]) -> str:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in marks:
        found[tuple(str(row[name]) for name in _OF)].append(row)
    drawn = [_strip(" ".join(of), counted) for of, counted in list(found.items())[:STRIPS_MAX]]
    more = f"<p>{len(found) - STRIPS_MAX} more are not drawn.</p>" if len(found) > STRIPS_MAX else ""
    return f"<h2>Messages over the day</h2>{''.join(drawn)}{more}" if drawn else ""


def _strip(name: str, counted: list[dict[str, Any]]) -> str:
    """One channel of one symbol and day."""
    most = max(row["messages"] for row in counted)
    marks = ""
    for row in counted:
        high = max(1.0, row["messages"] / most * _HEIGHT)
        marks += (
            f'<rect x="{row["mark"]}" y="{_HEIGHT - high:.1f}" width=".9" height="{high:.1f}"{_bad(row["faults"])}/>'
        )
    first, last = (_clock(counted[0][name]) for name in ("begin_ns", "end_ns"))
    said = f"{name}: {sum(row['messages'] for row in counted):,} messages from {first} to {last} UTC"
    wrong = sum(row["faults"] for row in counted)
    said += f", {wrong:,} faults" if wrong else ""
    return (
        f'<figure><svg viewBox="0 0 {MARKS} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{html.escape(said)}"><line x1="0" x2="{MARKS}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>{marks}</svg>'
        f"<figcaption>{html.escape(said)}</figcaption></figure>"
    )


def _bad(faults: int) -> str:
    return ' class="bad"' if faults else ""


def _clock(ts_ns: int) -> str:
    seconds = ts_ns // 1_000_000_000
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
