"""catalogue: S1. The HTTP door: whole requests however they arrive, answers in order, the rest to aiohttp."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sim.box import http_door
from sim.box.http_door import HttpDoor, read_head
from sim.box.server import MarketServer
from tests.box_process import now_ms
from tests.box_venue import Venue

WAIT_S = 10.0


@pytest.fixture
async def served() -> AsyncIterator[tuple[Venue, int]]:
    """A spot market behind real sockets in which nothing moves by itself."""
    venue = Venue("spot")
    server = MarketServer(venue.desk, venue.accounts, venue.faults)
    await server.start(0)
    try:
        yield venue, server.port
    finally:
        await server.stop()


class Client:
    """A socket and the answers on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of the next answer."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WAIT_S)
        line, *rows = head.decode().split("\r\n")
        headers = dict(row.lower().split(": ", 1) for row in rows if row)
        body = await self.reader.readexactly(int(headers["content-length"]))
        return int(line.split()[1]), headers, json.loads(body) if body[:1] in (b"{", b"[") else body


def get(path: str, *rows: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: box", *rows, "", ""]).encode()


async def test_pipelined_requests_are_answered_in_order(served: tuple[Venue, int]) -> None:
    client = await Client.to(served[1])
    paths = ["/api/v3/time", "/api/v3/nothing", "/api/v3/depth?symbol=BTCUSDT&limit=1"] * 20
    client.writer.write(b"".join(get(path) for path in paths))
    answers = [await client.answer() for _ in paths]
    assert [status for status, _, _ in answers] == [200, 404, 200] * 20
    assert all("serverTime" in body for _, _, body in answers[::3])
    assert answers[0][1]["content-type"] == "application/json;charset=utf-8"
    assert answers[0][1]["date"].endswith("gmt")
    client.writer.close()


async def test_a_request_may_arrive_byte_by_byte_with_its_body_apart(served: tuple[Venue, int]) -> None:
    venue, port = served
    signer = venue.signers[0]
    body = f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=58000&timestamp={now_ms()}"
    body += f"&signature={signer.sign(body)}"
    head = f"host: box\r\nX-Mbx-ApiKey:  {signer.key} \r\ncontent-length: {len(body)}"
    whole = f"POST /api/v3/order HTTP/1.1\r\n{head}\r\n\r\n{body}".encode()
    client = await Client.to(port)
    for at in range(len(whole)):
        client.writer.write(whole[at : at + 1])
        if at % 40 == 0:
            await asyncio.sleep(0)
            await client.writer.drain()
    status, _, order = await client.answer()
    assert (status, order["status"]) == (200, "NEW")
    client.writer.close()


async def test_what_is_not_plain_is_answered_by_aiohttp_alike(served: tuple[Venue, int]) -> None:
    port = served[1]
    plain = await Client.to(port)
    plain.writer.write(get("/api/v3/exchangeInfo"))
    _, _, wanted = await plain.answer()
    chunked = b"GET /api/v3/exchangeInfo HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    for raw in (
        chunked,
        b"GET /api/v3/exchangeInfo HTTP/1.0\r\nHost: box\r\n\r\n",
        get("/api/v3/exchangeInfo", "Expect: x"),
    ):
        client = await Client.to(port)
        client.writer.write(get("/api/v3/ping") + raw)
        assert (await client.answer())[::2] == (200, {})
        status, _, told = await client.answer()
        assert (status, {**told, "serverTime": 0}) == (200, {**wanted, "serverTime": 0})
        client.writer.close()
    client = await Client.to(port)
    client.writer.write(b"GET /api/v3/time HTTP/1.1\r\nno colon\r\n\r\n")
    assert (await client.answer())[0] == 400
    client = await Client.to(port)
    client.writer.write(get("/api/v3/time", "X: " + "x" * 70_000))
    assert (await client.answer())[0] == 400


@pytest.mark.parametrize(
    "head",
    [
        "GET /x HTTP/1.1\r\nHost: a\r\nhost: b", "GET /x HTTP/1.1\r\n folded: x\r\nHost: a", "GET /x HTTP/1.1",
        "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: -1", "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1",
        "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: \uff12", "GET x HTTP/1.1\r\nHost: a",
        "HEAD /x HTTP/1.1\r\nHost: a",
        "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket", "GET /x y HTTP/1.1\r\nHost: a", "",
        "GET /x HTTP/1.1\r\nHost: a\nX: b", f"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: {10**6}",
    ],
)  # fmt: skip
def test_a_head_that_could_be_read_in_two_ways_is_not_plain(head: str) -> None:
    assert read_head(head.encode("utf-8", "surrogateescape"), "") is None
    assert read_head(b"GET /x HTTP/1.1\r\nHost: a", "") is not None


async def test_a_connection_ends_when_it_is_asked_to_or_idle(
    served: tuple[Venue, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await Client.to(served[1])
    client.writer.write(get("/api/v3/ping", "Connection: close") + get("/api/v3/ping"))
    assert (await client.answer())[1]["connection"] == "close"
    assert await asyncio.wait_for(client.reader.read(), WAIT_S) == b""
    monkeypatch.setattr(http_door, "IDLE_S_MAX", 0.05)
    client = await Client.to(served[1])
    assert await asyncio.wait_for(client.reader.read(), WAIT_S) == b""


async def test_connections_beyond_the_bound_are_turned_away(
    served: tuple[Venue, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await Client.to(served[1])
    first.writer.write(get("/api/v3/ping"))
    await first.answer()
    monkeypatch.setattr(http_door, "DOORS_MAX", 1)
    second = await Client.to(served[1])
    assert (await second.answer())[:2] == (429, {"retry-after": "1", "content-length": "0", "connection": "close"})
    first.writer.write(get("/api/v3/ping"))
    assert (await first.answer())[0] == 200


class Unread:
    """A transport whose client reads nothing."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.reading = True

    def get_extra_info(self, _name: str) -> None: ...

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


async def test_a_client_that_reads_no_answers_is_not_heard_until_it_does() -> None:
    venue, transport = Venue("spot"), Unread()
    house = http_door.House(venue.face.respond, asyncio.Protocol, venue.clock)
    door: Any = HttpDoor(house)
    door.connection_made(transport)
    door.data_received(get("/api/v3/ping"))
    door.pause_writing()
    door.data_received(get("/api/v3/ping") * 3)
    assert (len(transport.written), transport.reading) == (1, False)
    door.resume_writing()
    assert (len(transport.written), transport.reading) == (4, True)
