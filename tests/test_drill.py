"""The crash drill: three kills hold, and each of its checks can say no."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from native._core import Engine, Wish
from pycore.notes import Fill
from sim.drill.journal import Evidence
from sim.drill.moment import moment
from sim.drill.tally import Tally, Verdict, percentile
from sim.drill.venue import Venue, order_of

ROOT = Path(__file__).resolve().parents[1]
#: Its first three kills hit a start-up, a trading engine and a shutdown.
SEED = 26


def test_three_kills_lose_nothing(tmp_path: Path) -> None:
    assert {moment(SEED, number).phase for number in (1, 2, 3)} == {"start", "run", "stop"}
    words = ["drill", "--kills", "3", "--seed", str(SEED), "--dir", str(tmp_path / "drill"), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "pycore.cli", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    last = rows[-1]
    assert (last["summary"], last["suite"], last["kills"]) == (True, "drill", 3)
    assert (last["lost"], last["duplicates"], last["faults"], last["clean_stop_equal"]) == (0, 0, 0, True)
    assert last["orders"] > 0
    assert last["ready_ms_p50"] <= last["ready_ms_p99"] <= last["ready_ms_max"]
    assert sum(row["killed"] for row in rows[:-1]) == 3
    again = subprocess.run(
        [sys.executable, "-m", "pycore.cli", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert again.returncode == 2
    assert "--dir must be empty or new" in again.stderr


def test_a_kill_is_the_same_whenever_it_is_asked_for() -> None:
    assert moment(7, 12) == moment(7, 12)
    assert len({moment(7, number) for number in range(1, 101)}) == 100


def test_percentiles_are_by_nearest_rank() -> None:
    assert (percentile([], 50), percentile([3.0], 99), percentile([1.0, 2.0, 3.0, 4.0], 50)) == (None, 3.0, 2.0)


# --- the journal's checks ----------------------------------------------------------------------------------------


@pytest.fixture
def told(tmp_path: Path) -> tuple[Evidence, int, str]:
    """A closed journal with one refused proposal; its last event and the hash at the event where the engine began."""
    engine = Engine(str(tmp_path), build="test", config_digest=bytes(32), salt=1, segment_bytes=1 << 21, now=1)
    began = (engine.last_seq, engine.state_hash())
    engine.asset("USDT", 8, 2, 2)
    engine.asset("BTC", 8, 2, 2)
    account, strategy = engine.account("main", 2, 2), engine.strategy("maker", 2, 2)
    instrument = engine.instrument("binance", "linear", "BTCUSDT", "BTC", "USDT", "USDT", "0.1", "0.001")
    engine.propose(account, strategy, instrument, [Wish.place(0, 100, 1)], 3, 3)
    engine.close()
    return Evidence(tmp_path), began[0], began[1]


async def test_a_whole_journal_holds(told: tuple[Evidence, int, str]) -> None:
    evidence, seq, state_hash = told
    verdict = Verdict()
    await evidence.check(3, (seq, state_hash), verdict)
    assert verdict.all == []
    assert len(evidence.orders) == 1
    await evidence.check(evidence.checked, (0, ""), verdict)
    assert verdict.all == []


async def test_an_acknowledged_event_that_is_gone_is_lost(told: tuple[Evidence, int, str], tmp_path: Path) -> None:
    evidence, _, _ = told
    verdict = Verdict()
    await evidence.check(1_000, (0, ""), verdict)
    assert [why.endswith("to 1000 were acknowledged and are lost") for why in verdict.lost] == [True]
    empty, verdict = Evidence(tmp_path / "nothing"), Verdict()
    await empty.check(0, (0, ""), verdict)
    assert verdict.all == []
    await empty.check(5, (0, ""), verdict)
    assert verdict.lost == ["the journal is empty after 5 acknowledged events"]


async def test_another_state_than_was_told_does_not_hold(told: tuple[Evidence, int, str]) -> None:
    evidence, seq, _ = told
    verdict = Verdict()
    await evidence.check(0, (seq, "f" * 64), verdict)
    assert [why.startswith(f"the state after event {seq} is ") for why in verdict.faults] == [True]


async def test_damage_is_told(told: tuple[Evidence, int, str], tmp_path: Path) -> None:
    evidence, _, _ = told
    segment = next(tmp_path.glob("*.seg"))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    verdict = Verdict()
    await evidence.check(0, (0, ""), verdict)
    assert [why.startswith("the journal is damaged") for why in verdict.lost] == [True]


# --- the venue's checks ------------------------------------------------------------------------------------------


class Told(Venue):
    """A venue whose pages are given."""

    def __init__(self, **pages: list[dict[str, Any]]) -> None:
        accounts = [{"key": "k", "secret": "s"}]
        super().__init__({"accounts": accounts, "spot_rest": "", "usdm_rest": ""}, None)  # type: ignore[arg-type]  # no request is made
        self._given = pages

    async def _pages(self, market: str, what: str, start: str, first: int) -> list[dict[str, Any]]:
        return self._given.get(what, []) if market == "linear" else []


def evidence_of(*fills: Fill, orders: tuple[int, ...] = ()) -> Evidence:
    """A journal with these fills of one USD-M instrument (tick 0.1, lot 0.001)."""
    evidence = Evidence(Path())
    evidence.orders = set(orders)
    evidence.fills = list(fills)
    evidence.state["instruments"] = [{"id": 1, "market": "linear", "tick_size": "0.1", "lot_size": "0.001"}]
    return evidence


def fill_of(trade: int, qty: int = 2) -> Fill:
    return Fill(9, "fill", 1, 1, 1, 0, 1000, qty, 4_000, 2, True, trade, 0)


ORDER = {"orderId": 5, "clientOrderId": "tw0000000000010", "executedQty": "1", "origQty": "1"}
TRADE = {"id": 7, "price": "100.0", "qty": "0.002", "commission": "0.00004"}


def test_client_ids_are_read_as_the_core_writes_them() -> None:
    assert [order_of(text) for text in ("tw0000000000001", "tw000000000000z", "tw0000000000010")] == [1, 31, 32]
    assert order_of("by-hand") is None


async def test_orders_that_the_journal_does_not_know_are_lost_and_repeated_ids_are_duplicates() -> None:
    verdict = Verdict()
    await Told(all_orders=[ORDER]).check_orders(evidence_of(orders=(32,)), verdict)
    assert verdict.all == []
    await Told(all_orders=[ORDER, {**ORDER, "orderId": 6}]).check_orders(evidence_of(orders=(31,)), verdict)
    assert (len(verdict.lost), len(verdict.duplicates)) == (2, 1)


async def test_more_executed_than_asked_is_a_duplicate() -> None:
    verdict = Verdict()
    await Told(all_orders=[ORDER, {**ORDER, "executedQty": "1.001"}]).check_overfilled(verdict)
    assert verdict.duplicates == ["linear order 5 executed 1.001 of 1"]


@pytest.mark.parametrize(
    ("fills", "lost", "duplicates"),
    [
        ((fill_of(7),), 0, 0),
        ((), 1, 0),
        ((fill_of(7, qty=3),), 1, 0),
        ((fill_of(7), fill_of(7)), 0, 1),
        ((fill_of(7), fill_of(8)), 0, 1),
    ],
)
async def test_every_fill_is_booked_once_as_it_was(fills: tuple[Fill, ...], lost: int, duplicates: int) -> None:
    verdict = Verdict()
    await Told(trades=[TRADE]).check_fills(evidence_of(*fills), verdict)
    assert (len(verdict.lost), len(verdict.duplicates)) == (lost, duplicates)


def test_the_summary_counts_everything_that_does_not_hold() -> None:
    tally = Tally(seed=3)
    tally.add(moment(3, 1), True, 12.0, Verdict(faults=["a"], lost=["b"], duplicates=["c", "d"]))
    tally.add_last(Verdict())
    found = tally.summary("runs/x")
    assert (found["kills"], found["lost"], found["duplicates"], found["faults"]) == (1, 1, 2, 4)
    assert (found["failed_kills"], found["clean_stop_equal"], found["ready_ms_max"]) == ([1], True, 12.0)
