"""catalogue: S1. Whatever is sent, the box answers in its protocol, and a refused request has changed nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.box.accounts import default_accounts
from sim.box.auth import KeyRing
from sim.box.clock import BoxClock
from sim.box.desk import Desk
from sim.box.faults import Faults, Script
from sim.box.rest import Answer, Asked, RestFace
from sim.box.server import HANDLERS
from sim.box.table import TABLES
from tests.box_process import Signer, now_ms

assert HANDLERS, "importing the server fills the tables"


class Venue:
    """One market without a generator: nothing moves but by our requests."""

    def __init__(self, market: str) -> None:
        clock = BoxClock()
        accounts = default_accounts(1)
        self.desk = Desk(market, accounts, clock, seed=1, limit_factor=1e6)
        self.face = RestFace(self.desk, KeyRing(accounts, clock), Faults(Script(1), clock))
        self.signers = [Signer(account.shown()) for account in accounts]
        self.order = "/api/v3/order" if market == "spot" else "/fapi/v1/order"
        for side, price in (("BUY", "59000"), ("SELL", "61000")):
            wanted = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC", "price": price}
            assert self.ask("POST", self.order, {**wanted, "quantity": "0.1"}, who=1).status == 200

    def ask(self, verb: str, path: str, values: Mapping[str, str], *, who: int = 0) -> Answer:
        """A well signed request."""
        full = {**values, "timestamp": str(now_ms())}
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in full.items())
        signer = self.signers[who]
        signed = f"{query}&signature={signer.sign(query)}"
        return self.face.serve(Asked(verb, path, signed, "", {"X-MBX-APIKEY": signer.key}, "here"))


VENUES = {market: Venue(market) for market in ("spot", "linear")}
BOTH = pytest.mark.parametrize("market", ["spot", "linear"])

NAMES = [
    "symbol", "side", "type", "timeInForce", "quantity", "price", "quoteOrderQty", "newClientOrderId", "orderId",
    "origClientOrderId", "stopPrice", "newOrderRespType", "selfTradePreventionMode", "reduceOnly", "positionSide",
    "limit", "fromId", "startTime", "endTime", "leverage", "marginType", "batchOrders", "cancelReplaceMode",
    "cancelOrderId", "newQty", "recvWindow", "symbols", "interval", "incomeType", "multiAssetsMargin", "listenKey",
    "orderIdList", "dualSidePosition", "omitZeroBalances",
]  # fmt: skip
GOOD = [
    "BTCUSDT", "ETHUSDT", "BUY", "SELL", "LIMIT", "MARKET", "LIMIT_MAKER", "GTC", "IOC", "FOK", "GTX", "0.01", "59500",
    "1", "2", "60500.5", "true", "false", "STOP_ON_FAILURE", "ALLOW_FAILURE", "ISOLATED", "CROSSED", "RESULT", "1m",
    '["BTCUSDT"]', "[1,2]",
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
CHANGES = st.dictionaries(st.sampled_from(NAMES[:15]), VALUES, max_size=3)
LEFT_OUT = st.sets(st.sampled_from(sorted(ORDER)), max_size=1)
LONG = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


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


@BOTH
@LONG
@given(changes=CHANGES, left_out=LEFT_OUT)
def test_any_order_is_taken_whole_or_not_at_all(market: str, changes: dict[str, str], left_out: set[str]) -> None:
    venue = VENUES[market]
    values = {name: value for name, value in {**ORDER, **changes}.items() if name not in left_out}
    judge(venue, "POST", venue.order, values)


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
