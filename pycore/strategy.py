"""The strategy SDK: one base class for live, paper, shadow, replay and backtest.

catalogue: P1. A strategy sees integers (prices in ticks, sizes in lots, times in ns) and has no clock but `self.now`.
After each batch of events the runner calls the callbacks in order, then `generate_proposals(view)`; the wishes that
come back pass the gate. Both views, of a Python strategy and of a compiled kernel, are the same
(native/core/src/kernel.rs), so one rule written twice can be compared order by order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import ValidationError

from native._core import View, Wish
from pycore.config import Section
from pycore.errors import ConfigError, InputError
from pycore.notes import Fill, OrderChange, Trade


class Side(IntEnum):
    """Which way an order goes; the numbers are those of every record."""

    BUY = 0
    SELL = 1


BUY, SELL = Side.BUY, Side.SELL
#: `event::OrderType` and `event::TimeInForce` as a strategy names them.
LIMIT, MARKET = 1, 2
TIME_IN_FORCE = {"GTC": 1, "GTX": 2, "IOC": 3, "FOK": 4}
REDUCE_ONLY = 32
#: `units::NO_PRICE`: the price of an order without one.
NO_PRICE = 2**63 - 1


@dataclass(frozen=True)
class Contract:
    """What a strategy needs to know of its instrument; converts between decimals and ticks or lots."""

    instrument: int
    market: str
    symbol: str
    tick: Decimal
    lot: Decimal

    def ticks(self, price: Decimal | str) -> int:
        """A price as a count of ticks, rounded down."""
        return int((Decimal(price) / self.tick).to_integral_value(ROUND_FLOOR))

    def lots(self, size: Decimal | str) -> int:
        """A size as a count of lots, rounded down."""
        return int((Decimal(size) / self.lot).to_integral_value(ROUND_FLOOR))

    def price(self, ticks: int) -> Decimal:
        """Ticks as a price."""
        return ticks * self.tick

    def size(self, lots: int) -> Decimal:
        """Lots as a size."""
        return lots * self.lot


class Parametrised(Protocol):
    """A class whose parameters are a model."""

    Params: ClassVar[type[Section]]


class NoParams(Section):
    """A strategy without parameters."""


class Strategy:
    """Base class. Override what you need; every callback may use `buy`, `sell`, `cancel` and `replace`.

    `Params` is a pydantic model of the strategy's parameters: the configuration's `params` are checked by it before
    anything starts. A strategy that raises stops the engine, which cancels every order.
    """

    Params: ClassVar[type[Section]] = NoParams

    def __init__(self, contract: Contract, params: Mapping[str, Any] | None = None) -> None:
        """Checks the parameters; raises `ConfigError` with every fault."""
        self.contract = contract
        self.params = check_params(type(self), params or {})
        self.now = 0
        self.view: View | None = None
        self._wishes: list[Wish] = []

    def kernel(self) -> object | None:
        """The compiled kernel that makes this strategy's wishes inside the core; None: they are made here.

        A kernel is an object with a `capsule` (native/table.pxd). With one, the callbacks still come, but neither
        `generate_proposals` nor wishes made in callbacks are used.
        """
        return None

    # --- callbacks ----------------------------------------------------------------------------------------------

    def on_start(self) -> None:
        """Called once before the first event."""

    def on_book(self, book: View) -> None:
        """The book or the venue's best bid and offer changed; `book` is the view after the whole batch."""

    def on_trade(self, trade: Trade) -> None:
        """A public trade."""

    def on_fill(self, fill: Fill) -> None:
        """An own order was filled."""

    def on_order(self, order: OrderChange) -> None:
        """An own order changed its state."""

    def on_timer(self, now: int) -> None:
        """The engine's timer ticked; `now` is UTC in ns."""

    def on_stop(self) -> None:
        """Called once after the last event; orders are cancelled by the engine, not here."""

    def generate_proposals(self, view: View) -> list[Wish]:
        """The wishes for this batch; by default those collected by `buy`, `sell`, `cancel` and `replace`."""
        return self.collected()

    # --- wishes -------------------------------------------------------------------------------------------------

    def buy(self, price: int | None, qty: int, *, tif: str = "GTX", tag: int = 0, reduce_only: bool = False) -> None:
        """Wishes to buy `qty` lots at `price` ticks (None: at market)."""
        self._wishes.append(_order(BUY, price, qty, Terms(tif, tag, reduce_only)))

    def sell(self, price: int | None, qty: int, *, tif: str = "GTX", tag: int = 0, reduce_only: bool = False) -> None:
        """Wishes to sell `qty` lots at `price` ticks (None: at market)."""
        self._wishes.append(_order(SELL, price, qty, Terms(tif, tag, reduce_only)))

    def cancel(self, order: int) -> None:
        """Wishes to cancel an own order by its id."""
        self._wishes.append(Wish.cancel(order))

    def replace(self, order: int, side: int, price: int, qty: int, *, tag: int = 0) -> None:
        """Wishes to move an own order: `side` 0 buy or 1 sell, `price` ticks, `qty` lots still wanted."""
        self._wishes.append(Wish.replace(order, side, price, qty, tag))

    def collected(self) -> list[Wish]:
        """The wishes collected since the last call; they are handed over once."""
        wishes, self._wishes = self._wishes, []
        return wishes


class Terms(NamedTuple):
    """What an order says beside side, price and size."""

    tif: str
    tag: int
    reduce_only: bool


def _order(side: int, price: int | None, qty: int, terms: Terms) -> Wish:
    if terms.tif not in TIME_IN_FORCE:
        raise InputError(f"tif must be one of {', '.join(TIME_IN_FORCE)}, was {terms.tif!r}")
    flags = REDUCE_ONLY if terms.reduce_only else 0
    order_type = MARKET if price is None else LIMIT
    limit = NO_PRICE if price is None else price
    return Wish(1, side, order_type, TIME_IN_FORCE[terms.tif], flags, 0, limit, qty, terms.tag)


def check_params(kind: type[Parametrised], params: Mapping[str, Any]) -> Any:
    """The parameters as the strategy's own model. Raises `ConfigError` with every fault."""
    try:
        return kind.Params.model_validate(dict(params))
    except ValidationError as error:
        faults = [
            (f"params.{'.'.join(str(part) for part in item['loc'])}", f"{item['msg'].lower()}, was {item['input']!r}")
            for item in error.errors()
        ]
        raise ConfigError(kind.__name__, faults) from None
