"""USD-M user data: a listen key, kept alive, and the private socket that it opens.

catalogue: O2. Binance USD-M API documentation, "User Data Streams": a key lives 60 minutes unless prolonged; asking
while one is valid returns the same. An expired key means a new connection.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field

from feeds.backoff import Backoff
from feeds.ports import Clock
from feeds.socket import Socket
from oms.binance_rest import Rest, VenueError
from oms.ports import OrderInputs

log = logging.getLogger(__name__)

_KEEP_ALIVE_S = 30 * 60


@dataclass
class UserStream:
    """One account's user data on USD-M; `ws` is the market's base address."""

    account: int
    ws: str
    stream: int
    rest: Rest
    inputs: OrderInputs
    clock: Clock
    jitter: random.Random
    socket: Socket = field(init=False)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Makes the socket; connects nothing."""
        self.socket = Socket(
            "linear/user",
            self._address,
            self._message,
            clock=self.clock,
            backoff=Backoff(self.jitter),
            on_up=self._up,
            on_down=self._down,
        )

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return "linear user data"

    @property
    def up(self) -> bool:
        """Whether events arrive."""
        return self.ready.is_set()

    async def connected(self) -> None:
        """Returns when it is up."""
        await self.ready.wait()

    async def run(self) -> None:
        """Keeps the stream up and its key alive until `close`; raises what the engine raised."""
        keeper = asyncio.ensure_future(self._keep_alive())
        try:
            await self.socket.run()
        finally:
            keeper.cancel()

    def close(self) -> None:
        """Ends the stream for good."""
        self.socket.close()

    async def _address(self) -> str:
        try:
            key = await self.rest.listen_key()
        except VenueError as error:
            # The socket's loop counts a ConnectionError as a failed attempt and comes back later.
            raise ConnectionError(str(error)) from None
        return f"{self.ws}/private/ws?listenKey={key}"

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_S)
            try:
                await self.rest.keep_listen_key()
            except VenueError as error:
                log.warning("linear: the listen key could not be prolonged, reconnecting: %s", error)
                self.socket.drop()

    def _up(self) -> None:
        self.inputs.link(self.stream, "user", True, self.account)
        self.ready.set()

    def _down(self) -> None:
        self.ready.clear()
        self.inputs.link(self.stream, "user", False, self.account)

    def _message(self, payload: bytes) -> None:
        self.inputs.user(self.stream, self.account, "linear", payload)
        if b'"listenKeyExpired"' in payload[:160]:
            log.warning("linear: the listen key expired, reconnecting")
            self.socket.drop()
