"""Protective stops: where they stand, and that a start moves those of an earlier one and a stop leaves its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms import open_orders, protective_stop
from oms.binance_rest import Rest
from oms.protective_stop import PREFIX, Stop, wanted
from oms.signing import Signer
from pycore.clock import Clock
from pycore.credentials import Credentials
from tests.box_process import running_box
from tests.engine_process import Bench, benched

TICK = Decimal("0.1")


@pytest.mark.parametrize(
    ("qty", "entry_e8", "stop"),
    [
        (0, 6_000_000_000_000, None),
        (5, 0, None),
        (5, 6_000_000_000_000, Stop("BTCUSDT", "SELL", Decimal("57000.0"))),
        (-5, 6_000_000_000_000, Stop("BTCUSDT", "BUY", Decimal("63000.0"))),
        (5, 6_000_001_000_000, Stop("BTCUSDT", "SELL", Decimal("57000.1"))),
        (-5, 6_000_001_000_000, Stop("BTCUSDT", "BUY", Decimal("63000.0"))),
    ],
)
def test_a_stop_stands_beyond_the_entry(qty: int, entry_e8: int, stop: Stop | None) -> None:
    assert wanted("BTCUSDT", qty, entry_e8, 500, TICK) == stop


@given(st.integers(-(10**6), 10**6).filter(bool), st.integers(10**8, 10**15), st.integers(1, 5_000))
def test_a_stop_is_on_a_tick_and_never_further_than_asked(qty: int, entry_e8: int, distance_bp: int) -> None:
    stop = wanted("X", qty, entry_e8, distance_bp, TICK)
    assert stop is not None
    entry = Decimal(entry_e8) / 10**8
    assert stop.trigger % TICK == 0
    assert stop.trigger > 0
    further = entry - stop.trigger if qty > 0 else stop.trigger - entry
    assert -TICK <= further <= entry * distance_bp / 10_000


def test_a_stop_stays_while_it_is_near() -> None:
    held = Stop("X", "SELL", Decimal(100))
    assert held.near(Stop("X", "SELL", Decimal(101)), Decimal(1))
    assert not held.near(Stop("X", "SELL", Decimal("101.1")), Decimal(1))
    assert not held.near(Stop("X", "BUY", Decimal(100)), Decimal(1))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A box of its own with a dead or living engine beside it."""
    with running_box("--seed", "5", "--limits", "100") as venue:
        yield from benched(venue, tmp_path)


class Account:
    """The account's USD-M side, as the venue sees it."""

    def __init__(self, bench: Bench, http: aiohttp.ClientSession) -> None:
        signer = Signer(Credentials(bench.trader["key"], bench.trader["secret"]))
        self.rest = Rest("linear", bench.venue["usdm_rest"], signer, Clock(), http)

    async def stops(self) -> list[open_orders.OpenOrder]:
        return [row for row in await open_orders.fetch(self.rest) if row.client_id.startswith(PREFIX)]

    async def until(self, wanted: Any, what: str) -> None:
        for _ in range(600):
            if await wanted():
                return
            await asyncio.sleep(0.1)
        pytest.fail(f"never happened: {what}")


async def _restart(bench: Bench) -> None:
    async with aiohttp.ClientSession() as http:
        account = Account(bench, http)
        left = Stop("BTCUSDT", "SELL", Decimal(1000))
        taken = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        await account.rest.call("POST", "order", taken)
        client_id = await protective_stop.place(account.rest, left)
        sets = ("venue.protective_stop_bp=500", 'start.position="adopt"')
        run = await asyncio.to_thread(bench.start, *sets)
        await run.states(lambda state: state["phase"] == "run", "an engine that trades")

        async def moved() -> bool:
            return [row.client_id for row in await account.stops()] not in ([], [client_id])

        await account.until(moved, "the stop of an earlier session moved")
        run.process.send_signal(signal.SIGTERM)
        assert (await asyncio.to_thread(run.summary))["state"] == "stopped"
        assert len(await account.stops()) == 1, "what is still held keeps its stop"
        await open_orders.cancel_all(account.rest, "BTCUSDT")


def test_a_start_takes_its_own_stops_for_its_own(bench: Bench) -> None:
    asyncio.run(_restart(bench))
