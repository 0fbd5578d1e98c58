"""The long tail of venues through CCXT: its websockets, or its REST polled, as the events of our own feeds.

catalogue: M1. <https://docs.ccxt.com/#/ccxt.pro.manual> and <https://docs.ccxt.com/#/README>. CCXT keeps the book;
each that it gives is a whole one here. Its numbers are floats: the texts that Python writes for them must be whole
counts of the market's tick and lot, else they are refused. It is an optional dependency (`tickwright[ccxt]`), made
for breadth and not for speed; a venue with a feed of its own is better read by that.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from feeds.backoff import Backoff
from feeds.session import Event, Listener
from native._core import InputError, LiveBooks

log = logging.getLogger(__name__)

#: Numbers of trades that are remembered for each symbol, so that a poll that overlaps the last tells none twice.
TRADES_REMEMBERED = 4_096
#: An order book is asked for this deep, levels a side: every venue of CCXT grants it.
BOOK_LEVELS = 100


def exchange(name: str, options: dict[str, Any], *, websockets: bool) -> Any:
    """CCXT's client of a venue. InputError where CCXT is not installed or knows no such venue."""
    try:
        library = importlib.import_module("ccxt.pro" if websockets else "ccxt.async_support")
    except ImportError:
        raise InputError("ccxt must be installed (pip install 'tickwright[ccxt]'), was not found") from None
    if name not in library.exchanges:
        raise InputError(f"venue must be one that ccxt{'.pro' if websockets else ''} knows, was {name}")
    return getattr(library, name)({"enableRateLimit": True, **options})


@dataclass
class _Symbol:
    """One market: its number and units, and the trades that were told."""

    name: str
    number: int
    tick: Decimal
    lot: Decimal
    told: dict[str, None] = field(default_factory=dict)
    books: int = 0


