"""catalogue: S1. The box's market streams chain, join their snapshot and have every field and form."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.box_process import Rest, Signer, ask, running_box, until

LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
FAR = {**LIMIT, "quantity": "0.01", "price": "48000"}
BOTH = pytest.mark.parametrize("market", ["spot", "usdm"])
PREFIX = {"spot": "/api/v3", "usdm": "/fapi/v1"}


@pytest.fixture(scope="module")
def box() -> Iterator[dict[str, Any]]:
    # Many requests a second: the limits have a test of their own.
    with running_box("--seed", "11", "--limits", "1000") as first:
        yield first


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def rest(box: dict[str, Any], web: aiohttp.ClientSession, market: str, account: int = 0, **how: Any) -> Rest:
    return Rest(web, box[f"{market}_rest"], Signer(box["accounts"][account], **how))


def apply(side: dict[str, str], levels: list[list[str]]) -> None:
    for price, qty in levels:
        if float(qty) == 0:
            side.pop(price, None)
        else:
            side[price] = qty


def top(side: dict[str, str], best: Any) -> list[str]:
    price = best(side, key=float)
    return [price, side[price]]


STREAMS = [
    ("spot", "btcusdt@depth@100ms"), ("spot", "btcusdt@depth"), ("usdm", "btcusdt@depth@0ms"),
    ("usdm", "btcusdt@depth@100ms"), ("usdm", "btcusdt@depth"), ("usdm", "btcusdt@depth@500ms"),
]  # fmt: skip


@pytest.mark.parametrize(("market", "stream"), STREAMS)
async def test_diffs_chain_and_join_the_snapshot_and_every_top(
    box: dict[str, Any], web: aiohttp.ClientSession, market: str, stream: str
) -> None:
    client = rest(box, web, market)
    url = f"{box[f'{market}_ws']}/stream?streams={stream}/btcusdt@bookTicker"
    async with web.ws_connect(url) as ws:
        diffs: list[Any] = []
        tops: dict[int, list[list[str]]] = {}
        snapshot: Any = None
        while len(diffs) < 8:
            message = await ws.receive_json(timeout=30)
            data = message["data"]
            if message["stream"].endswith("bookTicker"):
                tops[data["u"]] = [[data["b"], data["B"]], [data["a"], data["A"]]]
            else:
                diffs.append(data)
                if snapshot is None:
                    snapshot = await client.get(PREFIX[market] + "/depth", symbol="BTCUSDT", limit=1000)
    for before, after in itertools.pairwise(diffs):
        if market == "spot":
            assert after["U"] == before["u"] + 1
        else:
            assert after["pu"] == before["u"]
            assert after["U"] <= after["u"]
    last = snapshot["lastUpdateId"]
    assert diffs[0]["U"] <= last + 1
    bids, asks = ({price: qty for price, qty in snapshot[side]} for side in ("bids", "asks"))
    compared = 0
    for diff in diffs:
        if diff["u"] <= last:
            continue
        assert diff["U"] <= last + 1
        apply(bids, diff["b"])
        apply(asks, diff["a"])
        last = diff["u"]
        if last in tops:
            assert [top(bids, max), top(asks, min)] == tops[last]
            compared += 1
    assert compared > 0 or "0ms" not in stream or "@100" in stream or "@500" in stream
    final = await client.get(PREFIX[market] + "/depth", symbol="BTCUSDT", limit=1000)
    assert final["lastUpdateId"] >= last
    deletions = [qty for diff in diffs for _, qty in diff["b"] + diff["a"] if float(qty) == 0]
    assert set(deletions) <= {"0.00000000" if market == "spot" else "0.000"}


async def test_every_form_of_subscription(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    for path in ("/ws/0", "/ws", "/ws/stream/3"):
        async with web.ws_connect(box["spot_ws"] + path) as ws:
            answer = await ask(ws, "SUBSCRIBE", ["btcusdt@bookTicker", "nobody@knows"], "a-text-id")
            assert answer == {"result": None, "id": "a-text-id"}
            assert (await ask(ws, "SUBSCRIBE", ["btcusdt@bookTicker"], 7)) == {"result": None, "id": 7}
            listed = await ask(ws, "LIST_SUBSCRIPTIONS", [], 8)
            assert "btcusdt@bookTicker" in listed["result"]
            event = await ws.receive_json(timeout=30)
            assert set(event) == {"u", "s", "b", "B", "a", "A"}
            await ask(ws, "UNSUBSCRIBE", ["btcusdt@bookTicker"], 9)
            assert "btcusdt@bookTicker" not in (await ask(ws, "LIST_SUBSCRIPTIONS", [], 10))["result"]
    for path in ("", "/", "/ws", "/public/ws", "/market/ws/0"):
        async with web.ws_connect(box["usdm_ws"] + path) as ws:
            await ask(ws, "SUBSCRIBE", ["btcusdt@bookTicker"])
            assert (await until(ws, "bookTicker"))["s"] == "BTCUSDT"
    for path in ("/stream?streams=btcusdt%40bookTicker%2Fethusdt@trade", "/public/stream?streams=btcusdt@bookTicker"):
        async with web.ws_connect(box["usdm_ws"] + path) as ws:
            message = await ws.receive_json(timeout=30)
            assert message["data"]["s"] == message["stream"].split("@")[0].upper()


async def test_stream_requests_that_cannot_be_done(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    async with web.ws_connect(box["spot_ws"] + "/ws") as ws:
        answer = await ask(ws, "DANCE", [], 3)
        assert (answer["error"]["code"], answer["id"]) == (2, 3)
        await ws.send_str("{no json")
        assert (await ws.receive_json(timeout=30))["error"]["code"] == 3
        answer = await ask(ws, "SUBSCRIBE", [5], 4)
        assert (answer["error"]["code"], answer["id"]) == (2, 4)
        answer = await ask(ws, "SET_PROPERTY", ["combined", 5], 5)
        assert answer["error"]["code"] == 1
        assert (await ask(ws, "SET_PROPERTY", ["combined", True], 6))["result"] is None
        await ask(ws, "SUBSCRIBE", ["btcusdt@bookTicker"], 7)
        assert (await ws.receive_json(timeout=30))["stream"] == "btcusdt@bookTicker"
        await ws.ping(b"hello")
        assert not ws.closed


SHAPES = [
    ("spot", "btcusdt@trade", "e E s t p q T m M"),
    ("spot", "btcusdt@aggTrade", "e E s a p q f l T m M"),
    ("spot", "btcusdt@depth5@100ms", "lastUpdateId bids asks"),
    ("spot", "btcusdt@miniTicker", "e E s c o h l v q"),
    ("spot", "btcusdt@ticker", "e E s p P w x c Q b B a A o h l v q O C F L n"),
    ("spot", "btcusdt@kline_1s", "e E s k"),
    ("usdm", "btcusdt@trade", "e E s t p q T m X"),
    ("usdm", "btcusdt@aggTrade", "e E s a p q f l T m"),
    ("usdm", "btcusdt@bookTicker", "e u s b B a A T E"),
    ("usdm", "btcusdt@depth20@100ms", "e E T s U u pu b a"),
    ("usdm", "btcusdt@markPrice@1s", "e E s p i P r T"),
    ("usdm", "btcusdt@ticker", "e E s p P w c Q o h l v q O C F L n"),
    ("usdm", "btcusdt@kline_1m", "e E s k"),
]


@pytest.mark.parametrize(("market", "stream", "fields"), SHAPES)
async def test_streams_have_their_fields(
    box: dict[str, Any], web: aiohttp.ClientSession, market: str, stream: str, fields: str
) -> None:
    async with web.ws_connect(f"{box[f'{market}_ws']}/ws/{stream}") as ws:
        event = await ws.receive_json(timeout=30)
    assert set(event) == set(fields.split())
    if "k" in event:
        assert set(event["k"]) == set("tTsifLoclhvnxqVQB")
