"""What a journal's records tell beside the state: assets by number, times of requests, checkpoints, builds.

catalogue: S7, K6. Request times are on the monotonic clock: an input arrives, the strategy decides, the bytes leave
once the journal is durable, the venue answers. One pass over pages of records: memory does not grow with the
journal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from native import _core
from pycore.errors import InputError
from pycore.latency import Histogram

K = TypeVar("K")
V = TypeVar("V")

PAGE = 10_000
_BATCH_END = 1 << 31
#: Proposals whose request may still leave; an older one was refused.
_WAITING_MAX = 4096
_INPUTS = frozenset(
    {"Depth", "Bbo", "Trade", "Mark", "Ticker", "Kline", "FundingRate", "OpenInterest", "Reference"}
    | {"Timer", "Report", "Answer"}
)
_DEFINITIONS = frozenset({"Asset", "Instrument", "Name", "Limit"})

#: The hops of a request, in order, as the page names them.
RECEIVE_DECISION, DECISION_SENT, SENT_ANSWER, TOTAL = (
    "receive to decision",
    "decision to sent",
    "sent to answer",
    "receive to answer",
)
HOPS = (RECEIVE_DECISION, DECISION_SENT, SENT_ANSWER, TOTAL)


@dataclass
class Records:
    """Figures of a journal's records; times are ns."""

    first_seq: int
    last_seq: int
    builds: list[str]
    configs: list[str]
    begin_ns: int = 0
    end_ns: int = 0
    starts: int = 0
    checkpoints: int = 0
    unanswered: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    #: Name and decimals of each asset by number.
    assets: dict[int, tuple[str, int]] = field(default_factory=dict)
    hops: dict[str, Histogram] = field(default_factory=lambda: {hop: Histogram() for hop in HOPS})


class _Walk:
    """Follows requests from their input to their answer."""

    def __init__(self, found: Records) -> None:
        self.found = found
        self._input = 0
        self._decided: dict[int, tuple[int, int]] = {}
        self._left: dict[tuple[int, str], tuple[int, int]] = {}

    def take(self, row: dict[str, Any]) -> None:
        """One record."""
        kind, found = row["kind"], self.found
        found.counts[kind] = found.counts.get(kind, 0) + 1
        if kind in _DEFINITIONS:
            if kind == "Asset":
                found.assets[int(row["id"])] = (row["name"], int(row["scale"]))
            return
        ts = int(row["ts_receive"])
        found.begin_ns = found.begin_ns or ts
        found.end_ns = max(found.end_ns, ts)
        if kind in ("Proposal", "Sent", "Answer"):
            self._request(kind, row)
        elif kind == "Checkpoint":
            found.checkpoints += 1
        elif kind == "Command" and row["verb"] == "Start":
            found.starts += 1
        if kind in _INPUTS and int(row["flags"]) & _BATCH_END:
            self._input = int(row["ts_mono"])

    def _request(self, kind: str, row: dict[str, Any]) -> None:
        mono, order, hops = int(row["ts_mono"]), int(row["order"]), self.found.hops
        if kind == "Proposal":
            _bounded(self._decided)[order or int(row["target"])] = (self._input or mono, mono)
        elif kind == "Sent":
            came, decided = self._decided.pop(order, (0, 0))
            _bounded(self._left)[order, row["request"]] = (came, mono)
            # A kernel decides within its input's step and carries the input's time: that hop is the engine's to tell.
            if decided > came:
                hops[RECEIVE_DECISION].record(decided - came)
            if decided:
                hops[DECISION_SENT].record(mono - decided)
        elif row["outcome"] == "Unknown":
            self.found.unanswered += 1
        elif (left := self._left.pop((order, row["request"]), None)) is not None:
            hops[SENT_ANSWER].record(mono - left[1])
            if left[0]:
                hops[TOTAL].record(mono - left[0])


def _bounded(waiting: dict[K, V]) -> dict[K, V]:
    """The same dictionary with room for one more: the oldest entry goes where it is full."""
    if len(waiting) >= _WAITING_MAX:
        del waiting[next(iter(waiting))]
    return waiting


def read(journal: str, told: Callable[[int, int], None]) -> Records:
    """Reads every record; `told(done, all)` hears of progress.

    Raises `InputError` where there is no journal, `DamagedError` naming the place where it is damaged.
    """
    place = _core.journal_verify(journal)["damage"]
    if place is not None:
        raise _core.DamagedError(
            f"{place['segment']} is damaged at offset {place['offset']}, sequence {place['sequence']}: {place['why']}"
        )
    segments = _core.journal_ls(journal)
    held = [row for row in segments if row["records"]]
    if not held:
        raise InputError(f"journal must hold records, was empty: {journal}")
    found = Records(
        held[0]["first_seq"],
        held[-1]["last_seq"],
        list(dict.fromkeys(row["build"] for row in segments)),
        list(dict.fromkeys(row["config_digest"] for row in segments)),
    )
    walk = _Walk(found)
    for first in range(found.first_seq, found.last_seq + 1, PAGE):
        for row in _core.journal_show(journal, first, min(first + PAGE - 1, found.last_seq)):
            walk.take(row)
        told(min(first + PAGE - 1, found.last_seq), found.last_seq)
    return found
