"""Strategies that tests run: one that behaves, and some that do not."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from native._core import BrokenError
from pycore.config import Section
from pycore.strategy import Strategy
from tickwright import View


class RestingParams(Section):
    """How far from the market the orders rest, and what goes wrong after how many books."""

    away_bps: int = Field(default=50, ge=0)
    qty: int = Field(default=10, ge=1)
    books: int = Field(default=20, ge=1)


class Resting(Strategy):
    """Rests one order a side, far from the market, and leaves it there."""

    Params: ClassVar[type[Section]] = RestingParams

    def on_book(self, book: View) -> None:
        if book.bid is None or book.ask is None or book.orders:
            return
        away = book.bid * self.params.away_bps // 10_000
        self.buy(book.bid - away, self.params.qty, tag=1)
        self.sell(book.ask + away, self.params.qty, tag=2)


class Raising(Resting):
    """Rests its orders, then raises."""

    fault: Exception = RuntimeError("the strategy broke")

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]  # handed through as they came
        self.books = 0

    def on_book(self, book: View) -> None:
        super().on_book(book)
        self.books += bool(book.orders)
        if self.books > self.params.books:
            raise self.fault


class Breaking(Raising):
    """Raises what a broken invariant of the core raises: the core is not trusted any more."""

    fault = BrokenError("invariant broken: a test says so, was true")


class StartRaises(Resting):
    """Raises before its first event."""

    def on_start(self) -> None:
        raise ValueError("no start")
