"""catalogue: S1. Mutated frames by the thousand on both kinds of WebSocket, and bytes that are no HTTP.

Each is answered in the protocol, and what is refused leaves balances, books and open orders as they were.

Seeded: a failing case prints its seed and number, which is all that is needed to meet it again.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sim.box.server import MarketServer
from sim.box.table import TABLES
from sim.box.ws_api import PATHS
from tests.box_venue import Venue

SEED = 20
FRAMES = 1_500
BLOBS = 150
WAIT_S = 10.0
BAD: list[Any] = [
    None, True, False, -1, 0, 1.5, 10**40, 1e308, "", " ", "x" * 40, "NaN", "-0", "1e99", "1e-30", "9" * 30, "\u0000",
    "é", "btcusdt", [], {}, [1], {"a": 1}, [[[[]]]], "0.000000001", "59999.999", "BUY", "MARKET", "GTX", "true",
]  # fmt: skip
NAMES = ["symbol", "side", "type", "price", "quantity", "timeInForce", "orderId", "newClientOrderId", "recvWindow",
         "timestamp", "apiKey", "signature", "limit", "triggerPrice", "algoType", "listenKey", "strange"]  # fmt: skip
STREAMS = [
    "btcusdt@depth",
    "btcusdt@depth5@100ms",
    "!ticker@arr",
    "btcusdt@kline_1m",
    "x@y",
    "@",
    "a" * 300,
    "\u00e9",
    "%",
]


class Mutator:
    """Well-formed requests, made wrong in one or several ways."""

    def __init__(self, venue: Venue, seed: int) -> None:
        self.dice = random.Random(seed)
        self._venue = venue
        self._methods = [*sorted(TABLES[venue.desk.market].ws), "session.status", "session.logon", "no.such.method"]

    def order(self) -> dict[str, Any]:
        """A signed order that rests far from the market, or trades."""
        price = self.dice.choice(["58000", "60000", "61000"])
        return self._venue.signers[0].ws(
            symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price=price
        )

    def spoiled(self, values: dict[str, Any]) -> dict[str, Any]:
        """Up to three values replaced, dropped or added; what still verifies is signed anew half of the time."""
        dice, spoiled = self.dice, dict(values)
        for _ in range(dice.randint(0, 3)):
            name = dice.choice([*NAMES, *spoiled])
            if dice.random() < 0.3:
                spoiled.pop(name, None)
            else:
                spoiled[name] = dice.choice(BAD)
        if dice.random() < 0.5:
            bare = {k: v for k, v in spoiled.items() if k not in ("apiKey", "timestamp", "signature") and _plain(v)}
            spoiled.update(self._venue.signers[0].ws(**bare))
        return spoiled

    def api_frame(self) -> Any:
        """A WebSocket-API request."""
        method: Any = self.dice.choice(["order.place", "order.place", *self._methods])
        frame = {"id": self.identity(), "method": method, "params": self.spoiled(self.order())}
        return self.bent(frame)

    def stream_frame(self) -> Any:
        """A stream request."""
        method = self.dice.choice(
            ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY", "X"]
        )
        params: Any = self.dice.sample(STREAMS, self.dice.randint(0, 4))
        if self.dice.random() < 0.3:
            params = self.dice.choice([*BAD, ["combined", True], ["combined"], ["combined", "x"], [None]])
        return self.bent({"id": self.identity(), "method": method, "params": params})

    def identity(self) -> Any:
        """A request's id."""
        return self.dice.choice([1, "a", 2**70, "\u00e9", None, 1.5])

    def bent(self, frame: dict[str, Any]) -> Any:
        """Sometimes a part of the frame is missing or of another kind, or the frame is no object at all."""
        if self.dice.random() < 0.2:
            name = self.dice.choice(sorted(frame))
            if self.dice.random() < 0.5:
                del frame[name]
            else:
                frame[name] = self.dice.choice(BAD)
        return self.dice.choice([[frame], 5, None, "x"]) if self.dice.random() < 0.05 else frame

    def text(self, frame: Any) -> str:
        """The frame as JSON, now and then cut or with a character changed."""
        text = json.dumps(frame)
        dice = self.dice.random()
        if dice < 0.1:
            return text[: self.dice.randrange(len(text) + 1)]
        if dice < 0.2:
            at = self.dice.randrange(len(text))
            return text[:at] + chr(self.dice.randrange(1, 256)) + text[at + 1 :]
        return text


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


