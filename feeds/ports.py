"""What the adapters need from the room above, as protocols: a clock, and an engine that takes what arrived.

catalogue: M1. feeds and oms stand below pycore and may not import it; it passes these objects in.
"""

from __future__ import annotations

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
