"""Batches of level changes: equal to the same changes one by one, and refused by their place.

catalogue: M4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.deltas import LEVEL_DELTA
from native._core import InputError, L2Book

SIDES = ("buy", "sell")
_CHANGES = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3), st.integers(0, 1)), max_size=60)


def deltas(changes: list[tuple[int, int, int]]) -> Any:
    """A batch as the core takes it. `Any`: below Python 3.12 numpy does not tell that an array is a buffer."""
    return np.array(changes, LEVEL_DELTA)


@given(_CHANGES, st.integers(1, 20))
def test_a_batch_is_its_changes_one_by_one(changes: list[tuple[int, int, int]], batch: int) -> None:
    """Whatever the size of the batches, both books have the same levels."""
    singly, at_once = L2Book(), L2Book()
    for price, qty, side in changes:
        singly.apply(SIDES[side], price, qty)
    array = deltas(changes)
    for begin in range(0, len(changes), batch):
        at_once.apply_deltas(array[begin : begin + batch])
    for name in SIDES:
        assert at_once.levels(name) == singly.levels(name)
        assert at_once.best(name) == singly.best(name)


def test_a_bad_change_is_named_by_its_place() -> None:
    """What stands before it is applied, it and what follows is not."""
    book = L2Book()
    with pytest.raises(InputError, match=r"change 1 of the batch: .*must not be negative, was -4"):
        book.apply_deltas(deltas([(5, 1, 0), (6, -4, 0), (7, 1, 0)]))
    assert book.levels("buy") == [(5, 1)]
    with pytest.raises(InputError, match=r"change 0 of the batch: side must be 0 for a bid or 1 for an ask, was 2"):
        book.apply_deltas(deltas([(5, 1, 2)]))


def test_another_layout_is_refused() -> None:
    """Items of another size, and arrays with holes, are no batch."""
    book = L2Book()
    with pytest.raises(InputError, match="contiguous items of 24 bytes"):
        book.apply_deltas(np.zeros(4, "<i8").data)
    with pytest.raises(InputError, match="contiguous items of 24 bytes"):
        book.apply_deltas(deltas([(0, 0, 0)] * 4)[::2])
    book.apply_deltas(deltas([]))
    assert book.best("buy") is None
