"""`make bench-peers`: one exact-in quote of one pool at 0, 1, 10 and 100 crossings, ours beside those of others.

catalogue: S4. Every program does one round in turn, five times, after one that is not counted; a figure is the median
of CPU time a quote. All get the same amounts, and every answer is compared with the deployed QuoterV2's: one wrong
answer anywhere voids a program's figures. Then what mints, burns and a day of a pool cost the arrays that quotes are
answered from. Exit 0 where all was measured and every answer of ours is right, else 1.

example: python -m bench.clamm_peers [--seed N] [--pool FILE --events FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import clamm_pool
from bench.clamm_peers import changes
from bench.clamm_peers.programs import Program
from bench.clamm_peers.questions import TIMED, WIDE, asked
from native._core import BUILD_PROFILE

ROUNDS = 5
#: How many of the programs are ours; the floor and the others follow.
OURS = 4
#: degenbot 0.5 makes a database where its configuration names none; a file that is there and empty keeps it from that.
CONFIG = '[database]\npath = "{home}/empty.db"\n[rpc]\n'


def programs() -> list[Program]:
    """Everything that is compared, ours first, then the floor, then those of others; `QUOTER` is the truth."""
    own = "bench.clamm_peers.tickwright"
    return [
        Program("Tickwright, ClammQuotes.batch", (own, "{document}", "batch")),
        Program("Tickwright, ClammQuotes.quote", (own, "{document}", "call")),
        Program("Tickwright, the contract's loop", (own, "{document}", "loop")),
        Program("Tickwright, ClammPool.swap", (own, "{document}", "swap")),
        Program("floor: an empty call from Python", (own, "{document}", "floor"), compares=False),
        Program("pyrevm, the deployed QuoterV2", ("bench.clamm_peers.quoter_v2", "{document}")),
        Program("@uniswap/v3-sdk 3.31 on node", ("node", "bench/clamm_peers/sdk.js", "{document}")),
        Program(
            "degenbot 0.5 (Python)", ("bench.clamm_peers.degenbot_python", "{document}"), "degenbot", config=CONFIG
        ),
        Program("degenbot 0.6a17 (Rust)", ("bench.clamm_peers.degenbot_rust", "{document}"), "degenbot_alpha"),
    ]


def main() -> int:
    """Runs all programs and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="seed of the amounts (1)")
    parser.add_argument("--pool", type=Path, help="state of a recorded pool: its day is the mix (a seeded one)")
    parser.add_argument("--events", type=Path, help="its events")
    args = parser.parse_args()
    if (args.pool is None) != (args.events is None):
        parser.error("--pool and --events must be given together")
    if BUILD_PROFILE == "debug":
        print("a debug build says nothing about time", file=sys.stderr)
        return 2
    compared = programs()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        document = place / "questions.json"
        document.write_text(json.dumps(asked(args.seed)))
        for program in compared:
            stack.callback(program.stop)
            program.start(document, Path(tempfile.mkdtemp(dir=place)))
        for name in map(str, clamm_pool.CROSSINGS):
            for _ in range(1 + ROUNDS):
                for program in compared:
                    program.round(name)
        for program in compared:
            program.round(WIDE)
    good = table(compared)
    changes.rebuilds()
    changes.day(args.pool, args.events, args.seed)
    return 0 if good else 1


def table(compared: list[Program]) -> bool:
    """Prints every figure; whether all was measured and every answer of ours is right."""
    good = all(program.failed is None for program in compared)
    truth = next(program for program in compared if "QuoterV2" in program.name)
    if truth.failed is not None:
        truth = next(program for program in compared if "loop" in program.name)
        print(f"QuoterV2 DID NOT RUN: answers are compared with {truth.name} alone")
    print(f"CPU time a quote, ns, median of {ROUNDS} alternating rounds over {TIMED} exact inputs each, by crossings:")
    print(" " * 34 + "".join(f"{name:>11}" for name in clamm_pool.CROSSINGS) + "   wrong answers")
    for number, program in enumerate(compared):
        right = line(program, truth)
        good &= right or number >= OURS
    return good


def line(program: Program, truth: Program) -> bool:
    """One program's line; whether nothing it answered is wrong."""
    if program.failed is not None:
        print(f"{program.name:<34}   NOT MEASURED: {program.failed}")
        return False
    # The first round warms a program up.
    for spent in program.ns.values():
        if len(spent) > 1:
            del spent[0]
    figures = "".join(f"{program.median_ns(str(name)):>11,.0f}" for name in clamm_pool.CROSSINGS)
    if not program.compares:
        print(f"{program.name:<34}{figures}")
        return True
    wrong, refused, count = program.wrong(truth)
    word = f"{wrong} of {count}" + (f", {refused} refused" if refused else "")
    void = "  VOID" if wrong or refused else ""
    print(f"{program.name:<34}{figures}   {word}{void}")
    return not void


if __name__ == "__main__":
    sys.exit(main())
