"""What a drill has counted: kills, times until ready, and everything that did not hold.

catalogue: K4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sim.drill.moment import Moment


@dataclass
class Verdict:
    """What did not hold at one kill, a sentence each: by what it is."""

    faults: list[str] = field(default_factory=list)
    #: Acknowledged events, orders and fills that are nowhere any more.
    lost: list[str] = field(default_factory=list)
    #: Orders and fills that were executed or booked twice.
    duplicates: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        """Everything."""
        return [*self.faults, *self.lost, *self.duplicates]


@dataclass
class Tally:
    """The counts of one drill."""

    seed: int
    kills: int = 0
    by_phase: dict[str, int] = field(default_factory=dict)
    ready_ms: list[float] = field(default_factory=list)
    #: (kill number, sentence) of everything that does not hold, lost and duplicates included; 0: after the last stop.
    faults: list[tuple[int, str]] = field(default_factory=list)
    lost: int = 0
    duplicates: int = 0
    orders: int = 0
    fills: int = 0
    events: int = 0
    clean: bool = False

    def add(self, when: Moment, killed: bool, ready_ms: float | None, verdict: Verdict) -> dict[str, Any]:
        """Counts one kill; the row that is printed of it."""
        if killed:
            self.kills += 1
            self.by_phase[when.phase] = self.by_phase.get(when.phase, 0) + 1
        if ready_ms is not None:
            self.ready_ms.append(ready_ms)
        self._count(when.number, verdict)
        return {
            "kill": when.number,
            "phase": when.phase,
            "killed": killed,
            "trade_ms": round(when.trade_s * 1e3),
            "ready_ms": None if ready_ms is None else round(ready_ms, 1),
            "lost": len(verdict.lost),
            "duplicates": len(verdict.duplicates),
            "faults": verdict.all,
        }

    def add_last(self, verdict: Verdict) -> None:
        """Counts what the comparison after the clean stop found."""
        self._count(0, verdict)
        self.clean = not verdict.all

    def summary(self, directory: str) -> dict[str, Any]:
        """The last object of the verb."""
        return {
            "suite": "drill",
            "seed": self.seed,
            "kills": self.kills,
            "duplicates": self.duplicates,
            "lost": self.lost,
            "faults": len(self.faults),
            "failed_kills": sorted({number for number, _ in self.faults if number}),
            "clean_stop_equal": self.clean,
            "by_phase": self.by_phase,
            "orders": self.orders,
            "fills": self.fills,
            "events": self.events,
            "ready_ms_p50": percentile(self.ready_ms, 50),
            "ready_ms_p99": percentile(self.ready_ms, 99),
            "ready_ms_max": percentile(self.ready_ms, 100),
            "directory": directory,
        }

    def _count(self, number: int, verdict: Verdict) -> None:
        self.faults += [(number, why) for why in verdict.all]
        self.lost += len(verdict.lost)
        self.duplicates += len(verdict.duplicates)


def percentile(values: list[float], percent: int) -> float | None:
    """The nearest-rank percentile, to a tenth; None without values."""
    if not values:
        return None
    rank = max(1, -(-len(values) * percent // 100))
    return round(sorted(values)[rank - 1], 1)
