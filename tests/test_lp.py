"""What liquidity strategies share: amounts of liquidity, ranges round a tick, and the volatility of the tick."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native._core import ClammMath, InputError
from pycore.lp.amounts import amounts_of, liquidity_for
from pycore.lp.ranges import MAX_TICK, MIN_TICK, TickVolatility, around

MATH = ClammMath()
TICKS = st.integers(MIN_TICK, MAX_TICK - 1)


@given(
    ticks=st.lists(TICKS, min_size=3, max_size=3, unique=True),
    amounts=st.tuples(st.integers(0, 10**24), st.integers(0, 10**24)),
)
def test_liquidity_costs_no_more_than_the_amounts_it_was_made_from(ticks: list[int], amounts: tuple[int, int]) -> None:
    at, (low, high) = ticks[0], sorted(ticks[1:])
    price, lower, upper = (MATH.sqrt_price_at_tick(tick) for tick in (at, low, high))
    try:
        liquidity = liquidity_for(price, lower, upper, *amounts)
    except InputError:
        return  # more than 128 bits
    inside = min(max(price, lower), upper)
    assert MATH.amount0_delta(inside, upper, liquidity, True) <= amounts[0]
    assert MATH.amount1_delta(lower, inside, liquidity, True) <= amounts[1]
    given0, given1 = amounts_of(price, lower, upper, liquidity)
    assert given0 == MATH.amount0_delta(inside, upper, liquidity, False)
    assert given1 == MATH.amount1_delta(lower, inside, liquidity, False)


@given(tick=st.integers(MIN_TICK, MAX_TICK), half=st.integers(1, 900_000), spacing=st.sampled_from((1, 10, 60, 200)))
def test_a_range_is_usable_and_round_the_tick(tick: int, half: int, spacing: int) -> None:
    lower, upper = around(tick, half, spacing)
    assert MIN_TICK <= lower < upper <= MAX_TICK
    assert lower % spacing == upper % spacing == 0
    if MIN_TICK + half + 2 * spacing < tick < MAX_TICK - half - 2 * spacing:
        assert lower - spacing <= tick <= upper + spacing
        assert abs((upper - lower) - 2 * half) <= max(2 * spacing, spacing)


def test_volatility_is_that_of_the_walk_whatever_the_blocks_take() -> None:
    draws, estimate, tick, time = random.Random(5), TickVolatility(half_life_s=1e9), 0.0, 0
    for _ in range(20_000):
        step = draws.choice((1, 12, 24))
        time += step
        tick += draws.gauss(0.0, 3.0 * math.sqrt(step))
        estimate.sample(round(tick), time)
    over = estimate.over(3_600)
    assert over is not None
    assert over == pytest.approx(3.0 * 60, rel=0.03)


def test_nothing_seen_has_no_volatility() -> None:
    estimate = TickVolatility(60.0)
    assert estimate.over(60) is None
    estimate.sample(5, 10)
    estimate.sample(5, 22)
    assert estimate.over(60) is None


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: around(0, 0, 60), "half_width must be 1 tick or more, was 0"),
        (lambda: liquidity_for(5, 9, 9, 1, 1), "a range must be from a lower to an upper price above 0, was 9 to 9"),
        (lambda: liquidity_for(5, 1, 9, -1, 1), "amounts must be 0 or more, was -1 and 1"),
        (lambda: amounts_of(5, 1, 9, -1), "liquidity must be 0 or more, was -1"),
        (lambda: liquidity_for(1, 2, 3, 0, 0) or liquidity_for(9, 2, 3, 0, 2**128), r"at most 2\^128 - 1, was"),
    ],
)
def test_what_is_no_position_is_refused(call: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        call()  # type: ignore[operator]  # a list of calls
