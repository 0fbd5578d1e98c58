"""Our own ways to quote, one a process: in a batch, one call, the contract's loop, the swap itself, and the floor.

catalogue: S4. The second argument says which. The floor is a call from Python that computes nothing: no program that
is asked one quote a call can be faster.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np

from bench.clamm import ROW, limbs
from bench.clamm_peers.serve import Prepare, Question, Ready, Told, document, serve
from native._core import ClammPool, ClammQuotes

#: How often a round asks every question, and how many a batch has: it pays a fixed price once.
BATCHED, BATCH = 128, 1_024
OWNER = "0x" + "77" * 20


def pool_of(pool: dict[str, Any]) -> ClammPool:
    """The pool, minted position by position."""
    made = ClammPool(pool["fee"], pool["spacing"])
    made.initialize(int(pool["price"]), 1)
    for lower, upper, liquidity in pool["positions"]:
        made.mint(OWNER, lower, upper, int(liquidity), 1)
    return made


def batched(quotes: ClammQuotes, questions: list[Question]) -> Ready:
    """Batches for each direction."""
    ways = [(way, [amount for asked, amount in questions if asked == way]) for way in (True, False)]
    packed = [(way, _many(limbs(amounts))) for way, amounts in ways if amounts]
    parts = [(way, many[at : at + BATCH]) for way, many in packed for at in range(0, len(many), BATCH)]

    def work() -> dict[bool, bytes]:
        # Each batch's answers are dropped for the next, as a caller does; the first of a direction has every question.
        first: dict[bool, bytes] = {}
        for way, amounts in parts:
            first.setdefault(way, quotes.batch(way, True, amounts))
        return first

    def told(found: dict[bool, bytes]) -> list[Told]:
        left = {way: iter(np.frombuffer(raw, ROW)) for way, raw in found.items()}
        return [row_told(next(left[way])) for way, _ in questions]

    return work, told


def _many(amounts: Any) -> Any:
    """The amounts, and then as often as a round is long the same in drawn orders, which no predictor learns."""
    dice = np.random.default_rng(1)
    return np.concatenate([amounts, *(dice.permutation(amounts) for _ in range(BATCHED - 1))])


def row_told(row: Any) -> Told:
    """Paid, got, price after: `swapped` is what of the exact amount was taken."""
    paid, got, price = (int.from_bytes(row[name].tobytes(), "little") for name in ("swapped", "amount", "sqrt_price"))
    return paid, got, price


def called(quotes: ClammQuotes, by_steps: bool, questions: list[Question]) -> Ready:
    """A call a question."""
    quote = quotes.quote_by_steps if by_steps else quotes.quote

    def work() -> list[Any]:
        return [quote(way, amount) for way, amount in questions]

    return work, lambda found: [(paid, got, price) for paid, got, price, *_ in found]


def swapped(pool: ClammPool, questions: list[Question]) -> Ready:
    """A swap a question, each of a pool of its own: a copy that was made before."""
    asked = [(pool.copy(), way, amount) for way, amount in questions]

    def work() -> list[Any]:
        return [each.swap(way, amount, None, 2) for each, way, amount in asked]

    def told(found: list[Any]) -> list[Told]:
        rows: list[Told] = []
        for (way, _), done in zip(questions, found, strict=True):
            paid, got = (done.amount0, -done.amount1) if way else (done.amount1, -done.amount0)
            rows.append((paid, got, done.sqrt_price))
        return rows

    return work, told


def idle(quotes: ClammQuotes, questions: list[Question]) -> Ready:
    """A call a question that computes nothing."""

    def work() -> list[int]:
        return [quotes.stops(way) for way, _ in questions]

    return work, lambda found: [(None, None, None) for _ in found]


def main() -> None:
    """Serves the way that the second argument names."""
    pool = pool_of(document()["pool"])
    quotes = pool.quotes()
    ways: dict[str, Prepare] = {
        "batch": partial(batched, quotes),
        "call": partial(called, quotes, False),
        "loop": partial(called, quotes, True),
        "swap": partial(swapped, pool),
        "floor": partial(idle, quotes),
    }
    serve(ways[sys.argv[2]], BATCHED if sys.argv[2] == "batch" else 1)


if __name__ == "__main__":
    main()
