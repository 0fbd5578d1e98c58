"""Books of single orders as plain dictionaries and lists: what the core's are held to (M2)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from feeds.l3 import records as r

Level = tuple[int, int]


@dataclass
class Order:
    """A resting order."""

    id: int
    book: int
    side: int
    price: int
    qty: int


@dataclass
class PlainBooks:
    """Every queue is a list of orders in order of arrival; nothing is kept twice."""

    books: int
    queues: dict[tuple[int, int, int], list[Order]] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)

    def apply(self, kind: int, order: Order, new_id: int = 0) -> bool:
        """Applies one record; False where it is refused, with nothing changed."""
        if kind in (r.NOTHING, r.TRADE):
            return True
        if kind in (r.CLEAR, r.CUT):
            self._cut(order.book, order.id if kind == r.CUT else 0)
            return True
        if kind == r.SUM:
            units = order.price, order.qty
            return min(units) > 0 and self.kraken_checksum(order.book, units) == order.id
        if kind == r.ADD or (kind == r.PUT and order.id not in self.orders):
            return self._add(order)
        return self._change(kind, order, new_id)

    def _change(self, kind: int, order: Order, new_id: int) -> bool:
        live = self.orders.get(order.id)
        if live is None or live.book != order.book:
            return False
        if kind == r.DELETE:
            self._end(live)
            return True
        if kind == r.REDUCE:
            return self._reduce(live, order.qty)
        if kind == r.REPLACE:
            return self._replace(live, Order(new_id, live.book, live.side, order.price, order.qty))
        price = live.price if kind == r.RESIZE else order.price
        return self._amend(live, price, order.qty)

    def _add(self, order: Order) -> bool:
        if order.qty < 1 or order.id in self.orders or order.book >= self.books:
            return False
        self.orders[order.id] = order
        self.queues.setdefault((order.book, order.side, order.price), []).append(order)
        return True

    def _end(self, live: Order) -> None:
        del self.orders[live.id]
        queue = self.queues[live.book, live.side, live.price]
        queue.remove(live)
        if not queue:
            del self.queues[live.book, live.side, live.price]

    def _cut(self, book: int, levels: int) -> None:
        for side in (0, 1):
            for price, _ in self.levels(book, side)[levels:]:
                for live in list(self.queues[book, side, price]):
                    self._end(live)

    def _reduce(self, live: Order, qty: int) -> bool:
        if not 1 <= qty <= live.qty:
            return False
        if qty == live.qty:
            self._end(live)
        else:
            live.qty -= qty
        return True

    def _replace(self, live: Order, new: Order) -> bool:
        if new.qty < 1 or (new.id != live.id and new.id in self.orders):
            return False
        self._end(live)
        return self._add(new)

    def _amend(self, live: Order, price: int, qty: int) -> bool:
        if qty == 0:
            self._end(live)
            return True
        if qty < 0:
            return False
        if price == live.price and qty <= live.qty:
            live.qty = qty
            return True
        return self._replace(live, Order(live.id, live.book, live.side, price, qty))

    def levels(self, book: int, side: int) -> list[Level]:
        """(price, size) of a side, best first."""
        found = [(key[2], sum(o.qty for o in queue)) for key, queue in self.queues.items() if key[:2] == (book, side)]
        return sorted(found, reverse=side == 0)

    def top(self, book: int) -> tuple[int, int, int, int]:
        """Bid, size, ask, size; zeros for an empty side."""
        (bid, bid_qty), (ask, ask_qty) = ((self.levels(book, side) or [(0, 0)])[0] for side in (0, 1))
        return bid, bid_qty, ask, ask_qty

    def standing(self, id_: int) -> tuple[int, int] | None:
        """(lots, orders) before an order."""
        live = self.orders.get(id_)
        if live is None:
            return None
        queue = self.queues[live.book, live.side, live.price]
        ahead = queue[: queue.index(live)]
        return sum(order.qty for order in ahead), len(ahead)

    def resting(self, book: int, side: int) -> list[Order]:
        """The orders of a side, best first, at a price the first to be filled first."""
        return [order for price, _ in self.levels(book, side) for order in self.queues[book, side, price]]

    def kraken_checksum(self, book: int, units: tuple[int, int] = (1, 1)) -> int:
        """Of the orders of the ten best levels a side, asks first, as texts; the units are those that texts count."""
        text, (tick, lot) = "", units
        for side in (1, 0):
            best = {price for price, _ in self.levels(book, side)[:10]}
            text += "".join(f"{o.price // tick}{o.qty // lot}" for o in self.resting(book, side) if o.price in best)
        return zlib.crc32(text.encode())
