"""The engine as a process against the box: clean stops, faults, crashes. No order may be left behind by any of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from oms.signing import Signer
from pycore.clock import Clock
from pycore.credentials import Credentials
from pycore.telemetry import command
from pycore.terminal import draw, line
from sim.demo_config import write_config
from tests.engine_process import ROOT, Bench, benched, four_resting


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A box for this file; what it says about itself."""
    log = (tmp_path_factory.mktemp("box") / "box.log").open("wb")
    words = [sys.executable, "-m", "pycore.cli", "box", "--port", "0", "--seed", "11", "--limits", "100"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as box:
        assert box.stdout is not None
        yield json.loads(box.stdout.readline())
        box.terminate()
    log.close()


@pytest.fixture
def bench(venue: dict[str, Any], tmp_path: Path) -> Iterator[Bench]:
    """A bench whose engines are gone afterwards."""
    yield from benched(venue, tmp_path)


async def test_a_clean_stop_cancels_all_and_the_replay_is_equal(bench: Bench) -> None:
    run = await asyncio.to_thread(bench.start)
    state = await run.states(four_resting, "four resting orders")
    assert draw(state) is not None
    assert "run:" in line(state)
    assert len(await bench._open_orders()) == 4
    run.process.send_signal(signal.SIGTERM)
    summary = await asyncio.to_thread(run.summary)
    assert (run.process.returncode, summary["state"], summary["difference"]) == (0, "stopped", "")
    assert await bench._open_orders() == []
    replayed = await asyncio.to_thread(bench.replay)
    assert replayed["state_hash"] == summary["state_hash"]
    assert replayed["last_seq"] == summary["events"]
    assert state["latency"]["total"]["count"] >= 4


async def test_the_same_strategy_is_equal_wish_for_wish_in_the_replay(bench: Bench) -> None:
    run = await asyncio.to_thread(bench.start)
    await run.states(four_resting, "four resting orders")
    run.process.send_signal(signal.SIGINT)
    await asyncio.to_thread(run.summary)
    assert run.process.returncode == 130
    again = await asyncio.to_thread(
        bench.replay, "--strategy", "tests.strategies:Resting", "--in-place-of", "maker_linear"
    )
    assert again["same"] is True
    assert again["journalled"] == again["equal"] >= 2


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("tests.strategies:Raising", "killed: strategy raised"),
        ("tests.strategies:Breaking", "killed: invariant broken"),
        ("tests.strategies:StartRaises", "killed: strategy raised"),
    ],
)
def test_a_fault_cancels_everything_and_names_the_state(bench: Bench, kind: str, state: str) -> None:
    run = bench.start(kind=kind)
    summary = run.summary()
    assert (run.process.returncode, summary["state"]) == (1, state)
    assert bench.open_orders() == []
    assert "Traceback" not in run.log.read_text()


async def test_a_crash_leaves_orders_that_the_next_start_cancels(bench: Bench) -> None:
    first = await asyncio.to_thread(bench.start)
    await first.states(four_resting, "four resting orders")
    first.process.kill()
    first.process.wait()
    left = await bench._open_orders()
    assert len(left) == 4
    second = await asyncio.to_thread(bench.start)
    await second.states(four_resting, "four new orders after the old ones were cancelled")
    assert not set(left) & set(await bench._open_orders())
    second.process.send_signal(signal.SIGTERM)
    summary = await asyncio.to_thread(second.summary)
    assert (second.process.returncode, summary["state"]) == (0, "stopped")
    assert await bench._open_orders() == []
    replayed = await asyncio.to_thread(bench.replay)
    assert replayed["state_hash"] == summary["state_hash"]


async def test_the_control_socket_is_obeyed(bench: Bench) -> None:
    run = await asyncio.to_thread(bench.start)
    await run.states(four_resting, "four resting orders")
    assert not (await command(run.first["control"], "dance"))["ok"]
    assert (await command(run.first["control"], "kill"))["ok"]
    state = await run.states(lambda state: state["halted"] and not _orders(state), "halted without orders")
    assert state["phase"] == "run"
    assert await bench._open_orders() == []
    assert (await command(run.first["control"], "stop"))["ok"]
    assert (await asyncio.to_thread(run.summary))["state"] == "stopped"


def _orders(state: dict[str, Any]) -> list[Any]:
    return [row for facts in state["instruments"].values() for row in facts["orders"]]


