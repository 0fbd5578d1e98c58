"""A file of ITCH 5.0 messages as NASDAQ distributes a day: the core reads it, this names its books.

catalogue: M1, M2, M12. The books are those of the day's directory, by locate code. A day begins without an order, so
that a reference to an unknown one is a fault of the file or of ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from feeds.l3.records import ADD, ORDER, Records
from feeds.l3.source import Books, OrderSource
from feeds.unpack import Unpacked
from native._core import ITCH_LENGTHS, DecodeError, InputError, ItchFile

#: A dollar's cent in ticks of 1/10,000.
_CENT = 100
_LENGTHS = dict(ITCH_LENGTHS)
#: The types that begin a day: system hours (message `O`), and the directory where a file leaves those out.
_FIRST = "SR"


def is_itch(head: bytes) -> bool:
    """Whether unpacked bytes begin with a message that begins a day, behind its length."""
    return len(head) > 2 and chr(head[2]) in _FIRST and _LENGTHS[chr(head[2])] == int.from_bytes(head[:2], "big")


class ItchOrders(OrderSource):
    """One day, or the beginning of one."""

    venue = "itch"
    from_start = True

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        super().__init__(path)
        self._told: Counter[str] = Counter()
        self._books = 0

    def survey(self) -> Books:
        """Reads the file once for its books, ticks and lots."""
        adds, last = 0, 0
        for batch in self.batches():
            adds += int(np.count_nonzero(batch["kind"] == ADD))
            last = max(last, int(batch["book"].max(initial=0)))
        symbols = self._symbols + [""] * (last + 1 - len(self._symbols))
        self._books = sum(map(bool, symbols))
        return Books(symbols, [_CENT] * len(symbols), adds, [bool(symbol) for symbol in symbols])

    def batches(self) -> Iterator[Records]:
        """Reads the file again, as records."""
        source, file = Unpacked(self.path), ItchFile()
        for data in source.chunks():
            self.bytes_read = source.bytes_read
            try:
                found = np.frombuffer(file.feed(data), ORDER)
            except DecodeError as why:
                raise InputError(f"{self.path}: {why}") from None
            if len(found):
                yield found
        self._symbols = file.symbols()
        self._told = Counter(file.told())
        self.torn = source.torn or (f"the last message is torn after {file.torn} bytes" if file.torn else None)

    def told(self, book: int) -> dict[str, int]:
        """The whole file's messages by type, where it is of one symbol; they are not counted by symbol."""
        return dict(self._told) if self._books == 1 else {}
