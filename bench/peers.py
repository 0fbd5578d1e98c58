"""`make bench-peers`: level changes from Python in batches, our book beside those of others, in one run.

catalogue: M4. Each program runs in a process and an environment of its own (`tests/clients/environments.py`) and does
one round in turn, five times; a figure is the median of CPU time. Where a program's best prices after any batch differ
from ours, its figure is void. What a program needs made before its clock starts (its own objects, its own events) is
made before and not timed.

example: python -m bench.peers [--seed N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.peer_deltas import BATCH, deltas
from tests.clients import environments

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5


@dataclass
class Peer:
    """A program, the environment that it runs in (None is ours), and how many times faster than it ours must be."""

    name: str
    module: str
    environment: str | None = None
    goal: float | None = None
    process: subprocess.Popen[str] | None = None
    spent_ns: list[int] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)

    def start(self, data: Path) -> None:
        """Starts the program and waits until it has prepared; builds its environment where that is not done."""
        python = sys.executable
        if self.environment is not None:
            if not environments.ready(self.environment):
                print(f"building the environment of {self.name} ...", file=sys.stderr)
                environments.build(self.environment)
            python = str(environments.python_of(self.environment))
        command = [python, "-m", f"bench.{self.module}", str(data), str(BATCH)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def round(self) -> None:
        """One round."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write("round\n")
        self.process.stdin.flush()
        told = self._line()
        self.spent_ns.append(told["spent_ns"])
        self.answers.add(told["answer"])

    def stop(self) -> None:
        """Ends the program."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait()

    def _line(self) -> dict[str, Any]:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()}")
        told: dict[str, Any] = json.loads(line)
        return told


def main() -> int:
    """Runs all programs; 0 where every goal is met, 1 where one is missed or a program's answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="seed of the changes (1)")
    args = parser.parse_args()
    ours = Peer("Tickwright, L2Book.apply_deltas", "peer_tickwright")
    peers = [
        Peer("nautilus_trader 1.221, OrderBook L2", "peer_nautilus", "nautilus", 10.0),
        Peer("nautilus_trader 1.221, OrderBook L3", "peer_nautilus_l3", "nautilus", 10.0),
        Peer("hftbacktest 2.4, ROIVectorMarketDepth", "peer_hftbacktest", "hftbacktest", 3.0),
    ]
    changes = deltas(args.seed)
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "deltas.npy"
        np.save(data, changes)
        for peer in [ours, *peers]:
            stack.callback(peer.stop)
            peer.start(data)
        for _ in range(ROUNDS):
            for peer in [ours, *peers]:
                peer.round()
    return table(ours, peers, len(changes))


def table(ours: Peer, peers: list[Peer], count: int) -> int:
    """Prints every figure beside its goal; 1 where one is missed."""
    print(f"{count} level changes in batches of {BATCH}, ns a change, median of {ROUNDS} alternating rounds:")
    own_ns = statistics.median(ours.spent_ns) / count
    print(f"{ours.name:<40} {own_ns:>8.1f}")
    missed = 0
    for peer in peers:
        spent_ns = statistics.median(peer.spent_ns) / count
        ratio, same = spent_ns / own_ns, peer.answers == ours.answers
        met = same and ratio >= (peer.goal or 0)
        word = "met" if met else "MISSED" if same else "VOID, its best prices differ"
        print(f"{peer.name:<40} {spent_ns:>8.1f}  ours is {ratio:.1f}x faster, goal >= {peer.goal}x: {word}")
        missed += not met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
