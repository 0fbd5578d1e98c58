"""Databento's market-by-order files (DBN), decoded by Databento's own package.

catalogue: M1, M12. <https://databento.com/docs/schemas-and-data-formats/mbo>: A adds, C cancels (what it names), M
sets price and size, R empties the book, T and F tell trades and fills, which change nothing by themselves. Prices are
10^-9; the flag F_LAST (128) ends an event, F_SNAPSHOT (32) marks the book at the beginning. Before an open and
between sessions a book is crossed by right, so no order is taken for a ghost. The package is `databento-dbn`, under
Apache-2.0.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import databento_dbn as dbn
import numpy as np

from feeds.l3.records import ADD, CLEAR, LAST, MESSAGE, NOTHING, PUT, REDUCE, SNAPSHOT, TRADE, Records, records
from feeds.l3.source import Books, OrderSource
from feeds.l3.table import divisor
from feeds.unpack import Unpacked
from native._core import InputError

#: How a file begins, once unpacked.
MAGIC = b"DBN"
_KINDS = {"A": ADD, "C": REDUCE, "M": PUT, "R": CLEAR, "T": TRADE, "F": TRADE}
_BATCH = 65_536
#: An id is the venue's within one instrument: those of different books are kept apart, the first one's are as sent.
_APART = np.uint64(0x9E37_79B9_7F4A_7C15)


class DatabentoOrders(OrderSource):
    """One file of the schema mbo, of one instrument or many."""

    venue = "databento"

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        super().__init__(path)
        self._numbers: dict[int, int] = {}
        self._ticks: list[int] = []
        self._told: dict[int, Counter[str]] = {}

    def survey(self) -> Books:
        """Reads the file once for its books, ticks and lots."""
        names: dict[int, str] = {}
        ticks: defaultdict[int, int] = defaultdict(int)
        adds = 0
        for chunk in self._chunks(names):
            owners = np.fromiter((message.instrument_id for message in chunk), np.int64, len(chunk))
            prices = np.fromiter((message.price for message in chunk), np.int64, len(chunk))
            there = prices != dbn.UNDEF_PRICE
            for owner in np.unique(owners).tolist():
                ticks[owner] = divisor(ticks[owner], prices[there & (owners == owner)])
            adds += sum(str(message.action) in "AM" for message in chunk)
        self._numbers = {owner: number for number, owner in enumerate(sorted(ticks))}
        self._ticks = [max(1, ticks[owner]) for owner in self._numbers]
        return Books([names.get(owner, str(owner)) for owner in self._numbers], [1] * len(self._numbers), adds)

    def batches(self) -> Iterator[Records]:
        """Reads the file again, as records."""
        self._told = {number: Counter() for number in self._numbers.values()}
        ticks = np.array(self._ticks, np.int64)
        for chunk in self._chunks({}):
            actions = [str(message.action) for message in chunk]
            books = [self._numbers[message.instrument_id] for message in chunk]
            for book, action in zip(books, actions, strict=True):
                self._told[book][action] += 1
            raw = np.fromiter((int(message.flags) for message in chunk), np.int64, len(chunk))
            prices = np.array([message.price for message in chunk], np.int64)
            ids = np.fromiter((message.order_id for message in chunk), np.uint64, len(chunk))
            flags = MESSAGE | np.where(raw & dbn.F_LAST, LAST, 0) | np.where(raw & dbn.F_SNAPSHOT, SNAPSHOT, 0)
            columns: dict[str, Any] = {
                "id": ids ^ (np.array(books, np.uint64) * _APART),
                "price": np.where(prices == dbn.UNDEF_PRICE, 0, prices // ticks[books]),
                "qty": [message.size for message in chunk],
                "ts_ns": [message.ts_recv for message in chunk],
                "book": books,
                "kind": [_KINDS.get(action, NOTHING) for action in actions],
                "side": [str(message.side) == "A" for message in chunk],
                "flags": flags,
            }
            yield records(columns, len(chunk))

    def told(self, book: int) -> dict[str, int]:
        """The words of the recording with their counts."""
        return dict(self._told.get(book, {}))

    def _chunks(self, names: dict[int, str]) -> Iterator[list[dbn.MBOMsg]]:
        """The messages, some ten thousand at a time; fills in the instruments' names."""
        messages = self._messages(names)
        while chunk := list(islice(messages, _BATCH)):
            yield chunk

    def _messages(self, names: dict[int, str]) -> Iterator[dbn.MBOMsg]:
        source, decoder = Unpacked(self.path), dbn.DBNDecoder()
        try:
            for data in source.chunks():
                self.bytes_read = source.bytes_read
                decoder.write(data)
                for found in decoder.decode():
                    if isinstance(found, dbn.Metadata):
                        names |= _names(found)
                    elif isinstance(found, dbn.MBOMsg):
                        yield found
        except dbn.DBNError as why:
            raise InputError(f"{self.path} must be DBN that databento-dbn reads: {why}") from None
        left = len(decoder.buffer())
        self.torn = source.torn or (f"the last record is torn after {left} bytes" if left else None)


def _names(metadata: dbn.Metadata) -> dict[int, str]:
    """The symbols as asked for, by the number that the file has for them."""
    found = {}
    for symbol, intervals in metadata.mappings.items():
        for interval in intervals:
            if str(interval["symbol"]).isdigit():
                found[int(interval["symbol"])] = symbol
    return found
