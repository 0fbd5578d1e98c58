"""What a backfill has to bring, and how far it is: a job, and the checkpoint that a restart goes on from.

catalogue: M7. A job is one channel of one symbol of one venue from a time on. Its id depends on nothing else, so the
same words name the same job, and its checkpoint `backfill/<id>.json` is found again. A page's rows are written before
the checkpoint that counts them, each under its name only when whole: a process that dies in between asks for that page
once more and writes the same file again, and rows that another file has are left out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

from feeds.bars import INTERVALS_NS
from feeds.store.ports import Store
from native._core import InputError

#: What can be brought.
CHANNELS = ("klines", "trades", "funding")
_MS_NS = 1_000_000


class Job(NamedTuple):
    """One channel of one symbol; `bar` is empty but for klines. `until_ns` is no part of its id: it may move on."""

    venue: str
    symbol: str
    channel: str
    bar: str
    since_ns: int
    until_ns: int

    def id(self) -> str:
        """16 hex digits."""
        text = json.dumps(self[:-1])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def name(self) -> str:
        """The job in words."""
        return f"{self.venue} {self.symbol} {self.channel}{f' {self.bar}' if self.bar else ''}"

    def every_ms(self) -> int:
        """The length of a bar, ms; InputError for one that is no interval of ours."""
        if self.bar not in INTERVALS_NS:
            raise InputError(f"--bar must be one of {', '.join(INTERVALS_NS)}, was {self.bar}")
        return INTERVALS_NS[self.bar] // _MS_NS


@dataclass
class Checkpoint:
    """How far a job is; its fields are the file. `cursor` is a time in ms, or of trades the next number; 0: none yet.

    `reached_ms` is the time up to which everything is there. `missing` counts the bars that the venue has none of
    between two that it has, or the trade numbers that it left out.
    """

    venue: str
    symbol: str
    channel: str
    bar: str
    since_ns: int
    cursor: int
    reached_ms: int
    pages: int = 0
    rows: int = 0
    repeated: int = 0
    missing: int = 0
    complete: bool = False


def read(lake: Store, job: Job) -> Checkpoint:
    """The checkpoint of a job, or the one that a new job begins with."""
    if text := lake.kept(_name(job)):
        return Checkpoint(**json.loads(text))
    begin_ms = job.since_ns // _MS_NS
    return Checkpoint(*job[:-1], cursor=0 if job.channel == "trades" else begin_ms, reached_ms=begin_ms)


def keep(lake: Store, job: Job, checkpoint: Checkpoint) -> None:
    """Writes the checkpoint, whole or not at all."""
    lake.keep(_name(job), json.dumps(asdict(checkpoint)))


def _name(job: Job) -> str:
    return f"backfill/{job.id()}"
