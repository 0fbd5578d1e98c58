"""The Binance adapters against the box over real sockets: market data, user data, orders, accounts, last resort."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from feeds.binance_live import MarketFeed, categories, retry_after_s
from oms import account
from oms.binance_gateway import PLACE, QUERY, OrderGateway
from oms.binance_rest import Rest, VenueError
from oms.binance_user import UserStream
from oms.signing import Signer
from pycore import exchange_info
from pycore.clock import Clock
from pycore.config_load import load
from pycore.credentials import Credentials
from pycore.latency import LatencyTracker

ROOT = Path(__file__).resolve().parents[1]
SCALES = {"BTC": 8, "USDT": 8, "ETH": 8}


@dataclass
class Heard:
    """Everything an engine would have been told."""

    market_data: list[bytes] = field(default_factory=list)
    snapshots: list[tuple[int, bytes]] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    links: list[tuple[int, str, bool]] = field(default_factory=list)
    logged: list[tuple[str, bool]] = field(default_factory=list)
    gone: list[tuple[str, int, int]] = field(default_factory=list)

    def market(self, stream: int, market: str, payload: bytes) -> None:
        self.market_data.append(payload)

    def snapshot(self, stream: int, instrument: int, payload: bytes) -> None:
        self.snapshots.append((instrument, payload))

    def link(self, stream: int, role: str, up: bool, account: int = 0) -> None:
        self.links.append((stream, role, up))

    def log_on(self, account: int, market: str, on: bool) -> None:
        self.logged.append((market, on))

    def sent(self, order: int, request: int, expires: int) -> None:
        self.gone.append(("sent", order, request))

    def lost(self, order: int, request: int) -> None:
        self.gone.append(("lost", order, request))

    def answer(self, account: int, market: str, payload: bytes) -> None:
        self.answers.append(payload)

    def user(self, stream: int, account: int, market: str, payload: bytes) -> None:
        self.users.append(payload)


@dataclass(frozen=True)
class Request:
    """A request as the core's outbox holds it."""

    payload: bytes
    order: int = 1
    request: int = PLACE
    seq: int = 1
    account: int = 1
    market: str = "spot"
    expires: int = 0
    mono: int = 0


@dataclass
class Bench:
    """A running box, and what adapters need."""

    venue: dict[str, Any]
    http: aiohttp.ClientSession
    heard: Heard
    clock: Clock = field(default_factory=Clock)

    @property
    def signer(self) -> Signer:
        trader = self.venue["accounts"][0]
        return Signer(Credentials(trader["key"], trader["secret"]))

    def address(self, market: str, kind: str) -> str:
        return str(self.venue[f"{'usdm' if market == 'linear' else 'spot'}_{kind}"])

    def rest(self, market: str) -> Rest:
        return Rest(market, self.address(market, "rest"), self.signer, self.clock, self.http)

    @property
    def curve_signer(self) -> Signer:
        trader = self.venue["accounts"][0]
        return Signer(Credentials(trader["ed25519_key"], ed25519_pem=trader["ed25519_pem"]))

    def gateway(self, market: str, deadline_ms: int = 2_000, signer: Signer | None = None) -> OrderGateway:
        return OrderGateway(
            market=market,
            account=1,
            ws_api=self.address(market, "ws_api"),
            orders_stream=1,
            user_stream=2,
            inputs=self.heard,
            signer=signer or self.signer,
            clock=self.clock,
            latency=LatencyTracker(),
            jitter=random.Random(1),
            deadline_ms=deadline_ms,
        )


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A box for this file; what it says about itself."""
    log = (tmp_path_factory.mktemp("box") / "box.log").open("wb")
    command = [sys.executable, "-m", "pycore.cli", "box", "--port", "0", "--seed", "5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as box:
        assert box.stdout is not None
        yield json.loads(box.stdout.readline())
        box.terminate()
    log.close()


@pytest_asyncio.fixture
async def bench(venue: dict[str, Any]) -> AsyncIterator[Bench]:
    """The box with a fresh listener."""
    async with aiohttp.ClientSession() as http:
        yield Bench(venue, http, Heard())


async def until(condition: Any, what: str) -> None:
    """Waits until a callable is true; fails by name after twenty seconds."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"never happened: {what}")


