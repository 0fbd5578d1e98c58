"""nautilus_trader's OrderBook (L3_MBO), fed with the same changes: each level is one order, numbered by its price.

catalogue: M4. Runs in an environment of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nautilus_trader.model.data import BookOrder, OrderBookDelta
from nautilus_trader.model.enums import BookAction, BookType
from nautilus_trader.model.objects import Price, Quantity

from bench.peer_nautilus import INSTRUMENT, SIDES, fresh_book
from bench.peer_rounds import LOT, TICK, Top, rounds


def prepare(deltas: Any, batch: int) -> Callable[[], Callable[[], Iterable[Top]]]:
    """Makes every change beforehand."""
    alive: set[int] = set()
    return fresh_book([_delta(alive, *row.item()) for row in deltas], batch, BookType.L3_MBO)


def _delta(alive: set[int], price: int, qty: int, side: int) -> OrderBookDelta:
    number = 2 * price + side
    action = BookAction.DELETE if not qty else BookAction.UPDATE if number in alive else BookAction.ADD
    (alive.add if qty else alive.discard)(number)
    order = BookOrder(SIDES[side], Price(price * TICK, 2), Quantity(qty * LOT, 3), number)
    return OrderBookDelta(INSTRUMENT, action, order, 0, 0, 0, 0)


if __name__ == "__main__":
    rounds(prepare)