@pytest.fixture(params=["spot", "linear"])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Venue, str]]:
    """A market behind real sockets in which nothing moves by itself."""
    venue = Venue(request.param)
    server = MarketServer(venue.desk, venue.accounts, venue.faults)
    await server.start(0)
    try:
        yield venue, f"http://127.0.0.1:{server.port}"
    finally:
        await server.stop()


async def answer(ws: aiohttp.ClientWebSocketResponse) -> Any:
    """The answer to what was sent last, behind events that it may have caused."""
    while True:
        row = await ws.receive_json(timeout=WAIT_S)
        if "id" in row:
            return row


async def test_any_frame_on_the_websocket_api_is_answered(served: tuple[Venue, str]) -> None:
    venue, url = served
    mutator, path = Mutator(venue, SEED), PATHS[venue.desk.market]
    taken = 0
    async with aiohttp.ClientSession() as web, web.ws_connect(url + path) as ws:
        for number in range(FRAMES):
            text = mutator.text(mutator.api_frame())
            before = venue.desk.exchange.state_hash()
            await (ws.send_bytes(text.encode()) if mutator.dice.random() < 0.1 else ws.send_str(text))
            told = await answer(ws)
            case = f"seed {SEED}, frame {number}: {text[:300]} -> {told}"
            assert 200 <= told["status"] < 500, case
            if told["status"] == 200:
                taken += 1
            else:
                assert isinstance(told["error"]["code"], int), case
                assert told["error"]["msg"], case
                assert "data" in told["error"] or venue.desk.exchange.state_hash() == before, case
    venue.desk.exchange.check()
    assert 20 < taken < FRAMES / 2, "both outcomes are met"


async def test_any_frame_on_the_streams_is_answered_and_changes_nothing(served: tuple[Venue, str]) -> None:
    venue, url = served
    mutator = Mutator(venue, SEED)
    before = venue.desk.exchange.state_hash()
    taken = 0
    async with aiohttp.ClientSession() as web, web.ws_connect(url + "/stream") as ws:
        for number in range(FRAMES):
            text = mutator.text(mutator.stream_frame())
            await (ws.send_bytes(text.encode()) if mutator.dice.random() < 0.1 else ws.send_str(text))
            told = await answer(ws)
            case = f"seed {SEED}, frame {number}: {text[:300]} -> {told}"
            taken += "result" in told
            assert "result" in told or (isinstance(told["error"]["code"], int) and told["error"]["msg"]), case
            assert venue.desk.exchange.state_hash() == before, case
    assert 20 < taken < FRAMES
    assert not list(venue.desk.hub.topics("depth", "BTCUSDT")), "a client that left is subscribed to nothing"


async def test_bytes_that_are_no_request_change_nothing(served: tuple[Venue, str]) -> None:
    venue, url = served
    dice = random.Random(SEED)
    host, port = url.removeprefix("http://").split(":")
    before = venue.desk.exchange.state_hash()
    for _ in range(BLOBS):
        reader, writer = await asyncio.open_connection(host, int(port))
        head = dice.choice(
            [b"", b"GET ", b"POST /api/v3/order HTTP/1.1\r\n", b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n"]
        )
        writer.write(head + dice.randbytes(dice.randint(1, 200)) + b"\r\n\r\n")
        writer.write_eof()
        await asyncio.wait_for(reader.read(), WAIT_S)
        writer.close()
    assert venue.desk.exchange.state_hash() == before
    async with aiohttp.ClientSession() as web, web.get(url + venue.order.replace("order", "ping")) as still:
        assert still.status == 200


async def test_connections_are_told_that_the_venue_goes_down() -> None:
    for market, path, wrapped in (("spot", "/ws-api/v3", True), ("spot", "/ws", False), ("linear", "/ws", False)):
        venue = Venue(market)
        server = MarketServer(venue.desk, venue.accounts, venue.faults)
        await server.start(0)
        url = f"http://127.0.0.1:{server.port}{path}"
        async with aiohttp.ClientSession() as web, web.ws_connect(url) as ws:
            await server.stop()
            told = await ws.receive_json(timeout=WAIT_S)
            assert (told["event"] if wrapped else told)["e"] == "serverShutdown"
            assert (await ws.receive(timeout=WAIT_S)).type is aiohttp.WSMsgType.CLOSE
