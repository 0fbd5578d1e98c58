"""The rules of a kill without a venue: what is seen twice, what is never sold, what a torn marker means."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from native._core import TickwrightError
from oms.binance_kill import Lots, SpotDesk, lots_of
from oms.binance_rest import Rest, VenueError
from pycore import engine_file
from pycore.connections import judge_clock
from pycore.engine_file import EngineFile
from pycore.engine_stop import stop_engine
from pycore.errors import EngineError
from pycore.reserve import Reserve, reserve_of
from risk.kill import Clearing, Held, Parts
from risk.marker import EVERYTHING, Marker, Target, marker_of


class Desk:
    """A market that a test scripts: `open` and `positions` as a list of what each look finds, the last one for ever."""

    market = "linear"

    def __init__(self, looks: list[dict[str, set[str]]], positions: dict[str, Decimal] | None = None) -> None:
        self.looks = looks
        self.positions = positions or {}
        self.cancelled: list[str] = []
        self.broken: set[str] = set()

    async def open_orders(self) -> Mapping[str, set[str]]:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    async def cancel_all(self, symbol: str) -> None:
        self.cancelled.append(symbol)
        if symbol in self.broken:
            raise TickwrightError(f"{symbol} is stuck")

    async def held(self) -> list[Held]:
        return [Held(symbol, size) for symbol, size in self.positions.items()]

    async def flatten(self, held: Held) -> None:
        del self.positions[held.symbol]


async def cleared(desk: Desk, parts: Parts, *, halted: bool = True, within_s: float = 5.0) -> Clearing:
    """A clearing that has run until it was done, or out of time."""
    clearing = Clearing(desk, parts)
    event = asyncio.Event()
    if halted:
        event.set()
    with_limit = asyncio.wait_for(clearing.run(event), within_s)
    try:
        await with_limit
    except TimeoutError:
        assert not clearing.verified
    return clearing


async def test_an_order_that_shows_up_after_a_clean_look_is_cancelled_too() -> None:
    late: list[dict[str, set[str]]] = [{"A": {"1"}}, {}, {"B": {"2"}}, {}]
    clearing = await cleared(Desk(late), Parts(["A"]))
    assert clearing.verified
    assert {symbol: row.cancelled for symbol, row in clearing.rows.items()} == {"A": 1, "B": 1}


async def test_nothing_is_proven_before_the_engine_has_stopped() -> None:
    assert not (await cleared(Desk([{}]), Parts(["A"]), halted=False, within_s=0.5)).verified


async def test_a_symbol_that_stays_open_is_told_and_the_others_are_done() -> None:
    desk = Desk([{"A": {"1"}, "B": {"2"}}, {"A": {"1"}}], {"B": Decimal("-2")})
    desk.broken = {"A"}
    clearing = await cleared(desk, Parts(["A"], flatten=True), within_s=0.5)
    assert (clearing.rows["A"].open, clearing.rows["A"].fault) == ({"1"}, "A is stuck")
    assert (clearing.rows["B"].cancelled, clearing.rows["B"].flattened, clearing.rows["B"].done) == (1, True, True)


async def test_a_narrowed_kill_touches_nothing_else() -> None:
    desk = Desk([{"A": {"1"}, "B": {"2"}}, {"B": {"2"}}], {"B": Decimal(1)})
    clearing = await cleared(desk, Parts(["A"], everywhere=False, flatten=True))
    assert clearing.verified
    assert (set(desk.cancelled), desk.positions) == ({"A"}, {"B": Decimal(1)})


def test_pieces_are_whole_steps_within_the_bounds() -> None:
    lots = Lots(least=Decimal("0.01"), step=Decimal("0.01"), most=Decimal(2))
    assert lots.pieces(Decimal("4.567")) == [Decimal(2), Decimal(2), Decimal("0.56")]
    assert lots.pieces(Decimal("0.0099")) == []
    assert lots.pieces(Decimal(-1)) == []
    row = {
        "filters": [
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "100", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.0", "maxQty": "5", "stepSize": "0.0"},
            {"filterType": "PRICE_FILTER"},
        ]
    }
    assert lots_of(row) == Lots(Decimal("0.001"), Decimal("0.001"), Decimal(5))


class SpotRest:
    """A spot REST whose market orders end as a test says; an account with 1.5 BTC."""

    market = "spot"

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.sold: list[str] = []

    async def call(self, method: str, what: str, params: Any = None, *, signed: bool = True) -> Any:
        if what == "exchange_info":
            rule = {"filterType": "LOT_SIZE", "minQty": "0.1", "maxQty": "9", "stepSize": "0.1"}
            return {"symbols": [{"symbol": "BTCUSDT", "filters": [rule]}]}
        if what == "account":
            return {"balances": [{"asset": "BTC", "free": "1.0", "locked": "0.5"}, {"asset": "ETH", "free": "9"}]}
        self.sold.append(params["quantity"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"executedQty": answer}


async def sell_twice(answers: list[Any]) -> list[str]:
    """Two rounds of a kill that keeps 1 BTC, on an account whose balance never moves: the sizes it sent."""
    rest = SpotRest(answers)
    desk = SpotDesk(cast(Rest, rest), {"BTC": "BTCUSDT", "ETH": "ETHUSDT"}, {"BTC": Decimal(1)})
    for _ in range(2):
        for held in await desk.held():
            try:
                await desk.flatten(held)
            except VenueError:
                continue
    return rest.sold


async def test_spot_never_sells_more_than_was_too_much_whatever_the_answers() -> None:
    assert await sell_twice(["0.5"]) == ["0.5"], "filled: a stale balance sells nothing more"
    assert await sell_twice([VenueError("order", 503, -1007, "unknown")]) == ["0.5"], "it may have sold"
    assert await sell_twice(["0.2", "0.3"]) == ["0.5", "0.3"], "the book was empty for the rest"
    refused = VenueError("order", 400, -2010, "no")
    assert await sell_twice([refused, "0.5"]) == ["0.5", "0.5"], "refused for certain"
    dust = VenueError("order", 400, -1013, "Filter failure: NOTIONAL")
    assert await sell_twice([dust]) == ["0.5"], "too little to be sold at all"


def test_the_marker_gives_each_line_once_and_a_torn_one_means_everything(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    ours, theirs = Marker(journal), Marker(journal)
    assert ours.poll() == []
    theirs.add([Target("strategy", "a"), Target("symbol", "spot:X")], at=5)
    assert ours.poll() == [Target("strategy", "a"), Target("symbol", "spot:X")]
    assert ours.poll() == []
    theirs.add([EVERYTHING], at=6)
    with marker_of(journal).open("ab") as file:
        file.write(b'{"at": 7, "scope": "str')
    assert ours.poll() == [EVERYTHING, EVERYTHING]
    assert Marker(journal).poll()[0] == Target("strategy", "a"), "a restarted engine reads it from the start"
    ours.remove()
    assert not marker_of(journal).exists()
    ours.remove()


def test_an_engine_is_known_by_its_start_and_not_only_by_its_number(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    assert (engine_file.read(journal), engine_file.locked(journal)) == (None, False)
    engine_file.write(journal, "tcp://127.0.0.1:1")
    found = engine_file.read(journal)
    assert found is not None
    assert found.process() == psutil.Process(os.getpid())
    assert EngineFile(found.pid, found.started_s - 5, "").process() is None, "another process had this number"
    engine_file.engine_file_of(journal).write_text("{")
    assert engine_file.read(journal) is None
    engine_file.remove(journal)


async def test_a_stop_without_an_engine_leaves_its_marker(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    stopped = await stop_engine(journal, [Target("strategy", "a")], 1, 0.1)
    assert (stopped.how, stopped.faults) == ("not running", ())
    assert json.loads(marker_of(journal).read_text()) == {"at": 1, "scope": "strategy", "subject": "a"}


async def test_a_marker_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    marker_of(str(tmp_path / "journal")).mkdir()
    stopped = await stop_engine(str(tmp_path / "journal"), [EVERYTHING], 1, 0.1)
    assert stopped.how == "not running"
    assert "kill marker" in stopped.faults[0]


def test_a_clock_is_off_where_it_is_certain_and_twice() -> None:
    suspects: set[str] = set()

    def judge(offset_s: float, round_trip_s: float) -> None:
        rest = SimpleNamespace(market="spot", offset_ns=int(offset_s * 1e9), round_trip_ns=int(round_trip_s * 1e9))
        judge_clock(cast(Rest, rest), suspects)

    for offset_s, round_trip_s in ((1.5, 0.1), (0.2, 0.1), (-1.5, 0.1), (1.5, 2.0), (1.5, 0.1)):
        judge(offset_s, round_trip_s)
    with pytest.raises(EngineError) as raised:
        judge(-1.5, 0.1)
    assert raised.value.state == "stopped: clocks differ"


def test_the_reserve_is_taken_once_and_given_back(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.mkdir()
    reserve = Reserve(str(journal), 1)
    for _ in range(2):
        reserve.take()
        assert reserve_of(str(journal)).stat().st_blocks * 512 >= 1 << 20, "blocks, not only a size"
    reserve.release()
    reserve.release()
    with pytest.raises(EngineError, match="must have room for a reserve of"):
        Reserve(str(journal), 1 << 30).take()
    assert not reserve_of(str(journal)).exists()
