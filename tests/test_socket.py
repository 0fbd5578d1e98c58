"""Sockets that keep themselves up: backoff, reconnect, silence, fragments, and faults that reach the supervisor."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from feeds.backoff import Backoff
from feeds.socket import Socket
from pycore.clock import Clock


@given(seed=st.integers(0, 2**32), first_s=st.floats(0.01, 1.0), cap_s=st.floats(1.0, 60.0), count=st.integers(1, 30))
def test_delays_double_up_to_the_cap_with_half_of_them_random(
    seed: int, first_s: float, cap_s: float, count: int
) -> None:
    backoff = Backoff(random.Random(seed), first_s=first_s, cap_s=cap_s)
    for attempt in range(count):
        full = min(cap_s, first_s * 2**attempt)
        assert full / 2 <= backoff.delay_s() <= full
    backoff.reset()
    assert backoff.delay_s() <= first_s


def test_two_clients_do_not_wait_alike() -> None:
    delays = {round(Backoff(random.Random(seed)).delay_s(), 6) for seed in range(20)}
    assert len(delays) > 15


def test_an_impossible_backoff_is_refused() -> None:
    with pytest.raises(ValueError, match="was 2 with cap_s 1"):
        Backoff(random.Random(1), first_s=2, cap_s=1)


@dataclass
class Server:
    """A WebSocket server on loopback that remembers its connections."""

    transports: list[WSTransport] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    address: str = ""
    greeting: bytes = b""

    def listener(self, _: WSUpgradeRequest) -> WSListener:
        server = self

        class Listener(WSListener):
            def on_ws_connected(self, transport: WSTransport) -> None:
                server.transports.append(transport)
                if server.greeting:
                    transport.send(WSMsgType.TEXT, server.greeting)

            def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
                if frame.msg_type == WSMsgType.TEXT:
                    server.received.append(frame.get_payload_as_bytes())

        return Listener()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    """A running server on a free port."""
    server = Server()
    listening = await ws_create_server(server.listener, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    server.address = f"ws://127.0.0.1:{port}/"
    try:
        yield server
    finally:
        listening.close()


@dataclass
class Heard:
    """What a socket's owner was told."""

    messages: list[bytes] = field(default_factory=list)
    changes: list[bool] = field(default_factory=list)


def connect(server: Server, heard: Heard, stale_ms: int = 0) -> Socket:
    """A socket to the server with short delays."""

    async def address() -> str:
        return server.address

    return Socket(
        "test",
        address,
        heard.messages.append,
        clock=Clock(),
        backoff=Backoff(random.Random(1), first_s=0.01, cap_s=0.05),
        on_up=lambda: heard.changes.append(True),
        on_down=lambda: heard.changes.append(False),
        stale_ms=stale_ms,
    )


async def until(condition: object, what: str) -> None:
    """Waits until a callable is true; fails by name after ten seconds."""
    assert callable(condition)
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"never happened: {what}")


async def test_messages_pass_both_ways_and_a_close_ends_it() -> None:
    heard = Heard()
    async with serving() as server:
        socket = connect(server, heard)
        assert socket.send(b"too early") is False
        task = asyncio.create_task(socket.run())
        await until(lambda: socket.up, "up")
        assert socket.send(b"hello")
        server.transports[0].send(WSMsgType.TEXT, b"world")
        await until(lambda: heard.messages and server.received, "a message each way")
        socket.close()
        await asyncio.wait_for(task, 5)
    assert (heard.messages, server.received, heard.changes) == ([b"world"], [b"hello"], [True, False])


async def test_up_is_told_before_a_message_that_came_with_the_handshake() -> None:
    async with serving() as server:
        server.greeting = b"at once"
        for _ in range(20):
            order: list[object] = []
            socket = connect(server, Heard(messages=order, changes=order))  # type: ignore[arg-type]  # one list of both
            task = asyncio.create_task(socket.run())
            await until(lambda order=order: b"at once" in order, "the greeting")
            socket.close()
            await asyncio.wait_for(task, 5)
            assert order == [True, b"at once", False]


async def test_fragments_arrive_as_one_message() -> None:
    heard = Heard()
    async with serving() as server:
        socket = connect(server, heard)
        task = asyncio.create_task(socket.run())
        await until(lambda: socket.up, "up")
        server.transports[0].send(WSMsgType.TEXT, b"one ", fin=False)
        server.transports[0].send(WSMsgType.CONTINUATION, b"two ", fin=False)
        server.transports[0].send(WSMsgType.CONTINUATION, b"three", fin=True)
        await until(lambda: heard.messages, "the message")
        socket.close()
        await task
    assert heard.messages == [b"one two three"]


async def test_a_lost_connection_is_made_again() -> None:
    heard = Heard()
    async with serving() as server:
        socket = connect(server, heard)
        task = asyncio.create_task(socket.run())
        for count in (1, 2, 3):
            await until(lambda count=count: len(server.transports) == count and socket.up, f"connection {count}")
            server.transports[-1].disconnect(graceful=False)
            # Counted, not looked at: the next connection may be up before we look.
            await until(lambda count=count: heard.changes.count(False) == count, f"loss {count}")
        await until(lambda: heard.changes.count(True) == 4, "up again")
        socket.close()
        await task
    assert heard.changes == [True, False] * 4
    assert socket.reconnects == 3


async def test_a_silent_connection_is_given_up() -> None:
    heard = Heard()
    async with serving() as server:
        socket = connect(server, heard, stale_ms=100)
        task = asyncio.create_task(socket.run())
        await until(lambda: len(server.transports) >= 2, "a second connection without a word from the first")
        socket.close()
        await task


async def test_an_absent_server_is_tried_again() -> None:
    heard = Heard()
    server = Server(address="ws://127.0.0.1:1/")
    socket = connect(server, heard)
    task = asyncio.create_task(socket.run())
    await until(lambda: socket.reconnects >= 3, "three attempts")
    socket.close()
    await task
    assert heard.changes == []


class PanicError(BaseException):
    """Stands where a core panic would: it is no Exception."""


@pytest.mark.parametrize("fault", [ValueError("bad"), PanicError("core")], ids=["exception", "panic"])
async def test_what_a_handler_raises_ends_run(fault: BaseException) -> None:
    heard = Heard()
    async with serving() as server:
        socket = connect(server, heard)

        def handler(_: bytes) -> None:
            raise fault

        socket.on_message = handler
        task = asyncio.ensure_future(asyncio.wait([ran := asyncio.ensure_future(raised_by(socket))]))
        await until(lambda: socket.up, "up")
        server.transports[0].send(WSMsgType.TEXT, b"anything")
        await task
    assert ran.result() is fault


async def raised_by(socket: Socket) -> BaseException | None:
    """What `run` raises; a task would let a BaseException through to the loop."""
    try:
        await socket.run()
    except (ValueError, PanicError) as error:
        return error
    return None
