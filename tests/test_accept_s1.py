"""`tickwright accept S1`: levels, rate, integrity and clock, on the box and on a recording, honest about each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from feeds.lake import Lake
from feeds.lake_import import import_recording
from feeds.lake_query import Queries
from feeds.lake_walk import Standing, standing
from pycore.cli import main
from pycore.clock import Clock
from sim.accept import s1
from sim.accept.stage import NOT_MEASURED
from tests.test_accept import accept
from tests.test_chrony import disciplined
from tests.test_lake import BEGIN_NS, SNAPSHOT, lines

BOOK = {"venue": "okx", "instrument": "X", "deltas": 2_000, "gaps": 0, "crossed": 0, "unknown_ids": 0}
BOOK |= {"checksums": 2_000, "checksums_equal": 2_000, "tops_compared": 5, "tops_equal": 5}


def test_s1_measures_the_box_and_a_recording_and_says_what_fails(tmp_path: Path) -> None:
    recording = tmp_path / "made.txt"
    recording.write_text(SNAPSHOT + lines(0, 400))
    with disciplined(tmp_path) as port:
        words = ["--seconds", "2", "--recording", str(recording), "--chronyd", f"127.0.0.1:{port}"]
        code, rows, err = accept("S1", *words)
    assert code == 1, err
    by_figure = {(row["figure"], row["where"]): row for row in rows[:-1]}
    for market in ("binance-spot", "binance-usdm"):
        for figure in ("levels", "integrity"):
            assert by_figure[f"{market} BTCUSDT: {figure}", "box"]["passed"] is True
    told = "recording made.txt"
    assert by_figure["binance-spot BTCUSDT: levels", told]["passed"] is False  # one ask is all that there is
    assert by_figure["binance-spot BTCUSDT: rate", told]["passed"] is True
    assert by_figure["binance-spot BTCUSDT: rate", told]["measured"].startswith("200.")
    assert by_figure["clock", "host"]["passed"] is True
    assert by_figure["review", NOT_MEASURED]["passed"] is False


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, [True, True, True]),
        ({"gaps": 1, "crossed": 1}, [True, True, True]),
        ({"gaps": 1, "crossed": 1, "checksums_equal": 1_999}, [True, True, False]),
        ({"unknown_ids": 3}, [True, True, False]),
        ({"deltas": 0}, [True, True, False]),
    ],
)
def test_integrity_is_the_share_of_changes_that_are_right(changes: dict[str, int], passed: list[bool]) -> None:
    stands = Standing(tops=9, seconds=10.0)
    stands.after.update({10: 1_998, 9: 2})
    row: dict[str, Any] = BOOK | changes
    assert [row.passed for row in s1.judge(row, stands, "box")] == passed


def test_too_few_levels_and_too_few_updates_fail() -> None:
    stands = Standing(seconds=20.0)
    stands.after.update({10: 1_997, 3: 3})
    levels, rate, _ = s1.judge(dict(BOOK), stands, "box")
    assert (levels.passed, rate.passed) == (False, False)
    assert levels.measured == "after 99.850% of 2000 changes, at the least 3"


def test_a_clock_that_nobody_vouches_for_is_not_measured() -> None:
    row = s1.clock("127.0.0.1", 9)
    assert (row.passed, row.where) == (False, NOT_MEASURED)


def test_the_walk_joins_changes_that_came_before_the_snapshot(tmp_path: Path) -> None:
    late = SNAPSHOT.replace(str(BEGIN_NS - 1), str(BEGIN_NS + 45_000_000)).replace('Id":9', 'Id":12')
    path = tmp_path / "early.txt"
    path.write_text(lines(0, 5) + late + lines(5, 7))
    lake = Lake(tmp_path / "lake")
    import_recording(lake, path, Clock(), lambda done: None)
    found = standing(Queries(lake), "binance-spot", "BTCUSDT")
    assert (found.changes, found.tops, found.least) == (5, 7, 1)  # the snapshot, 13 and 14 before it, 15 and 16
    assert standing(Queries(lake), "okx", "NOTHING").changes == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--recording", "nothing.zst"], "--recording must be a file, was nothing.zst"),
        (["--chronyd", "here"], "--chronyd must be HOST:PORT, was here"),
    ],
)
def test_bad_input_is_named(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accept", "S1", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_verb_that_is_interrupted_leaves_no_process() -> None:
    async def interrupted() -> None:
        task = asyncio.create_task(s1._verb("box", "--port", "0"))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
