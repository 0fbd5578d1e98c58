"""An exchange on loopback that sends a seeded day of ITCH 5.0: on two lossy lines with re-requests, or over TCP.

catalogue: M1, M3, M7. Each line drops, doubles and delays datagrams by its own draws; the re-request server answers
with as much as fits a datagram, and leaves some requests unanswered. Messages are packed by `itchfeed`, not by us.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from tests.test_itch_file import directory, framed
from tests.test_soup import packet

GROUPS = ("239.255.78.1", "239.255.78.2")
LOOPBACK = "127.0.0.1"
SESSION = b"ITCHDAY001"
SYMBOLS = ("AAPL", "IBM", "MSFT")
#: Bytes of messages in a datagram, at most.
_ROOM = 1_200
_END = 0xFFFF


def made_day(seed: int, changes: int) -> list[bytes]:
    """Messages, without their lengths: a directory of three symbols with codes of the seed, then orders of all."""
    source = random.Random(seed)
    locates = dict(zip(SYMBOLS, source.sample(range(1, 9_000), len(SYMBOLS)), strict=True))
    day = [framed("S", 0, event_code=b"O")]
    day += [directory(locate, symbol.encode().ljust(8)) for symbol, locate in locates.items()]
    alive: dict[int, tuple[str, bytes, int]] = {}
    for number in range(1, changes + 1):
        day.append(_change(number, source, locates, alive))
    return [message[2:] for message in day]


def _change(
    order: int, source: random.Random, locates: dict[str, int], alive: dict[int, tuple[str, bytes, int]]
) -> bytes:
    """An order that comes, is filled in part, shrinks, moves or goes."""
    if len(alive) < 20 or source.random() < 0.5:
        symbol, side, shares = source.choice(SYMBOLS), source.choice([b"B", b"S"]), source.randint(1, 500)
        alive[order] = (symbol, side, shares)
        names: dict[str, Any] = {"order_reference_number": order, "buy_sell_indicator": side, "shares": shares}
        stock, price = symbol.encode().ljust(8), _price(side, source)
        return framed("A", locates[symbol], stock=stock, price=price, **names)
    chosen = source.choice(list(alive))
    symbol, side, shares = alive.pop(chosen)
    ref, part = {"order_reference_number": chosen}, source.randint(1, shares)
    if part < shares:
        alive[chosen] = (symbol, side, shares - part)
    match source.choice("EXDU"):
        case "E":
            return framed("E", locates[symbol], executed_shares=part, match_number=order, **ref)
        case "X":
            return framed("X", locates[symbol], cancelled_shares=part, **ref)
        case "D":
            alive.pop(chosen, None)
            return framed("D", locates[symbol], **ref)
    alive.pop(chosen, None)
    alive[order] = (symbol, side, part)
    moved: dict[str, Any] = {"new_order_reference_number": order, "shares": part, "price": _price(side, source)}
    return framed("U", locates[symbol], **ref, **moved)


def _price(side: bytes, source: random.Random) -> int:
    """Bids below 100 dollars, offers above."""
    away = 100 * source.randint(1, 40)
    return 1_000_000 + (away if side == b"S" else -away)


def datagram(first: int, messages: list[bytes], count: int | None = None) -> bytes:
    """A datagram of messages from `first` on."""
    head = struct.pack(">10sQH", SESSION, first, len(messages) if count is None else count)
    return head + b"".join(struct.pack(">H", len(message)) + message for message in messages)


def _fitting(messages: list[bytes]) -> list[bytes]:
    """As many of the first messages as a datagram has room for."""
    kept, size = [], 0
    for message in messages:
        size += 2 + len(message)
        if size > _ROOM:
            break
        kept.append(message)
    return kept


@dataclass
class _Requests(asyncio.DatagramProtocol):
    """The re-request server."""

    day: list[bytes]
    source: random.Random
    answered: int = 0
    transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        _, first, count = struct.unpack(">10sQH", data)
        if self.source.random() < 0.2:
            return
        self.answered += 1
        self.transport.sendto(datagram(first, _fitting(self.day[first - 1 : first - 1 + count])), addr)


@dataclass
class Multicast:
    """The day on lines A and B. `lost_by_both` are numbers that neither line ever brings."""

    day: list[bytes]
    seed: int
    lost_by_both: set[int] = field(default_factory=set)
    port: int = 0
    requests: tuple[str, int] = (LOOPBACK, 0)
    server: _Requests | None = None

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[list[str]]:
        """Sends the day, then its end again and again. Gives the options that find it, without the server's."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((LOOPBACK, 0))
            self.port = probe.getsockname()[1]
        self.server = _Requests(self.day, random.Random(self.seed))
        loop, server = asyncio.get_running_loop(), self.server
        transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(LOOPBACK, 0))
        self.requests = transport.get_extra_info("sockname")
        sending = asyncio.create_task(self._send())
        try:
            yield ["--option", "lines=" + ",".join(f"{group}:{self.port}@{LOOPBACK}" for group in GROUPS)]
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            transport.close()

    async def _send(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            for at, sent in enumerate(zip(*(self._line(line) for line in (0, 1)), strict=True)):
                for group, datagrams in zip(GROUPS, sent, strict=True):
                    for data in datagrams:
                        sock.sendto(data, (group, self.port))
                if at % 4 == 0:
                    await asyncio.sleep(0.001)
            while True:
                for group in GROUPS:
                    sock.sendto(datagram(len(self.day) + 1, [], _END), (group, self.port))
                await asyncio.sleep(0.02)

    def _line(self, line: int) -> list[list[bytes]]:
        """What one line sends, step by step: datagrams of one to five messages, some lost, doubled or late."""
        shape, source = random.Random(self.seed), random.Random(self.seed * 31 + line)
        steps: list[list[bytes]] = [[] for _ in range(len(self.day) + 9)]
        first, step = 1, 0
        while first <= len(self.day):
            run = self.day[first - 1 : first - 1 + shape.randint(1, 5)]
            lost = self.lost_by_both & set(range(first, first + len(run)))
            copies = 0 if lost or source.random() < 0.15 else 1 + (source.random() < 0.1)
            for _ in range(copies):
                steps[step + (source.randint(1, 6) if source.random() < 0.2 else 0)].append(datagram(first, run))
            first, step = first + len(run), step + 1
        return steps


@dataclass
class Tcp:
    """The day over SoupBinTCP; the first connections break off after `cuts` bytes of it."""

    day: list[bytes]
    cuts: list[int]
    port: int = 0

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[list[str]]:
        """Gives the options that find it."""
        listening = await asyncio.start_server(self._serve, LOOPBACK, 0)
        async with listening:
            self.port = listening.sockets[0].getsockname()[1]
            yield ["--option", f"soup={LOOPBACK}:{self.port}", "--option", "user=ME"]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            login = await reader.readexactly(49)
            first = int(login[29:49])
            writer.write(packet(b"A", SESSION + f"{first:>20}".encode()))
            data = b"".join(packet(b"S", message) for message in self.day[first - 1 :]) + packet(b"Z")
            cut = self.cuts.pop(0) if self.cuts else len(data)
            for at in range(0, min(cut, len(data)), 997):
                writer.write(data[at : min(at + 997, cut)])
                await writer.drain()
        writer.close()
