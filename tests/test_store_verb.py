"""`tickwright data` over stores (M7, M10): the same answers as over the lake; `retain`; `follow` that is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from feeds.lake import Lake
from feeds.lake_import import import_recording
from feeds.lake_schema import RECORDED
from feeds.store.follow import Follower, until_end
from feeds.store.open import open_store
from feeds.store.ports import Store, StoreError
from feeds.store.retain import carry_out, plan
from native._core import Engine
from pycore.cli import main
from pycore.clock import Clock
from tests.store_servers import postgres
from tests.test_lake import BEGIN_NS, SNAPSHOT, lines
from tests.test_store import ALL, OF, forget

ROOT = Path(__file__).resolve().parents[1]
WHERE = ["--venue", OF[0], "--symbol", OF[1]]
DAY_NS = 86_400_000_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["postgres", "clickhouse"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of each kind of store, empty."""
    if request.param == "clickhouse":
        pytest.importorskip("chdb", reason="the Python package chdb is not installed")
        yield f"chdb:{tmp_path}/chdb"
        return
    url: str = request.getfixturevalue("server")
    yield url
    forget(url)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    (tmp_path / "made.txt").write_text(SNAPSHOT + lines(0, 1_000))
    return tmp_path / "made.txt"


def data(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    capsys.readouterr()
    code = main(["data", *words, "--json"])
    *rows, summary = map(json.loads, capsys.readouterr().out.splitlines() or ["{}"])
    return code, rows, summary


def test_every_question_has_the_same_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, recording: Path, place: str
) -> None:
    kinds = [["--lake", str(tmp_path / "lake")], ["--store", place]]
    told = [data(capsys, "import", str(recording), *kind) for kind in kinds]
    assert [(code, summary["rows"]) for code, _, summary in told] == [(0, 3_002)] * 2
    assert [data(capsys, "import", str(recording), *kind)[2]["rows"] for kind in kinds] == [3_002] * 2
    for words in (
        ["head", "levels", "--rows", "30", *WHERE],
        ["head", "trades", "--since", str(BEGIN_NS + 10**9), *WHERE],
        ["bars", "--bar", "1s", *WHERE],
        ["bars", "--bar", "dollar:5000", *WHERE],
        ["book-at", "--at", str(BEGIN_NS + 7 * 10**9), *WHERE],
    ):
        (lake, store) = (data(capsys, *words, *kind) for kind in kinds)
        assert lake[0] == store[0] == 0
        assert lake[1] == store[1] != []
        assert {**lake[2], "lake": ""} == {**store[2], "lake": ""}
        assert "not-shown" not in str(store)
    partitions = [data(capsys, "ls", *kind)[1] for kind in kinds]
    told_rows = [[{**row, "files": 0, "bytes": 0} for row in rows] for rows in partitions]
    assert told_rows[0] == told_rows[1] != []
    for name, kind in zip("ab", kinds, strict=True):
        assert data(capsys, "export", "tops", *WHERE, "-o", str(tmp_path / f"{name}.arrow"), *kind)[0] == 0
    one, other = (pa.ipc.open_file(str(tmp_path / f"{name}.arrow")).read_all() for name in "ab")
    assert one.equals(other)
    assert data(capsys, "quality", "--store", place)[0] == 2


def test_days_leave_the_hot_store_only_when_the_lake_has_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, recording: Path, place: str
) -> None:
    to = ["--store", place, "--lake", str(tmp_path / "lake"), "--lake-days", "100000"]
    data(capsys, "import", str(recording), "--store", place)
    code, rows, summary = data(capsys, "retain", *to)
    assert (code, len(rows), summary["rows"], summary["dropped"], summary["written"]) == (0, 6, 3_002, 0, 0)
    assert {row["in_lake"] for row in rows} == {0}
    code, rows, summary = data(capsys, "retain", "--drop", *to)
    assert (code, summary["dropped"], summary["written"], summary["holds"]) == (0, 3_002, 3_002, True)
    assert data(capsys, "ls", "--store", place)[1] == []
    whole = Lake(tmp_path / "whole")
    import_recording(whole, recording, Clock(), lambda done: None)
    for channel in RECORDED:
        assert Lake(tmp_path / "lake").scan(channel, *OF, ALL).equals(whole.scan(channel, *OF, ALL))
    code, rows, summary = data(capsys, "retain", "--drop", "--store", place, "--lake", str(tmp_path / "lake"))
    assert (code, summary["dropped"], {row["store"] for row in rows}) == (0, 3_002, {"lake"})
    assert Lake(tmp_path / "lake").partitions() == []


