"""A venue's market data, live: sockets that keep themselves up, each with a session; REST books and tokens for them.

catalogue: M1, M3, M4. The I/O around `feeds.session`: it has the sockets, the REST client and the clock, and decides
nothing. Symbols beyond what a connection carries get another one. Whole books are asked for with at most `FETCHES_MAX`
requests under way.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from feeds.backoff import Backoff
from feeds.http_body import body
from feeds.ports import Clock
from feeds.session import Action, Books, Drop, Fetch, Listener, Refused, Send, Session, Warn
from feeds.socket import Socket
from feeds.venue.spec import Endpoints, Venue, chunks
from native._core import InputError

log = logging.getLogger(__name__)

#: REST books asked for at the same time: below every venue's limit of requests a second.
FETCHES_MAX = 4
#: A REST book larger than this is refused, bytes.
_BODY_BYTES_MAX = 16 * 1024 * 1024
#: How often sessions are told that time has passed, s.
TICK_S = 0.1
#: The least time between the first attempts of two lines, s: OKX takes three connections a second.
CONNECT_APART_S = 0.4
_INTERRUPTED = 130


@dataclass
class Line:
    """One connection: its session and its socket."""

    session: Session
    socket: Socket


@dataclass
class LiveFeed:
    """The market data of `venue` for `symbols` (symbol to instrument number, as `books_of` has defined them).

    `books_of` makes the books of one connection for its symbols; `listener_of` who hears it. `run` ends after `close`
    and raises what a listener raised, or InputError where the venue refuses the subscription.
    """

    venue: Venue
    at: Endpoints
    symbols: list[str]
    books_of: Callable[[list[str]], tuple[Books, Mapping[str, int]]]
    listener_of: Callable[[int], Listener]
    clock: Clock
    http: aiohttp.ClientSession
    jitter: random.Random
    lines: list[Line] = field(default_factory=list)
    on_link: Callable[[int, bool, str], None] = lambda line, up, address: None
    _fetching: set[asyncio.Task[None]] = field(default_factory=set)
    _refusal: str = ""
    _closed: bool = False

    def __post_init__(self) -> None:
        """Makes a line for every `symbols_max` symbols; connects nothing."""
        self._room = asyncio.Semaphore(FETCHES_MAX)
        self._group = asyncio.TaskGroup()
        for some in chunks(self.symbols, self.venue.symbols_max):
            self.lines.append(self._line(len(self.lines), some))

    def _line(self, number: int, symbols: list[str]) -> Line:
        books, numbers = self.books_of(symbols)
        session = Session(self.venue, numbers, books, self.listener_of(number))
        address = ""

        async def where() -> str:
            nonlocal address
            address = await self._address(session, symbols)
            return address

        def up() -> None:
            self.on_link(number, True, address)
            self._do(line, session.opened(self.clock.mono_ns(), self.clock.utc_ns()))

        def down() -> None:
            session.closed()
            self.on_link(number, False, address)

        def message(payload: bytes) -> None:
            self._do(line, session.received(payload, self.clock.mono_ns(), self.clock.utc_ns()))

        socket = Socket(
            f"{self.venue.feed}/{number}",
            where,
            message,
            clock=self.clock,
            backoff=Backoff(self.jitter),
            on_up=up,
            on_down=down,
            stale_ms=round(self.venue.stale_s * 1e3),
        )
        line = Line(session, socket)
        return line

    async def _address(self, session: Session, symbols: list[str]) -> str:
        """Where to connect; with a token, what the venue says to that."""
        path = self.venue.token_request()
        if path is None:
            return self.venue.address(self.at.ws, symbols)
        headers, content = self.venue.token_call(self.clock.utc_ns())
        async with self.http.post(self.at.rest + path, headers=headers, data=content) as answer:
            token = self.venue.token(await body(answer, _BODY_BYTES_MAX))
        session.ping_s, session.token = token.ping_s, token.said
        return token.address or self.venue.address(self.at.ws, symbols)

    def _do(self, line: Line, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send(payload):
                    line.socket.send(payload)
                case Fetch(symbol, request):
                    task = self._group.create_task(self._fetch(line, symbol, request), name=f"book {symbol}")
                    self._fetching.add(task)
                    task.add_done_callback(self._fetching.discard)
                case Warn(why):
                    log.warning("%(socket)s: refused: %(why)s", {"socket": line.socket.name, "why": why})
                case Drop(why):
                    log.warning("%(socket)s: %(why)s", {"socket": line.socket.name, "why": why})
                    line.socket.drop()
                    return
                case Refused(why):
                    self._refusal = why
                    self.close()
                    return

    async def _fetch(self, line: Line, symbol: str, request: str) -> None:
        """One request for a whole book; the session asks again where it fails."""
        told: dict[str, Any] = {"venue": self.venue.feed, "symbol": symbol}
        try:
            async with self._room, self.http.get(self.at.rest + request) as answer:
                content = await body(answer, _BODY_BYTES_MAX)
                if answer.status == 200:
                    session = line.session
                    self._do(line, session.fetched(symbol, content, self.clock.mono_ns(), self.clock.utc_ns()))
                    return
                log.warning("%(venue)s %(symbol)s: book refused, status %(status)d", {**told, "status": answer.status})
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("%(venue)s %(symbol)s: book failed: %(why)s", {**told, "why": error})
        line.session.not_fetched(symbol)

    @property
    def synced(self) -> bool:
        """Whether every book of every line is in step."""
        return all(line.session.synced for line in self.lines)

    def tally(self) -> dict[str, int]:
        """What the sessions of all lines have seen."""
        names = ("messages", "garbage", "gaps", "connections")
        return {name: sum(getattr(line.session.tally, name) for line in self.lines) for name in names}

    async def run(self) -> None:
        """Keeps every line up until `close`."""
        try:
            async with asyncio.TaskGroup() as self._group:
                self._group.create_task(self._tick())
                for number, line in enumerate(self.lines):
                    self._group.create_task(self._keep(number, line), name=line.socket.name)
        except BaseExceptionGroup as several:
            # What one line raised ends the others; the first is what happened.
            raise several.exceptions[0] from None
        if self._refusal:
            raise InputError(f"--symbols must be such as {self.venue.feed} takes, was refused: {self._refusal}")

    async def _keep(self, number: int, line: Line) -> None:
        """One line; each begins a little after the one before it, because venues count connections a second."""
        await asyncio.sleep(number * CONNECT_APART_S)
        await line.socket.run()

    async def _tick(self) -> None:
        while not self._closed:
            await asyncio.sleep(TICK_S)
            for line in self.lines:
                self._do(line, line.session.tick(self.clock.mono_ns(), self.clock.utc_ns()))

    def close(self) -> None:
        """Ends every connection for good."""
        self._closed = True
        for line in self.lines:
            line.socket.close()
        for task in self._fetching:
            task.cancel()


class Running(Protocol):
    """What runs until it is closed."""

    async def run(self) -> None:
        """Runs."""

    def close(self) -> None:
        """Lets `run` end."""


async def until_ended(
    seconds: float | None, feed: Running, *besides: asyncio.Task[None], last: Callable[[], None] = lambda: None
) -> int:
    """Runs a feed, and what is done besides, for `seconds`, until it ends or a signal comes; 0, or 130 after SIGINT.

    `last` is called before the feed is closed, where nothing went wrong.
    """
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    code = 0

    def end(status: int) -> None:
        nonlocal code
        code = status
        ended.set()

    loop.add_signal_handler(signal.SIGINT, end, _INTERRUPTED)
    loop.add_signal_handler(signal.SIGTERM, end, 0)
    tasks = [asyncio.create_task(feed.run()), *besides]
    waiting = asyncio.create_task(ended.wait())
    done, _ = await asyncio.wait([*tasks, waiting], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if not any(task.done() and task.exception() for task in tasks):
        last()
    feed.close()
    for task in [*tasks, waiting]:
        task.cancel()
    await asyncio.gather(*tasks, waiting, return_exceptions=True)
    for task in done & set(tasks):
        task.result()
    return code
