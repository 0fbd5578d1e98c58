"""MoldUDP64 on the loopback interface: two multicast lines that lose, a re-request server, another session, the end."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from feeds.mold import Channel, Group, MoldFeed
from native._core import InputError
from pycore.clock import Clock

GROUPS = ("239.255.77.1", "239.255.77.2")
MESSAGES = [f"message {number}".encode() for number in range(1, 201)]
LOOPBACK = "127.0.0.1"


def datagram(session: bytes, first: int, messages: list[bytes], count: int | None = None) -> bytes:
    """A datagram of messages from `first` on; `count` 0xFFFF is the end."""
    head = struct.pack(">10sQH", session, first, len(messages) if count is None else count)
    return head + b"".join(struct.pack(">H", len(message)) + message for message in messages)


@dataclass
class Sender:
    """The exchange: one socket that sends to both groups on the loopback interface."""

    port: int
    sock: socket.socket

    def send(self, line: int, data: bytes) -> None:
        """One datagram on one line."""
        self.sock.sendto(data, (GROUPS[line], self.port))


@dataclass
class Server(asyncio.DatagramProtocol):
    """The re-request server: answers with at most three messages at once."""

    asked: list[tuple[int, int]] = field(default_factory=list)
    transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        session, first, count = struct.unpack(">10sQH", data)
        self.asked.append((first, count))
        self.transport.sendto(datagram(session, first, MESSAGES[first - 1 : first - 1 + min(count, 3)]), addr)


@dataclass
class Heard:
    """What the feed told."""

    messages: list[tuple[int, bytes]] = field(default_factory=list)
    events: list[tuple[str, int, int, bytes]] = field(default_factory=list)

    def message(self, number: int, payload: bytes) -> None:
        """A message."""
        self.messages.append((number, payload))

    def event(self, kind: str, number: int, following: int, payload: bytes) -> None:
        """An event."""
        self.events.append((kind, number, following, payload))


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    """A port that is free for both groups, and a socket that sends to them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    yield Sender(port, sock)
    sock.close()


def feed(sender: Sender, heard: Heard, **options: Any) -> MoldFeed:
    """A feed of both lines."""
    lines = [Group(address, sender.port, LOOPBACK) for address in GROUPS]
    return MoldFeed(Channel(lines, **options), heard.message, heard.event, Clock())


async def started(found: MoldFeed) -> asyncio.Task[None]:
    """The running feed, once it has joined."""
    task = asyncio.create_task(found.run())
    await asyncio.sleep(0.05)
    return task


async def test_two_lossy_lines_and_a_server_are_one_whole_stream(sender: Sender) -> None:
    server = Server()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, local_addr=(LOOPBACK, 0))
    heard = Heard()
    found = feed(sender, heard, requests=transport.get_extra_info("sockname"))
    task = await started(found)
    for first in range(1, len(MESSAGES) + 1, 2):
        data = datagram(b"SESSION001", first, MESSAGES[first - 1 : first + 1])
        for line in (0, 1):
            # Line A loses every third datagram, line B every fifth; both lose every fifteenth.
            if first // 2 % (3, 5)[line]:
                sender.send(line, data)
        await asyncio.sleep(0)
    for line in (0, 1):
        sender.send(line, datagram(b"SESSION001", len(MESSAGES) + 1, [], 0xFFFF))
    await asyncio.wait_for(task, 20)
    transport.close()
    assert heard.messages == list(enumerate(MESSAGES, start=1))
    assert heard.events == [("ended", 0, 0, b"")]
    figures = found.figures()
    assert figures["lost"] == 0
    assert figures["recovered"] >= 2
    assert server.asked[0][0] == 1
    assert all(line["received"] > 100 for line in figures["lines"])
    assert all(line["lost"] > 0 for line in figures["lines"])


async def test_without_a_server_the_gap_is_named_and_the_rest_comes(sender: Sender) -> None:
    heard = Heard()
    task = await started(feed(sender, heard))
    sender.send(0, datagram(b"SESSION001", 1, MESSAGES[:2]))
    sender.send(1, datagram(b"SESSION001", 5, MESSAGES[4:6]))
    sender.send(1, b"nothing that anyone could read")
    sender.send(1, datagram(b"SESSION001", 7, [], 0xFFFF))
    await asyncio.wait_for(task, 20)
    assert [number for number, _ in heard.messages] == [1, 2, 5, 6]
    assert heard.events == [("gap", 3, 5, b""), ("ended", 0, 0, b"")]


async def test_another_session_begins_again_at_one(sender: Sender) -> None:
    heard = Heard()
    found = feed(sender, heard)
    task = await started(found)
    sender.send(0, datagram(b"SESSION001", 1, MESSAGES[:2]))
    sender.send(1, datagram(b"SESSION002", 1, MESSAGES[:1]))
    sender.send(1, datagram(b"SESSION002", 2, [], 0xFFFF))
    await asyncio.wait_for(task, 20)
    assert [number for number, _ in heard.messages] == [1, 2, 1]
    assert heard.events[0] == ("session", 1, 1, b"SESSION002")
    assert found.session == "SESSION002"
    assert found.next_number == 2


async def test_close_ends_it_and_bad_lines_are_refused(sender: Sender) -> None:
    found = feed(sender, Heard())
    task = await started(found)
    found.close()
    await asyncio.wait_for(task, 10)
    with pytest.raises(InputError, match="lines must be one or two groups, was 0"):
        MoldFeed(Channel([]), Heard().message, Heard().event, Clock())
    with pytest.raises(InputError, match="session must have ten characters of ASCII at most, was A SESSION TOO LONG"):
        feed(sender, Heard(), session="A SESSION TOO LONG")
