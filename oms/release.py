"""Holds each request back until the journal is durable up to its event, then hands it to its gateway, in order.

catalogue: O2. Rule 4 of safety.md: the intent is in the journal before the first byte leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from feeds.ports import Clock
from native._core import FullError
from oms.ports import LatencySink, Outbound

#: Requests that wait for the disk at most; more means that the disk stands still, and the engine must stop.
WAITING_MAX = 8_192


class WaitingFullError(FullError):
    """More requests wait for the journal than the bound allows; nothing was dropped."""


class DurableRelease:
    """Requests in order of their sequence numbers; `durable` says how far the journal is safe on disk."""

    def __init__(
        self, durable: Callable[[], int], send: Callable[[Outbound], None], clock: Clock, latency: LatencySink
    ) -> None:
        """`send` gets each request when its event is durable."""
        self._durable = durable
        self._send = send
        self._clock = clock
        self._latency = latency
        self._waiting: deque[tuple[Outbound, int]] = deque()

    def __len__(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    def add(self, requests: Iterable[Outbound]) -> None:
        """Takes requests from the outbox and lets go what is durable already."""
        decided = self._clock.mono_ns()
        for request in requests:
            self._latency.record("receive_decision", decided - request.mono)
            self._waiting.append((request, decided))
        if len(self._waiting) > WAITING_MAX:
            raise WaitingFullError(
                f"requests waiting for the journal must stay below {WAITING_MAX}, was {len(self._waiting)}"
            )
        self.flush()

    def flush(self) -> None:
        """Sends every request whose event is durable; called when the journal says that it moved on."""
        if not self._waiting:
            return
        durable = self._durable()
        now = self._clock.mono_ns()
        while self._waiting and self._waiting[0][0].seq <= durable:
            request, decided = self._waiting.popleft()
            self._latency.record("decision_durable", now - decided)
            self._send(request)
            self._latency.record("durable_sent", self._clock.mono_ns() - now)
