"""`tickwright check-connectivity` against the box: what it reports, what it finds, and that it leaves nothing open."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from native._core import InputError
from oms.binance_rest import Rest
from oms.signing import Signer
from pycore.clock import Clock
from pycore.connectivity_verb import seconds
from pycore.credentials import Credentials
from pycore.probe_order import far_order
from sim.demo_config import write_config
from tests.box_process import running_box

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def checking(
    tmp_path: Path, *words: str, faults: str = "", ed25519: bool = False
) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """A box with scripted faults and a check of it under way: the box's first row and the process."""
    script = tmp_path / "faults.toml"
    script.write_text(faults)
    with running_box("--seed", "3", "--faults", str(script)) as venue:
        config = asyncio.run(write_config(venue, tmp_path))
        trader = venue["accounts"][0]
        key, secret = (trader["ed25519_key"], trader["ed25519_pem"]) if ed25519 else (trader["key"], trader["secret"])
        process = subprocess.Popen(
            [sys.executable, "-m", "pycore.cli", "check-connectivity", str(config), "--json", *words],
            cwd=ROOT,
            env={**os.environ, "TICKWRIGHT_API_KEY": key, "TICKWRIGHT_API_SECRET": secret},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield venue, process
        finally:
            process.kill()
            process.communicate()


def open_orders(venue: dict[str, Any]) -> list[str]:
    """The client ids of the account's open orders on both markets."""

    async def ask() -> list[str]:
        signer = Signer(Credentials(venue["accounts"][0]["key"], venue["accounts"][0]["secret"]))
        bases = {"spot": venue["spot_rest"], "linear": venue["usdm_rest"]}
        async with aiohttp.ClientSession() as http:
            rests = [Rest(market, base, signer, Clock(), http) for market, base in bases.items()]
            for rest in rests:
                await rest.measure_clock()
            return [row["clientOrderId"] for rest in rests for row in await rest.call("GET", "open_orders")]

    return asyncio.run(ask())


def finished(process: subprocess.Popen[str]) -> tuple[list[dict[str, Any]], dict[str, Any], str]:
    """Waits for the end: rows, summary, stderr."""
    out, err = process.communicate(timeout=90)
    assert out, err
    assert "Traceback" not in err
    rows = [json.loads(line) for line in out.splitlines()]
    return rows[:-1], rows[-1], err


@pytest.mark.parametrize("ed25519", [False, True], ids=["hmac", "ed25519"])
def test_a_good_venue_is_told_with_its_latencies(tmp_path: Path, ed25519: bool) -> None:
    words = ("--seconds", "2", "--set", 'log.level="debug"')
    with checking(tmp_path, *words, ed25519=ed25519) as (venue, process):
        rows, summary, err = finished(process)
        assert open_orders(venue) == []
    trader = venue["accounts"][0]
    for secret in (trader["key"], trader["secret"], trader["ed25519_key"], *trader["ed25519_pem"].splitlines()[1:-1]):
        assert secret not in err + json.dumps([rows, summary])
    assert "listenKey=***" in err
    assert re.search(r"order\.place.*\"signature\": \"\*\*\*\"", err)
    assert process.returncode == 0
    assert summary["ok"] is True
    assert (summary["placed"], summary["cancelled"], summary["seen"], summary["faults"]) == (2, 2, 4, [])
    assert all(row["ok"] for row in rows)
    for market in ("spot", "linear"):
        assert abs(summary["clock_offset_ms"][market]) < 1_000
        latency = summary["latency_ms"][market]
        assert latency["REST round trip"]["count"] == 9
        assert latency["WebSocket place"]["count"] == latency["WebSocket cancel"]["count"] == 1
        assert latency["WebSocket query"]["count"] >= 2
        assert latency["market stream delay"]["count"] > 0
        assert latency["user stream delay"]["count"] >= 2
        assert {row["what"] for row in rows if row["market"] == market} >= {"placed", "seen NEW", "seen CANCELED"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ('kind = "error"\nwhere = "ws_api"\nmatch = "order.place"\nmarket = "usdm"', "must be accepted, was refused"),
        (
            'kind = "drop"\nwhere = "ws_api"\nmatch = "order.place"\nmarket = "spot"\ntimes = 1',
            "must be answered in time",
        ),
        ('kind = "drop"\nwhere = "ws_api"\nmatch = "order.cancel"\nmarket = "usdm"', "must be answered in time"),
        ('kind = "error"\nwhere = "ws_api"\nmatch = "order.status"\nmarket = "usdm"', "a query must be answered"),
        ('kind = "drop"\nwhere = "user"\nmarket = "usdm"', "user stream must report NEW"),
        ('kind = "drop"\nwhere = "stream"\nmarket = "spot"', "a best price must be seen"),
        ('kind = "error"\nwhere = "rest"\nmatch = "account"\nmarket = "spot"', "was refused by the venue"),
    ],
)
def test_each_fault_is_named_and_nothing_is_left_open(tmp_path: Path, fault: str, told: str) -> None:
    short = ("--seconds", "1", "--set", "venue.recv_window_ms=1500", "--set", "venue.answer_deadline_ms=500")
    with checking(tmp_path, *short, faults=f"[[fault]]\n{fault}\n") as (venue, process):
        _, summary, err = finished(process)
        assert open_orders(venue) == []
    assert process.returncode == 1
    assert summary["ok"] is False
    assert len(summary["faults"]) == 1
    assert told in summary["faults"][0]
    assert told in err


