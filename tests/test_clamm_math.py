"""The libraries of concentrated liquidity through the binding: exact integers, reverts in the words of each version.

catalogue: S4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from native._core import ClammMath, InputError, RevertError

MATH = ClammMath()
V4 = ClammMath(4)
WORDS = st.integers(0, 2**256 - 1)
MIN_TICK, MAX_TICK = -887272, 887272
MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342


@given(WORDS, WORDS, WORDS)
def test_products_are_divided_exactly(a: int, b: int, d: int) -> None:
    if d == 0 or a * b // d >= 2**256:
        with pytest.raises(RevertError, match="without a reason"):
            MATH.mul_div(a, b, d)
    else:
        assert MATH.mul_div(a, b, d) == a * b // d
    assert MATH.div_rounding_up(a, b) == (-(-a // b) if b else 0)


@given(st.integers(MIN_TICK, MAX_TICK - 1))
def test_prices_lie_where_the_definition_puts_them(tick: int) -> None:
    price = MATH.sqrt_price_at_tick(tick)
    assert price / 2**96 == pytest.approx(1.0001 ** (tick / 2), rel=1e-9)
    assert MATH.tick_at_sqrt_price(price) == tick


def test_a_batch_equals_its_single_calls() -> None:
    prices = np.frombuffer(MATH.sqrt_prices_at_ticks(MIN_TICK, MIN_TICK + 999), np.uint64).reshape(-1, 4)
    as_integers = [sum(int(limb) << 64 * at for at, limb in enumerate(row)) for row in prices]
    assert as_integers == [MATH.sqrt_price_at_tick(tick) for tick in range(MIN_TICK, MIN_TICK + 1000)]
    ticks = np.frombuffer(MATH.ticks_at_sqrt_prices(prices), np.int32)
    assert ticks.tolist() == list(range(MIN_TICK, MIN_TICK + 1000))


def test_reverts_are_told_in_the_words_of_each_version() -> None:
    calls: list[tuple[Callable[[ClammMath], object], str, str]] = [
        (lambda math: math.sqrt_price_at_tick(MAX_TICK + 1), "T", "8b86327a"),
        (lambda math: math.tick_at_sqrt_price(MAX_SQRT_PRICE), "R", "61487524"),
        (lambda math: math.add_delta(1, -2), "LS", "93dafdf1"),
        (lambda math: math.add_delta(2**128 - 1, 1), "LA", "93dafdf1"),
        (lambda math: math.next_price_from_output(2**96, 1, 2, True), "revert without a reason", "4323a555"),
        (lambda math: math.next_price_from_input(0, 1, 1, True), "revert without a reason", "4f2461b8"),
    ]
    for call, text, selector in calls:
        with pytest.raises(RevertError) as three:
            call(MATH)
        assert three.value.args[0] == text
        with pytest.raises(RevertError) as four:
            call(V4)
        assert four.value.args[1][:4].hex() == selector


def test_versions_split_an_input_between_amount_and_fee_differently() -> None:
    here, there = 2**96, 2**96 * 9 // 10
    three, four = (math.swap_step(here, there, 10**6, 999, 3000) for math in (MATH, V4))
    assert (three[0], three[2]) == (four[0], four[2])
    assert three[1] + three[3] == four[1] + four[3] == 999


def test_numbers_outside_their_type_are_refused() -> None:
    for call in (
        lambda: MATH.mul_div(-1, 1, 1),
        lambda: MATH.mul_div(2**256, 1, 1),
        lambda: MATH.tick_at_sqrt_price(2**160),
        lambda: MATH.swap_step(2**96, 2**95, 1, 2**255, 3000),
        lambda: MATH.swap_step(2**96, 2**95, 1, 1, 1_000_001),
        lambda: MATH.ticks_at_sqrt_prices(np.zeros(3, np.uint64)),
        lambda: ClammMath(5),
    ):
        with pytest.raises(InputError, match="was"):
            call()
