"""Two lines in the engine: each fills the holes of the other, switches and silences are events, stale is not quoted."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from native import _core
from native._core import Wish
from tests import box_process
from tests.engine_process import Bench, benched
from tests.venue_loop import LIMITS

MS = 1_000_000
#: Configured silence and hold of the tests' source, ns.
SILENT_NS, HOLD_NS = 1_000 * MS, 100 * MS
RESYNC = 4


class Lines:
    """An engine with one perpetual whose book comes on lines A and B."""

    def __init__(self, journal: Path | None = None) -> None:
        """Both lines are up and the book has its snapshot, as of update 100."""
        self.now = 1_700_000_000_000 * MS
        self.journal = journal
        self.engine = _core.Engine(
            None if journal is None else str(journal), build="test", config_digest=bytes(32), now=self.now
        )
        for asset in ("BTC", "USDT"):
            self.engine.asset(asset)
        self.engine.account("main")
        self.engine.strategy("maker")
        self.engine.instrument("binance", "linear", "BTCUSDT", "BTC", "USDT", "USDT", "0.1", "0.001")
        for scope in ("account", "strategy"):
            self.engine.limit(scope, 1, "allow_symbol", 1)
        for kind, (value, extra) in LIMITS.items():
            self.engine.limit("account", 1, kind, value, extra)
        self.engine.balance(1, "linear", 2, 10**13, 0, 0, self.now, self.now)
        self.streams = [self.engine.stream(name) for name in ("A", "B")]
        for line, stream in enumerate(self.streams):
            self.engine.line(stream, 1, line, silent_ns=SILENT_NS, hold_ns=HOLD_NS, ts=self.now, mono=self.now)
            self.link(line, True)
        self.snapshot(100, [["100.0", "1"]])

    def snapshot(self, update: int, bids: list[list[str]]) -> int:
        """The venue's whole book."""
        body = {"lastUpdateId": update, "bids": bids, "asks": [["101.0", "2"]]}
        return self.engine.snapshot(self.streams[0], 1, json.dumps(body).encode(), self.now, self.now)

    def link(self, line: int, up: bool) -> None:
        """A line goes up or down."""
        self.engine.link(self.streams[line], "market", up, 0, self.now, self.now)

    def depth(self, line: int, update: int) -> int:
        """Update number `update` on a line: the best bid's size becomes its number."""
        message = {"e": "depthUpdate", "E": 1, "T": 1, "s": "BTCUSDT", "U": update, "u": update, "pu": update - 1}
        return self.market(line, message | {"b": [["100.0", str(update)]], "a": []})

    def market(self, line: int, message: dict[str, Any]) -> int:
        """A message on a line, a millisecond after the last."""
        self.now += MS
        return self.engine.market(self.streams[line], "linear", json.dumps(message).encode(), self.now, self.now)

    def timer(self, after_ns: int) -> int:
        """Time passes."""
        self.now += after_ns
        return self.engine.timer(self.now, self.now)

    def bid_lots(self) -> int | None:
        """The size at the best bid in lots of 0.001; None where nothing is known."""
        top = self.engine.top(1)
        return None if top is None else top[1]

    def source(self) -> dict[str, Any]:
        """The source's figures."""
        return self.engine.lines()[0]

    def told(self) -> list[tuple[str, str]]:
        """What and why of every event about lines in the journal, and that a replay agrees with all of it."""
        assert self.journal is not None
        live = self.engine.state_hash()
        last = self.engine.last_seq
        self.engine.close()
        rows = _core.journal_show(str(self.journal), 1, last)
        replay = _core.Replay(str(self.journal))
        replay.run(last)
        assert replay.state_hash() == live
        return [(row["what"], row["why"]) for row in rows if row["kind"] == "LineEvent"]


def test_each_line_fills_the_holes_of_the_other(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "journal")
    # 102 is lost on A, 104 on B; B is behind.
    for line, update in [(0, 101), (0, 103), (1, 101), (1, 102), (1, 103), (0, 104), (0, 105), (1, 105)]:
        assert not lines.depth(line, update) & RESYNC
    assert lines.bid_lots() == 105_000
    found = lines.source()
    assert (found["gaps"], found["filled"]) == (0, 1)
    a, b = found["lines"]
    assert (a["received"], a["first"], a["duplicate"], a["lost"]) == (4, 4, 0, 1)
    assert (b["received"], b["first"], b["duplicate"], b["lost"]) == (4, 1, 3, 1)
    assert b["lag_ns"] > 0
    assert lines.told() == [("Filled", "None")]


def test_what_both_lines_lost_is_a_gap_and_is_asked_for(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "journal")
    lines.depth(0, 101)
    assert not lines.depth(0, 103) & RESYNC
    assert lines.depth(1, 103) & RESYNC, "both lines are past 102"
    assert lines.bid_lots() is None
    lines.snapshot(102, [["100.0", "102"]])
    assert lines.bid_lots() == 103_000
    assert lines.source()["gaps"] == 1
    assert lines.told() == [("Gap", "None")]


