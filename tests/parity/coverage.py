"""`python -m tests.parity.coverage`: py-evm lives the committed scenarios again, agrees or not, and is watched.

catalogue: S4. A second EVM, in Python, from another house: every result, revert and event that it gives is held to
what pyrevm gave. Meanwhile it notes which instructions of the pool's runtime code ran, and which way each conditional
jump went. `--first N` is how many operations of each scenario are lived, because Python takes a tenth of a second for
what the others do in microseconds: more of those of `MORE` and where a scenario does something often, all of the raw
calldata. What a scenario reached is kept under `build/parity/coverage`, and the report is the union over all scenarios:
an interrupted run goes on with the scenario where it was, and `--only` in several shells shares the work.
Exit 0 without a difference, 1 with some; the last line is a JSON summary.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.parity.bytecode import JUMPI, instructions
from tests.parity.dialect import DIALECTS
from tests.parity.scenario import SPACINGS
from tests.parity.second import PyEvm, Reached
from tests.parity.vectors import PLACE, Step, read_scenario
from tests.parity.world import World

# A swap over more empty words of the bitmap than this takes py-evm seconds: the scenario's replay ends before it.
WORDS_A_STEP_MAX = 700
KEPT = Path(__file__).resolve().parents[2] / "build" / "parity" / "coverage"
#: How many times as many operations of the scenarios whose names begin so: what they are there for comes late.
MORE = {"v3-10000-giant": 6, "v3-2000-": 6, "v3-liars": 6}


@dataclass
class Report:
    """What was lived and reached; `differences` are sentences."""

    code: bytes = b""
    operations: int = 0
    reached: Reached = field(default_factory=Reached)
    differences: list[str] = field(default_factory=list)

    def unreached(self) -> list[int]:
        """The places of instructions that never ran."""
        return sorted(set(instructions(self.code)) - self.reached.places)

    def jumps(self) -> dict[int, str]:
        """The conditional jumps that did not go both ways: the place, and which way was never gone."""
        places = [place for place, opcode in instructions(self.code).items() if opcode == JUMPI]
        found = {}
        for place in places:
            taken, passed = place in self.reached.taken, place in self.reached.passed
            if not (taken and passed):
                found[place] = "never taken" if passed else "never passed" if taken else "never reached"
        return found


def most(path: Path, first: int) -> int:
    """How many operations of a scenario are lived."""
    profile, _ = read_scenario(path)
    if profile["raw"]:
        return sys.maxsize
    more = [times for name, times in MORE.items() if path.name.startswith(name)]
    return first * max([4 if profile["often"] else 1, *more])


def live_again(path: Path, operations: int, report: Report) -> None:
    """Lives one scenario on py-evm, as far as it is asked to, and adds to the report."""
    profile, steps = read_scenario(path)
    engine = PyEvm()
    world = World(engine, DIALECTS[profile["dialect"]], profile["fee"], SPACINGS[profile["fee"]])
    engine.watch.on = True
    tick = 0
    for place, step in enumerate(steps):
        words = abs(step.state["slot0"][1] - tick) // world.spacing // 256
        tick = step.state["slot0"][1]
        if words > WORDS_A_STEP_MAX or place >= operations:
            break
        _step(world, step, f"{path.name}, operation {place}", report)
    world.state()
    report.code = engine.code(world.pool)
    report.reached = engine.watch.reached[bytes.fromhex(world.pool[2:])]


def kept_or_lived(path: Path, operations: int) -> Report:
    """What a scenario reached: what was kept of it, where that was lived as far, else a new life, which is kept."""
    kept, digest = KEPT / f"{path.name}.{operations}.json", hashlib.sha256(path.read_bytes()).hexdigest()
    if kept.exists() and (row := json.loads(kept.read_text()))["vectors"] == digest:
        reached = Reached(*(set(row[name]) for name in ("places", "taken", "passed")))
        return Report(bytes.fromhex(row["code"]), row["operations"], reached, row["differences"])
    report = Report()
    live_again(path, operations, report)
    seen = {name: sorted(getattr(report.reached, name)) for name in ("places", "taken", "passed")}
    row = {"vectors": digest, "code": report.code.hex(), "operations": report.operations, **seen}
    KEPT.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({**row, "differences": report.differences}))
    return report


def add(report: Report, one: Report) -> None:
    """Adds what one scenario gave; pools of different terms have different immutables, and the same places."""
    report.code = one.code
    report.operations += one.operations
    report.differences += one.differences
    report.reached.places |= one.reached.places
    report.reached.taken |= one.reached.taken
    report.reached.passed |= one.reached.passed


def _step(world: World, step: Step, where: str, report: Report) -> None:
    outcome = world.run(step.operation)
    report.operations += 1
    if outcome != step.outcome:
        report.differences.append(f"{where}, {step.operation}: py-evm {outcome}, pyrevm {step.outcome}")


def main(words: list[str]) -> int:
    """Lives the scenarios and prints what was not reached."""
    parser = argparse.ArgumentParser(prog="tests.parity.coverage", description=__doc__)
    parser.add_argument("--first", type=int, default=40, help="how many operations of each scenario (40)")
    parser.add_argument("--only", default="v3-", help="scenarios whose name begins like this")
    given = parser.parse_args(words)
    report = Report()
    for path in sorted(PLACE.glob(f"{given.only}*.json.zst")):
        add(report, kept_or_lived(path, most(path, given.first)))
        print(f"{path.name}: {report.operations} operations, {len(report.unreached())} unreached", file=sys.stderr)
    print(*report.differences, sep="\n")
    every = instructions(report.code)
    for place in report.unreached():
        print(f"unreached {place:#06x} {every[place]:#04x}")
    for place, why in report.jumps().items():
        print(f"jump {place:#06x} {why}")
    jumps = [place for place, opcode in every.items() if opcode == JUMPI]
    row = {
        "summary": True,
        "suite": "parity coverage",
        "operations": report.operations,
        "instructions": len(every),
        "reached": len(every) - len(report.unreached()),
        "jumps": len(jumps),
        "both_ways": len(jumps) - len(report.jumps()),
        "differences": len(report.differences),
    }
    print(json.dumps(row))
    return int(bool(report.differences))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
