"""A venue on loopback that replays a market to whoever subscribes as the venue demands, with faults where wanted.

catalogue: M1, M3. The market is a script of book changes, recorded or made up; the server keeps its own books as
texts and gives a whole one at its present number to each subscription and REST request, as the venue would. After the
script it goes on with changes that change nothing, so that whatever was lost shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from feeds.public import book_request, feed_of_message
from feeds.recorder import What
from feeds.recordings import Recording
from feeds.venue.spec import Endpoints
from native._core import BookSurvey
from tests.venue_dialects import DIALECTS, Dialect, Levels, TextBook, Told, packed, unpacked
from tests.venue_dialects_more import MORE

#: Every venue that has a session of ours, but Binance, which the box is.
ALL: dict[str, Dialect] = {**DIALECTS, **MORE}
#: How the paths of sockets end that have no books.
BESIDE = ("/business", "-notification", "/ws_index")
FAULTS = ("none", "drop", "duplicate", "reorder", "garbage", "disconnect", "silence")


@dataclass
class Script:
    """A market: the books at its start, then changes (or other messages, without what they tell) in order."""

    books: dict[str, TextBook]
    steps: list[tuple[bytes, list[Told]]]
    units: dict[str, tuple[str, str]]


def made_up(dialect: Dialect, seed: int, changes: int = 240) -> Script:
    """Two symbols whose books move at random without ever crossing."""
    source = random.Random(seed)
    symbols = ["BTC-USDT", "ETH-USDT"]
    books = {symbol: TextBook(number=100 * dialect.stride) for symbol in symbols}
    for book in books.values():
        for at in range(1, 31):
            book.bids[f"{100 - at * 0.07:.2f}"] = f"{source.random() + 0.001:.3f}"
            book.asks[f"{100 + at * 0.07:.2f}"] = f"{source.random() + 0.001:.3f}"
    moving = {symbol: TextBook(dict(book.bids), dict(book.asks), book.number) for symbol, book in books.items()}
    steps = []
    for _ in range(changes):
        symbol = source.choice(symbols)
        book = moving[symbol]
        told = _change(symbol, book, dialect, source)
        steps.append((packed(dialect.change(told, book)), [told]))
        book.apply(told)
    return Script(books, steps, dict.fromkeys(symbols, ("0.01", "0.001")))


def _change(symbol: str, book: TextBook, dialect: Dialect, source: random.Random) -> Told:
    """One level that comes, changes or goes."""
    bid = source.random() < 0.5
    side = book.bids if bid else book.asks
    if source.random() < 0.35 and len(side) > 10:
        level = (source.choice(sorted(side)), "0")
    else:
        away = source.randint(1, 600) / 100
        level = (f"{100 - away if bid else 100 + away:.2f}", f"{source.random() + 0.001:.3f}")
    return Told(symbol, False, [level] if bid else [], [] if bid else [level], book.number + dialect.stride)


def recorded(path: Path, feed: str, dialect: Dialect) -> Script:
    """What a recording has of a feed, from the first whole book of each symbol on."""
    survey = BookSurvey(feed)
    books: dict[str, TextBook] = {}
    steps: list[tuple[bytes, list[Told]]] = []
    records = [record for batch in Recording(path).batches() for record in batch]
    for record in records:
        asked = book_request(record.source) if record.what is What.REST else None
        if asked is not None and asked[0] == feed:
            survey.feed([record.payload], asked[1])
            told = dialect.body(unpacked(record.payload))
            books.setdefault(asked[1], TextBook()).apply(told)
    for record in records:
        if record.what is What.MESSAGE and feed_of_message(record.source, record.payload) == feed:
            survey.feed([record.payload])
            told_all = dialect.read(unpacked(record.payload))
            if step := _step(dialect, books, told_all):
                steps.append((record.payload, step))
            elif not told_all:
                steps.append((record.payload, []))
    known = {symbol: (tick, lot) for symbol, tick, lot in survey.instruments()}
    return Script(books, steps, known)


def anew(script: Script, dialect: Dialect) -> Script:
    """The changes of a recording as the venue would write them now, where it has another protocol since."""
    moving = {symbol: TextBook(dict(book.bids), dict(book.asks), book.number) for symbol, book in script.books.items()}
    steps: list[tuple[bytes, list[Told]]] = []
    for _, step in script.steps:
        for told in step:
            steps.append((packed(dialect.change(told, moving[told.symbol])), [told]))
            moving[told.symbol].apply(told)
    return Script(script.books, steps, script.units)


def _step(dialect: Dialect, books: dict[str, TextBook], told_all: list[Told]) -> list[Told]:
    """The part of a message that moves known books; a first whole book is where its symbol begins."""
    step = []
    for told in told_all:
        if told.symbol not in books:
            if told.snapshot:
                books[told.symbol] = TextBook()
                books[told.symbol].apply(told)
        elif dialect.rest is None or told.last > books[told.symbol].number:
            step.append(told)
    return step


@dataclass
class _Client:
    """One connection: what waits to be sent, and what it has subscribed to."""

    queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    books: set[str] = field(default_factory=set)
    place: int = 0
    mute: bool = False


class VenueServer:
    """One venue with its market. `fault` is one of `FAULTS`."""

    def __init__(self, feed: str, script: Script, fault: str = "none", pace: int = 1) -> None:
        """Serves nothing yet; `pace` is how many steps are made in 4 ms."""
        self.feed, self.dialect, self.script = feed, ALL[feed], script
        self.books = script.books
        self.pace = pace
        self.frames: list[Any] = []
        self.paths: list[str] = []
        self.connections = 0
        self.rest_failures = 1 if fault == "drop" else 0
        self.done = asyncio.Event()
        self._fault = fault
        self._client: _Client | None = None
        self._held: bytes | None = None
        middle = len(script.steps) // 2
        every = max(7, len(script.steps) // 11)
        once = fault in ("disconnect", "silence")
        self._at = {middle} if once else set(range(every, len(script.steps), every))
        self.base = ""

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Endpoints]:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", self._answer)
        async with TestServer(app) as server:
            self.base = str(server.make_url("")).rstrip("/")
            pump = asyncio.create_task(self._pump())
            try:
                yield Endpoints(self.base, "ws" + self.base.removeprefix("http"))
            finally:
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path_qs)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await (self._beside if request.path.endswith(BESIDE) else self._socket)(request)
        if request.method == "POST" and request.path.endswith("/bullet-public"):
            server = {"endpoint": f"ws{self.base.removeprefix('http')}/endpoint", "pingInterval": 18_000}
            return web.json_response({"code": "200000", "data": {"token": "t", "instanceServers": [server]}})
        found = self.dialect.rest.match(request.path_qs) if self.dialect.rest else None
        if found is None:
            return web.Response(status=404)
        if self.rest_failures:
            self.rest_failures -= 1
            return web.Response(status=503)
        return web.Response(body=packed(self.dialect.whole(found[1], self.books[found[1]])))

    @staticmethod
    async def _beside(request: web.Request) -> web.WebSocketResponse:
        """A socket of figures, which says nothing here."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=1 << 24)
        await socket.prepare(request)
        self.connections += 1
        client = self._client = _Client()
        writing = asyncio.create_task(self._write(socket, client))
        async for message in socket:
            if message.type is WSMsgType.TEXT and not client.mute:
                self._heard(client, message.data)
        if self._client is client:
            self._client = None
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        return socket

    async def _write(self, socket: web.WebSocketResponse, client: _Client) -> None:
        with contextlib.suppress(ConnectionError):
            while (payload := await client.queue.get()) is not None:
                await (socket.send_bytes if payload.startswith(b"\x1f\x8b") else self._text(socket))(payload)
            await socket.close()

    @staticmethod
    def _text(socket: web.WebSocketResponse) -> Any:
        return lambda payload: socket.send_str(payload.decode(errors="replace"))

    def _heard(self, client: _Client, text: str) -> None:
        frame = unpacked(text.encode()) if text.startswith("{") else text
        self.frames.append(frame)
        asked = self.dialect.asked(frame)
        for answer in asked.answers:
            self._send(client, packed(answer))
        for symbol in asked.books:
            client.books.add(symbol)
            if self.dialect.rest is None:
                self._send(client, packed(self.dialect.whole(symbol, self.books[symbol])))

    def _send(self, client: _Client, payload: bytes) -> None:
        client.queue.put_nowait(self._stamped(client, payload))

    def _stamped(self, client: _Client, payload: bytes) -> bytes:
        client.place += 1
        return self.dialect.stamp(payload, client.place - 1)

    async def _pump(self) -> None:
        """The script, then changes that change nothing."""
        while self._client is None or self._client.books != set(self.books):
            await asyncio.sleep(0.002)
        for at, (payload, step) in enumerate(self.script.steps):
            for told in step:
                self.books[told.symbol].apply(told)
                self.dialect.settle(self.books[told.symbol])
            self._step(at, payload, step)
            if at % self.pace == 0:
                await asyncio.sleep(0.004)
        self.done.set()
        while True:
            for symbol, book in self.books.items():
                self._idle(symbol, book)
            await asyncio.sleep(0.03)

    def _idle(self, symbol: str, book: TextBook) -> None:
        """A change that sets the best bid to the size that it has."""
        last = book.number + self.dialect.stride if book.number else 0
        best: Levels = book.best("bids", 1)
        told = Told(symbol, False, best, [], last)
        payload = packed(self.dialect.change(told, book))
        book.apply(told)
        client = self._client
        if client is not None and symbol in client.books and not client.mute:
            self._send(client, payload)

    def _step(self, at: int, payload: bytes, step: list[Told]) -> None:
        client = self._client
        if client is None or client.mute or not all(told.symbol in client.books for told in step):
            return
        stamped = self._stamped(client, payload)
        if at in self._at and getattr(self, f"_{self._fault}")(client, stamped):
            return
        client.queue.put_nowait(stamped)
        if self._held is not None:
            client.queue.put_nowait(self._held)
            self._held = None

    def _none(self, client: _Client, stamped: bytes) -> bool:
        return False

    def _drop(self, client: _Client, stamped: bytes) -> bool:
        return True

    def _duplicate(self, client: _Client, stamped: bytes) -> bool:
        client.queue.put_nowait(stamped)
        return False

    def _reorder(self, client: _Client, stamped: bytes) -> bool:
        self._held = stamped
        return True

    def _garbage(self, client: _Client, stamped: bytes) -> bool:
        """The message is cut, and what is no message comes besides."""
        for junk in (stamped[: len(stamped) // 2], b"[[[", b"\x00\xff", b'{"data":[{}]}', b"null"):
            client.queue.put_nowait(junk)
        return True

    def _disconnect(self, client: _Client, stamped: bytes) -> bool:
        client.queue.put_nowait(None)
        self._client = None
        return True

    def _silence(self, client: _Client, stamped: bytes) -> bool:
        """The connection stays open and says nothing more."""
        client.mute = True
        return True