def test_a_day_that_the_lake_lost_a_row_of_is_written_again_before_it_goes(
    tmp_path: Path, recording: Path, place: str
) -> None:
    hot, lake = open_store(place, {}), Lake(tmp_path / "lake")
    import_recording(hot, recording, Clock(), lambda done: None)
    part = hot.scan("trades", *OF, ALL, day="2024-08-08")
    lake.write("trades", part.slice(0, 499), "made-0")
    now = BEGIN_NS + 91 * DAY_NS  # five seconds before the end of a day: of the two days the first is 90 days old
    found = {leaving.channel: leaving for leaving in plan(hot, lake, now)}
    assert {leaving.part["day"] for leaving in found.values()} == {"2024-08-08"}
    trades = found["trades"]
    assert (trades.rows, trades.in_lake, trades.verified) == (500, 499, False)
    assert carry_out(hot, lake, trades) == (500, 1)
    assert hot.days("trades", *OF) == ["2024-08-09"]
    assert lake.scan("trades", *OF, ALL).equals(part)

    class Refusing(Lake):
        def write(self, channel: str, rows: pa.Table, name: str) -> int:
            return 0

    assert carry_out(hot, Refusing(tmp_path / "lake"), found["tops"]) == (0, 0)
    assert hot.days("tops", *OF) == ["2024-08-08", "2024-08-09"]
    hot.close()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The made recording as an engine journals it, with a tick of 0.05 and a lot of 0.010; more than one segment."""
    engine = Engine(tmp_path / "journal", build="test", config_digest=bytes(32), segment_bytes=2 << 20)
    stream = _instrument(engine)
    ts, _, body = SNAPSHOT.strip().partition(" ")
    engine.snapshot(stream, 1, body.encode(), int(ts), 1)
    _feed(engine, stream, lines(0, 1_000), 2)
    engine.close()
    return tmp_path / "journal"


def _instrument(engine: Engine) -> int:
    """Defines BTCUSDT as instrument 1; the stream's number."""
    for name in ("BTC", "USDT"):
        engine.asset(name)
    assert engine.instrument("binance", "spot", "BTCUSDT", "BTC", "USDT", "USDT", "0.05", "0.010") == 1
    return engine.stream("market")


def _feed(engine: Engine, stream: int, text: str, first: int) -> None:
    for mono, line in enumerate(text.splitlines(), start=first):
        ts, _, body = line.partition(" ")
        engine.market(stream, "spot", json.dumps(json.loads(body)["data"]).encode(), int(ts), mono)


def told(store: Store, channel: str) -> list[dict[str, Any]]:
    """Rows without what a journal and a recording differ in: the number, and how many decimals an instrument has."""
    rows: list[dict[str, Any]] = store.scan(channel, *OF, ALL).to_pylist()
    for row in rows:
        for name, scale in (("price", "price_scale"), ("bid", "price_scale"), ("ask", "price_scale")):
            if row.get(name) is not None:
                row[name] = Decimal(row[name]).scaleb(-row[scale])
        for name in ("qty", "bid_qty", "ask_qty"):
            if name in row:
                row[name] = Decimal(row[name]).scaleb(-row["qty_scale"])
        del row["record"], row["price_scale"], row["qty_scale"]
    return rows


def test_a_journal_becomes_the_rows_of_the_recording(tmp_path: Path, journal: Path, recording: Path) -> None:
    lake, whole = Lake(tmp_path / "lake"), Lake(tmp_path / "whole")
    import_recording(whole, recording, Clock(), lambda done: None)
    follower = Follower(lake, journal, "j", Clock(), rows_max=100)
    list(until_end(follower))
    assert (follower.rows, follower.repeated, follower.missed) == (3_002, 0, 0)
    for channel in RECORDED:
        assert told(lake, channel) == told(whole, channel)
    again = Follower(lake, journal, "j", Clock())
    assert (again.next, again.step()) == (follower.next, False)


def test_a_journal_that_lost_its_end_is_read_from_its_start(tmp_path: Path, journal: Path) -> None:
    lake = Lake(tmp_path / "lake")
    list(until_end(Follower(lake, journal, "j", Clock())))
    kept = json.loads(lake.kept("follow/j") or "")
    for other in ({"seq": kept["seq"] - 3}, {"seq": 10**9, "next": 10**9 + 1}):  # another event has the number, or none
        lake.keep("follow/j", json.dumps({**kept, **other}))
        follower = Follower(lake, journal, "j", Clock())
        list(until_end(follower))
        assert (follower.started_over, follower.rows, follower.repeated) == (True, 0, 3_002)
    assert json.loads(lake.kept("follow/j") or "") == kept


