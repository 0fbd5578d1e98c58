"""Books of single orders from Python: their records' layout, batches beside a plain model, views in place (M2)."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.l3 import records as r
from native._core import (
    ORDER_FAULTS,
    ORDER_RECORD_LAYOUT,
    FullError,
    InputError,
    L2Book,
    OrderBooks,
)
from tests.order_model import Order, PlainBooks

BOOKS = 2
KINDS = (
    *(r.NOTHING, r.ADD, r.ADD, r.ADD, r.REDUCE, r.DELETE, r.REPLACE, r.AMEND),
    *(r.PUT, r.CLEAR, r.TRADE, r.RESIZE, r.CUT, r.SUM),
)

ROWS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(1, 12),
        st.integers(1, 12),
        st.integers(0, BOOKS),
        st.integers(0, 1),
        st.integers(95, 105) | st.integers(1, 4_000),
        st.integers(-1, 5),
    ),
    max_size=120,
)
Rows = Sequence[tuple[int, int, int, int, int, int, int]]


def batch_of(rows: Rows) -> r.Records:
    names = ("kind", "id", "new_id", "book", "side", "price", "qty")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
    return r.records({**columns, "flags": r.LAST}, len(rows))


def test_the_dtype_is_the_cores_layout() -> None:
    fields = r.ORDER.fields
    assert fields is not None
    assert [(name, fields[name][1], fields[name][0].itemsize) for name in fields] == ORDER_RECORD_LAYOUT
    assert r.ORDER.itemsize == sum(size for _, _, size in ORDER_RECORD_LAYOUT) == 48


@given(rows=ROWS, cut=st.integers(0, 120), dense=st.booleans())
@settings(max_examples=150, deadline=None)
def test_batches_leave_the_books_of_a_plain_model(rows: Rows, cut: int, dense: bool) -> None:
    books = OrderBooks([1, 10], 16, 64, first_id=1 if dense else None)
    views = [np.asarray(books.view(book, 3)) for book in range(BOOKS)]
    model, want, tops = PlainBooks(BOOKS), [], []
    for kind, id_, new_id, book, side, price, qty in rows:
        want.append(model.apply(kind, Order(id_, book, side, price, qty), new_id))
        tops.append(model.top(book) if book < BOOKS else (0, 0, 0, 0))
    first, found = r.apply_with_tops(books, batch_of(rows[:cut]))
    second = np.frombuffer(books.apply(batch_of(rows[cut:])), np.uint8)
    assert [fault == 0 for fault in (*first, *second)] == want
    assert [tuple(map(int, top)) for top in found] == tops[:cut]
    for book in range(BOOKS):
        assert books.top(book) == model.top(book)
        assert books.kraken_checksum(book) == model.kraken_checksum(book)
        assert books.kraken_checksum(book, tick_over=7, lot_over=2) == model.kraken_checksum(book, (7, 2))
        for side in (0, 1):
            levels = np.frombuffer(books.levels(book, side, 99), r.LEVEL)
            assert [(int(price), int(qty)) for price, qty in levels] == model.levels(book, side)
            padded = [*model.levels(book, side), (0, 0), (0, 0), (0, 0)][:3]
            assert [(int(price), int(qty)) for price, qty in views[book][side]] == padded
            orders = np.frombuffer(books.orders(book, side), r.ORDER)
            assert [int(row["id"]) for row in orders] == [order.id for order in model.resting(book, side)]
    for id_ in range(1, 13):
        assert books.standing(id_) == model.standing(id_)


#: Orders whose numbers are whole units of 10 ticks and 100 lots, at more prices than a checksum is about.
RESTING = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 40), st.integers(1, 500)), max_size=80)


@given(resting=RESTING, levels=st.integers(0, 15), wrong=st.integers(0, 1))
@settings(max_examples=100, deadline=None)
def test_a_book_is_cut_and_held_to_its_checksum(resting: list[tuple[int, int, int]], levels: int, wrong: int) -> None:
    books, model = OrderBooks([1], 100, 100), PlainBooks(1)
    rows = [(r.ADD, id_, 0, 0, side, 10 * price, 100 * qty) for id_, (side, price, qty) in enumerate(resting, 1)]
    rows.append((r.CUT, levels, 0, 0, 0, 0, 0))
    for kind, id_, new_id, book, side, price, qty in rows:
        model.apply(kind, Order(id_, book, side, price, qty), new_id)
    told = model.kraken_checksum(0, (10, 100))
    faults = books.apply(batch_of([*rows, (r.SUM, told ^ wrong, 0, 0, 0, 10, 100)]))
    assert not any(faults[:-1])
    assert faults[-1] == (1 + ORDER_FAULTS.index("has another checksum than its book") if wrong else 0)
    assert books.faults()["has another checksum than its book"] == wrong
    assert books.kraken_checksum(0, tick_over=10, lot_over=100) == told
    for side in (0, 1):
        orders = np.frombuffer(books.orders(0, side), r.ORDER)
        assert [int(row["id"]) for row in orders] == [order.id for order in model.resting(0, side)]


def test_units_of_a_checksum_are_named_where_they_are_none() -> None:
    books = OrderBooks([1], 10, 10)
    with pytest.raises(InputError, match="tick_over must be at least 1, was 0"):
        books.kraken_checksum(0, tick_over=0)
    books.apply(batch_of([(r.ADD, 1, 0, 0, 0, 201, 3)]))
    assert books.kraken_checksum(0, 5) == zlib.crc32(b"10053"), "a tick of 0.5, written with one decimal"


def test_a_watched_order_keeps_its_place_through_a_batch() -> None:
    books = OrderBooks([1], 100, 100)
    books.apply(batch_of([(r.ADD, id_, 0, 0, 0, 100, id_) for id_ in range(1, 6)]))
    assert books.watch(4) == (6, 3)
    books.apply(batch_of([(r.DELETE, 2, 0, 0, 0, 0, 0), (r.REDUCE, 3, 0, 0, 0, 0, 1), (r.ADD, 9, 0, 0, 0, 100, 7)]))
    assert books.standing(4) == (3, 2)
    assert (books.unwatch(4), books.unwatch(4)) == (True, False)
    with pytest.raises(InputError, match="not alive, was 77"):
        books.watch(77)


def test_a_view_shows_the_book_in_place() -> None:
    books = OrderBooks([1], 10, 10)
    view = books.view(0, 2)
    array = np.asarray(view)
    assert (array.shape, array.dtype, array.flags.writeable, view.depth) == ((2, 2), r.LEVEL, False, 2)
    address = array.__array_interface__["data"][0]
    books.apply(batch_of([(r.ADD, 1, 0, 0, 0, 99, 5), (r.ADD, 2, 0, 0, 1, 101, 3)]))
    assert (array["price"][0, 0], array["qty"][1, 0], np.asarray(view).__array_interface__["data"][0]) == (
        99,
        3,
        address,
    )
    del books, view
    assert array["price"][0, 0] == 99, "the memory lives as long as the array"


def test_a_view_of_a_book_of_levels_follows_it() -> None:
    book = L2Book()
    array = np.asarray(book.view(2))
    for side, price, qty in (("buy", 10, 1), ("buy", 11, 2), ("buy", 9, 3), ("sell", 12, 4)):
        book.apply(side, price, qty)
    assert array["price"].tolist() == [[11, 10], [12, 0]]
    assert array["qty"].tolist() == [[2, 1], [4, 0]]
    book.clear()
    assert not array["qty"].any()


def test_ghosts_go_after_their_patience_and_at_ends_of_events_only() -> None:
    books = OrderBooks([1], 10, 10, ghost_patience_ns=100)
    rows = [
        (r.ADD, 1, 0, 0, 1, 100, 5),
        (r.ADD, 2, 0, 0, 0, 101, 5),
        (r.ADD, 3, 0, 0, 0, 90, 1),
        (r.ADD, 4, 0, 0, 0, 91, 1),
    ]
    batch = batch_of(rows)
    batch["ts_ns"], batch["flags"] = [0, 10, 500, 600], [r.LAST, r.LAST, 0, r.LAST]
    books.apply(batch)
    assert (books.ghosts, books.top(0)) == (1, (101, 5, 0, 0)), "the older of the two that cross is the ghost"


def test_bad_batches_are_named_and_change_nothing() -> None:
    books = OrderBooks([1], 10, 10)
    with pytest.raises(InputError, match="records must be contiguous records of 48 bytes, was 40 bytes"):
        books.apply(b"x" * 40)
    with pytest.raises(InputError, match="contiguous"):
        books.apply(batch_of([(r.ADD, 1, 0, 0, 0, 1, 1)] * 4)[::2])
    with pytest.raises(InputError, match="depth must be 1 to 5000 levels, was 0"):
        books.view(0, 0)
    with pytest.raises(InputError, match="ticks_per_step"):
        OrderBooks([0], 1, 1)
    odd = batch_of([(99, 1, 0, 0, 0, 1, 1), (r.ADD, 1, 0, 0, 7, 1, 1)])
    assert {ORDER_FAULTS[fault - 1] for fault in books.apply(odd)} == {"is a record of no kind, or of no side"}
    for _ in range(64):
        books.view(0, 1)
    with pytest.raises(FullError, match="64"):
        books.view(0, 1)


def test_other_threads_run_while_a_batch_is_applied() -> None:
    books = OrderBooks([1], 4, 4)
    batch = np.concatenate([batch_of([(r.ADD, 1, 0, 0, 0, 1, 1), (r.DELETE, 1, 0, 0, 0, 0, 0)])] * 200_000)
    beats: list[int] = []
    done = threading.Event()

    def apply() -> None:
        books.apply(batch)
        done.set()

    worker = threading.Thread(target=apply)
    worker.start()
    while not done.wait(0):
        beats.append(1)
    worker.join()
    assert beats, "nothing else ran: the interpreter was held"
    assert books.top(0) == (0, 0, 0, 0)
