"""A venue that somebody else brings: the protocol of an adapter, and the installed ones by name.

catalogue: M1. An adapter is a package with an entry point in the group `tickwright.adapters` that names an object with
what `Adapter` asks for; it may be Python, or Rust behind PyO3, for only the calls count. Its decoders give the events
that ours give (docs/adapters.md), its books are kept in step by one of the core's rules, and its sessions, where it
has any, are run by `feeds.session` as ours are. `tickwright adapter check` proves one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple, Protocol, runtime_checkable

from feeds.session import Event, Note
from feeds.venue.spec import Venue
from native._core import InputError, LiveBooks

GROUP = "tickwright.adapters"
#: What a feed may carry: the kinds of events.
CHANNELS = (
    "depth",
    "trade",
    "bbo",
    "mark",
    "ticker",
    "kline",
    "fundingrate",
    "openinterest",
    "reference",
    "liquidation",
)
MARKETS = ("spot", "linear", "inverse")
#: How a book's messages follow one another: each is whole, ids count by one, each names the one before it, each names
#: its first and last and the whole comes over REST, or only a time orders them and the whole comes over REST.
RULES = ("whole", "counted", "chained", "ranged", "timed")


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One kind of connection of an adapter.

    `market` is one of `MARKETS`, `channels` of `CHANNELS`, `rule` of `RULES`. `finest` are the finest tick and lot
    that any instrument has (decimal texts), for who records without knowing instruments. `session` is None where
    recordings alone are read.
    """

    market: str
    channels: tuple[str, ...]
    rule: str
    finest: tuple[str, str]
    session: Venue | None = None


class Sample(NamedTuple):
    """A recording that an adapter brings: messages in order, each with the symbol whose REST book it is, or None."""

    feed: str
    instruments: Mapping[str, tuple[str, str]]
    messages: Sequence[tuple[bytes, str | None]]


class Decoder(Protocol):
    """Bytes to events; a fresh one knows no instrument. It reads no clock and keeps nothing of a message."""

    def define(self, symbol: str, tick: str, lot: str) -> int:
        """Makes an instrument known and returns its number, from 1 on; tick and lot are decimal texts."""

    def read(self, payload: bytes, symbol: str | None = None) -> Sequence[Event]:
        """The events of one message, or of the REST book of `symbol`; none for what is no market data.

        InputError (a DecodeError) for bytes that cannot be read, and nothing else.
        """


@runtime_checkable
class Adapter(Protocol):
    """What an entry point of the group names."""

    @property
    def venue(self) -> str:
        """The venue's name: small letters, digits, hyphens."""

    @property
    def feeds(self) -> Mapping[str, Feed]:
        """Its kinds of connections by name."""

    def decoder(self, feed: str) -> Decoder:
        """A fresh decoder of one of `feeds`."""

    def samples(self) -> Sequence[Sample]:
        """Recordings that prove it, at least one a feed."""


class AdapterBooks:
    """The books of one connection of an adapter: its decoder, and the core's books under the feed's rule."""

    def __init__(self, adapter: Adapter, feed: str) -> None:
        """Knows no instrument yet."""
        self._decoder = adapter.decoder(feed)
        self._books = LiveBooks.of_rule(adapter.feeds[feed].rule)
        self.numbers: dict[str, int] = {}
        self.units: dict[str, tuple[str, str]] = {}
        self._symbols: dict[int, str] = {}

    def define(self, symbol: str, tick: str, lot: str) -> int:
        """Makes an instrument known to both; InputError where they would number it differently."""
        number, ours = self._decoder.define(symbol, tick, lot), self._books.define(symbol, tick, lot)
        if number != ours:
            raise InputError(f"number of {symbol} must be {ours}, the next one, was {number}")
        self._symbols[number], self.numbers[symbol], self.units[symbol] = symbol, number, (tick, lot)
        return number

    def take(self, payload: bytes, whole: int | None = None, ts_ns: int = 0) -> tuple[list[Event], int, list[Note]]:
        """As `feeds.session.Books.take`: every depth event goes to its book."""
        del ts_ns
        events = list(self._decoder.read(payload, None if whole is None else self._symbols[whole]))
        notes: list[Note] = []
        for event in events:
            if event["kind"] == "depth":
                ids = (event["first"], event["stream_seq"], event["previous"])
                notes += self._books.apply(event["instrument"], event["snapshot"], ids, event["bids"], event["asks"])
        return events, len(events), notes

    def reset(self) -> None:
        """The connection is gone."""
        self._books.reset()

    def distrust(self, instrument: int) -> None:
        """Empties one book."""
        self._books.distrust(instrument)

    def state(self, instrument: int) -> dict[str, Any]:
        """`synced` and the counts of one book."""
        return self._books.state(instrument)

    def levels(self, instrument: int, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The best `count` bids and asks."""
        return self._books.levels(instrument, count)


def load(point: EntryPoint) -> Adapter:
    """The adapter of an entry point. InputError where it cannot be loaded or is no adapter."""
    try:
        found = point.load()
    except Exception as why:
        raise InputError(f"adapter {point.name} must load, was {point.value}: {why!r}") from why
    if not isinstance(found, Adapter):
        needed = [name for name in ("venue", "feeds", "decoder", "samples") if not hasattr(found, name)]
        raise InputError(f"adapter {point.name} must have {', '.join(needed)}, was {type(found).__name__}")
    return found


def points(package: str | None = None) -> list[EntryPoint]:
    """The installed entry points by name, of all packages or of one (its own name, or an entry point's)."""
    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    wanted = _plain(package) if package is not None else None
    return [
        point
        for point in found
        if wanted is None or wanted in (_plain(point.name), _plain(point.dist.name if point.dist else ""))
    ]


def _plain(name: str) -> str:
    """A package's name as installers compare it."""
    return name.lower().replace("_", "-").replace(".", "-")


@cache
def _installed() -> dict[str, tuple[Adapter, Feed]]:
    return {name: (found, feed) for point in points() for found in [load(point)] for name, feed in found.feeds.items()}


def installed_feed(name: str) -> tuple[Adapter, Feed] | None:
    """The adapter that brings a feed of this name, with the feed; None where none does."""
    return _installed().get(name)
