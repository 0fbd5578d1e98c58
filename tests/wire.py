"""A wire between an engine and a box that a test can cut and mend: one TCP relay for each market, in its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_CHUNK = 65_536


class Wire:
    """Relays to a venue's two ports; `venue` is what the box said, with the relays' addresses in it."""

    def __init__(self, venue: dict[str, Any]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._servers: list[asyncio.Server] = []
        targets = {urlsplit(venue[name]).port or 0 for name in ("spot_rest", "usdm_rest")}
        ports = {port: self._run(self._serve(port)) for port in targets}
        self.venue = {name: _moved(value, ports) for name, value in venue.items()}

    def cut(self) -> None:
        """Breaks every connection, and every new one as soon as it is made."""
        self._run(self._cut())

    def mend(self) -> None:
        """Lets new connections through again."""
        self._open = True

    def close(self) -> None:
        """Ends the relays and their thread."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _serve(self, target: int) -> int:
        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if not self._open:
                writer.transport.abort()
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
            self._writers |= {writer, far_writer}
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer), return_exceptions=True)
            self._writers -= {writer, far_writer}

        server = await asyncio.start_server(relay, "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _cut(self) -> None:
        self._open = False
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end(self) -> None:
        await self._cut()
        for server in self._servers:
            server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


def _moved(value: Any, ports: dict[int, int]) -> Any:
    """An address at its relay's port; anything else as it is."""
    if not isinstance(value, str) or "://" not in value:
        return value
    parts = urlsplit(value)
    return urlunsplit(parts._replace(netloc=f"127.0.0.1:{ports[parts.port or 0]}"))


@contextlib.contextmanager
def wired(venue: dict[str, Any]) -> Iterator[Wire]:
    """A wire to a box for the time of a test."""
    wire = Wire(venue)
    try:
        yield wire
    finally:
        wire.close()
