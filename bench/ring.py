"""The ring beside its C floor, in alternating rounds: throughput of 64-byte messages and the round trip's p50 and p99.

catalogue: K4. Compiles bench/ring_floor.c with cc, builds native/core/benches/ring.rs, and runs floor, ring, floor;
a round whose floors differ by more than 1.3x in any figure is dropped. The last line is the medians as JSON.
Both sides spin on two processors: on a busy host most rounds are dropped, and that is what they are dropped for.

example: python bench/ring.py [ROUNDS]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FLOORS_APART_MAX = 1.3
ROUNDS = 5
ROUNDS_MAX = 25

Figures = dict[str, float]


def build() -> tuple[Path, Path]:
    """Compiles both; returns the floor's program and ours."""
    floor = ROOT / "target" / "bench" / "ring_floor"
    floor.parent.mkdir(parents=True, exist_ok=True)
    source = str(ROOT / "bench" / "ring_floor.c")
    subprocess.run(["cc", "-O3", "-march=native", "-std=c11", "-pthread", source, "-o", str(floor)], check=True)
    command = ["cargo", "bench", "-q", "-p", "tickwright-core", "--bench", "ring", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT / "native", stdout=subprocess.PIPE, text=True, check=True).stdout
    built = [json.loads(line) for line in lines.splitlines()]
    ours = next(one["executable"] for one in built if one.get("executable") and one["target"]["name"] == "ring")
    return floor, Path(ours)


def figures(program: Path) -> Figures:
    """One run's figures."""
    done = subprocess.run([str(program)], stdout=subprocess.PIPE, text=True, check=True)
    row: Figures = json.loads(done.stdout)
    return row


def apart(before: Figures, after: Figures) -> float:
    """By which factor two floors differ at most."""
    return max(max(before[key] / after[key], after[key] / before[key]) for key in before)


def main(words: list[str]) -> int:
    """Measures and prints; returns 1 where too few rounds could be kept."""
    wanted = int(words[0]) if words else ROUNDS
    floor, ours = build()
    kept: list[tuple[Figures, Figures]] = []
    dropped = 0
    while len(kept) < wanted and len(kept) + dropped < ROUNDS_MAX:
        before, ring, after = figures(floor), figures(ours), figures(floor)
        if apart(before, after) > FLOORS_APART_MAX:
            dropped += 1
            continue
        middle = {key: (before[key] + after[key]) / 2 for key in before}
        kept.append((middle, ring))
        print(json.dumps({"floor": middle, "ring": ring}), flush=True)
    keys = sorted(kept[0][0]) if kept else []
    ratios = {f"{key}_ratio": round(statistics.median(ring[key] / low[key] for low, ring in kept), 3) for key in keys}
    print(json.dumps({"name": "ring", "kept": len(kept), "dropped": dropped, **ratios, "summary": True}))
    return 0 if len(kept) == wanted else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
