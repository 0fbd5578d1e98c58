"""`python -m tests.parity.fuzz --swaps N --seed S`: our core and the deployed bytecode, side by side, on random lives.

catalogue: S4. A round is a fresh pool with a random fee, price and liquidity; hundreds of operations share one
transaction on the EVM (a driver that makes many calls), so a million swaps take minutes. Every result, revert and event
is compared, and the whole state after each transaction. A round is drawn from the seed and its number alone: the run
goes on where it stopped (`build/parity/`), and a difference is found again by its seed. Exit 0 without a difference,
1 with one, 2 for bad input, 130 interrupted; the last line is a JSON summary.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from tests.parity.evm import Answer, Call, Revm, answers, batch, reason
from tests.parity.lives import price_at
from tests.parity.ours import OurPool
from tests.parity.scenario import SPACINGS, WRAP, Profile, Scenario, price_near
from tests.parity.world import Operation, Outcome, World, decoded

PLACE = Path(__file__).resolve().parents[2] / "build" / "parity"
SWAPS_A_ROUND = 5000
OPERATIONS_A_TRANSACTION = 250
MINTS_FIRST = 24
DRAWN = {"swap": 960, "mint": 16, "burn": 12, "poke": 4, "collect": 8}


@dataclass
class Tally:
    """What was compared so far."""

    rounds: int = 0
    swaps: int = 0
    others: int = 0
    reverts: int = 0


class DifferenceError(Exception):
    """Our core and the bytecode do not agree; the text says where and how."""


def profile(seed: int, number: int) -> Profile:
    """The profile of a round, from the seed and its number alone."""
    dice = Random(f"{seed}/{number}")
    fee = dice.choice((100, 500, 3000, 10000))
    tick = dice.choice((0, dice.randint(-1000, 1000), dice.randint(-300_000, 300_000), dice.randint(-880_000, 880_000)))
    start = dice.choice((1_600_000_000, 1_600_000_000, WRAP - 50_000))
    low = dice.randint(20, 80)
    bits = (low, low + dice.randint(10, 40))
    return Profile(
        f"{seed}/{number}", fee, dice.getrandbits(64), 0, tick, start, bits, spread=dice.choice((4, 30, 200))
    )


class Round:
    """One pool, lived twice."""

    def __init__(self, drawn: Profile) -> None:
        """Deploys the pool, and makes ours."""
        self.profile = drawn
        self.world = World(Revm(), drawn.dialect, drawn.fee, SPACINGS[drawn.fee])
        self.ours = OurPool(drawn.dialect, drawn.fee, drawn.spacing)
        self.scenario = Scenario(drawn, price_at)
        self.scenario.state = self.world.state()

    def run(self, swaps: int, tally: Tally) -> None:
        """Lives until this many swaps are compared."""
        first = [self._op("initialize", price_near(self.profile.tick))]
        self._transaction(first, tally)
        self._transaction(self._draw(["mint"] * MINTS_FIRST), tally)
        names, weights = list(DRAWN), list(DRAWN.values())
        wanted = tally.swaps + swaps
        while tally.swaps < wanted:
            dice = self.scenario.random
            self.scenario.now += dice.choice((0, 1, 13, 600, dice.randrange(10**5)))
            self._transaction(self._draw(dice.choices(names, weights, k=OPERATIONS_A_TRANSACTION)), tally)

    def _op(self, do: str, *args: int) -> Operation:
        return Operation(do, 0, self.scenario.now, args)

    def _draw(self, names: list[str]) -> Iterator[Operation]:
        """Each operation is drawn for the state that the one before it left."""
        for name in names:
            yield getattr(self.scenario, f"_{name}")()

    def _transaction(self, operations: Iterator[Operation] | list[Operation], tally: Tally) -> None:
        ran: list[tuple[Operation, Outcome]] = []
        for operation in operations:
            ran.append((operation, self.ours.run(operation)))
            self.scenario.state = self.ours.glance(self.scenario.state, operation)
        self._compare(ran, self._evm([operation for operation, _ in ran]))
        state = self.world.state()
        ours = self.ours.state()
        if ours != state:
            raise DifferenceError(f"state after {ran[-1][0]}: {differing(ours, state)}")
        self.scenario.state = state
        tally.swaps += sum(operation.do == "swap" for operation, _ in ran)
        tally.others += sum(operation.do != "swap" for operation, _ in ran)
        tally.reverts += sum(outcome.revert is not None for _, outcome in ran)

    def _evm(self, operations: list[Operation]) -> Iterator[Outcome]:
        """One transaction of the first driver, which calls the pool itself or through the others."""
        world = self.world
        world.engine.at(operations[0].at)
        calls = []
        for operation in operations:
            call = world.call(operation)
            calls.append(call if operation.by == 0 else Call(world.drivers[operation.by], batch([call])))
        got = world.ask(calls)
        events = iter([event for event in world.engine.events() if event.address == world.pool])
        for operation, answer in zip(operations, got, strict=True):
            inner: Answer = answer if operation.by == 0 else answers(answer.data)[0]
            if not inner.ok:
                yield Outcome((), reason(inner.data), ())
                continue
            world.mark(operation)
            yield Outcome(decoded(operation.do, inner.data), None, (world.event(next(events)),))

    def _compare(self, ran: list[tuple[Operation, Outcome]], theirs: Iterator[Outcome]) -> None:
        for place, ((operation, ours), evm) in enumerate(zip(ran, theirs, strict=True)):
            if ours != evm:
                raise DifferenceError(f"operation {place} of a transaction, {operation}: ours {ours}, the EVM's {evm}")


def differing(ours: dict[str, object], theirs: dict[str, object]) -> dict[str, tuple[object, object]]:
    """The parts of two states that differ, each as (ours, theirs)."""
    return {name: (ours.get(name), theirs.get(name)) for name in theirs if ours.get(name) != theirs.get(name)}


def fuzz(swaps: int, seed: int, place: Path | None = PLACE, each: int = SWAPS_A_ROUND) -> Tally:
    """Compares until this many swaps are done, going on from what is kept in `place`; raises `DifferenceError`."""
    kept = place / f"fuzz-{seed}.json" if place else None
    tally = Tally(**json.loads(kept.read_text())) if kept and kept.exists() else Tally()
    for number in count(tally.rounds):
        if tally.swaps >= swaps:
            return tally
        drawn = profile(seed, number)
        try:
            Round(drawn).run(min(each, swaps - tally.swaps), tally)
        except DifferenceError as error:
            raise DifferenceError(f"seed {seed}, round {number} ({drawn}): {error}") from error
        tally.rounds = number + 1
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(vars(tally)))
        print(f"round {number}: {tally.swaps} of {swaps} swaps, 0 differences", file=sys.stderr, flush=True)
    return tally


def main(words: list[str]) -> int:
    """Reads the options, runs, and prints the summary."""
    parser = argparse.ArgumentParser(prog="tests.parity.fuzz", description=__doc__)
    parser.add_argument("--swaps", type=int, default=1_000_000, help="how many swaps to compare in all")
    parser.add_argument("--seed", type=int, default=1, help="which lives are drawn")
    parser.add_argument("--fresh", action="store_true", help="begin again instead of going on")
    given = parser.parse_args(words)
    if given.swaps < 1:
        print(f"SWAPS must be at least 1, was {given.swaps}", file=sys.stderr)
        return 2
    row = {"summary": True, "suite": "parity fuzz", "seed": given.seed}
    if given.fresh:
        (PLACE / f"fuzz-{given.seed}.json").unlink(missing_ok=True)
    try:
        tally = fuzz(given.swaps, given.seed)
    except DifferenceError as error:
        print(error, file=sys.stderr)
        print(json.dumps({**row, "differences": 1}))
        return 1
    except KeyboardInterrupt:
        print("interrupted: the same command goes on after the last whole round", file=sys.stderr)
        return 130
    print(json.dumps({**row, **vars(tally), "differences": 0}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
