"""Quotes of pools: equal to the contract's loop, to the recorded answers of the chain, and to themselves in batches.

catalogue: S4.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from native._core import (
    CLAMM_QUOTE_LAYOUT,
    ClammMath,
    ClammPool,
    ClammQuotes,
    InputError,
    RevertError,
    clamm_batch,
    clamm_best_cycle,
    clamm_best_route,
)

ROW = np.dtype([(name, kind, (count,)) if count > 1 else (name, kind) for name, kind, count in CLAMM_QUOTE_LAYOUT])
MATH = ClammMath()


@dataclass
class Position:
    """Liquidity between two ticks."""

    lower: int
    upper: int
    liquidity: int


def pool(tick: int, positions: list[Position], spacing: int = 60, fee: int = 3000, off: int = 0) -> ClammQuotes:
    """A pool at a tick's price (and a little above it) with these positions."""
    net: dict[int, int] = {}
    for position in positions:
        net[position.lower] = net.get(position.lower, 0) + position.liquidity
        net[position.upper] = net.get(position.upper, 0) - position.liquidity
    active = sum(position.liquidity for position in positions if position.lower <= tick < position.upper)
    ticks = sorted(net)
    return ClammQuotes(
        MATH.sqrt_price_at_tick(tick) + off, active, spacing, fee, ticks, [net[tick] for tick in ticks], tick=tick
    )


def limbs(amounts: list[int]) -> npt.NDArray[np.uint64]:
    """Integers as uint64[n, 4], the lowest limb first."""
    packed = b"".join(amount.to_bytes(32, "little") for amount in amounts)
    return np.frombuffer(packed, np.uint64).reshape(-1, 4)


def whole(row: npt.NDArray[np.uint64]) -> int:
    """The integer in four limbs."""
    return int.from_bytes(row.tobytes(), "little")


POSITIONS = st.lists(
    st.builds(
        lambda lower, width, liquidity: Position(lower * 60, (lower + width) * 60, liquidity),
        st.integers(-300, 300),
        st.integers(1, 200),
        st.integers(1, 2**100),
    ),
    min_size=1,
    max_size=8,
)
AMOUNTS = st.integers(0, 130).flatmap(lambda bits: st.integers(-(2**bits), 2**bits)).filter(bool)


@settings(max_examples=150)
@given(POSITIONS, st.integers(-300, 300), st.booleans(), st.lists(AMOUNTS, min_size=1, max_size=10))
def test_a_quote_is_what_the_loop_does(
    positions: list[Position], tick: int, zero_for_one: bool, amounts: list[int]
) -> None:
    quotes = pool(tick * 60, positions)
    for amount in amounts:
        assert quotes.quote(zero_for_one, amount) == quotes.quote_by_steps(zero_for_one, amount)


@settings(max_examples=60)
@given(POSITIONS, st.integers(-300, 300), st.lists(st.tuples(st.booleans(), AMOUNTS), min_size=1, max_size=6))
def test_a_pool_swaps_what_its_quotes_say(positions: list[Position], tick: int, swaps: list[tuple[bool, int]]) -> None:
    made = ClammPool(3000, 60)
    made.initialize(MATH.sqrt_price_at_tick(tick * 60), 1)
    for position in positions:
        made.mint(b"\x01" * 20, position.lower, position.upper, position.liquidity, 1)
    for zero_for_one, amount in swaps:
        quotes = made.quotes()
        paid, got, price, after, _, done = quotes.quote(zero_for_one, amount)
        swap = made.swap(zero_for_one, amount, None, 2)
        assert sorted((swap.amount0, swap.amount1)) == sorted((paid, -got))
        assert (made.sqrt_price, made.tick) == (price, after)
        if not done:  # at the end of the range, where a swap in this direction is refused
            break


