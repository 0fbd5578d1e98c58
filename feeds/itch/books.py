"""The live books of single orders of some symbols of an ITCH channel.

catalogue: M1, M2. Messages are gathered and applied a batch at a time in the core, at the latest when somebody looks. A
book is in step while its symbol is known, nothing of the channel was lost and nothing of it was refused; after a loss
only another session makes it whole, because ITCH has no snapshot on its lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from feeds.itch.messages import ItchMessages
from feeds.l3.records import LEVEL
from native._core import OrderBooks

#: Prices are in 1/10,000 of a dollar, sizes in shares.
TICK, LOT = "0.0001", "1"
#: A cent: the usual distance of two prices in ticks.
_CENT = 100
#: Messages that wait for the next look, at most.
_BATCH = 512


class ItchBooks:
    """Books by symbol, numbered from 0 on; as `feeds.market_feed.ViewBooks`."""

    def __init__(self, symbols: Sequence[str], orders_max: int, *, from_start: bool) -> None:
        """Takes all memory: room for `orders_max` orders that are alive. `from_start`: no message was missed before."""
        self._symbols, self._orders_max = list(symbols), orders_max
        self.numbers = {symbol: number for number, symbol in enumerate(symbols)}
        self.units = dict.fromkeys(symbols, (TICK, LOT))
        self.gaps = 0
        self._before = 0
        self._begin(from_start)

    def _begin(self, whole: bool) -> None:
        cents = [_CENT] * len(self._symbols)
        self._orders = OrderBooks(cents, self._orders_max, self._orders_max)
        self._messages = ItchMessages(self._symbols)
        self._whole = whole
        self._refused: set[int] = set()
        self._waiting: list[bytes] = []

    def message(self, payload: bytes) -> None:
        """The next message of the channel."""
        self._waiting.append(payload)
        if len(self._waiting) >= _BATCH:
            self.settle()

    def lost(self) -> None:
        """Messages of the channel will not come: no book is whole any more."""
        self.gaps += 1
        self._whole = False

    def restart(self) -> None:
        """Another session begins: without an order, from its first message on."""
        self.settle()
        self._before += self._messages.garbage
        self._begin(True)

    def settle(self) -> None:
        """Applies what waits."""
        waiting, self._waiting = self._waiting, []
        batch = self._messages.read(waiting)
        faults = np.frombuffer(self._orders.apply(batch), np.uint8)
        self._refused.update(batch["book"][faults != 0].tolist())

    @property
    def orders(self) -> OrderBooks:
        """The core's books, with everything that came."""
        self.settle()
        return self._orders

    @property
    def garbage(self) -> int:
        """Messages that could not be read."""
        return self._before + self._messages.garbage

    @property
    def synced(self) -> bool:
        """Whether every book is whole."""
        return all(self.state(number)["synced"] for number in self.numbers.values())

    def state(self, instrument: int) -> dict[str, Any]:
        """`synced` and the counts of one book; a crossed one is none in itself, because auctions cross by right."""
        self.settle()
        synced = self._whole and instrument in self._messages.known and instrument not in self._refused
        counts = dict.fromkeys(("crossed", "checksums", "checksums_wrong"), 0)
        return {"symbol": self._symbols[instrument], "synced": synced, "gaps": self.gaps, **counts}

    def levels(self, instrument: int, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The best `count` bids and asks: price in ticks, size in lots."""
        bids, asks = (np.frombuffer(self.orders.levels(instrument, side, count), LEVEL).tolist() for side in (0, 1))
        return bids, asks