def test_a_writer_that_is_killed_loses_and_doubles_nothing(tmp_path: Path, journal: Path, place: str) -> None:
    words = [
        "data",
        "follow",
        str(journal),
        "--once",
        "--name",
        "j",
        "--rows",
        "200",
        "--seconds",
        "0",
        "--store",
        place,
    ]
    whole, killed = Lake(tmp_path / "whole"), 0
    list(until_end(Follower(whole, journal, "j", Clock())))
    for seconds in (0.05, 0.5):
        with subprocess.Popen([sys.executable, "-m", "pycore.cli", *words], cwd=ROOT) as child:
            _written(place, child, seconds)
            child.send_signal(signal.SIGKILL)
        killed += child.returncode == -signal.SIGKILL
    assert killed
    store = open_store(place, {})
    list(until_end(Follower(store, journal, "j", Clock(), rows_max=200)))
    for channel in RECORDED:
        assert told(store, channel) == told(whole, channel)
    store.close()


def _written(place: str, child: subprocess.Popen[bytes], seconds: float) -> None:
    """Waits until a writer is at work: PostgreSQL can be asked, and chdb's folder is the writer's alone."""
    if place.startswith("chdb:"):
        folder = Path(place.removeprefix("chdb:"))
        before = _parts(folder)
        while child.poll() is None and _parts(folder) <= before + 10 * seconds:
            time.sleep(0.01)
        return
    store = open_store(place, {})
    before = sum(row["rows"] for row in store.partitions())
    while child.poll() is None and sum(row["rows"] for row in store.partitions()) <= before:
        time.sleep(0.01)
    store.close()
    time.sleep(seconds / 10)


def _parts(folder: Path) -> int:
    return sum(1 for _ in folder.glob("store/*/*/*/data.bin"))


def test_writers_at_the_same_time_write_each_row_once(tmp_path: Path, journal: Path, server: str) -> None:
    whole = Lake(tmp_path / "whole")
    list(until_end(Follower(whole, journal, "j", Clock())))

    def write(rows_max: int) -> int:
        store = open_store(server, {})
        follower = Follower(store, journal, "j", Clock(), rows_max=rows_max)
        list(until_end(follower))
        store.close()
        return follower.rows

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(write, (150, 200, 350))) == 3_002
    store = open_store(server, {})
    for channel in RECORDED:
        assert told(store, channel) == told(whole, channel)
    store.close()
    forget(server)


def test_a_writer_goes_on_when_the_store_is_back(tmp_path: Path, journal: Path) -> None:
    class Failing(Lake):
        left = 3

        def write(self, channel: str, rows: pa.Table, name: str) -> int:
            self.left -= 1
            if self.left == 0:
                raise StoreError("store is away")
            return super().write(channel, rows, name)

    store = Failing(tmp_path / "lake")
    with pytest.raises(StoreError, match="away"):
        list(until_end(Follower(store, journal, "j", Clock(), rows_max=300)))
    list(until_end(Follower(store, journal, "j", Clock(), rows_max=300)))
    assert [len(store.scan(channel, *OF, ALL)) for channel in RECORDED] == [1_000, 1_002, 1_000]


def test_a_journal_is_followed_while_it_grows_until_the_writer_is_stopped(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "journal", build="test", config_digest=bytes(32))
    stream = _instrument(engine)
    lake = Lake(tmp_path / "lake")
    words = ["data", "follow", str(tmp_path / "journal"), "--seconds", "0.2", "--lake", lake.root, "--json"]
    with subprocess.Popen([sys.executable, "-m", "pycore.cli", *words], cwd=ROOT, stdout=subprocess.PIPE) as child:
        for begin in (0, 50):
            _feed(engine, stream, lines(begin, begin + 50), begin)
            _until(child, partial(_has, lake, begin + 50))
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate()
    summary = json.loads(out.splitlines()[-1])
    assert (child.returncode, summary["rows"], summary["repeated"], summary["failures"]) == (0, 300, 0, 0)
    assert summary["batches"] >= 2
    engine.close()


def test_a_batch_waits_until_it_is_full_or_old(tmp_path: Path, journal: Path) -> None:
    lake = Lake(tmp_path / "lake")
    follower = Follower(lake, journal, "j", Clock(), rows_max=10_000)
    assert follower.step(age_s_max=3600)
    assert lake.partitions() == []
    follower.step(age_s_max=0)
    assert sum(row["rows"] for row in lake.partitions()) == 3_002
    assert follower.batches == 1


def _has(lake: Lake, trades: int) -> bool:
    return len(lake.scan("trades", *OF, ALL)) == trades


def _until(child: subprocess.Popen[bytes], holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert child.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
