"""Messages of an ITCH channel to records of the books of named symbols, whatever locate codes the day gives them.

catalogue: M1, M2. A channel carries thousands of symbols; what is of none of the named ones is dropped before it
reaches a book. A symbol is known by its directory message, which comes before its orders.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from feeds.l3.records import ORDER, Records
from native._core import DecodeError, ItchFile

#: Locate codes have 16 bits.
_LOCATES = 1 << 16
_DIRECTORY = b"R"


class ItchMessages:
    """Reads messages as they come; books are numbered from 0 on in the order of `symbols`."""

    def __init__(self, symbols: Sequence[str]) -> None:
        """At the beginning of a session."""
        self._numbers = {symbol: number for number, symbol in enumerate(symbols)}
        self._file = ItchFile()
        self._books = np.full(_LOCATES, -1, np.int64)
        #: Numbers of the books whose directory message has come.
        self.known: set[int] = set()
        #: Messages that could not be read.
        self.garbage = 0

    def read(self, messages: Sequence[bytes]) -> Records:
        """The records of a run of messages; what cannot be read is counted and left out."""
        found = self._records(messages)
        if any(message.startswith(_DIRECTORY) for message in messages):
            self._locate()
        books = self._books[found["book"]]
        named = books >= 0
        kept: Records = found[named]
        kept["book"] = books[named]
        return kept

    def _records(self, messages: Sequence[bytes]) -> Records:
        whole = [message for message in messages if message]
        self.garbage += len(messages) - len(whole)
        try:
            return self._feed(b"".join(len(message).to_bytes(2, "big") + message for message in whole))
        except DecodeError:
            # One that is damaged hides the others: a record follows from its message alone, so each is read again.
            pass
        found = []
        for message in whole:
            try:
                found.append(self._feed(len(message).to_bytes(2, "big") + message))
            except DecodeError:
                self.garbage += 1
        return np.concatenate([np.zeros(0, ORDER), *found])

    def _feed(self, data: bytes) -> Records:
        return np.frombuffer(self._file.feed(data), ORDER)

    def _locate(self) -> None:
        """A directory message came: which locate codes are named ones."""
        for locate, symbol in enumerate(self._file.symbols()):
            number = self._numbers.get(symbol)
            if number is not None:
                self._books[locate] = number
                self.known.add(number)
