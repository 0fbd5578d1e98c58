"""The verb `tickwright adapter`: which adapters are installed, and the proof of one.

catalogue: M1. `ls` lists them. `check PKG` proves every adapter of a package, each twice in a process of its own, with
another hash seed: exit 0 where every check holds, 1 where one does not, 2 where the package brings no adapter.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from typing import Any

from feeds.adapter import GROUP, load, points
from feeds.ports import Results
from native._core import InputError

#: A check that takes longer hangs.
CHECK_S_MAX = 120.0


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the actions."""
    parser.description = (
        "Lists the installed adapters of third parties, or proves one: what it declares, that it decodes its own\n"
        "recordings to our events, that its books join, that damaged bytes give our error, that it is deterministic\n"
        "and reads no clock (docs/adapters.md)."
    )
    parser.epilog = "example:\n  tickwright adapter ls\n  tickwright adapter check tickwright-toyx"
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("ls", help="list the installed adapters")
    listing.description, listing.epilog = "Lists the installed adapters.", "example:\n  tickwright adapter ls"
    check = actions.add_parser("check", help="prove the adapters of a package")
    check.description = "Proves every adapter of a package; exit 1 where a check does not hold."
    check.epilog = "example:\n  tickwright adapter check tickwright-toyx --json"
    check.add_argument("package", help="the installed package, or the entry point's name")


def run(args: argparse.Namespace) -> int:
    """Lists or checks."""
    if args.action == "ls":
        return _list(args.output)
    found = points(args.package)
    if not found:
        raise InputError(f"package must be installed with an entry point in {GROUP}, was {args.package}")
    output: Results = args.output
    rows = [{"adapter": point.name, **row} for point in found for row in proved(point)]
    for row in rows:
        output.row(row)
    failed = sum(not row["passed"] for row in rows)
    output.summary({"package": args.package, "adapters": len(found), "checks": len(rows), "failed": failed})
    return 1 if failed else 0


def _list(output: Results) -> int:
    found = points()
    for point in found:
        adapter = load(point)
        for name, feed in adapter.feeds.items():
            output.row(
                {
                    "adapter": point.name,
                    "package": f"{point.dist.name} {point.dist.version}" if point.dist else "",
                    "feed": name,
                    "market": feed.market,
                    "channels": "+".join(feed.channels),
                    "rule": feed.rule,
                    "live": feed.session is not None,
                }
            )
    output.summary({"adapters": len(found)})
    return 0


def proved(point: EntryPoint) -> list[dict[str, Any]]:
    """The checks of one adapter: `check, passed, found`; the last compares two processes."""
    rows, first = _checked(point, "1")
    if first is not None:
        _, second = _checked(point, "2")
        same = first == second
        rows.append(
            {"check": "same in another process", "passed": same, "found": first[:16] if same else f"{first} {second}"}
        )
    return rows


def _checked(point: EntryPoint, hash_seed: str) -> tuple[list[dict[str, Any]], str | None]:
    """The rows of one process and the digest of its events; None where it came to no end."""
    command = [sys.executable, "-m", "feeds.adapter_check", point.name]
    try:
        ended = subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=CHECK_S_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [{"check": "ends", "passed": False, "found": f"still at it after {CHECK_S_MAX:.0f} s"}], None
    rows = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    digest = rows.pop()["digest"] if rows and "digest" in rows[-1] else None
    if ended.returncode:
        said = ended.stderr.strip().splitlines()[-1:] or [f"ended by {ended.returncode}"]
        rows.append({"check": "does not crash", "passed": False, "found": f"{said[0][:200]} ({ended.returncode})"})
    return rows, digest
