"""The quoting models as research sees them: the check values, the rules of the ladder, and the estimators."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native._core import (
    InputError,
    Intensity,
    Ladder,
    Volatility,
    avellaneda,
    exp,
    glft,
    ln,
    mid,
    pow,
    sqrt,
    weighted_mid,
)

SECOND = 10**9


def test_avellaneda_stoikov_gives_the_check_values() -> None:
    reservation, half = avellaneda(gamma=0.1, sigma=2, k=1.5, time_left=1, inventory=3, fair=100)
    assert reservation == pytest.approx(98.8, abs=1e-12)
    assert reservation - half == pytest.approx(97.954615, abs=5e-7)
    assert reservation + half == pytest.approx(99.645385, abs=5e-7)
    _, base = avellaneda(gamma=0.1, sigma=2, k=1.5, time_left=0, inventory=0, fair=100)
    assert 2 * base == pytest.approx(1.290770423, abs=5e-10)


def test_glft_gives_the_check_values() -> None:
    half, skew = glft(a=2.986162360812285, k=0.04235741115084049, gamma=0.05, xi=0.05, sigma=10.69)
    assert half == pytest.approx(20.47208533844371, rel=1e-15)
    assert skew == pytest.approx(9.76326865029227, rel=1e-15)


def test_the_weighted_mid_gives_the_check_value() -> None:
    assert weighted_mid(100, 30, 101, 10) == 100.75
    assert mid(100, 101) == 100.5
    assert mid(None, 101) is None
    assert weighted_mid(101, 1, 100, 1) is None


@given(st.floats(1e-6, 1e6), st.floats(-20, 20))
def test_the_pinned_functions_stay_within_two_units_of_the_last_place(x: float, y: float) -> None:
    for ours, theirs in [(ln(x), math.log(x)), (exp(y), math.exp(y)), (pow(x, y), math.pow(x, y))]:
        assert ours == theirs or abs(ours - theirs) <= 2 * math.ulp(theirs)
    assert sqrt(x) == math.sqrt(x)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"k": 0.0}, "k must be a number above zero, was 0"),
        ({"a": -1.0}, "a must be a number above zero, was -1"),
        ({"sigma": math.nan}, "sigma must be a number of zero or more, was NaN"),
        ({"gamma": math.inf}, "gamma must be a number above zero, was inf"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(change: dict[str, float], text: str) -> None:
    with pytest.raises(InputError, match=text):
        glft(**{"a": 1.0, "k": 1.0, "gamma": 0.1, "xi": 0.1, "sigma": 1.0} | change)


def test_the_ladder_rounds_away_from_the_fair_price_and_leans_against_inventory() -> None:
    ladder = Ladder(count=2, step=2, size=10, position_max=100)
    bids, asks = ladder.quote(fair=1000.5, half_spread=2.2, skew=0.1, inventory=0, bid=1000, ask=1001)
    assert (bids, asks) == ([(998, 10), (996, 10)], [(1003, 10), (1005, 10)])
    bids, asks = ladder.quote(fair=1000.5, half_spread=2.2, skew=0.1, inventory=95, bid=1000, ask=1001)
    assert (bids, asks) == ([(988, 5)], [(1001, 10), (1003, 10)])
    with pytest.raises(InputError, match="fair must be a finite number, was NaN"):
        ladder.quote(fair=math.nan, half_spread=1, skew=0, inventory=0)
    with pytest.raises(InputError, match="size must be 1 to 2\\^40, was 0"):
        Ladder(count=1, step=1, size=0, position_max=1)


def test_the_estimators_find_what_made_the_data() -> None:
    volatility = Volatility(60 * SECOND, SECOND // 10)
    assert volatility.sigma is None
    for step in range(500):
        volatility.observe(step * SECOND // 4, 1000.0 + 3 * (step % 2))
    assert volatility.sigma == pytest.approx(6.0)

    intensity = Intensity(600 * SECOND, 1.0)
    assert intensity.curve() is None
    for nth in range(50_000):
        quantile = nth * 7919 % 50_000 / 50_000
        intensity.trade(nth * SECOND // 100, -math.log(1 - quantile) / 0.3)
    curve = intensity.curve()
    assert curve is not None
    assert curve == pytest.approx((50.0, 0.3), rel=0.03)
    before = curve[0]
    intensity.advance(1_200 * SECOND)
    later = intensity.curve()
    assert later is not None
    assert later[0] < before / 2, "silence lowers the rate"
