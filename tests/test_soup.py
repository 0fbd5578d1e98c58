"""SoupBinTCP against a server on loopback: a disconnect in mid-session loses and doubles nothing."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from feeds.backoff import Backoff
from feeds.soup import Login, LoginRefusedError, SoupSession

MESSAGES = [f"message {number}".encode() for number in range(1, 41)]


def packet(kind: bytes, payload: bytes = b"") -> bytes:
    """One packet."""
    return struct.pack(">H", len(payload) + 1) + kind + payload


@dataclass
class Server:
    """Sends `MESSAGES` from the number that a login asks for; the first connections end after `cut` bytes of them."""

    cut: list[int]
    password: bytes = b"SECRET"
    sessions: list[bytes] = field(default_factory=lambda: [b"SESSION001"])
    logins: list[tuple[str, int]] = field(default_factory=list)
    received: bytes = b""
    silent: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            login = await reader.readexactly(49)
            session, first = login[19:29].decode().strip(), int(login[29:49])
            self.logins.append((session, first))
            if login[9:19].strip() != self.password:
                writer.write(packet(b"J", b"A"))
            elif self.silent and len(self.logins) == 1:
                await reader.read()
            else:
                await self._send(reader, writer, first)
        writer.close()

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: int) -> None:
        name = self.sessions.pop(0) if len(self.sessions) > 1 else self.sessions[0]
        writer.write(packet(b"A", name + f"{first:>20}".encode()) + packet(b"+", b"hello") + packet(b"H"))
        data = b"".join(packet(b"S", message) for message in MESSAGES[first - 1 :]) + packet(b"Z")
        if self.cut:
            writer.write(data[: self.cut.pop(0)])
            await writer.drain()
            return
        for at in range(0, len(data), 7):
            writer.write(data[at : at + 7])
            await writer.drain()
        self.received = await asyncio.wait_for(reader.read(), 10)


@contextlib.asynccontextmanager
async def serving(server: Server) -> AsyncIterator[int]:
    """The server's port."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@dataclass
class Heard:
    """What the session told."""

    messages: list[tuple[int, bytes]] = field(default_factory=list)
    events: list[tuple[str, int]] = field(default_factory=list)


def session(port: int, heard: Heard, password: str = "SECRET", silent_s: float = 15.0) -> SoupSession:
    """A client that is in a hurry to come back."""
    return SoupSession(
        Login("127.0.0.1", port, "ME", password, silent_s=silent_s),
        lambda number, payload: heard.messages.append((number, payload)),
        lambda kind, number: heard.events.append((kind, number)),
        Backoff(random.Random(1), first_s=0.01, cap_s=0.02),
    )


async def test_a_session_goes_on_behind_every_disconnect() -> None:
    heard, server = Heard(), Server(cut=[3, 40, 100])
    async with serving(server) as port:
        found = session(port, heard)
        await asyncio.wait_for(found.run(), 20)
    assert heard.messages == list(enumerate(MESSAGES, start=1))
    assert heard.events == [("ended", 0)]
    assert found.reconnects == 3
    assert [first for _, first in server.logins] == [1, 1, 4, 12]
    assert {name for name, _ in server.logins[1:]} == {"SESSION001"}


async def test_a_silent_connection_is_made_again() -> None:
    heard, server = Heard(), Server(cut=[], silent=True)
    async with serving(server) as port:
        await asyncio.wait_for(session(port, heard, silent_s=0.3).run(), 20)
    assert heard.messages == list(enumerate(MESSAGES, start=1))
    assert [first for _, first in server.logins] == [1, 1]


async def test_another_session_is_told() -> None:
    heard, server = Heard(), Server(cut=[40], sessions=[b"SESSION001", b"SESSION002"])
    async with serving(server) as port:
        found = session(port, heard)
        await asyncio.wait_for(found.run(), 20)
    assert heard.events == [("session", 4), ("ended", 0)]
    assert found.session == "SESSION002"


async def test_a_refused_login_ends_it() -> None:
    async with serving(Server(cut=[])) as port:
        with pytest.raises(LoginRefusedError, match="was refused with reason A"):
            await asyncio.wait_for(session(port, Heard(), "WRONG").run(), 10)


async def test_close_says_goodbye() -> None:
    server = Server(cut=[])
    heard = Heard()
    async with serving(server) as port:
        found = session(port, heard)
        task = asyncio.create_task(found.run())
        while not heard.messages:
            await asyncio.sleep(0.001)
        found.close()
        await asyncio.wait_for(task, 10)
    assert not found.up
