"""The action `tickwright data backfill`: history of several venues into a store, resumable, with progress.

catalogue: M7. Exit 0: every job is complete. 1: a venue refused a job; the others are complete. 2: bad input. 130:
interrupted; the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable

from feeds.bars import INTERVALS_NS
from feeds.history.backfill import Backfill, Outcome
from feeds.history.job import CHANNELS, Job
from feeds.lake_query import FOREVER_NS
from feeds.ports import Results
from native._core import InputError

#: The key that historical trades of Binance ask for; it needs no permission and no secret.
KEY = "TICKWRIGHT_API_KEY"
_INTERRUPTED = 130


def register(action: argparse.ArgumentParser) -> None:
    """Adds the action's options."""
    action.add_argument(
        "--of",
        action="append",
        required=True,
        metavar="VENUE:SYMBOL",
        help="as `ls` and the venue name them; repeatable",
    )
    action.add_argument("--since", required=True, metavar="TIME", help="the first time, UTC, ISO 8601 or ns")
    action.add_argument("--until", default=str(FOREVER_NS), metavar="TIME", help="not in it any more (now)")
    action.add_argument("--channels", default="klines", help=f"separated by commas, of {', '.join(CHANNELS)} (klines)")
    action.add_argument("--bar", default="1h", help=f"the klines' interval, of {' '.join(INTERVALS_NS)} (1h)")
    action.add_argument(
        "--base", action="append", default=[], metavar="VENUE=URL", help="ask this address in place of the venue's own"
    )


def run(args: argparse.Namespace, time_ns: Callable[[str, str], int]) -> int:
    """Brings the jobs; `time_ns` reads a time of the command line."""
    output: Results = args.output
    jobs = _jobs(args, time_ns("--since", args.since), time_ns("--until", args.until))
    bases = dict(_pair("--base", text, "=") for text in args.base)
    share = {job.id(): 0.0 for job in jobs}
    output.say("an interrupt loses nothing: the same command goes on where it was")
    with output.progress(f"backfill of {len(jobs)} jobs, %", 100.0) as bar:

        def tick(outcome: Outcome, done: float) -> None:
            share[outcome.job.id()] = done
            bar.update(0, completed=round(100 * sum(share.values()) / len(jobs), 1))

        backfill = Backfill(args.source, args.clock, tick, bases, os.environ.get(KEY))
        interrupted = False
        try:
            asyncio.run(backfill.run(jobs))
        except KeyboardInterrupt:
            interrupted = True
    return _told(output, args.lake, backfill.outcomes, interrupted)


def _jobs(args: argparse.Namespace, since_ns: int, until_ns: int) -> list[Job]:
    channels = args.channels.split(",")
    for channel in channels:
        if channel not in CHANNELS:
            raise InputError(f"--channels must be of {', '.join(CHANNELS)}, was {channel}")
    if since_ns >= until_ns:
        raise InputError(f"--until must be after --since, was {args.until}")
    jobs = []
    for text in args.of:
        venue, symbol = _pair("--of", text, ":")
        for channel in channels:
            job = Job(venue, symbol, channel, args.bar if channel == "klines" else "", since_ns, until_ns)
            # Bars begin at whole intervals; the one that holds `since` belongs to what is asked for.
            aligned = since_ns - since_ns % (job.every_ms() * 1_000_000) if job.bar else since_ns
            jobs.append(job._replace(since_ns=aligned))
    return list(dict.fromkeys(jobs))


def _pair(option: str, text: str, mark: str) -> tuple[str, str]:
    name, _, value = text.partition(mark)
    if not name or not value:
        raise InputError(f"{option} must be NAME{mark}VALUE, was {text}")
    return name, value


def _told(output: Results, lake: str, outcomes: list[Outcome], interrupted: bool) -> int:
    for outcome in outcomes:
        at = outcome.at
        output.row(
            {
                **{name: getattr(at, name) for name in ("venue", "symbol", "channel", "bar")},
                **{name: getattr(at, name) for name in ("pages", "rows", "repeated", "missing", "complete")},
                "reached_ns": at.reached_ms * 1_000_000,
                "error": outcome.error,
            }
        )
    complete = sum(outcome.at.complete for outcome in outcomes)
    rows = sum(outcome.at.rows for outcome in outcomes)
    output.summary(
        {"lake": lake, "jobs": len(outcomes), "complete": complete, "rows": rows, "interrupted": interrupted}
    )
    if interrupted:
        return _INTERRUPTED
    return 0 if complete == len(outcomes) else 1
