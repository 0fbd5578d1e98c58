"""A chain as a live source: a follower asks one node, over HTTP, whenever the node tells of a new head.

catalogue: M6. Heads come by the subscription `newHeads` of a WebSocket where one is given, and by asking every `poll_s`
in any case, because a subscription can be silent without an end. Events go on in whole answers, and the next question
is asked when all sinks have taken them: a slow sink slows the reading, and nothing is dropped. A node that fails is
asked again with growing patience; nothing is lost by it, because the follower only moves by answers.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from feeds.backoff import Backoff
from feeds.chain.events import ChainEvent
from feeds.chain.follow import Answer, Ask, AskHeader, AskLogs, AskRange, Follower
from feeds.chain.rpc import Node, NodeError, Wanted, header_of
from feeds.ports import Clock
from feeds.socket import Socket
from native._core import DecodeError, InputError

log = logging.getLogger(__name__)

#: What takes events: awaited before the next question.
Sink = Callable[[Sequence[ChainEvent]], Awaitable[None]]
#: How often the head is asked for in any case, s: a third of Ethereum's 12 s.
POLL_S = 4.0
#: A node may say twice in a row that it lacks what it told of; after that it is given time.
_EMPTY_MAX = 3
_SUBSCRIBE = b'{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}'


@dataclass
class ChainSource:
    """One chain by one node; `run` follows it until `close`, or with `once` to the newest block of that moment.

    `heads` is the address of a WebSocket (`ws://..`) that tells new heads; `poll_s`, s. `failures` counts the rounds in
    which the node did not answer.
    """

    node: Node
    follower: Follower
    wanted: Wanted
    sinks: Sequence[Sink]
    clock: Clock
    heads: str | None = None
    poll_s: float = POLL_S
    once: bool = False
    failures: int = field(default=0, init=False)
    _woken: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _closed: bool = field(default=False, init=False)
    _socket: Socket | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """InputError for a time to wait that is none."""
        if self.poll_s <= 0:
            raise InputError(f"poll_s must be above 0, was {self.poll_s}")
        self._backoff = Backoff(random.Random(os.getpid()), first_s=0.1, cap_s=10.0)
        if self.heads is not None:
            self._socket = self._subscription(self.heads)

    def _subscription(self, address: str) -> Socket:
        async def where() -> str:
            return address

        patience = Backoff(random.Random(os.getpid()), first_s=0.25, cap_s=30.0)
        return Socket("chain heads", where, self._told, self.clock, patience, self._subscribe, self._woken.set)

    def _subscribe(self) -> None:
        if self._socket is not None:
            self._socket.send(_SUBSCRIBE)

    def _told(self, message: bytes) -> None:
        """A message of the subscription: its head saves asking for one."""
        try:
            told = json.loads(message)
            params = told.get("params") if isinstance(told, dict) else None
            if params is not None:
                self.follower.head(header_of(params["result"]))
        except (ValueError, LookupError, TypeError, DecodeError) as why:
            log.warning("chain heads: %(why)s", {"why": why})
        self._woken.set()

    def close(self) -> None:
        """Ends `run` when what is being asked is answered."""
        self._closed = True
        self._woken.set()
        if self._socket is not None:
            self._socket.close()

    async def run(self) -> None:
        """Follows. Raises DeepReorgError and what a sink raises; a failing node is waited for, or raised by `once`."""
        subscribed = None if self._socket is None else asyncio.ensure_future(self._socket.run())
        try:
            while not self._closed:
                if await self._round() and self.once:
                    return
                await self._rest()
        finally:
            if subscribed is not None:
                subscribed.cancel()
                await asyncio.gather(subscribed, return_exceptions=True)

    async def _round(self) -> bool:
        """From the newest head down to nothing left to ask; False where the node failed meanwhile."""
        try:
            if self.follower.settled:
                self.follower.head(await self.node.head())
            await self._walk()
        except (NodeError, DecodeError) as why:
            if self.once:
                raise
            self.failures += 1
            log.warning("chain: %(why)s", {"why": why})
            await asyncio.sleep(self._backoff.delay_s())
            return False
        self._backoff.reset()
        return True

    async def _rest(self) -> None:
        """Until a head is told, or for `poll_s`."""
        try:
            async with asyncio.timeout(self.poll_s):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _walk(self) -> None:
        empty = 0
        while not self._closed and (ask := self.follower.ask()) is not None:
            found = await self._ask(ask)
            events = self.follower.answer(ask, found)
            if events:
                for sink in self.sinks:
                    await sink(events)
            empty = empty + 1 if found is None else 0
            if empty == _EMPTY_MAX:
                raise NodeError(f"the node has none of what it told of: {type(ask).__name__}")

    async def _ask(self, ask: Ask) -> Answer:
        if isinstance(ask, AskHeader):
            return await self.node.header(ask.number)
        if isinstance(ask, AskLogs):
            return await self.node.logs(ask.header, self.wanted)
        return await self._ask_range(ask)

    async def _ask_range(self, ask: AskRange) -> Answer:
        """A range, halved as often as the node refuses it: each has its own bound of blocks and of logs."""
        last = ask.last
        while True:
            try:
                return await self.node.range(ask.first, last, self.wanted)
            except NodeError as why:
                if why.code == 0 or last == ask.first:
                    raise
                self.follower.narrow()
                last = ask.first + (last - ask.first) // 2