@pytest.mark.parametrize("market", ["spot", "linear"])
async def test_market_data_and_snapshots_arrive_undecoded(bench: Bench, market: str) -> None:
    streams = {category: number for number, category in enumerate(categories(market), start=1)}
    feed = MarketFeed(
        market=market,
        ws=bench.address(market, "ws"),
        rest=bench.address(market, "rest"),
        symbols={"BTCUSDT": 7},
        streams=streams,
        inputs=bench.heard,
        clock=bench.clock,
        http=bench.http,
        jitter=random.Random(1),
    )
    task = asyncio.create_task(feed.run())
    await asyncio.wait_for(feed.connected(), 10)
    wanted = ["btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade"]
    wanted += ["btcusdt@markPrice@1s"] if market == "linear" else []

    def seen() -> set[str]:
        return {json.loads(payload)["stream"] for payload in bench.heard.market_data}

    await until(lambda: set(wanted) <= seen(), f"every stream of {wanted}")
    feed.resync(7)
    feed.resync(7)
    feed.resync(99)
    await until(lambda: bench.heard.snapshots, "a snapshot")
    instrument, body = bench.heard.snapshots[0]
    assert instrument == 7
    assert json.loads(body)["lastUpdateId"] > 0
    feed.close()
    await asyncio.wait_for(task, 10)
    assert len(bench.heard.snapshots) == 1
    assert sorted(set(bench.heard.links)) == sorted(
        (number, "market", up) for number in streams.values() for up in (True, False)
    )


@pytest.mark.parametrize("market", ["spot", "linear"])
async def test_the_account_is_read_exactly_and_the_clock_measured(bench: Bench, market: str) -> None:
    rest = bench.rest(market)
    assert abs(await rest.measure_clock()) < 1_000_000_000
    statement = await account.fetch(rest, SCALES)
    amounts = {holding.asset: holding.amount for holding in statement.holdings}
    assert amounts["USDT"] == 100_000 * 10**8
    assert statement.market == market
    if market == "spot":
        assert amounts["BTC"] == 10**8
    assert all(position.size == 0 for position in statement.positions)


async def test_the_template_agrees_with_the_venue_and_a_wrong_tick_does_not(bench: Bench) -> None:
    body = await bench.rest("linear").call("GET", "exchange_info", signed=False)
    path = str(ROOT / "deploy" / "config" / "paper.toml")
    assert exchange_info.faults(load(path, {}), "linear", body) == []
    wrong = load(path, {}, ['instruments.0.tick="0.5"', 'instruments.0.settle="BTC"'])
    assert {field for field, _ in exchange_info.faults(wrong, "linear", body)} == {
        "instruments.0.tick",
        "instruments.0.settle",
    }
    other = load(path, {}, ["instruments.0.symbol=NOUSDT", "limits=[]", "strategies=[]"])
    assert exchange_info.faults(other, "linear", body)[0][1].endswith("was NOUSDT")


async def order_frame(bench: Bench, market: str, **more: str) -> bytes:
    """A signed order that rests far below the market."""
    now_ms = bench.clock.utc_ns() // 1_000_000
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}
    top = await bench.http.get(
        bench.address(market, "rest")
        + ("/fapi/v1/ticker/bookTicker" if market == "linear" else "/api/v3/ticker/bookTicker"),
        params={"symbol": "BTCUSDT"},
    )
    price = int(float((await top.json())["bidPrice"]) * 0.99)
    params = bench.signer.api_params({**order, "price": str(price), "timestamp": now_ms, **more})
    return json.dumps({"id": "ptw0000000000001", "method": "order.place", "params": params}).encode()


@pytest.mark.parametrize("market", ["spot", "linear"])
async def test_an_order_is_answered_reported_and_cancelled_by_the_last_resort(bench: Bench, market: str) -> None:
    gateway = bench.gateway(market)
    user = UserStream(
        1, bench.address("linear", "ws"), 2, bench.rest("linear"), bench.heard, bench.clock, random.Random(1)
    )
    tasks = [asyncio.create_task(gateway.run())]
    waits = [gateway.ready.wait()]
    if market == "linear":
        tasks.append(asyncio.create_task(user.run()))
        waits.append(user.ready.wait())
    await asyncio.wait_for(asyncio.gather(*waits), 10)
    assert (2, "user", True) in bench.heard.links
    gateway.send(Request(await order_frame(bench, market), market=market))
    await until(lambda: bench.heard.answers and bench.heard.users, "answer and report")
    assert bench.heard.gone == [("sent", 1, PLACE)]
    assert json.loads(bench.heard.answers[0])["status"] == 200
    assert gateway.awaiting == 1
    gateway.answered(1, PLACE)
    assert gateway.awaiting == 0
    rest = bench.rest(market)
    assert len(await rest.call("GET", "open_orders", {"symbol": "BTCUSDT"})) == 1
    await rest.cancel_all("BTCUSDT")
    await rest.cancel_all("BTCUSDT")
    assert await rest.call("GET", "open_orders", {"symbol": "BTCUSDT"}) == []
    gateway.close()
    user.close()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)


