"""Which venue's connection a command means: `--venue` and its companions, for our own feeds and installed adapters.

catalogue: M1, M12.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from feeds.adapter import Adapter, AdapterBooks, installed_feed
from feeds.first_changes import FirstChanges
from feeds.learned_books import LearnedBooks
from feeds.session import Books
from feeds.venue import SESSIONS, session_of
from feeds.venue.binance import Binance
from feeds.venue.spec import Endpoints, Venue
from native._core import InputError, LiveBooks


class ViewBooks(Books, Protocol):
    """Books whose levels can be shown: each symbol's number, and its tick and lot as decimal texts."""

    @property
    def numbers(self) -> Mapping[str, int]:
        """By symbol."""

    @property
    def units(self) -> Mapping[str, tuple[str, str]]:
        """By symbol."""

    def levels(self, instrument: int, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The best `count` bids and asks in ticks and lots."""


@dataclass(frozen=True)
class Source:
    """A venue's session, its symbols, and where it is served; `adapter` brings it where it is not our own."""

    venue: Venue
    symbols: list[str]
    at: Endpoints
    adapter: Adapter | None = None

    def recorder_books(self, symbols: list[str]) -> tuple[Books, Mapping[str, int]]:
        """What a recorder needs of books: which must be asked for, and the number of each symbol's."""
        if self.adapter is not None:
            books = self.view_books(symbols)
            return books, books.numbers
        if isinstance(self.venue, Binance):
            first = FirstChanges(self.venue, symbols)
            return first, first.numbers
        followed = LiveBooks(self.venue.books)
        return followed, {symbol: followed.watch(symbol) for symbol in symbols}

    def view_books(self, symbols: list[str]) -> ViewBooks:
        """Whole books of symbols whose tick and lot nobody has said."""
        if self.adapter is None:
            return LearnedBooks(self.venue.books, symbols)
        books = AdapterBooks(self.adapter, self.venue.feed)
        for symbol in symbols:
            books.define(symbol, *self.adapter.feeds[self.venue.feed].finest)
        return books


def add_source(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a connection, and for how long it is kept."""
    parser.add_argument("--venue", required=True, help=f"one of {', '.join(SESSIONS)}, or an installed adapter's feed")
    parser.add_argument("--symbols", required=True, help="symbols as the venue writes them, separated by commas")
    parser.add_argument("--base", help="http(s) address of REST; sockets are taken from the same host")
    parser.add_argument("--ws-base", help="ws(s) address of the sockets, where it is another host or port")
    parser.add_argument("--testnet", action="store_true", help="the venue's own test network")
    parser.add_argument("--seconds", type=float, help="stop after this time; without it, at SIGINT or SIGTERM")


def source(args: Any) -> Source:
    """What `add_source` took. InputError for what cannot be, ExperimentalError for a venue that is refused live."""
    venue, adapter = named(args.venue)
    symbols = [symbol.strip() for symbol in args.symbols.split(",") if symbol.strip()]
    if isinstance(venue, Binance):
        symbols = [symbol.upper() for symbol in symbols]
    if not symbols or len(set(symbols)) < len(symbols):
        raise InputError(f"--symbols must name symbols, each once, was {args.symbols!r}")
    if args.seconds is not None and not 0 < args.seconds < 1e9:
        raise InputError(f"--seconds must be above zero, was {args.seconds}")
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
