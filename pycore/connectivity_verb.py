"""The verb `tickwright check-connectivity`: one far-off order on each market, there and back, and both streams watched.

catalogue: K5. Exit 0 where everything held, 1 where something did not (each fault is named), 130 where it was
interrupted; no order of the check is left open in any case.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

from feeds.ports import Bar, Clock
from pycore import config_load, credentials, logs
from pycore.config_verb import add_overrides
from pycore.connectivity import Report, check
from pycore.errors import DONE, INTERRUPTED, UNEQUAL

_SECONDS_MAX = 86_400.0
_BAR_EVERY_S = 0.25


def register(parser: argparse.ArgumentParser) -> None:
    """Adds CONFIG, `--seconds`, `--live` and `--set`."""
    parser.description = "Places and cancels one far-off post-only order on each market and watches the streams."
    parser.epilog = "example:\n  tickwright check-connectivity deploy/config/paper.toml --seconds 5"
    parser.add_argument("config", metavar="CONFIG", help="a TOML file")
    parser.add_argument("--seconds", type=seconds, default=10.0, metavar="N", help="how long to watch (10)")
    parser.add_argument("--live", action="store_true", help="needed, besides mode live, to reach a real venue")
    add_overrides(parser)


def run(args: argparse.Namespace) -> int:
    """Raises `ConfigError` for a bad configuration, `SafetyError` where the venue may not be reached."""
    config = config_load.load(args.config, os.environ, args.overrides)
    config_load.check_live(config, args.live)
    secrets = credentials.read(config.account, os.environ)
    report = Report()
    # The log file is the engine's, which may be running.
    with logs.written(config.log.model_copy(update={"file": None}), secrets):
        interrupted = finish(args, check(config, secrets, args.clock, args.seconds, report))
    for row in report.rows():
        args.output.row(row)
    summary = {"mode": config.mode, "seconds": args.seconds, "interrupted": interrupted, **report.summary()}
    # For people the rows of the table have them already.
    left_out = () if args.output.as_json else ("latency_ms", "faults")
    args.output.summary({name: value for name, value in summary.items() if name not in left_out})
    for fault in report.faults():
        args.output.say(f"fault: {fault}")
    if interrupted:
        return INTERRUPTED
    return DONE if summary["ok"] else UNEQUAL


def finish(args: argparse.Namespace, work: Coroutine[Any, Any, None]) -> bool:
    """Runs the work of about `args.seconds` with a progress bar; whether it was interrupted."""
    total = round(args.seconds)
    with args.output.progress("seconds watched", total) as bar:
        return asyncio.run(_interruptible(work, args.clock, bar, total))


async def _interruptible(coroutine: Coroutine[Any, Any, None], clock: Clock, bar: Bar, total: int) -> bool:
    """Waits for the work; the first SIGINT or SIGTERM cancels it, which lets it clear up."""
    work, asked, began_ns = asyncio.ensure_future(coroutine), False, clock.mono_ns()

    def interrupt() -> None:
        nonlocal asked
        if not asked:
            asked = True
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupt)
    while not work.done():
        await asyncio.wait([work], timeout=_BAR_EVERY_S)
        bar.update(0, completed=min(round((clock.mono_ns() - began_ns) / 1e9), total))
    try:
        work.result()
    except asyncio.CancelledError:
        if not asked:
            raise
    return asked


def seconds(text: str) -> float:
    """An argument of seconds: above 0 and at most a day."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 86400 seconds, was {text!r}")
    return value
