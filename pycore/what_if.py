"""What a strategy would have done on a journal: it is run again over the stored events, and its wishes are compared.

catalogue: P1, K4. The journal's own proposals keep shaping the state (orders, fills, positions), so each comparison
is made at the same point that the live strategy was at; a strategy that is unchanged must be equal in every wish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from native._core import Replay, Wish
from pycore.errors import InputError
from pycore.notes import Event
from pycore.runner import Runner, Seat
from pycore.strategy import Contract, Strategy

#: Causes of the `parameter` commands that mark where strategies start and stop in a journal.
STARTED, STOPPED = 1, 2
#: How many differences are kept to be shown.
SHOWN_MAX = 20

#: (action, side, order_type, tif, target, price, qty, flags, tag)
Key = tuple[int, ...]


@dataclass
class Comparison:
    """Counts of wishes: in the journal, computed again, equal at the same place; the first differences in full."""

    journalled: int = 0
    computed: int = 0
    equal: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)

    def add(self, seq: int, journalled: list[Key], computed: list[Key]) -> None:
        """Compares the wishes of one batch in order."""
        self.journalled += len(journalled)
        self.computed += len(computed)
        for at in range(max(len(journalled), len(computed))):
            was = journalled[at] if at < len(journalled) else None
            now = computed[at] if at < len(computed) else None
            if was == now:
                self.equal += 1
            elif len(self.differences) < SHOWN_MAX:
                self.differences.append({"seq": seq, "journal": was, "strategy": now})

    @property
    def same(self) -> bool:
        """Whether every wish is the same."""
        return self.journalled == self.computed == self.equal


class WhatIf:
    """Runs a strategy over a journal in the seat of the one that was there."""

    def __init__(self, replay: Replay, seat_name: str, make: Callable[[Contract], Strategy]) -> None:
        """`seat_name` is the journalled strategy whose place is taken; `make` builds one for each session."""
        self._replay = replay
        self._name = seat_name
        self._make = make
        self._runner: Runner | None = None
        self._seat: Seat | None = None
        self._computed: list[Key] = []
        self._journalled: list[Key] = []
        self._batch: list[Event] = []
        self._happened = 0
        self._at = 0
        self.comparison = Comparison()

    def steps(self, until: int | None) -> Iterator[int]:
        """Applies event after event; yields each sequence number."""
        while until is None or self._replay.last_seq < until:
            row = self._replay.step()
            if row is None:
                break
            if row[1] == "proposal":
                self._take_proposal(row)
            else:
                self._take_event(row)
            yield int(row[0])
        self._settle()

    def _take_proposal(self, row: tuple[Any, ...]) -> None:
        """A journalled proposal of the seat, in the shape of a wish."""
        _, _, instrument, account, strategy, action, side, order_type, tif, _, target, price, qty, flags, tag = row
        seat = self._seat
        if seat is not None and (instrument, account, strategy) == (seat.instrument, seat.account, seat.strategy):
            self._journalled.append((action, side, order_type, tif, target, price, qty, flags, tag))
        # What a proposal changed is told with the next batch, as in the live session.
        self._batch += self._replay.events()

    def _take_event(self, row: tuple[Any, ...]) -> None:
        if self._journalled or self._computed:
            self._settle()
        events = self._replay.events()
        self._batch += events
        self._at = int(row[0])
        if self._seat is not None:
            seat = self._seat
            self._happened |= self._replay.view(seat.account, seat.strategy, seat.instrument).happened
        if row[3]:
            batch, self._batch = self._batch, []
            happened, self._happened = self._happened, 0
            if self._runner is not None:
                self._runner.on_batch(batch, happened)
        self._switch(events)

    def _settle(self) -> None:
        if self._seat is not None:
            self.comparison.add(self._at, self._journalled, self._computed)
        self._journalled, self._computed = [], []

    def _switch(self, events: list[Event]) -> None:
        """Follows the marks of start and stop; each session begins with a new strategy, as the process did."""
        for event in events:
            if event[1] != "command" or event[3] != "parameter" or event[4] != "strategy":
                continue
            if event[5] != self._replay.strategies().get(self._name):
                continue
            if event[6] == STARTED:
                self._begin(instrument=event[2], strategy=event[5])
            elif event[6] == STOPPED and self._runner is not None:
                self._runner.stop()
                self._runner = None

    def _begin(self, instrument: int, strategy: int) -> None:
        facts = next((row for row in self._replay.instruments() if row["id"] == instrument), None)
        if facts is None:
            raise InputError(f"journal must name the instrument of strategy {self._name}, was {instrument}")
        contract = Contract(
            instrument, facts["market"], facts["symbol"], Decimal(facts["tick_size"]), Decimal(facts["lot_size"])
        )
        account = next(iter(self._replay.accounts().values()))
        self._seat = Seat(self._name, account, strategy, instrument, self._make(contract))
        self._runner = Runner([self._seat], self._replay, self._propose)
        self._batch = []
        self._runner.start()

    def _propose(self, account: int, strategy: int, instrument: int, wishes: list[Wish]) -> None:
        self._computed += [
            (w.action, w.side, w.order_type, w.tif, w.target, w.price, w.qty, w.flags, w.tag) for w in wishes
        ]