@pytest.mark.parametrize("market", ["spot", "linear"])
async def test_an_ed25519_key_logs_on_and_its_requests_need_no_signature(bench: Bench, market: str) -> None:
    gateway = bench.gateway(market, signer=bench.curve_signer)
    task = asyncio.create_task(gateway.run())
    await asyncio.wait_for(gateway.ready.wait(), 10)
    assert bench.heard.logged == [(market, True)]
    frame = json.loads(await order_frame(bench, market))
    del frame["params"]["apiKey"], frame["params"]["signature"]
    gateway.send(Request(json.dumps(frame).encode(), market=market))
    await until(lambda: bench.heard.answers, "an answer")
    assert json.loads(bench.heard.answers[0])["status"] == 200
    await bench.rest(market).cancel_all("BTCUSDT")
    gateway.close()
    await asyncio.wait_for(task, 10)
    assert bench.heard.logged == [(market, True), (market, False)]


async def test_an_hmac_key_signs_every_request(bench: Bench) -> None:
    gateway = bench.gateway("linear")
    task = asyncio.create_task(gateway.run())
    await asyncio.wait_for(gateway.ready.wait(), 10)
    gateway.close()
    await asyncio.wait_for(task, 10)
    assert bench.heard.logged == [("linear", False)]


async def test_what_has_no_answer_is_lost_never_repeated(bench: Bench) -> None:
    gateway = bench.gateway("linear", deadline_ms=10)
    gateway.send(Request(b"{}", order=1))
    assert bench.heard.gone == [("lost", 1, PLACE)], "down: not sent, so lost at once"
    task = asyncio.create_task(gateway.run())
    await asyncio.wait_for(gateway.ready.wait(), 10)
    gateway.send(Request(b'{"id":"ptw0000000000002","method":"ping"}', order=2))
    gateway.send(Request(b'{"id":"qtw0000000000003","method":"ping"}', order=3, request=QUERY))
    gateway.answered(3, QUERY)
    await asyncio.sleep(0.05)
    gateway.expire()
    gateway.expire()
    assert [row for row in bench.heard.gone if row[0] == "lost"] == [("lost", 1, PLACE), ("lost", 2, PLACE)]
    gateway.send(Request(b'{"id":"ptw0000000000004","method":"ping"}', order=4))
    gateway.close()
    await asyncio.wait_for(task, 10)
    assert bench.heard.gone[-1] == ("lost", 4, PLACE), "the connection broke while it was under way"
    assert gateway.awaiting == 0


async def test_a_refused_request_names_code_and_message(bench: Bench) -> None:
    trader = bench.venue["accounts"][0]
    wrong = Rest(
        "spot", bench.address("spot", "rest"), Signer(Credentials(trader["key"], "x")), bench.clock, bench.http
    )
    with pytest.raises(VenueError, match="code -1022") as raised:
        await wrong.call("GET", "account")
    assert (raised.value.status, raised.value.code) == (400, -1022)
    nobody = Rest("spot", "http://127.0.0.1:1", bench.signer, bench.clock, bench.http)
    with pytest.raises(VenueError, match="status 0"):
        await nobody.call("GET", "time", signed=False)


def test_retry_after_is_seconds_or_nothing() -> None:
    assert [retry_after_s(text) for text in ("7", None, "soon", "-1")] == [7.0, 0.0, 0.0, 0.0]


class Failing:
    """A server that answers what it is told to, and counts."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses, self.asked = statuses, 0

    async def answer(self, _request: web.Request) -> web.Response:
        status = self.statuses[min(self.asked, len(self.statuses) - 1)]
        self.asked += 1
        body = {"serverTime": 1} if status == 200 else {"code": -1001, "msg": "Internal error."}
        return web.json_response(body, status=status)


@pytest.mark.parametrize(
    ("method", "statuses", "asked", "ends"),
    [
        ("GET", [503, 502, 200], 3, 200),
        ("GET", [503], 3, 503),
        ("GET", [400], 1, 400),
        ("POST", [503], 1, 503),
        ("DELETE", [503], 1, 503),
    ],
)
async def test_only_a_question_is_asked_again(method: str, statuses: list[int], asked: int, ends: int) -> None:
    failing, app = Failing(statuses), web.Application()
    app.router.add_route("*", "/{path:.*}", failing.answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        rest = Rest("linear", str(server.make_url("")).rstrip("/"), Signer(Credentials("k", "s")), Clock(), http)
        if ends == 200:
            assert await rest.call(method, "order") == {"serverTime": 1}
        else:
            with pytest.raises(VenueError) as raised:
                await rest.call(method, "order")
            assert raised.value.status == ends
        assert failing.asked == asked
