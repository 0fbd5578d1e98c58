"""The verb `tickwright drill`: kills the engine at random moments of a demo; after each, nothing may be lost.

catalogue: K4, K5. After every kill: what the engine had told to be durable is in the journal; two replays in fresh
processes, from the first event and from the newest snapshot, give one state hash, which is also what the engine told
after its recovery; every order that the box has seen is a proposal in the journal; no client id was executed twice.
After the last: a clean stop leaves no order open, every fill is booked once, and holdings are equal to the last digit.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from pycore.errors import DONE, INTERRUPTED, UNEQUAL, EngineError
from pycore.output import Output
from sim.demo_config import write_config
from sim.drill.journal import Evidence
from sim.drill.moment import Moment, moment
from sim.drill.tally import Tally, Verdict
from sim.drill.venue import Venue
from sim.drill.victim import Victim
from sim.process import Process
from sim.run_directory import run_directory

#: What differs from the demo: frequent telemetry, snapshots and segments small enough that kills hit them too.
_OVERRIDES = ["telemetry.every_ms=20", "journal.segment_mib=2", "journal.snapshot_every=400"]
#: Rate limits of the box, times the venue's: restarts ask more often than anybody would in earnest.
_BOX_LIMITS = "100"
#: How long a start is taken to last before one was measured, ms.
_START_MS = 2_500.0
#: Kills in a row that do not hold, after which the drill gives up.
_FAILED_MAX = 5
_KILLED = -signal.SIGKILL


def register(parser: argparse.ArgumentParser) -> None:
    """Adds `--kills`, `--seed`, `--first` and `--dir`."""
    parser.description = "Kills a trading engine (SIGKILL) over and over and checks journal, venue and state each time."
    parser.epilog = "example:\n  tickwright drill --kills 20 --seed 7 --json"
    parser.add_argument("--kills", type=_count, default=20, metavar="N", help="how many kills (20)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the moments and of the market (1)")
    parser.add_argument("--first", type=_count, default=1, metavar="K", help="the number of the first kill (1)")
    parser.add_argument("--dir", metavar="DIR", help="where to keep journal and logs (default: runs/drill-N)")


def run(args: argparse.Namespace) -> int:
    """Exit 0 where everything held, 1 where something did not, 130 where it was interrupted."""
    directory = run_directory(args.dir, "runs/drill")
    drill = Drill(args, directory)
    asyncio.run(drill.run())
    args.output.summary(drill.tally.summary(str(directory)))
    if drill.tally.faults:
        return UNEQUAL
    return INTERRUPTED if drill.interrupted.is_set() else DONE


class Drill:
    """One box, one journal, many engines."""

    def __init__(self, args: argparse.Namespace, directory: Path) -> None:
        """Starts nothing yet."""
        self._args = args
        self._output: Output = args.output
        self._directory = directory
        self._evidence = Evidence(directory / "journal")
        self._config = directory / "config.toml"
        self._keys: dict[str, str] = {}
        self.tally = Tally(args.seed)
        self.interrupted = asyncio.Event()

    async def run(self) -> None:
        """Kills until there are enough kills, or it is interrupted; then the last start and the clean stop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self.interrupted.set)
        words = ["box", "--port", "0", "--seed", str(self._args.seed), "--limits", _BOX_LIMITS]
        async with (
            Process("box", words, self._directory / "box.log") as box,
            aiohttp.ClientSession() as http,
        ):
            first = await box.first_row()
            trader = first["accounts"][0]
            self._keys = {"TICKWRIGHT_API_KEY": trader["key"], "TICKWRIGHT_API_SECRET": trader["secret"]}
            await write_config(first, self._directory)
            venue = Venue(first, http)
            await self._kills(venue)
            await self._last(venue)
            self.tally.orders, self.tally.events = venue.orders, self._evidence.checked
            self.tally.fills = len(self._evidence.fills)

    async def _kills(self, venue: Venue) -> None:
        number, failed = self._args.first, 0
        while self.tally.kills < self._args.kills and not self.interrupted.is_set() and failed < _FAILED_MAX:
            before = len(self.tally.faults)
            await self._one(moment(self._args.seed, number), venue)
            failed = failed + 1 if len(self.tally.faults) > before else 0
            number += 1

    async def _one(self, when: Moment, venue: Venue) -> None:
        """One start, one kill, every check."""
        async with self._victim(f"engine-{when.number}") as victim:
            gone = not await self._let_live(victim, when)
            code = await victim.kill()
            ready_ms = victim.ready_ms if victim.ready.is_set() else None
        verdict = Verdict()
        await self._evidence.check(victim.acknowledged, victim.recovered, verdict)
        await venue.check_orders(self._evidence, verdict)
        if code != _KILLED and (code != DONE or gone):
            verdict.faults.append(
                f"the engine ended by itself with {code} in phase {victim.phase!r}: {victim.last_words()}"
            )
        elif gone and when.phase != "start":
            verdict.faults.append(
                f"the engine was not seen ready in time, phase {victim.phase!r}: {victim.last_words()}"
            )
        if victim.halted:
            verdict.faults.append("the engine began halted by the one before; it was resumed")
        row = self.tally.add(when, code == _KILLED, ready_ms, verdict)
        self._output.row({**row, "seq": self._evidence.checked, "acknowledged": victim.acknowledged})
        self._say(when, row)

    async def _let_live(self, victim: Victim, when: Moment) -> bool:
        """Waits for the moment of the kill; False where the engine ended before by itself."""
        if when.phase == "start":
            usual_ms = median(self.tally.ready_ms) if self.tally.ready_ms else _START_MS
            return await victim.pause(when.after * usual_ms / 1e3)
        if not await victim.until_ready():
            return False
        if victim.halted:
            await victim.resume()
        if not await victim.pause(when.trade_s):
            return False
        if when.phase == "stop":
            victim.ask_to_stop()
            await victim.pause(when.after)
        return True

    async def _last(self, venue: Venue) -> None:
        """The start after the last kill, a clean stop, and the comparison of everything with the venue."""
        summary: dict[str, Any] = {}
        verdict = Verdict()
        async with self._victim("engine-last") as victim:
            await victim.until_ready()
            await victim.pause(1.0)
            try:
                summary = await victim.stop()
            except EngineError as error:
                verdict.faults.append(f"the last engine did not stop cleanly: {error}")
        await self._evidence.check(victim.acknowledged, victim.recovered, verdict)
        verdict.faults += [f"client id {client} is still open at the venue" for client in await venue.open_orders()]
        if summary and summary["state_hash"] != self._evidence.state_hash:
            verdict.faults.append(
                f"the engine stopped with {summary['state_hash']}, the replay {self._evidence.state_hash}"
            )
        if summary.get("difference"):
            verdict.faults.append(f"the last engine says: {summary['difference']}")
        await venue.check_orders(self._evidence, verdict)
        await venue.check_fills(self._evidence, verdict)
        await venue.check_overfilled(verdict)
        verdict.faults += await venue.check_holdings(self._evidence)
        self.tally.add_last(verdict)
        for why in verdict.all:
            self._output.say(f"after the clean stop: {why}")

    def _victim(self, name: str) -> Victim:
        return Victim(self._config, self._directory / f"{name}.log", self._keys, _OVERRIDES)

    def _say(self, when: Moment, row: dict[str, Any]) -> None:
        faults = row["faults"]
        ready = f"ready after {row['ready_ms']:.0f} ms" if row["ready_ms"] is not None else "before it was ready"
        end = "killed" if row["killed"] else "had stopped"
        self._output.say(
            f"{self.tally.kills} of {self._args.kills}: number {when.number}, {end} in {when.phase}, {ready}, "
            f"event {self._evidence.checked}, {'holds' if not faults else 'DOES NOT HOLD'}"
        )
        for why in faults:
            self._output.say(f"  {why}")
        if faults:
            self._output.say(f"  again: tickwright drill --seed {self._args.seed} --first {when.number} --kills 1")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 1000000, was {text!r}")
    return int(text)
