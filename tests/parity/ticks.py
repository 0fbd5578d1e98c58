"""`python -m tests.parity.ticks`: every tick there is, both ways, on the reference EVM and in our core.

catalogue: S4. The prices of all 1,774,545 ticks, the tick at each of these prices, and the tick at each price less one:
three long answers, of which the vectors hold the SHA-256. The command asks the EVM for all of them (a minute or two),
compares them one by one, and with `--write` keeps the digests. Exit 0 without a difference, 1 with some.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys

import numpy as np
import numpy.typing as npt

from native._core import ClammMath
from tests.parity.evm import Call, answers, batch, call_data, signed
from tests.parity.functions import batcher
from tests.parity.lives import libraries
from tests.parity.scenario import TICK_MAX
from tests.parity.vectors import PLACE

DIGESTS = PLACE / "ticks.json"
CHUNK = 5000
Words = npt.NDArray[np.uint64]
Ticks = npt.NDArray[np.int32]


def less_one(prices: Words) -> Words:
    """Every price, uint64[n, 4] with the lowest limb first, less one; none is zero."""
    less = prices.copy()
    borrow = np.ones(len(less), np.uint64)
    for limb in range(4):
        before = less[:, limb].copy()
        less[:, limb] = before - borrow
        borrow = borrow & (before == 0)
    return less


def our_answers() -> dict[str, Words | Ticks]:
    """The three answers of our core. The last price belongs to no tick, and neither does the first less one."""
    math = ClammMath()
    prices = np.frombuffer(math.sqrt_prices_at_ticks(-TICK_MAX, TICK_MAX), np.uint64).reshape(-1, 4)
    return {
        "prices": prices,
        "ticks_at": np.frombuffer(math.ticks_at_sqrt_prices(prices[:-1].copy()), np.int32),
        "ticks_below": np.frombuffer(math.ticks_at_sqrt_prices(less_one(prices[1:])), np.int32),
    }


def evm_answers() -> dict[str, Words | Ticks]:
    """The same three answers, from the compiled library on the reference EVM."""
    ticks = range(-TICK_MAX, TICK_MAX + 1)
    numbers = _ask("priceAtTick(int24)", list(ticks), "prices")
    packed = b"".join(number.to_bytes(32, "little") for number in numbers)
    at = _ask("tickAtPrice(uint160)", numbers[:-1], "ticks at")
    below = _ask("tickAtPrice(uint160)", [number - 1 for number in numbers[1:]], "ticks below")
    return {
        "prices": np.frombuffer(packed, np.uint64).reshape(-1, 4),
        "ticks_at": np.array(at, np.int32),
        "ticks_below": np.array(below, np.int32),
    }


def _ask(signature: str, arguments: list[int], what: str) -> list[int]:
    engine, address = libraries()
    found: list[int] = []
    for start in range(0, len(arguments), CHUNK):
        calls = [Call(address, call_data(signature, argument)) for argument in arguments[start : start + CHUNK]]
        got = answers(engine.call(batcher(), batch(calls)))
        found += [signed(int.from_bytes(answer.data, "big")) for answer in got]
        print(f"\r{what}: {len(found)} of {len(arguments)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def digests(found: dict[str, Words | Ticks]) -> dict[str, str]:
    """The SHA-256 of each answer's bytes as they lie in memory (little-endian)."""
    return {name: hashlib.sha256(np.ascontiguousarray(answer).tobytes()).hexdigest() for name, answer in found.items()}


def main(words: list[str]) -> int:
    """Asks both, compares, and prints a JSON summary last."""
    parser = argparse.ArgumentParser(prog="tests.parity.ticks", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the EVM's digests as the committed ones")
    write = parser.parse_args(words).write
    ours, theirs = our_answers(), evm_answers()
    if write:
        DIGESTS.write_text(json.dumps(digests(theirs), indent=1) + "\n")
    wrong = {
        name: int(np.any((ours[name] != theirs[name]).reshape(len(ours[name]), -1), axis=1).sum()) for name in ours
    }
    compared = sum(len(answer) for answer in ours.values())
    differences = sum(wrong.values())
    row = {"summary": True, "suite": "parity ticks", "compared": compared, "differences": differences, "by": wrong}
    print(json.dumps(row))
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
