"""The market of a running engine in the cache (`md:*`), for programs that ask what is true now.

catalogue: K11. `tick` has the best prices and the last trade, `book` the best levels of each side, `funding` the rate
and the mark price; numbers are decimal texts, times ns. Books are read at an interval from the engine's own state,
trades and rates as they happen; the engine never waits for the cache.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from feeds.binance import BY_MARKET
from feeds.ports import Clock
from feeds.store.address import with_password
from native._core import Engine
from pycore.config import Cache, Config, Instrument
from pycore.notes import Event
from pycore.session import Session

if TYPE_CHECKING:
    from feeds.store.cache import MarketCache

log = logging.getLogger(__name__)

_LEVEL = np.dtype([("price", "<i8"), ("qty", "<i8")])
_SIDES = ("bids", "asks")


class MarketKeeper:
    """Puts what the engine knows of its instruments into a cache; `instruments` maps numbers to what they are."""

    def __init__(
        self, core: Engine, instruments: dict[int, Instrument], cache: MarketCache, clock: Clock, options: Cache
    ) -> None:
        """Puts nothing yet."""
        self._core, self._instruments, self._cache = core, instruments, cache
        self._clock, self._options = clock, options
        self._last: dict[int, dict[str, Any]] = {}
        self._books: dict[int, dict[str, Any]] = {}

    def take(self, event: Event) -> None:
        """Hears a note of the core: a trade or a mark price."""
        kind, number = event[1], event[2]
        item = self._instruments.get(number)
        if item is None:
            return
        if kind == "trade":
            price, qty, sell = event[3], event[4], event[5]
            side = "sell" if sell else "buy"
            told = {"last": _text(price, item.tick), "last_qty": _text(qty, item.lot), "last_side": side}
            self._last[number] = {**told, "last_ts": self._clock.utc_ns()}
        elif kind == "mark":
            rate, mark = (str(Decimal(value).scaleb(-8)) for value in (event[4], event[3]))
            value = {"rate": rate, "mark": mark, "ts": self._clock.utc_ns()}
            self._cache.put("funding", *_name(item), value)

    def publish(self) -> None:
        """Puts the books that changed since the last time."""
        now = self._clock.utc_ns()
        for number, item in self._instruments.items():
            book = {side: self._levels(number, at, item) for at, side in enumerate(_SIDES)}
            told = {**book, **self._last.get(number, {})}
            if told == self._books.get(number) or not (book["bids"] or book["asks"]):
                continue
            self._books[number] = told
            bid, ask = (levels[0] if levels else ["", ""] for levels in book.values())
            top = {"bid": bid[0], "bid_qty": bid[1], "ask": ask[0], "ask_qty": ask[1]}
            self._cache.put("tick", *_name(item), {**top, **self._last.get(number, {}), "ts": now})
            self._cache.put("book", *_name(item), {**book, "ts": now})

    async def run(self) -> None:
        """Publishes at the configured interval until cancelled."""
        while True:
            self.publish()
            await asyncio.sleep(self._options.every_ms / 1e3)

    def _levels(self, number: int, side: int, item: Instrument) -> list[list[str]]:
        found = np.frombuffer(self._core.levels(number, side, self._options.levels), _LEVEL)
        return [[_text(int(price), item.tick), _text(int(qty), item.lot)] for price, qty in found]


@contextmanager
def kept(session: Session) -> Iterator[list[asyncio.Task[None]]]:
    """Keeps the session's market in the configured cache; gives the tasks to be run beside it, none where it is off."""
    config: Config = session.config
    if not config.cache.redis:
        yield []
        return
    # Redis's client takes a third of a second to load: only who names a Redis waits for it.
    from feeds.store.cache import MarketCache  # noqa: PLC0415  # see above

    numbers = session.numbers.instruments
    instruments = {numbers[item.key]: item for item in config.instruments}
    venue = BY_MARKET[config.markets()[0]].venue
    cache = MarketCache(
        with_password(config.cache.redis, session.credentials.cache_password),
        session.clock,
        venue=venue,
        ttl_s=config.cache.ttl_s,
        keys_max=config.cache.keys_max,
    )
    cache.on_switch = _told
    keeper = MarketKeeper(session.core, instruments, cache, session.clock, config.cache)
    heard = session.port.on_event

    def both(event: Event) -> None:
        keeper.take(event)
        heard(event)

    session.port.on_event = both
    try:
        yield [asyncio.create_task(work, name="market cache") for work in (keeper.run(), cache.run())]
    finally:
        session.port.on_event = heard


def _told(where: str, why: str) -> None:
    log.log(
        logging.INFO if where == "redis" else logging.WARNING,
        "the market is kept in %(where)s: %(why)s",
        {"where": where, "why": why},
    )


def _name(item: Instrument) -> tuple[str, str]:
    return BY_MARKET[item.market].venue, item.symbol


def _text(number: int, unit: str) -> str:
    """A count of ticks or lots as a decimal text."""
    return format(Decimal(unit) * number, "f")