@dataclass
class CcxtFeed:
    """The market data of some symbols (CCXT's names, `BTC/USDT:USDT`) of one of CCXT's clients.

    `poll_s` is how often REST is asked, s; None: the client's websockets. The listener hears events as of any feed; a
    failure of the venue is waited out, slower after each, and told by `failures`.
    """

    client: Any
    symbols: Sequence[str]
    listener: Listener
    jitter: random.Random
    poll_s: float | None = None
    failures: int = 0
    books: LiveBooks = field(default_factory=lambda: LiveBooks.of_rule("whole"))
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Connects nothing."""
        self._errors: tuple[type[Exception], ...] = (importlib.import_module("ccxt").BaseError, OSError, TimeoutError)

    async def run(self) -> None:
        """Reads until it is cancelled; InputError for a symbol that the venue has not."""
        markets = await self.client.load_markets()
        known = [self._symbol(name, markets) for name in self.symbols]
        kinds: tuple[Callable[[_Symbol], Awaitable[None]], ...] = (self._book, self._trades, self._ticker)
        async with asyncio.TaskGroup() as group:
            for symbol in known:
                for kind in kinds:
                    group.create_task(self._keep(kind, symbol), name=f"ccxt {symbol.name}")

    def _symbol(self, name: str, markets: dict[str, Any]) -> _Symbol:
        if name not in markets:
            raise InputError(f"symbol must be one that {self.client.id} has, was {name}")
        tick, lot = (self._unit(markets[name]["precision"][kind]) for kind in ("price", "amount"))
        number = self.books.define(name, format(tick, "f"), format(lot, "f"))
        self.numbers[name] = number
        return _Symbol(name, number, tick, lot)

    def _unit(self, precision: float | None) -> Decimal:
        """A tick or lot. CCXT gives it itself, or (mode 2) its count of decimals; 1e-8 where it says nothing."""
        if precision is None:
            return Decimal("1e-8")
        decimals = getattr(self.client, "precisionMode", 4) == 2
        return Decimal(1).scaleb(-int(precision)) if decimals else Decimal(repr(precision)).normalize()

    async def _keep(self, kind: Callable[[_Symbol], Awaitable[None]], symbol: _Symbol) -> None:
        """Asks again and again; a failure of the venue makes the pauses longer."""
        backoff = Backoff(self.jitter)
        while True:
            try:
                await kind(symbol)
                backoff.reset()
                # A client that answers at once all the time must not keep the loop from everybody else.
                await asyncio.sleep(self.poll_s or 0)
            except self._errors as why:
                self.failures += 1
                log.warning("%(symbol)s: %(why)r", {"symbol": symbol.name, "why": why})
                await asyncio.sleep(backoff.delay_s())

    async def _book(self, symbol: _Symbol) -> None:
        if self.poll_s is None:
            book = await self.client.watch_order_book(symbol.name)
        else:
            book = await self.client.fetch_order_book(symbol.name, BOOK_LEVELS)
        symbol.books += 1
        sequence = int(book.get("nonce") or symbol.books)
        bids, asks = ([self._level(symbol, level) for level in book[side]] for side in ("bids", "asks"))
        for instrument, what, expected, was in self.books.apply(
            symbol.number, True, (sequence, sequence, 0), bids, asks
        ):
            self.listener.note(symbol.name if instrument else "", what, expected, was)
        event = self._event(symbol, "depth", sequence, book.get("timestamp"))
        self._tell([{**event, "snapshot": True, "first": sequence, "previous": 0, "bids": bids, "asks": asks}])

    async def _trades(self, symbol: _Symbol) -> None:
        ask = self.client.watch_trades if self.poll_s is None else self.client.fetch_trades
        events = []
        for trade in await ask(symbol.name):
            key = str(trade.get("id") or (trade["timestamp"], trade["price"], trade["amount"], trade["side"]))
            if key in symbol.told:
                continue
            symbol.told[key] = None
            if len(symbol.told) > TRADES_REMEMBERED:
                del symbol.told[next(iter(symbol.told))]
            number = int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0
            event = self._event(symbol, "trade", number, trade["timestamp"])
            price, qty = self._level(symbol, (trade["price"], trade["amount"]))
            sell = trade["side"] == "sell"
            events.append({**event, "price": price, "qty": qty, "taker_sell": sell, "off_book": False})
        self._tell(events)

    async def _ticker(self, symbol: _Symbol) -> None:
        if self.poll_s is not None:
            ticker = await self.client.fetch_ticker(symbol.name)
        elif self.client.has.get("watchBidsAsks"):
            ticker = (await self.client.watch_bids_asks([symbol.name]))[symbol.name]
        else:
            ticker = await self.client.watch_ticker(symbol.name)
        bid, ask = (self._side(symbol, ticker, side) for side in ("bid", "ask"))
        event = self._event(symbol, "bbo", 0, ticker.get("timestamp"))
        self._tell([{**event, "bid": bid[0], "bid_qty": bid[1], "ask": ask[0], "ask_qty": ask[1]}])

    def _side(self, symbol: _Symbol, ticker: dict[str, Any], side: str) -> tuple[int | None, int]:
        """Price and size of a ticker's side; a venue without sizes gives 0."""
        price, qty = ticker.get(side), ticker.get(f"{side}Volume")
        if price is None:
            return None, 0
        return _count(price, symbol.tick, "price"), _count(qty, symbol.lot, "amount") if qty is not None else 0

    def _tell(self, events: list[Event]) -> None:
        if events:
            self.listener.events(events)

    @staticmethod
    def _event(symbol: _Symbol, kind: str, sequence: int, ms: float | None) -> Event:
        ts_venue = None if ms is None else int(ms) * 1_000_000
        return {"kind": kind, "instrument": symbol.number, "stream_seq": sequence, "ts_venue": ts_venue}

    @staticmethod
    def _level(symbol: _Symbol, level: Sequence[float]) -> tuple[int, int]:
        return _count(level[0], symbol.tick, "price"), _count(level[1], symbol.lot, "amount")


def _count(number: float, unit: Decimal, field_: str) -> int:
    """A float, by the text that Python writes for it, as a count of units. InputError where it is none."""
    try:
        count = Decimal(repr(number)) / unit
        whole = int(count.to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        raise InputError(f"{field_} must be a number, was {number!r}") from None
    if count != whole or whole < 0:
        raise InputError(f"{field_} must be a whole count of {unit}, was {number!r}")
    return whole
