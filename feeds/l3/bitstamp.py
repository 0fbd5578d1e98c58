"""Bitstamp's live orders as a table: `orders.csv`, with `trades.csv` and `meta.json` beside it where they are there.

catalogue: M12. The form in which the package ob-analytics keeps a capture: id, local and exchange time in ms, price,
volume, action, direction. The first rows are the REST book, all with one local time that no later row has; volume is
what is left of the order. A market order is created at price 0 or for a volume of 0 and changes at its trades; it
never rests. A taker's order is told before its trade, so the book is crossed for some ms (longest seen: 167 ms): what
stays crossed for longer has a ghost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from feeds.l3.records import ADD, AMEND, DELETE, LAST, MESSAGE, NOTHING, SNAPSHOT, Mask, Records, records
from feeds.l3.source import Books, OrderSource
from feeds.l3.table import SCALE, Integers, blocks, divisor, integers
from feeds.unpack import Unpacked

#: How such a file begins.
HEADER = b"id,timestamp,exchange_timestamp,price,volume,action,direction"
#: How the table of trades beside it begins.
TRADES_HEADER = b"trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side"
#: Six times the longest crossing that was seen to end by itself.
GHOST_PATIENCE_NS = 1_000_000_000
#: A trade and the event of its resting order are told within this time of one another, ms of the exchange.
_TOGETHER_MS = 5
_MS_NS = 1_000_000
_KINDS = {"created": ADD, "changed": AMEND, "deleted": DELETE}


class _Rows(NamedTuple):
    """A block of the table as numbers: times in ms, price and volume in 10^-`SCALE`."""

    id: Integers
    local_ms: Integers
    exchange_ms: Integers
    price: Integers
    volume: Integers
    action: npt.NDArray[np.str_]
    ask: npt.NDArray[np.bool_]


class BitstampOrders(OrderSource):
    """One capture of live orders."""

    venue = "bitstamp-orders"
    ghost_patience_ns = GHOST_PATIENCE_NS
    exact = False

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        super().__init__(path)
        self._tick = self._lot = 1
        self._whole = 0
        self._told: Counter[str] = Counter()
        self._last_ms = 0
        self._market: set[int] = set()
        self._trades = _Trades(path.parent)

    def survey(self) -> Books:
        """Reads the file once for its books, ticks and lots."""
        tick = lot = rows = whole = 0
        first_ms: int | None = None
        for block in self._rows():
            tick, lot = divisor(tick, block.price), divisor(lot, block.volume)
            first_ms = int(block.local_ms[0]) if first_ms is None else first_ms
            if whole == rows:
                same = (block.local_ms == first_ms) & (block.action == "created")
                whole += len(same) if same.all() else int(np.argmin(same))
            rows += len(block.id)
        self._tick, self._lot = max(tick, 1), max(lot, 1)
        # One row alone with its time is a message like any other.
        self._whole = whole if whole > 1 else 0
        return Books([self._pair()], [1], rows)

    def batches(self) -> Iterator[Records]:
        """Reads the file again, as records."""
        self._told, self._last_ms, self._market = Counter(), 0, set()
        done = 0
        for block in self._rows():
            count = len(block.id)
            kinds = np.select([block.action == word for word in _KINDS], list(_KINDS.values()), NOTHING)
            market = self._never_rest(block)
            flags = np.full(count, LAST | MESSAGE, np.uint16)
            flags[: max(0, self._whole - done)] = SNAPSHOT | MESSAGE
            self._count(block)
            self._trades.meet(block)
            yield records(
                {
                    "id": block.id,
                    "price": block.price // self._tick,
                    "qty": block.volume // self._lot,
                    "ts_ns": block.exchange_ms * _MS_NS,
                    "kind": np.where(market, NOTHING, kinds),
                    "side": block.ask,
                    "flags": flags,
                },
                count,
            )
            done += count

    def told(self, book: int) -> dict[str, int]:
        """The words of the recording with their counts."""
        return {**self._told, **self._trades.told()}

    def _never_rest(self, block: _Rows) -> Mask:
        """Which rows are about market orders: created at price 0 or for nothing, then changed like others."""
        created = block.action == "created"
        self._market |= set(block.id[created & ((block.price == 0) | (block.volume == 0))].tolist())
        found: Mask = np.isin(block.id, list(self._market)) | (block.price == 0)
        self._market -= set(block.id[block.action == "deleted"].tolist())
        return found

    def _count(self, block: _Rows) -> None:
        for word in _KINDS:
            self._told[word] += int(np.count_nonzero(block.action == word))
        self._told["market_orders"] += int(
            np.count_nonzero(((block.price == 0) | (block.volume == 0)) & (block.action == "created"))
        )
        steps = np.diff(block.local_ms, prepend=self._last_ms)
        self._told["out_of_order"] += int(np.count_nonzero(steps < 0))
        self._last_ms = int(block.local_ms[-1])

    def _rows(self) -> Iterator[_Rows]:
        source = Unpacked(self.path)

        def tick() -> None:
            self.bytes_read = source.bytes_read

        for table in blocks(source, None, tick):
            where = f"{self.path} "
            yield _Rows(
                integers(table["id"], 0, where + "id"),
                integers(table["timestamp"], 0, where + "timestamp"),
                integers(table["exchange_timestamp"], 0, where + "exchange_timestamp"),
                integers(table["price"], SCALE, where + "price"),
                integers(table["volume"], SCALE, where + "volume"),
                np.asarray(table["action"]).astype(str),
                np.asarray(pc.equal(table["direction"], "ask")),
            )
        self.torn = source.torn

    def _pair(self) -> str:
        """The pair that `meta.json` names, or else the folder's name."""
        try:
            return str(json.loads((self.path.parent / "meta.json").read_text())["pair"])
        except (OSError, ValueError, LookupError, TypeError):
            return self.path.parent.name


