"""One WebSocket connection that keeps itself up: heartbeat, stale detection, reconnect with backoff.

catalogue: M1. The compiled client is picows (docs/decisions/picows.md). Messages are handed on as bytes, undecoded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from feeds.backoff import Backoff
from feeds.ports import Clock

log = logging.getLogger(__name__)

#: A message larger than this is refused and the connection dropped (a USD-M depth diff is below 1 MB).
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
#: A connection that lived this long counts as working: the next failure starts at the first delay again.
_PROVEN_NS = 5_000_000_000


class _Listener(WSListener):
    """Puts fragments together and hands whole messages to the socket that owns it."""

    def __init__(self, owner: Socket) -> None:
        self._owner = owner
        self._parts: list[bytes] = []
        self._size = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._owner.connected(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is WSMsgType.TEXT or kind is WSMsgType.BINARY or kind is WSMsgType.CONTINUATION:
            self._data(transport, frame.get_payload_as_bytes(), frame.fin)
        elif kind is WSMsgType.CLOSE:
            told = {"socket": self._owner.name, "code": str(frame.get_close_code())}
            log.info("%(socket)s: closed by the peer, code %(code)s", told)
            transport.disconnect()

    def _data(self, transport: WSTransport, payload: bytes, last: bool) -> None:
        if last and not self._parts:
            self._owner.received(payload)
            return
        self._size += len(payload)
        if self._size > MESSAGE_BYTES_MAX:
            told = {"socket": self._owner.name, "bytes_max": MESSAGE_BYTES_MAX}
            log.warning("%(socket)s: message above %(bytes_max)d bytes, dropping the connection", told)
            transport.disconnect(graceful=False)
            return
        self._parts.append(payload)
        if last:
            whole = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self._owner.received(whole)


@dataclass
class Socket:
    """A named connection: `run` keeps it up until it is cancelled or closed.

    `address` is awaited before each attempt (a listen key may have to be fetched). `on_message` gets each message,
    `on_up` and `on_down` each change. `stale_ms` is the silence after which a connection that should carry data is
    given up (0: silence is normal, only pings decide); `ping_s` the silence after which the peer is pinged, s.
    """

    name: str
    address: Callable[[], Awaitable[str]]
    on_message: Callable[[bytes], None]
    clock: Clock
    backoff: Backoff
    on_up: Callable[[], None]
    on_down: Callable[[], None]
    stale_ms: int = 0
    ping_s: float = 5.0
    reconnects: int = field(default=0, init=False)
    failure: BaseException | None = field(default=None, init=False)
    _transport: WSTransport | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)
    _heard_ns: int = field(default=0, init=False)

    @property
    def up(self) -> bool:
        """Whether messages can be sent now."""
        return self._transport is not None

    @property
    def silent_ms(self) -> int:
        """For how long nothing was heard, ms; 0 where it was never up."""
        return (self.clock.mono_ns() - self._heard_ns) // 1_000_000 if self._heard_ns else 0

    def send(self, payload: bytes) -> bool:
        """Sends one text message; False where the connection is down (nothing was sent)."""
        if self._transport is None:
            return False
        self._transport.send(WSMsgType.TEXT, payload)
        return True

    def received(self, payload: bytes) -> None:
        """A whole message arrived."""
        self._heard_ns = self.clock.mono_ns()
        self._tell(self.on_message, payload)

    def _tell(self, handler: Callable[..., None], *what: bytes) -> None:
        """Calls a handler. What it raises is kept in `failure` and ends `run`: the supervisor must see it, not picows.

        A core panic is a BaseException, so all of them are caught here and raised again by `run`.
        """
        if self.failure is not None:
            return
        try:
            handler(*what)
        except BaseException as error:
            self.failure = error
            self.drop()

    def drop(self) -> None:
        """Gives the present connection up; `run` makes another."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    def close(self) -> None:
        """Ends the connection and `run` for good."""
        self._closed = True
        if self._transport is not None:
            self._transport.disconnect()

    async def run(self) -> None:
        """Connects, stays connected, reconnects; ends after `close`, raises what a handler raised."""
        while not self._closed:
            began_ns = self.clock.mono_ns()
            try:
                await self._once()
            except (OSError, TimeoutError) as error:
                log.warning("%(socket)s: cannot connect: %(why)s", {"socket": self.name, "why": error})
            except Exception as error:
                if self.failure is not None:
                    raise
                log.warning("%(socket)s: handshake refused: %(why)s", {"socket": self.name, "why": error})
            if self.failure is not None:
                raise self.failure
            if self._closed:
                return
            if self.clock.mono_ns() - began_ns > _PROVEN_NS:
                self.backoff.reset()
            self.reconnects += 1
            await asyncio.sleep(self.backoff.delay_s())

    async def _once(self) -> None:
        """One connection from handshake to end."""
        address = await self.address()
        log.debug("%(socket)s: connecting to %(address)s", {"socket": self.name, "address": address})
        transport, _ = await ws_connect(
            lambda: _Listener(self),
            address,
            enable_auto_ping=True,
            auto_ping_idle_timeout=self.ping_s,
            auto_ping_reply_timeout=self.ping_s,
            max_frame_size=MESSAGE_BYTES_MAX,
        )
        if self._closed:
            transport.disconnect()
        watch = asyncio.ensure_future(self._watch(transport)) if self.stale_ms else None
        try:
            await transport.wait_disconnected()
        finally:
            self._transport = None
            if watch is not None:
                watch.cancel()
            self._tell(self.on_down)

    def connected(self, transport: WSTransport) -> None:
        """The handshake is done: told from the listener, because messages may have come in the same packet."""
        self._transport = transport
        self._heard_ns = self.clock.mono_ns()
        self._tell(self.on_up)

    async def _watch(self, transport: WSTransport) -> None:
        """Drops a connection that is alive but silent (fault 15 of safety.md)."""
        while True:
            await asyncio.sleep(self.stale_ms / 4e3)
            silent_ns = self.clock.mono_ns() - self._heard_ns
            if silent_ns > self.stale_ms * 1_000_000:
                told = {"socket": self.name, "silent_ms": silent_ns // 1_000_000}
                log.warning("%(socket)s: silent for %(silent_ms)d ms, reconnecting", told)
                transport.disconnect(graceful=False)
                return
