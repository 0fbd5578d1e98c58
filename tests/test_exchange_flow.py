"""The generated market has the facts that real ones have: an hour of it, measured.

catalogue: S1. Bounds are wide: they catch a generator that broke, they do not pin its figures.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest

from native._core import Exchange

Floats = npt.NDArray[np.float64]
STEP_NS = 100_000_000
SECONDS = 1800


@dataclass
class Hour:
    """What was seen: mids, spreads and level counts by step; public trades; our own passive fills (ts, sign, price)."""

    mids: list[float] = field(default_factory=list)
    spreads: list[int] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    trades: list[tuple[int, int, int]] = field(default_factory=list)
    own: list[tuple[int, int, int]] = field(default_factory=list)


def watch(seed: int) -> Hour:
    """Half an hour of BTCUSDT, with an account that keeps three lots at each side's touch."""
    x = Exchange("linear", maker_fee_e8=0, taker_fee_e8=0, seed=seed)
    x.asset("BTC", 8)
    x.asset("USDT", 8)
    s = x.symbol("BTCUSDT", "BTC", "USDT", "0.1", "0.001")
    us = x.account("us")
    x.deposit(us, "USDT", 10**18, 0)
    x.flow(s, mid=600_000)
    hour = Hour()
    for step in range(1, SECONDS * 10):
        now = step * STEP_NS
        for e in x.advance(now):
            if e["exec"] == "TRADE":
                hour.own.append((e["ts"], 1 if e["side"] == "BUY" else -1, e["last_price"]))
        hour.trades.extend((t[4], -1 if t[3] else 1, t[1]) for t in x.take_updates(s)["trades"])
        _, bid, _, ask, _ = x.bbo(s)
        assert bid is not None
        assert ask is not None
        hour.mids.append((bid + ask) / 2)
        hour.spreads.append(ask - bid)
        if step % 10 == 0:
            depth = x.depth(s, 1000)
            hour.levels.append(min(len(depth["bids"]), len(depth["asks"])) // struct.calcsize("qq"))
            x.cancel_all(us, s, now)
            x.place(us, s, f"b{step}", "BUY", "LIMIT", "GTX", bid, 3, now)
            x.place(us, s, f"s{step}", "SELL", "LIMIT", "GTX", ask, 3, now)
    x.check()
    return hour


@pytest.fixture(scope="module")
def hour() -> Hour:
    """One seed for all tests here."""
    return watch(7)


def autocorrelation(values: Floats, lag: int) -> float:
    """The sample autocorrelation at a lag."""
    centred = values - values.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / (centred * centred).mean())


def returns(hour: Hour) -> Floats:
    """Logarithmic returns of one second."""
    return np.diff(np.log(np.array(hour.mids[9::10])))


def markout_bp(hour: Hour, fills: list[tuple[int, int, int]], seconds: float) -> float:
    """What the price does for whoever bought or sold passively, in basis points, on average."""
    rows = np.array(fills)
    at = np.minimum(((rows[:, 0] + seconds * 1e9) / STEP_NS).astype(int), len(hour.mids) - 1)
    return float((rows[:, 1] * (np.array(hour.mids)[at] - rows[:, 2]) / rows[:, 2]).mean() * 1e4)


def test_the_book_is_liquid(hour: Hour) -> None:
    spreads = np.array(hour.spreads)
    assert (spreads == 1).mean() > 0.6
    assert np.percentile(spreads, 99) < 100
    assert min(hour.levels) >= 20


def test_it_trades_every_second_or_more(hour: Hour) -> None:
    times = np.array([trade[0] for trade in hour.trades])
    assert len(times) / SECONDS > 1
    assert np.percentile(np.diff(times), 99.9) < 2e9


def test_returns_have_heavy_tails_and_clustered_volatility(hour: Hour) -> None:
    r = returns(hour)
    assert 0.3 < r.std() * np.sqrt(365 * 86_400) < 1.0
    assert ((r - r.mean()) ** 4).mean() / r.var() ** 2 > 3.5
    assert all(autocorrelation(np.abs(r), lag) > 0.05 for lag in (1, 2, 5, 10))
    assert abs(autocorrelation(r, 1)) < 0.2


def test_trade_signs_persist(hour: Hour) -> None:
    signs = np.array([trade[1] for trade in hour.trades], dtype=float)
    assert autocorrelation(signs, 1) > 0.15
    assert np.mean([autocorrelation(signs, lag) for lag in range(5, 30)]) > 0


def test_passive_fills_are_adversely_selected(hour: Hour) -> None:
    assert len(hour.own) > 500
    # The maker of a public trade has the sign opposite to the taker's.
    makers = [(ts, -sign, price) for ts, sign, price in hour.trades]
    for seconds in (1.0, 5.0):
        assert markout_bp(hour, makers, seconds) < 0
        assert markout_bp(hour, hour.own, seconds) < 0
