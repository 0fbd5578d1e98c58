"""The verb `tickwright replay`: rebuilds the state from a journal, up to any event, in this process alone.

catalogue: K4, P1. With `--strategy` the strategy is run again over the stored events and each of its wishes compared
with the journalled ones: an unchanged strategy is equal in all of them, another shows what it would have done instead.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from native._core import Replay
from pycore.clock import Clock
from pycore.errors import DONE, UNEQUAL, InputError
from pycore.phases import config_beside
from pycore.strategy import Contract, Strategy
from pycore.strategy_load import find
from pycore.what_if import WhatIf

_PROGRESS_EVERY = 4096


def register(parser: argparse.ArgumentParser) -> None:
    """Adds JOURNAL, `--until`, `--strategy`, `--in-place-of` and `--params`."""
    parser.description = "Replays a journal and prints the state hash; damage is named by segment, offset and sequence."
    parser.epilog = "example:\n  tickwright replay runs/demo/journal --until 1000 --json"
    parser.add_argument("journal", metavar="JOURNAL", help="a journal directory")
    parser.add_argument("--until", type=_sequence, metavar="SEQ", help="stop after this event")
    parser.add_argument("--strategy", metavar="NAME", help="a registered strategy or module:Class to run again")
    parser.add_argument("--in-place-of", metavar="SEAT", help="the journalled strategy it replaces")
    parser.add_argument("--params", metavar="JSON", help="parameters, over those of the run's configuration")


def run(args: argparse.Namespace) -> int:
    """Exit 0, or 1 where the journal is damaged or an unchanged strategy is not equal."""
    if not Path(args.journal).is_dir():
        raise InputError(f"journal must be a directory, was {args.journal}")
    clock = Clock()
    began_ns = clock.mono_ns()
    if args.strategy is None:
        found: dict[str, Any] = dict(Replay(args.journal).run(args.until))
        code = DONE
    else:
        found, code = _with_strategy(args)
    seconds = (clock.mono_ns() - began_ns) / 1e9
    args.output.summary({**found, "seconds": round(seconds, 6)})
    return code


def _with_strategy(args: argparse.Namespace) -> tuple[dict[str, Any], int]:
    seat, params, unchanged = _seat(args)
    kind = find(args.strategy)
    replay = Replay(args.journal, collect=True)
    what_if = WhatIf(replay, seat, _maker(kind, params))
    with args.output.progress("events", 0.0) as bar:
        for seq in what_if.steps(args.until):
            if seq % _PROGRESS_EVERY == 0:
                bar.update(0, completed=seq)
    result = what_if.comparison
    for row in result.differences:
        args.output.row(row)
    summary = {
        "events": replay.applied,
        "last_seq": replay.last_seq,
        "state_hash": replay.state_hash(),
        "strategy": args.strategy,
        "in_place_of": seat,
        "journalled": result.journalled,
        "computed": result.computed,
        "equal": result.equal,
        "same": result.same,
    }
    return summary, UNEQUAL if unchanged and not result.same else DONE


def _maker(kind: type[Strategy], params: dict[str, Any]) -> Callable[[Contract], Strategy]:
    return lambda contract: kind(contract, params)


def _seat(args: argparse.Namespace) -> tuple[str, dict[str, Any], bool]:
    """The seat that is taken, the parameters, and whether this is the same strategy with the same parameters."""
    runs = {run["name"]: run for run in _configured(args.journal)}
    name = args.in_place_of or (next(iter(runs)) if len(runs) == 1 else None)
    if name is None:
        raise InputError(f"--in-place-of must name one of the run's strategies {sorted(runs)}, was absent")
    if runs and name not in runs:
        raise InputError(f"--in-place-of must be one of {', '.join(sorted(runs))}, was {name!r}")
    own = runs.get(name, {"kind": "", "params": {}})
    params = dict(own["params"]) if own["kind"] == args.strategy else {}
    given = _json(args.params) if args.params else {}
    return name, {**params, **given}, own["kind"] == args.strategy and not given


def _configured(journal: str) -> list[dict[str, Any]]:
    """The strategies of the configuration that the run left beside its journal; empty where it did not."""
    path = config_beside(journal)
    return list(json.loads(path.read_text())["strategies"]) if path.is_file() else []


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(f"--params must be a JSON object, was {text!r}")
    return found


def _sequence(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a sequence number, was {text!r}")
    return int(text)
