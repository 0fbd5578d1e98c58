"""One connection's session at a venue, sans-I/O: frames and times in, actions out; any venue of `feeds.venue`.

catalogue: M1, M3. It subscribes, answers heartbeats, pings, keeps the books in step and asks again for one that is in
doubt: where a message is missing, a checksum differs or a book is crossed, the venue's own way is taken (another
subscription, or REST), slower after each failure, and after some failures the connection is given up for another.
Everything it keeps is bounded by the number of symbols.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from feeds.venue.spec import Control, Means, Venue
from native._core import InputError, TickwrightError

#: A book's event, as the core's decoders give it: `kind` (depth, bbo, trade, ..), `instrument`, times in ns, prices in
#: ticks, sizes in lots.
Event = dict[str, Any]
#: Instrument, what happened (`waiting, synced, gap, crossed, checksum`), the number that should have come, and the one
#: that came.
Note = tuple[int, str, int, int]

_S = 1_000_000_000
#: How long the first book may take after the subscription, and the least time between two requests for one book, ns.
FIRST_BOOK_NS = 10 * _S
AGAIN_NS = 1 * _S
#: The longest wait between two requests for one book, ns, and how many are made before the connection is given up.
AGAIN_NS_MAX = 30 * _S
ASKS_MAX = 5


class Books(Protocol):
    """The books of a connection: `native._core.LiveBooks`, or a third party's decoder over it (`feeds.adapter`)."""

    def take(self, payload: bytes, whole: int | None = None, ts_ns: int = 0) -> tuple[list[Event], int, list[Note]]:
        """One message, or the REST book of instrument `whole`: events, how many things it told, notes."""

    def reset(self) -> None:
        """The connection is gone."""

    def distrust(self, instrument: int) -> None:
        """Empties one book."""

    def state(self, instrument: int) -> dict[str, Any]:
        """`synced` and counts of one book."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this text."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask REST for the whole book of a symbol; tell `fetched`, or `not_fetched`."""

    symbol: str
    request: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Give this connection up and make another."""

    why: str


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell a person; the session goes on."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue refuses the very first subscription: there is no use in coming back."""

    why: str


Action = Send | Fetch | Drop | Warn | Refused


@dataclass(slots=True)
class _Wanted:
    """One symbol's book: whether it is in step, and when it may be asked for (again), ns."""

    instrument: int
    synced: bool = False
    waiting: bool = False
    fetching: bool = False
    asks: int = 0
    next_ns: int = 0
    asked_ns: int = 0
    synced_ns: int = 0
    heard_ns: int = 0


@dataclass(slots=True)
class Tally:
    """What a session has seen since it was made."""

    messages: int = 0
    events: int = 0
    garbage: int = 0
    accepted: int = 0
    refusals: int = 0
    connections: int = 0
    gaps: int = 0
    asks: int = 0


class Listener:
    """Who hears a session. Every method does nothing here; a listener replaces those it needs."""

    def message(self, payload: bytes) -> None:
        """The text of one frame, before it is decoded."""

    def rest(self, symbol: str, request: str, body: bytes) -> None:
        """The body of a REST answer."""

    def events(self, events: Sequence[Event]) -> None:
        """What a message or a REST book told of the market, in its order."""

    def note(self, symbol: str, what: str, expected: int, was: int) -> None:
        """A book waits, is in step, or is in doubt."""