def test_a_hole_is_not_waited_for_longer_than_the_hold() -> None:
    lines = Lines()
    lines.depth(0, 101)
    lines.depth(0, 103)
    assert not lines.timer(HOLD_NS // 2) & RESYNC
    assert lines.timer(HOLD_NS) & RESYNC


def test_a_line_that_goes_down_keeps_the_book_and_gives_its_place_away(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "journal")
    lines.depth(0, 101)
    lines.depth(1, 101)
    lines.link(0, False)
    assert lines.source()["primary"] == 1
    assert lines.bid_lots() == 101_000
    lines.depth(1, 102)
    assert lines.bid_lots() == 102_000
    lines.link(1, False)
    assert lines.bid_lots() is None
    assert lines.told()[0] == ("Switch", "Down")


def test_nothing_is_quoted_while_all_lines_are_silent(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "journal")
    lines.depth(0, 101)

    def refused() -> list[str]:
        answers = lines.engine.propose(1, 1, 1, [Wish.place(0, 990, 1)], lines.now, lines.now)
        return answers[0][1]

    # A mark price alone must not keep the quotes up: it may come on another connection.
    mark = {"e": "markPriceUpdate", "E": 1, "s": "BTCUSDT", "p": "100.5", "i": "100.5", "r": "0", "T": 1}
    lines.market(0, mark)
    assert refused() == []
    lines.timer(SILENT_NS // 2)
    assert lines.bid_lots() == 101_000
    lines.timer(SILENT_NS)
    assert lines.source()["stale"]
    assert lines.bid_lots() is None
    assert refused() == ["price collar: nothing to compare with"]
    lines.depth(1, 102)
    assert not lines.source()["stale"]
    assert lines.bid_lots() == 102_000
    assert refused() == []
    assert lines.told() == [("Stale", "None"), ("Switch", "Silent"), ("Fresh", "None")]


def test_marks_are_the_primary_lines_and_trades_come_once() -> None:
    lines = Lines()
    trade = {"e": "trade", "E": 1, "T": 1, "s": "BTCUSDT", "t": 7, "p": "100.0", "q": "1", "X": "MARKET", "m": True}
    # An older trade that is new passes too.
    for line, number, new in [(0, 7, True), (1, 7, False), (0, 7, False), (1, 6, True), (0, 6, False)]:
        lines.market(line, trade | {"t": number})
        assert ("trade" in [event[1] for event in lines.engine.events()]) == new
    mark = {"e": "markPriceUpdate", "E": 1, "s": "BTCUSDT", "p": "100.5", "i": "100.5", "r": "0", "T": 1}
    for line, told in [(0, True), (1, False)]:
        lines.market(line, mark)
        assert ("mark" in [event[1] for event in lines.engine.events()]) == told


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.integers(0, 3), st.integers(0, 3)).filter(lambda f: f[0] or f[1]),
        min_size=1,
        max_size=30,
    )
)
def test_the_book_is_the_lossless_one(fates: list[tuple[bool, bool, int, int]]) -> None:
    """Each message survives on a line at least; the lines are up to three messages apart, each in its own order."""
    lossless, lossy = Lines(), Lines()
    arrivals: list[tuple[float, int, int]] = []
    floors = [0.0, 0.0]
    for at, fate in enumerate(fates):
        for line in (0, 1):
            floors[line] = max(floors[line], at + fate[2 + line])
            if fate[line]:
                arrivals.append((floors[line], line, 101 + at))
    for _, line, update in sorted(arrivals, key=lambda arrival: (arrival[0], arrival[2])):
        assert not lossy.depth(line, update) & RESYNC
    for at in range(len(fates)):
        lossless.depth(0, 101 + at)
    assert lossy.engine.levels(1, 0, 10) == lossless.engine.levels(1, 0, 10)
    assert lossy.bid_lots() == lossless.bid_lots()


@pytest.fixture(scope="module")
def venue() -> Iterator[dict[str, Any]]:
    """A box for this file."""
    with box_process.running_box("--seed", "11", "--limits", "100") as venue:
        yield venue


@pytest.fixture
def bench(venue: dict[str, Any], tmp_path: Path) -> Iterator[Bench]:
    """A bench whose engines are gone afterwards."""
    yield from benched(venue, tmp_path)


async def test_a_run_on_two_lines_shows_them_and_replays_to_the_same_state(bench: Bench) -> None:
    run = bench.start("venue.lines=2")

    def wanted(state: dict[str, Any]) -> bool:
        lines = [line for source in state["sources"].values() for line in source["lines"].values()]
        return len(lines) == 6 and sum(line["duplicate"] for line in lines) > 20 and state["open_orders"] == 4

    state = await run.states(wanted, "duplicates on both lines of every book, and four resting orders")
    assert set(state["sources"]) == {"spot", "linear/public", "linear/market"}
    assert list(state["sources"]["spot"]["lines"]) == ["spot", "spot#B"]
    assert state["reconnects"] == 0
    assert all(facts["top"] is not None for facts in state["instruments"].values())
    run.process.send_signal(signal.SIGTERM)
    summary = run.summary()
    assert (summary["state"], summary["difference"]) == ("stopped", "")
    assert bench.replay()["state_hash"] == summary["state_hash"]
