"""catalogue: S1. A position under its maintenance margin is closed by the venue, and everybody concerned is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.box.hub import Topic
from tests.box_venue import Venue

MS_NS = 1_000_000


class Ear:
    """A client of the public streams."""

    combined = False

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def offer(self, payload: bytes) -> None:
        self.heard.append(json.loads(payload))


@pytest.fixture
def venue() -> Venue:
    """Account 0 is long 30 BTC at about 60,000, which its 100,000 USDT carry at 125 times only."""
    venue = Venue("linear")
    for who in (0, 1):
        venue.ok("POST", "/fapi/v1/leverage", {"symbol": "BTCUSDT", "leverage": "125"}, who=who)
    venue.quote("59999", "60000", "30")
    venue.ok("POST", venue.order, {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "30"})
    far = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
    venue.ok("POST", venue.order, {**far, "price": "58000"})
    stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
    venue.ok("POST", "/fapi/v1/algoOrder", {**stop, "closePosition": "true", "triggerPrice": "50000"})
    return venue


def listen(venue: Venue, name: str) -> Ear:
    ear = Ear()
    topic: Topic = venue.desk.hub.subscribe(name, MS_NS, ear)
    assert topic.kind == "forceOrder"
    return ear


def mark(venue: Venue, price: int) -> None:
    venue.desk.settle(venue.desk.exchange.mark(0, price * 10**8, venue.clock.now_ns()))


def test_a_liquidation_cancels_closes_and_tells(venue: Venue) -> None:
    one, every = listen(venue, "btcusdt@forceOrder"), listen(venue, "!forceOrder@arr")
    # The book has 5 BTC at 57,000; what is left of the position the venue takes over at mark.
    venue.quote("57000", "61000", "5")
    mark(venue, 59_000)
    venue.told.clear()
    assert venue.ok("GET", "/fapi/v3/positionRisk", {})[0]["positionAmt"] == "30.000"
    mark(venue, 56_800)
    events = [row["o"] for row in venue.told if row["e"] == "ORDER_TRADE_UPDATE"]
    assert [(o["x"], o["X"]) for o in events] == [
        ("CANCELED", "CANCELED"), ("NEW", "NEW"), ("CALCULATED", "PARTIALLY_FILLED"), ("CALCULATED", "FILLED"),
    ]  # fmt: skip
    assert {(o["c"].split("-")[0], o["o"], o["ot"]) for o in events[1:]} == {
        ("autoclose", "LIQUIDATION", "LIQUIDATION")
    }
    assert [(o["l"], o["L"]) for o in events[2:]] == [("5.000", "57000.00"), ("25.000", "56800.00")]
    updates = [row["a"] for row in venue.told if row["e"] == "ACCOUNT_UPDATE"]
    assert updates[-1]["P"][0]["pa"] == "0.000"
    assert [row["o"]["X"] for row in venue.told if row["e"] == "ALGO_UPDATE"] == ["EXPIRED"]
    assert venue.ok("GET", "/fapi/v3/positionRisk", {}) == []
    assert venue.ok("GET", "/fapi/v1/openOrders", {}) == []
    assert one.heard == every.heard
    assert [(row["o"]["S"], row["o"]["z"], row["o"]["X"]) for row in one.heard] == [("SELL", "30.000", "FILLED")]
    wallet = venue.ok("GET", "/fapi/v3/balance", {})[0]
    # 30 at 60,000 were sold as 5 at 57,000 and 25 at 56,800; both trades paid 5 bp.
    assert wallet["balance"] == "3247.50000000"
    venue.desk.exchange.check()


def test_the_liquidated_trades_are_the_accounts_own(venue: Venue) -> None:
    venue.quote("57000", "61000", "5")
    mark(venue, 56_800)
    trades = venue.ok("GET", "/fapi/v1/userTrades", {"symbol": "BTCUSDT"})
    assert [row["qty"] for row in trades if row["side"] == "SELL"] == ["5.000", "25.000"]


def test_the_flat_position_is_told() -> None:
    venue = Venue("linear")
    market = {"symbol": "BTCUSDT", "type": "MARKET", "quantity": "0.05"}
    for side in ("BUY", "SELL"):
        venue.ok("POST", venue.order, {**market, "side": side})
    assert [row["a"]["P"][0]["pa"] for row in venue.heard("ACCOUNT_UPDATE")] == ["0.050", "0.000"]
