"""Three ways to the same swap: the quote by prefix sums, the quote by the contract's loop, and what the bytecode did.

catalogue: S4. Every swap of the committed v3 scenarios, on the state that the bytecode had before it; the fourth way,
our pool that changes its state, is held to the same outcomes in test_pool.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from native._core import ClammQuotes, RevertError
from tests.parity.scenario import SPACINGS
from tests.parity.vectors import PLACE, read_scenario
from tests.parity.world import Operation, Outcome, State

SCENARIOS = sorted(PLACE.glob("v3-*.json.zst"))
Quote = tuple[int, int, int, int, int, bool]


def pool(state: State, fee: int) -> ClammQuotes:
    """The state before a swap, ready to be quoted."""
    price, tick = state["slot0"][:2]
    ticks = sorted(state["ticks"])
    nets = [state["ticks"][index][1] for index in ticks]
    return ClammQuotes(price, state["liquidity"], SPACINGS[fee], fee, ticks, nets, tick=tick)


def answer(quote: Callable[..., Quote], operation: Operation) -> tuple[int, ...] | str:
    """Amount in, amount out, price and tick after it; or why the pool refuses."""
    zero_for_one, amount, limit = operation.args
    try:
        return quote(bool(zero_for_one), amount, limit)[:4]
    except RevertError as error:
        return str(error.args[0])


def expected(operation: Operation, outcome: Outcome) -> tuple[int, ...] | str | None:
    """The same of what the bytecode did; None where a quote cannot know: who pays, who is locked out, who lies."""
    if operation.again or operation.mood:
        return None
    if outcome.revert is not None:
        return outcome.revert if outcome.revert in ("AS", "SPL") else None
    amounts = outcome.gave if operation.args[0] else outcome.gave[::-1]
    price, tick = outcome.events[0][5], outcome.events[0][7]
    return (amounts[0], -amounts[1], int(price), int(tick))


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.name.split(".", maxsplit=1)[0] for path in SCENARIOS])
def test_quotes_loops_and_the_bytecode_agree_on_every_swap(path: Path) -> None:
    profile, steps = read_scenario(path)
    before: State | None = None
    for place, (operation, outcome, state) in enumerate(steps):
        wanted = expected(operation, outcome) if operation.do == "swap" else None
        if wanted is not None and before is not None and before["slot0"][0]:
            quotes = pool(before, profile["fee"])
            assert answer(quotes.quote_by_steps, operation) == wanted, f"operation {place}, by steps: {operation}"
            assert answer(quotes.quote, operation) == wanted, f"operation {place}: {operation}"
        before = state
