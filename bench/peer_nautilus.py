"""nautilus_trader's OrderBook (L2_MBP), fed with OrderBookDeltas that were made before the clock starts.

catalogue: M4. Runs in an environment of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas
from nautilus_trader.model.enums import BookAction, BookType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Price, Quantity

from bench.peer_rounds import LOT, TICK, Top, rounds

INSTRUMENT = InstrumentId.from_str("BTCUSDT.BINANCE")
SIDES = (OrderSide.BUY, OrderSide.SELL)


def prepare(deltas: Any, batch: int) -> Callable[[], Callable[[], Iterable[Top]]]:
    """Makes every change beforehand."""
    return fresh_book([_delta(*row.item()) for row in deltas], batch, BookType.L2_MBP)


def fresh_book(made: list[OrderBookDelta], batch: int, kind: BookType) -> Callable[[], Callable[[], Iterable[Top]]]:
    """What makes a book of a kind and gives back what applies the batches to it."""
    batches = [OrderBookDeltas(INSTRUMENT, made[begin : begin + batch]) for begin in range(0, len(made), batch)]

    def fresh() -> Callable[[], Iterable[Top]]:
        book = OrderBook(INSTRUMENT, kind)

        def run() -> Iterable[Top]:
            tops = []
            for each in batches:
                book.apply_deltas(each)
                bid, ask = book.best_bid_price(), book.best_ask_price()
                tops.append((bid, book.best_bid_size(), ask, book.best_ask_size()))
            # Made when it is read, which is not timed.
            return (
                (round(bid / TICK), round(bid_size / LOT), round(ask / TICK), round(ask_size / LOT))
                for bid, bid_size, ask, ask_size in (map(float, top) for top in tops)
            )

        return run

    return fresh


def _delta(price: int, qty: int, side: int) -> OrderBookDelta:
    order = BookOrder(SIDES[side], Price(price * TICK, 2), Quantity(qty * LOT, 3), 0)
    action = BookAction.UPDATE if qty else BookAction.DELETE
    return OrderBookDelta(INSTRUMENT, action, order, 0, 0, 0, 0)


if __name__ == "__main__":
    rounds(prepare)
