"""The one place where Python calls the compiled engine: stamps every input with the time and follows what it causes.

catalogue: K5. Feeds and gateways hand in bytes; after each input the port takes what the engine left pending (events
for strategies, requests for the gateways, books that need a snapshot) until nothing is left. A payload that cannot be
decoded is counted and answered by asking again (a snapshot, a query), never by a guess; every other error of the core
is fatal and goes to the supervisor.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from feeds.ports import Clock
from native._core import Engine, InputError, Wish
from oms.ports import Outbound
from pycore.notes import Event
from pycore.runner import Runner

log = logging.getLogger(__name__)

#: Bits of `Pending`, as native/bind/src/engine.rs returns them.
OUTBOX, EVENTS, RESYNC, HALTED = 1, 2, 4, 8
#: Undecodable payloads in a row after which a stream is not trusted any more.
UNREADABLE_MAX = 100


class Stated(NamedTuple):
    """A position as the venue states it: signed lots, entry price and unrealised profit in 1e-8 of the quote asset."""

    lots: int
    entry_e8: int = 0
    unrealised_e8: int = 0


class Port:
    """Stamps inputs, follows their consequences. Wired by `pycore.phases` before anything connects."""

    def __init__(self, core: Engine, clock: Clock) -> None:
        """Holds the engine; `runner`, `on_requests`, `on_resync` and `on_event` are set by the phases."""
        self.core = core
        self.clock = clock
        self.runner: Runner | None = None
        self.on_requests: Callable[[Sequence[Outbound]], None] = lambda requests: None
        self.on_resync: Callable[[int], None] = lambda instrument: None
        self.on_event: Callable[[Event], None] = lambda event: None
        self.unreadable: Counter[str] = Counter()
        self.events = 0
        self.halted = False
        self.closed = False
        self._pending = 0
        self._carried: list[Event] = []
        self._following = False

    # --- inputs -------------------------------------------------------------------------------------------------

    def market(self, stream: int, market: str, payload: bytes) -> None:
        """One message of a market-data socket."""
        self._input("market data", self.core.market, stream, market, payload)

    def snapshot(self, stream: int, instrument: int, payload: bytes) -> None:
        """The body of a REST depth request."""
        self._input("snapshot", self.core.snapshot, stream, instrument, payload)

    def user(self, stream: int, account: int, market: str, payload: bytes) -> None:
        """A user-data event; one that cannot be read makes every open order be asked about."""
        if not self._input("user data", self.core.user, stream, account, market, payload):
            self.query_open()

    def answer(self, account: int, market: str, payload: bytes) -> None:
        """A response frame to an order request; one that cannot be read leaves the request to its deadline."""
        self._input("answer", self.core.answer, account, market, payload)

    def link(self, stream: int, role: str, up: bool, account: int = 0) -> None:
        """A stream went up or down."""
        self._call(self.core.link, stream, role, up, account)

    def log_on(self, account: int, market: str, on: bool) -> None:
        """Whether an order connection has logged on; it changes how frames are written and nothing of the state."""
        if not self.closed:
            self.core.log_on(account, market, on)

    def sent(self, order: int, request: int, expires: int) -> None:
        """The bytes of a request left."""
        self._call(self.core.sent, order, request, expires)

    def lost(self, order: int, request: int) -> None:
        """A request has no answer: its order is UNKNOWN."""
        self._call(self.core.lost, order, request)

    def timer(self) -> None:
        """Time passes."""
        self._call(self.core.timer)

    def command(self, verb: str, **scope: Any) -> None:
        """An operator's or the supervisor's command: halt, resume, cancel_all, kill, roll_day, stop."""
        self._call(self.core.command, verb, **scope)

    def balance(self, account: int, market: str, asset: int, amount: int, *, transfer: bool = False) -> None:
        """The venue's statement of a wallet, or a transfer by `amount`, in the asset's smallest unit."""
        self._call(self.core.balance, account, market, asset, amount, int(transfer), 0)

    def venue_position(self, account: int, instrument: int, stated: Stated, *, adopt: bool = False) -> None:
        """The venue's statement of a position; with `adopt` it is ours from here on."""
        self._call(self.core.venue_position, account, instrument, *stated, adopt=adopt)

    def propose(self, account: int, strategy: int, instrument: int, wishes: list[Wish]) -> list[str]:
        """A strategy's wishes: through the gate into the order table and the outbox. Every check that refused one."""
        answers = self.core.propose(account, strategy, instrument, wishes, self.clock.utc_ns(), self.clock.mono_ns())
        # What the proposals changed is told to strategies with the next batch: a strategy runs once an input.
        self._carried += self._taken()
        self._follow(OUTBOX)
        return [text for _, refused in answers for text in refused]

    def query_open(self) -> None:
        """Asks the venue about every open order."""
        for order in self.core.orders(open_only=True):
            self._call(self.core.query, order["order"])

    # --- consequences -------------------------------------------------------------------------------------------

    def _call(self, method: Callable[..., int | None], *args: Any, **more: Any) -> None:
        if self.closed:
            return
        pending = method(*args, self.clock.utc_ns(), self.clock.mono_ns(), **more)
        self.halted = bool(pending and pending & HALTED)
        if pending:
            self._follow(pending)

    def _input(self, what: str, method: Callable[..., int], *args: Any) -> bool:
        """Hands in venue bytes; False where they cannot be decoded."""
        try:
            self._call(method, *args)
        except InputError as error:
            self.unreadable[what] += 1
            log.error("%(what)s from the venue cannot be read: %(why)s", {"what": what, "why": error})
            if self.unreadable[what] > UNREADABLE_MAX:
                raise
            return False
        return True

    def _follow(self, pending: int) -> None:
        """Works off what is pending; what the work itself causes is worked off in the same loop, never nested."""
        self._pending |= pending & (OUTBOX | EVENTS | RESYNC)
        if self._following:
            return
        self._following = True
        try:
            while self._pending:
                bits, self._pending = self._pending, 0
                self._work(bits)
        finally:
            self._following = False

    def _work(self, bits: int) -> None:
        if bits & EVENTS:
            events = self._carried + self._taken()
            self._carried = []
            if self.runner is not None:
                self.runner.on_batch(events)
        if bits & OUTBOX:
            self.on_requests(self.core.outbox())
        if bits & RESYNC:
            for instrument in self.core.resyncs():
                self.on_resync(instrument)

    def _taken(self) -> list[Event]:
        """The core's notes of the last input, shown to the session."""
        events = self.core.events()
        self.events += len(events)
        for event in events:
            self.on_event(event)
        return events
