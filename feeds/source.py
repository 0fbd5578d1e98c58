"""Which market a command means: `--venue` and its companions, for our own feeds, installed adapters and ITCH channels.

catalogue: M1, M12.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from feeds.adapter import Adapter, AdapterBooks, installed_feed
from feeds.first_changes import FirstChanges
from feeds.itch import feed as itch
from feeds.itch.where import where
from feeds.l3.live_books import LiveOrderBooks
from feeds.learned_books import LearnedBooks
from feeds.live import LiveFeed
from feeds.market_feed import Market, MarketFeed, Tape, ViewBooks
from feeds.ports import Clock
from feeds.session import Books, Listener
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

    @property
    def name(self) -> str:
        """The feed's."""
        return self.venue.feed

    def about(self) -> dict[str, Any]:
        """Where it is served."""
        return {"rest": self.at.rest, "ws": self.at.ws}

    def view(self, clock: Clock, http: aiohttp.ClientSession) -> tuple[MarketFeed, list[ViewBooks]]:
        """A feed that keeps whole books; there are some for every connection."""
        shown: list[ViewBooks] = []

        def books_of(symbols: list[str]) -> tuple[Books, Mapping[str, int]]:
            books = self.view_books(symbols)
            shown.append(books)
            return books, books.numbers

        jitter = random.Random(1)
        feed = LiveFeed(
            self.venue, self.at, self.symbols, books_of, lambda _: Listener(), clock=clock, http=http, jitter=jitter
        )
        return feed, shown

    def record(self, tape: Tape, clock: Clock, http: aiohttp.ClientSession) -> MarketFeed:
        """A feed that puts everything on a tape."""
        recording = _Recording(self.venue, tape)
        return LiveFeed(
            self.venue,
            self.at,
            self.symbols,
            self.recorder_books,
            lambda _: recording,
            clock=clock,
            http=http,
            jitter=random.Random(1),
            on_link=recording.link,
        )

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

    def __init__(self, venue: Venue, tape: Tape) -> None:
        self._venue, self._tape = venue, tape

    def message(self, payload: bytes) -> None:
        self._tape.message(payload, self._venue.source)

    def rest(self, symbol: str, request: str, body: bytes) -> None:
        # Under the production address, by which a reader knows the venue again.
        own = isinstance(self._venue, Binance)
        self._tape.rest(body, request if own else self._venue.production.rest + request)

    def link(self, _: int, up: bool, address: str) -> None:
        # A token is not for the record.
        self._tape.link(up, address.partition("?")[0] if self._venue.token_request() else address)


def add_source(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a connection, and for how long it is kept."""
    parser.add_argument("--venue", required=True, help=f"one of {', '.join(SESSIONS)}, itch, or an adapter's feed")
    parser.add_argument("--symbols", required=True, help="symbols as the venue writes them, separated by commas")
    parser.add_argument("--base", help="http(s) address of REST; sockets are taken from the same host")
    parser.add_argument("--ws-base", help="ws(s) address of the sockets, where it is another host or port")
    parser.add_argument("--testnet", action="store_true", help="the venue's own test network")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="of the venue itch: see docs/itch.md"
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
        return itch.ItchMarket(symbols, where(args.option))
    if args.option:
        raise InputError(f"--option must be given with the venue {itch.VENUE} alone, was {args.option[0]}")
    venue, adapter = named(args.venue)
    if isinstance(venue, Binance):
        symbols = [symbol.upper() for symbol in symbols]
    return Source(venue, symbols, venue.endpoints(args.base, args.ws_base, testnet=args.testnet), adapter)


def named(name: str) -> tuple[Venue, Adapter | None]:
    """The session called `name`, with the adapter that brings it where it is not our own."""
    found = installed_feed(name) if name not in SESSIONS else None
    if found is None:
        return session_of(name), None
    adapter, feed = found
    if feed.session is None:
        raise InputError(f"--venue must be a feed with a session, was {name}, of which recordings alone are read")
    return feed.session, adapter
