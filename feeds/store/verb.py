"""Two actions of `tickwright data` that move rows between stores: `follow` and `retain`.

catalogue: M7. `follow JOURNAL` writes an engine's market data into the store while the engine runs, until SIGTERM or
SIGINT (or, with `--once`, to the journal's end). `retain` shows what is older than it is kept; with `--drop` it goes,
after the lake has it. Exit 1: something could not be dropped because the lake does not have all of it.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feeds.lake import Lake
from feeds.ports import Clock, Results
from feeds.store.follow import AGE_S_MAX, ROWS_MAX, Follower, until_end
from feeds.store.open import open_store
from feeds.store.ports import Store, StoreError
from feeds.store.retain import HOT_DAYS, LAKE_DAYS, carry_out, plan
from native._core import InputError, journal_ls

#: How long nothing is done when the journal has nothing new, and when the store does not answer.
_REST_S, _AGAIN_S = 0.1, 2.0


def register(choices: dict[str, Any]) -> None:
    """Adds the options of both actions to their parsers."""
    follow = choices["follow"]
    follow.add_argument("journal", type=Path, metavar="JOURNAL", help="an engine's journal, which may be in use")
    follow.add_argument("--name", help="what the journal is called in the store (its path); two need two names")
    follow.add_argument("--once", action="store_true", help="stop at the journal's end")
    follow.add_argument("--rows", type=int, default=ROWS_MAX, help=f"a batch is written at this many ({ROWS_MAX})")
    follow.add_argument("--seconds", type=float, default=AGE_S_MAX, help=f"or when it is this old ({AGE_S_MAX})")
    retain = choices["retain"]
    retain.add_argument("--hot-days", type=int, default=HOT_DAYS, help=f"kept in the store ({HOT_DAYS})")
    retain.add_argument("--lake-days", type=int, default=LAKE_DAYS, help=f"kept in the lake ({LAKE_DAYS})")
    retain.add_argument("--drop", action="store_true", help="do it; without it nothing is changed")


@dataclass
class _Told:
    """What all followers of one run did together."""

    rows: int = 0
    repeated: int = 0
    batches: int = 0
    failures: int = 0
    next: int = 0

    def add(self, follower: Follower) -> None:
        """Counts a follower that is done."""
        self.rows += follower.rows
        self.repeated += follower.repeated
        self.batches += follower.batches
        self.next = follower.next


def follow(args: argparse.Namespace) -> int:
    """Writes a journal's market data until the end that was asked for; a store that fails is tried again."""
    if args.rows < 1 or not 0 <= args.seconds <= 3600:
        raise InputError(f"--rows must be 1 or more and --seconds 0 to 3600, was {args.rows} and {args.seconds}")
    output: Results = args.output
    stop, told = threading.Event(), _Told()
    output.say("interrupted or killed, the same command goes on where it was")
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    source: Store | None = args.source
    try:
        while True:
            try:
                source = source or open_store(args.place, os.environ)
                _followed(args, source, stop, told)
                break
            except StoreError as why:
                if args.once:
                    raise
                output.say(f"{why}; the journal is read on from there when it answers")
                told.failures += 1
                source = None
                if stop.wait(_AGAIN_S):
                    break
    finally:
        signal.signal(signal.SIGTERM, before)
    output.summary({"lake": args.lake, "journal": str(args.journal), **vars(told)})
    return 0


def _followed(args: argparse.Namespace, store: Store, stop: threading.Event, told: _Told) -> None:
    clock: Clock = args.clock
    name = args.name or str(args.journal.absolute()).strip("/").replace("/", "_")
    follower = Follower(store, args.journal, name, clock, rows_max=args.rows)
    if follower.started_over:
        args.output.say(f"{args.journal} ends before the place that was kept: it is read from its start")
    if follower.missed:
        args.output.say(f"{follower.missed} events before the journal's first segment are gone")
    last = 0 if not args.once else journal_ls(args.journal)[-1]["last_seq"]
    with args.output.progress("events", last) as bar:
        try:
            if args.once:
                for place in until_end(follower):
                    bar.update(0, completed=place)
                return
            while not stop.is_set():
                if not follower.step(args.seconds):
                    stop.wait(_REST_S)
                bar.update(0, completed=follower.next)
            follower.flush()
        finally:
            told.add(follower)


def retain(args: argparse.Namespace) -> int:
    """Shows what is older than it is kept, and drops it where that was asked for."""
    if args.store is None:
        raise InputError("--store must be the hot store: chdb:, clickhouse:// or postgresql://, was none")
    if args.hot_days < 1 or args.lake_days < args.hot_days:
        raise InputError(f"--lake-days must be --hot-days or more, was {args.lake_days} and {args.hot_days}")
    clock: Clock = args.clock
    lake, totals = Lake(args.lake_place), {"rows": 0, "dropped": 0, "written": 0}
    args.output.say("an interrupt loses nothing: the same command goes on with what is left")
    with args.output.progress("rows", 0) as bar:
        for leaving in plan(args.source, lake, clock.utc_ns(), args.hot_days, args.lake_days):
            dropped, written = carry_out(args.source, lake, leaving) if args.drop else (0, 0)
            done = {"rows": leaving.rows, "in_lake": leaving.in_lake, "written": written, "dropped": dropped}
            args.output.row({"store": leaving.store, "channel": leaving.channel, **leaving.part, **done})
            for name in totals:
                totals[name] += done[name]
            bar.update(0, completed=totals["rows"])
    holds = not args.drop or totals["dropped"] == totals["rows"]
    args.output.summary({"store": args.lake, "lake": args.lake_place, **totals, "holds": holds})
    return 0 if holds else 1
