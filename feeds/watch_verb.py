"""The verb `tickwright watch`: the books of a venue, live, one row a symbol and second.

catalogue: M1, M4. Exit 0: every book was in step at the end; 1: one was not. Prices and sizes are floats for people;
the books behind them are integers.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
import uvloop

from feeds.live import LiveFeed, until_ended
from feeds.ports import Clock, Results
from feeds.session import Books, Listener
from feeds.source import Source, ViewBooks, add_source, source


def register(parser: argparse.ArgumentParser) -> None:
    """Describes the verb's arguments."""
    parser.description = (
        "Keeps a venue's books in step and prints the best bid and offer of each symbol every second.\n"
        "Without --base the venue's own public addresses are read; an experimental venue is refused there (exit 3)."
    )
    parser.epilog = (
        "example:\n  tickwright watch --venue binance-spot --symbols BTCUSDT --base http://127.0.0.1:9000 --seconds 5"
    )
    add_source(parser)
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="between two rows of a symbol (1)")


def run(args: argparse.Namespace) -> int:
    """Watches until the time is over or a signal comes; 130 after SIGINT."""
    view = View(source(args), args.clock, args.output, max(0.05, args.every))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(view.run(args.seconds))


@dataclass
class View:
    """One venue's books on the screen."""

    source: Source
    clock: Clock
    output: Results
    every_s: float
    _books: list[ViewBooks] = field(default_factory=list)

    async def run(self, seconds: float | None) -> int:
        """0 where every book is in step at the end, else 1; 130 after SIGINT."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
            feed = LiveFeed(
                self.source.venue,
                self.source.at,
                self.source.symbols,
                self._books_of,
                lambda _: Listener(),
                clock=self.clock,
                http=http,
                jitter=random.Random(1),
            )
            synced = False

            async def show() -> None:
                nonlocal synced
                while True:
                    await asyncio.sleep(self.every_s)
                    self._rows()
                    synced = feed.synced

            code = await until_ended(seconds, feed, asyncio.create_task(show()))
        tallies = [line.session.tally for line in feed.lines]
        self.output.summary(
            {
                "venue": self.source.venue.feed,
                "symbols": len(self.source.symbols),
                "synced": synced,
                "messages": sum(tally.messages for tally in tallies),
                "garbage": sum(tally.garbage for tally in tallies),
                "gaps": sum(tally.gaps for tally in tallies),
                "connections": sum(tally.connections for tally in tallies),
            }
        )
        return code or (0 if synced else 1)

    def _books_of(self, symbols: list[str]) -> tuple[Books, Mapping[str, int]]:
        books = self.source.view_books(symbols)
        self._books.append(books)
        return books, books.numbers

    def _rows(self) -> None:
        for books in self._books:
            for symbol, number in books.numbers.items():
                state = books.state(number)
                kept = {name: state[name] for name in ("synced", "gaps", "crossed", "checksums", "checksums_wrong")}
                self.output.row({"symbol": symbol, **best(books, symbol), **kept})
        self.output.flush()


def best(books: ViewBooks, symbol: str) -> dict[str, float | None]:
    """The best bid and offer of a symbol: `bid, bid_qty, ask, ask_qty`; None where there is none."""
    tick, lot = (float(unit) for unit in books.units[symbol])
    bids, asks = books.levels(books.numbers[symbol], 1)
    found: dict[str, float | None] = {}
    for name, side in (("bid", bids), ("ask", asks)):
        price, qty = side[0] if side else (None, None)
        found[name] = None if price is None else round(price * tick, 12)
        found[f"{name}_qty"] = None if qty is None else round(qty * lot, 12)
    return found
