"""The verb `tickwright gate`: judges a strategy; `g2` recomputes all that it emits on the contracts' bytecode.

catalogue: S4, S10.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from feeds.chain.pool_file import open_pool
from pycore.errors import DONE, INTERRUPTED, UNEQUAL
from pycore.lp.find import find
from sim.gates.g2 import Difference, Gate2
from sim.gates.pools import usual


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the gate's name, STRATEGY, `--pool`, `--blocks`, `--seed` and `--option`."""
    parser.description = (
        "Runs a strategy of a pool block by block and recomputes every parameter that it emits on the real bytecode; "
        "exit 1 with the first field that differs."
    )
    parser.epilog = "example:\n  tickwright gate g2 range_keeper --blocks 200 --json"
    parser.add_argument("gate", choices=["g2"], help="which gate: g2 is parity with the contracts, bit for bit")
    parser.add_argument("strategy", metavar="STRATEGY", help="a registered strategy of a pool, or module:Class")
    parser.add_argument(
        "--pool", type=Path, metavar="FILE", help="a pool's state to begin with (default: a made-up one)"
    )
    parser.add_argument("--blocks", type=_count, default=100, metavar="N", help="how many blocks (100)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the others' trades (1)")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        type=_option,
        metavar="NAME=VALUE",
        help="a parameter of the strategy, its value as JSON; repeatable",
    )


def run(args: argparse.Namespace) -> int:
    """Exit 0 where nothing differs, 1 at the first difference, 2 for bad input, 130 where it was interrupted."""
    made = find(args.strategy)
    gate = Gate2(open_pool(args.pool, "--pool") if args.pool else usual(), made(dict(args.option)), args.seed)
    difference, interrupted = _judge(args, gate)
    if difference is not None:
        args.output.row(dataclasses.asdict(difference))
    passed = difference is None and not interrupted
    args.output.summary(
        {"gate": args.gate, "strategy": args.strategy, **dataclasses.asdict(gate.tally), "passed": passed}
    )
    if interrupted:
        return INTERRUPTED
    return DONE if passed else UNEQUAL


def _judge(args: argparse.Namespace, gate: Gate2) -> tuple[Difference | None, bool]:
    """(the first difference or None, whether it was interrupted)."""
    with args.output.progress("blocks", args.blocks) as bar:
        try:
            for number in range(1, args.blocks + 1):
                if (found := gate.block()) is not None:
                    return found, False
                bar.update(0, completed=number)
        except KeyboardInterrupt:
            args.output.say(f"interrupted after {gate.tally.blocks} blocks; the same seed runs them again")
            return None, True
    return None, False


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 1000000, was {text!r}")
    return int(text)


def _option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name.isidentifier() or not equals:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, was {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
