"""The kill as a process of its own against the box: it works while the engine hangs, and what is left is named."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pycore.telemetry import command
from risk.marker import marker_of
from tests.box_process import running_box
from tests.engine_process import Account, Bench, Run, benched, four_resting, kill, orders_of

SPOT_KEEP = 'kill.spot_keep={BTC="1"}'


@pytest.fixture(scope="module")
def venue() -> Iterator[dict[str, Any]]:
    """A box for this file; what it says about itself."""
    with running_box("--seed", "13", "--limits", "100") as first:
        yield first


@pytest.fixture
def bench(venue: dict[str, Any], tmp_path: Path) -> Iterator[Bench]:
    """A bench whose engines are gone afterwards."""
    yield from benched(venue, tmp_path)


@pytest.fixture
def account(bench: Bench) -> Iterator[Account]:
    """The bench's account, flat and without orders when a test ends, because the box outlives it."""
    made = Account(bench)
    yield made
    code, rows, told = kill(bench, "--flatten", "--set", SPOT_KEEP)
    assert code == 0, (rows, told)


async def resting(bench: Bench) -> Run:
    """An engine with its four orders in the book."""
    run = await asyncio.to_thread(bench.start)
    await run.states(four_resting, "four resting orders")
    return run


async def test_a_stopped_engine_is_ended_its_orders_cancelled_and_all_flattened(bench: Bench, account: Account) -> None:
    run = await resting(bench)
    await account.order("linear", "BTCUSDT", "BUY", "0.010")
    await account.order("linear", "ETHUSDT", "SELL", "0.500")
    await account.order("linear", "ETHUSDT", "BUY", "0.100", price="1000")
    await account.order("spot", "BTCUSDT", "BUY", "0.01000")
    run.process.send_signal(signal.SIGSTOP)
    code, rows, told = await asyncio.to_thread(kill, bench, "--flatten", "--set", SPOT_KEEP)
    print(rows[-1])
    assert (code, rows[-1]["engine"], rows[-1]["left"]) == (0, "killed", []), told
    assert rows[-1]["cancelled"] == 5
    assert rows[-1]["flattened"] == 3
    assert rows[-1]["summary"] is True
    assert rows[-1]["seconds"] > 0
    assert await account.open_orders() == []
    assert await account.positions() == {}
    assert Decimal(1) <= await account.spot("BTC") < Decimal("1.001"), "what is left is below the smallest order"
    assert await asyncio.to_thread(run.process.wait, 30) == -signal.SIGKILL


async def test_a_killed_engine_is_halted_at_its_next_start_until_it_is_resumed(bench: Bench, account: Account) -> None:
    run = await resting(bench)
    run.process.send_signal(signal.SIGSTOP)
    code, rows, told = await asyncio.to_thread(kill, bench)
    assert (code, rows[-1]["cancelled"], rows[-1]["flattened"]) == (0, 4, 0), told
    again = await asyncio.to_thread(bench.start)
    state = await again.states(lambda state: state["phase"] == "run" and state["seq"] > 200, "some events")
    assert state["halted"]
    assert await account.open_orders() == []
    again.process.send_signal(signal.SIGTERM)
    assert (await asyncio.to_thread(again.summary))["state"] == "stopped"
    assert marker_of(str(bench.directory / "journal")).exists()
    resumed = await asyncio.to_thread(bench.start, resume=True)
    await resumed.states(four_resting, "four resting orders")
    assert not marker_of(str(bench.directory / "journal")).exists()
    resumed.process.send_signal(signal.SIGTERM)
    assert (await asyncio.to_thread(resumed.summary))["difference"] == ""


async def test_an_engine_that_answers_stays_up_halted_and_keeps_its_books(bench: Bench, account: Account) -> None:
    run = await resting(bench)
    await account.order("linear", "BTCUSDT", "SELL", "0.010")
    code, rows, told = await asyncio.to_thread(kill, bench, "--flatten")
    assert (code, rows[-1]["engine"]) == (0, "answered"), told
    state = await run.states(lambda state: state["halted"] and not orders_of(state), "halted without orders")
    assert (state["phase"], await account.open_orders(), await account.positions()) == ("run", [], {})
    run.process.send_signal(signal.SIGTERM)
    summary = await asyncio.to_thread(run.summary)
    assert (summary["state"], summary["difference"]) == ("stopped", "")
    replayed = await asyncio.to_thread(bench.replay)
    assert replayed["state_hash"] == summary["state_hash"]


