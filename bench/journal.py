"""Durable commits of the journal beside the raw fdatasync loop, and the speed of a verifying scan, as a table.

catalogue: K4. Runs native/core/benches/journal.rs (release only), repeats its JSON lines on stdout and prints a table
with the goals of the issue on stderr.

example: python bench/journal.py [DIRECTORY on the disk to measure] [scan normal-1 normal-64 fifo-1 fifo-64 ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RATIO_GOALS = {1: 0.8, 64: 0.7}
P99_GOAL = 3.0
SCAN_GOAL = 5.0


def main(words: list[str]) -> int:
    """Runs the bench; returns 0, or 1 where a figure misses its goal."""
    directory = Path(words[0]) if words else ROOT / "target" / "bench" / "journal"
    command = ["cargo", "bench", "-q", "-p", "tickwright-core", "--bench", "journal", "--", str(directory.absolute())]
    done = subprocess.run([*command, *words[1:]], cwd=ROOT / "native", stdout=subprocess.PIPE, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    print(done.stdout, end="")
    return 0 if all([tell(row) for row in rows]) else 1


def tell(row: dict[str, Any]) -> bool:
    """Prints one figure beside its goal; returns whether it is reached."""
    if "skipped" in row:
        say(f"commit, batch {row['batch']:>2}, {priority(row)}: not measured, {row['skipped']}")
        return False
    if row["name"] == "scan":
        good = row["m_per_s"] >= SCAN_GOAL
        say(f"scan of {row['record_bytes']}-byte records: {row['m_per_s']} M/s, wanted >= {SCAN_GOAL}: {verdict(good)}")
        return bool(good)
    goal = RATIO_GOALS[row["batch"]]
    good = row["ratio"] >= goal and row["p99_ratio"] <= P99_GOAL
    say(
        f"commit, batch {row['batch']:>2}, {priority(row)}: "
        f"{row['per_s']:>6.0f}/s, floor {row['floor_per_s']:>6.0f}/s, ratio {row['ratio']:.2f} (wanted >= {goal}); "
        f"p99 {row['p99_us']:.0f} us, floor {row['floor_p99_us']:.0f} us, ratio {row['p99_ratio']:.2f} "
        f"(wanted <= {P99_GOAL:.0f}); {row['kept']} rounds, {row['dropped']} dropped: {verdict(good)}"
    )
    return bool(good)


def priority(row: dict[str, Any]) -> str:
    """The scheduling that the writer and the floor ran under."""
    return "SCHED_FIFO" if row["fifo"] else "normal    "


def verdict(good: bool) -> str:
    """The word for a goal."""
    return "reached" if good else "MISSED"


def say(line: str) -> None:
    """Prints a line for people."""
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
