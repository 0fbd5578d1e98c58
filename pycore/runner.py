"""Drives strategies from batches of events: callbacks in order, then one look at the view, then the wishes.

catalogue: P1. The engine's input port and `replay --strategy` use the same runner; it reads no clock and knows no
socket. A strategy runs once after each batch in which something happened to its instrument, as a kernel does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from native._core import View, Wish
from pycore.errors import TickwrightError
from pycore.notes import Event, Fill, OrderChange, Trade
from pycore.strategy import Strategy


class Sight(Protocol):
    """What shows a strategy its world: the live engine or a replay."""

    def view(self, account: int, strategy: int, instrument: int) -> View:
        """The view after the last event."""


#: Takes (account, strategy, instrument, wishes) of a strategy that wishes for something.
Propose = Callable[[int, int, int, list[Wish]], object]


class StrategyError(TickwrightError):
    """A strategy raised; the engine cancels every order and stops."""


@dataclass(frozen=True)
class Seat:
    """A strategy with the numbers that the engine knows it by; `compiled` where a kernel makes its wishes."""

    name: str
    account: int
    strategy: int
    instrument: int
    rule: Strategy
    compiled: bool = False


class Runner:
    """Runs the strategies in their seats."""

    def __init__(self, seats: Sequence[Seat], sight: Sight, propose: Propose) -> None:
        """Calls nothing yet."""
        self._seats = list(seats)
        self._sight = sight
        self._propose = propose
        self.running = False

    def start(self) -> None:
        """Calls every `on_start`; batches are run from now on."""
        self.running = True
        for seat in self._seats:
            self._guarded(seat, seat.rule.on_start)

    def stop(self) -> None:
        """Calls every `on_stop`; batches are ignored from now on."""
        if not self.running:
            return
        self.running = False
        for seat in self._seats:
            self._guarded(seat, seat.rule.on_stop)

    def on_batch(self, events: Sequence[Event], happened: int | None = None) -> None:
        """One batch, in order, to every strategy whose instrument it touched.

        `happened` are the batch's bits where the sight shows only those of its last record, as a replay does.
        """
        if not self.running:
            return
        for seat in self._seats:
            view = self._sight.view(seat.account, seat.strategy, seat.instrument)
            if view.happened if happened is None else happened:
                self._guarded(seat, partial(self._run, seat, view, events))

    def _run(self, seat: Seat, view: View, events: Sequence[Event]) -> None:
        rule = seat.rule
        rule.now = view.now
        rule.view = view
        for event in events:
            if _concerns(seat, event):
                _call_back(rule, view, event)
        if seat.compiled:
            rule.collected()
            return
        wishes = rule.generate_proposals(view)
        if wishes:
            self._propose(seat.account, seat.strategy, seat.instrument, wishes)

    def _guarded(self, seat: Seat, call: Callable[[], None]) -> None:
        """Runs a strategy's code; what it raises becomes a `StrategyError` that names it."""
        try:
            call()
        except TickwrightError:
            raise
        except Exception as error:
            raise StrategyError(f"strategy {seat.name} raised {type(error).__name__}: {error}") from error


def _call_back(rule: Strategy, view: View, event: Event) -> None:
    kind = event[1]
    if kind == "book":
        rule.on_book(view)
    elif kind == "trade":
        rule.on_trade(Trade._make(event))
    elif kind == "fill":
        rule.on_fill(Fill._make(event))
    elif kind == "order":
        rule.on_order(OrderChange._make(event))
    elif kind == "timer":
        rule.on_timer(view.now)


def _concerns(seat: Seat, event: Event) -> bool:
    kind, instrument = event[1], event[2]
    if kind == "timer":
        return True
    if instrument != seat.instrument:
        return False
    if kind in ("order", "fill"):
        # The fifth field of both is the strategy.
        return bool(event[4] == seat.strategy)
    return kind in ("book", "trade")
