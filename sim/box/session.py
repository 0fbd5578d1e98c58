"""One WebSocket connection of the box: a bounded queue, one writer, pings (catalogue: S1).

Payloads are encoded once by whoever makes them and shared by all their receivers. A client that reads too slowly fills
its own queue and is disconnected with the queue's bound, in messages or in bytes, named; nobody waits for it.
"""

import asyncio
import contextlib
from collections import deque

from aiohttp import ClientConnectionResetError, WSMsgType, web

QUEUE_MESSAGES_MAX = 8_192
QUEUE_BYTES_MAX = 16 * 1024 * 1024
CLOSE_POLICY = 1008
CLOSE_GOING_AWAY = 1001
GOODBYE_S_MAX = 5.0
MUTE_S_MAX = 1e9


class Session:
    """The sending half of a connection."""

    __slots__ = (
        "_bytes", "_farewell", "_loop", "_muted_until_s", "_queue", "_tasks", "_transport", "_wake", "bound",
        "last_heard_s", "open", "wrapped", "ws",
    )  # fmt: skip

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, bound: int = QUEUE_MESSAGES_MAX
    ) -> None:
        """Wraps a prepared `ws` over `transport`; at most `bound` messages and `QUEUE_BYTES_MAX` bytes wait for it."""
        self.ws = ws
        self.open = True
        self._loop = asyncio.get_running_loop()
        self._muted_until_s = 0.0
        self.last_heard_s = self._loop.time()
        self._transport = transport
        self.bound = bound
        # The WebSocket API wraps events, streams do not.
        self.wrapped = False
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._farewell: asyncio.Task[None] | None = None

    def start(self, ping_s: float, patience_s: float) -> None:
        """Starts writing, and pinging every `ping_s`; a client silent for `patience_s` is closed."""
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._ping(ping_s, patience_s))]

    def offer(self, payload: bytes) -> None:
        """Queues one text message; closes the connection instead when too many, or too large ones, wait already."""
        if not self.open or (self._muted_until_s and self._loop.time() < self._muted_until_s):
            return
        if len(self._queue) >= self.bound:
            self.close(CLOSE_POLICY, f"slow client: {self.bound} messages were waiting".encode())
            return
        self._bytes += len(payload)
        if self._bytes > QUEUE_BYTES_MAX and self._queue:
            self.close(CLOSE_POLICY, f"slow client: {QUEUE_BYTES_MAX} bytes were waiting".encode())
            return
        self._queue.append(payload)
        self._wake.set()

    def shutdown(self, now_ms: int) -> bytes:
        """The event that the venue goes down, as this connection reads events."""
        event = f'{{"e":"serverShutdown","E":{now_ms}}}'
        return (f'{{"event":{event}}}' if self.wrapped else event).encode()

    def mute(self, for_s: float) -> None:
        """Loses every message of the next `for_s` seconds while the connection stays up."""
        self._muted_until_s = self._loop.time() + min(for_s, MUTE_S_MAX)

    def close(self, code: int, reason: bytes) -> None:
        """Ends the connection; what is still queued is dropped."""
        if self.open:
            self.open = False
            self._queue.clear()
            self.stop()
            self._farewell = asyncio.create_task(self._finish(code, reason))

    def stop(self) -> None:
        """Ends the writer and the pings, for a connection that is over."""
        self.open = False
        for task in self._tasks:
            task.cancel()

    async def finished(self) -> None:
        """Waits until a farewell under way is over."""
        if self._farewell is not None:
            await self._farewell

    async def _write(self) -> None:
        queue, ws = self._queue, self.ws
        with contextlib.suppress(ClientConnectionResetError, ConnectionError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                while queue:
                    payload = queue.popleft()
                    self._bytes -= len(payload)
                    await ws.send_frame(payload, WSMsgType.TEXT)

    async def _finish(self, code: int, reason: bytes) -> None:
        """Writes the close frame behind what the socket holds; a client that never reads it is cut off."""
        with contextlib.suppress(ConnectionError):
            # Not drained: that would wait for the very client that does not read.
            await self.ws.close(code=code, message=reason, drain=False)
        if self._transport is not None:
            self._transport.close()
            self._loop.call_later(GOODBYE_S_MAX, self._transport.abort)

    async def _ping(self, every_s: float, patience_s: float) -> None:
        loop = self._loop
        while True:
            await asyncio.sleep(every_s)
            if loop.time() - self.last_heard_s > patience_s:
                self.close(CLOSE_POLICY, b"no pong within the allowed time")
                return
            with contextlib.suppress(ClientConnectionResetError, ConnectionError):
                await self.ws.ping(str(int(loop.time() * 1000)).encode())