@settings(max_examples=50)
@given(POSITIONS, st.booleans(), st.booleans(), st.lists(st.integers(0, 2**256 - 1), min_size=1, max_size=20))
def test_a_batch_equals_its_single_quotes(
    positions: list[Position], zero_for_one: bool, exact_in: bool, amounts: list[int]
) -> None:
    quotes = pool(7, positions)
    rows = np.frombuffer(quotes.batch(zero_for_one, exact_in, limbs(amounts)), ROW)
    many = np.frombuffer(
        clamm_batch([quotes], np.zeros(len(amounts), np.uint32), zero_for_one, exact_in, limbs(amounts)), ROW
    )
    assert rows.tobytes() == many.tobytes()
    for amount, row in zip(amounts, rows, strict=True):
        if amount == 0 or amount >= 2**255:
            assert row["code"] == (2 if amount == 0 else 4)
            continue
        paid, got, price, _, crossed, done = quotes.quote(zero_for_one, amount if exact_in else -amount)
        other, same = (got, paid) if exact_in else (paid, got)
        assert (whole(row["amount"]), whole(row["swapped"]), whole(row["sqrt_price"])) == (other, same, price)
        assert (row["crossed"], row["code"]) == (crossed, 0 if done else 1)


def test_threads_share_a_pool() -> None:
    quotes = pool(0, [Position(-6000, 6000, 10**18)])
    amounts = limbs([10**12 + at for at in range(20_000)])
    single = quotes.batch(True, True, amounts)
    found: list[bytes] = []
    threads = [Thread(target=lambda: found.append(quotes.batch(True, True, amounts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [single] * 4


def test_a_long_batch_has_each_row_in_its_place() -> None:
    pools = [pool(tick, [Position(-6000, 6000, 10**18)]) for tick in (0, 120)]
    count = 2 * 32_768 + 700
    amounts, which = limbs([10**12 + at for at in range(count)]), np.arange(count, dtype=np.uint32) % 2
    one = np.frombuffer(pools[0].batch(True, True, amounts), ROW)
    many = np.frombuffer(clamm_batch(pools, which, True, True, amounts), ROW)
    assert len(one) == len(many) == count
    for at in (0, 2_047, 2_048, 32_767, 32_768, 65_535, 65_536, 66_048, count - 1):
        assert whole(one[at]["amount"]) == pools[0].quote(True, 10**12 + at)[1]
        assert whole(many[at]["amount"]) == pools[at % 2].quote(True, 10**12 + at)[1]
    assert (one["code"] == 0).all()
    assert pools[0].batch(True, True, amounts[:0]) == b""


def test_answers_go_to_the_callers_own_array() -> None:
    pools = [pool(tick, [Position(-6000, 6000, 10**18)]) for tick in (0, 120)]
    count = 2_048 + 700
    amounts, which = limbs([10**12 + at for at in range(count)]), np.arange(count, dtype=np.uint32) % 2
    kept = np.zeros(count, ROW)
    assert pools[0].batch(True, True, amounts, out=kept) is kept
    assert kept.tobytes() == pools[0].batch(True, True, amounts)
    assert clamm_batch(pools, which, True, True, amounts, out=kept) is kept
    assert kept.tobytes() == clamm_batch(pools, which, True, True, amounts)
    part = np.zeros(count + 2, ROW)
    pools[1].batch(True, True, amounts, out=part[1:-1])
    assert part[1:-1].tobytes() == pools[1].batch(True, True, amounts)
    assert not part[[0, -1]]["amount"].any(), "nothing beside it"
    none = np.zeros(0, ROW)
    assert pools[0].batch(True, True, amounts[:0], out=none) is none


def test_an_array_that_cannot_take_the_answers_is_refused_before_a_row_is_written() -> None:
    quotes, amounts, fixed = pool(0, [Position(-6000, 6000, 10**18)]), limbs([10**12] * 4), np.zeros(4, ROW)
    fixed.flags.writeable = False
    renamed = np.dtype([("amounts", *field[1:]) if field[0] == "amount" else field for field in ROW.descr])
    shared = np.zeros(4, ROW)
    aliased = shared.view(np.uint64)[:16].reshape(4, 4)
    wrong: list[tuple[Any, str]] = [
        (np.zeros(4, np.uint64), "must be an array of dtype CLAMM_QUOTE_LAYOUT, was Q"),
        (np.zeros(4, renamed), "must be an array of dtype CLAMM_QUOTE_LAYOUT, was T{"),
        (b"x" * 416, "must be an array of dtype CLAMM_QUOTE_LAYOUT, was B"),
        ([1], "must be an array of dtype CLAMM_QUOTE_LAYOUT, was TypeError"),
        (np.zeros(5, ROW), r"must have one row for each amount, was \[5\] for 4 amounts"),
        (np.zeros((2, 2), ROW), r"must have one row for each amount, was \[2, 2\] for 4 amounts"),
        (fixed, "must be writable, its rows side by side, was read-only"),
        (np.zeros(8, ROW)[::2], "must be writable, its rows side by side, was strided"),
    ]
    for out, why in wrong:
        with pytest.raises(InputError, match=f"^out {why}"):
            quotes.batch(True, True, amounts, out=out)
        with pytest.raises(InputError, match=f"^out {why}"):
            clamm_batch([quotes], np.zeros(4, np.uint32), True, True, amounts, out=out)
        assert not any(np.asarray(out).tobytes()) or isinstance(out, bytes | list), "nothing was written"
    with pytest.raises(InputError, match=r"^out must be memory of its own"):
        quotes.batch(True, True, aliased, out=shared)


def test_rows_of_many_pools_are_each_pools_own() -> None:
    pools = [pool(tick, [Position(-6000, 6000, 10**18)]) for tick in (-120, 0, 120)]
    which = np.array([2, 0, 1, 7], np.uint32)
    rows = np.frombuffer(clamm_batch(pools, which, True, True, limbs([10**12] * 4)), ROW)
    assert [whole(row["amount"]) for row in rows[:3]] == [pools[at].quote(True, 10**12)[1] for at in (2, 0, 1)]
    assert rows["code"].tolist() == [0, 0, 0, 5]


def test_limits_and_nothing_are_refused_as_the_pool_does() -> None:
    quotes = pool(0, [Position(-6000, 6000, 10**18)])
    beyond: list[Callable[[], object]] = [
        lambda: quotes.quote(True, 1, 2**96),
        lambda: quotes.quote(False, 1, 2**96),
        lambda: quotes.quote(True, 1, 1),
    ]
    for call in beyond:
        with pytest.raises(RevertError, match="SPL"):
            call()
    with pytest.raises(RevertError, match="AS"):
        quotes.quote(True, 0)
    limit = MATH.sqrt_price_at_tick(-30)
    paid, _, price, tick, _, done = quotes.quote(True, 10**30, limit)
    assert (price, tick, done) == (limit, -30, False)
    assert paid < 10**30


def test_what_no_pool_can_be_is_refused() -> None:
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: ClammQuotes(1, 0, 60, 3000, [], []), "sqrt_price"),
        (lambda: ClammQuotes(2**96, 0, 60, 3000, [60], []), "nets"),
        (lambda: ClammQuotes(2**96, 0, 60, 3000, [61], [1]), "ticks"),
        (lambda: ClammQuotes(2**96, 0, 60, 10**6, [], []), "fee_millionths"),
        (lambda: pool(0, []).batch(True, True, np.zeros(3, np.uint64)), "amounts"),
        (lambda: clamm_batch([], np.zeros(2, np.uint32), True, True, limbs([1])), "which"),
    ]
    for call, what in calls:
        with pytest.raises(InputError, match=f"^{what} "):
            call()


def test_a_pool_that_moved_is_the_same_as_one_built_anew() -> None:
    before = pool(0, [Position(-6000, 6000, 10**18), Position(-600, 660, 10**17)])
    _, _, price, tick, _, _ = before.quote(True, 3 * 10**16)
    active = 10**18 if tick < -600 else 10**18 + 10**17
    after = before.moved(price, active, tick)
    again = ClammQuotes(
        price, active, 60, 3000, [-6000, -600, 660, 6000], [10**18, 10**17, -(10**17), -(10**18)], tick=tick
    )
    for amount in (1, 10**15, 10**17, -(10**15)):
        for zero_for_one in (True, False):
            assert after.quote(zero_for_one, amount) == again.quote(zero_for_one, amount)


def test_sizes_keep_their_limits() -> None:
    quotes = pool(0, [Position(-6000, 6000, 10**18)])
    limit = MATH.sqrt_price_at_tick(-100)
    size = quotes.size_to_price(True, limit)
    assert quotes.quote(True, size)[2] >= limit > quotes.quote(True, size + 1)[2]
    size = quotes.size_for_impact(True, 10_000)
    assert quotes.quote(True, size)[1] / size >= 0.99 > quotes.quote(True, size * 101 // 100)[1] / (size * 101 // 100)
    assert quotes.size_for_impact(True, 2_000) == 0  # the fee alone is more


def test_a_route_takes_from_every_pool_what_its_depth_allows() -> None:
    deep, flat = pool(0, [Position(-6000, 6000, 9 * 10**18)]), pool(0, [Position(-6000, 6000, 10**18)])
    parts, out = clamm_best_route([(deep, True), (flat, True)], 10**17)
    assert sum(paid for paid, _ in parts) == 10**17
    assert parts[0][0] == pytest.approx(9 * 10**16, rel=1e-6)
    assert out == sum(got for _, got in parts) > deep.quote(True, 10**17)[1]


def test_a_cycle_is_found_where_prices_disagree() -> None:
    cheap, dear = pool(0, [Position(-6000, 6000, 10**18)]), pool(120, [Position(-6000, 6000, 10**18)])
    assert clamm_best_cycle([(0, 1, cheap), (0, 1, pool(0, [Position(-6000, 6000, 10**18)]))], 0) is None
    found = clamm_best_cycle([(0, 1, cheap), (0, 1, dear)], 0)
    assert found is not None
    hops, amounts, profit = found
    assert hops == [(1, True), (0, False)]
    assert amounts[-1] - amounts[0] == profit > 0
    assert cheap.quote(False, dear.quote(True, amounts[0])[1])[1] == amounts[-1]
    for other in (amounts[0] * 9 // 10, amounts[0] * 11 // 10):
        assert cheap.quote(False, dear.quote(True, other)[1])[1] - other < profit


def test_the_recorded_answers_of_the_chain(shared_data: Path) -> None:
    """QuoterV2 on mainnet, block 24407242: 80 quotes from one wei to the largest integer."""
    folder = shared_data / "clamm" / "univ3_wbtc_weth_3000_quotes"
    state = json.loads(gzip.decompress((folder / "pool_24407242.json.gz").read_bytes()))
    answers = json.loads(gzip.decompress((folder / "quoterv2_24407242.json.gz").read_bytes()))["entries"]
    net = {int(tick): values[1] for tick, values in state["tick_data"].items()}
    now = state["scalars"]
    quotes = ClammQuotes(
        now["sqrt_price_x96"],
        now["liquidity"],
        now["tick_spacing"],
        now["fee"],
        sorted(net),
        [net[at] for at in sorted(net)],
        tick=now["tick"],
    )
    wrong = []
    for key, answer in answers.items():
        _, function, direction, amount = key.split("|")
        exact_in = "Input" in function
        paid, got, *_ = quotes.quote(direction == "WBTC->WETH", int(amount) if exact_in else -int(amount))
        if (got if exact_in else paid) != answer["value"]:
            wrong.append((key, answer["value"], got if exact_in else paid))
    assert len(answers) == 80
    assert not wrong, wrong[:5]
    print(f"{len(answers)} recorded quotes are exact", file=sys.stderr)
