"""Batches of level changes: equal to the same changes one by one, and refused by their place.

catalogue: M4.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.deltas import LEVEL_DELTA
from native._core import InputError, L2Book

SIDES = ("buy", "sell")
_CHANGES = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3), st.integers(0, 1)), max_size=60)


@given(_CHANGES, st.integers(1, 20))
def test_a_batch_is_its_changes_one_by_one(changes: list[tuple[int, int, int]], batch: int) -> None:
    """Whatever the size of the batches, both books have the same levels."""
    singly, at_once = L2Book(), L2Book()
    for price, qty, side in changes:
        singly.apply(SIDES[side], price, qty)
    array = np.array(changes, LEVEL_DELTA)
    for begin in range(0, len(changes), batch):
        at_once.apply_deltas(array[begin : begin + batch])
    for side in SIDES:
        assert at_once.levels(side) == singly.levels(side)
        assert at_once.best(side) == singly.best(side)


def test_a_bad_change_is_named_by_its_place() -> None:
    """What stands before it is applied, it and what follows is not."""
    book = L2Book()
    with pytest.raises(InputError, match=r"change 1 of the batch: .*must not be negative, was -4"):
        book.apply_deltas(np.array([(5, 1, 0), (6, -4, 0), (7, 1, 0)], LEVEL_DELTA))
    assert book.levels("buy") == [(5, 1)]
    with pytest.raises(InputError, match=r"change 0 of the batch: side must be 0 for a bid or 1 for an ask, was 2"):
        book.apply_deltas(np.array([(5, 1, 2)], LEVEL_DELTA))


def test_another_layout_is_refused() -> None:
    """Items of another size, and arrays with holes, are no batch."""
    book = L2Book()
    with pytest.raises(InputError, match="contiguous items of 24 bytes"):
        book.apply_deltas(np.zeros(4, "<i8"))
    with pytest.raises(InputError, match="contiguous items of 24 bytes"):
        book.apply_deltas(np.zeros(4, LEVEL_DELTA)[::2])
    book.apply_deltas(np.zeros(0, LEVEL_DELTA))
    assert book.best("buy") is None
