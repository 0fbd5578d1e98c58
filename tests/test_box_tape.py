"""catalogue: S1. Candles, aggregates and the exact texts of the box's numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.box.errors import ApiError
from sim.box.listing import Listing, plain_e8, spot_listings, text_e8, usdm_listings
from sim.box.params import decimal_e8
from sim.box.tape import INTERVALS, NS_PER_S, Tape, Trade, bounds

SPOT = spot_listings()[0]
USDM = usdm_listings()[0]
MINUTE_NS = 60 * NS_PER_S
START = int(datetime(2024, 2, 28, 23, 59, tzinfo=UTC).timestamp()) * NS_PER_S


def utc(ts: int) -> str:
    return datetime.fromtimestamp(ts // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("1s", "2024-02-28 23:59:00", "2024-02-28 23:59:01"),
        ("3m", "2024-02-28 23:57:00", "2024-02-29 00:00:00"),
        ("4h", "2024-02-28 20:00:00", "2024-02-29 00:00:00"),
        ("1d", "2024-02-28 00:00:00", "2024-02-29 00:00:00"),
        ("1w", "2024-02-26 00:00:00", "2024-03-04 00:00:00"),
        ("1M", "2024-02-01 00:00:00", "2024-03-01 00:00:00"),
    ],
)
def test_intervals_begin_where_the_calendar_says(interval: str, start: str, end: str) -> None:
    assert tuple(map(utc, bounds(interval, START))) == (start, end)


@given(st.sampled_from(INTERVALS), st.integers(0, 4_102_444_800 * NS_PER_S))
def test_every_time_lies_in_its_interval_and_the_next_begins_at_its_end(interval: str, ts: int) -> None:
    start, end = bounds(interval, ts)
    assert start <= ts < end
    assert bounds(interval, end)[0] == end


TRADES = st.lists(
    st.tuples(st.integers(0, 5 * 60), st.integers(5_900_000, 6_100_000), st.integers(1, 10**6), st.booleans()),
    min_size=1,
    max_size=30,
)


@given(TRADES)
def test_a_long_candle_is_the_sum_of_its_trades(rows: list[tuple[int, int, int, bool]]) -> None:
    tape = Tape(SPOT, 6_000_000)
    rows.sort(key=lambda row: row[0])
    trades = [
        Trade(number, price, qty, sell, START + second * NS_PER_S, 2 * number, 2 * number + 1)
        for number, (second, price, qty, sell) in enumerate(rows)
    ]
    tape.add(trades)
    last = trades[-1].ts
    for interval in ("1m", "5m", "1h", "1M"):
        start, end = bounds(interval, last)
        inside = [trade for trade in trades if start <= trade.ts < end]
        candle = tape.candle(interval, last)
        assert (candle.open, candle.close) == (inside[0].price, inside[-1].price)
        assert candle.high == max(trade.price for trade in inside)
        assert candle.low == min(trade.price for trade in inside)
        assert candle.volume == sum(trade.qty for trade in inside)
        assert candle.quote == sum(SPOT.value_e8(trade.price, trade.qty) for trade in inside)
        assert candle.take_volume == sum(trade.qty for trade in inside if not trade.taker_sell)
        assert (candle.count, candle.first, candle.last) == (len(inside), inside[0].trade_id, inside[-1].trade_id)
    listed = list(tape.candles("1m", last))
    assert [candle.start for candle in listed] == list(range(listed[0].start, last + 1, MINUTE_NS))
    assert sum(candle.count for candle in listed) == len(trades) == tape.day(last).count


def test_minutes_without_trades_are_flat() -> None:
    tape = Tape(SPOT, 100)
    tape.add([Trade(1, 110, 5, False, START, 1, 2)])
    quiet = list(tape.candles("1m", START + 3 * MINUTE_NS))
    assert [(candle.open, candle.close, candle.volume) for candle in quiet] == [(110, 110, 5), *[(110, 110, 0)] * 3]


def test_trades_of_one_taker_at_one_price_are_one_aggregate() -> None:
    tape = Tape(SPOT, 100)
    rows = [(1, 100, 5, 7, 1), (2, 100, 6, 7, 2), (3, 101, 1, 7, 3), (4, 101, 1, 8, 3)]
    made = tape.add(
        [Trade(number, price, qty, False, START, buyer, seller) for number, price, qty, buyer, seller in rows]
    )
    assert [(row.agg_id, row.price, row.qty, row.first, row.last) for row in made] == [
        (1, 100, 11, 1, 2), (2, 101, 1, 3, 3), (3, 101, 1, 4, 4),
    ]  # fmt: skip


@given(st.integers(0, 10**18), st.integers(0, 8))
def test_texts_are_exact_and_cut(value: int, decimals: int) -> None:
    exact = Decimal(value) / 10**8
    assert Decimal(text_e8(value, decimals)) == exact.quantize(Decimal(1).scaleb(-decimals), "ROUND_DOWN")
    assert Decimal(plain_e8(value)) == exact
    assert Decimal(text_e8(-value)) == -exact


@given(st.sampled_from([SPOT, USDM]), st.integers(0, 10**9), st.integers(0, 10**9))
def test_prices_and_sizes_say_their_ticks_and_lots(listing: Listing, ticks: int, lots: int) -> None:
    price, qty = listing.price_text(ticks), listing.qty_text(lots)
    assert Decimal(price) == Decimal(ticks * listing.tick_e8) / 10**8
    assert Decimal(qty) == Decimal(lots * listing.lot_e8) / 10**8
    assert [len(text.partition(".")[2]) for text in (price, qty)] == ([8, 8] if listing is SPOT else [2, 3])


@given(st.decimals(0, 10**9, places=8), st.sampled_from(["f", "E"]))
def test_numbers_are_read_exactly_in_either_notation(number: Decimal, notation: str) -> None:
    text = format(number, notation)
    value, used = decimal_e8(text, "quantity")
    assert Decimal(value) == number * 10**8
    assert used == max(0, -int(number.normalize().as_tuple().exponent)) if number else used == 0


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "NaN", "inf", "1e31", "0x1", "1_0", ".5", "1.2.3", "\u0661", "1e", "e5", "1 "]
)
def test_what_is_no_number_is_refused_by_name(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        decimal_e8(text, "price")
    assert caught.value.code == -1100
    assert "'price'" in caught.value.msg
