"""What a venue's session is made of: where it is served, what to say to it, and what its answers mean.

catalogue: M1. One file a venue fills this in; `feeds.session` runs them all. Nothing here touches a socket or a clock:
bytes and times go in, bytes and words come out, so a session can be tested without a network and replayed.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from feeds.private_file import private_table
from native._core import InputError, TickwrightError


class ExperimentalError(TickwrightError):
    """A venue that only its document proves is not read live (exit 3)."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base addresses without a path: REST with http(s), sockets with ws(s)."""

    rest: str
    ws: str


@dataclass(frozen=True, slots=True)
class Ping:
    """A text that the venue wants to hear at least every `every_s`, s."""

    text: bytes
    every_s: float


@dataclass(frozen=True, slots=True)
class Token:
    """What the answer to a token request says: the socket's whole address, empty where it is known; how often to ping,
    s (0: unsaid); and what subscriptions have to say, empty where it stands in the address.
    """

    address: str
    ping_s: float = 0.0
    said: str = ""


class Means(Enum):
    """What an answer of a venue means."""

    ACCEPTED = "accepted"
    """A subscription holds."""
    REFUSED = "refused"
    """A subscription does not; `text` is the venue's reason."""
    ALIVE = "alive"
    """A heartbeat, or the answer to our ping."""
    ANSWER = "answer"
    """The venue wants `text` said back."""
    RECONNECT = "reconnect"
    """The venue asks us to come back on another connection."""


@dataclass(frozen=True, slots=True)
class Control:
    """One message that is no market data."""

    means: Means
    text: str = ""


ACCEPTED, ALIVE, RECONNECT = Control(Means.ACCEPTED), Control(Means.ALIVE), Control(Means.RECONNECT)


def refused(text: object) -> Control:
    """A refusal with the venue's own words."""
    return Control(Means.REFUSED, str(text))


def frame(message: object) -> bytes:
    """A message as the venue reads it: JSON without spaces."""
    return json.dumps(message, separators=(",", ":")).encode()


def chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    """Runs of at most `size` items."""
    for at in range(0, len(items), size):
        yield list(items[at : at + size])


class Secret(NamedTuple):
    """What a subscription is signed by: its key in a file of secrets, and its variable in the environment."""

    key: str
    variable: str


@dataclass(frozen=True, kw_only=True)
class Venue(ABC):
    """One kind of connection to a venue. Times are s; `utc_s` is the time of the call where a message carries it.

    `feed` is the core's name of it, `path` what follows the socket's base. `stale_s`: after this silence, pongs and
    heartbeats included, the connection is given up. `symbols_max` a connection, from the venue's document.
    `whole_by_rest`: the book that changes join is asked for over REST. `audit_s` is how often a book whose changes
    have no number is asked for again; 0: never. `orders`: its books are of single orders. `secrets` are what its
    subscriptions are signed by.
    `figures`: what it serves beside on other sockets, which have no books (`bookless`). `experimental` says why a
    venue is refused at its production address; empty where it is not.
    """

    feed: str
    production: Endpoints
    testnet: Endpoints | None = None
    path: str = ""
    ping: Ping | None = None
    stale_s: float = 30.0
    symbols_max: int = 50
    whole_by_rest: bool = False
    audit_s: float = 0.0
    orders: bool = False
    bookless: bool = False
    figures: tuple[Venue, ...] = ()
    secrets: tuple[Secret, ...] = ()
    experimental: str = ""

    @property
    def books(self) -> str:
        """What the core's books and decoders call it; the feed, but for Binance's markets."""
        return self.feed

    def address(self, ws: str, symbols: Sequence[str]) -> str:
        """The socket's address under a base."""
        del symbols
        return ws.rstrip("/") + self.path

    @property
    def source(self) -> str:
        """The production address, by which a recorded message is known again."""
        return self.production.ws + self.path

    def signed(self, environ: Mapping[str, str]) -> Venue:
        """This session with the secrets of the environment, or of `filed`. InputError for one that is missing."""
        del environ
        return self

    def secrets_of(self, environ: Mapping[str, str]) -> list[str]:
        """The values of `secrets`. InputError names a variable that is missing."""
        for secret in self.secrets:
            if not environ.get(secret.variable):
                raise InputError(f"{secret.variable} must be in the environment for --venue {self.feed}, was missing")
        return [environ[secret.variable] for secret in self.secrets]

    def filed(self, path: str) -> dict[str, str]:
        """The values of `secrets` in a file, by their variables. InputError names a key that is missing or unknown."""
        where, keys = "--secrets-file", [secret.key for secret in self.secrets]
        if not keys:
            raise InputError(f"{where} must be given for a venue whose subscriptions are signed, was for {self.feed}")
        table = private_table(path, where)
        for key in table:
            if key not in keys:
                raise InputError(f"{where}: {key} must be {', '.join(keys)} for --venue {self.feed}")
        for key in keys:
            if not isinstance(table.get(key), str) or not table[key]:
                raise InputError(f"{where}: {key} must be a text in {path} for --venue {self.feed}, was missing")
        return {secret.variable: str(table[secret.key]) for secret in self.secrets}

    def token_request(self) -> str | None:
        """The path of a POST whose answer says where to connect; None where the address is known."""
        return None

    def token_call(self, utc_ns: int) -> tuple[dict[str, str], bytes]:
        """Headers and body of that POST at a time."""
        return {}, b""

    def with_token(self, text: bytes, token: str) -> bytes:
        """A subscription with what the answer to a token request told it to say."""
        return text

    def token(self, body: bytes) -> Token:
        """What the answer to `token_request` says. InputError for one that says nothing."""
        raise InputError(f"token of {self.feed} must be asked for by a venue that has one, was {body[:40]!r}")

    @abstractmethod
    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """The messages that ask for books, trades and best prices of symbols, in the order to send them."""

    @abstractmethod
    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """The messages that make the stream send a symbol's whole book once more.

        None where REST has it, or where only another connection sends it.
        """

    @abstractmethod
    def control(self, message: Mapping[str, Any]) -> Control | None:
        """What a message that told nothing of the market means; None for one of no interest."""

    def book_request(self, symbol: str) -> str:
        """Path and query of the REST request for a whole book."""
        raise InputError(f"symbol must be of a venue whose whole books come over REST, was {symbol} of {self.feed}")

    def unpack(self, payload: bytes) -> bytes:
        """A frame's text. ValueError for a frame that is none."""
        return payload

    def endpoints(self, base: str | None = None, ws_base: str | None = None, *, testnet: bool = False) -> Endpoints:
        """Where to connect: `base` (http or https) for both, or the venue's own.

        InputError for a base of another scheme or a testnet that the venue has not; ExperimentalError where the
        venue's own production address is meant and the venue is experimental.
        """
        own = self.testnet if testnet else self.production
        if own is None:
            raise InputError(f"--testnet must be of a venue that has one, was {self.feed}")
        if self.experimental and base is None and not testnet:
            raise ExperimentalError(f"--venue {self.feed} is experimental and refused live: {self.experimental}")
        rest = (base or own.rest).rstrip("/")
        if not rest.startswith(("http://", "https://")):
            raise InputError(f"--base must begin with http:// or https://, was {base}")
        same_host = "ws" + rest.removeprefix("http")
        ws = (ws_base or (same_host if base else own.ws)).rstrip("/")
        if not ws.startswith(("ws://", "wss://")):
            raise InputError(f"--ws-base must begin with ws:// or wss://, was {ws_base}")
        return Endpoints(rest, ws)
