"""Live bars (M8): what a recorder stores while it records equals what the archive gives afterwards, bit for bit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from feeds.bars_live import STORE_EVERY_NS, LiveBars, Source, decimals, unit
from feeds.book import SurveyedFile, batches, survey_file
from feeds.lake import Lake
from feeds.lake_import import import_recording
from feeds.lake_query import Queries, Span
from feeds.recorder import What
from feeds.recordings import Recording
from native._core import InputError
from pycore.clock import Clock
from tests.box_process import running_box
from tests.conftest import ROOT
from tests.test_lake import BEGIN_NS, SNAPSHOT, lines

SPECS = ["1s", "1m", "5m", "15m", "1h", "1d", "tick:7", "volume:0.35", "dollar:9000"]


def rebuilt_live(lake: Lake, path: Path, source: Source, size: int, began_ns: int) -> None:
    """Gives a recording's messages to the live builder, so many at a time."""
    live, waiting = LiveBars(lake, source, SPECS, began_ns), 0
    for batch in Recording(path).batches():
        for record in batch:
            # hftbacktest's collector writes REST snapshots between the messages; no stream has them.
            if record.what is What.MESSAGE and not record.payload.startswith(b'{"lastUpdateId"'):
                live.take(record.payload, record.ts_ns)
                waiting += 1
                if waiting % size == 0:
                    live.flush(record.ts_ns)
    live.flush(began_ns)
    live.store(began_ns)


def held(queries: Queries, venue: str, symbol: str, began_ns: int) -> dict[str, int]:
    """Compares every kind of bar; how many of each there were."""
    found = {}
    for spec in SPECS:
        timed = ":" not in spec
        archive = queries.bars(venue, symbol, spec)
        if timed:
            archive = archive.filter(archive["begin_ns"].to_numpy() >= began_ns)
        stored = queries.stored_bars(venue, symbol, spec)
        assert stored.schema.equals(archive.schema)
        assert stored.combine_chunks().equals(archive.combine_chunks()), spec
        found[spec] = len(stored)
    return found


@pytest.mark.parametrize("size", [1, 13, 5_000])
def test_bars_stored_live_equal_those_of_the_archive(tmp_path: Path, size: int) -> None:
    path, lake = tmp_path / "made.txt", Lake(tmp_path / "lake")
    path.write_text(lines(3, 1_000))
    source = Source("binance-spot", "spot", {"BTCUSDT": ("0.10", "0.01000")})
    rebuilt_live(lake, path, source, size, BEGIN_NS + 30_000_000)
    import_recording(lake, path, Clock(), lambda done: None)
    found = held(Queries(lake), "binance-spot", "BTCUSDT", BEGIN_NS + 30_000_000)
    assert (found["1s"], found["1m"], found["tick:7"], found["1d"]) == (8, 0, 142, 0)
    assert found["volume:0.35"] == 997 // 18


def test_bars_of_a_recorded_day_equal_those_of_the_archive(tmp_path: Path, shared_data: Path) -> None:
    path, lake = shared_data / "ws" / "binance" / "usdm_btcusdt_20240718.gz", Lake(tmp_path / "lake")
    file = SurveyedFile(Recording(path))
    survey_file(file, Clock(), lambda recording: None)
    ((name, survey),) = file.named().values()
    steps = {symbol: (tick, lot) for symbol, tick, lot in survey.instruments()}
    began_ns = next(records[0].ts_ns for _, _, _, records in batches(Recording(path)))
    rebuilt_live(lake, path, Source("binance-usdm", name, steps), 997, began_ns)
    import_recording(lake, path, Clock(), lambda done: None)
    found = held(Queries(lake), "binance-usdm", "BTCUSDT", began_ns)
    assert found["1s"] > 100
    assert found["1m"] == 1
    assert found["tick:7"] == 974 // 7


def test_a_capture_of_the_box_stores_bars_that_its_recording_gives_again(tmp_path: Path) -> None:
    path, place = tmp_path / "box.zst", str(tmp_path / "lake")
    with running_box("--seed", "3") as venue:
        words = [
            "--venue",
            "binance-spot",
            "--symbols",
            "BTCUSDT,ETHUSDT",
            "--base",
            venue["spot_rest"],
            "-o",
            str(path),
        ]
        words += ["--ws-base", venue["spot_ws"], "--seconds", "5", "--bars", ",".join(SPECS), "--lake", place]
        command = [sys.executable, "-m", "pycore.cli", "capture", *words, "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lake = Lake(place)
    import_recording(lake, path, Clock(), lambda read: None)
    recording = Recording(path)
    assert sum(map(len, recording.batches()))
    began_ns = recording.about["began_ns"]
    assert isinstance(began_ns, int)
    found = [held(Queries(lake), "binance-spot", symbol, began_ns) for symbol in ("BTCUSDT", "ETHUSDT")]
    assert all(any(counts.values()) for counts in found)  # how many depends on how busy this machine is
    assert json.loads(done.stdout)["bars"] == sum(sum(counts.values()) for counts in found)


def test_bars_are_stored_once_a_minute_and_known_when_their_successor_began(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    live = LiveBars(lake, Source("binance-spot", "spot", {"BTCUSDT": ("0.1", "0.01")}), ["1s"], BEGIN_NS)
    (tmp_path / "made.txt").write_text(lines(0, 400))
    for batch in Recording(tmp_path / "made.txt").batches():
        for record in batch:
            live.take(record.payload, record.ts_ns)
    live.flush(BEGIN_NS + STORE_EVERY_NS - 1)
    assert live.stored == 0
    live.flush(BEGIN_NS + STORE_EVERY_NS)
    assert live.stored == 3
    known = Queries(lake).stored_bars("binance-spot", "BTCUSDT", "1s", Span(known_by=BEGIN_NS + 2 * 10**9))
    assert known["end_ns"].to_pylist() == [BEGIN_NS + 10**9, BEGIN_NS + 2 * 10**9]


def test_a_price_off_its_tick_ends_the_bars_with_its_name(tmp_path: Path) -> None:
    live = LiveBars(Lake(tmp_path), Source("binance-spot", "spot", {"BTCUSDT": ("1", "0.01")}), ["1s"], BEGIN_NS)
    for line in (SNAPSHOT + lines(0, 2)).splitlines()[1:]:
        live.take(line.partition(" ")[2].encode(), BEGIN_NS)
    with pytest.raises(InputError, match="too many decimals"):
        live.flush(BEGIN_NS)
    with pytest.raises(InputError, match="bars must be one of"):
        LiveBars(Lake(tmp_path), Source("binance-spot", "spot", {"BTCUSDT": ("1", "1")}), ["2m"], BEGIN_NS)


def test_steps_become_decimals_and_back() -> None:
    for step, count in (("0.01000000", 2), ("1", 0), ("10", 0), ("1.00", 0), ("0.00000001", 8)):
        assert decimals(step) == count
        assert decimals(unit(count)) == count
