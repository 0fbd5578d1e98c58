"""The verb `tickwright watch`: the books of a venue, live, one row a symbol and second and one at the end.

catalogue: M1, M2, M4. Exit 0: every book was in step at the end; 1: one was not. Prices and sizes are floats for
people; the books behind them are integers.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop

from feeds.governed import GovernedMarket, Told
from feeds.live import until_ended
from feeds.market_feed import ViewBooks, Viewed
from feeds.ports import Clock, Results
from feeds.source import add_source, source
from native._core import InputError

#: The most levels of a side that are shown.
LEVELS_MAX = 50


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
    parser.add_argument(
        "--reference", metavar="VENUE:SYMBOL,..", help="shown while the venue is silent or broken, symbol for symbol"
    )
    parser.add_argument("--reference-base", help="as --base, of the reference")
    parser.add_argument("--silent-ms", type=int, default=5000, help="a source from which nothing comes is left (5000)")
    parser.add_argument("--journal", type=Path, help="a new folder for what was decided between the two")
    parser.add_argument("--levels", type=int, default=1, metavar="N", help="show the best N levels of each side (1)")


def run(args: argparse.Namespace) -> int:
    """Watches until the time is over or a signal comes; 130 after SIGINT."""
    if not 1 <= args.levels <= LEVELS_MAX:
        raise InputError(f"--levels must be 1 to {LEVELS_MAX}, was {args.levels}")
    view = View(_market(args), args.clock, args.output, max(0.05, args.every), args.levels)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(view.run(args.seconds))


def _market(args: argparse.Namespace) -> Viewed:
    """The market of `--venue`, with a reference where one is named."""
    market = source(args)
    if args.reference is None:
        return market
    venue, colon, symbols = args.reference.partition(":")
    if not colon or args.silent_ms < 1:
        raise InputError(f"--reference must be VENUE:SYMBOL,.. with --silent-ms above zero, was {args.reference}")
    words = {"venue": venue, "symbols": symbols, "base": args.reference_base, "ws_base": None, "ws_base_b": None}
    other = source(argparse.Namespace(**{**vars(args), **words, "lines": 1, "option": []}))

    def told(what: Told) -> None:
        args.output.row({"event": what.what, "why": what.why, "source": what.source, "before": what.before})
        args.output.flush()

    return GovernedMarket(market, other, args.silent_ms * 1_000_000, args.journal, told)


@dataclass
class View:
    """One market's books on the screen, the best `levels` of each side."""

    market: Viewed
    clock: Clock
    output: Results
    every_s: float
    levels: int = 1
    _synced: bool = False

    async def run(self, seconds: float | None) -> int:
        """0 where every book is in step at the end, else 1; 130 after SIGINT."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
            feed, shown = self.market.view(self.clock, http)

            def show() -> None:
                self._rows(shown)
                self._synced = feed.synced

            async def keep_showing() -> None:
                while True:
                    await asyncio.sleep(self.every_s)
                    show()

            code = await until_ended(seconds, feed, asyncio.create_task(keep_showing()), last=show)
        about = {"venue": self.market.name, "symbols": len(self.market.symbols), "synced": self._synced}
        self.output.summary({**about, **feed.tally()})
        return code or (0 if self._synced else 1)

    def _rows(self, shown: list[ViewBooks]) -> None:
        for books in shown:
            for symbol, number in books.numbers.items():
                state = books.state(number)
                names = ("source", "synced", "gaps", "crossed", "checksums", "checksums_wrong")
                kept = {name: state[name] for name in names if name in state}
                self.output.row({"symbol": symbol, **best(books, symbol), **kept, **self._depth(books, symbol)})
        self.output.flush()

    def _depth(self, books: ViewBooks, symbol: str) -> dict[str, list[tuple[float, float]]]:
        """The best levels of each side, where more than one is wanted."""
        if self.levels == 1:
            return {}
        tick, lot = (float(unit) for unit in books.units[symbol])
        sides = books.levels(books.numbers[symbol], self.levels)
        shown = [[(round(price * tick, 12), round(qty * lot, 12)) for price, qty in side] for side in sides]
        return {"bids": shown[0], "asks": shown[1]}


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
