"""The trading day rolls once at its time of UTC, as an event that a replay repeats."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from native import _core
from native._core import Wish
from pycore import trading_day
from pycore.config import TradingDay
from pycore.port import Port
from pycore.strategy import BUY
from tests.venue_loop import Loop

DAY_NS = 86_400_000_000_000
#: 2026-01-01 00:00 UTC.
NEW_YEAR_NS = 20_454 * DAY_NS
HOUR_NS = DAY_NS // 24


class StepClock:
    """A clock that a test moves."""

    def __init__(self, now: int) -> None:
        self.now = now

    def utc_ns(self) -> int:
        return self.now

    def mono_ns(self) -> int:
        return self.now


def session_on(core: _core.Engine, now: int, roll_utc: str = "00:00") -> Any:
    """What `trading_day` needs of a session, on a real core."""
    clock = StepClock(now)
    config = SimpleNamespace(trading_day=TradingDay(roll_utc=roll_utc))
    return SimpleNamespace(core=core, clock=clock, config=config, day=0, port=Port(core, cast(Any, clock)))


def session_at(journal: Path, now: int) -> Any:
    """The same on a journal."""
    return session_on(_core.Engine(str(journal), build="test", config_digest=bytes(32), now=now), now)


def rolls(journal: Path) -> list[str]:
    """The day's number of each roll in a journal."""
    rows = _core.journal_show(str(journal), 1, 1_000)
    return [row["value"] for row in rows if row.get("verb") == "RollDay"]


@pytest.mark.parametrize(
    ("roll_utc", "hours", "days"),
    [
        ("00:00", (0, 23.9, 24), (0, 0, 1)),
        ("08:30", (8.4, 8.5, 32.4, 32.5), (-1, 0, 0, 1)),
        ("23:59", (0, 23.9, 24), (-1, -1, 0)),
    ],
)
def test_a_day_runs_from_its_time_to_the_same_time_of_the_next(
    roll_utc: str, hours: tuple[float, ...], days: tuple[int, ...]
) -> None:
    first = NEW_YEAR_NS // DAY_NS
    found = [trading_day.number(NEW_YEAR_NS + int(hour * HOUR_NS), roll_utc) - first for hour in hours]
    assert tuple(found) == days


def test_each_roll_is_one_event_and_a_day_missed_while_no_engine_ran_is_rolled_at_the_start(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    session = session_at(journal, NEW_YEAR_NS - HOUR_NS)
    trading_day.begin(session)
    for now in (NEW_YEAR_NS - 1, NEW_YEAR_NS, NEW_YEAR_NS + 1, NEW_YEAR_NS - 1, NEW_YEAR_NS + 2):
        session.clock.now = now
        trading_day.roll(session)
        session.port.timer()
    session.core.close()
    assert rolls(journal) == ["20454"], "once, although the clock went back"
    again = session_at(journal, NEW_YEAR_NS + HOUR_NS)
    trading_day.begin(again)
    again.core.close()
    assert rolls(journal) == ["20454"], "the same day goes on"
    later = session_at(journal, NEW_YEAR_NS + 3 * DAY_NS)
    trading_day.begin(later)
    state_hash = later.core.state_hash()
    later.core.close()
    assert rolls(journal) == ["20454", "20457"]
    replay = _core.Replay(str(journal))
    assert replay.run()["state_hash"] == state_hash


def test_a_new_day_forgets_the_loss_of_the_old_one() -> None:
    loop = Loop(seed=4)
    engine = loop.engine
    engine.limit("account", 1, "max_daily_loss", 50 * 10**8)
    order: dict[str, Any] = {"s": "BTCUSDT", "c": "by-hand", "S": "BUY", "o": "MARKET", "f": "GTC", "q": "0.001"}
    order |= {"p": "0", "x": "TRADE", "X": "FILLED", "i": 7, "l": "0.001", "z": "0.001", "L": "60000.0"}
    order |= {"T": 1, "t": 9, "m": False, "rp": "0"}
    event = {"e": "ORDER_TRADE_UPDATE", "E": 1, "T": 1, "o": {**order, "n": "60", "N": "USDT"}}
    engine.timer(loop.now, loop.now)
    engine.user(2, 1, "linear", json.dumps(event).encode(), loop.now, loop.now)
    bid = engine.view(1, 1, 1).bid
    assert bid is not None
    wish = Wish(1, BUY, 1, 2, 0, 0, bid, 10, 1)
    (refused,) = engine.propose(1, 1, 1, [wish], loop.now, loop.now)
    assert "daily loss limit" in refused[1][0]
    trading_day.roll(session_on(engine, loop.now))
    (passed,) = engine.propose(1, 1, 1, [wish], loop.now, loop.now)
    assert passed[1] == []
