"""Decoder and book as Python sees them: exact numbers, any order of members, named refusals (M1, M4)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native._core import BookCheck, BookSurvey, DecodeError, Decoder, InputError, L2Book, UnknownError

SPOT = (
    b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255308,"s":"BTCUSDT","U":50093239203,'
    b'"u":50093239207,"b":[["55653.87000000","0.00000000"]],"a":[["61838.04000000","0.32332000"]]}}'
)


def decoder() -> Decoder:
    made = Decoder()
    assert made.define("spot", "BTCUSDT", "0.01", "0.00001") == 1
    return made


def test_a_delta_becomes_ticks_and_lots() -> None:
    [record] = decoder().market("spot", SPOT)
    assert record == {
        "kind": "depth",
        "instrument": 1,
        "stream_seq": 50093239207,
        "ts_venue": 1723161255308000000,
        "snapshot": False,
        "first": 50093239203,
        "previous": 0,
        "bids": [(5565387, 0)],
        "asks": [(6183804, 32332)],
    }


@given(st.permutations(sorted(json.loads(SPOT)["data"].items())), st.sampled_from([None, 1]))
def test_the_order_of_members_says_nothing(members: list[tuple[str, object]], indent: int | None) -> None:
    """Whatever the order and the white space, the message means the same."""
    text = json.dumps({"data": dict(members), "stream": "btcusdt@depth@100ms"}, indent=indent).encode()
    assert decoder().market("spot", text) == decoder().market("spot", SPOT)


def test_bad_messages_name_field_and_value() -> None:
    for old, new, error, text in [
        (b"61838.04000000", b"NaN", InputError, "price must be a decimal number, was NaN"),
        (b"61838.04000000", b"-1", InputError, "price must be above zero, was -1"),
        (b"BTCUSDT", b"XYZUSDT", UnknownError, "unknown symbol, was XYZUSDT"),
        (b"}}", b"", DecodeError, "was the end of the message"),
    ]:
        with pytest.raises(error, match=text):
            decoder().market("spot", SPOT.replace(old, new))


@given(st.binary(max_size=200))
def test_no_bytes_break_it(payload: bytes) -> None:
    """Whatever arrives, the answer is records or an InputError."""
    try:
        decoder().market("spot", payload)
        decoder().snapshot(1, payload)
    except InputError:
        pass


@given(st.lists(st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 60), st.integers(0, 5)), max_size=80))
def test_the_book_equals_a_dict(changes: list[tuple[str, int, int]]) -> None:
    """Levels, best, size and depth agree with the plainest model there is."""
    book = L2Book()
    model: dict[str, dict[int, int]] = {"buy": {}, "sell": {}}
    for side, price, qty in changes:
        book.apply(side, price, qty)
        if qty:
            model[side][price] = qty
        else:
            model[side].pop(price, None)
    for side, reverse in (("buy", True), ("sell", False)):
        want = sorted(model[side].items(), reverse=reverse)
        assert book.levels(side) == want
        assert book.levels(side, 3) == want[:3]
        assert book.best(side) == (want[0] if want else None)
        assert book.qty_at(side, 30) == model[side].get(30, 0)
        assert book.cumulative(side, 30) == sum(q for p, q in want if (p >= 30 if reverse else p <= 30))
    with pytest.raises(InputError, match="side must be buy or sell, was bid"):
        book.best("bid")


def test_an_error_in_a_batch_names_its_record() -> None:
    survey = BookSurvey()
    with pytest.raises(DecodeError, match=r"day\.gz record 12: cannot decode"):
        survey.feed([SPOT, SPOT, b"{"], origin="day.gz", first=10)
    assert survey.market == "spot"
    assert survey.instruments() == [("BTCUSDT", "0.03", "0.32332")]
    check = BookCheck("spot")
    check.begin_file()
    with pytest.raises(UnknownError, match="record 0: unknown symbol, was BTCUSDT"):
        check.feed([SPOT])
