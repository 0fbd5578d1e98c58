"""The engine's state as Prometheus metrics: one pure function from the published state to families of samples.

catalogue: Q3. Names follow the Prometheus conventions (base units, `_total` for counters): seconds, bytes, the base
asset for positions, the settlement asset for money. Latencies are summaries, because the engine's own histograms give
percentiles to 1.6 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pycore.profit import decimal, units

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MIB = 1024 * 1024
_QUANTILES = {"0.5": "p50_ns", "0.9": "p90_ns", "0.99": "p99_ns", "1": "max_ns"}

#: One number of the state each: name, what it is, where it stands.
_COUNTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("tickwright_events", "Events in the journal, ever.", ("seq",)),
    ("tickwright_requests_sent", "Order requests that left in this session.", ("sent",)),
    ("tickwright_fills", "Fills of this session.", ("fills",)),
    ("tickwright_log_lines_dropped", "Log lines lost to a full queue or disk.", ("log_dropped",)),
)
_GAUGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("tickwright_open_orders", "Own orders that are not known to be closed.", ("open_orders",)),
    ("tickwright_halted", "1 while only cancels may pass.", ("halted",)),
    ("tickwright_requests_awaiting_answer", "Order requests without an answer yet.", ("awaiting",)),
    ("tickwright_requests_awaiting_disk", "Order requests held until their event is durable.", ("waiting_for_disk",)),
    ("tickwright_journal_lag_events", "Events that are not durable yet.", ("journal", "lag")),
)


class _State(Collector):
    """Hands one state to the library."""

    def __init__(self, state: Mapping[str, Any], up: bool) -> None:
        self._state = state
        self._up = up

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("tickwright_up", "1 while /health answers 200.", value=self._up)
        if self._state:
            yield from families(self._state)


def exposition(state: Mapping[str, Any], *, up: bool) -> bytes:
    """The text exposition of a state (`pycore.figures.Figures.state`), or of an engine that has none yet."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_State(state, up))
    return generate_latest(registry)


def families(state: Mapping[str, Any]) -> Iterator[Metric]:
    """The families of one state."""
    for name, text, path in _COUNTERS:
        yield CounterMetricFamily(name, text, value=_at(state, path))
    for name, text, path in _GAUGES:
        yield GaugeMetricFamily(name, text, value=_at(state, path))
    yield _counted("tickwright_refusals", "Refused wishes by failed check.", "reason", state["refusals"])
    yield _counted("tickwright_unreadable", "Payloads that could not be decoded.", "kind", state["unreadable"])
    standing_s = state["journal"]["standing_ms"] / 1e3
    yield GaugeMetricFamily("tickwright_journal_standing_seconds", "Since the durable mark moved.", value=standing_s)
    yield from _instruments(state)
    yield from _streams(state["streams"])
    yield from _sources(state["sources"])
    yield _summary("tickwright_latency_seconds", "Latency of a hop of the order path.", "hop", state["latency"])
    yield _summary("tickwright_loop_lag_seconds", "How late the event loop was.", "loop", {"engine": state["loop_lag"]})
    yield GaugeMetricFamily("tickwright_memory_bytes", "Resident memory.", value=state["host"]["memory_mib"] * _MIB)
    yield GaugeMetricFamily(
        "tickwright_disk_free_bytes", "Free disk under the journal.", value=state["host"]["disk_free_mib"] * _MIB
    )


def _at(state: Mapping[str, Any], path: tuple[str, ...]) -> float:
    found: Any = state
    for name in path:
        found = found[name]
    return float(found)


