"""What every recording of single orders offers, whatever its format: its books, its batches, its own words.

catalogue: M2, M12. A source is read twice: `survey` learns books, ticks and lots, `batches` gives the records.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from feeds.l3.records import Records

#: Live orders and prices of one recording, at most; beyond them the books are full, which the check counts.
ORDERS_MAX = 1 << 22
LEVELS_MAX = 1 << 21


@dataclass
class Books:
    """The books of a recording, by number: names, usual price steps in ticks, and how many orders may be alive."""

    symbols: list[str]
    ticks_per_step: list[int]
    adds: int
    #: Books without a name (a locate code that no message is about) are rebuilt and not printed.
    listed: list[bool] = field(default_factory=list)

    @property
    def orders_max(self) -> int:
        """Room for every order that the recording ever adds, within `ORDERS_MAX`."""
        return max(1, min(self.adds, ORDERS_MAX))

    @property
    def levels_max(self) -> int:
        """Room for a price of each order, within `LEVELS_MAX`."""
        return max(1, min(self.adds, LEVELS_MAX))


class OrderSource(ABC):
    """One recording of single orders."""

    #: What `tickwright book` prints as the venue.
    venue: str
    #: How long a book may stay crossed before its older orders are ghosts, ns; None for venues with auctions, and for
    #: recordings without times.
    ghost_patience_ns: int | None = None
    #: Whether a message that is missing can be told, so that every unknown id is a fault of ours.
    exact: bool = True
    #: Whether the recording begins with the venue's day, when no order is alive.
    from_start: bool = False

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        self.path = path
        #: What is torn at the file's end, or None, after it was read.
        self.torn: str | None = None
        #: Bytes of the file that were read in the present pass.
        self.bytes_read = 0

    @abstractmethod
    def survey(self) -> Books:
        """The first pass: which books there are. InputError names the place of what cannot be read."""

    @abstractmethod
    def batches(self) -> Iterator[Records]:
        """The second pass: the records in order, some thousand at a time."""

    @abstractmethod
    def told(self, book: int) -> dict[str, int]:
        """What the recording says of a book in the venue's own words, each with its count, after `batches`."""

    def compared(self) -> tuple[int, int]:
        """How many of the venue's own book states were compared, and how many of them were equal, after `batches`."""
        return 0, 0