@dataclass
class Session:
    """One connection of `venue` with the books of `symbols` (symbol to the books' number)."""

    venue: Venue
    symbols: Mapping[str, int]
    books: Books
    listener: Listener = field(default_factory=Listener)
    ping_s: float = 0.0
    token: str = ""
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        """Nothing is connected yet."""
        self._wanted = {symbol: _Wanted(number) for symbol, number in self.symbols.items()}
        self._names = {number: symbol for symbol, number in self.symbols.items()}
        self._open = False
        self._pinged_ns = 0

    @property
    def synced(self) -> bool:
        """Whether every book is in step."""
        return all(want.synced for want in self._wanted.values())

    def silent(self, now_ns: int, limit_ns: int) -> list[str]:
        """The symbols of which nothing came for longer than `limit_ns`: the hook of a stale-tick gate."""
        return [symbol for symbol, want in self._wanted.items() if now_ns - want.heard_ns > limit_ns]

    def opened(self, now_ns: int, utc_ns: int) -> list[Action]:
        """The connection is up: subscribes."""
        self.books.reset()
        self._open = True
        self.tally.connections += 1
        self._pinged_ns = now_ns
        for symbol, want in self._wanted.items():
            fetching = self._wanted[symbol].fetching
            fresh = _Wanted(want.instrument, fetching=fetching, next_ns=now_ns + FIRST_BOOK_NS, heard_ns=now_ns)
            fresh.synced = self.venue.bookless
            self._wanted[symbol] = fresh
        return self._sent(self.venue.subscribe(list(self._wanted), utc_ns // _S))

    def closed(self) -> None:
        """The connection is down: no book is in step."""
        self._open = False
        self.books.reset()
        for want in self._wanted.values():
            want.synced = False

    def received(self, payload: bytes, now_ns: int, utc_ns: int) -> list[Action]:
        """One frame came. What cannot be read is counted and left out: ids, checksums or the audit tell what it was."""
        self.tally.messages += 1
        try:
            text = self.venue.unpack(payload)
            self.listener.message(text)
            events, told, notes = self.books.take(text, None, utc_ns)
        except (InputError, ValueError, zlib.error):
            self.tally.garbage += 1
            return []
        except TickwrightError as full:
            return [Drop(str(full))]
        if not told and not notes:
            return self._control(text)
        return self._told(events, notes, now_ns, utc_ns)

    def fetched(self, symbol: str, body: bytes, now_ns: int, utc_ns: int) -> list[Action]:
        """The REST book of a symbol came."""
        want = self._wanted[symbol]
        want.fetching = False
        if not self._open:
            return []
        try:
            self.listener.rest(symbol, self.venue.book_request(symbol), body)
            events, _, notes = self.books.take(body, want.instrument, utc_ns)
        except InputError:
            self.tally.garbage += 1
            return []
        return self._told(events, notes, now_ns, utc_ns)

    def not_fetched(self, symbol: str) -> None:
        """REST did not answer; it is asked again when it may be."""
        self._wanted[symbol].fetching = False

    def tick(self, now_ns: int, utc_ns: int) -> list[Action]:
        """Time has passed: pings, and asks again for what did not come. Call it a few times a second."""
        if not self._open:
            return []
        done: list[Action] = []
        ping = self.venue.ping
        if ping is not None and now_ns - self._pinged_ns >= (self.ping_s or ping.every_s) * _S:
            self._pinged_ns = now_ns
            done.append(Send(ping.text))
        for symbol, want in self._wanted.items():
            # A book may have been emptied without a note, where its message could not be read to its end.
            want.synced = want.synced and bool(self.books.state(want.instrument)["synced"])
            if want.synced and self.venue.audit_s and now_ns - want.synced_ns >= self.venue.audit_s * _S:
                self.books.distrust(want.instrument)
                # A book from REST is asked for with the next change, one in the stream at once.
                wait_ns = FIRST_BOOK_NS if self.venue.whole_by_rest else 0
                want.synced, want.waiting, want.next_ns = False, False, now_ns + wait_ns
            if not want.synced and now_ns >= want.next_ns:
                done += self._ask(symbol, want, now_ns, utc_ns)
        return done

    def _told(self, events: Sequence[Event], notes: Sequence[Note], now_ns: int, utc_ns: int) -> list[Action]:
        self.tally.events += len(events)
        for event in events:
            if (name := self._names.get(event["instrument"])) is not None:
                self._wanted[name].heard_ns = now_ns
        if events:
            self.listener.events(events)
        done: list[Action] = []
        for instrument, what, expected, was in notes:
            symbol = self._names[instrument]
            self.listener.note(symbol, what, expected, was)
            done += self._noted(symbol, what, now_ns, utc_ns)
        return done

    def _noted(self, symbol: str, what: str, now_ns: int, utc_ns: int) -> list[Action]:
        """What follows from a note on a symbol's book."""
        want = self._wanted[symbol]
        if what == "synced":
            want.synced, want.waiting, want.asks = True, False, 0
            want.synced_ns, want.next_ns = now_ns, want.asked_ns + AGAIN_NS
            return []
        want.synced = False
        if what == "waiting":
            # The first change that waits: only now is a book that REST gives not older than it.
            if not want.waiting:
                want.waiting, want.next_ns = True, want.asked_ns + AGAIN_NS
            return self._ask(symbol, want, now_ns, utc_ns) if now_ns >= want.next_ns else []
        self.tally.gaps += 1
        want.waiting = True
        return self._ask(symbol, want, now_ns, utc_ns) if now_ns >= want.next_ns else []

    def _ask(self, symbol: str, want: _Wanted, now_ns: int, utc_ns: int) -> list[Action]:
        """Asks for a whole book, later each time; gives the connection up where that did not help."""
        if want.asks >= ASKS_MAX:
            return [Drop(f"the book of {symbol} could not be had in {ASKS_MAX} requests")]
        want.asks += 1
        want.asked_ns = now_ns
        want.next_ns = now_ns + min(AGAIN_NS_MAX, AGAIN_NS << want.asks)
        self.tally.asks += 1
        if self.venue.whole_by_rest:
            if want.fetching:
                return []
            want.fetching = True
            return [Fetch(symbol, self.venue.book_request(symbol))]
        again = self.venue.book_again(symbol, utc_ns // _S)
        return self._sent(again) or [Drop(f"the book of {symbol} comes with another connection alone")]

    def _sent(self, texts: Sequence[bytes]) -> list[Action]:
        """Subscriptions, with the connection's token where it has one."""
        return [Send(self.venue.with_token(text, self.token) if self.token else text) for text in texts]

    def _control(self, text: bytes) -> list[Action]:
        """A message that told nothing of the market."""
        try:
            message = json.loads(text)
        except ValueError:
            return []
        control = self.venue.control(message) if isinstance(message, dict) else None
        return self._meant(control) if control is not None else []

    def _meant(self, control: Control) -> list[Action]:
        match control.means:
            case Means.ACCEPTED:
                self.tally.accepted += 1
            case Means.ANSWER:
                return [Send(control.text.encode())]
            case Means.RECONNECT:
                return [Drop("the venue asks for another connection")]
            case Means.REFUSED:
                self.tally.refusals += 1
                # Once something was accepted a refusal is of one channel or of the moment, and a book that does not
                # come is asked for again; before, what we asked for is wrong.
                return [Warn(control.text) if self.tally.accepted or self.tally.events else Refused(control.text)]
        return []