def _counted(name: str, text: str, label: str, found: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in found.items():
        family.add_metric([value], count)
    return family


def _instruments(state: Mapping[str, Any]) -> Iterator[Metric]:
    """Position in the base asset and result after fees in the settlement asset, for each instrument."""
    position = GaugeMetricFamily("tickwright_position", "Net position, base asset.", labels=["instrument"])
    result = GaugeMetricFamily(
        "tickwright_profit", "Result after fees and with funding, settlement asset.", labels=["instrument", "asset"]
    )
    quotes = GaugeMetricFamily("tickwright_own_orders", "Own open orders.", labels=["instrument"])
    synced = GaugeMetricFamily("tickwright_book_in_sync", "1 while the book is whole.", labels=["instrument"])
    for key, facts in state["instruments"].items():
        rows = facts["positions"]
        lots = sum(int(row["qty"]) for row in rows)
        position.add_metric([key], float(lots * Decimal(facts["lot"])))
        result.add_metric([key, facts["settle"]], float(decimal(sum(units(row) for row in rows), facts["scale"])))
        quotes.add_metric([key], len(facts["orders"]))
        synced.add_metric([key], facts["top"] is not None)
    yield from (position, result, quotes, synced)


def _streams(streams: Mapping[str, Mapping[str, int]]) -> Iterator[Metric]:
    up = GaugeMetricFamily("tickwright_stream_up", "1 while connected.", labels=["stream"])
    silent = GaugeMetricFamily("tickwright_stream_silent_seconds", "Since the last message.", labels=["stream"])
    again = CounterMetricFamily("tickwright_stream_reconnects", "Connections made again.", labels=["stream"])
    for name, facts in streams.items():
        up.add_metric([name], facts["up"])
        silent.add_metric([name], facts["silent_ms"] / 1e3)
        again.add_metric([name], facts["reconnects"])
    yield from (up, silent, again)


#: Counts of a source, and of each of its lines: the field, and what it is.
_SOURCE_COUNTS = {
    "switches": "Times that another line became primary.",
    "gaps": "Holes that no line filled.",
    "filled": "Holes of one line that the other filled.",
}
_LINE_COUNTS = {
    "received": "Numbered messages.",
    "first": "Messages that this line brought first.",
    "duplicate": "Messages that another line had brought.",
    "late": "Messages that came after later ones.",
    "lost": "Holes in this line's own numbers.",
}


def _sources(sources: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    stale = GaugeMetricFamily("tickwright_source_stale", "1 while no line brings anything.", labels=["source"])
    counts = {
        field: CounterMetricFamily(f"tickwright_source_{field}", text, labels=["source"])
        for field, text in _SOURCE_COUNTS.items()
    }
    primary = GaugeMetricFamily("tickwright_line_primary", "1 for the primary line.", labels=["source", "line"])
    lag = GaugeMetricFamily("tickwright_line_lag_seconds", "Behind the first copy, average.", labels=["source", "line"])
    of_line = {
        field: CounterMetricFamily(f"tickwright_line_{field}", text, labels=["source", "line"])
        for field, text in _LINE_COUNTS.items()
    }
    for source, facts in sources.items():
        stale.add_metric([source], facts["stale"])
        for field, family in counts.items():
            family.add_metric([source], facts[field])
        for at, (line, found) in enumerate(facts["lines"].items()):
            primary.add_metric([source, line], facts["primary"] == at)
            lag.add_metric([source, line], found["lag_ns"] / 1e9)
            for field, family in of_line.items():
                family.add_metric([source, line], found[field])
    yield from (stale, *counts.values(), primary, lag, *of_line.values())


def _summary(name: str, text: str, label: str, found: Mapping[str, Mapping[str, int]]) -> Metric:
    """Percentiles of histograms as one summary family; the library has no constructor for quantiles."""
    family = Metric(name, text, "summary")
    for value, figures in found.items():
        for quantile, field in _QUANTILES.items():
            family.add_sample(name, {label: value, "quantile": quantile}, figures[field] / 1e9)
        family.add_sample(f"{name}_count", {label: value}, figures["count"])
        family.add_sample(f"{name}_sum", {label: value}, figures["sum_ns"] / 1e9)
    return family
