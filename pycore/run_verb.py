"""The verb `tickwright run`: an engine from a configuration, until SIGTERM.

catalogue: K5. With `--json` the first line says where the telemetry is (`publish`, `control`, `journal`) and where
`/metrics` and `/health` are (`metrics`, empty where they are off); the last is the summary.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import replace

import uvloop

from pycore import config_load, credentials, logs
from pycore.config_verb import add_overrides
from pycore.definitions import check_strategies
from pycore.engine import Outcome, run_engine
from pycore.errors import DONE, INTERRUPTED, ConfigError, EngineError, SafetyError
from pycore.telemetry import Telemetry


def register(parser: argparse.ArgumentParser) -> None:
    """Adds CONFIG, `--live` and `--set`."""
    parser.description = "Runs an engine until SIGTERM, then cancels what is open and seals the journal."
    parser.epilog = "example:\n  tickwright run deploy/config/paper.toml --json"
    parser.add_argument("config", metavar="CONFIG", help="a TOML file")
    parser.add_argument("--live", action="store_true", help="needed, besides mode live, to reach a real venue")
    parser.add_argument(
        "--resume", action="store_true", help="lift the kill or halt that an earlier session ended with"
    )
    add_overrides(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 after a clean stop, 1 where the engine stopped itself, 2 for bad configuration, 3 where refused."""
    config = config_load.load(args.config, os.environ, args.overrides)
    faults = check_strategies(config)
    if faults:
        raise ConfigError(args.config, faults)
    config_load.check_consent(config, args.live)
    secrets = credentials.read(config.account, os.environ)
    secrets = replace(secrets, cache_password=os.environ.get(config.cache.password_env, ""))

    def on_ready(telemetry: Telemetry, pages: str) -> None:
        args.output.row(
            {
                "publish": telemetry.publish_at,
                "control": telemetry.control_at,
                "metrics": pages,
                "journal": config.journal.directory,
                "pid": os.getpid(),
            }
        )
        args.output.flush()

    with (
        logs.written(config.log, secrets) as log,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        try:
            outcome = runner.run(run_engine(config, secrets, on_ready, resume=args.resume, logs=log))
        except EngineError as error:
            # Nothing was opened yet: the state is named all the same.
            outcome = Outcome(error.state, False, {"state": error.state, "why": str(error)})
    args.output.summary({"journal": config.journal.directory, **outcome.figures})
    return _code(outcome)


def _code(outcome: Outcome) -> int:
    if outcome.refused:
        raise SafetyError(f"{outcome.state}: {outcome.figures['why']}")
    if not outcome.clean:
        raise EngineError(outcome.state, f"{outcome.state}: {outcome.figures['why']}")
    return INTERRUPTED if outcome.figures["interrupted"] else DONE
