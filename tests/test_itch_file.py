"""Files of ITCH 5.0 that an independent encoder wrote, and the books that `tickwright book` makes of them (M1, M2)."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itch.messages import create_message, messages

from feeds.l3 import records as r
from native._core import ITCH_LENGTHS, ItchFile, OrderBooks
from pycore.cli import main
from tests.order_model import Order, PlainBooks
from tests.test_book_recorded import book

AAPL = b"AAPL    "
NOON_NS = 43_200_000_000_000


def framed(kind: str, locate: int = 1, **fields: Any) -> bytes:
    """A message as itchfeed packs it, behind its length."""
    head = {"stock_locate": locate, "tracking_number": 7, "timestamp": NOON_NS}
    packed: bytes = create_message(kind.encode(), **head, **fields).to_bytes()
    return len(packed).to_bytes(2, "big") + packed


def add(order: int, side: bytes, shares: int, price: int) -> bytes:
    """A new order of the first book."""
    names: dict[str, Any] = {"order_reference_number": order, "buy_sell_indicator": side, "shares": shares}
    return framed("A", stock=AAPL, price=price, **names)


def directory(locate: int, stock: bytes) -> bytes:
    """A symbol of the day."""
    flags: dict[str, Any] = dict.fromkeys(
        (
            "market_category",
            "financial_status_indicator",
            "round_lots_only",
            "issue_classification",
            "authenticity",
            "short_sale_threshold_indicator",
            "ipo_flag",
            "luld_ref",
            "etp_flag",
            "inverse_indicator",
        ),
        b"N",
    )
    more: dict[str, Any] = {"round_lot_size": 100, "issue_sub_type": b"Z ", "etp_leverage_factor": 0}
    return framed("R", locate, stock=stock, **flags, **more)


def test_the_lengths_of_all_types_are_those_of_an_independent_parser() -> None:
    assert dict(ITCH_LENGTHS) == {kind.decode(): parsed.message_size for kind, parsed in messages.items()}


class Change(NamedTuple):
    """What a message that changes a book says, of any type."""

    kind: str
    order: int
    new: int = 0
    side: bytes = b"B"
    shares: int = 0
    price: int = 0


def message(change: Change) -> bytes:
    """A change as a message of the first book."""
    kind, order, new, side, shares, price = change
    ref = {"order_reference_number": order}
    fields: dict[str, dict[str, Any]] = {
        "F": {
            **ref,
            "buy_sell_indicator": side,
            "shares": shares,
            "stock": AAPL,
            "price": price,
            "attribution": b"NSDQ",
        },
        "E": {**ref, "executed_shares": shares, "match_number": 5},
        "C": {**ref, "executed_shares": shares, "match_number": 5, "printable": b"Y", "execution_price": price},
        "X": {**ref, "cancelled_shares": shares},
        "D": ref,
        "U": {**ref, "new_order_reference_number": new, "shares": shares, "price": price},
    }
    return add(order, side, shares, price) if kind == "A" else framed(kind, **fields[kind])


ROWS = st.lists(
    st.builds(
        Change,
        st.sampled_from("AFECXDU"),
        st.integers(1, 9),
        st.integers(1, 9),
        st.sampled_from([b"B", b"S"]),
        st.integers(1, 6),
        st.integers(1, 2**32 - 1) | st.integers(999_900, 1_000_100),
    ),
    max_size=60,
)


@given(rows=ROWS, cut=st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_what_it_packs_makes_the_books_of_a_plain_model(rows: list[Change], cut: int) -> None:
    data = b"".join(message(row) for row in rows)
    file, books, model = ItchFile(), OrderBooks([100, 100], 64, 64), PlainBooks(2)
    for at in range(0, len(data), cut):
        books.apply(np.frombuffer(file.feed(data[at : at + cut]), r.ORDER))
    kinds = {"A": r.ADD, "F": r.ADD, "E": r.REDUCE, "C": r.REDUCE, "X": r.REDUCE, "D": r.DELETE, "U": r.REPLACE}
    for kind, order, new, side, shares, price in rows:
        model.apply(kinds[kind], Order(order, 1, int(side == b"S"), price, shares), new)
    for number in (0, 1):
        found = np.frombuffer(books.orders(1, number), r.ORDER)
        want = [(resting.id, resting.price, resting.qty) for resting in model.resting(1, number)]
        assert [(int(row["id"]), int(row["price"]), int(row["qty"])) for row in found] == want
    assert file.torn == 0


DAY = [
    framed("S", 0, event_code=b"O"),
    directory(1, AAPL),
    directory(3, b"MSFT    "),
    add(1, b"B", 100, 1_000_000),
    add(2, b"S", 50, 1_000_100),
    framed(
        "F",
        3,
        order_reference_number=3,
        buy_sell_indicator=b"S",
        shares=5,
        stock=b"MSFT    ",
        price=2,
        attribution=b"X   ",
    ),
    message(Change("E", 1, shares=40)),
    message(Change("U", 2, 4, shares=30, price=1_000_200)),
]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_made_day(capsys: pytest.CaptureFixture[str], tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "01302020.NASDAQ_ITCH50"
    path.write_bytes(pack(b"".join(DAY) + b"\0\0"))
    code, rows, summary = book(capsys, path)
    found = [(row["venue"], row["instrument"], row["messages"], row["unknown_ids"]) for row in rows]
    assert (code, summary["files"], found) == (0, 1, [("itch", "AAPL", 4, 0), ("itch", "MSFT", 1, 0)])


def test_an_unknown_order_is_a_fault_and_a_torn_end_is_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "day"
    path.write_bytes(b"".join([*DAY, message(Change("D", 77))]))
    code, [first, _], _ = book(capsys, path)
    assert (code, first["unknown_ids"]) == (1, 1)
    path.write_bytes(b"".join(DAY)[:-5])
    assert main(["book", str(path)]) == 0
    assert "day: the last message is torn after 32 bytes" in capsys.readouterr().err
    path.write_bytes(b"".join(DAY) + b"\0\x20A" + b"x" * 40)
    assert main(["book", str(path)]) == 2
    assert "must have 36 bytes, was 32" in capsys.readouterr().err
