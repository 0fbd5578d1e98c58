"""catalogue: S1. What orders do in the box beyond resting: self-trade prevention, amendments, batches, two accounts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from tests.box_process import Rest, Signer, ask, running_box, until

ETHER = {"symbol": "ETHUSDT", "type": "LIMIT", "timeInForce": "GTC"}
FAR = {**ETHER, "side": "BUY", "quantity": "0.1", "price": "2000"}


@pytest.fixture(scope="module")
def box() -> Iterator[dict[str, Any]]:
    with running_box("--seed", "21", "--limits", "1000") as first:
        yield first


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def rest(box: dict[str, Any], web: aiohttp.ClientSession, market: str, account: int = 0) -> Rest:
    return Rest(web, box[f"{market}_rest"], Signer(box["accounts"][account]))


async def inside(client: Rest, path: str) -> str:
    """A price between best bid and offer, so that an order rests there alone."""
    while True:
        best = await client.get(path, symbol="ETHUSDT")
        bid, ask_price = Decimal(best["bidPrice"]), Decimal(best["askPrice"])
        if ask_price - bid >= Decimal("0.02"):
            return str(bid + Decimal("0.01"))


async def test_two_accounts_trade_with_each_other_and_both_are_exact(
    box: dict[str, Any], web: aiohttp.ClientSession
) -> None:
    buyer, seller = rest(box, web, "spot", 0), rest(box, web, "spot", 1)

    async def held(client: Rest) -> dict[str, Decimal]:
        rows = (await client.ok("GET", "/api/v3/account"))["balances"]
        return {row["asset"]: Decimal(row["free"]) + Decimal(row["locked"]) for row in rows}

    await seller.ok("POST", "/api/v3/order", symbol="ETHUSDT", side="BUY", type="MARKET", quantity="1")
    before = [await held(buyer), await held(seller)]
    for _ in range(50):
        price = await inside(buyer, "/api/v3/ticker/bookTicker")
        bid = await buyer.ok("POST", "/api/v3/order", **{**ETHER, "side": "BUY", "quantity": "0.5", "price": price})
        taken = await seller.ok(
            "POST", "/api/v3/order",
            **{**ETHER, "timeInForce": "IOC", "side": "SELL", "quantity": "0.5", "price": price},
        )  # fmt: skip
        status = await buyer.ok("GET", "/api/v3/order", symbol="ETHUSDT", orderId=bid["orderId"])
        if status["status"] == "NEW":
            # The background may be quicker: then there is nothing left to cancel.
            await buyer.signed("DELETE", "/api/v3/order", symbol="ETHUSDT", orderId=bid["orderId"])
        if status["executedQty"] == taken["executedQty"] == "0.50000000":
            break
    after = [await held(buyer), await held(seller)]
    # The background may have stood between them on the way: every own trade is counted, whoever was on its other side.
    for client, was, now in zip((buyer, seller), before, after, strict=True):
        moved = {asset: now[asset] - was[asset] for asset in now}
        first = bid["orderId"] if client is buyer else taken["orderId"]
        trades = await client.ok("GET", "/api/v3/myTrades", symbol="ETHUSDT", orderId=first)
        assert trades[-1]["isMaker"] is (client is buyer)
        wanted = {"ETH": Decimal(0), "USDT": Decimal(0)}
        for trade in await client.ok("GET", "/api/v3/myTrades", symbol="ETHUSDT", limit=1000):
            sign = 1 if trade["isBuyer"] else -1
            wanted["ETH"] += sign * Decimal(trade["qty"])
            wanted["USDT"] -= sign * Decimal(trade["quoteQty"])
            wanted[trade["commissionAsset"]] -= Decimal(trade["commission"])
        start = {"ETH": Decimal(0), "USDT": Decimal(100_000)}
        assert {asset: was[asset] + moved[asset] - start[asset] for asset in wanted} == wanted


@pytest.mark.parametrize("mode", ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"])
@pytest.mark.parametrize("market", ["spot", "usdm"])
async def test_nobody_trades_with_himself(
    box: dict[str, Any], web: aiohttp.ClientSession, market: str, mode: str
) -> None:
    client = rest(box, web, market)
    base = "/api/v3" if market == "spot" else "/fapi/v1"
    for _ in range(50):
        price = await inside(client, f"{base}/ticker/bookTicker")
        maker = await client.ok("POST", f"{base}/order", **{**ETHER, "side": "BUY", "quantity": "0.1", "price": price})
        if market == "spot":
            await client.ok("POST", "/api/v3/order", symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.2")
        taker = await client.ok(
            "POST", f"{base}/order",
            **{**ETHER, "timeInForce": "IOC", "side": "SELL", "quantity": "0.1", "price": price},
            selfTradePreventionMode=mode, newOrderRespType="RESULT",
        )  # fmt: skip
        resting = await client.ok("GET", f"{base}/order", symbol="ETHUSDT", orderId=maker["orderId"])
        if resting["status"] == "NEW":
            # The background may be quicker: then there is nothing left to cancel.
            await client.signed("DELETE", f"{base}/order", symbol="ETHUSDT", orderId=maker["orderId"])
        prevented = [order["status"] == "EXPIRED_IN_MATCH" for order in (resting, taker)]
        if any(prevented):
            break
    assert prevented == {
        "EXPIRE_TAKER": [False, True], "EXPIRE_MAKER": [True, False], "EXPIRE_BOTH": [True, True],
    }[mode]  # fmt: skip


async def test_an_amendment_makes_an_order_smaller_only(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    client, path = rest(box, web, "spot"), "/api/v3/order/amend/keepPriority"
    order = await client.ok("POST", "/api/v3/order", **FAR)
    for qty in ("0.1", "0.2"):
        _, answer = await client.signed("PUT", path, symbol="ETHUSDT", orderId=order["orderId"], newQty=qty)
        assert answer["code"] == -2038
    answer = await client.ok("PUT", path, symbol="ETHUSDT", orderId=order["orderId"], newQty="0.05")
    assert (answer["amendedOrder"]["qty"], answer["amendedOrder"]["status"]) == ("0.05000000", "NEW")
    held = await client.ok("GET", "/api/v3/account")
    assert {row["asset"]: row["locked"] for row in held["balances"]}["USDT"] == "100.00000000"
    await client.ok("DELETE", "/api/v3/openOrders", symbol="ETHUSDT")


async def test_batches_answer_row_by_row(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    client, path = rest(box, web, "usdm"), "/fapi/v1/batchOrders"
    rows = [FAR, {**FAR, "price": "1.001"}, {**FAR, "quantity": 0.2, "newClientOrderId": "mine"}]
    placed = await client.ok("POST", path, batchOrders=json.dumps(rows))
    assert [row.get("code") for row in placed] == [None, -1111, None]
    changed = [
        {"symbol": "ETHUSDT", "side": "BUY", "orderId": placed[0]["orderId"], "quantity": "0.3", "price": "2001"}
    ]
    modified = await client.ok("PUT", path, batchOrders=json.dumps(changed))
    assert (modified[0]["orderId"], modified[0]["origQty"], modified[0]["price"]) == (
        placed[0]["orderId"], "0.300", "2001.00",
    )  # fmt: skip
    gone = await client.ok("DELETE", path, symbol="ETHUSDT", orderIdList=json.dumps([placed[0]["orderId"], 5]))
    assert [row.get("status", row.get("code")) for row in gone] == ["CANCELED", -2011]
    gone = await client.ok("DELETE", path, symbol="ETHUSDT", origClientOrderIdList='["mine"]')
    assert gone[0]["status"] == "CANCELED"
    for bad in ("[]", "x", "[1]", json.dumps([FAR] * 6)):
        _, answer = await client.signed("POST", path, batchOrders=bad)
        assert answer["code"] == -1130


async def test_a_modified_order_keeps_its_id_and_says_amendment(
    box: dict[str, Any], web: aiohttp.ClientSession
) -> None:
    client = rest(box, web, "usdm")
    key = (await client.raw("POST", "/fapi/v1/listenKey", X_MBX_APIKEY=client.signer.key))[1]["listenKey"]
    async with web.ws_connect(f"{box['usdm_ws']}/private/ws?listenKey={key}") as ws:
        order = await client.ok("POST", "/fapi/v1/order", **FAR)
        change = {"symbol": "ETHUSDT", "side": "BUY", "orderId": order["orderId"]}
        answer = await client.ok("PUT", "/fapi/v1/order", **change, quantity="0.2", price="1999.5")
        assert (answer["orderId"], answer["origQty"], answer["price"]) == (order["orderId"], "0.200", "1999.50")
        assert (await until(ws, "ORDER_TRADE_UPDATE"))["o"]["x"] == "NEW"
        assert (await until(ws, "ORDER_TRADE_UPDATE"))["o"]["x"] == "AMENDMENT"
        _, same = await client.signed("PUT", "/fapi/v1/order", **change, quantity="0.2", price="1999.5")
        assert same["code"] == -5027
        _, other = await client.signed("PUT", "/fapi/v1/order", **{**change, "side": "SELL"}, quantity="1", price="1")
        assert other["code"] == -1117
        opened = await client.ok("GET", "/fapi/v1/openOrder", symbol="ETHUSDT", orderId=order["orderId"])
        assert opened["updateTime"] >= opened["time"]
        await client.ok("DELETE", "/fapi/v1/order", symbol="ETHUSDT", orderId=order["orderId"])
        _, gone = await client.signed("GET", "/fapi/v1/openOrder", symbol="ETHUSDT", orderId=order["orderId"])
        assert gone["code"] == -2013
        every = await client.ok("GET", "/fapi/v1/allOrders", symbol="ETHUSDT")
        assert order["orderId"] in {row["orderId"] for row in every}


async def test_reduce_only_never_turns_a_position_round(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    client = rest(box, web, "usdm", 1)
    market = {"symbol": "ETHUSDT", "type": "MARKET"}
    await client.ok("POST", "/fapi/v1/order", **market, side="BUY", quantity="0.1")
    closing = await client.ok(
        "POST", "/fapi/v1/order", **market, side="SELL", quantity="0.5", reduceOnly="true", newOrderRespType="RESULT"
    )
    assert closing["executedQty"] == "0.100"
    assert await client.ok("GET", "/fapi/v3/positionRisk") == []
    kinds = {row["incomeType"] for row in await client.ok("GET", "/fapi/v1/income")}
    assert "COMMISSION" in kinds
    first = (await client.ok("GET", "/fapi/v1/userTrades", symbol="ETHUSDT", limit=1))[0]
    assert set(first) >= {"commission", "commissionAsset", "price", "qty", "id", "orderId", "time", "realizedPnl"}


async def test_a_subscription_that_ends_says_so(box: dict[str, Any], web: aiohttp.ClientSession) -> None:
    async with web.ws_connect(box["spot_ws_api"]) as ws:
        signer = Signer(box["accounts"][0])
        await ask(ws, "userDataStream.subscribe.signature", signer.ws())
        again = await ask(ws, "userDataStream.subscribe.signature", signer.ws(), 2)
        assert again["error"]["code"] == -2035
        await ws.send_json({"id": 3, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 0}})
        assert (await until(ws, "eventStreamTerminated"))["E"] > 0
        gone = await ask(ws, "userDataStream.unsubscribe", {"subscriptionId": 0}, 4)
        assert gone["error"]["code"] == -2036
        assert (await ask(ws, "userDataStream.subscribe.signature", signer.ws(), 5))["result"] == {"subscriptionId": 1}
