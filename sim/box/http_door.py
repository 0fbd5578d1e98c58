"""The HTTP door: reads plain requests off the socket and writes their answers (catalogue: S1).

A client's request is a line, some headers and perhaps a body of a told length; those are served here, because a general
HTTP server costs several times what the request itself does. Whatever is not that plain (upgrades to a WebSocket,
chunked bodies, HTTP/1.0, a malformed head) goes to aiohttp with the whole connection, before any of it was acted on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import NamedTuple, cast

from sim.box.clock import BoxClock
from sim.box.encoding import encode
from sim.box.rest import JSON, Answer, Asked, Coming

HEAD_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 64 * 1024
IDLE_S_MAX = 600.0
DOORS_MAX = 1_024
_HEAD_END = b"\r\n\r\n"
_CROWDED = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_VERBS = frozenset(("GET", "POST", "PUT", "DELETE"))
# A request with one of these is not a plain one.
_SPECIAL = frozenset(("UPGRADE", "TRANSFER-ENCODING", "EXPECT"))
_PHRASES = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 408: "Request Timeout",
            409: "Conflict", 410: "Gone", 413: "Content Too Large", 418: "I'm a teapot", 429: "Too Many Requests",
            500: "Internal Server Error", 503: "Service Unavailable"}  # fmt: skip


class Plain(NamedTuple):
    """The head of a plain request: what is asked, its body's length, and whether the connection stays."""

    asked: Asked
    body_bytes: int
    stays: bool


@dataclass(slots=True)
class House:
    """What the connections of one market share: who serves, who takes what is not plain, the time, the open doors."""

    serve: Callable[[Asked], Answer | Coming]
    hand_over: Callable[[], asyncio.Protocol]
    clock: BoxClock
    doors: "set[HttpDoor]" = field(default_factory=set)
    _date: tuple[int, str] = (0, "")

    def date(self) -> str:
        """The venue's time as the Date header, made once a second."""
        second = self.clock.now_ms() // 1_000
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]


def read_head(head: bytes, client: str) -> Plain | None:
    """The head of a request without its empty line, or None where it is not plain."""
    line, *rows = head.decode("utf-8", "surrogateescape").split("\r\n")
    verb, _, rest = line.partition(" ")
    target, _, version = rest.partition(" ")
    if verb not in _VERBS or not target.startswith("/") or version != "HTTP/1.1" or not target.isprintable():
        return None
    headers: dict[str, str] = {}
    for row in rows:
        name, colon, value = row.partition(":")
        name = name.upper()
        if not colon or not name or name in headers or name in _SPECIAL or name != name.strip() or "\n" in row:
            return None
        headers[name] = value.strip(" \t")
    length = headers.get("CONTENT-LENGTH", "0")
    if not (length.isascii() and length.isdigit()) or int(length) > BODY_BYTES_MAX or "HOST" not in headers:
        return None
    path, _, query = target.partition("?")
    stays = headers.get("CONNECTION", "").lower() != "close"
    return Plain(Asked(verb, path, query, "", headers, client), int(length), stays)


class HttpDoor(asyncio.Protocol):
    """One connection, until it ends or is handed to aiohttp."""

    def __init__(self, house: House) -> None:
        """A door of `house`, which holds it while it is open."""
        self._house = house
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._client = ""
        self._buffer = b""
        self._later: asyncio.Task[None] | None = None
        self._full = False
        self._heard_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        if len(self._house.doors) >= DOORS_MAX:
            self._transport.write(_CROWDED)
            self._transport.close()
            return
        self._house.doors.add(self)
        self._heard_s = self._loop.time()
        self._loop.call_later(IDLE_S_MAX, self._idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone; what it asked for last is carried out all the same."""
        self._house.doors.discard(self)
        self._transport = None

    def close(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _idle(self) -> None:
        """Closes a connection on which nothing was asked for long."""
        if self._transport is None:
            return
        left_s = self._heard_s + IDLE_S_MAX - self._loop.time()
        if left_s <= 0 and self._later is None:
            self._transport.close()
        else:
            self._loop.call_later(max(1.0, left_s), self._idle)

    def pause_writing(self) -> None:
        """The client does not read its answers: it is not heard until it does, so that they cannot pile up."""
        self._full = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self._full = False
        if self._transport is not None and self._later is None:
            self._transport.resume_reading()
            self._work()

    def data_received(self, data: bytes) -> None:
        """Serves every request that is whole."""
        self._heard_s = self._loop.time()
        self._buffer = self._buffer + data if self._buffer else data
        self._work()

    def _work(self) -> None:
        while self._buffer and self._transport is not None and self._later is None and not self._full:
            end = self._buffer.find(_HEAD_END, 0, HEAD_BYTES_MAX)
            if end < 0 and len(self._buffer) < HEAD_BYTES_MAX:
                return
            plain = read_head(self._buffer[:end], self._client) if end >= 0 else None
            if plain is None:
                self._give_away()
                return
            start = end + len(_HEAD_END)
            stop = start + plain.body_bytes
            if len(self._buffer) < stop:
                return
            asked = plain.asked
            if plain.body_bytes:
                asked.body = self._buffer[start:stop].decode("utf-8", "surrogateescape")
            self._buffer = self._buffer[stop:]
            answer = self._house.serve(asked)
            if isinstance(answer, Answer):
                self._write(answer, plain.stays)
            else:
                self._later = self._loop.create_task(self._wait(answer, plain.stays))
                self._transport.pause_reading()

    async def _wait(self, coming: Awaitable[Answer | None], stays: bool) -> None:
        """An answer that comes later; requests behind it wait."""
        answer = await coming
        self._later = None
        if self._transport is None:
            return
        if answer is None:
            self._transport.abort()
            return
        self._write(answer, stays)
        if not self._full:
            self._transport.resume_reading()
            self._work()

    def _write(self, answer: Answer, stays: bool) -> None:
        assert self._transport is not None, "answers are written while the client is there"
        body = encode(answer.body).encode()
        extra = "".join([f"{name}: {value}\r\n" for name, value in answer.headers.items()])
        head = (
            f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, 'Other')}\r\n{extra}"
            f"Date: {self._house.date()}\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}\r\n"
        )
        self._transport.write((head + ("\r\n" if stays else "Connection: close\r\n\r\n")).encode() + body)
        if not stays:
            self._transport.close()

    def _give_away(self) -> None:
        """Hands the connection to aiohttp with everything that was not served yet."""
        transport, self._transport = self._transport, None
        assert transport is not None, "only open connections are handed over"
        self._house.doors.discard(self)
        other = self._house.hand_over()
        transport.set_protocol(other)
        other.connection_made(transport)
        other.data_received(self._buffer)
        self._buffer = b""
