"""catalogue: S1. User data and the WebSocket APIs of the box, by ../shared/spec/binance.md §5 and §7."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.box_process import Rest, Signer, ask, now_ms, running_box, until

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


REPORT = "e E s c S o f q p P F g C x X r i l z L n N T t I w m M O Z Y Q W V"
UPDATE = "s c S o f q p ap sp x X i l z L T t b a m R wt ot ps cp rp pP si ss gtd V pm"
POSITION = "s pa ep bep cr up mt iw ps"


@asynccontextmanager
async def spot_user(box: dict[str, Any], web: aiohttp.ClientSession, account: int = 0) -> AsyncIterator[Any]:
    signer = Signer(box["accounts"][account])
    async with web.ws_connect(box["spot_ws_api"]) as ws:
        answer = await ask(ws, "userDataStream.subscribe.signature", signer.ws())
        assert answer["result"] == {"subscriptionId": 0}
        yield ws


async def test_spot_reports_carry_every_field_and_the_cancels_id(
    box: dict[str, Any], web: aiohttp.ClientSession
) -> None:
    client = rest(box, web, "spot")
    async with spot_user(box, web) as ws:
        order = await client.ok("POST", "/api/v3/order", **FAR, newClientOrderId="mine-1")
        new = await until(ws, "executionReport")
        needed = set(REPORT.split())
        assert needed <= set(new)
        assert (new["x"], new["X"], new["c"], new["N"], new["t"]) == ("NEW", "NEW", "mine-1", None, -1)
        locked = await until(ws, "outboundAccountPosition")
        assert {row["a"] for row in locked["B"]} == {"BTC", "USDT"}
        await client.ok(
            "DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"], newClientOrderId="stop-1"
        )
        gone = await until(ws, "executionReport")
        assert (gone["x"], gone["c"], gone["C"]) == ("CANCELED", "stop-1", "mine-1")
        await client.ok("POST", "/api/v3/order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.01")
        assert (await until(ws, "executionReport"))["x"] == "NEW"
        fill = await until(ws, "executionReport")
        assert (fill["x"], fill["N"], fill["m"], fill["M"]) == ("TRADE", "USDT", False, True)


async def test_usdm_reports_over_both_kinds_of_listen_key_streams(
    box: dict[str, Any], web: aiohttp.ClientSession
) -> None:
    client = rest(box, web, "usdm")
    key = {"X-MBX-APIKEY": client.signer.key}
    _, answer, _ = await client.raw("POST", "/fapi/v1/listenKey", **key)
    listen_key = answer["listenKey"]
    assert (await client.raw("POST", "/fapi/v1/listenKey", **key))[1] == answer
    assert (await client.raw("PUT", "/fapi/v1/listenKey", **key))[1] == answer
    base = box["usdm_ws"]
    async with (
        web.ws_connect(f"{base}/private/ws?listenKey={listen_key}") as raw,
        web.ws_connect(f"{base}/private/stream") as combined,
        web.ws_connect(f"{base}/ws/{listen_key}") as unrouted,
        web.ws_connect(f"{base}/private/ws?listenKey={listen_key}&events=ACCOUNT_UPDATE") as some,
    ):
        await ask(combined, "SUBSCRIBE", [listen_key])
        order = await client.ok("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
        wrapped = await combined.receive_json(timeout=30)
        assert wrapped["stream"] == listen_key
        for ws in (raw, unrouted):
            update = await until(ws, "ORDER_TRADE_UPDATE")
            needed = set(UPDATE.split())
            assert needed <= set(update["o"])
            assert update["o"]["i"] == order["orderId"]
        account = await until(some, "ACCOUNT_UPDATE")
        assert account["a"]["m"] == "ORDER"
        assert {"a", "wb", "cw", "bc"} == set(account["a"]["B"][0])
        assert set(POSITION.split()) <= set(account["a"]["P"][0])
        await client.raw("DELETE", "/fapi/v1/listenKey", **key)
        assert (await client.raw("PUT", "/fapi/v1/listenKey", **key))[1]["code"] == -1125


async def test_the_fill_is_in_the_balances_before_anyone_is_told(
    box: dict[str, Any], web: aiohttp.ClientSession
) -> None:
    client = rest(box, web, "spot", account=1)
    async with spot_user(box, web, 1) as ws:
        await client.ok("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
        position = await until(ws, "outboundAccountPosition")
        while position["B"][0]["l"] != "0.00000000" or (await until(ws, "executionReport"))["x"] != "TRADE":
            position = await until(ws, "outboundAccountPosition")
        account = await client.ok("GET", "/api/v3/account")
        held = {row["asset"]: row["free"] for row in account["balances"]}
        assert float(held["BTC"]) > 1


@BOTH
async def test_the_websocket_api_places_and_cancels(
    box: dict[str, Any], web: aiohttp.ClientSession, market: str
) -> None:
    signer = Signer(box["accounts"][0])
    async with web.ws_connect(box[f"{market}_ws_api"]) as ws:
        assert (await ask(ws, "ping", {}, "p"))["result"] == {}
        placed = await ask(ws, "order.place", signer.ws(**{**FAR, "quantity": 0.01, "price": 48000}), "o-1")
        assert (placed["id"], placed["status"]) == ("o-1", 200)
        assert {row["rateLimitType"] for row in placed["rateLimits"]} == {"REQUEST_WEIGHT", "ORDERS"}
        number = placed["result"]["orderId"]
        both = signer.ws(symbol="BTCUSDT", orderId=number, origClientOrderId=placed["result"]["clientOrderId"])
        assert (await ask(ws, "order.status", both, 5))["result"]["status"] == "NEW"
        gone = await ask(ws, "order.cancel", both, 6)
        assert (gone["id"], gone["result"]["status"]) == (6, "CANCELED")
        again = await ask(ws, "order.cancel", both, 2**53)
        assert (again["id"], again["status"], again["error"]["code"]) == (2**53, 400, -2011)
        quiet = await ask(ws, "time", {"returnRateLimits": False}, None)
        assert "rateLimits" not in quiet
        wrong = {**signer.ws(), "signature": "0" * 64}
        assert (await ask(ws, "account.status", wrong, 7))["error"]["code"] == -1022
        assert (await ask(ws, "account.status", {}, 8))["error"]["code"] == -1102
        assert (await ask(ws, "no.such", {}, 9))["status"] == 400


async def test_a_session_is_for_ed25519_keys_only(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    hmac_key, ed_key = Signer(box["accounts"][0]), Signer(box["accounts"][0], ed25519=True)
    async with web.ws_connect(box["spot_ws_api"]) as ws:
        assert (await ask(ws, "session.logon", hmac_key.ws()))["error"]["code"] == -4056
        assert (await ask(ws, "userDataStream.subscribe", {}, 2))["error"]["code"] == -2015
        assert (await ask(ws, "session.logon", ed_key.ws(), 3))["result"]["apiKey"] == ed_key.key
        assert (await ask(ws, "userDataStream.subscribe", {}, 4))["result"] == {"subscriptionId": 0}
        placed = await ask(ws, "order.place", {**FAR, "timestamp": now_ms()}, 5)
        assert placed["status"] == 200
        await ask(
            ws, "order.cancel", {"symbol": "BTCUSDT", "orderId": placed["result"]["orderId"], "timestamp": now_ms()}, 6
        )
        assert (await ask(ws, "userDataStream.unsubscribe", {}, 7))["status"] == 200
        assert (await ask(ws, "session.logout", {}, 8))["result"]["apiKey"] is None
        assert (await ask(ws, "account.status", {"timestamp": now_ms()}, 9))["error"]["code"] == -1102


async def test_a_market_order_by_quote_amount_shows_it_everywhere(
    box: dict[str, Any], web: aiohttp.ClientSession
) -> None:
    client = rest(box, web, "spot")
    async with spot_user(box, web) as ws:
        wanted = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "100"}
        order = await client.ok("POST", "/api/v3/order", **wanted)
        assert (order["status"], order["origQuoteOrderQty"]) == ("FILLED", "100.00000000")
        assert 97 < float(order["cummulativeQuoteQty"]) <= 100
        assert (await until(ws, "executionReport"))["Q"] == "100.00000000"
        kept = await client.ok("GET", "/api/v3/order", symbol="ETHUSDT", orderId=order["orderId"])
        assert kept["origQuoteOrderQty"] == "100.00000000"


GARBAGE = [
    "", "null", "[]", "5", '"x"', "{", '{"id":1}', '{"id":1,"method":5}', '{"id":1,"method":"order.place","params":[]}',
    '{"id":1,"method":"order.place","params":{"symbol":{"a":[1]}}}', '{"id":{"x":1},"method":"time"}',
    '{"id":1,"method":"order.place","params":{"apiKey":5,"timestamp":"NaN"}}', "[" * 50_000,
    '{"id":1,"method":"account.status","params":{"apiKey":"\\ud800"}}', "\u0000", '{"id":1e400,"method":"ping"}',
    '{"id":1,"method":"userDataStream.unsubscribe","params":{"subscriptionId":"x"}}',
]  # fmt: skip


@pytest.mark.parametrize("url", ["spot_ws_api", "usdm_ws_api", "spot_ws", "usdm_ws"])
async def test_garbage_is_answered_and_the_connection_goes_on(
    box: dict[str, Any], web: aiohttp.ClientSession, url: str
) -> None:
    async with web.ws_connect(box[url]) as ws:
        for text in GARBAGE:
            await ws.send_str(text)
            answer = await ws.receive_json(timeout=30)
            if "error" in answer:
                assert isinstance(answer["error"]["code"], int)
                assert answer["error"]["msg"]
                assert answer.get("status", 400) < 500, answer
        await ws.send_bytes(b"\xff\xfe{")
        assert "error" in await ws.receive_json(timeout=30)
        await ask(ws, "ping" if "api" in url else "LIST_SUBSCRIPTIONS", {} if "api" in url else [], "alive")
