"""Which market a command means: `--venue` and its companions, for our own feeds, installed adapters and ITCH channels.

catalogue: M1, M12.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import aiohttp

from feeds.adapter import Adapter, AdapterBooks, installed_feed
from feeds.first_changes import FirstChanges
from feeds.itch import feed as itch
from feeds.itch.where import where
from feeds.l3.live_books import LiveOrderBooks
from feeds.learned_books import LearnedBooks
from feeds.line_pair import MARK_B, LinePair, TwoLines
from feeds.live import LiveFeed
from feeds.market_feed import Market, MarketFeed, Tape, ViewBooks
from feeds.ports import Clock
from feeds.session import Books, Listener
from feeds.together import Figures, Together
from feeds.venue import SESSIONS, session_of
from feeds.venue.binance import Binance
from feeds.venue.spec import Endpoints, Venue
from native._core import InputError, LiveBooks


class SessionBooks(ViewBooks, Books, Protocol):
    """What a session keeps in step and a person looks at."""


@dataclass(frozen=True)
class Source:
    """A venue's session, its symbols, and where it is served; `adapter` brings it where it is not our own.

    As `feeds.market_feed.Market`.
    """

    venue: Venue
    symbols: list[str]
    at: Endpoints
    adapter: Adapter | None = None
    #: Where line B is served, where there are two.
    second: Endpoints | None = None

    @property
    def name(self) -> str:
        """The feed's."""
        return self.venue.feed

    def about(self) -> dict[str, Any]:
        """Where it is served, and on how many lines."""
        two = {} if self.second is None else {"lines": 2, "ws_b": self.second.ws}
        return {"rest": self.at.rest, "ws": self.at.ws, **two}

    def view(self, clock: Clock, http: aiohttp.ClientSession) -> tuple[MarketFeed, list[ViewBooks]]:
        """A feed that keeps whole books; there are some for every connection."""
        shown: list[ViewBooks] = []
        if self.second is not None:
            return self._two_lines(clock, http)

        def books_of(symbols: list[str]) -> tuple[Books, Mapping[str, int]]:
            books = self.view_books(symbols)
            shown.append(books)
            return books, books.numbers

        return self._feed(self.venue, self.at, books_of, (clock, http)), shown

    def record(self, tape: Tape, clock: Clock, http: aiohttp.ClientSession) -> MarketFeed:
        """A feed that puts everything on a tape: of both lines where there are two, and of the sockets of figures."""
        places = [self.at] if self.second is None else [self.at, self.second]
        feeds = []
        for place, mark in zip(places, ("", MARK_B), strict=False):
            heard = _Recording(self.venue, tape, mark)
            feeds.append(self._feed(self.venue, place, self.recorder_books, (clock, http), heard))

        def told(symbols: list[str]) -> tuple[Books, Mapping[str, int]]:
            if isinstance(self.venue, Binance):
                return self.recorder_books(symbols)
            books = Figures(self.venue.books, symbols)
            return books, books.numbers

        for figures in self.venue.figures:
            feeds.append(self._feed(figures, self.at, told, (clock, http), _Recording(figures, tape, "")))
        return feeds[0] if len(feeds) == 1 else Together(feeds)

    def _two_lines(self, clock: Clock, http: aiohttp.ClientSession) -> tuple[MarketFeed, list[ViewBooks]]:
        """Both lines with their books, which each connection of line A shares with one of line B."""
        pairs: dict[tuple[str, ...], LinePair] = {}

        def books_of(line: int, symbols: list[str]) -> tuple[Books, Mapping[str, int]]:
            if (key := tuple(symbols)) not in pairs:
                pairs[key] = LinePair(self.venue.books, symbols)
            return pairs[key].lines[line], pairs[key].numbers

        places = enumerate((self.at, self.second or self.at))
        feeds = [self._feed(self.venue, place, partial(books_of, line), (clock, http)) for line, place in places]
        return TwoLines(feeds, list(pairs.values())), list(pairs.values())

    def _feed(
        self,
        venue: Venue,
        at: Endpoints,
        books_of: Callable[[list[str]], tuple[Books, Mapping[str, int]]],
        means: tuple[Clock, aiohttp.ClientSession],
        heard: _Recording | None = None,
    ) -> LiveFeed:
        (clock, http), jitter = means, random.Random(1)
        listener = heard or Listener()
        feed = LiveFeed(venue, at, self.symbols, books_of, lambda _: listener, clock=clock, http=http, jitter=jitter)
        if heard is not None:
            feed.on_link = heard.link
        return feed

    def recorder_books(self, symbols: list[str]) -> tuple[Books, Mapping[str, int]]:
        """What a recorder needs of books: which must be asked for, and the number of each symbol's."""
        if self.adapter is not None or self.venue.orders:
            books = self.view_books(symbols)
            return books, books.numbers
        if isinstance(self.venue, Binance):
            first = FirstChanges(self.venue, symbols)
            return first, first.numbers
        followed = LiveBooks(self.venue.books)
        return followed, {symbol: followed.watch(symbol) for symbol in symbols}

    def view_books(self, symbols: list[str]) -> SessionBooks:
        """Whole books of symbols whose tick and lot nobody has said."""
        if self.venue.orders:
            return LiveOrderBooks(self.venue.feed, symbols, by_rest=self.venue.whole_by_rest)
        if self.adapter is None:
            return LearnedBooks(self.venue.books, symbols)
        books = AdapterBooks(self.adapter, self.venue.feed)
        for symbol in symbols:
            books.define(symbol, *self.adapter.feeds[self.venue.feed].finest)
        return books


