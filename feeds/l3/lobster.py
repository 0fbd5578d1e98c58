"""LOBSTER's two tables: every message of a day and, row by row, the best levels after it.

catalogue: M12. <https://lobsterdata.com/info/DataStructure.php>: a message is time in seconds, type (1 new, 2 part
cancelled, 3 deleted, 4 executed, 5 hidden, 6 cross, 7 halt), order, size, price in 1/10,000 dollars and direction (1
a bid); a row of the book is ask, size, bid, size of each level from the best on, an empty level having a price of
9,999,999,999. Orders from before the first message are not told, so the books of single orders begin cold; each row
of the venue's book is compared with the row before it changed by the message, which is exact at every level that both
show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from feeds.l3.records import ADD, DELETE, LAST, MESSAGE, NOTHING, REDUCE, Mask, Records, records
from feeds.l3.source import Books, OrderSource
from feeds.l3.table import Integers, blocks, divisor, integers
from feeds.unpack import Unpacked
from native._core import InputError

#: The columns of the table of messages.
COLUMNS = ["time", "type", "order", "size", "price", "direction"]
_KINDS = {1: ADD, 2: REDUCE, 3: DELETE, 4: REDUCE}
_WORDS = {1: "new", 2: "part_cancelled", 3: "deleted", 4: "executed", 5: "hidden", 6: "cross", 7: "halt"}
_VISIBLE = (1, 2, 3, 4)
#: A dollar's cent in ticks of 1/10,000.
_CENT = 100
_ROWS = 4_096


class _Messages(NamedTuple):
    """Rows of messages as numbers; times in ns, direction 1 for a bid and -1 for an ask."""

    time_ns: Integers
    type: Integers
    order: Integers
    size: Integers
    price: Integers
    direction: Integers


class LobsterOrders(OrderSource):
    """A pair of tables, known by that of the messages."""

    venue = "lobster"

    def __init__(self, path: Path) -> None:
        """Looks for the table of the book beside the messages. InputError where it is not there."""
        super().__init__(path)
        self.book = path.with_name(path.name.replace("message", "orderbook"))
        if "message" not in path.name or not self.book.exists():
            raise InputError(
                f"{path} must have its order book beside it (message for orderbook in the name), was alone"
            )
        self._told: Counter[str] = Counter()
        self._compared = self._equal = 0

    def survey(self) -> Books:
        """Reads the file once for its books, ticks and lots."""
        step = rows = 0
        for block in self._messages():
            step = divisor(step, block.price[np.isin(block.type, _VISIBLE)])
            rows += len(block.type)
        parts = self.path.name.replace("lobster_", "").split("_")
        return Books([parts[0].upper()], [_CENT if step % _CENT == 0 else 1], rows)

    def batches(self) -> Iterator[Records]:
        """Reads the file again, as records."""
        self._told, self._compared, self._equal = Counter(), 0, 0
        before: Integers | None = None
        for block, book in zip_longest(_even(self._messages()), self._levels()):
            if block is None or book is None or len(book) != len(block.type):
                raise InputError(f"{self.book} must have a row for each message of {self.path.name}, was another count")
            for number, word in _WORDS.items():
                self._told[word] += int(np.count_nonzero(block.type == number))
            rows = book if before is None else np.concatenate([before, book])
            self._compare(rows, _tail(block, len(rows) - 1))
            before = book[-1:]
            kinds = np.select([block.type == number for number in _KINDS], list(_KINDS.values()), NOTHING)
            columns: dict[str, Any] = {
                "id": block.order,
                "price": block.price,
                "qty": block.size,
                "ts_ns": block.time_ns,
            }
            columns |= {"kind": kinds, "side": block.direction != 1, "flags": LAST | MESSAGE}
            yield records(columns, len(kinds))

    def told(self, book: int) -> dict[str, int]:
        """The words of the recording with their counts."""
        return dict(self._told)

    def compared(self) -> tuple[int, int]:
        """Rows of the book that were compared, and those that were equal."""
        return self._compared, self._equal

    def _compare(self, rows: Integers, messages: _Messages) -> None:
        """Compares each row with the one before it, changed by its message."""
        equal = np.ones(len(messages.type), bool)
        for column, sign, ours in ((0, 1, messages.direction != 1), (2, -1, messages.direction == 1)):
            keys, sizes = rows[:, column::4] * sign, rows[:, column + 1 :: 4]
            equal &= _follows(keys, sizes, messages, messages.price * sign, ours)
        self._compared += len(equal)
        self._equal += int(np.count_nonzero(equal))

    def _messages(self) -> Iterator[_Messages]:
        source = Unpacked(self.path)

        def tick() -> None:
            self.bytes_read = source.bytes_read

        for table in blocks(source, COLUMNS, tick):
            numbers = [integers(table[name], 9 if name == "time" else 0, f"{self.path} {name}") for name in COLUMNS]
            time, kind, order, size, price, direction = numbers
            yield _Messages(time, kind, order, size, price, direction)
        self.torn = source.torn

    def _levels(self) -> Iterator[Integers]:
        """The rows of the book, `_ROWS` at a time."""
        source = Unpacked(self.book)
        width = len(source.head(1 << 16).split(b"\n", 1)[0].split(b","))
        names = [f"c{at}" for at in range(width)]
        if width % 4:
            raise InputError(f"{self.book} must have four columns a level, was {width} columns")
        held: list[Integers] = []
        for table in blocks(source, names, lambda: None):
            held.append(_matrix(table, str(self.book)))
            rows = np.concatenate(held)
            while len(rows) >= _ROWS:
                yield rows[:_ROWS]
                rows = rows[_ROWS:]
            held = [rows]
        if held and len(held[0]):
            yield held[0]


def _matrix(table: pa.Table, where: str) -> Integers:
    return np.stack([integers(column, 0, where) for column in table.columns], axis=1)


def _even(blocks_of: Iterator[_Messages]) -> Iterator[_Messages]:
    """The same rows, `_ROWS` at a time."""
    held: _Messages | None = None
    for block in blocks_of:
        held = block if held is None else _Messages(*(np.concatenate(pair) for pair in zip(held, block, strict=True)))
        while len(held.type) >= _ROWS:
            yield _Messages(*(column[:_ROWS] for column in held))
            held = _Messages(*(column[_ROWS:] for column in held))
    if held is not None and len(held.type):
        yield held


def _tail(block: _Messages, count: int) -> _Messages:
    return _Messages(*(column[len(column) - count :] for column in block))


def _follows(keys: Integers, sizes: Integers, messages: _Messages, at: Integers, ours: Mask) -> Mask:
    """Whether each row of a side is the row before it, changed by the message; keys grow away from the best price.

    A level that a message takes out lets one in at the far end, of which the row before knows nothing.
    """
    before, after = keys[:-1], keys[1:]
    old, new = sizes[:-1], sizes[1:]
    depth = keys.shape[1]
    change = np.where(messages.type == 1, messages.size, -messages.size)
    change = np.where(ours & np.isin(messages.type, _VISIBLE), change, 0)[:, None]
    place = np.count_nonzero(before < at[:, None], axis=1)[:, None]
    column = np.arange(depth)[None, :]
    there = np.any(before == at[:, None], axis=1)[:, None]
    left = np.where(there, np.take_along_axis(old, np.minimum(place, depth - 1), axis=1), 0) + change
    opens, closes = (change > 0) & ~there, there & (left == 0) & (change != 0)
    source = column - (opens & (column > place)) + (closes & (column >= place))
    known = source < depth
    source = np.minimum(source, depth - 1)
    want_keys, want_sizes = (np.take_along_axis(side, source, axis=1) for side in (before, old))
    here = (column == place) & (change != 0) & ~closes
    want_keys = np.where(here & opens, at[:, None], want_keys)
    want_sizes = np.where(here & (opens | there), left, want_sizes)
    same = (want_keys == after) & (want_sizes == new)
    beyond = ~known & (after > before[:, -1:])
    equal: Mask = np.all(same | beyond, axis=1)
    return equal
