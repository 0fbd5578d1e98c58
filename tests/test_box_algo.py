"""catalogue: S1. Conditional orders: USD-M's algo endpoints with ALGO_UPDATE, spot's stops among its orders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.box_venue import Venue

ALGO = "/fapi/v1/algoOrder"
STOP = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.01"}


@pytest.fixture
def usdm() -> Venue:
    """A market that last traded at 60,000."""
    venue = Venue("linear")
    venue.trade_at("60000")
    return venue


def statuses(venue: Venue) -> list[str]:
    return [row["o"]["X"] for row in venue.heard("ALGO_UPDATE")]


def one(venue: Venue, placed: dict[str, Any]) -> dict[str, Any]:
    row = venue.ok("GET", ALGO, {"algoId": str(placed["algoId"])})
    assert isinstance(row, dict)
    return row


def test_a_stop_waits_fires_once_and_finishes(usdm: Venue) -> None:
    placed = usdm.ok("POST", ALGO, {**STOP, "triggerPrice": "59000", "clientAlgoId": "guard"})
    assert (placed["algoStatus"], placed["orderType"], placed["triggerPrice"]) == ("NEW", "STOP_MARKET", "59000.00")
    assert usdm.ok("GET", "/fapi/v1/openAlgoOrders", {}) == [placed]
    assert usdm.ok("GET", "/fapi/v1/openOrders", {}) == []
    usdm.trade_at("59001")
    assert statuses(usdm) == ["NEW"]
    usdm.trade_at("59000")
    assert statuses(usdm) == ["TRIGGERING", "TRIGGERED", "FINISHED"]
    done = one(usdm, placed)
    assert (done["algoStatus"], done["actualPrice"], done["actualQty"]) == ("FINISHED", "59000.00", "0.010")
    order = usdm.ok("GET", usdm.order, {"symbol": "BTCUSDT", "orderId": done["actualOrderId"]})
    assert (order["clientOrderId"], order["status"], order["type"]) == ("guard", "FILLED", "MARKET")
    assert usdm.ok("GET", "/fapi/v1/openAlgoOrders", {}) == []
    assert [row["algoId"] for row in usdm.ok("GET", "/fapi/v1/allAlgoOrders", {"symbol": "BTCUSDT"})] == [
        placed["algoId"]
    ]


def test_each_type_fires_on_its_own_side_only(usdm: Venue) -> None:
    wanted = {
        ("BUY", "STOP_MARKET"): ("61000", "60999"), ("SELL", "STOP_MARKET"): ("59000", "59001"),
        ("BUY", "TAKE_PROFIT_MARKET"): ("59000", "59001"), ("SELL", "TAKE_PROFIT_MARKET"): ("61000", "60999"),
    }  # fmt: skip
    for (side, kind), (trigger, before) in wanted.items():
        usdm.trade_at("60000")
        order = {**STOP, "side": side, "type": kind, "triggerPrice": trigger}
        placed = usdm.ok("POST", ALGO, order)
        usdm.trade_at(before)
        assert one(usdm, placed)["algoStatus"] == "NEW"
        usdm.trade_at(trigger)
        assert one(usdm, placed)["algoStatus"] == "FINISHED"
        # Its own fill was the last trade; now the trigger is met already.
        usdm.trade_at(trigger)
        assert usdm.code("POST", ALGO, order) == -2021


def test_a_stop_limit_rests_and_finishes_when_its_order_is_cancelled(usdm: Venue) -> None:
    order = {**STOP, "type": "STOP", "triggerPrice": "59500", "price": "60100", "timeInForce": "GTC"}
    placed = usdm.ok("POST", ALGO, order)
    usdm.trade_at("59500")
    shown = one(usdm, placed)
    assert shown["algoStatus"] == "TRIGGERED"
    usdm.ok("DELETE", usdm.order, {"symbol": "BTCUSDT", "orderId": shown["actualOrderId"]})
    assert statuses(usdm) == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]


def test_a_trailing_stop_follows_the_best_price_and_fires_when_it_falls_back(usdm: Venue) -> None:
    order = {**STOP, "type": "TRAILING_STOP_MARKET", "callbackRate": "1", "activatePrice": "60500"}
    placed = usdm.ok("POST", ALGO, order)
    assert (placed["callbackRate"], placed["activatePrice"]) == ("1", "60500.00")
    for price in ("59000", "60499", "60500", "62000", "61381"):
        usdm.trade_at(price)
        assert one(usdm, placed)["algoStatus"] == "NEW", price
    usdm.trade_at("61380")
    assert one(usdm, placed)["algoStatus"] == "FINISHED"


def test_the_mark_price_counts_where_it_was_asked_for(usdm: Venue) -> None:
    placed = usdm.ok(
        "POST", ALGO, {**STOP, "triggerPrice": "59000", "workingType": "MARK_PRICE", "priceProtect": "true"}
    )
    assert (placed["workingType"], placed["priceProtect"]) == ("MARK_PRICE", True)
    usdm.trade_at("58990")
    assert one(usdm, placed)["algoStatus"] == "NEW"
    for mark_e8, status in ((59_000_00000001, "NEW"), (59_000_00000000, "FINISHED")):
        usdm.desk.settle(usdm.desk.exchange.mark(0, mark_e8, usdm.clock.now_ns()))
        assert one(usdm, placed)["algoStatus"] == status


def test_close_position_closes_whatever_there_is_and_goes_with_it(usdm: Venue) -> None:
    close = {key: value for key, value in STOP.items() if key != "quantity"} | {
        "closePosition": "true", "triggerPrice": "59000",
    }  # fmt: skip
    assert usdm.code("POST", ALGO, close) == -4509
    market = {"symbol": "BTCUSDT", "type": "MARKET"}
    usdm.ok("POST", usdm.order, {**market, "side": "BUY", "quantity": "0.05"})
    assert usdm.code("POST", ALGO, {**close, "quantity": "0.05"}) == -4137
    assert usdm.code("POST", ALGO, {**close, "reduceOnly": "true"}) == -1106
    assert usdm.code("POST", ALGO, {**close, "type": "STOP", "price": "59000"}) == -4136
    placed = usdm.ok("POST", ALGO, close)
    assert (placed["closePosition"], placed["reduceOnly"], placed["timeInForce"]) == (True, True, "GTE_GTC")
    other = usdm.ok("POST", ALGO, {**close, "type": "TAKE_PROFIT_MARKET", "triggerPrice": "65000"})
    usdm.ok("POST", usdm.order, {**market, "side": "BUY", "quantity": "0.02"})
    usdm.trade_at("59000")
    assert one(usdm, placed)["actualQty"] == "0.070"
    assert usdm.ok("GET", "/fapi/v3/positionRisk", {}) == []
    assert one(usdm, other)["algoStatus"] == "EXPIRED"


def test_an_order_that_is_refused_when_it_fires_is_rejected(usdm: Venue) -> None:
    placed = usdm.ok("POST", ALGO, {**STOP, "triggerPrice": "59000", "reduceOnly": "true"})
    usdm.trade_at("59000")
    assert statuses(usdm) == ["NEW", "TRIGGERING", "REJECTED"]
    assert one(usdm, placed)["actualOrderId"] == ""


def test_conditional_orders_are_cancelled_one_by_one_and_together(usdm: Venue) -> None:
    first, second = (
        usdm.ok("POST", ALGO, {**STOP, "triggerPrice": "59000", "clientAlgoId": name}) for name in ("a", "b")
    )
    assert usdm.code("POST", ALGO, {**STOP, "triggerPrice": "59000", "clientAlgoId": "a"}) == -4116
    gone = usdm.ok("DELETE", ALGO, {"clientAlgoId": "a"})
    assert gone == {"algoId": first["algoId"], "clientAlgoId": "a", "code": "200", "msg": "success"}
    assert usdm.code("DELETE", ALGO, {"clientAlgoId": "a"}) == -2011
    assert usdm.code("DELETE", ALGO, {}) == -1102
    assert usdm.code("GET", ALGO, {"algoId": "999999"}) == -2013
    for _ in range(2):
        assert usdm.ok("DELETE", "/fapi/v1/algoOpenOrders", {"symbol": "BTCUSDT"})["code"] == 200
    assert one(usdm, second)["algoStatus"] == "CANCELED"
    assert statuses(usdm) == ["NEW", "NEW", "CANCELED", "CANCELED"]
    for _ in range(10):
        usdm.ok("POST", ALGO, {**STOP, "triggerPrice": "59000"})
    assert usdm.code("POST", ALGO, {**STOP, "triggerPrice": "59000"}) == -4045


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"algoType": "VP"}, -1130), ({"type": "LIMIT"}, -1116), ({"triggerPrice": "0"}, -4006),
        ({"triggerPrice": "9999999"}, -4007), ({"triggerPrice": "59000.05"}, -4014), ({"workingType": "X"}, -1130),
        ({"type": "STOP"}, -1102), ({"type": "TRAILING_STOP_MARKET"}, -1102), ({"quantity": "0"}, -4003),
        ({"type": "TRAILING_STOP_MARKET", "callbackRate": "10.1"}, -1130), ({"quantity": "0.0001"}, -1111),
        ({"type": "TRAILING_STOP_MARKET", "callbackRate": "0.05"}, -1130), ({"positionSide": "LONG"}, -4061),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(usdm: Venue, change: dict[str, str], code: int) -> None:
    assert usdm.code("POST", ALGO, {**STOP, "triggerPrice": "59000", **change}) == code


def test_the_order_endpoint_still_refers_to_the_algo_service(usdm: Venue) -> None:
    for kind in ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"):
        assert usdm.code("POST", usdm.order, {**STOP, "type": kind, "stopPrice": "59000"}) == -4120


def free(venue: Venue) -> dict[str, tuple[str, str]]:
    rows = venue.ok("GET", "/api/v3/account", {})["balances"]
    return {row["asset"]: (row["free"], row["locked"]) for row in rows}


def test_a_spot_stop_locks_money_and_is_an_order_all_along() -> None:
    venue = Venue("spot")
    venue.trade_at("60000")
    wanted = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "quantity": "0.1"}
    assert venue.code("POST", venue.order, {**wanted, "price": "58990", "stopPrice": "60000"}) == -2010
    placed = venue.ok("POST", venue.order, {**wanted, "price": "59500", "stopPrice": "59000"})
    assert free(venue)["BTC"] == ("0.90000000", "0.10000000")
    shown = venue.ok("GET", "/api/v3/openOrders", {})[0]
    assert (shown["type"], shown["isWorking"], shown["stopPrice"]) == ("STOP_LOSS_LIMIT", False, "59000.00000000")
    assert venue.heard("executionReport")[-1]["w"] is False
    assert venue.code("PUT", "/api/v3/order/amend/keepPriority", {
        "symbol": "BTCUSDT", "orderId": str(placed["orderId"]), "newQty": "0.05"}) == -2011  # fmt: skip
    venue.desk.exchange.check()
    venue.trade_at("59000")
    assert [(row["x"], row["w"], row["o"]) for row in venue.heard("executionReport")] == [
        ("NEW", True, "STOP_LOSS_LIMIT")
    ]
    shown = venue.ok("GET", venue.order, {"symbol": "BTCUSDT", "orderId": str(placed["orderId"])})
    assert (shown["isWorking"], shown["status"], shown["stopPrice"]) == (True, "NEW", "59000.00000000")
    gone = venue.ok("DELETE", venue.order, {"symbol": "BTCUSDT", "orderId": str(placed["orderId"])})
    assert (gone["type"], free(venue)["BTC"]) == ("STOP_LOSS_LIMIT", ("1.00000000", "0.00000000"))
    venue.desk.exchange.check()


def test_a_spot_market_stop_trades_when_it_is_met_and_can_be_cancelled_before() -> None:
    venue = Venue("spot")
    venue.trade_at("60000")
    wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "STOP_LOSS", "quantity": "0.1", "stopPrice": "61000"}
    first = venue.ok("POST", venue.order, wanted)
    assert free(venue)["USDT"] == ("93900.00000000", "6100.00000000")
    assert len(venue.ok("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"})) == 1
    assert free(venue)["USDT"] == ("100000.00000000", "0.00000000")
    second = venue.ok("POST", venue.order, wanted)
    venue.trade_at("61000")
    rows = [
        venue.ok("GET", venue.order, {"symbol": "BTCUSDT", "orderId": str(row["orderId"])}) for row in (first, second)
    ]
    assert [(row["status"], row["cummulativeQuoteQty"]) for row in rows] == [
        ("CANCELED", "0.00000000"), ("FILLED", "6100.10000000"),
    ]  # fmt: skip
    for _ in range(5):
        venue.ok("POST", venue.order, {**wanted, "stopPrice": "62000", "quantity": "0.001"})
    assert venue.code("POST", venue.order, {**wanted, "stopPrice": "62000", "quantity": "0.001"}) == -1013
    venue.desk.exchange.check()
