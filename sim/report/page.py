"""The report as one HTML file: a summary, then pictures, then the tables that carry exact figures; nothing is loaded.

catalogue: S7. Everything from a journal or a configuration is escaped. Light and dark follow the reader's system.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pycore import profit
from sim.report import pictures, risk
from sim.report.drawing import BLUE, ORANGE
from sim.report.figures import Figures
from sim.report.frame import frame, section, table, tiles
from sim.report.markouts import HORIZONS_S, Markout
from sim.report.records import SENT_ANSWER

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
        section("Summary", _summary(figures), wide=True),
        *_pictures(figures),
        section("Result", _result(figures)),
        section("Latency table", _latency(figures), note=_LATENCY_NOTE),
        section("Markout table", _markouts(figures), wide=True, note="Mean in bp ± standard error (count of fills)."),
        section("Risk", _risk(figures), wide=True),
        section("Session", _session(figures), wide=True),
    ]
    return frame(title, _when(figures), sections)


def _when(figures: Figures) -> str:
    begin, end = figures.records.begin_ns, figures.records.end_ns
    first = datetime.fromtimestamp(begin // 10**9, UTC)
    length = f"{(end - begin) / 1e9:,.1f} s"
    return f"{first:%Y-%m-%d %H:%M:%S} UTC, {length}; times are of receipt, figures are from the journal"


def _summary(figures: Figures) -> str:
    story, answers = figures.story, figures.records.hops[SENT_ANSWER]
    falls = figures.drawdown_max()
    at = {row.horizon_s: row for row in figures.maker}
    shown: list[tuple[str, str, str]] = []
    for asset, total in figures.pnl().items():
        shown.append((f"profit, {asset}", f"{float(total):+,.4f}", f"deepest fall {falls[asset]:,.4f}"))
    makers = sum(fill.maker for fill in story.fills)
    shown += [
        ("fills", f"{len(story.fills):,}", f"{makers:,} as maker"),
        ("orders", f"{len(story.states):,}", f"at most {story.open_max} open"),
        ("refusals", f"{sum(story.refusals.values()):,}", _most(story.refusals)),
        ("maker markout, 1 s", _bp(at[1.0]), f"5 s: {_bp(at[5.0])}"),
        ("sent to answer, median", _ms(answers.percentile(0.5)), f"99 %: {_ms(answers.percentile(0.99))}"),
        ("replay", *_verdict(figures)),
    ]
    return tiles(shown)


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
        yield section("Equity and drawdown", pictures.equity(story.equity, time), note=note)
    if story.inventory:
        yield section("Inventory", pictures.inventory(story, time), note="Net position of the account.")
    for number, item in story.instruments.items():
        if number in story.mids and story.mids[number].ts:
            name = f"Fills on the price {item['market']} {item['symbol']}"
            yield section(name, pictures.fills(story, number, time), note="Hollow markers: fills as taker.")
    if figures.markouts:
        note = "Positive: the mid went the way of the fill. Bars: one standard error of the mean."
        yield section("Markouts", pictures.markouts(figures.markouts), note=note)
    if any(histogram.samples for histogram in records.hops.values()):
        note = "From the journal's monotonic times; bytes are sent once the journal is durable up to their order."
        yield section("Latency", pictures.latency(records.hops), note=note)
    refused = pictures.bars("refusals", story.refusals, ORANGE) if story.refusals else ""
    yield section("Refusals by check", refused, note="" if refused else "Every order passed the gate.")
    if story.states:
        yield section("Orders by state", pictures.bars("states", story.orders_by_state(), BLUE))


def _markouts(figures: Figures) -> str:
    rows = []
    for name, found in {**figures.markouts, "all as maker": figures.maker}.items():
        row = {"fills": name}
        for horizon_s, mark in zip(HORIZONS_S, found, strict=True):
            error = "" if math.isnan(mark.error_bp) else f" ± {mark.error_bp:.2f}"
            row[f"{horizon_s:g} s"] = "" if not mark.count else f"{mark.mean_bp:+.2f}{error} ({mark.count})"
        rows.append(row)
    return table(rows)


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
    return table(rows)


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
    return table(rows)


def _risk(figures: Figures) -> str:
    limits = figures.config.get("limits", [])
    return table(risk.table(limits, figures.story)) if limits else _no_limits()


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
    return table([{"fact": name, "value": value} for name, value in facts.items()])


def _market(session: Mapping[str, object]) -> str:
    if session.get("market"):
        return f"recording {session['market']}"
    return f"generated, seed {session['seed']}" if session.get("seed") is not None else "not told"
