"""The story of a session: one replay of its journal, sampled for the pictures and kept exact for the figures.

catalogue: S7, O6. Equity is the result of the account's net positions (`pycore.profit`); it begins at 0. Times are UTC
ns at receipt, prices ticks.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from native._core import Replay
from pycore import profit
from pycore.notes import Event, Fill
from sim.report.records import Records

#: Equity is sampled at every fill, and besides at most this often in the whole session.
SAMPLES = 4000
_SAMPLE_NS_MIN = 10_000_000
_TOLD_EVERY = 8192
_CLOSED = frozenset({"FILLED", "CANCELED", "EXPIRED", "REJECTED"})


class Series:
    """Values over time, ns; a value that repeats is kept once."""

    def __init__(self) -> None:
        """Empty."""
        self.ts = array("q")
        self.values = array("d")

    def add(self, ts: int, value: float) -> None:
        """Appends; the times must not fall."""
        if not self.values or self.values[-1] != value:
            self.ts.append(ts)
            self.values.append(value)


class OwnFill(NamedTuple):
    """An own fill: `side` 0 buy, 1 sell; `price` in ticks, `qty` in lots."""

    ts: int
    instrument: int
    side: int
    price: int
    qty: int
    maker: bool


@dataclass
class Story:
    """What happened; money series are in the asset, price series in ticks (NaN: no book), inventories in lots."""

    instruments: dict[int, dict[str, Any]] = field(default_factory=dict)
    mids: dict[int, Series] = field(default_factory=dict)
    inventory: dict[int, Series] = field(default_factory=dict)
    equity: dict[str, Series] = field(default_factory=dict)
    fills: list[OwnFill] = field(default_factory=list)
    states: dict[int, str] = field(default_factory=dict)
    open_max: int = 0
    qty_max: dict[int, int] = field(default_factory=dict)
    notional_max: dict[int, Decimal] = field(default_factory=dict)
    alarms: Counter[str] = field(default_factory=Counter)
    diverged: list[int] = field(default_factory=list)
    #: How many fills had their fee in neither the settlement nor the base asset.
    third_fees: int = 0
    #: Equity at the end, exact, in each settlement asset's smallest unit.
    final: dict[str, int] = field(default_factory=dict)
    parts: dict[str, dict[str, int]] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    strategies: dict[str, int] = field(default_factory=dict)
    state_hash: str = ""
    applied: int = 0

    def orders_by_state(self) -> Counter[str]:
        """How many orders ended in each state."""
        return Counter(self.states.values())


def price_of(instrument: dict[str, Any], ticks: float) -> float:
    """Ticks as a price."""
    return float(ticks * instrument["tick"] / 10 ** instrument["price_scale"])


def qty_of(instrument: dict[str, Any], lots: float) -> float:
    """Lots as a quantity."""
    return float(lots * instrument["lot"] / 10 ** instrument["qty_scale"])


class Teller:
    """Replays a journal and writes its story."""

    def __init__(self, journal: str, records: Records) -> None:
        """Opens the replay. Raises `DamagedError` where the journal is damaged."""
        self._replay = Replay(journal, collect=True)
        self._records = records
        self._every_ns = max(_SAMPLE_NS_MIN, (records.end_ns - records.begin_ns) // SAMPLES)
        self._open: set[int] = set()
        self._now = 0
        self._sampled = 0
        self.story = Story()

    def tell(self, told: Callable[[int, int], None]) -> Story:
        """The whole session; `told(done, all)` hears of progress."""
        story, replay = self.story, self._replay
        while (row := replay.step()) is not None:
            if row[1] == "proposal":
                self._take(replay.events())
                continue
            self._now = max(self._now, int(row[4]))
            if row[1] in ("instrument", "command"):
                story.instruments = {item["id"]: item for item in replay.instruments()}
            self._mid(int(row[2]))
            filled = self._take(replay.events())
            if filled or (self._now - self._sampled >= self._every_ns and story.instruments):
                self._sample()
            if replay.applied % _TOLD_EVERY == 0:
                told(int(row[0]), self._records.last_seq)
        self._sample()
        story.refusals = replay.refusals()
        story.strategies = replay.strategies()
        story.state_hash = replay.state_hash()
        story.applied = replay.applied
        return story

    def _mid(self, instrument: int) -> None:
        """The mid of the record's instrument, where it changed."""
        if not instrument or instrument not in self.story.instruments:
            return
        top = self._replay.top(instrument)
        known = top is not None and top[0] is not None and top[2] is not None
        series = self.story.mids.setdefault(instrument, Series())
        if top is not None and known:
            series.add(self._now, ((top[0] or 0) + (top[2] or 0)) / 2)
        elif series.values and not math.isnan(series.values[-1]):
            series.add(self._now, float("nan"))

    def _take(self, events: list[Event]) -> bool:
        """Follows the notes of one record; whether an own fill was among them."""
        filled = False
        for event in events:
            kind = event[1]
            if kind == "fill":
                self._fill(Fill._make(event))
                filled = True
            elif kind == "order":
                self._order(event)
            elif kind == "alarm":
                self.story.alarms[str(event[4])] += 1
            elif kind == "diverged":
                self.story.diverged.append(int(event[3]))
            elif kind == "funding":
                filled = True
        return filled

    def _fill(self, fill: Fill) -> None:
        story = self.story
        story.fills.append(OwnFill(self._now, fill.instrument, fill.side, fill.price, fill.qty, fill.maker))
        item = story.instruments[fill.instrument]
        fee_asset = self._records.assets.get(fill.fee_asset, ("?", 0))[0]
        story.third_fees += bool(fill.fee) and fee_asset not in (item["settle"], item["base"])

    def _order(self, event: Event) -> None:
        _, _, instrument, order, _, state, _, price, qty, *_ = event
        story = self.story
        story.states[order] = state
        if state in _CLOSED:
            self._open.discard(order)
            return
        self._open.add(order)
        story.open_max = max(story.open_max, len(self._open))
        story.qty_max[instrument] = max(story.qty_max.get(instrument, 0), qty)
        item = story.instruments[instrument]
        notional = Decimal(price * item["tick"]).scaleb(-item["price_scale"]) * Decimal(qty * item["lot"]).scaleb(
            -item["qty_scale"]
        )
        story.notional_max[instrument] = max(story.notional_max.get(instrument, Decimal(0)), notional)

    def _sample(self) -> None:
        """Equity and inventory of now."""
        story = self.story
        self._sampled = self._now
        parts: dict[str, dict[str, int]] = {}
        for row in self._replay.positions():
            if row["strategy"] != profit.NET:
                continue
            item = story.instruments[row["instrument"]]
            story.inventory.setdefault(row["instrument"], Series()).add(self._now, row["qty"])
            part = parts.setdefault(item["settle"], Counter())
            for name in profit.PARTS:
                part[name] += row[name]
        story.parts = parts
        for asset, part in parts.items():
            total = profit.units(part)
            story.final[asset] = total
            scale = next(item["settle_scale"] for item in story.instruments.values() if item["settle"] == asset)
            story.equity.setdefault(asset, Series()).add(self._now, total / 10**scale)