def test_a_venue_whose_clock_is_off_does_not_hold(tmp_path: Path) -> None:
    with checking(tmp_path, "--seconds", "1", faults="clock_skew_ms = 2500\n") as (_, process):
        _, summary, _ = finished(process)
    assert process.returncode == 1
    assert [fault.split(", was")[0] for fault in summary["faults"]] == [
        f"{market}: venue clock: must be within 1000 ms of ours" for market in ("spot", "linear")
    ]
    assert 2_400 < summary["clock_offset_ms"]["spot"] < 2_600


def test_a_connection_that_breaks_is_no_stable_stream(tmp_path: Path) -> None:
    fault = '[[fault]]\nkind = "disconnect"\nwhere = "stream"\nmarket = "usdm"\nafter_s = 3\ntimes = 1\n'
    with checking(tmp_path, "--seconds", "6", faults=fault) as (_, process):
        _, summary, _ = finished(process)
    assert process.returncode == 1
    assert summary["reconnects"] >= 1
    assert any("linear: streams" in fault for fault in summary["faults"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_cancels_its_order(tmp_path: Path, number: signal.Signals) -> None:
    # The reports never come, so the orders rest while the check waits for them.
    fault = '[[fault]]\nkind = "drop"\nwhere = "user"\n'
    with checking(tmp_path, "--seconds", "30", faults=fault) as (venue, process):
        for _ in range(50):
            if len(open_orders(venue)) == 2:
                break
            # Asking for the orders of all symbols weighs 80 and 40 of the venue's 6,000 and 2,400 a minute.
            time.sleep(0.4)
        else:
            pytest.fail("the orders were never placed")
        process.send_signal(number)
        rows, summary, _ = finished(process)
        assert open_orders(venue) == []
    assert process.returncode == 130
    assert (summary["interrupted"], summary["placed"], summary["cancelled"]) == (True, 2, 2)
    assert sum(row["what"] == "nothing left open" and row["ok"] for row in rows) == 2


def test_a_live_configuration_is_checked_with_both_consents_only(tmp_path: Path) -> None:
    # The venue is the box: what is tested is the rule, and no test reaches a real one.
    with checking(tmp_path, "--seconds", "1", "--set", "mode=live") as (venue, process):
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (3, "")
        assert "needs --live" in err
        assert open_orders(venue) == []
    with checking(tmp_path, "--seconds", "1", "--set", "mode=live", "--live") as (_, process):
        _, summary, _ = finished(process)
    assert (process.returncode, summary["mode"], summary["placed"]) == (0, "live", 2)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["deploy/config/live.toml"], 3, "needs --live"),
        (["deploy/config/paper.toml", "--live"], 3, "does not consent"),
        (["deploy/config/paper.toml", "--set", "venue.recv_window_ms=0"], 2, "was 0"),
        (["deploy/config/paper.toml", "--seconds", "0"], 2, "was '0'"),
        (["deploy/config/paper.toml"], 2, "TICKWRIGHT_API_KEY is missing"),
    ],
)
def test_what_may_not_be_checked_says_why(words: list[str], code: int, told: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TICKWRIGHT")}
    command = [sys.executable, "-m", "pycore.cli", "check-connectivity", *words]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def test_a_venue_that_is_not_there_is_a_fault() -> None:
    environ = {**os.environ, "TICKWRIGHT_API_KEY": "k" * 64, "TICKWRIGHT_API_SECRET": "s" * 64}
    command = [sys.executable, "-m", "pycore.cli", "check-connectivity", "deploy/config/paper.toml", "--json"]
    # Port 1 on loopback: nobody listens there.
    command += ["--set", 'venue.linear.rest="http://127.0.0.1:1"']
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "linear: check: time was refused" in json.loads(done.stdout.splitlines()[-1])["faults"][0]


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan", "86401"])
def test_bad_seconds_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"was {text!r}"):
        seconds(text)


