"""What venues serve on a socket beside their books: subscribed by `capture`, read by the core's decoders (M1, M12)."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from feeds.live import LiveFeed
from feeds.public import feed_of, feed_of_message
from feeds.source import Source
from feeds.together import Together
from feeds.venue import SESSIONS
from feeds.venue.spec import Endpoints, Means
from native._core import FeedDecoder
from pycore.cli import main
from pycore.clock import Clock

#: What each socket says after its subscription, and the answer to it.
SAID: dict[str, list[dict[str, Any]]] = {
    "/ws/v5/business": [
        {"event": "subscribe", "arg": {"channel": "candle1m", "instId": "BTC-USDT"}},
        {
            "arg": {"channel": "candle1m", "instId": "BTC-USDT"},
            "data": [["1700000000000", "1.0", "2.0", "0.5", "1.5", "10", "15", "15", "0"]],
        },
    ],
    "/ws_index": [
        {"ping": 7},
        {"id": "1", "status": "ok", "subbed": "market.BTC-USDT.mark_price.1min", "ts": 1},
        {"ch": "market.BTC-USDT.mark_price.1min", "ts": 1700000000000, "tick": {"id": 1, "close": "9800.12"}},
        {"ch": "market.BTC-USDT.index.1min", "ts": 1700000000001, "tick": {"id": 1, "close": "9801.5"}},
    ],
    "/linear-swap-notification": [
        {"op": "ping", "ts": "1700000000000"},
        {"op": "sub", "cid": "x", "topic": "public.BTC-USDT.funding_rate", "ts": 1, "err-code": 0},
        {
            "op": "notify",
            "topic": "public.BTC-USDT.funding_rate",
            "ts": 1700000000000,
            "data": [
                {
                    "symbol": "BTC",
                    "contract_code": "BTC-USDT",
                    "fee_asset": "USDT",
                    "funding_time": "1700000000000",
                    "funding_rate": "0.0001",
                    "estimated_rate": None,
                    "settlement_time": "1700028800000",
                }
            ],
        },
    ],
}


class Reel:
    """A tape in memory."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, str]] = []

    def message(self, payload: bytes, source: str) -> None:
        self.messages.append((payload, source))

    def rest(self, body: bytes, source: str) -> None:
        raise AssertionError(source)

    def link(self, up: bool, source: str) -> None:
        assert source or not up


async def heard(name: str, symbol: str) -> tuple[list[tuple[bytes, str]], dict[str, list[Any]]]:
    """What the socket beside a venue's books puts on a tape, and what it was asked."""
    asked: dict[str, list[Any]] = {}

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            first = request.path not in asked
            asked.setdefault(request.path, []).append(json.loads(message.data))
            for said in SAID.get(request.path, []) if first else []:
                text = json.dumps(said).encode()
                packed = request.path in ("/linear-swap-notification", "/ws_index")
                await (socket.send_bytes(gzip.compress(text)) if packed else socket.send_str(text.decode()))
        return socket

    app, reel = web.Application(), Reel()
    app.router.add_get("/{path:.*}", serve)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        base = str(server.make_url("")).rstrip("/")
        at = Endpoints(base, "ws" + base.removeprefix("http"))
        feed = Source(SESSIONS[name], [symbol], at).record(reel, Clock(), http)
        assert isinstance(feed, Together)
        running = asyncio.create_task(feed.run())
        async with asyncio.timeout(20):
            while len(reel.messages) < sum(len(SAID[figures.path]) for figures in SESSIONS[name].figures):
                await asyncio.sleep(0.005)
        for figures in feed.feeds[1:]:
            assert isinstance(figures, LiveFeed)
            assert (figures.synced, figures.tally()["garbage"]) == (True, 0)
        await asyncio.sleep(0.05)
        feed.close()
        await running
    return reel.messages, asked


async def test_okx_klines_are_recorded_from_their_own_socket() -> None:
    messages, asked = await heard("okx", "BTC-USDT")
    [frame] = asked["/ws/v5/business"]
    assert frame == {"op": "subscribe", "args": [{"channel": "candle1m", "instId": "BTC-USDT"}]}
    decoder = FeedDecoder("okx")
    decoder.define("BTC-USDT", "0.1", "0.1")
    told = [event for payload, source in messages if feed_of(source) == "okx" for event in decoder.message(payload)]
    assert [event["kind"] for event in told] == ["kline"]


async def test_htx_funding_rates_marks_and_indices_are_recorded_from_their_own_sockets_and_pings_answered() -> None:
    messages, asked = await heard("htx-linear", "BTC-USDT")
    topic = "public.BTC-USDT.funding_rate"
    assert asked["/linear-swap-notification"] == [
        {"op": "sub", "cid": topic, "topic": topic},
        {"op": "pong", "ts": "1700000000000"},
    ]
    topics = [f"market.BTC-USDT.{kind}.1min" for kind in ("mark_price", "index")]
    subscribed = [{"sub": name, "id": str(at)} for at, name in enumerate(topics, start=1)]
    assert asked["/ws_index"] == [*subscribed, {"pong": 7}]
    decoder = FeedDecoder("htx-linear")
    decoder.define("BTC-USDT", "0.1", "1")
    told = [event for payload, source in messages for event in decoder.message(payload)]
    addresses = {f"wss://api.hbdm.com/{path}" for path in ("linear-swap-notification", "ws_index")}
    assert {source for _, source in messages} == addresses
    assert sorted(event["kind"] for event in told) == ["fundingrate", "reference", "reference"]
    assert {feed_of_message(source, payload) for payload, source in messages} == {"htx-linear"}
    for beside in SESSIONS["htx-linear"].figures:
        assert beside.book_again("BTC-USDT", 1) == []
    refused = SESSIONS["htx-linear"].figures[0].control({"op": "sub", "err-code": 2001, "err-msg": "no"})
    assert refused is not None
    assert refused.means is Means.REFUSED


def test_two_feeds_of_one_address_are_told_apart_by_their_messages() -> None:
    bitget, index = "wss://ws.bitget.com/v2/ws/public", "wss://api.hbdm.com/ws_index"
    books = b'{"action":"update","arg":{"instType":"%s","channel":"books","instId":"BTCUSDT"},"data":[]}'
    marks = b'{"ch":"market.%s.mark_price.1min","ts":1,"tick":{}}'
    for address, payload, feed in (
        (bitget, books % b"SPOT", "bitget-spot-v2"),
        (bitget, books % b"COIN-FUTURES", "bitget-mix-v2"),
        (bitget, b"pong", "bitget-mix-v2"),
        (index, marks % b"BTC-USD", "htx-inverse"),
        (index, marks % b"BTC-USDT", "htx-linear"),
        ("wss://ws.okx.com/ws/v5/public", books % b"SPOT", "okx"),
    ):
        assert feed_of_message(address, payload) == feed


def test_bars_of_other_venues_need_their_steps(capsys: Any, tmp_path: Any) -> None:
    words = ["capture", "--venue", "okx", "--symbols", "A", "--bars", "1m", "-o", str(tmp_path / "x")]
    for more, said in (
        ([], "--steps must be given for every symbol where the venue is not asked, was without A"),
        (["--steps", "B=0.1/1"], "--steps must be SYMBOL=TICK/LOT of one of A, was B=0.1/1"),
        (["--steps", "A=0.1/x"], "was A=0.1/x"),
    ):
        assert main([*words, *more]) == 2
        assert said in capsys.readouterr().err
    assert main([*words[:2], "bitfinex-orders", *words[3:]]) == 2
    assert not (tmp_path / "x").exists()