async def test_a_foreign_change_of_the_account_halts_the_next_start(bench: Bench, venue: dict[str, Any]) -> None:
    run = await asyncio.to_thread(bench.start)
    await run.states(four_resting, "four resting orders")
    run.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(run.summary)
    await _trade_by_hand(venue, bench)
    again = await asyncio.to_thread(bench.start)
    summary = await asyncio.to_thread(again.summary)
    assert (again.process.returncode, summary["state"]) == (1, "reconcile: balances differ")
    assert "linear USDT" in summary["why"]
    assert await bench._open_orders() == []


def test_a_stop_before_anything_is_connected_is_clean(bench: Bench) -> None:
    run = bench.start()
    run.process.send_signal(signal.SIGTERM)
    assert (run.summary()["state"], run.process.returncode) == ("stopped", 0)


async def test_a_killed_journal_stays_halted_until_it_is_resumed(bench: Bench) -> None:
    killed = await asyncio.to_thread(bench.start, kind="tests.strategies:Raising")
    await asyncio.to_thread(killed.summary)
    again = await asyncio.to_thread(bench.start)
    state = await again.states(lambda state: state["phase"] == "run" and state["seq"] > 200, "some events")
    assert (state["halted"], _orders(state)) == (True, [])
    assert (await command(again.first["control"], "stop"))["ok"]
    assert (await asyncio.to_thread(again.summary))["state"] == "stopped"
    resumed = await asyncio.to_thread(bench.start, resume=True)
    await resumed.states(four_resting, "four resting orders")
    resumed.process.send_signal(signal.SIGTERM)
    assert (await asyncio.to_thread(resumed.summary))["state"] == "stopped"


async def _trade_by_hand(venue: dict[str, Any], bench: Bench) -> None:
    """A market order that the engine knows nothing of, and its way back."""
    signer = Signer(Credentials(bench.trader["key"], bench.trader["secret"]))
    async with aiohttp.ClientSession() as http:
        for side in ("BUY", "SELL"):
            order = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": "0.010"}
            query = signer.query({**order, "timestamp": Clock().utc_ns() // 1_000_000})
            headers = {"X-MBX-APIKEY": bench.trader["key"]}
            async with http.post(f"{venue['usdm_rest']}/fapi/v1/order?{query}", headers=headers) as answer:
                assert answer.status == 200, await answer.text()


@pytest.mark.parametrize(
    "case",
    [
        ({}, (), 2, "TICKWRIGHT_API_SECRET is missing"),
        ({"TICKWRIGHT_API_KEY": "k", "TICKWRIGHT_API_SECRET": "very-secret"}, (), 2, "account is refused by the venue"),
        (
            {"TICKWRIGHT_API_KEY": "k", "TICKWRIGHT_API_SECRET": "very-secret"},
            ("--set", 'strategies.0.kind="nothing"', "--set", "strategies.1.params.levels=0"),
            2,
            "was 'nothing'",
        ),
        ({"TICKWRIGHT_API_KEY": "k", "TICKWRIGHT_API_SECRET": "very-secret"}, ("--live",), 3, "does not consent"),
    ],
)
def test_what_may_not_start_says_why(
    venue: dict[str, Any], tmp_path: Path, case: tuple[dict[str, str], tuple[str, ...], int, str]
) -> None:
    environ, sets, code, told = case
    config = asyncio.run(write_config(venue, tmp_path))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TICKWRIGHT")}
    done = subprocess.run(
        [sys.executable, "-m", "pycore.cli", "run", str(config), *sets],
        cwd=ROOT,
        env={**clean, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "very-secret" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


async def test_snapshots_come_while_it_trades_and_a_killed_engine_starts_from_one(bench: Bench) -> None:
    every = "journal.snapshot_every=50"
    first = await asyncio.to_thread(bench.start, every)
    state = await first.states(lambda state: state["phase"] == "run" and state["seq"] > 300, "300 events")
    assert 0 < state["durable"] <= state["seq"]
    first.process.kill()
    first.process.wait()
    assert list((bench.directory / "journal").glob("*.snap"))
    second = await asyncio.to_thread(bench.start, every)
    again = await second.states(four_resting, "four resting orders")
    told = again["recovered"]
    second.process.send_signal(signal.SIGTERM)
    assert (await asyncio.to_thread(second.summary))["state"] == "stopped"
    replayed = await asyncio.to_thread(bench.replay, "--until", str(told["seq"]))
    assert (replayed["last_seq"], replayed["state_hash"]) == (told["seq"], told["state_hash"])
