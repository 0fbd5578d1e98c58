"""QuoterV2 as deployed, on pyrevm: what every answer is compared with.

catalogue: S4. The pool is that of the artifacts, minted position by position.
Calldata is encoded before the clock starts and answers are decoded after it stopped.
"""

from __future__ import annotations

from typing import Any

from bench.clamm_peers.serve import Question, Ready, Told, document, serve
from sim.contracts import contract
from tests.parity.dialect import UNISWAP
from tests.parity.evm import Revm, selector, unsigned, word
from tests.parity.scenario import PRICE_MAX, PRICE_MIN
from tests.parity.world import Operation, World

QUOTE = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"


def world_of(pool: dict[str, Any]) -> World:
    """A chain with the pool."""
    world = World(Revm(), UNISWAP, pool["fee"], pool["spacing"])
    steps = [Operation("initialize", 0, 1, (int(pool["price"]),))]
    steps += [Operation("mint", 0, 1, (0, lower, upper, int(many))) for lower, upper, many in pool["positions"]]
    for step in steps:
        revert = world.run(step).revert
        if revert is not None:
            raise RuntimeError(f"{step.do}{step.args} was refused: {revert}")
    return world


def told(question: Question, data: bytes) -> Told:
    """The quoter tells what is got and the price after it; all was paid where that is not the last price there is."""
    got, price, *_ = unsigned(data)
    return None if price in (PRICE_MIN + 1, PRICE_MAX - 1) else question[1], got, price


def main() -> None:
    """Serves quotes, one call of the quoter each."""
    world = world_of(document()["pool"])
    engine = world.engine
    quoter = engine.deploy(contract("QuoterV2").creation + word(world.factory) + word(world.tokens[0]))

    def prepare(questions: list[Question]) -> Ready:
        calls = []
        for way, amount in questions:
            given, taken = world.tokens if way else world.tokens[::-1]
            words = (given, taken, amount, world.fee, 0)
            calls.append(selector(QUOTE) + b"".join(word(value) for value in words))

        def work() -> list[bytes]:
            return [engine.call(quoter, data) for data in calls]

        return work, lambda found: [told(*pair) for pair in zip(questions, found, strict=True)]

    serve(prepare)


if __name__ == "__main__":
    main()
