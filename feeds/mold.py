"""MoldUDP64 over UDP multicast: lines A and B received, what both lost asked for, one stream of messages handed on.

catalogue: M1, M3, M7. Source: Nasdaq's "MoldUDP64 Protocol Specification 1.00". What the numbers mean is decided in the
core (`MoldReceiver`); here are the sockets and the clock. Datagrams wait in the kernel's receive buffer, which is
bounded: what it drops is a hole like any other, and is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from feeds.ports import Clock
from native._core import InputError, MoldReceiver

log = logging.getLogger(__name__)

#: How often holes are looked after, s: requests are due 2 ms after a hole, answers take a round trip.
_LOOK_S = 0.002
#: The kernel's buffer for one line, bytes; the system may grant less.
_BUFFER_BYTES = 8 * 1024 * 1024
#: Lines: A and B.
LINES_MAX = 2
#: What a tap is told: a datagram of line A, of line B, of the re-request server; and that a hole was given up.
TAPS = ("moldudp64/a", "moldudp64/b", "moldudp64/requests")
GIVEN_UP = "moldudp64/given-up"


@dataclass(frozen=True)
class Group:
    """One line: a multicast group and port, and the address of the interface that it is received on."""

    address: str
    port: int
    interface: str = "0.0.0.0"

    def listen(self) -> socket.socket:
        """A socket that has joined the group; the port may be shared with other receivers on this host."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        # Bound to the group, so that datagrams of other groups on the same port stay away.
        sock.bind((self.address, self.port))
        joined = struct.pack("4s4s", socket.inet_aton(self.address), socket.inet_aton(self.interface))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        return sock


@dataclass(frozen=True)
class Channel:
    """One stream of messages: its lines, and where to go on in it.

    `requests` is the re-request server's address and port, which is asked `requests_max` times for a hole; without one
    a hole that both lines have is a gap after 50 ms. `session` None is whichever comes first.
    """

    lines: Sequence[Group]
    requests: tuple[str, int] | None = None
    requests_max: int = 20
    session: str | None = None
    next_number: int = 1


class _Line(asyncio.DatagramProtocol):
    """Hands a socket's datagrams on."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, _: tuple[str | Any, int]) -> None:
        self._take(data)

    def error_received(self, error: Exception) -> None:
        # The server's port is closed for a moment, or the network refuses: the request is repeated.
        log.debug("MoldUDP64: %s", error)


class MoldFeed:
    """One session over lines A and B until it has ended or is closed.

    `on_message` gets each message with its number, once and in order; `on_event` gets `gap` with the numbers from and
    up to which nothing will come, `session` for another session (numbers begin again) and `ended`. `tap` gets each
    datagram as it came with one of `TAPS`, and `GIVEN_UP`: with the times of both, the same messages can be had again.
    """

    def __init__(
        self,
        channel: Channel,
        on_message: Callable[[int, bytes], None],
        on_event: Callable[[str, int, int, bytes], None],
        clock: Clock,
        *,
        tap: Callable[[str, bytes], None] = lambda source, data: None,
    ) -> None:
        """Opens nothing yet. InputError for no line or more than two, or a session of more than ten characters."""
        self.lines = channel.lines
        if not 1 <= len(self.lines) <= LINES_MAX:
            raise InputError(f"lines must be one or two groups, was {len(self.lines)}")
        requests_max = channel.requests_max if channel.requests else 0
        self._receiver = MoldReceiver(channel.session, channel.next_number, requests_max)
        self._on_message = on_message
        self._on_event = on_event
        self._clock = clock
        self._tap = tap
        self._requests = channel.requests
        self._server: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()
        self.unreadable = 0

    @property
    def next_number(self) -> int:
        """The number of the next message: where a later receiver of the session goes on."""
        return self._receiver.next

    @property
    def session(self) -> str | None:
        """The session's name; None before the first datagram."""
        return self._receiver.session

    def figures(self) -> dict[str, Any]:
        """Requests, recovered and lost messages, and each line's health, lags in ns."""
        return {**self._receiver.figures(), "unreadable": self.unreadable}

    async def run(self) -> None:
        """Receives until the session has ended or `close`; raises OSError where a group cannot be joined."""
        loop = asyncio.get_running_loop()
        transports: list[asyncio.DatagramTransport] = []
        try:
            for line, group in enumerate(self.lines):
                transports.append(await self._open(loop, line, sock=group.listen()))
            if self._requests is not None:
                self._server = await self._open(loop, None, remote_addr=self._requests)
                transports.append(self._server)
            while not self._closed.is_set() and not self._receiver.ended:
                self._look()
                await asyncio.sleep(_LOOK_S)
        finally:
            for transport in transports:
                transport.close()

    def close(self) -> None:
        """Ends `run`."""
        self._closed.set()

    async def _open(self, loop: asyncio.AbstractEventLoop, line: int | None, **how: Any) -> asyncio.DatagramTransport:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Line(lambda data: self._take(line, data)), **how)
        return transport

    def _take(self, line: int | None, data: bytes) -> None:
        self._tap(TAPS[-1 if line is None else line], data)
        try:
            rows = self._receiver.take(line, data, self._clock.mono_ns())
        except InputError as error:
            self.unreadable += 1
            log.warning("MoldUDP64: a datagram cannot be read: %s", error)
            return
        self._tell(rows)

    def _look(self) -> None:
        """Asks for what is missing, or gives it up."""
        now = self._clock.mono_ns()
        if self._server is not None and (request := self._receiver.request(now)) is not None:
            self._server.sendto(request)
        if given_up := self._receiver.settle(now):
            self._tap(GIVEN_UP, b"")
            self._tell(given_up)

    def _tell(self, rows: list[tuple[str, int, int, bytes]]) -> None:
        for kind, number, following, payload in rows:
            if kind == "message":
                self._on_message(number, payload)
            else:
                log.warning("MoldUDP64: %s, from %d up to %d", kind, number, following)
                self._on_event(kind, number, following, payload)