class _Trades:
    """The trades beside the orders, and how many of them the orders confirm."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[int, list[tuple[int, int, int]]] | None = None
        self._count = 0
        self._seen: set[int] = set()
        self._pairs: list[tuple[int, int]] = []
        self._confirmed: set[int] = set()

    def _load(self) -> dict[int, list[tuple[int, int, int]]]:
        """By id of the resting order: (number of the trade, exchange time in ms, price)."""
        found: dict[int, list[tuple[int, int, int]]] = {}
        for path in sorted(self._folder.glob("trades.csv*")):
            for table in blocks(Unpacked(path), None, lambda: None):
                self._add(table, found, str(path))
        return found

    def _add(self, table: pa.Table, found: dict[int, list[tuple[int, int, int]]], where: str) -> None:
        buyers, sellers, times = (
            integers(table[name], 0, f"{where} {name}")
            for name in ("buy_order_id", "sell_order_id", "exchange_timestamp")
        )
        prices = integers(table["price"], SCALE, f"{where} price")
        sold = np.asarray(pc.equal(table["side"], "sell"))
        for buyer, seller, time, price, sell in zip(buyers, sellers, times, prices, sold, strict=True):
            maker = int(buyer if sell else seller)
            found.setdefault(maker, []).append((self._count, int(time), int(price)))
            self._pairs.append((int(buyer), int(seller)))
            self._count += 1

    def meet(self, block: _Rows) -> None:
        """Looks for the trades' orders in a block."""
        self._rows = self._load() if self._rows is None else self._rows
        if not self._count:
            return
        wanted = np.array(sorted({order for pair in self._pairs for order in pair}), np.int64)
        at = np.flatnonzero(np.isin(block.id, wanted))
        for order, time, price in zip(block.id[at], block.exchange_ms[at], block.price[at], strict=True):
            self._seen.add(int(order))
            for number, traded_ms, traded_at in self._rows.get(int(order), []):
                if abs(traded_ms - int(time)) <= _TOGETHER_MS and traded_at == int(price):
                    self._confirmed.add(number)

    def told(self) -> dict[str, int]:
        """How many trades there are, name two orders that were told, and sit at an event of their resting order."""
        both = sum(buyer in self._seen and seller in self._seen for buyer, seller in self._pairs)
        return {"trades": self._count, "trades_of_known_orders": both, "trades_at_their_order": len(self._confirmed)}
