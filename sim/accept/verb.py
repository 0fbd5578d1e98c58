"""The verb `tickwright accept`: a table of every figure that a stage needs: wanted, measured, passed, where.

catalogue: H9. Exit 0 only where every row passed; a figure that was not measured has not. Without `--config` a box of
its own is the venue, on loopback.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import sim.accept
from pycore import chrony, config_load, credentials, logs
from pycore.config_verb import add_overrides
from pycore.connectivity_verb import finish, seconds
from pycore.credentials import Credentials
from pycore.errors import DONE, INTERRUPTED, UNEQUAL, InputError
from sim.accept import every_stage, evidence
from sim.accept.stage import NOT_MEASURED, Ground, Row, Stage
from sim.demo_config import write_config
from sim.process import Process


def register(parser: argparse.ArgumentParser) -> None:
    """Adds STAGE..., `--config`, `--seconds`, `--live` and `--set`."""
    parser.description = "Measures what a stage must reach; exit 0 only where every figure was measured and passed."
    parser.epilog = "example:\n  tickwright accept S0 --seconds 10"
    parser.add_argument("stages", metavar="STAGE", nargs="+", help=f"one of {', '.join(stages())}")
    parser.add_argument("--config", metavar="CONFIG", help="measure on this configuration's venue (default: a box)")
    parser.add_argument("--seconds", type=seconds, default=10.0, metavar="N", help="how long to watch the venue (10)")
    parser.add_argument(
        "--recording", action="append", default=[], type=Path, metavar="FILE", help="judge this too (S1); repeatable"
    )
    parser.add_argument(
        "--chronyd",
        default=f"127.0.0.1:{chrony.PORT}",
        metavar="HOST:PORT",
        help="where this host's chronyd answers (S1)",
    )
    parser.add_argument("--live", action="store_true", help="needed, besides mode live, to reach a real venue")
    add_overrides(parser)


def run(args: argparse.Namespace) -> int:
    """Raises `InputError` for an unknown stage before anything is measured."""
    known = stages()
    unknown = [name for name in args.stages if name not in known]
    if unknown:
        raise InputError(f"STAGE must be one of {', '.join(known)}, was {unknown[0]}")
    missing = [path for path in args.recording if not path.is_file()]
    if missing:
        raise InputError(f"--recording must be a file, was {missing[0]}")
    host, _, port = args.chronyd.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise InputError(f"--chronyd must be HOST:PORT, was {args.chronyd}")
    args.beside = {"recordings": tuple(args.recording), "chronyd": (host, int(port))}
    rows: list[Row] = []
    interrupted = finish(args, _measure(args, known, rows))
    for row in rows:
        args.output.row(row.shown())
    passed = bool(rows) and not interrupted and all(row.passed for row in rows)
    args.output.summary(
        {
            "stages": ",".join(args.stages),
            "figures": len(rows),
            "passed": sum(row.passed for row in rows),
            "failed": sum(not row.passed and row.where != NOT_MEASURED for row in rows),
            "not_measured": sum(row.where == NOT_MEASURED for row in rows),
            "accepted": passed,
        }
    )
    if interrupted:
        return INTERRUPTED
    return DONE if passed else UNEQUAL


def stages() -> dict[str, str]:
    """Every stage's name and its module: the files of this package called `s` and a digit."""
    found = sorted(info.name for info in pkgutil.iter_modules(sim.accept.__path__) if re.fullmatch(r"s\d", info.name))
    return {name.upper(): f"sim.accept.{name}" for name in found}


async def _measure(args: argparse.Namespace, known: dict[str, str], rows: list[Row]) -> None:
    tests, why_not = evidence.read()
    async with _ground(args) as ground:
        with logs.written(ground.config.log.model_copy(update={"file": None}), ground.credentials):
            for name in args.stages:
                module: Stage = importlib.import_module(known[name])
                endurance = None
                try:
                    endurance = await module.measure(ground, rows)
                finally:
                    rows += every_stage.rows(name, endurance, tests, why_not)


@asynccontextmanager
async def _ground(args: argparse.Namespace) -> AsyncIterator[Ground]:
    """The configured venue, or a box of our own."""
    if args.config is not None:
        config = config_load.load(args.config, os.environ, args.overrides)
        config_load.check_live(config, args.live)
        where = "box" if config.mode == "paper" else config.mode
        given = credentials.read(config.account, os.environ)
        yield Ground(where, config, given, args.clock, args.seconds, **args.beside)
        return
    with tempfile.TemporaryDirectory(prefix="tickwright-accept-") as place:
        directory = Path(place)
        async with Process("box", ["box", "--port", "0", "--seed", "1"], directory / "box.log") as box:
            venue = await box.first_row()
            path = await write_config(venue, directory)
            trader = venue["accounts"][0]
            config = config_load.load(str(path), {}, args.overrides)
            given = Credentials(trader["key"], trader["secret"])
            yield Ground("box", config, given, args.clock, args.seconds, **args.beside)
