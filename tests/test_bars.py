"""Bars (M8): live and archive give the same bytes whatever the batching, and the rules of an untidy market hold."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import bars
from feeds.lake_schema import BARS
from native._core import InputError

SPECS = ["1s", "1m", "5m", "tick:3", "volume:0.5", "dollar:40"]
Trade = tuple[int, int, int, int, int]
trade = st.tuples(
    st.integers(-(10**9), 9 * 10**9),  # the step of time, ns: backwards too
    st.integers(0, 40),  # the id: repeated, and 0 for none
    st.integers(1, 5_000),
    st.integers(1, 90),
    st.sampled_from([0, 2, 16]),
)


def at_times(steps: list[Trade]) -> list[Trade]:
    times = np.cumsum([10**12, *(step[0] for step in steps)])[1:]
    return [(int(ts), *step[1:]) for ts, step in zip(times, steps, strict=True)]


def columns(trades: list[Trade]) -> list[Any]:
    types = (np.int64, np.uint64, np.int64, np.int64, np.uint32)
    return [np.array([row[at] for row in trades], dtype) for at, dtype in enumerate(types)]


@given(st.lists(trade, max_size=60), st.sampled_from(SPECS), st.lists(st.integers(0, 60), max_size=6))
def test_live_bars_equal_those_of_the_archive_bit_for_bit(steps: list[Trade], spec: str, cuts: list[int]) -> None:
    trades = at_times(steps)
    live, whole, cut = (bars.builder(spec, 2, 2) for _ in range(3))
    one_by_one = b"".join(live.take(*row) for row in trades)
    at_once = whole.batch(*columns(trades))
    edges = sorted({0, len(trades), *(edge for edge in cuts if edge < len(trades))})
    pieces = [cut.batch(*columns(trades[a:b])) for a, b in pairwise(edges)]
    assert one_by_one == at_once == b"".join(pieces)
    assert live.open() == whole.open() == cut.open()
    assert (live.late, live.duplicates) == (whole.late, whole.duplicates) == (cut.late, cut.duplicates)


def test_a_bar_as_arrow_has_the_dictionarys_fields_and_an_exact_notional() -> None:
    builder = bars.builder("1s", 2, 3)
    big = 2**62
    builder.take(5, 1, big, 3)
    packed = builder.take(1_000_000_000, 2, 7, 1, 2)
    found = bars.table(packed, BARS)
    (row,) = found.to_pylist()
    assert row == {
        "begin_ns": 0,
        "end_ns": 1_000_000_000,
        **dict.fromkeys(("open", "high", "low", "close"), big),
        "volume": 3,
        "buy_volume": 3,
        "notional": 3 * big,
        "trades": 1,
    }
    assert [field.name for field in found.schema] == [field.name for field in BARS if field.name in row]


def test_time_that_comes_closes_a_bar_and_makes_its_trades_late() -> None:
    builder = bars.builder("1s", 0, 0)
    builder.take(5, 1, 10, 1)
    assert len(bars.rows(builder.close_until(10**9))) == 1
    assert builder.take(7, 2, 10, 1) == b""
    assert (builder.late, builder.open()) == (1, b"")


@pytest.mark.parametrize("spec", ["2m", "tick:0", "tick:1.5", "volume:x", "dollar:-1", "volume:0.001", "volume:inf"])
def test_a_bad_specification_is_named(spec: str) -> None:
    with pytest.raises(InputError, match="must"):
        bars.builder(spec, 2, 2)


def test_a_bad_batch_changes_nothing() -> None:
    builder = bars.builder("tick:1", 0, 0)
    with pytest.raises(InputError, match="qty"):
        builder.batch(*columns([(1, 1, 1, 1, 0), (2, 2, 1, 0, 0)]))
    with pytest.raises(InputError, match="id"):
        builder.batch(*columns([(1, 1, 1, 1, 0)])[:1], *columns([])[1:])
    assert len(bars.rows(builder.take(1, 1, 1, 1))) == 1
