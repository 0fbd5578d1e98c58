"""The verb `tickwright clamm`: what a pool would give, what it did, and what a liquidity strategy would have earned.

catalogue: S4, P4. Amounts are decimal strings of the smallest unit. Exit 1: a replay met an event that the pool's
arithmetic does not give (the first is named).
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from feeds.chain.pool_file import open_pool
from feeds.ports import Results
from native._core import InputError, RevertError
from pycore.errors import UNEQUAL, CheckError
from sim.clamm.config import load
from sim.clamm.recorded import differing, follow, rows
from sim.clamm.run import backtest
from sim.run_directory import run_directory


def register(parser: argparse.ArgumentParser) -> None:
    """Describes the verb's arguments."""
    parser.description = "Quotes of a pool, replays of its events, and backtests of liquidity strategies in it."
    parser.epilog = "example:\n  tickwright clamm backtest docs/examples/liquidity.toml --dir run"
    actions = parser.add_subparsers(dest="action", required=True, metavar="quote|replay|backtest")
    _quote(actions)
    _replay(actions)
    _backtest(actions)


def _quote(actions: Any) -> None:
    quote = actions.add_parser(
        "quote",
        description="What a swap would give at a pool's state, exact to the smallest unit.",
        epilog="example:\n  tickwright clamm quote pool.json --sell 0 --amount 1000000000000000000",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    quote.add_argument("state", type=Path, metavar="STATE", help="a file with a pool's state")
    quote.add_argument("--sell", type=int, choices=(0, 1), required=True, help="which token goes in")
    quote.add_argument("--amount", required=True, metavar="UNITS", help="smallest units that go in")
    quote.add_argument("--exact-output", action="store_true", help="the amount is what comes out")
    quote.add_argument("--limit", metavar="SQRT_PRICE", help="stop at this square root of the price, Q64.96")


def _replay(actions: Any) -> None:
    replay = actions.add_parser(
        "replay",
        description="Does recorded events again from a pool's state; ends at the first that comes out otherwise.",
        epilog="example:\n  tickwright clamm replay pool.json events.json --until pool_after.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    replay.add_argument("state", type=Path, metavar="STATE", help="a file with a pool's state")
    replay.add_argument(
        "events", type=Path, metavar="EVENTS", help="decoded rows as JSON, or the lake's pools as Parquet"
    )
    replay.add_argument(
        "--until", type=Path, metavar="STATE", help="a state that must be reached, to the last fee growth"
    )


def _backtest(actions: Any) -> None:
    run = actions.add_parser(
        "backtest",
        description="Runs a liquidity strategy inside a pool, on recorded or generated flow; writes a report.",
        epilog="example:\n  tickwright clamm backtest docs/examples/liquidity.toml --dir run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file: market, tokens, wallet, strategy, costs")
    run.add_argument("--dir", metavar="DIR", help="an empty or new folder (the first free clamm-N)")


def run(args: argparse.Namespace) -> int:
    """Runs the action; 0 where what was asked for holds."""
    if args.action == "quote":
        return _run_quote(args)
    if args.action == "replay":
        return _run_replay(args)
    return _run_backtest(args)


def _run_quote(args: argparse.Namespace) -> int:
    output: Results = args.output
    pool, zero_for_one = open_pool(args.state, "STATE"), args.sell == 0
    amount = _units("--amount", args.amount)
    limit = None if args.limit is None else _units("--limit", args.limit)
    try:
        done = pool.swap(zero_for_one, -amount if args.exact_output else amount, limit, 0)
    except RevertError as why:
        raise CheckError(f"the pool would revert with {why.args[0]}") from None
    output.summary(
        {
            "amount0": str(done.amount0),
            "amount1": str(done.amount1),
            "sqrt_price": str(done.sqrt_price),
            "tick": done.tick,
            "liquidity": str(done.liquidity),
        }
    )
    return 0


def _run_replay(args: argparse.Namespace) -> int:
    pool, events = open_pool(args.state, "STATE"), rows(args.events)
    counts = Counter[str]()
    begin_ns = args.clock.mono_ns()
    with args.output.progress("replay", len(events)) as bar:
        for done, one in enumerate(follow(pool, events), start=1):
            counts[one.asked or one.row.name.lower()] += 1
            bar.update(0, completed=done)
    seconds = (args.clock.mono_ns() - begin_ns) / 1e9
    differences = [] if args.until is None else differing(pool.state(), open_pool(args.until, "--until").state())
    for name, found, wanted in differences:
        args.output.row({"field": name, "replayed": str(found), "wanted": str(wanted)})
    swaps = {name: counts.pop(name, 0) for name in ("input", "output", "limit")}
    told = {"events": len(events), **{f"swaps_{name}": count for name, count in swaps.items()}, **dict(counts)}
    args.output.summary(
        {**told, "differences": len(differences), "state_hash": pool.state_hash.hex(), "seconds": seconds}
    )
    return UNEQUAL if differences else 0


def _run_backtest(args: argparse.Namespace) -> int:
    config = load(args.config)
    folder = run_directory(args.dir, "clamm")
    result = backtest(config, folder, args.config.stem, args.output)
    args.output.summary({**result, "report": str(folder / "report.html")})
    return 0


def _units(name: str, text: str) -> int:
    """A whole number of smallest units above 0."""
    if not text.isdecimal() or not int(text):
        raise InputError(f"{name} must be a whole number of smallest units above 0, was {text}")
    return int(text)
