"""The port: bytes that cannot be read are counted and asked for again, what the core raises otherwise is fatal."""

from __future__ import annotations

import random
from typing import Any

import pytest

from native._core import DecodeError, Engine, UnknownError
from oms.binance_gateway import PLACE, OrderGateway
from oms.signing import Signer
from pycore import port
from pycore.clock import Clock
from pycore.credentials import Credentials
from pycore.latency import LatencyTracker
from pycore.port import Port
from tests.test_adapters import Heard, Request

SNAPSHOT = b'{"lastUpdateId":10,"bids":[["100.0","1.000"]],"asks":[["100.1","2.000"]]}'
TRADE = (
    b'{"stream":"btcusdt@trade","data":'
    b'{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":7,"p":"100.1","q":"0.001","m":true,"X":"MARKET"}}'
)


@pytest.fixture
def made() -> Port:
    """A port over an engine in memory with one instrument."""
    core = Engine(None, build="test", config_digest=bytes(32), now=1)
    core.asset("BTC", 8)
    core.asset("USDT", 8)
    core.account("main")
    assert core.instrument("binance", "linear", "BTCUSDT", "BTC", "USDT", "USDT", "0.1", "0.001") == 1
    return Port(core, Clock())


def test_what_happens_is_followed_until_nothing_is_left(made: Port) -> None:
    seen: list[tuple[Any, ...]] = []
    asked: list[int] = []
    made.on_event = seen.append
    made.on_resync = asked.append
    made.market(1, "linear", TRADE)
    assert [event[1] for event in seen] == ["trade"]
    assert asked == [1], "the book has no snapshot yet"
    made.snapshot(1, 1, SNAPSHOT)
    assert seen[-1][1] == "book"
    assert made.core.top(1) == (1000, 1000, 1001, 2000)
    assert made.events == len(seen)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b'{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":7,"p":"NaN","q":"1","m":true}}',
        b'{"stream":"x","data":{"e":"trade","E":1,"T":1,"s":"NOUSDT","t":7,"p":"1.0","q":"1","m":true,"X":"MARKET"}}',
        b'{"stream":"x","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":7,"p":"-1","q":"1","m":true,"X":"MARKET"}}',
        TRADE[:-20],
        b"\xff" * 64,
    ],
)
def test_bad_bytes_are_counted_change_nothing_and_are_no_fault(made: Port, payload: bytes) -> None:
    before = made.core.state_hash()
    made.market(1, "linear", payload)
    made.user(1, 1, "linear", payload)
    made.answer(1, "linear", payload)
    assert made.core.state_hash() == before
    assert sum(made.unreadable.values()) >= 1


def test_a_venue_that_sends_nothing_readable_is_given_up(made: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port, "UNREADABLE_MAX", 3)
    for _ in range(3):
        made.market(1, "linear", b"{")
    with pytest.raises((DecodeError, UnknownError)):
        made.market(1, "linear", b"{")


def test_a_closed_port_reaches_the_core_no_more(made: Port) -> None:
    made.closed = True
    before = made.core.last_seq
    made.market(1, "linear", TRADE)
    made.timer()
    made.command("kill")
    assert made.core.last_seq == before


def test_a_kill_is_seen_as_halted_until_resumed(made: Port) -> None:
    made.command("kill")
    assert made.halted
    made.timer()
    assert made.halted
    made.command("resume")
    assert not made.halted


def gateway(heard: Heard) -> OrderGateway:
    """A gateway that is never connected."""
    return OrderGateway(
        market="spot",
        account=1,
        ws_api="ws://127.0.0.1:1/ws-api/v3",
        orders_stream=1,
        user_stream=2,
        inputs=heard,
        signer=Signer(Credentials("k", "s")),
        clock=Clock(),
        latency=LatencyTracker(),
        jitter=random.Random(1),
    )


def test_frames_go_where_they_belong() -> None:
    heard = Heard()
    made = gateway(heard)
    receive = made.socket.on_message
    receive(b'{"subscriptionId":0,"event":{"e":"executionReport"}}')
    receive(b'{"id":"1:tw0000000000001","status":200,"result":{}}')
    receive(b'{"id":"tw-user-1","status":200,"result":{"subscriptionId":0}}')
    assert (len(heard.users), len(heard.answers)) == (1, 1)
    assert (heard.links, made.up) == ([(2, "user", True)], True)


def test_after_a_429_nothing_leaves_and_what_would_is_lost() -> None:
    heard = Heard()
    made = gateway(heard)
    until_ms = Clock().utc_ns() // 1_000_000 + 60_000
    frame = f'{{"id":"1:tw0000000000001","status":429,"error":{{"code":-1003,"data":{{"retryAfter":{until_ms}}}}}}}'
    made.socket.on_message(frame.encode())
    assert len(heard.answers) == 1, "the refusal itself is an answer"
    made.send(Request(b"{}", order=9))
    assert heard.gone == [("lost", 9, PLACE)]
