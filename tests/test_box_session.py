"""catalogue: S1. A client that does not read is disconnected by its queue's bound, and nobody waits for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import aiohttp
import pytest
from aiohttp import web

from sim.box import session as session_module
from sim.box.session import Session
from sim.box.wire import converse

BOUND = 50
BYTES = 1_000_000
PAYLOAD = b'"' + b"x" * 64_000 + b'"'


class Crowd:
    """A server whose connections all get the same messages."""

    def __init__(self) -> None:
        self.sessions: set[Session] = set()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        def begin(session: Session) -> Callable[[str], None]:
            session.bound = BOUND
            return lambda _text: None

        return await converse(request, "spot", begin, self.sessions)


@pytest.mark.parametrize("named", [f"{BOUND} messages", f"{BYTES} bytes"])
async def test_a_slow_client_is_cut_off_with_the_bound_named_and_slows_nobody(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "bytes" in named:
        monkeypatch.setattr(session_module, "QUEUE_BYTES_MAX", BYTES)
    crowd = Crowd()
    runner = web.ServerRunner(web.Server(crowd.serve), handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(slow, (host, port))
        upgrade = (
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await loop.sock_sendall(slow, upgrade.encode())
        async with aiohttp.ClientSession() as client, client.ws_connect(f"http://{host}:{port}/") as quick:
            while len(crowd.sessions) < 2:
                await asyncio.sleep(0.01)
            for _ in range(400):
                for session in list(crowd.sessions):
                    session.offer(PAYLOAD)
                assert (await quick.receive_str()).encode() == PAYLOAD
            assert len([session for session in crowd.sessions if session.open]) == 1
        received = await drain(slow)
        assert f"slow client: {named} were waiting".encode() in received
        slow.close()
    finally:
        await runner.cleanup()


async def drain(sock: socket.socket) -> bytes:
    """What is left in a socket until the other side closes it."""
    loop, received = asyncio.get_running_loop(), b""
    while chunk := await asyncio.wait_for(loop.sock_recv(sock, 1 << 20), 10):
        received = received[-1_000:] + chunk
    return received