class _Recording(Listener):
    """Puts what the sessions of a venue hear on a tape."""

    def __init__(self, venue: Venue, tape: Tape, mark: str) -> None:
        self._venue, self._tape, self._mark = venue, tape, mark
        self._source = venue.source + mark

    def message(self, payload: bytes) -> None:
        self._tape.message(payload, self._source)

    def rest(self, symbol: str, request: str, body: bytes) -> None:
        # Under the production address, by which a reader knows the venue again.
        own = isinstance(self._venue, Binance)
        self._tape.rest(body, (request if own else self._venue.production.rest + request) + self._mark)

    def link(self, _: int, up: bool, address: str) -> None:
        # A token is not for the record.
        shown = address.partition("?")[0] if self._venue.token_request() else address
        self._tape.link(up, (shown if up else "") + self._mark)


def add_source(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a connection, and for how long it is kept."""
    parser.add_argument("--venue", required=True, help=f"one of {', '.join(SESSIONS)}, itch, or an adapter's feed")
    parser.add_argument("--symbols", required=True, help="symbols as the venue writes them, separated by commas")
    parser.add_argument("--base", help="http(s) address of REST; sockets are taken from the same host")
    parser.add_argument("--ws-base", help="ws(s) address of the sockets, where it is another host or port")
    parser.add_argument("--lines", type=int, default=1, choices=(1, 2), help="connections with the same data (1)")
    parser.add_argument("--ws-base-b", help="ws(s) address of line B's sockets, where it is another (--ws-base)")
    parser.add_argument("--testnet", action="store_true", help="the venue's own test network")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="of the venue itch: see docs/itch.md"
    )
    parser.add_argument(
        "--secrets-file", metavar="FILE", help="what subscriptions are signed with, instead of the environment"
    )
    parser.add_argument("--seconds", type=float, help="stop after this time; without it, at SIGINT or SIGTERM")


def source(args: Any) -> Market:
    """What `add_source` took. InputError for what cannot be, ExperimentalError for a venue that is refused live."""
    symbols = [symbol.strip() for symbol in args.symbols.split(",") if symbol.strip()]
    if not symbols or len(set(symbols)) < len(symbols):
        raise InputError(f"--symbols must name symbols, each once, was {args.symbols!r}")
    if args.seconds is not None and not 0 < args.seconds < 1e9:
        raise InputError(f"--seconds must be above zero, was {args.seconds}")
    if args.venue == itch.VENUE:
        return _itch(args, symbols)
    if args.option:
        raise InputError(f"--option must be given with the venue {itch.VENUE} alone, was {args.option[0]}")
    venue, adapter = named(args.venue)
    if isinstance(venue, Binance):
        symbols = [symbol.upper() for symbol in symbols]
    at = venue.endpoints(args.base, args.ws_base, testnet=args.testnet)
    venue = venue.signed(os.environ if args.secrets_file is None else venue.filed(args.secrets_file))
    if args.lines == 1:
        return Source(venue, symbols, at, adapter)
    if adapter is not None or venue.orders:
        raise InputError(
            f"--lines must be 1 for a venue whose books are of single orders or an adapter's, was {args.lines}"
        )
    second = venue.endpoints(args.base, args.ws_base_b or args.ws_base, testnet=args.testnet)
    return Source(venue, symbols, at, second=second)


def _itch(args: Any, symbols: list[str]) -> Market:
    if args.lines != 1:
        raise InputError(f"--lines must be 1 for the venue {itch.VENUE}, whose lines are options, was {args.lines}")
    if args.secrets_file is not None:
        raise InputError(
            f"--secrets-file must be given for a venue whose subscriptions are signed, was for {itch.VENUE}"
        )
    return itch.ItchMarket(symbols, where(args.option))


def named(name: str) -> tuple[Venue, Adapter | None]:
    """The session called `name`, with the adapter that brings it where it is not our own."""
    found = installed_feed(name) if name not in SESSIONS else None
    if found is None:
        return session_of(name), None
    adapter, feed = found
    if feed.session is None:
        raise InputError(f"--venue must be a feed with a session, was {name}, of which recordings alone are read")
    return feed.session, adapter
