"""The lake (M7): recordings become files once, also when the import is killed, and nobody sees a part of a file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from feeds.lake import Lake
from feeds.lake_import import Imported, import_recording
from feeds.lake_schema import CHANNELS, SCHEMAS, document
from native._core import InputError
from pycore.clock import Clock

ROOT = Path(__file__).resolve().parent.parent
BEGIN_NS = 1_723_161_600_000_000_000 - 5_000_000_000  # five seconds before a midnight of UTC
IMPORT = """
import sys
from pathlib import Path
from feeds.lake import Lake
from feeds.lake_import import import_recording
from pycore.clock import Clock
import_recording(Lake(sys.argv[1]), Path(sys.argv[2]), Clock(), lambda done: None, piece_rows=50)
"""


def lines(begin: int, end: int) -> str:
    """A made recording of Binance spot: a trade, a delta and a top each 10 ms, the snapshot first."""
    told = []
    for at in range(begin, end):
        ns, ms = BEGIN_NS + at * 10_000_000, (BEGIN_NS + at * 10_000_000) // 1_000_000
        trade = {
            "e": "trade",
            "E": ms,
            "s": "BTCUSDT",
            "t": 1 + at,
            "p": f"{60_000 + at % 7}.10",
            "q": "0.020",
            "T": ms,
        }
        price = f"{59_000 + at % 50}.50"
        delta = {
            "e": "depthUpdate",
            "E": ms,
            "s": "BTCUSDT",
            "U": 10 + at,
            "u": 10 + at,
            "b": [[price, "1.5"]],
            "a": [],
        }
        top = {"u": 10 + at, "s": "BTCUSDT", "b": price, "B": "1.5", "a": "60001.10", "A": "2"}
        for message in ({**trade, "m": at % 2 == 0, "M": True}, delta, top):
            told.append(f"{ns} {json.dumps({'stream': 'btcusdt', 'data': message})}\n")
    return "".join(told)


SNAPSHOT = f'{BEGIN_NS - 1} {{"lastUpdateId":9,"bids":[["59000.50","3.0"]],"asks":[["60001.10","2.0"]]}}\n'


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "made.txt"
    path.write_text(SNAPSHOT + lines(0, 1_000))
    return path


def into(lake: Lake, path: Path, rows: int = 500_000) -> Imported:
    return import_recording(lake, path, Clock(), lambda done: None, rows)


def content(lake: Lake, channel: str) -> list[dict[str, Any]]:
    table = lake.dataset(channel).to_table()
    return sorted(table.to_pylist(), key=lambda row: (row["ts_receive"], row["record"], str(row.get("price"))))


def test_a_recording_becomes_files_by_day_with_the_dictionarys_columns(tmp_path: Path, recording: Path) -> None:
    lake = Lake(tmp_path / "lake")
    done = into(lake, recording)
    assert (done.complete, done.rows, done.repeated, done.records) == (True, 3_002, 0, 3_001)
    counts = {(row["channel"], row["day"]): row["rows"] for row in lake.partitions()}
    assert counts["trades", "2024-08-08"] == counts["trades", "2024-08-09"] == 500
    for channel in CHANNELS:
        assert lake.dataset(channel).to_table().schema.equals(SCHEMAS[channel])
    first = content(lake, "trades")[0]
    assert (first["price"], first["price_scale"], first["qty"], first["qty_scale"]) == (600_001, 1, 2, 2)
    assert (first["id"], first["flags"], first["ts_venue"], first["symbol"]) == (1, 2, BEGIN_NS, "BTCUSDT")


def test_the_same_recording_again_and_one_that_overlaps_add_only_what_is_new(tmp_path: Path, recording: Path) -> None:
    lake = Lake(tmp_path / "lake")
    into(lake, recording)
    assert into(lake, recording).rows == 3_002
    other = tmp_path / "other.txt"
    other.write_text(lines(900, 1_100))
    done = into(lake, other)
    assert (done.rows, done.repeated) == (300, 300)
    ids = [row["id"] for row in content(lake, "trades")]
    assert sorted(ids) == list(range(1, 1_101))


def test_a_killed_import_loses_and_doubles_nothing(tmp_path: Path) -> None:
    recording = tmp_path / "long.txt"
    recording.write_text(SNAPSHOT + lines(0, 8_000))
    whole, broken = Lake(tmp_path / "whole"), Lake(tmp_path / "broken")
    into(whole, recording, rows=50)
    killed = 0
    for files in (2, 9, 21):
        with subprocess.Popen([sys.executable, "-c", IMPORT, broken.root, str(recording)], cwd=ROOT) as child:
            while child.poll() is None and sum(len(broken.names(channel)) for channel in CHANNELS) < files:
                time.sleep(0.001)
            child.send_signal(signal.SIGKILL)
        killed += child.returncode == -signal.SIGKILL
        for channel in CHANNELS:
            for name in broken.names(channel):
                assert pq.read_table(name, partitioning=None).num_rows
    assert killed
    done = into(broken, recording, rows=50)
    assert (done.complete, done.rows, done.repeated) == (True, 24_002, 0)
    for channel in CHANNELS:
        assert content(broken, channel) == content(whole, channel)


def test_a_file_system_of_pyarrow_holds_a_lake_as_a_folder_does(tmp_path: Path, recording: Path) -> None:
    lake = Lake(f"file://{tmp_path}/lake")
    assert into(lake, recording).rows == 3_002
    assert isinstance(lake.files, fs.LocalFileSystem)
    assert len(content(Lake(tmp_path / "lake"), "tops")) == 1_000


def test_a_failed_write_leaves_no_file_under_its_name(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")

    def fails(path: str) -> None:
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        lake.put(f"{lake.root}/trades/x.parquet", fails)
    assert lake.names("trades") == []


def test_every_venue_that_we_read_goes_into_the_lake(tmp_path: Path, shared_data: Path) -> None:
    lake = Lake(tmp_path / "lake")
    for name in ("OKX", "BITGET", "KRAKEN", "BINANCE", "KUCOIN"):
        done = into(lake, shared_data / "ws" / "cryptofeed" / f"{name}.jsonl.zst")
        assert done.complete
        assert done.rows
    for feed in ("okx", "kucoin-spot"):  # in the stream, and by REST
        assert any(lake.dataset("levels", venue=feed).to_table()["snapshot"].to_pylist())
    venues = {row["venue"] for row in lake.partitions()}
    assert venues == {"okx", "bitget-spot", "bitget-mix", "kraken-spot", "binance-spot", "kucoin-spot"}


def test_bad_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lake must be"):
        Lake("nothing://x")
    with pytest.raises(InputError, match="channel must be"):
        Lake(tmp_path).dataset("quotes")


def test_the_document_of_the_lake_is_the_schemas() -> None:
    assert document() in (ROOT / "docs" / "data.md").read_text()
