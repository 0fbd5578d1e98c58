"""Our book, fed from Python: one call a batch of level changes.

catalogue: M4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bench.peer_rounds import Top, rounds
from native._core import L2Book


def prepare(deltas: Any, batch: int) -> Callable[[], Callable[[], Iterable[Top]]]:
    """The batches are views of one array."""
    batches = [deltas[begin : begin + batch] for begin in range(0, len(deltas), batch)]

    def fresh() -> Callable[[], Iterable[Top]]:
        book = L2Book()

        def run() -> list[Top]:
            tops = []
            for each in batches:
                book.apply_deltas(each)
                tops.append((*(book.best("buy") or (0, 0)), *(book.best("sell") or (0, 0))))
            return tops

        return run

    return fresh


if __name__ == "__main__":
    rounds(prepare)
