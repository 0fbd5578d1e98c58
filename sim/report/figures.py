"""The figures of a report, put together from records, story and what the run left beside its journal.

catalogue: S7. The verb's summary, the page and the study over seeds (bench/seeds.py) all read them from here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pycore import profit
from sim.report.markouts import BUY, HORIZONS_S, SELL, Floats, Markout, Mids, of_fills, summary
from sim.report.pictures import peaks
from sim.report.records import SENT_ANSWER, Records
from sim.report.story import OwnFill, Story, price_of


@dataclass(frozen=True)
class Figures:
    """Everything that the page shows."""

    journal: Path
    records: Records
    story: Story
    config: dict[str, Any]
    session: dict[str, Any]
    #: Mean markouts of a group of fills by its name, e.g. `linear:BTCUSDT buy`.
    markouts: dict[str, list[Markout]]
    #: Mean markouts of all fills as maker.
    maker: list[Markout]

    def pnl(self) -> dict[str, str]:
        """Equity at the end, exact, by settlement asset."""
        return {asset: f"{profit.decimal(total, self.scale(asset)):f}" for asset, total in self.story.final.items()}

    def scale(self, asset: str) -> int:
        """Decimals of a settlement asset."""
        items = self.story.instruments.values()
        return next(int(item["settle_scale"]) for item in items if item["settle"] == asset)

    def drawdown_max(self) -> dict[str, float]:
        """The deepest fall below a peak, in each settlement asset (sampled as the picture is)."""
        falls = {}
        for asset, series in self.story.equity.items():
            pairs = zip(series.values, peaks(series.values), strict=True)
            falls[asset] = max((peak - value for value, peak in pairs), default=0.0)
        return falls

    def told(self) -> dict[str, Any]:
        """The main figures, for the verb's summary."""
        answers = self.records.hops[SENT_ANSWER]
        at = {row.horizon_s: row for row in self.maker}
        return {
            "events": self.story.applied,
            "state_hash": self.story.state_hash,
            "pnl": self.pnl(),
            "drawdown": {asset: round(fall, 8) for asset, fall in self.drawdown_max().items()},
            "fills": len(self.story.fills),
            "orders": len(self.story.states),
            "refusals": sum(self.story.refusals.values()),
            "markout_1s_bp": _rounded(at[1.0].mean_bp),
            "markout_5s_bp": _rounded(at[5.0].mean_bp),
            "sent_answer_p50_ns": answers.percentile(0.5),
            "sent_answer_p99_ns": answers.percentile(0.99),
            "checkpoints": self.records.checkpoints,
            "diverged": len(self.story.diverged),
        }


def gather(journal: Path, records: Records, story: Story, config: dict[str, Any], session: dict[str, Any]) -> Figures:
    """Computes the markouts and keeps the rest."""
    groups: dict[str, list[Markout]] = {}
    makers: list[list[Floats]] = []
    for number, item in story.instruments.items():
        for side, name in ((BUY, "buy"), (SELL, "sell")):
            for maker in (True, False):
                own = [f for f in story.fills if (f.instrument, f.side, f.maker) == (number, side, maker)]
                if not own:
                    continue
                samples = _samples(story, number, own, records.end_ns)
                groups[f"{item['market']}:{item['symbol']} {name}{'' if maker else ' (taker)'}"] = summary(samples)
                if maker:
                    makers.append(samples)
    return Figures(journal, records, story, config, session, groups, summary(_joined(makers)))


def _samples(story: Story, number: int, own: Sequence[OwnFill], end_ns: int) -> list[Floats]:
    item, series = story.instruments[number], story.mids.get(number)
    ts = np.array(series.ts if series else [], dtype=np.int64)
    mids = np.array(series.values if series else [], dtype=np.float64) * price_of(item, 1)
    prices = np.array([price_of(item, fill.price) for fill in own])
    when = np.array([fill.ts for fill in own], dtype=np.int64)
    return of_fills([fill.side for fill in own], prices, when, Mids(ts, mids, end_ns))


def _joined(samples: Sequence[list[Floats]]) -> list[Floats]:
    """The samples of several groups as one, horizon by horizon."""
    if not samples:
        return [np.empty(0) for _ in HORIZONS_S]
    return [np.concatenate(columns) for columns in zip(*samples, strict=True)]


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
