"""Kraken's books of single orders: what falls out of the subscribed depth, and the checksum of each message.

catalogue: M2, M4, M9. <https://docs.kraken.com/exchange/guides/websockets/l3-checksum-v2>: after each message the book
is cut to the subscribed count of levels; the CRC32 is over the orders of the ten best asks from the lowest price up,
then of the ten best bids from the highest down, at a price in the order of the queue, of each the digits of price and
size without point and leading zeros. Numbers are sent with the decimals of the pair, which its first messages teach.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from feeds.l3.records import DELETE, LEVEL, ORDER, Records, records
from feeds.venue.kraken_orders import DEPTH
from native._core import OrderBooks

_LEVELS_SUMMED = 10
#: Decimals of the tick and the lot of a live book.
_UNIT_DECIMALS = 8


class KrakenDepth:
    """What is held of each pair beside its book: how many decimals its prices and its sizes have."""

    def __init__(self, orders: OrderBooks, numbers: dict[str, int]) -> None:
        """Of books by symbol."""
        self._orders, self._numbers = orders, numbers
        self._decimals = {book: [0, 0] for book in numbers.values()}

    def sums(self, payload: bytes) -> list[tuple[int, bool]]:
        """The books of a message that was applied, cut to their depth, and whether the checksum of each is equal."""
        return [(book, self._cut(book) == told) for book, told in self._told(payload)]

    def _told(self, payload: bytes) -> Iterator[tuple[int, int]]:
        """The books that a message is about, with their checksums."""
        message = json.loads(payload, parse_float=str)
        if not isinstance(message, dict) or message.get("channel") != "level3":
            return
        for item in message["data"]:
            if (book := self._numbers.get(item["symbol"])) is not None:
                self._learn(book, [*item["bids"], *item["asks"]])
                yield book, int(item["checksum"])

    def _learn(self, book: int, orders: list[dict[str, Any]]) -> None:
        known = self._decimals[book]
        for order in orders:
            for at, name in enumerate(("limit_price", "order_qty")):
                known[at] = max(known[at], len(str(order.get(name, "")).partition(".")[2]))

    def _cut(self, book: int) -> int:
        """Takes out what is beyond the depth; the checksum of the rest."""
        for side in (0, 1):
            levels = np.frombuffer(self._orders.levels(book, side, DEPTH + 1), LEVEL)
            if len(levels) > DEPTH:
                self._orders.apply(self._beyond(book, side, int(levels["price"][DEPTH - 1])))
        text = "".join(self._text(book, side) for side in (1, 0))
        return zlib.crc32(text.encode())

    def _beyond(self, book: int, side: int, last: int) -> Records:
        rows = np.frombuffer(self._orders.orders(book, side), ORDER)
        gone = rows[rows["price"] > last if side else rows["price"] < last]
        return records({"id": gone["id"], "book": book, "kind": DELETE, "side": side}, len(gone))

    def _text(self, book: int, side: int) -> str:
        levels = np.frombuffer(self._orders.levels(book, side, _LEVELS_SUMMED), LEVEL)
        rows = np.frombuffer(self._orders.orders(book, side), ORDER)
        if not len(levels):
            return ""
        last = levels["price"][-1]
        best = rows[rows["price"] <= last if side else rows["price"] >= last]
        price, qty = (10 ** (_UNIT_DECIMALS - decimals) for decimals in self._decimals[book])
        return "".join(f"{int(row['price']) // price}{int(row['qty']) // qty}" for row in best)
