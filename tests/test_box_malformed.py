"""catalogue: S1. Whatever is sent, the box answers in its protocol, and a refused request has changed nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.box.rest import Asked
from sim.box.table import TABLES
from tests.box_venue import Venue

VENUES = {name: Venue("spot" if name == "spot" else "linear") for name in ("spot", "linear", "hedge")}
VENUES["hedge"].ok("POST", "/fapi/v1/positionSide/dual", {"dualSidePosition": "true"})
USDM = pytest.mark.parametrize("market", ["linear", "hedge"])
ALL = pytest.mark.parametrize("market", [*VENUES])
BOTH = pytest.mark.parametrize("market", ["spot", "linear"])

NAMES = [
    "symbol", "side", "type", "timeInForce", "quantity", "price", "quoteOrderQty", "newClientOrderId", "orderId",
    "origClientOrderId", "stopPrice", "newOrderRespType", "selfTradePreventionMode", "reduceOnly", "positionSide",
    "limit", "fromId", "startTime", "endTime", "leverage", "marginType", "batchOrders", "cancelReplaceMode",
    "cancelOrderId", "newQty", "recvWindow", "symbols", "interval", "incomeType", "multiAssetsMargin", "listenKey",
    "orderIdList", "dualSidePosition", "omitZeroBalances", "algoType", "triggerPrice", "callbackRate", "workingType",
    "closePosition", "clientAlgoId", "algoId", "activatePrice", "countdownTime", "positionSide",
]  # fmt: skip
GOOD = [
    "BTCUSDT", "ETHUSDT", "BUY", "SELL", "LIMIT", "MARKET", "LIMIT_MAKER", "GTC", "IOC", "FOK", "GTX", "0.01", "59500",
    "1", "2", "60500.5", "true", "false", "STOP_ON_FAILURE", "ALLOW_FAILURE", "ISOLATED", "CROSSED", "RESULT", "1m",
    '["BTCUSDT"]', "[1,2]", "CONDITIONAL", "STOP", "STOP_MARKET", "TRAILING_STOP_MARKET", "STOP_LOSS_LIMIT",
    "MARK_PRICE", "BOTH", "LONG", "SHORT",
]  # fmt: skip
BAD = [
    "", "-1", "NaN", "inf", "1e99", "1e-30", "0", "0.000000001", "9" * 30, "9" * 20 + ".9", "btcusdt", "x" * 40,
    "%", "a b", "null", "[]", "{}", '[{"symbol":1}]', "[" * 50, "\ud800", "é", "0x10", "1_000", "+5", " 5", "5.", ".5",
]  # fmt: skip
VALUES = st.one_of(st.sampled_from(GOOD), st.sampled_from(BAD), st.text(max_size=12))
PARAMETERS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=9)
ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "60000",
}
# Which position an order is for, until it is changed: hedge mode has no BOTH.
PLACES: dict[str, dict[str, str]] = {"spot": {}, "linear": {}, "hedge": {"positionSide": "LONG"}}
CHANGES = st.dictionaries(st.sampled_from(NAMES[:15]), VALUES, max_size=3)
LEFT_OUT = st.sets(st.sampled_from(sorted(ORDER)), max_size=1)
STOP = {
    "algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.01",
    "triggerPrice": "50000",
}  # fmt: skip
LONG = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def encoded(values: Mapping[str, str]) -> dict[str, str]:
    """Texts as a client can put them on the wire: lone surrogates become bytes that are not UTF-8."""
    return {name: value.encode("utf-8", "replace").decode() for name, value in values.items()}


def judge(venue: Venue, verb: str, path: str, values: Mapping[str, str]) -> None:
    """Asks, and holds the answer to the protocol and the state to the answer."""
    before = venue.desk.exchange.state_hash()
    answer = venue.ask(verb, path, encoded(values))
    json.dumps(answer.body)
    assert answer.status < 500, (verb, path, values, answer.body)
    if answer.status >= 400:
        assert isinstance(answer.body, dict)
        assert isinstance(answer.body["code"], int)
        assert answer.body["msg"]
        partial = "data" in answer.body
        assert partial or venue.desk.exchange.state_hash() == before, (verb, path, values, answer.body)
    elif verb == "GET":
        assert venue.desk.exchange.state_hash() == before
    venue.desk.exchange.check()


@BOTH
@LONG
@given(data=st.data())
def test_any_request_is_answered_and_a_refused_one_changes_nothing(market: str, data: st.DataObject) -> None:
    verb, path = data.draw(st.sampled_from(sorted(TABLES[market].rest)))
    judge(VENUES[market], verb, path, data.draw(PARAMETERS))


@ALL
@LONG
@given(changes=CHANGES, left_out=LEFT_OUT)
def test_any_order_is_taken_whole_or_not_at_all(market: str, changes: dict[str, str], left_out: set[str]) -> None:
    venue = VENUES[market]
    order = {**ORDER, **PLACES[market], **changes}
    judge(venue, "POST", venue.order, {name: value for name, value in order.items() if name not in left_out})


@USDM
@LONG
@given(changes=CHANGES, left_out=st.sets(st.sampled_from(sorted(STOP)), max_size=1))
def test_any_conditional_order_is_taken_whole_or_not_at_all(
    market: str, changes: dict[str, str], left_out: set[str]
) -> None:
    order = {**STOP, **PLACES[market], **changes}
    values = {name: value for name, value in order.items() if name not in left_out}
    judge(VENUES[market], "POST", "/fapi/v1/algoOrder", values)


@BOTH
@LONG
@given(query=st.text(max_size=60), body=st.text(max_size=60), signed=st.booleans())
def test_any_bytes_are_refused_in_the_protocol(market: str, query: str, body: str, signed: bool) -> None:
    venue = VENUES[market]
    before = venue.desk.exchange.state_hash()
    headers: dict[str, Any] = {"X-MBX-APIKEY": venue.signers[0].key} if signed else {}
    raw, form = (text.encode("utf-8", "replace").decode() for text in (query, body))
    answer = venue.face.serve(Asked("POST", venue.order, raw, form, headers, "here"))
    assert 400 <= answer.status < 500
    assert venue.desk.exchange.state_hash() == before
