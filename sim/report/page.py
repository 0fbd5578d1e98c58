"""The report as one HTML file: a summary, then pictures, then the tables that carry exact figures; nothing is loaded.

catalogue: S7. Everything from a journal or a configuration is escaped. Light and dark follow the reader's system.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from pycore import profit
from sim.report import pictures, risk
from sim.report.drawing import BLUE, ORANGE
from sim.report.figures import Figures
from sim.report.markouts import HORIZONS_S, Markout
from sim.report.records import SENT_ANSWER
from sim.report.style import STYLE

#: Parts of the profit whose name does not say it all.
_PART_NAMES = {"fees_base_value": "fees in the base asset, at the last price"}
_LATENCY_NOTE = (
    "Rows of the engine are what it measured itself. A compiled kernel's decision time is only there: the journal "
    "stamps its orders with the time of the input that caused them."
)


def html(figures: Figures) -> str:
    """The whole page."""
    title = f"Session {figures.journal.resolve().parent.name}/{figures.journal.name}"
    sections = [
        _section("Summary", _summary(figures), wide=True),
        *_pictures(figures),
        _section("Result", _result(figures)),
        _section("Latency table", _latency(figures), note=_LATENCY_NOTE),
        _section("Markout table", _markouts(figures), wide=True, note="Mean in bp ± standard error (count of fills)."),
        _section("Risk", _risk(figures), wide=True),
        _section("Session", _session(figures), wide=True),
    ]
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title><style>{STYLE}</style></head>\n'
        f"<body><header><h1>{escape(title)}</h1><p>{escape(_when(figures))}</p></header>\n<main>\n"
        + "\n".join(sections)
        + "\n</main></body></html>\n"
    )


def _section(name: str, body: str, *, wide: bool = False, note: str = "") -> str:
    """A card; `note` says how to read its picture."""
    words = f'<p class="note">{escape(note)}</p>' if note else ""
    kind = ' class="wide"' if wide else ""
    return f'<section id="{name.lower().replace(" ", "-")}"{kind}><h2>{escape(name)}</h2>{body}{words}</section>'


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    """A table with the first row's names as its head; figures stand to the right."""
    if not rows:
        return '<p class="note">nothing</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row.values()) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _when(figures: Figures) -> str:
    begin, end = figures.records.begin_ns, figures.records.end_ns
    first = datetime.fromtimestamp(begin // 10**9, UTC)
    length = f"{(end - begin) / 1e9:,.1f} s"
    return f"{first:%Y-%m-%d %H:%M:%S} UTC, {length}; times are of receipt, figures are from the journal"


def _summary(figures: Figures) -> str:
    story, answers = figures.story, figures.records.hops[SENT_ANSWER]
    falls = figures.drawdown_max()
    at = {row.horizon_s: row for row in figures.maker}
    tiles: list[tuple[str, str, str]] = []
    for asset, total in figures.pnl().items():
        tiles.append((f"profit, {asset}", f"{float(total):+,.4f}", f"deepest fall {falls[asset]:,.4f}"))
    makers = sum(fill.maker for fill in story.fills)
    tiles += [
        ("fills", f"{len(story.fills):,}", f"{makers:,} as maker"),
        ("orders", f"{len(story.states):,}", f"at most {story.open_max} open"),
        ("refusals", f"{sum(story.refusals.values()):,}", _most(story.refusals)),
        ("maker markout, 1 s", _bp(at[1.0]), f"5 s: {_bp(at[5.0])}"),
        ("sent to answer, median", _ms(answers.percentile(0.5)), f"99 %: {_ms(answers.percentile(0.99))}"),
        ("replay", *_verdict(figures)),
    ]
    cards = "".join(
        f"<div><small>{escape(name)}</small><b>{escape(value)}</b><small>{escape(more)}</small></div>"
        for name, value, more in tiles
    )
    return f'<div class="tiles">{cards}</div>'


def _verdict(figures: Figures) -> tuple[str, str]:
    """Whether every checkpoint of the journal was reproduced."""
    all_of, wrong = figures.records.checkpoints, len(figures.story.diverged)
    if wrong:
        return "DIFFERENT", f"{wrong} of {all_of} checkpoints, first at {figures.story.diverged[0]}"
    return (
        "equal" if all_of else "unchecked"
    ), f"{all_of} checkpoint{'s' * (all_of != 1)}, {figures.story.applied:,} events"


def _most(counts: Mapping[str, int]) -> str:
    return f"most: {max(counts, key=lambda name: counts[name])}" if counts else "every order passed"


def _bp(row: Markout) -> str:
    return "no fill" if math.isnan(row.mean_bp) else f"{row.mean_bp:+.2f} bp"


def _ms(ns: int) -> str:
    return f"{ns / 1e6:.2f} ms" if ns >= 10**6 else f"{ns / 1e3:.0f} µs"


def _pictures(figures: Figures) -> Iterable[str]:
    """A card for each picture that has something to show."""
    story, records = figures.story, figures.records
    time = pictures.TimeAxis(records.begin_ns, records.end_ns)
    if story.equity:
        note = (
            "Realised + unrealised - fees + funding, after fees taken in the base asset; below: distance from the peak."
        )
        yield _section("Equity and drawdown", pictures.equity(story.equity, time), note=note)
    if story.inventory:
        yield _section("Inventory", pictures.inventory(story, time), note="Net position of the account.")
    for number, item in story.instruments.items():
        if number in story.mids and story.mids[number].ts:
            name = f"Fills on the price {item['market']} {item['symbol']}"
            yield _section(name, pictures.fills(story, number, time), note="Hollow markers: fills as taker.")
    if figures.markouts:
        note = "Positive: the mid went the way of the fill. Bars: one standard error of the mean."
        yield _section("Markouts", pictures.markouts(figures.markouts), note=note)
    if any(histogram.samples for histogram in records.hops.values()):
        note = "From the journal's monotonic times; bytes are sent once the journal is durable up to their order."
        yield _section("Latency", pictures.latency(records.hops), note=note)
    refused = pictures.bars("refusals", story.refusals, ORANGE) if story.refusals else ""
    yield _section("Refusals by check", refused, note="" if refused else "Every order passed the gate.")
    if story.states:
        yield _section("Orders by state", pictures.bars("states", story.orders_by_state(), BLUE))


def _markouts(figures: Figures) -> str:
    rows = []
    for name, found in {**figures.markouts, "all as maker": figures.maker}.items():
        row = {"fills": name}
        for horizon_s, mark in zip(HORIZONS_S, found, strict=True):
            error = "" if math.isnan(mark.error_bp) else f" ± {mark.error_bp:.2f}"
            row[f"{horizon_s:g} s"] = "" if not mark.count else f"{mark.mean_bp:+.2f}{error} ({mark.count})"
        rows.append(row)
    return _table(rows)


def _latency(figures: Figures) -> str:
    own = {name: found.figures() for name, found in figures.records.hops.items() if found.samples}
    engine = figures.session.get("latency", {})
    rows = []
    for source, found in (("journal", own), ("engine", engine)):
        for name, hop in found.items():
            shares = {
                f"{share} %": _ms(int(hop[key])) for share, key in ((50, "p50_ns"), (90, "p90_ns"), (99, "p99_ns"))
            }
            rows.append({"hop": name.replace("_", " to "), "from": source, "count": f"{hop['count']:,}", **shares})
    return _table(rows)


def _result(figures: Figures) -> str:
    rows = []
    for asset, parts in figures.story.parts.items():
        scale = figures.scale(asset)
        rows += [
            {"part": f"{_PART_NAMES.get(part, part)}, {asset}", "amount": f"{sign * parts[part] / 10**scale:+,.8f}"}
            for part, sign in profit.PARTS.items()
        ]
        rows.append({"part": f"profit, {asset}", "amount": f"{figures.story.final[asset] / 10**scale:+,.8f}"})
    if figures.story.third_fees:
        rows.append({"part": "fills with a fee in a third asset, not counted", "amount": str(figures.story.third_fees)})
    return _table(rows)


def _risk(figures: Figures) -> str:
    limits = figures.config.get("limits", [])
    return _table(risk.table(limits, figures.story)) if limits else _no_limits()


def _no_limits() -> str:
    return '<p class="note">The run left no configuration beside its journal, so the limits have no names here.</p>'


def _session(figures: Figures) -> str:
    records, story, session = figures.records, figures.story, figures.session
    facts = {
        "journal": str(figures.journal),
        "build": ", ".join(records.builds),
        "configuration digest": ", ".join(records.configs),
        "mode": str(figures.config.get("mode", "not told")),
        "strategies": ", ".join(story.strategies),
        "market": _market(session),
        "starts of the engine": str(records.starts),
        "events": f"{story.applied:,} (sequence {records.first_seq} to {records.last_seq})",
        "records by kind": ", ".join(f"{kind} {count:,}" for kind, count in sorted(records.counts.items())),
        "checkpoints of the state hash": " ".join(_verdict(figures)),
        "state hash": story.state_hash,
        "requests without an answer": str(records.unanswered),
        "alarms": ", ".join(f"{name} {count}" for name, count in story.alarms.items()) or "none",
    }
    return _table([{"fact": name, "value": value} for name, value in facts.items()])


def _market(session: Mapping[str, object]) -> str:
    if session.get("market"):
        return f"recording {session['market']}"
    return f"generated, seed {session['seed']}" if session.get("seed") is not None else "not told"
