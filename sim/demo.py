"""The verb `tickwright demo`: box and engine as two processes over real sockets, then replay and report.

catalogue: S1, K5, P4. It needs nothing but this installation: no recording, no network beyond loopback. Exit 0 when
the session stopped cleanly and the replay's state hash is equal.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.live import Live

from pycore.cli import verbs
from pycore.errors import DONE, INTERRUPTED, UNEQUAL
from pycore.output import Output
from pycore.terminal import Subscriber, draw, line
from sim.demo_config import write_config
from sim.process import Process
from sim.run_directory import run_directory

#: What the demo tells about itself to the report, beside the journal.
_SESSION_FILE = "session.json"
_LINE_EVERY = 15
_STOP_S = 40.0
_VERB_S = 300.0


def register(parser: argparse.ArgumentParser) -> None:
    """Adds `--seconds`, `--seed`, `--market` and `--dir`."""
    parser.description = "Trades for half a minute on the venue-in-a-box, replays its own journal, writes the report."
    parser.epilog = "example:\n  tickwright demo --seconds 10 --seed 7"
    parser.add_argument("--seconds", type=_seconds, default=30.0, metavar="S", help="how long to trade (30)")
    market = parser.add_mutually_exclusive_group()
    market.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the generated market (1)")
    market.add_argument("--market", metavar="CAPTURE", help="a recorded capture instead of the generator")
    parser.add_argument("--dir", metavar="DIR", help="where to keep the session (default: runs/demo-N)")


def run(args: argparse.Namespace) -> int:
    """Exit 0, 1 where the hash differs or the engine stopped itself, 130 where it was interrupted."""
    directory = run_directory(args.dir, "runs/demo")
    summary, interrupted = asyncio.run(_session(args, directory))
    args.output.summary(summary)
    if summary["state_hash"] != summary["replay_hash"]:
        return UNEQUAL
    return INTERRUPTED if interrupted else DONE


async def _session(args: argparse.Namespace, directory: Path) -> tuple[dict[str, Any], bool]:
    output: Output = args.output
    interrupted = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    source = ["--market", args.market] if args.market else ["--seed", str(args.seed)]
    async with Process("box", ["box", "--port", "0", *source], directory / "box.log") as box:
        venue = await box.first_row()
        output.say("the box serves on loopback: " + ", ".join(venue[name] for name in ("spot_rest", "usdm_rest")))
        config = await write_config(venue, directory)
        keys = {
            "TICKWRIGHT_API_KEY": venue["accounts"][0]["key"],
            "TICKWRIGHT_API_SECRET": venue["accounts"][0]["secret"],
        }
        async with Process("engine", ["run", str(config), "--json"], directory / "engine.log", keys) as engine:
            ready = await engine.first_row()
            await _watch(ready["publish"], args.seconds, output, interrupted, engine)
            output.say("stopping: strategies stop, what is open is cancelled, the journal is sealed")
            last = await engine.stop(_STOP_S)
    facts = {"seed": None if args.market else args.seed, "market": args.market, "seconds": args.seconds}
    (directory / _SESSION_FILE).write_text(json.dumps({**facts, "latency": last["latency"]}))
    output.say("replaying the journal in a fresh process")
    replayed = await _fresh_process(["replay", last["journal"], "--json"], directory / "replay.log")
    equal = replayed["state_hash"] == last["state_hash"]
    output.say(
        f"state hash {last['state_hash']}: {'EQUAL' if equal else 'DIFFERENT'} after {replayed['events']} events"
    )
    report = await _report(last["journal"], directory, output)
    return _summary(last, replayed, report), interrupted.is_set()


async def _watch(address: str, seconds: float, output: Output, interrupted: asyncio.Event, engine: Process) -> None:
    """Shows the session until its time is over, it is interrupted, or the engine ends by itself."""
    subscriber = Subscriber(address)
    ends = [asyncio.ensure_future(interrupted.wait()), asyncio.ensure_future(engine.ended())]
    over = asyncio.ensure_future(asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED))
    try:
        if output.on_terminal:
            with Live(refresh_per_second=8) as live:
                await _follow(subscriber, seconds, over, lambda state: live.update(draw(state)))
        else:
            await _follow(subscriber, seconds, over, _Lines(output))
    finally:
        for waiting in (over, *ends):
            waiting.cancel()
        subscriber.close()


class _Lines:
    """Prints every fifteenth state (three seconds) as a line of progress."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._count = 0

    def __call__(self, state: dict[str, Any]) -> None:
        if self._count % _LINE_EVERY == 0:
            self._output.say(line(state))
        self._count += 1


async def _follow(
    subscriber: Subscriber,
    seconds: float,
    over: asyncio.Future[Any],
    show: Callable[[dict[str, Any]], None],
) -> None:
    """Shows each state until `seconds` after the strategies began to run, or until `over` is done."""
    loop = asyncio.get_running_loop()
    end: float | None = None
    while not over.done() and (end is None or loop.time() < end):
        received = asyncio.ensure_future(subscriber.receive())
        left = None if end is None else max(0.0, end - loop.time())
        await asyncio.wait([received, over], timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not received.done():
            received.cancel()
            return
        state = received.result()
        show(state)
        if end is None and state["phase"] == "run":
            end = loop.time() + seconds


async def _fresh_process(words: list[str], log: Path) -> dict[str, Any]:
    """Runs a verb in a process of its own; its summary."""
    async with Process(words[0], words, log) as process:
        return await process.finish(_VERB_S)


async def _report(journal: str, directory: Path, output: Output) -> dict[str, Any]:
    """Writes the HTML report with the verb `report`, where this installation has it; the verb's summary, or nothing."""
    if "report" not in verbs():
        output.say("this installation has no verb `report`: no report is written")
        return {}
    words = ["report", journal, "-o", str(directory / "report.html"), "--json"]
    return await _fresh_process(words, directory / "report.log")


def _summary(last: dict[str, Any], replayed: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    return {
        "orders": last["orders"],
        "fills": last["fills"],
        "pnl": last["pnl"],
        "refusals": sum(last["refusals"].values()),
        "journal": last["journal"],
        "events": last["events"],
        "state": last["state"],
        "state_hash": last["state_hash"],
        "replay_hash": replayed["state_hash"],
        "report": report.get("report"),
    }


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 86400 seconds, was {text!r}")
    return value
