"""What a page of history is: rows, and where the next one begins.

catalogue: M7.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

#: How often an empty page is asked for again.
_EMPTY_AGAIN = 1


class Row(NamedTuple):
    """One row: a time in ms, the number that tells it from others, and the texts of its numbers by column."""

    ts_ms: int
    id: int
    known_ms: int
    """When it could be known at the soonest."""
    texts: dict[str, str]
    flags: int = 0


class Page(NamedTuple):
    """Rows by time, and the checkpoint's next `cursor` and `reached_ms`; `missing` as there."""

    rows: list[Row]
    cursor: int
    reached_ms: int
    missing: int


class Ends(NamedTuple):
    """Where a job ends in this run, and what time it is, both ms; rows that are known later are not there yet."""

    end_ms: int
    now_ms: int


async def answered(ask: Callable[[], Awaitable[Any]]) -> list[Any]:
    """An answer with rows, or an empty one that came as often as it takes to believe it."""
    for _ in range(_EMPTY_AGAIN):
        if found := await ask():
            return list(found)
    return list(await ask())
