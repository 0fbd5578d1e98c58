"""catalogue: S1. Hedge mode: a long and a short position in one contract, each with its own orders, margin and events.

Codes and texts: the venue's public error page (-1106, -2022, -4059, -4061, -4067, -4068) and its notes on hedge mode.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.box_venue import Venue

DUAL = "/fapi/v1/positionSide/dual"
ALGO = "/fapi/v1/algoOrder"
BTC = {"symbol": "BTCUSDT"}
MARKET = {**BTC, "type": "MARKET"}
BUY_LONG = {"side": "BUY", "positionSide": "LONG"}
SELL_LONG = {"side": "SELL", "positionSide": "LONG"}
SELL_SHORT = {"side": "SELL", "positionSide": "SHORT"}
BUY_SHORT = {"side": "BUY", "positionSide": "SHORT"}
COIN = 10**8


def limit(price: str, quantity: str = "0.01") -> dict[str, str]:
    return {**BTC, "type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": quantity}


@pytest.fixture
def venue() -> Venue:
    """Account 0 is in hedge mode; the market is 59,999 to 60,000."""
    venue = Venue("linear")
    venue.quote("59999", "60000", "5")
    assert venue.ok("POST", DUAL, {"dualSidePosition": "true"}) == {"code": 200, "msg": "success"}
    return venue


@pytest.fixture
def both(venue: Venue) -> Venue:
    """Long 0.3 at 60,000 and short 0.2 at 59,999."""
    venue.ok("POST", venue.order, {**MARKET, **BUY_LONG, "quantity": "0.3"})
    venue.ok("POST", venue.order, {**MARKET, **SELL_SHORT, "quantity": "0.2"})
    return venue


def held(venue: Venue) -> dict[str, str]:
    return {row["positionSide"]: row["positionAmt"] for row in venue.ok("GET", "/fapi/v2/positionRisk", BTC)}


def refused(venue: Venue, path: str, values: dict[str, str]) -> tuple[int, str]:
    """Code and text of a request that must change nothing."""
    before = venue.desk.exchange.state_hash()
    body = venue.ask("POST", path, values).body
    assert venue.desk.exchange.state_hash() == before
    assert isinstance(body, dict)
    return body["code"], body["msg"]


def test_the_mode_is_shown_and_changes_only_while_nothing_is_open() -> None:
    venue = Venue("linear")
    config = "/fapi/v1/accountConfig"

    def shown() -> list[bool]:
        return [venue.ok("GET", path, {})["dualSidePosition"] for path in (DUAL, config)]

    assert shown() == [False, False]
    assert refused(venue, DUAL, {"dualSidePosition": "false"}) == (-4059, "No need to change position side.")
    assert [venue.code("POST", DUAL, {"dualSidePosition": bad}) for bad in ("", "maybe")] == [-1102, -1130]
    order = venue.ok("POST", venue.order, {**limit("58000"), "side": "BUY"})
    told = (-4067, "Position side cannot be changed if there exists open orders.")
    assert refused(venue, DUAL, {"dualSidePosition": "true"}) == told
    venue.ok("DELETE", venue.order, {**BTC, "orderId": str(order["orderId"])})
    stop = {**MARKET, "algoType": "CONDITIONAL", "type": "STOP_MARKET", "side": "SELL", "quantity": "0.01"}
    algo = venue.ok("POST", ALGO, {**stop, "triggerPrice": "50000"})
    assert refused(venue, DUAL, {"dualSidePosition": "true"}) == told
    venue.ok("DELETE", ALGO, {"algoId": str(algo["algoId"])})
    venue.ok("POST", DUAL, {"dualSidePosition": "TRUE"})
    assert shown() == [True, True]
    venue.ok("POST", venue.order, {**MARKET, **SELL_SHORT, "quantity": "0.01"})
    told = (-4068, "Position side cannot be changed if there exists position.")
    assert refused(venue, DUAL, {"dualSidePosition": "false"}) == told
    venue.ok("POST", venue.order, {**MARKET, **BUY_SHORT, "quantity": "0.01"})
    venue.ok("POST", DUAL, {"dualSidePosition": "false"})
    assert shown() == [False, False]


def test_each_order_names_a_position_of_the_mode_and_no_reduce_only(venue: Venue) -> None:
    told = (-4061, "Order's position side does not match user's setting.")
    buy = {**limit("58000"), "side": "BUY"}
    stop = {**MARKET, "algoType": "CONDITIONAL", "type": "STOP_MARKET", "quantity": "0.01", "triggerPrice": "50000"}
    assert refused(venue, venue.order, buy) == told
    assert refused(venue, venue.order, {**buy, "positionSide": "BOTH"}) == told
    assert refused(venue, ALGO, {**stop, "side": "SELL"}) == told
    told = (-1106, "Parameter 'reduceonly' sent when not required.")
    for value in ("true", "false"):
        assert refused(venue, venue.order, {**buy, **BUY_LONG, "reduceOnly": value}) == told
        assert refused(venue, ALGO, {**stop, **SELL_LONG, "reduceOnly": value}) == told
    assert venue.code("POST", venue.order, {**buy, "positionSide": "LEFT"}) == -1130
    other = Venue("linear")
    assert other.code("POST", other.order, {**buy, "positionSide": "LONG"}) == -4061


def test_both_positions_are_held_at_once_and_shown_row_by_row(both: Venue) -> None:
    assert held(both) == {"LONG": "0.300", "SHORT": "-0.200"}
    rows = {row["positionSide"]: row for row in both.ok("GET", "/fapi/v3/positionRisk", {})}
    assert {side: (row["positionAmt"], row["entryPrice"]) for side, row in rows.items()} == {
        "LONG": ("0.300", "60000.00"), "SHORT": ("-0.200", "59999.00"),
    }  # fmt: skip
    assert rows["LONG"]["liquidationPrice"] == rows["SHORT"]["liquidationPrice"]
    full = both.ok("GET", "/fapi/v2/account", {})
    names = [(row["symbol"], row["positionSide"]) for row in full["positions"]]
    assert names == [(symbol, side) for symbol in ("BTCUSDT", "ETHUSDT") for side in ("LONG", "SHORT")]
    # 20 times: 0.3 and 0.2 at the last price of 59,999 are margined one beside the other.
    assert full["totalInitialMargin"] == full["totalPositionInitialMargin"] == "1499.97500000"
    assert Decimal(full["totalInitialMargin"]) == sum(Decimal(row["initialMargin"]) for row in full["positions"])
    assert Decimal(full["totalMaintMargin"]) == sum(Decimal(row["maintMargin"]) for row in full["positions"])
    open_only = both.ok("GET", "/fapi/v3/account", {})["positions"]
    assert [row["positionSide"] for row in open_only] == ["LONG", "SHORT"]
    trades = both.ok("GET", "/fapi/v1/userTrades", BTC)
    assert [(row["side"], row["positionSide"], row["realizedPnl"]) for row in trades] == [
        ("BUY", "LONG", "0.00000000"), ("SELL", "SHORT", "0.00000000"),
    ]  # fmt: skip


def test_events_name_the_position(both: Venue) -> None:
    told = [*both.told]
    orders = [row["o"] for row in told if row["e"] == "ORDER_TRADE_UPDATE"]
    assert [(row["x"], row["S"], row["ps"]) for row in orders] == [
        ("NEW", "BUY", "LONG"), ("TRADE", "BUY", "LONG"), ("NEW", "SELL", "SHORT"), ("TRADE", "SELL", "SHORT"),
    ]  # fmt: skip
    updates = [row["a"]["P"] for row in told if row["e"] == "ACCOUNT_UPDATE"]
    assert [[(row["ps"], row["pa"]) for row in rows] for rows in updates] == [
        [("LONG", "0.300")], [("SHORT", "-0.200")],
    ]  # fmt: skip


def test_a_closing_order_is_shown_as_reduce_only_and_closes_no_more_than_there_is(both: Venue) -> None:
    assert refused(both, both.order, {**limit("61000", "0"), **SELL_LONG})[0] == -4003
    first = both.ok("POST", both.order, {**limit("61000", "0.2"), **SELL_LONG})
    assert (first["positionSide"], first["reduceOnly"], first["origQty"]) == ("LONG", True, "0.200")
    second = both.ok("POST", both.order, {**limit("61000", "0.5"), **SELL_LONG})
    assert second["origQty"] == "0.100"
    told = (-2022, "ReduceOnly Order is rejected.")
    assert refused(both, both.order, {**limit("61000"), **SELL_LONG}) == told
    opening = both.ok("POST", both.order, {**limit("61000"), **SELL_SHORT})
    assert opening["reduceOnly"] is False
    both.told.clear()
    closed = {**MARKET, **SELL_LONG, "quantity": "0.3", "newOrderRespType": "RESULT"}
    assert refused(both, both.order, closed) == told
    both.ok("DELETE", "/fapi/v1/allOpenOrders", BTC)
    done = both.ok("POST", both.order, closed)
    assert (done["status"], done["reduceOnly"], held(both)) == ("FILLED", True, {"LONG": "0.000", "SHORT": "-0.200"})
    assert both.heard("ACCOUNT_UPDATE")[-1]["a"]["P"][0]["pa"] == "0.000"
    assert refused(both, both.order, {**MARKET, **SELL_LONG, "quantity": "0.1"}) == told
    assert both.ok("GET", "/fapi/v1/userTrades", BTC)[-1]["realizedPnl"] == "-0.30000000"


def test_an_amendment_keeps_its_position_and_batches_mix(venue: Venue) -> None:
    rows: list[dict[str, str]] = [
        {**limit("58000"), **BUY_LONG}, {**limit("62000"), **SELL_SHORT}, {**limit("58000"), "side": "BUY"},
        {**limit("62000"), **SELL_LONG},
    ]  # fmt: skip
    made = venue.ok("POST", "/fapi/v1/batchOrders", {"batchOrders": json.dumps(rows)})
    assert [row.get("code", row.get("positionSide")) for row in made] == ["LONG", "SHORT", -4061, -2022]
    change = {**BTC, "orderId": str(made[1]["orderId"]), "side": "SELL", "price": "62500", "quantity": "0.02"}
    assert venue.ok("PUT", venue.order, change)["positionSide"] == "SHORT"
    shown = venue.ok("GET", "/fapi/v1/openOrders", BTC)
    assert [(row["positionSide"], row["origQty"]) for row in shown] == [("LONG", "0.010"), ("SHORT", "0.020")]
    assert [row["o"]["ps"] for row in venue.heard("ORDER_TRADE_UPDATE")] == ["LONG", "SHORT", "SHORT"]
    venue.ok("DELETE", "/fapi/v1/allOpenOrders", BTC)
    assert venue.ok("GET", "/fapi/v1/openOrders", BTC) == []


def test_a_conditional_order_closes_its_own_position_alone(both: Venue) -> None:
    both.trade_at("60000")
    close = {**MARKET, "algoType": "CONDITIONAL", "type": "STOP_MARKET", "closePosition": "true"}
    # Buying closes no long position; the venue has no code of its own for it.
    assert both.code("POST", ALGO, {**close, **BUY_LONG, "triggerPrice": "61000"}) == -4509
    assert both.code("POST", ALGO, {**close, **SELL_SHORT, "triggerPrice": "50000"}) == -4509
    short = both.ok("POST", ALGO, {**close, **BUY_SHORT, "triggerPrice": "60500"})
    long = both.ok("POST", ALGO, {**close, **SELL_LONG, "triggerPrice": "59000"})
    assert [(row["positionSide"], row["reduceOnly"]) for row in (short, long)] == [("SHORT", True), ("LONG", True)]
    both.told.clear()
    both.trade_at("60600")
    assert held(both) == {"LONG": "0.300", "SHORT": "0.000"}
    assert {row["o"]["ps"] for row in both.heard("ALGO_UPDATE")} == {"SHORT"}
    shown = {row["algoId"]: row["algoStatus"] for row in both.ok("GET", "/fapi/v1/allAlgoOrders", BTC)}
    assert shown == {short["algoId"]: "FINISHED", long["algoId"]: "NEW"}
    both.ok("POST", both.order, {**MARKET, **SELL_LONG, "quantity": "0.3"})
    shown = {row["algoId"]: row["algoStatus"] for row in both.ok("GET", "/fapi/v1/allAlgoOrders", BTC)}
    assert shown[long["algoId"]] == "EXPIRED", "its position is gone"


def test_isolated_margin_is_for_both_positions_and_moved_for_one(venue: Venue) -> None:
    venue.ok("POST", "/fapi/v1/marginType", {**BTC, "marginType": "ISOLATED"})
    venue.ok("POST", venue.order, {**MARKET, **BUY_LONG, "quantity": "0.3"})
    venue.ok("POST", venue.order, {**MARKET, **SELL_SHORT, "quantity": "0.2"})

    def wallets() -> dict[str, str]:
        rows = venue.ok("GET", "/fapi/v2/positionRisk", BTC)
        assert {row["marginType"] for row in rows} == {"isolated"}
        return {row["positionSide"]: row["isolatedWallet"] for row in rows}

    assert wallets() == {"LONG": "900.00000000", "SHORT": "599.99000000"}
    margin = {**BTC, "type": "1", "amount": "10"}
    assert venue.code("POST", "/fapi/v1/positionMargin", margin) == -4061
    venue.told.clear()
    venue.ok("POST", "/fapi/v1/positionMargin", {**margin, "positionSide": "SHORT"})
    assert wallets() == {"LONG": "900.00000000", "SHORT": "609.99000000"}
    assert venue.heard("ACCOUNT_UPDATE")[-1]["a"]["P"][0]["ps"] == "SHORT"
    assert venue.code("POST", "/fapi/v1/leverage", {**BTC, "leverage": "5"}) == -4161
    assert venue.code("POST", "/fapi/v1/marginType", {**BTC, "marginType": "CROSSED"}) == -4048
    # Up 4.8 %: the short position's wallet is used up, the long one gains.
    venue.quote("62899", "62900", "5")
    venue.desk.settle(venue.desk.exchange.mark(0, 62_900 * COIN, venue.clock.now_ns()))
    venue.desk.exchange.check()
    assert held(venue) == {"LONG": "0.300", "SHORT": "0.000"}
    last: dict[str, Any] = venue.heard("ORDER_TRADE_UPDATE")[-1]["o"]
    assert (last["x"], last["S"], last["ps"]) == ("CALCULATED", "BUY", "SHORT")


def test_funding_is_paid_for_each_position(both: Venue) -> None:
    both.told.clear()
    both.desk.settle(both.desk.exchange.funding(0, 10_000, 60_000 * COIN, both.clock.now_ns()))
    rows = both.ok("GET", "/fapi/v1/income", {"incomeType": "FUNDING_FEE"})
    assert [row["income"] for row in rows] == ["-1.80000000", "1.20000000"]
    assert [row["a"]["B"][0]["bc"] for row in both.heard("ACCOUNT_UPDATE")] == ["-1.80000000", "1.20000000"]
    both.desk.exchange.check()
