"""Starts on an account that the journal does not explain: halted by default, cancelled or adopted where one says so."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.box_process import running_box
from tests.engine_process import ROOT, Account, Bench, Run, benched, four_resting, kill, orders_of

LINEAR = "linear:BTCUSDT"


@pytest.fixture(scope="module")
def venue() -> Iterator[dict[str, Any]]:
    """A box for this file; what it says about itself."""
    with running_box("--seed", "17", "--limits", "100") as first:
        yield first


@pytest.fixture
def bench(venue: dict[str, Any], tmp_path: Path) -> Iterator[Bench]:
    """A bench whose engines are gone afterwards."""
    yield from benched(venue, tmp_path)


@pytest.fixture
def account(bench: Bench) -> Iterator[Account]:
    """The bench's account, flat and without orders when a test ends, because the box outlives it."""
    yield Account(bench)
    code, rows, told = kill(bench, "--flatten")
    assert code == 0, (rows, told)


async def ended(run: Run) -> tuple[int, dict[str, Any], str]:
    """Exit code, summary and log of an engine that ends by itself."""
    summary = await asyncio.to_thread(run.summary)
    return run.process.returncode, summary, run.log.read_text()


async def stopped(run: Run) -> dict[str, Any]:
    """The summary of a clean stop."""
    run.process.send_signal(signal.SIGTERM)
    code, summary, log = await ended(run)
    assert (code, summary["state"]) == (0, "stopped"), log
    return summary


async def test_foreign_orders_halt_the_start_which_lists_them_and_touches_nothing(
    bench: Bench, account: Account
) -> None:
    await account.order("linear", "BTCUSDT", "BUY", "0.010", price="20000")
    await account.order("spot", "BTCUSDT", "SELL", "0.01000", price="90000")
    await account.order("linear", "ETHUSDT", "BUY", "0.100", price="500")
    code, summary, log = await ended(await asyncio.to_thread(bench.start))
    assert (code, summary["state"]) == (3, "start: foreign orders")
    assert "linear:BTCUSDT: BTCUSDT BUY 0.01" in summary["why"]
    assert "spot:BTCUSDT: BTCUSDT SELL 0.01" in summary["why"]
    assert "ETHUSDT" not in summary["why"], "no instrument of ours"
    assert "Traceback" not in log
    assert len(await account.open_orders()) == 3
    again = await asyncio.to_thread(bench.start, "start.foreign_orders=cancel")
    await again.states(four_resting, "four resting orders, because a refused start kills nothing")
    assert sorted(await account.open_orders()) == ["linear:BTCUSDT"] * 2 + ["linear:ETHUSDT"] + ["spot:BTCUSDT"] * 2
    await stopped(again)


async def test_adopted_orders_stay_and_count_against_the_largest_position(bench: Bench, account: Account) -> None:
    await account.order("linear", "BTCUSDT", "BUY", "0.010", price="20000")
    await account.order("linear", "BTCUSDT", "BUY", "0.003", price="20000")
    await account.order("linear", "BTCUSDT", "SELL", "0.005", price="90000")
    run = await asyncio.to_thread(bench.start, "start.foreign_orders=adopt", "limits.4.value=40")
    await run.states(four_resting, "four resting orders")
    assert len(await account.open_orders()) == 7
    await stopped(run)
    assert await account.open_orders() == ["linear:BTCUSDT"] * 3
    shown = subprocess.run(
        [
            sys.executable,
            "-m",
            "pycore.cli",
            "journal",
            "show",
            str(bench.directory / "journal"),
            "--json",
            "--last",
            "200",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    bounds = [
        row["value"] for row in rows if (row.get("kind"), row.get("scope"), row.get("limit")) == ("Limit", "3", "5")
    ]
    assert bounds[0] == "40", "the configured one"
    assert "27" in bounds, "40 lots less 13 that the foreign buys could fill"


async def test_a_position_halts_the_first_start_and_is_adopted_exactly(bench: Bench, account: Account) -> None:
    await account.order("linear", "BTCUSDT", "SELL", "0.010")
    code, summary, _ = await ended(await asyncio.to_thread(bench.start))
    assert (code, summary["state"]) == (3, "start: position")
    assert "BTCUSDT: journal 0 lots, venue -10 lots" in summary["why"]
    assert await account.positions() == {"BTCUSDT": Decimal("-0.010")}
    run = await asyncio.to_thread(bench.start, "start.position=adopt")
    await run.states(four_resting, "four resting orders")
    await account.order("linear", "BTCUSDT", "BUY", "0.004")
    await run.states(lambda state: position(state) == -6, "the fill is booked on the adopted position")
    summary = await stopped(run)
    assert summary["difference"] == "", "the realised part follows from the venue's own entry price"
    replayed = await asyncio.to_thread(bench.replay)
    assert replayed["state_hash"] == summary["state_hash"]


async def test_what_happened_while_no_engine_ran_is_adopted_with_its_money(bench: Bench, account: Account) -> None:
    first = await asyncio.to_thread(bench.start)
    await first.states(four_resting, "four resting orders")
    await account.order("linear", "BTCUSDT", "BUY", "0.010")
    await first.states(lambda state: position(state) == 10, "the fill is booked")
    await stopped(first)
    await account.order("linear", "BTCUSDT", "SELL", "0.007")
    await account.order("spot", "BTCUSDT", "BUY", "0.00500")
    code, summary, _ = await ended(await asyncio.to_thread(bench.start))
    assert (code, summary["state"]) == (3, "start: position")
    assert "venue 3 lots" in summary["why"]
    assert "linear USDT" in summary["why"]
    again = await asyncio.to_thread(bench.start, "start.position=adopt")
    state = await again.states(four_resting, "four resting orders")
    assert (position(state), len(orders_of(state))) == (3, 4)
    assert (await stopped(again))["difference"] == ""


def position(state: dict[str, Any]) -> int:
    """The netted position on USD-M, lots."""
    return sum(int(row["qty"]) for row in state["instruments"][LINEAR]["positions"])
