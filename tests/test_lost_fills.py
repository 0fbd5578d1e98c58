"""Fills whose reports never arrive: found by the wallet, fetched from the trade list, booked as if they had come."""

from __future__ import annotations

import asyncio
import signal
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from native._core import Replay
from oms.binance_rest import Rest
from oms.signing import Signer
from pycore.clock import Clock
from pycore.credentials import Credentials
from tests.box_process import running_box
from tests.engine_process import Bench, four_resting

#: Every report of a fill, on both markets, is lost on its way.
FAULTS = '[[fault]]\nkind = "drop"\nwhere = "user"\nmatch = \'"x":"TRADE"\'\n'
NEAR = ("strategies.0.params.away_bps=0", "strategies.1.params.away_bps=0")


def test_fills_whose_reports_are_lost_are_booked_in_mid_session(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text(FAULTS)
    with running_box("--seed", "11", "--limits", "100", "--faults", str(faults)) as venue:
        bench = Bench(venue, tmp_path)
        run = bench.start(*NEAR)
        try:
            state = asyncio.run(run.states(lambda now: now["fills"] > 1, "two fills that nobody told"))
            assert state["phase"] == "run"
            run.process.send_signal(signal.SIGTERM)
            summary = run.summary()
        finally:
            run.process.kill()
    assert (summary["state"], summary["difference"]) == ("stopped", "")
    assert "FillsMissing" in run.log.read_text()


def test_fills_that_a_crash_hid_are_fetched_and_booked(tmp_path: Path) -> None:
    with running_box("--seed", "11", "--limits", "100") as venue:
        bench = Bench(venue, tmp_path)
        first = bench.start(*NEAR)
        try:
            asyncio.run(
                first.states(lambda now: now["phase"] == "run" and now["open_orders"] >= 2, "orders at the top")
            )
        finally:
            first.process.kill()
            first.process.wait()
        asyncio.run(until_one_is_hidden(bench))
        second = bench.start()
        try:
            state = asyncio.run(second.states(four_resting, "four new orders after the old ones were settled"))
            assert state["fills"] > 0
            second.process.send_signal(signal.SIGTERM)
            summary = second.summary()
        finally:
            second.process.kill()
    assert (summary["state"], summary["difference"]) == ("stopped", "")


async def until_one_is_hidden(bench: Bench) -> None:
    """Waits until the venue has filled more of an order that the dead engine left than its journal says."""
    replay = Replay(str(bench.directory / "journal"))
    replay.run()
    left = [row for row in replay.orders() if row["venue_order"]]
    assert left, "the journal leaves no order that the venue has confirmed"
    items = {item["id"]: item for item in replay.instruments()}
    signer = Signer(Credentials(bench.trader["key"], bench.trader["secret"]))
    async with aiohttp.ClientSession() as http:
        rests = {
            market: Rest(market, bench.venue[f"{name}_rest"], signer, Clock(), http)
            for market, name in (("spot", "spot"), ("linear", "usdm"))
        }
        for _ in range(300):
            for row in left:
                item = items[row["instrument"]]
                which: dict[str, str | int] = {"symbol": item["symbol"], "orderId": row["venue_order"]}
                order = await rests[item["market"]].call("GET", "order", which)
                if Decimal(order["executedQty"]) > row["cum_qty"] * Decimal(item["lot_size"]):
                    return
            await asyncio.sleep(0.1)
    pytest.fail("no order at the top of the book was filled within half a minute")