def listed(tick: str, step: str, notional: str, **band: str) -> dict[str, Any]:
    """A symbol's row of exchangeInfo."""
    filters: list[dict[str, str]] = [
        {"filterType": "PRICE_FILTER", "tickSize": tick},
        {"filterType": "LOT_SIZE", "stepSize": step, "minQty": step},
    ]
    if "bidMultiplierDown" in band:
        filters += [
            {"filterType": "NOTIONAL", "minNotional": notional},
            {"filterType": "PERCENT_PRICE_BY_SIDE", **band},
        ]
    else:
        filters += [{"filterType": "MIN_NOTIONAL", "notional": notional}, {"filterType": "PERCENT_PRICE", **band}]
    return {"symbol": "BTCUSDT", "filters": filters}


@pytest.mark.parametrize(
    ("row", "bid", "price", "quantity"),
    [
        # Halfway into a band of 5 %; 50 / 58500 with 5 % more is 0.000898, one lot.
        (listed("0.10", "0.001", "50", multiplierDown="0.9500"), "60000.0", "58500.0", "0.001"),
        # A wide band: never further than 10 %.
        (listed("0.01000000", "0.00001000", "5", bidMultiplierDown="0.2"), "60000.00", "54000.00", "0.00010"),
        # 100 / 58500 with 5 % more is 0.001795: rounded up, never down.
        (listed("0.10", "0.001", "100", multiplierDown="0.9500"), "60000.0", "58500.0", "0.002"),
        # The price is rounded down to a tick.
        (listed("0.10", "0.001", "50", multiplierDown="0.9500"), "60001.7", "58501.6", "0.001"),
        (listed("0.00001", "1", "5", multiplierDown="0.85"), "0.15000", "0.13875", "38"),
    ],
)
def test_the_order_is_as_far_and_small_as_the_rules_allow(
    row: dict[str, Any], bid: str, price: str, quantity: str
) -> None:
    order = far_order(row, Decimal(bid))
    assert (order.price, order.quantity) == (price, quantity)


def test_both_markets_get_their_own_form_of_post_only() -> None:
    order = far_order(listed("0.10", "0.001", "50", multiplierDown="0.95"), Decimal(60_000))
    assert order.params("spot", "x")["type"] == "LIMIT_MAKER"
    assert (order.params("linear", "x")["type"], order.params("linear", "x")["timeInForce"]) == ("LIMIT", "GTX")


def test_a_price_that_has_no_room_below_is_refused() -> None:
    with pytest.raises(InputError, match="was bid 1 and tick 1"):
        far_order(listed("1", "1", "1", multiplierDown="0.5"), Decimal(1))
