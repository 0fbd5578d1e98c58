"""A SoupBinTCP session: login, heartbeats both ways, and after a disconnect on from the message that is next.

catalogue: M1, M3. Source: Nasdaq's "SoupBinTCP 3.00". Packets and numbers are the core's (`SoupStream`); the connection
and its deadlines are here. The server sends something at least every second; a connection silent for `silent_s` is
given up and made again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from feeds.backoff import Backoff
from native._core import InputError, SoupStream

log = logging.getLogger(__name__)

#: A client that sent nothing else for this long sends a heartbeat, s.
_HEARTBEAT_S = 1.0
_READ_BYTES = 256 * 1024
#: What a tap is told: bytes as they came, and that a new connection begins.
RECEIVED, CONNECTED = "soupbintcp", "soupbintcp/login"


class LoginRefusedError(InputError):
    """The server refused the login: `A` not authorised, `S` no such session. Trying again would not help."""


@dataclass(frozen=True)
class Login:
    """Where and as whom; `session` blank is the current one, `next_number` 0 only what is new.

    A connection on which nothing came for `silent_s`, s, is given up and made again.
    """

    host: str
    port: int
    user: str
    password: str
    session: str = ""
    next_number: int = 1
    silent_s: float = 15.0


class SoupSession:
    """One session over as many connections as it takes.

    `on_message` gets each sequenced message with its number, once and in order. `on_event` gets `session` when another
    session than before took the login (numbers begin anew there), and `ended`. `tap` gets what came as it came, with
    `RECEIVED` or `CONNECTED`.
    """

    def __init__(
        self,
        login: Login,
        on_message: Callable[[int, bytes], None],
        on_event: Callable[[str, int], None],
        backoff: Backoff,
        *,
        tap: Callable[[str, bytes], None] = lambda source, data: None,
    ) -> None:
        """Connects nothing yet."""
        self._login = login
        self._stream = SoupStream(login.session, login.next_number)
        self._on_message = on_message
        self._on_event = on_event
        self._backoff = backoff
        self._tap = tap
        self._closed = False
        self._writer: asyncio.StreamWriter | None = None
        self.reconnects = 0
        self.heartbeats = 0

    @property
    def next_number(self) -> int:
        """The number of the next message: where a later session goes on."""
        return self._stream.next

    @property
    def session(self) -> str:
        """The session's name; blank before the first login where none was given."""
        return self._stream.session

    @property
    def up(self) -> bool:
        """Whether it is connected now."""
        return self._writer is not None

    async def run(self) -> None:
        """Stays connected until the session has ended or `close`. Raises `LoginRefusedError`."""
        while not self._closed and not self._stream.ended:
            try:
                await self._once()
            except LoginRefusedError:
                raise
            except (OSError, TimeoutError, InputError) as error:
                log.warning("SoupBinTCP %s:%d: %s", self._login.host, self._login.port, error)
            if self._closed or self._stream.ended:
                return
            self.reconnects += 1
            await asyncio.sleep(self._backoff.delay_s())

    def close(self) -> None:
        """Says goodbye and ends `run`."""
        self._closed = True
        if self._writer is not None:
            self._writer.write(SoupStream.logout())
            self._writer.close()

    async def _once(self) -> None:
        """One connection from login to end."""
        reader, writer = await asyncio.open_connection(self._login.host, self._login.port)
        writer.write(self._stream.login(self._login.user, self._login.password))
        self._writer = writer
        self._tap(CONNECTED, b"")
        beating = asyncio.create_task(self._beat(writer))
        try:
            while not self._closed and not self._stream.ended:
                data = await asyncio.wait_for(reader.read(_READ_BYTES), self._login.silent_s)
                if not data:
                    return
                self._tap(RECEIVED, data)
                for kind, number, payload in self._stream.feed(data):
                    self._told(kind, number, payload)
        finally:
            self._writer = None
            beating.cancel()
            writer.close()

    async def _beat(self, writer: asyncio.StreamWriter) -> None:
        """Nothing else is sent on this session, so every second is due a heartbeat."""
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            writer.write(SoupStream.heartbeat())

    def _told(self, kind: str, number: int, payload: bytes) -> None:
        match kind:
            case "message":
                self._on_message(number, payload)
            case "accepted" | "changed":
                self._backoff.reset()
                if kind == "changed":
                    self._on_event("session", number)
            case "rejected":
                raise LoginRefusedError(
                    f"login must be accepted, was refused with reason {payload.decode(errors='replace')}"
                )
            case "heartbeat":
                self.heartbeats += 1
            case "ended":
                self._on_event("ended", number)
