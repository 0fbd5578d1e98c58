"""What the adapters need from the room above, as protocols: clock, engine inputs, a place for results.

catalogue: M1. feeds and oms stand below pycore and may not import it; it passes these objects in.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol


class Clock(Protocol):
    """The two clocks, ns."""

    def utc_ns(self) -> int:
        """UTC now, ns since the epoch."""

    def mono_ns(self) -> int:
        """The monotonic clock now, ns."""


class MarketInputs(Protocol):
    """Where market data goes, undecoded; the engine stamps it with the time of the call."""

    def market(self, stream: int, market: str, payload: bytes) -> None:
        """One message of a market-data socket."""

    def snapshot(self, stream: int, instrument: int, payload: bytes) -> None:
        """The body of a REST depth request for an instrument."""

    def link(self, stream: int, role: str, up: bool, account: int = 0) -> None:
        """A stream went up or down; `role` is market, user or orders."""


class Bar(Protocol):
    """A progress bar."""

    def update(self, task_id: int, *, completed: float) -> None:
        """How much is done; the only task has the id 0."""


class Results(Protocol):
    """Where a verb's results go."""

    def row(self, row: Mapping[str, object]) -> None:
        """One result."""

    def flush(self) -> None:
        """Prints the results so far, where they wait to be one table."""

    def summary(self, row: Mapping[str, object]) -> None:
        """The last result."""

    def say(self, message: str) -> None:
        """A line of progress or a remark, on stderr."""

    def progress(self, what: str, total: float) -> AbstractContextManager[Bar]:
        """A progress bar on stderr."""