async def test_the_engine_itself_flattens_through_its_gate(bench: Bench, account: Account) -> None:
    run = await asyncio.to_thread(bench.start, "limits.3.value=4")
    await run.states(lambda state: state["phase"] == "run", "running")
    await account.order("linear", "BTCUSDT", "SELL", "0.010")
    await run.states(lambda state: held(state) == -10, "the position")
    assert (await command(run.first["control"], "kill", flatten=True))["ok"]
    await run.states(lambda state: held(state) == 0, "flat")
    state = await run.states(lambda state: state["halted"] and not orders_of(state), "halted without orders")
    assert (await account.open_orders(), await account.positions()) == ([], {})
    assert "order size: limit 0.004" in run.log.read_text(), "it went in pieces that the gate lets through"
    assert state["phase"] == "run"
    run.process.send_signal(signal.SIGTERM)
    summary = await asyncio.to_thread(run.summary)
    assert (summary["state"], summary["difference"]) == ("stopped", "")
    replayed = await asyncio.to_thread(bench.replay)
    assert replayed["state_hash"] == summary["state_hash"]


async def test_one_strategy_is_killed_and_the_other_trades_on(bench: Bench, account: Account) -> None:
    run = await resting(bench)
    code, rows, _ = await asyncio.to_thread(kill, bench, "--strategy", "maker_linear")
    assert code == 0
    assert rows[-1]["cancelled"] >= 2, "what it quoted again before it heard the kill counts too"
    assert [(row["market"], row["symbol"]) for row in rows[:-1]] == [("linear", "BTCUSDT")]
    await run.states(lambda state: len(orders_of(state)) == 2, "the other strategy's orders only")
    assert set(await account.open_orders()) == {"spot:BTCUSDT"}
    assert (await command(run.first["control"], "kill"))["ok"]
    await run.states(lambda state: not orders_of(state), "no orders")


async def test_each_part_can_be_left_out(bench: Bench, account: Account) -> None:
    run = await resting(bench)
    await account.order("linear", "BTCUSDT", "BUY", "0.010")
    code, rows, _ = await asyncio.to_thread(kill, bench, "--no-stop", "--no-cancel")
    assert (code, rows[-1]["engine"], rows[-1]["cancelled"]) == (0, "left alone", 0)
    state = await run.states(four_resting, "four resting orders")
    assert not state["halted"]
    code, rows, _ = await asyncio.to_thread(
        kill, bench, "--no-stop", "--no-cancel", "--flatten", "--venue", "binance-usdm"
    )
    assert (code, rows[-1]["flattened"], rows[-1]["cancelled"]) == (0, 1, 0)
    assert await account.positions() == {}
    assert len(await account.open_orders()) == 4


def test_what_cannot_be_cancelled_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text(
        '[[fault]]\nkind = "error"\nwhere = "rest"\nmarket = "usdm"\nmatch = "DELETE /fapi/v1/allOpenOrders"\n'
        "accepted = false\n"
    )
    with running_box("--seed", "3", "--faults", str(faults)) as venue:
        for bench in benched(venue, tmp_path):
            account = Account(bench)
            asyncio.run(account.order("linear", "BTCUSDT", "BUY", "0.010", price="20000"))
            asyncio.run(account.order("spot", "BTCUSDT", "BUY", "0.01000", price="20000"))
            code, rows, told = kill(bench, "--set", "kill.budget_ms=1000")
            assert code == 1
            assert "linear BTCUSDT: must be clear, was 1 open orders" in told
            assert "cancel_all was refused by the venue" in told
            assert not any("spot" in sentence for sentence in rows[-1]["left"])
            assert asyncio.run(account.open_orders()) == ["linear:BTCUSDT"]


@pytest.mark.parametrize(
    ("words", "environ", "told"),
    [
        ((), {}, "TICKWRIGHT_KILL_API_KEY is missing in the environment (kill.key_env names it)"),
        (("--venue", "kraken"), None, "--venue must be one of binance, binance-spot, binance-usdm, was kraken"),
        (("--strategy", "nobody"), None, "--strategy must be one of maker_linear, maker_spot, was nobody"),
        (("--set", "kill.key_env=TICKWRIGHT_API_KEY"), None, "must differ from account.key_env"),
        (("--set", 'kill.spot_keep={ETH="1"}'), None, "is the base of no spot instrument, was 1"),
        (("--set", 'kill.spot_keep={BTC="-1"}'), None, "kill.spot_keep.BTC"),
    ],
)
def test_bad_input_is_named(bench: Bench, words: tuple[str, ...], environ: dict[str, str] | None, told: str) -> None:
    code, rows, said = kill(bench, *words, environ=environ)
    assert (code, rows) == (2, [])
    assert told in said


def held(state: dict[str, Any]) -> int:
    """The netted position on USD-M, lots."""
    return sum(int(row["qty"]) for row in state["instruments"]["linear:BTCUSDT"]["positions"])
