"""Vectors of QuoterV2: what the deployed quoter says in the middle of the committed scenarios, its miscount included.

catalogue: S4. A scenario is lived again on the reference EVM, and at many places of its life the quoter of the
periphery's artifact is asked. A row says where: the number of operations lived, the direction, exact input or output,
the amount, the price limit; and the answer (amount, price after it, initialised ticks counted) or the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from sim.contracts import contract
from tests.parity.dialect import DIALECTS
from tests.parity.evm import Call, Revm, reason, selector, unsigned, word
from tests.parity.scenario import PRICE_MAX, PRICE_MIN, SPACINGS, price_near
from tests.parity.vectors import read_scenario
from tests.parity.world import World

SCENARIOS = ("v3-100-stable", "v3-500-middle", "v3-3000-stable", "v3-10000-middle", "v3-500-low", "v3-3000-high")
EVERY = 12
QUESTIONS = 8
QUOTES = {
    True: "quoteExactInputSingle((address,address,uint256,uint24,uint160))",
    False: "quoteExactOutputSingle((address,address,uint256,uint24,uint160))",
}


class Question(NamedTuple):
    """One question: after how many operations, and what."""

    lived: int
    zero_for_one: bool
    exact_input: bool
    amount: int
    limit: int


def quotes(path: Path, seed: int) -> Iterator[tuple[Question, list[int] | str]]:
    """Questions about one scenario and what the quoter answers."""
    profile, steps = read_scenario(path)
    world = World(Revm(), DIALECTS[profile["dialect"]], profile["fee"], SPACINGS[profile["fee"]])
    quoter = world.engine.deploy(contract("QuoterV2").creation + word(world.factory) + word(world.tokens[0]))
    dice = Random(seed)
    for lived, step in enumerate(steps, start=1):
        world.run(step.operation)
        if lived % EVERY or not step.state["slot0"][0]:
            continue
        asked = [_draw(dice, lived, step.state["slot0"], step.state["liquidity"]) for _ in range(QUESTIONS)]
        got = world.ask([Call(quoter, _calldata(world, question)) for question in asked])
        for question, answer in zip(asked, got, strict=True):
            yield question, unsigned(answer.data)[:3] if answer.ok else reason(answer.data)


def _draw(dice: Random, lived: int, slot0: list[int], liquidity: int) -> Question:
    zero_for_one = dice.random() < 0.5
    near = max(liquidity, 1) * (2**96 if zero_for_one else slot0[0]) // (slot0[0] if zero_for_one else 2**96)
    amount = dice.choice((dice.getrandbits(dice.randint(1, 128)), near * dice.randint(1, 1000) // 30_000, near + 1))
    tick = slot0[1] + dice.randint(1, 5000) * (-1 if zero_for_one else 1)
    limit = min(max(price_near(max(min(tick, 887_272), -887_272)), PRICE_MIN + 1), PRICE_MAX - 1)
    return Question(
        lived,
        zero_for_one,
        dice.random() < 0.6,
        min(amount, 2**255),
        dice.choice((0, 0, 0, 0, 0, limit, limit, slot0[0])),
    )


def _calldata(world: World, question: Question) -> bytes:
    """The one argument is a struct of static words, which is encoded as they are."""
    first, second = world.tokens if question.zero_for_one else world.tokens[::-1]
    words = (first, second, question.amount, world.fee, question.limit)
    return selector(QUOTES[question.exact_input]) + b"".join(word(value) for value in words)
