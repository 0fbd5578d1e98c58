"""A venue on loopback that two connections read at once: each loses messages by its own draws, none loses all.

catalogue: M1, M3. As `venue_server`, with two clients. What line A loses line B brings, so that a market made of both
is the lossless one; each alone has holes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random

from aiohttp import WSMsgType, web

from tests.venue_dialects import TextBook, Told, packed
from tests.venue_server import VenueServer, _Client


class TwoLineServer(VenueServer):
    """Begins its script when both lines have subscribed. `loss` is how often a line loses a message."""

    loss = 0.1
    lines_max = 2

    @property
    def behind(self) -> dict[int, list[bytes]]:
        """By client, what it has not been told yet."""
        if not hasattr(self, "_behind"):
            self._behind: dict[int, list[bytes]] = {}
        return self._behind

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=1 << 24)
        await socket.prepare(request)
        client = _Client()
        client.place = 0
        self.clients.append(client)
        self.connections += 1
        writing = asyncio.create_task(self._write(socket, client))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._heard(client, message.data)
        self.clients.remove(client)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        return socket

    @property
    def clients(self) -> list[_Client]:
        """Both lines, in the order in which they came."""
        if not hasattr(self, "_clients"):
            self._clients: list[_Client] = []
        return self._clients

    async def _pump(self) -> None:
        source = random.Random(11)
        while sum(client.books == set(self.books) for client in self.clients) < self.lines_max:
            await asyncio.sleep(0.002)
        for payload, step in self.script.steps:
            for told in step:
                self.books[told.symbol].apply(told)
                self.dialect.settle(self.books[told.symbol])
            draw = source.random()
            lost = 0 if draw < self.loss else 1 if draw < 2 * self.loss else None
            for line, client in enumerate(self.clients):
                if line != lost:
                    self._waiting(client).append(payload)
                # Line B is some messages behind, so that a hole of A waits for it.
                self._tell(client, 3 if line else 0)
            await asyncio.sleep(0.004)
        for client in self.clients:
            self._tell(client, 0)
        self.done.set()
        while True:
            for symbol, book in self.books.items():
                self._idle(symbol, book)
            await asyncio.sleep(0.03)

    def _waiting(self, client: _Client) -> list[bytes]:
        """What a line has not been told yet."""
        return self.behind.setdefault(id(client), [])

    def _tell(self, client: _Client, keep: int) -> None:
        """Sends all but the last messages."""
        waiting = self._waiting(client)
        while len(waiting) > keep:
            self._send(client, waiting.pop(0))

    def _heard(self, client: _Client, text: str) -> None:
        # A whole book has what was said before it.
        self._tell(client, 0)
        super()._heard(client, text)

    def _idle(self, symbol: str, book: TextBook) -> None:
        last = book.number + self.dialect.stride if book.number else 0
        told = Told(symbol, False, book.best("bids", 1), [], last)
        payload = packed(self.dialect.change(told, book))
        book.apply(told)
        with contextlib.suppress(IndexError):
            for client in self.clients:
                self._send(client, payload)
