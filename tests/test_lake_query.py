"""Questions to the lake (M8, M9, M10): bars, books, quality, a provider that cannot look ahead; the verb over them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from feeds import bars
from feeds.lake import Lake
from feeds.lake_book import book_at
from feeds.lake_import import import_recording
from feeds.lake_point import LookAheadError, PointInTime
from feeds.lake_quality import page, quality
from feeds.lake_query import Queries, Span
from feeds.lake_schema import BARS
from native._core import InputError
from pycore.cli import main
from pycore.clock import Clock
from tests.test_lake import BEGIN_NS, SNAPSHOT, lines

OF = ("binance-spot", "BTCUSDT")
WHERE = ["--venue", OF[0], "--symbol", OF[1]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A lake of one made recording, ten seconds over a midnight."""
    (tmp_path / "made.txt").write_text(SNAPSHOT + lines(0, 1_000))
    import_recording(Lake(tmp_path / "lake"), tmp_path / "made.txt", Clock(), lambda done: None, piece_rows=500)
    return tmp_path / "lake"


def data(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    capsys.readouterr()
    code = main(["data", *words, "--json"])
    *rows, summary = map(json.loads, capsys.readouterr().out.splitlines())
    return code, rows, summary


class At:
    """A clock that stands."""

    def __init__(self, now: int) -> None:
        self.now = now

    def utc_ns(self) -> int:
        return self.now


def test_bars_of_the_lake_equal_those_of_the_live_trades(place: Path) -> None:
    queries = Queries(Lake(place))
    found = queries.bars(*OF, "1s")
    live = bars.builder("1s", 1, 2)
    for row in queries.rows("trades", *OF).to_pylist():
        live.take(row["ts_venue"], row["id"], row["price"], row["qty"], row["flags"])
    assert found.schema.equals(BARS)
    assert len(found) == 9  # the tenth second has not ended
    again = bars.builder("1s", 1, 2)
    made = b"".join(
        again.take(BEGIN_NS + at * 10_000_000, 1 + at, 600_001 + at % 7 * 10, 2, at % 2 * 2 ^ 2) for at in range(1_000)
    )
    wanted = bars.table(made, BARS)
    assert found.select(wanted.column_names).to_pylist() == wanted.to_pylist()
    assert len(queries.bars(*OF, "1s", Span(until=BEGIN_NS + 10 * 10**9))) == 10
    assert queries.bars(*OF, "1s", Span(BEGIN_NS + 10**9 + 5))["begin_ns"][0].as_py() == BEGIN_NS + 10**9
    assert len(queries.bars("okx", "nothing", "1s")) == 0


def test_a_book_at_a_time_has_what_was_received_by_then(place: Path) -> None:
    queries = Queries(Lake(place))
    early = book_at(queries, *OF, BEGIN_NS - 1)
    assert (early.id, [row["price"] for row in early.table.to_pylist()]) == (9, [590_005, 600_011])
    late = book_at(queries, *OF, BEGIN_NS + 10_000_000 * 700, levels=1)
    assert (late.id, late.crossed) == (710, False)
    assert [(row["price"], row["qty"]) for row in late.table.to_pylist()] == [(590_495, 150), (600_011, 200)]
    with pytest.raises(InputError, match="at must be after a snapshot"):
        book_at(queries, *OF, BEGIN_NS - 2)


def test_changes_that_came_before_binances_snapshot_count_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "early.txt"
    late = SNAPSHOT.replace(str(BEGIN_NS - 1), str(BEGIN_NS + 45_000_000)).replace(
        '"lastUpdateId":9', '"lastUpdateId":12'
    )
    path.write_text(lines(0, 5) + late + lines(5, 7))
    lake = Lake(tmp_path / "lake")
    import_recording(lake, path, Clock(), lambda done: None)
    book = book_at(Queries(lake), *OF, BEGIN_NS + 45_000_000)
    bids = [(row["price"], row["qty"]) for row in book.table.to_pylist() if row["side"] == 0]
    # 13 and 14 came before the snapshot and count; 10, which was in it already, does not change its 3.0.
    assert (book.id, bids) == (14, [(590_045, 150), (590_035, 150), (590_005, 300)])


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("binance/usdm_btcusdt_20240718.gz", ("binance-usdm", "BTCUSDT")),
        ("cryptofeed/KUCOIN.jsonl.zst", ("kucoin-spot", "SNX-BTC")),
    ],
)
def test_a_recorded_book_at_a_time_equals_the_venues_own_top(
    tmp_path: Path, shared_data: Path, name: str, of: tuple[str, str]
) -> None:
    lake = Lake(tmp_path / "lake")
    import_recording(lake, shared_data / "ws" / name, Clock(), lambda done: None)
    queries = Queries(lake)
    tops = {row["id"]: row for row in queries.rows("tops", *of).to_pylist()}
    levels = queries.rows("levels", *of).select(["id", "ts_receive", "snapshot"]).to_pylist()
    met = [row for row in levels if row["id"] in tops and not row["snapshot"]]
    compared = 0
    for row in met[len(met) // 2 :: max(1, len(met) // 8)]:
        book = book_at(queries, *of, row["ts_receive"], levels=1)
        if book.id != row["id"]:
            continue
        bid, ask = book.table.to_pylist()
        top = tops[book.id]
        assert (bid["price"], bid["qty"], ask["price"], ask["qty"]) == tuple(
            top[name] for name in ("bid", "bid_qty", "ask", "ask_qty")
        )
        compared += 1
    assert compared


def test_a_provider_refuses_the_future_and_shows_only_what_was_known(place: Path) -> None:
    now = BEGIN_NS + 2_500_000_000
    provider = PointInTime(Queries(Lake(place)), At(now))
    assert max(provider.rows("trades", *OF)["ts_receive"].to_pylist()) <= now
    assert len(provider.bars(*OF, "1s")) == 2
    assert provider.book(*OF).ts_receive <= now
    for ask in (
        lambda: provider.rows("trades", *OF, until=now + 1),
        lambda: provider.bars(*OF, "1s", until=now + 1),
        lambda: provider.book(*OF, at=now + 1),
    ):
        with pytest.raises(LookAheadError, match="after the clock"):
            ask()


def test_rows_of_different_scales_share_the_finest(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    for number, text in enumerate((lines(0, 5), lines(5, 9).replace(".10", ".25"))):
        path = tmp_path / f"{number}.txt"
        path.write_text(text)
        import_recording(lake, path, Clock(), lambda done: None)
    found = Queries(lake).rows("trades", *OF)
    assert set(found["price_scale"].to_pylist()) == {2}
    assert found["price"].to_pylist()[4:6] == [6_000_410, 6_000_525]


def test_quality_counts_what_is_wrong(tmp_path: Path) -> None:
    told = (SNAPSHOT + lines(0, 300) + lines(305, 400)).splitlines(keepends=True)
    told[300] = told[300].replace('"b": "', '"b": "9')
    path = tmp_path / "gap.txt"
    path.write_text("".join(told))
    lake = Lake(tmp_path / "lake")
    import_recording(lake, path, Clock(), lambda done: None)
    rows = quality(Queries(lake))
    found = {row["channel"]: row for row in rows}
    assert (found["levels"]["gaps"], found["tops"]["crossed"], found["trades"]["outliers"]) == (1, 1, 0)
    assert found["trades"]["complete"] == pytest.approx(395 / 400)
    assert found["trades"]["silence_ms_max"] == 60.0
    text = page(rows, "<lake>")
    assert "&lt;lake&gt;" in text
    assert '<td class="bad">1</td>' in text
    assert quality(Queries(Lake(tmp_path / "none"))) == []


def test_sql_reads_the_tables_and_nothing_else(place: Path) -> None:
    queries = Queries(Lake(place))
    assert queries.sql("select count(*) as n from trades where day = '2024-08-09'").to_pylist() == [{"n": 500}]
    for text in ("select nothing from trades", "select * from read_csv('/etc/passwd')"):
        with pytest.raises(InputError, match="SQL must be"):
            queries.sql(text)


def test_the_verb_imports_lists_shows_and_exports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, place = tmp_path / "made.txt", str(tmp_path / "lake")
    path.write_text(SNAPSHOT + lines(0, 1_000))
    code, rows, summary = data(capsys, "import", str(path), "--lake", place)
    assert (code, rows[0]["rows"], summary["rows"], summary["summary"]) == (0, 3_002, 3_002, True)
    code, rows, summary = data(capsys, "ls", "--lake", place)
    assert (code, len(rows), summary["rows"]) == (0, 6, 3_002)
    code, rows, summary = data(capsys, "head", "trades", *WHERE, "--rows", "3", "--lake", place)
    assert ([row["id"] for row in rows], summary["of"]) == ([1, 2, 3], 1_000)
    code, rows, _ = data(capsys, "bars", *WHERE, "--bar", "tick:100", "--lake", place)
    assert [row["trades"] for row in rows] == [100] * 10
    code, rows, summary = data(capsys, "book-at", *WHERE, "--at", "2024-08-09T00:00:00", "--lake", place)
    assert (code, len(rows), summary["crossed"]) == (0, 11, False)
    code, rows, summary = data(capsys, "quality", "-o", str(tmp_path / "quality.html"), "--lake", place)
    assert (code, summary["gaps"], (tmp_path / "quality.html").read_text()[:9]) == (0, 0, "<!doctype")
    for kind in ("parquet", "arrow"):
        target = tmp_path / f"tops.{kind}"
        code, _, summary = data(capsys, "export", "tops", *WHERE, "-o", str(target), "--lake", place)
        assert (code, summary["rows"]) == (0, 1_000)
    assert (
        pq.read_table(tmp_path / "tops.parquet")
        == ipc.open_file(pa.memory_map(str(tmp_path / "tops.arrow"))).read_all()
    )


@pytest.mark.parametrize(
    "words",
    [
        ["import", "nothing.zst"],
        ["head", "trades", *WHERE, "--since", "yesterday"],
        ["bars", *WHERE, "--bar", "2m"],
        ["book-at", *WHERE, "--at", "1960-01-01"],
        ["export", "tops", *WHERE, "-o", "tops.csv"],
    ],
)
def test_bad_input_is_named(place: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["data", *words, "--lake", str(place)]) == 2
    assert words[-1] in capsys.readouterr().err
