"""catalogue: S1. What time does in the box: funding, liquidation, listen keys that run out, candles that close."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.box import report
from sim.box.accounts import default_accounts
from sim.box.auth import KeyRing
from sim.box.clock import BoxClock
from sim.box.desk import Desk
from sim.box.faults import Faults, Script
from sim.box.pace import Pace
from sim.box.publish import Publisher
from sim.box.rest import Asked, RestFace
from sim.box.server import HANDLERS
from sim.box.usdm_settings import next_funding_ms
from sim.box.users import Ear
from tests.box_process import Signer

assert HANDLERS, "importing the server fills the tables"
HOUR_NS = 3_600_000_000_000
MS = 1_000_000


class Quiet:
    """A USD-M market that moves by our orders and by the clock that we turn."""

    def __init__(self) -> None:
        self.clock = BoxClock()
        self.accounts = default_accounts(1)
        self.desk = Desk("linear", self.accounts, self.clock, seed=1, limit_factor=1e6)
        report.attach(self.desk)
        self.publisher = Publisher(self.desk)
        self.pace = Pace(self.desk, self.publisher)
        self.face = RestFace(self.desk, KeyRing(self.accounts, self.clock), Faults(Script(1), self.clock))
        self.heard: list[dict[str, Any]] = []
        self.desk.users.listen("alpha", Ear(lambda event: self.heard.append(json.loads(event)), MS))

    def wait_until(self, ts: int) -> None:
        self.clock.skew_ns += ts - self.clock.now_ns()
        self.pace.move()

    def ask(self, who: int, verb: str, path: str, **values: str) -> Any:
        signer = Signer(self.accounts[who].shown())
        query = "&".join(f"{name}={value}" for name, value in {**values, "timestamp": self.clock.now_ms()}.items())
        signed = f"{query}&signature={signer.sign(query)}"
        answer = self.face.serve(Asked(verb, path, signed, "", {"X-MBX-APIKEY": signer.key}, "here"))
        assert answer.status == 200, answer.body
        return answer.body

    def order(self, who: int, side: str, quantity: str, price: str, tif: str = "GTC") -> Any:
        return self.ask(
            who, "POST", "/fapi/v1/order", symbol="BTCUSDT", side=side, type="LIMIT", timeInForce=tif,
            quantity=quantity, price=price, newOrderRespType="RESULT",
        )  # fmt: skip


@pytest.fixture
def quiet() -> Quiet:
    return Quiet()


def test_funding_is_paid_at_its_hour_by_who_holds_then(quiet: Quiet) -> None:
    quiet.order(1, "SELL", "0.1", "60000")
    quiet.order(0, "BUY", "0.1", "60000")
    quiet.order(1, "SELL", "0.1", "60000.2")
    quiet.order(1, "BUY", "0.1", "59999.8")
    due_ms = next_funding_ms(quiet.clock.now_ms())
    quiet.wait_until(due_ms * MS - 10 * MS)
    assert quiet.ask(0, "GET", "/fapi/v1/income", incomeType="FUNDING_FEE") == []
    quiet.heard.clear()
    quiet.wait_until(due_ms * MS + 2_000 * MS)
    for who, amount in ((0, "-0.60000000"), (1, "0.60000000")):
        paid = quiet.ask(who, "GET", "/fapi/v1/income", incomeType="FUNDING_FEE")
        assert [row["income"] for row in paid] == [amount]
    rates = quiet.ask(0, "GET", "/fapi/v1/fundingRate", symbol="BTCUSDT")
    assert rates == [
        {"symbol": "BTCUSDT", "fundingRate": "0.00010000", "fundingTime": due_ms, "markPrice": "60000.00000000"}
    ]
    told = [event["a"] for event in quiet.heard if event["e"] == "ACCOUNT_UPDATE"]
    assert [(update["m"], update["B"][0]["bc"], update["P"]) for update in told] == [("FUNDING_FEE", "-0.60000000", [])]
    quiet.desk.exchange.check()


def test_a_position_below_its_maintenance_is_liquidated(quiet: Quiet) -> None:
    quiet.ask(0, "POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="125")
    quiet.ask(1, "POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="125")
    assert quiet.heard[-1]["e"] == "ACCOUNT_CONFIG_UPDATE"
    quiet.order(1, "SELL", "100", "60000")
    quiet.order(0, "BUY", "100", "60000")
    quiet.heard.clear()
    quiet.order(1, "BUY", "150", "59200")
    quiet.order(1, "SELL", "1", "59200.2")
    quiet.wait_until(quiet.clock.now_ns() + 3_000 * MS)
    orders = [event["o"] for event in quiet.heard if event["e"] == "ORDER_TRADE_UPDATE"]
    assert orders[-1]["X"] == "FILLED"
    assert {order["S"] for order in orders} == {"SELL"}
    assert quiet.ask(0, "GET", "/fapi/v3/positionRisk") == []
    quiet.desk.exchange.check()


def test_a_listen_key_lives_an_hour_from_its_last_renewal(quiet: Quiet) -> None:
    key = quiet.ask(0, "POST", "/fapi/v1/listenKey")["listenKey"]
    quiet.wait_until(quiet.clock.now_ns() + HOUR_NS - 1_000 * MS)
    assert quiet.ask(0, "PUT", "/fapi/v1/listenKey")["listenKey"] == key
    quiet.wait_until(quiet.clock.now_ns() + HOUR_NS - 1_000 * MS)
    assert quiet.desk.users.owner(key, quiet.clock.now_ns()) == "alpha"
    quiet.wait_until(quiet.clock.now_ns() + 3_000 * MS)
    assert quiet.heard[-1]["e"] == "listenKeyExpired"
    assert quiet.heard[-1]["listenKey"] == key
    assert quiet.desk.users.owner(key, quiet.clock.now_ns()) is None
    assert quiet.ask(0, "POST", "/fapi/v1/listenKey")["listenKey"] != key


class Ticker:
    """A receiver that keeps what it is sent."""

    def __init__(self, combined: bool = False) -> None:
        self.combined = combined
        self.sent: list[Any] = []

    def offer(self, payload: bytes) -> None:
        self.sent.append(json.loads(payload))


def test_a_candle_closes_once_and_the_next_one_opens_flat(quiet: Quiet) -> None:
    minute = 60_000 * MS
    quiet.wait_until((quiet.clock.now_ns() // minute + 1) * minute + 1_000 * MS)
    watcher = Ticker()
    quiet.desk.hub.subscribe("btcusdt@kline_1m", MS, watcher)
    quiet.order(1, "SELL", "0.1", "60010")
    quiet.order(0, "BUY", "0.1", "60010")
    quiet.wait_until(quiet.clock.now_ns() + 1_000 * MS)
    quiet.wait_until(quiet.clock.now_ns() + minute)
    quiet.wait_until(quiet.clock.now_ns() + 1_000 * MS)
    shown = [(event["k"]["x"], event["k"]["o"], event["k"]["c"], event["k"]["n"]) for event in watcher.sent]
    assert shown == [
        (False, "60010.00", "60010.00", 1), (True, "60010.00", "60010.00", 1), (False, "60010.00", "60010.00", 0),
    ]  # fmt: skip


def test_arrays_of_all_symbols_and_combined_names(quiet: Quiet) -> None:
    names = ("!ticker@arr", "!miniTicker@arr", "!markPrice@arr@1s", "!bookTicker")
    plain, combined = Ticker(), Ticker(combined=True)
    for name in names:
        for receiver in (plain, combined):
            quiet.desk.hub.subscribe(name, MS, receiver)
    quiet.order(1, "SELL", "0.1", "60010")
    quiet.wait_until(quiet.clock.now_ns() + 1_000 * MS)
    arrays = [event for event in plain.sent if isinstance(event, list)]
    assert [{row["s"] for row in array} for array in arrays] == [{"BTCUSDT", "ETHUSDT"}] * 3
    assert {array[0]["e"] for array in arrays} == {"24hrTicker", "24hrMiniTicker", "markPriceUpdate"}
    assert {event["stream"] for event in combined.sent} == set(names)
