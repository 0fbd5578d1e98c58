"""What the order gateways need from the engine above them, as protocols.

catalogue: O2. oms stands below pycore; pycore passes an object in that stamps each call with the time.
"""

from __future__ import annotations

from typing import Protocol


class Outbound(Protocol):
    """One request that the gate approved, signed and ready to leave."""

    @property
    def seq(self) -> int:
        """The number of its event: it may leave when the journal is durable up to here."""

    @property
    def order(self) -> int:
        """Our order id: of the new order (place, replace) or of the order asked about (cancel, query)."""

    @property
    def request(self) -> int:
        """`event::Request`: 1 place, 2 cancel, 3 replace, 4 query."""

    @property
    def account(self) -> int:
        """The account whose connection it takes."""

    @property
    def market(self) -> str:
        """spot or linear."""

    @property
    def payload(self) -> bytes:
        """The text frame."""

    @property
    def expires(self) -> int:
        """The venue time, ns, after which the venue must refuse it."""

    @property
    def mono(self) -> int:
        """The monotonic time, ns, of the event that caused it."""


class OrderInputs(Protocol):
    """Where a gateway tells the engine what happened."""

    def sent(self, order: int, request: int, expires: int) -> None:
        """The bytes of a request left."""

    def lost(self, order: int, request: int) -> None:
        """A request has no answer, or could not be sent: its order is UNKNOWN until proven."""

    def answer(self, account: int, market: str, payload: bytes) -> None:
        """A response frame to an order request."""

    def user(self, stream: int, account: int, market: str, payload: bytes) -> None:
        """A user-data event."""

    def link(self, stream: int, role: str, up: bool, account: int = 0) -> None:
        """A stream went up or down; `role` is market, user or orders."""

    def log_on(self, account: int, market: str, on: bool) -> None:
        """Whether the connection has logged on: frames made from now on carry neither key nor signature."""


class LatencySink(Protocol):
    """Takes latency samples."""

    def record(self, hop: str, ns: int) -> None:
        """One sample, ns, of a hop of `pycore.latency.HOPS`."""
