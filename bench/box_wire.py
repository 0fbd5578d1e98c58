"""Cheap sockets for the load run: whole messages out of a byte stream, and what was sent when.

catalogue: S1. The generator shares a machine with what it measures, so it does little: requests are signed and framed
before the run, answers are cut out by their lengths, stream messages are counted and every fifth one is read.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import struct
import time
from collections import deque
from collections.abc import Callable
from typing import cast

_EVENT_TIME = re.compile(rb'"E":([0-9]+)')
READ_EVERY = 5
#: Kinds of frames (RFC 6455 section 5.2); those from 8 on are control frames.
_TEXT, _CONTROL, _PING, _PONG = 0x1, 0x8, 0x9, 0xA


def http_message(buffer: bytearray) -> bytes | None:
    """Takes one HTTP answer off the front of `buffer`, or None while it is not whole."""
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return None
    at = buffer.lower().find(b"content-length:", 0, head)
    length = int(buffer[at + 15 : buffer.index(b"\r\n", at)]) if at >= 0 else 0
    end = head + 4 + length
    if len(buffer) < end:
        return None
    message = bytes(buffer[:end])
    del buffer[:end]
    return message


def frame(buffer: bytearray, write: Callable[[bytes], None]) -> bytes | None:
    """Takes the payload of one unmasked WebSocket frame off the front of `buffer`, or None while it is not whole.

    A ping on the way is answered with `write` and is no payload: the venue sends one every 20 s.
    """
    while (taken := _frame(buffer)) is not None:
        kind, payload = taken
        if kind < _CONTROL:
            return payload
        if kind == _PING:
            write(masked(payload, _PONG))
    return None


def _frame(buffer: bytearray) -> tuple[int, bytes] | None:
    """One frame's kind and payload."""
    if len(buffer) < 2:
        return None
    kind, length, start = buffer[0] & 0x0F, buffer[1] & 0x7F, 2
    if length == 126:
        start = 4
        if len(buffer) < start:
            return None
        length = struct.unpack_from("!H", buffer, 2)[0]
    elif length == 127:
        start = 10
        if len(buffer) < start:
            return None
        length = struct.unpack_from("!Q", buffer, 2)[0]
    if len(buffer) < start + length:
        return None
    payload = bytes(buffer[start : start + length])
    del buffer[: start + length]
    return kind, payload


def masked(payload: bytes, kind: int = _TEXT) -> bytes:
    """A client's frame; the mask is zero, which leaves the payload as it is."""
    size, first = len(payload), 0x80 | kind
    head = struct.pack("!BB", first, 0x80 | size) if size < 126 else struct.pack("!BBH", first, 0x80 | 126, size)
    return head + b"\0\0\0\0" + payload


def upgrade(path: str) -> bytes:
    """The handshake of a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: box\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


class Asker(asyncio.Protocol):
    """One connection that asks and is answered in order; `lags_s` has each answer's time since it was due."""

    def __init__(self) -> None:
        """Speaks HTTP until it is upgraded."""
        self._upgraded = False
        self._buffer = bytearray()
        self._due: deque[float] = deque()
        self.lags_s: list[float] = []
        self.refused: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes, due_s: float) -> None:
        """Sends a request that was due at `due_s` (monotonic)."""
        assert self._transport is not None
        self._due.append(due_s)
        self._transport.write(request)

    def upgrade(self) -> None:
        """Answers are frames from now on."""
        self._upgraded = True

    @property
    def waiting(self) -> int:
        """Requests without an answer."""
        return len(self._due)

    def data_received(self, data: bytes) -> None:
        """Matches answers with what was asked, in order."""
        self._buffer += data
        now = time.monotonic()
        while self._due and (message := self._message()) is not None:
            self.lags_s.append(now - self._due.popleft())
            if b"200" not in message[:80]:
                self.refused.append(message)

    def _message(self) -> bytes | None:
        assert self._transport is not None
        return frame(self._buffer, self._transport.write) if self._upgraded else http_message(self._buffer)

    def close(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.abort()


class Listener(asyncio.Protocol):
    """One stream client: counts messages and notes how old every fifth one is."""

    def __init__(self, path: str) -> None:
        """Will subscribe to `path`, whose times are in microseconds."""
        self._path = path
        self._buffer = bytearray()
        self._open = False
        self._transport: asyncio.Transport | None = None
        self.messages = 0
        self.lags_s: list[float] = []
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the streams."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(upgrade(self._path))

    def data_received(self, data: bytes) -> None:
        """Counts, and reads a few."""
        self._buffer += data
        if not self._open:
            if http_message(self._buffer) is None:
                return
            self._open = True
        now_us = time.time_ns() // 1_000
        assert self._transport is not None
        while (payload := frame(self._buffer, self._transport.write)) is not None:
            self.messages += 1
            if self.messages % READ_EVERY == 0 and (match := _EVENT_TIME.search(payload, 0, 120)):
                self.lags_s.append((now_us - int(match[1])) / 1e6)

    def connection_lost(self, exc: Exception | None) -> None:
        """A client that the box cut off has been lost, however the figures look."""
        self.lost = True

    def close(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.abort()
