"""The verb `tickwright soak`: a demo that runs for long while its venue fails at random, compared with it at the end.

catalogue: S9, K5. The faults are the seed's (`weather`) and end before the run does. An engine that takes itself down,
in a state that it names, is started again and resumed: what it left must be whole. After the clean stop every order,
every fill, wallets and positions are compared with the venue's to the last digit, and a replay gives the same hash.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path
from typing import Any

import aiohttp

from pycore.errors import DONE, INTERRUPTED, UNEQUAL, EngineError
from pycore.output import Output
from sim.demo_config import write_config
from sim.drill.journal import Evidence
from sim.drill.tally import Verdict
from sim.drill.venue import Venue
from sim.drill.victim import Victim
from sim.drill.weather import weather
from sim.process import Process
from sim.run_directory import run_directory

_OVERRIDES = ["journal.segment_mib=8", "journal.snapshot_every=20000"]
#: Rate limits of the box, times the venue's: what is limited here is limited by the faults.
_BOX_LIMITS = "100"
#: Fair weather before the first fault and after the last, s: a start, and the last deadlines, questions and reports.
_FAIR_S = 15.0
#: Times that the engine may take itself down before the run is given up.
_ENDS_MAX = 50
_SAY_EVERY_S = 60.0


def register(parser: argparse.ArgumentParser) -> None:
    """Adds `--seconds`, `--seed` and `--dir`."""
    parser.description = "Trades on a box that fails at random, and compares everything with it at the end."
    parser.epilog = "example:\n  tickwright soak --seconds 120 --seed 7 --json"
    parser.add_argument("--seconds", type=_seconds, default=1_800.0, metavar="S", help="how long to trade (1800)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the faults and of the market (1)")
    parser.add_argument("--dir", metavar="DIR", help="where to keep journal and logs (default: runs/soak-N)")


def run(args: argparse.Namespace) -> int:
    """Exit 0 where everything is equal, 1 where something is not, 130 where it was interrupted."""
    directory = run_directory(args.dir, "runs/soak")
    soak = Soak(args, directory)
    asyncio.run(soak.run())
    args.output.summary(soak.summary())
    if soak.verdict.all:
        return UNEQUAL
    return INTERRUPTED if soak.interrupted.is_set() else DONE


class Soak:
    """One failing box, one journal, as many engines as it takes."""

    def __init__(self, args: argparse.Namespace, directory: Path) -> None:
        """Starts nothing yet."""
        self._seconds, self._seed = args.seconds, args.seed
        self._output: Output = args.output
        self._directory = directory
        self._evidence = Evidence(directory / "journal")
        self._keys: dict[str, str] = {}
        self._until = 0.0
        self._ends: list[str] = []
        self._stopped: dict[str, Any] = {}
        self._orders = 0
        self.verdict = Verdict()
        self.interrupted = asyncio.Event()

    async def run(self) -> None:
        """Trades until the time is over, and compares."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self.interrupted.set)
        faults = self._directory / "faults.toml"
        faults.write_text(weather(self._seed, _FAIR_S, max(_FAIR_S, self._seconds - _FAIR_S)))
        words = ["box", "--port", "0", "--seed", str(self._seed), "--limits", _BOX_LIMITS, "--faults", str(faults)]
        async with (
            Process("box", words, self._directory / "box.log") as box,
            aiohttp.ClientSession() as http,
        ):
            self._until = asyncio.get_running_loop().time() + self._seconds
            first = await box.first_row()
            trader = first["accounts"][0]
            self._keys = {"TICKWRIGHT_API_KEY": trader["key"], "TICKWRIGHT_API_SECRET": trader["secret"]}
            await write_config(first, self._directory)
            while not await self._engine():
                if len(self._ends) >= _ENDS_MAX:
                    self.verdict.faults.append(f"the engine took itself down {_ENDS_MAX} times")
                    break
            await self._compare(Venue(first, http))

    async def _engine(self) -> bool:
        """One engine, to its end; whether it was the clean stop at the end of the run."""
        name = f"engine-{len(self._ends) + 1}"
        log = self._directory / f"{name}.log"
        async with Victim(self._directory / "config.toml", log, self._keys, _OVERRIDES) as victim:
            alive = await victim.until_ready()
            if alive and victim.halted:
                await victim.resume()
            while alive and (left_s := self._left_s()) > 0:
                alive = await victim.pause(min(left_s, _SAY_EVERY_S))
                self._output.say(f"{max(0, left_s):.0f} s left, {name}, event {victim.acknowledged}")
            if alive:
                try:
                    self._stopped = await victim.stop()
                except EngineError as error:
                    self._ends.append(str(error))
            else:
                await victim.kill()
                self._ends.append(victim.last_words())
        await self._evidence.check(victim.acknowledged, victim.recovered, self.verdict)
        if self._ends and not self._stopped:
            self._output.say(f"{name} ended by itself: {self._ends[-1]}")
        return bool(self._stopped) or self.interrupted.is_set()

    def _left_s(self) -> float:
        return 0.0 if self.interrupted.is_set() else self._until - asyncio.get_running_loop().time()

    async def _compare(self, venue: Venue) -> None:
        """Everything that the venue knows of us against the journal."""
        verdict, stopped = self.verdict, self._stopped
        verdict.faults += [f"client id {client} is still open at the venue" for client in await venue.open_orders()]
        if stopped and stopped["state_hash"] != self._evidence.state_hash:
            verdict.faults.append(f"stopped with {stopped['state_hash']}, the replay has {self._evidence.state_hash}")
        if stopped.get("difference"):
            verdict.faults.append(f"the engine says: {stopped['difference']}")
        await venue.check_orders(self._evidence, verdict)
        await venue.check_fills(self._evidence, verdict)
        await venue.check_overfilled(verdict)
        verdict.faults += await venue.check_holdings(self._evidence)
        self._orders = venue.orders
        for why in verdict.all:
            self._output.say(f"does not hold: {why}")

    def summary(self) -> dict[str, Any]:
        """The last object of the verb."""
        return {
            "suite": "soak",
            "seed": self._seed,
            "seconds": self._seconds,
            "ends": self._ends,
            "state": self._stopped.get("state"),
            "orders": self._orders,
            "fills": len(self._evidence.fills),
            "events": self._evidence.checked,
            "lost": len(self.verdict.lost),
            "duplicates": len(self.verdict.duplicates),
            "faults": self.verdict.all,
            "state_hash": self._stopped.get("state_hash"),
            "replay_hash": self._evidence.state_hash,
            "directory": str(self._directory),
        }


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 2 * _FAIR_S < value <= 604_800:
        raise argparse.ArgumentTypeError(f"must be above {2 * _FAIR_S:g} and at most 604800 seconds, was {text!r}")
    return value
