"""What came of providing liquidity, against cases that are worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native._core import InputError
from sim.clamm.performance import Mark, judge, rebalancing_loss, worth

UNIT = 10**18


def full_range(price: float, scale: int = UNIT) -> tuple[int, int]:
    """What a full-range position of liquidity `scale` holds at a price: L / sqrt(p) and L * sqrt(p)."""
    return int(scale / math.sqrt(price)), int(scale * math.sqrt(price))


def at(time_s: int, price: float, **more: object) -> Mark:
    plain: dict[str, object] = {"position": full_range(price), "owed": (0, 0), "wallet": (0, 0), "in_range": True}
    return Mark(time_s, price, **(plain | more))  # type: ignore[arg-type]  # a dictionary of its fields


def test_the_loss_of_a_price_that_doubles_is_that_of_the_textbook() -> None:
    figures = judge([at(0, 1.0), at(60, 2.0)], (0, 0))
    held = worth(full_range(1.0), 2.0)
    assert figures.impermanent_loss / held == pytest.approx(2 * math.sqrt(2) / 3 - 1, rel=1e-12)  # -5.72 %
    assert figures.loss_versus_rebalancing == pytest.approx(-figures.impermanent_loss, rel=1e-12)
    assert figures.against_holding == pytest.approx(figures.impermanent_loss)


def test_a_price_that_comes_back_costs_nothing_against_holding_and_much_against_rebalancing() -> None:
    figures = judge([at(0, 1.0), at(60, 2.0), at(120, 1.0)], (0, 0))
    assert figures.impermanent_loss == pytest.approx(0.0, abs=10.0)
    there = UNIT * (math.sqrt(2) - 1) ** 2
    assert figures.loss_versus_rebalancing == pytest.approx(there + there / math.sqrt(2), rel=1e-9)


@given(prices=st.lists(st.floats(0.5, 2.0), min_size=2, max_size=30))
def test_rebalancing_never_does_worse_than_the_curve(prices: list[float]) -> None:
    marks = [at(12 * number, price) for number, price in enumerate(prices)]
    assert rebalancing_loss(marks) >= -100.0  # smallest units: the rounding of whole amounts


def test_own_calls_are_no_loss_and_their_gas_is() -> None:
    position = full_range(1.0)
    bought = [
        Mark(0, 1.0, (0, 0), (0, 0), position),
        Mark(0, 1.0, position, (0, 0), (0, 0), gas=1e15, in_range=True, moved=True),
        Mark(60, 1.0, position, (7, 5), (0, 0), gas=1e15, in_range=True),
        Mark(60, 1.0, (0, 0), (0, 0), (position[0] + 7, position[1] + 5), gas=2e15, moved=True),
    ]
    figures = judge(bought, (7, 5))
    assert figures.loss_versus_rebalancing == 0.0
    assert figures.impermanent_loss == 0.0
    assert figures.fees == (7, 5)
    assert figures.profit == pytest.approx(12 - 2e15)
    assert figures.against_holding == pytest.approx(12 - 2e15)
    assert figures.in_range == 1.0


def test_fees_that_are_still_owed_count_once() -> None:
    figures = judge([at(0, 1.0), at(60, 1.0, owed=(3, 4)), at(90, 1.0, owed=(5, 4))], (10, 20))
    assert figures.fees == (15, 24)


def test_the_figures_of_a_value_over_time() -> None:
    marks = [Mark(t, 1.0, (0, 0), (0, 0), (0, value)) for t, value in enumerate((100, 120, 90, 130))]
    figures = judge(marks, (0, 0))
    assert figures.drawdown == pytest.approx(0.3)
    changes = [20, -30, 40]
    deviation = math.sqrt(sum((change - 10) ** 2 for change in changes) / 3)
    assert figures.sharpe == pytest.approx(10 / deviation * math.sqrt(365 * 86_400))
    assert judge(marks[:1] * 2, (0, 0)).sharpe is None


def test_a_run_without_a_second_mark_has_no_figures() -> None:
    with pytest.raises(InputError, match="a run must have two marks or more, was 1"):
        judge([at(0, 1.0)], (0, 0))
