"""catalogue: S1. Signatures, times, weights and refusals of the box, by ../shared/spec/binance.md §4."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.box_process import Rest, Signer, now_ms, running_box

LIMIT: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
FAR: dict[str, Any] = {**LIMIT, "quantity": "0.01", "price": "48000"}
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


@BOTH
@pytest.mark.parametrize("ed25519", [False, True])
@pytest.mark.parametrize("in_body", [False, True])
async def test_a_signature_counts_wherever_it_travels(
    box: dict[str, Any], web: aiohttp.ClientSession, market: str, ed25519: bool, in_body: bool
) -> None:
    client, path = rest(box, web, market, ed25519=ed25519), PREFIX[market] + "/order"
    status, order = await client.signed("POST", path, in_body=in_body, **FAR)
    assert status == 200, order
    status, gone = await client.signed("DELETE", path, in_body=in_body, symbol="BTCUSDT", orderId=order["orderId"])
    assert (status, gone["status"]) == (200, "CANCELED")


@BOTH
async def test_parameters_may_be_mixed_and_the_signature_stand_anywhere(
    box: dict[str, Any], web: aiohttp.ClientSession, market: str
) -> None:
    client = rest(box, web, market)
    query = "symbol=BTCUSDT&side=BUY&type=LIMIT&price=4.8e4"
    body = f"quantity=1e-02&timeInForce=GTC&timestamp={now_ms()}"
    signature = client.signer.sign(query + body)
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-MBX-APIKEY": client.signer.key}
    target = f"{PREFIX[market]}/order?signature={signature}&{query}"
    status, answer, _ = await client.raw("POST", target, body, **form)
    assert status == 200, answer
    assert (float(answer["price"]), float(answer["origQty"])) == (48000, 0.01)


@BOTH
async def test_any_changed_byte_breaks_the_signature(
    box: dict[str, Any], web: aiohttp.ClientSession, market: str
) -> None:
    client = rest(box, web, market)
    query = f"symbol=BTCUSDT&timestamp={now_ms()}"
    signature = client.signer.sign(query)
    path, key = PREFIX[market] + "/openOrders", {"X-MBX-APIKEY": client.signer.key}
    for target in (f"symbol=ETHUSDT{query[14:]}", query.replace("symbol", "symbo%6C"), query + "&a=1"):
        status, answer, _ = await client.raw("GET", f"{path}?{target}&signature={signature}", **key)
        assert (status, answer["code"]) == (400, -1022)
    status, answer, _ = await client.raw("GET", f"{path}?{query}", **key)
    assert (status, answer["code"]) == (400, -1102)
    for header, code in (({}, -2014), ({"X-MBX-APIKEY": "x" * 64}, -2015)):
        status, answer, _ = await client.raw("GET", f"{path}?{query}&signature={signature}", **header)
        assert (status, answer["code"]) == (401, code)


@BOTH
@pytest.mark.parametrize(
    "sent",
    [
        (-2_000, None, 0),
        (-6_000, None, -1021),
        (-6_000, "60000", 0),
        (-400, "100.125", -1021),
        (900, None, 0),
        (30_000, None, -1021),
        (0, "60001", -1131),
        (0, "soon", -1100),
    ],
)
async def test_the_timestamp_lies_in_its_window(
    box: dict[str, Any], web: aiohttp.ClientSession, market: str, sent: tuple[int, str | None, int]
) -> None:
    shift_ms, window, code = sent
    client = rest(box, web, market)
    more: dict[str, Any] = {} if window is None else {"recvWindow": window}
    for stamp in (now_ms() + shift_ms, (now_ms() + shift_ms) * 1_000):
        _, answer = await client.signed("GET", PREFIX[market] + "/openOrders", timestamp=stamp, **more)
        assert (answer["code"] if isinstance(answer, dict) else 0) == code


async def test_times_come_in_microseconds_where_asked_for(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    client = rest(box, web, "spot")
    plain = (await client.get("/api/v3/time"))["serverTime"]
    assert abs(plain - now_ms()) < 2_000
    _, fine, _ = await client.raw("GET", "/api/v3/time", X_MBX_TIME_UNIT="MICROSECOND")
    assert abs(fine["serverTime"] // 1_000 - now_ms()) < 2_000
    async with web.ws_connect(box["spot_ws"] + "/ws/btcusdt@trade?timeUnit=MICROSECOND") as ws:
        assert len(str((await ws.receive_json(timeout=30))["T"])) == 16


async def test_weights_add_up_and_end_in_429_then_418(web: aiohttp.ClientSession) -> None:
    with running_box("--limits", "0.02") as first:
        client = rest(first, web, "spot")
        _, _, headers = await client.raw("GET", "/api/v3/exchangeInfo")
        assert headers["x-mbx-used-weight"] == headers["x-mbx-used-weight-1m"] == "20"
        _, _, headers = await client.raw("GET", "/api/v3/depth?symbol=BTCUSDT&limit=500")
        # 25 alone where a minute ended in between.
        assert headers["x-mbx-used-weight-1m"] in ("45", "25")
        assert headers["Content-Type"].startswith("application/json")
        statuses = []
        for _ in range(120):
            status, answer, headers = await client.raw("GET", "/api/v3/depth?symbol=BTCUSDT&limit=500")
            statuses.append(status)
            if status != 200:
                assert answer["code"] == -1003
                assert int(headers["Retry-After"]) > 0
        assert statuses[0] == 200
        assert statuses[-1] == 418
        assert 429 in statuses

        usdm = rest(first, web, "usdm")
        # A limit of 6 in 10 s, which a window's end within the loop may grant twice.
        placed = 0
        while (answer := await usdm.signed("POST", "/fapi/v1/order", **FAR))[0] == 200:
            placed += 1
        assert 6 <= placed <= 12
        assert (answer[0], answer[1]["code"]) == (429, -1015)


@BOTH
async def test_order_counts_are_in_the_headers(box: dict[str, Any], web: aiohttp.ClientSession, market: str) -> None:
    client = rest(box, web, market, account=1)
    query = "&".join(f"{name}={value}" for name, value in {**FAR, "timestamp": now_ms()}.items())
    target = f"{PREFIX[market]}/order?{query}&signature={client.signer.sign(query)}"
    status, _, headers = await client.raw("POST", target, X_MBX_APIKEY=client.signer.key)
    assert status == 200
    assert int(headers["x-mbx-order-count-10s"]) >= 1
    assert int(headers["x-mbx-order-count-1d" if market == "spot" else "x-mbx-order-count-1m"]) >= 1


REFUSALS = [
    ("spot", {"symbol": "NOPEUSDT"}, -1121, "Invalid symbol."),
    ("usdm", {"symbol": "NOPEUSDT"}, -1121, "Invalid symbol."),
    ("spot", {"side": "HOLD"}, -1117, "Invalid side."),
    ("usdm", {"side": "HOLD"}, -1117, "Invalid side."),
    ("spot", {"type": "WISH"}, -1116, "Invalid orderType."),
    ("spot", {"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
    ("spot", {"timeInForce": None}, -1102, None),
    ("spot", {"quantity": None}, -1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed."),
    ("spot", {"quantity": "-0.01"}, -1100, None),
    ("spot", {"quantity": "NaN"}, -1100, None),
    ("usdm", {"price": "-1"}, -1100, None),
    ("usdm", {"price": "Infinity"}, -1100, None),
    ("spot", {"price": "48000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    ("spot", {"price": "0"}, -1013, "Filter failure: PRICE_FILTER"),
    ("spot", {"price": "500"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ("spot", {"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
    ("spot", {"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
    ("spot", {"quantity": "0.010000001"}, -1111, "Parameter 'quantity' has too much precision."),
    ("usdm", {"quantity": "0.0101"}, -1111, "Precision is over the maximum defined for this asset."),
    ("usdm", {"price": "48000.05"}, -4014, "Price not increased by tick size."),
    ("usdm", {"quantity": "0.001"}, -4164,
     "Order's notional must be no smaller than 50 (unless you choose reduce only)."),
    ("usdm", {"price": "70000"}, -4016, None),
    ("usdm", {"type": "STOP_MARKET", "stopPrice": "1"}, -4120, None),
    ("usdm", {"positionSide": "LONG"}, -4061, "Order's position side does not match user's setting."),
    ("usdm", {"quantity": "100", "price": "50000"}, -2019, "Margin is insufficient."),
    ("usdm", {"reduceOnly": "true", "side": "SELL", "price": "70000"}, -2022, "ReduceOnly Order is rejected."),
    ("usdm", {"timeInForce": "GTX", "price": "62000"}, -5022, None),
    ("usdm", {"timeInForce": "FOK", "price": "48000"}, -5021, None),
    ("spot", {"quantity": "20"}, -2010, "Account has insufficient balance for requested action."),
    ("spot", {"type": "LIMIT_MAKER", "timeInForce": None, "price": "62000"}, -2010,
     "Order would immediately match and take."),
    ("spot", {"newClientOrderId": "x" * 37}, -1100, None),
    ("spot", {"newClientOrderId": "a b"}, -1100, None),
    ("spot", {"icebergQty": "0.001"}, -1013, "Iceberg orders are not supported for this symbol."),
    ("spot", {"type": "MARKET", "price": None, "timeInForce": None, "quoteOrderQty": "10"}, -1128, None),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_orders_are_refused_by_code_and_text(
    box: dict[str, Any], web: aiohttp.ClientSession, refusal: tuple[str, dict[str, Any], int, str | None]
) -> None:
    market, changes, code, text = refusal
    client = rest(box, web, market, account=1)
    wanted = {name: value for name, value in {**FAR, **changes}.items() if value is not None}
    before = await client.ok("GET", "/api/v3/account" if market == "spot" else "/fapi/v3/account")
    status, answer = await client.signed("POST", PREFIX[market] + "/order", **wanted)
    assert (status, answer["code"]) == (400, code), answer
    assert text is None or answer["msg"] == text
    after = await client.ok("GET", "/api/v3/account" if market == "spot" else "/fapi/v3/account")
    changing = {"updateTime", "assets", "positions"}
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }


async def test_ids_that_are_taken_unknown_or_free_again(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    wanted = {**FAR, "newClientOrderId": "again-1"}
    for market, code, text in (
        ("spot", -2010, "Duplicate order sent."),
        ("usdm", -4116, "ClientOrderId is duplicated."),
    ):
        client, path = rest(box, web, market), PREFIX[market] + "/order"
        await client.ok("POST", path, **wanted)
        _, answer = await client.signed("POST", path, **wanted)
        assert (answer["code"], answer["msg"]) == (code, text)
        gone = await client.ok("DELETE", path, symbol="BTCUSDT", origClientOrderId="again-1")
        if market == "spot":
            assert gone["origClientOrderId"] == "again-1" != gone["clientOrderId"]
        _, answer = await client.signed("DELETE", path, symbol="BTCUSDT", origClientOrderId="again-1")
        assert (answer["code"], answer["msg"]) == (-2011, "Unknown order sent.")
        second = await client.ok("POST", path, **wanted)
        await client.ok("DELETE", path, symbol="BTCUSDT", orderId=second["orderId"])
        _, answer = await client.signed("GET", path, symbol="BTCUSDT", orderId=987654321)
        assert (answer["code"], answer["msg"]) == (-2013, "Order does not exist.")


async def test_spot_cancel_replace_says_how_both_halves_went(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    client, path = rest(box, web, "spot"), "/api/v3/order/cancelReplace"
    order = await client.ok("POST", "/api/v3/order", **FAR)
    both = await client.ok(
        "POST", path, **{**FAR, "price": "47000"}, cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=order["orderId"]
    )
    assert (both["cancelResult"], both["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert both["cancelResponse"]["origClientOrderId"] == order["clientOrderId"]
    assert both["newOrderResponse"]["price"] == "47000.00000000"
    status, none = await client.signed(
        "POST", path, **FAR, cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=order["orderId"]
    )
    assert (status, none["code"], none["data"]["cancelResponse"]["code"]) == (400, -2022, -2011)
    assert none["data"]["newOrderResult"] == "NOT_ATTEMPTED"
    status, half = await client.signed(
        "POST", path, **{**FAR, "quantity": "20"}, cancelReplaceMode="ALLOW_FAILURE",
        cancelOrderId=both["newOrderResponse"]["orderId"],
    )  # fmt: skip
    assert (status, half["code"], half["data"]["newOrderResponse"]["code"]) == (409, -2021, -2010)


async def test_exchange_info_has_what_strict_clients_need(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    spot, usdm = rest(box, web, "spot"), rest(box, web, "usdm")
    both = await spot.get("/api/v3/exchangeInfo")
    one = await spot.get("/api/v3/exchangeInfo", symbol="ETHUSDT")
    some = await spot.get("/api/v3/exchangeInfo", symbols=json.dumps(["BTCUSDT"]))
    assert [len(info["symbols"]) for info in (both, one, some)] == [2, 1, 1]
    for symbol in both["symbols"] + (await usdm.get("/fapi/v1/exchangeInfo"))["symbols"]:
        assert symbol["filters"][0]["filterType"] == "PRICE_FILTER"
        kinds = {row["filterType"] for row in symbol["filters"]}
        assert {"LOT_SIZE", "MARKET_LOT_SIZE"} <= kinds
        assert kinds & {"NOTIONAL", "MIN_NOTIONAL"}
    assert both["symbols"][0]["permissionSets"] == [["SPOT"]]


async def test_what_clients_read_while_connecting(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    spot, usdm = rest(box, web, "spot"), rest(box, web, "usdm")
    assert len(await spot.ok("GET", "/sapi/v1/asset/tradeFee")) == 2
    assert await spot.ok("GET", "/sapi/v1/capital/config/getall") == []
    assert await usdm.ok("GET", "/fapi/v1/openAlgoOrders") == []
    assert len(await usdm.ok("GET", "/fapi/v1/symbolConfig")) == 2
    assert (await usdm.ok("GET", "/fapi/v1/leverageBracket"))[0]["brackets"][0]["notionalFloor"] == 0
    _, same = await usdm.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")
    assert same["code"] == -4059
    _, same = await usdm.signed("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="false")
    assert same["code"] == -4171
    status, retired, _ = await spot.raw("POST", "/api/v3/userDataStream", X_MBX_APIKEY=spot.signer.key)
    assert (400 <= status < 500, set(retired)) == (True, {"code", "msg"})
    status, unknown, _ = await spot.raw("GET", "/api/v3/nothing")
    assert (status, set(unknown)) == (404, {"code", "msg"})
    rows = await spot.get("/api/v3/klines", symbol="BTCUSDT", interval="1m", limit=3)
    assert all(len(row) == 12 and row[11] == "0" for row in rows)
    for path in ("/api/v3/ticker/24hr", "/api/v3/ticker/price", "/api/v3/ticker/bookTicker"):
        assert isinstance(await spot.get(path, symbol="BTCUSDT"), dict)
        assert isinstance(await spot.get(path), list)
        assert len(await spot.get(path, symbols=json.dumps(["BTCUSDT"]))) == 1
    cancelled = await usdm.ok("DELETE", "/fapi/v1/allOpenOrders", symbol="ETHUSDT")
    assert cancelled["code"] == 200
    _, none = await spot.signed("DELETE", "/api/v3/openOrders", symbol="ETHUSDT")
    assert none["code"] == -2011


async def test_the_countdown_cancels_what_nobody_renews(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    client = rest(box, web, "usdm", account=1)
    await client.ok("POST", "/fapi/v1/order", **{**FAR, "symbol": "ETHUSDT", "price": "2000", "quantity": "0.1"})

    async def left() -> int:
        return len(await client.ok("GET", "/fapi/v1/openOrders", symbol="ETHUSDT"))

    for time_ms in (60_000, 0):
        await client.ok("POST", "/fapi/v1/countdownCancelAll", symbol="ETHUSDT", countdownTime=time_ms)
        assert await left() == 1
    await client.ok("POST", "/fapi/v1/countdownCancelAll", symbol="ETHUSDT", countdownTime=100)
    async with asyncio.timeout(10):
        while await left():
            await asyncio.sleep(0.05)


async def test_leverage_that_the_balance_does_not_carry_is_refused(
    box: dict[str, Any], web: aiohttp.ClientSession
) -> None:
    client = rest(box, web, "usdm", account=1)
    for value, code in (("0", -4028), ("126", -4028), ("x", -1100)):
        _, answer = await client.signed("POST", "/fapi/v1/leverage", symbol="ETHUSDT", leverage=value)
        assert answer["code"] == code
    await client.ok("POST", "/fapi/v1/leverage", symbol="ETHUSDT", leverage=100)
    order = {**FAR, "symbol": "ETHUSDT", "price": "2000", "quantity": "500"}
    placed = await client.ok("POST", "/fapi/v1/order", **order)
    _, answer = await client.signed("POST", "/fapi/v1/leverage", symbol="ETHUSDT", leverage=2)
    assert (answer["code"], answer["msg"]) == (
        -2028, "Leverage is smaller than permitted: insufficient margin balance.",
    )  # fmt: skip
    await client.ok("DELETE", "/fapi/v1/order", symbol="ETHUSDT", orderId=placed["orderId"])
