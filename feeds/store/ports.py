"""What a store of market data is: the one interface of the lake, ClickHouse and PostgreSQL.

catalogue: M7, M10, K11. Rows have the columns of the data dictionary (`lake_schema.SCHEMAS`) whatever holds them, so
that every question is answered by the same code over any store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pyarrow as pa

from native._core import TickwrightError

#: A partition: its columns (venue, symbol, bar, day or month) with their values.
Part = Mapping[str, str]
#: Which times are asked for, ns since the epoch: the first, the first behind them, the last that a row was received at.
Times = tuple[int, int, int]


class StoreError(TickwrightError):
    """A store did not do what it was asked; the message names its place without a password, and what it said."""


class Rows(Protocol):
    """What questions are asked of."""

    def scan(self, channel: str, venue: str, symbol: str, times: Times, **within: str) -> pa.Table:
        """A channel's rows of a symbol in the order of receipt; `within` chooses further partitions (bar, day)."""

    def days(self, channel: str, venue: str, symbol: str) -> list[str]:
        """The days (or months) that a channel has rows of a symbol on, sorted."""

    def partitions(self) -> list[dict[str, Any]]:
        """What there is: a row for each channel and partition, with its `rows`, sorted."""


class Store(Rows, Protocol):
    """What rows are written to."""

    def write(self, channel: str, rows: pa.Table, name: str) -> int:
        """Stores rows, messages that are there already left out; returns how many were new.

        `name` is `<recording>-<first record>`: the same piece of the same recording, written again, changes nothing.
        """

    def keep(self, name: str, text: str) -> None:
        """Keeps a short text under a name (how far an import is); the one before is replaced."""

    def kept(self, name: str) -> str | None:
        """The text under a name, None where there is none."""

    def drop(self, channel: str, parts: Iterable[tuple[Part, int]]) -> int:
        """Removes partitions that have exactly as many rows as said (one that grew stays); returns how many rows."""

    def close(self) -> None:
        """Ends connections; nothing that was written is lost without it."""
