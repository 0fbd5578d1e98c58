"""Questions to the lake (M8, M9, M10): bars, books, quality, a provider that cannot look ahead; the verb over them."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from feeds import bars
from feeds.bars_live import LiveBars, Source
from feeds.lake import Lake
from feeds.lake_book import book_at
from feeds.lake_import import import_recording
from feeds.lake_point import LookAheadError, PointInTime
from feeds.lake_quality import MARKS, events, marks, quality
from feeds.lake_quality_page import STRIPS_MAX, page
from feeds.lake_query import Queries, Span, frame
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
    assert len(provider.rows("trades", *OF, since=now)) == 0
    for ask in (
        lambda: provider.rows("trades", *OF, until=now + 1),
        lambda: provider.rows("levels", *OF, since=now + 1),
        lambda: provider.klines(*OF, "1h", until=now + 1),
        lambda: provider.klines(*OF, "1h", since=now + 1),
        lambda: provider.bars(*OF, "1s", since=now + 1),
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
    assert quality(Queries(Lake(tmp_path / "none"))) == []
    told_of = [(row["kind"], row["channel"], row["ts_ns"] - BEGIN_NS) for row in events(Queries(lake), 10)]
    assert told_of == [("crossed", "tops", 990_000_000), ("gap", "levels", 3_050_000_000)]
    (gap,) = [row for row in events(Queries(lake), 10) if row["kind"] == "gap"]
    assert (gap["id"], gap["detail"], gap["symbol"]) == (315, "follows 309, was 315", "BTCUSDT")
    assert len(events(Queries(lake), 1)) == 1


def test_silence_steps_and_jumps_are_events(tmp_path: Path) -> None:
    told = lines(0, 3).splitlines(keepends=True)
    later = lines(2_000, 2_002).replace('"p": "600', '"p": "700')
    told += later.splitlines(keepends=True)
    told[-3] = told[-3].replace('"T": 17', '"T": 16')  # the last trade's time lies years before
    (tmp_path / "made.txt").write_text("".join(told))
    lake = Lake(tmp_path / "lake")
    import_recording(lake, tmp_path / "made.txt", Clock(), lambda done: None)
    kinds = Counter(row["kind"] for row in events(Queries(lake), 99) if row["channel"] == "trades")
    assert kinds == {"silence": 1, "outlier": 1, "backwards": 1}


def test_the_page_draws_every_part_and_marks_faults() -> None:
    of = {"channel": "tops", "venue": "okx", "symbol": "<X>", "day": "2024-08-09"}
    span = {"begin_ns": BEGIN_NS, "end_ns": BEGIN_NS + 90 * 10**9}
    counted = [
        {**of, **span, "mark": 0, "messages": 50, "faults": 0},
        {**of, **span, "mark": 1, "messages": 100, "faults": 2},
        {**of, **span, "mark": 239, "messages": 1, "faults": 0},
    ]
    row = {**of, "messages": 151, "backwards": 0, "gaps": None, "crossed": 2, "outliers": None}
    text = page([row], counted, "<lake>")
    assert "&lt;lake&gt;" in text
    assert "<X>" not in text
    assert '<td class="bad">2</td>' in text
    heights = re.findall(r'<rect x="(\d+)" y="([\d.]+)" width=".9" height="([\d.]+)"( class="bad")?/>', text)
    assert heights == [("0", "20.0", "20.0", ""), ("1", "0.0", "40.0", ' class="bad"'), ("239", "39.0", "1.0", "")]
    assert "151 messages from 23:59:55 to 00:01:25 UTC, 2 faults" in text
    days = [{**counted[0], "day": f"{day:04d}"} for day in range(STRIPS_MAX + 2)]
    assert "2 more are not drawn" in page([], days, "x")


def test_a_days_messages_fall_into_marks(place: Path) -> None:
    found = [row for row in marks(Queries(Lake(place))) if (row["channel"], row["day"]) == ("trades", "2024-08-09")]
    assert sum(row["messages"] for row in found) == 500
    assert (found[0]["mark"], found[-1]["mark"]) == (0, MARKS - 1)
    assert found[0]["begin_ns"] == BEGIN_NS + 5 * 10**9


def test_stored_bars_of_different_scales_share_the_finest_and_sums_stay_exact(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    for at, (tick, lot) in enumerate((("0.1", "0.01"), ("0.01", "0.001"))):
        live = LiveBars(lake, Source(OF[0], "spot", {OF[1]: (tick, lot)}), ["tick:5"], BEGIN_NS + at)
        for line in lines(10 * at, 10 * at + 10).splitlines():
            live.take(line.partition(" ")[2].encode(), int(line.partition(" ")[0]))
        live.flush(BEGIN_NS)
        live.store(BEGIN_NS)
    found = Queries(lake).stored_bars(*OF, "tick:5")
    again = bars.builder("tick:5", 2, 3)
    made = b"".join(
        again.take(BEGIN_NS + at * 10_000_000, 1 + at, 6_000_010 + at % 7 * 100, 20, at % 2 * 2 ^ 2) for at in range(20)
    )
    wanted = bars.table(made, BARS)
    assert set(found["price_scale"].to_pylist()) == {2}
    assert found.select(wanted.column_names).to_pylist() == wanted.to_pylist()


def test_answers_become_polars_frames(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Queries(Lake(place)).rows("trades", *OF)
    found = frame(table)
    assert found.to_arrow().cast(table.schema).equals(table)
    assert found["price"].sum() == sum(table["price"].to_pylist())
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(InputError, match="polars must be installed"):
        frame(table)


def test_bars_and_other_channels_are_not_confused(place: Path) -> None:
    queries = Queries(Lake(place))
    for channel, bar in (("trades", "1h"), ("klines", None), ("bars", None)):
        with pytest.raises(InputError, match="bar must be given for klines and bars and for nothing else"):
            queries.rows(channel, *OF, bar=bar)
    with pytest.raises(InputError, match="channel must be one of"):
        queries.rows("quotes", *OF)


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
    faults = tmp_path / "faults.jsonl"
    words = ["-o", str(tmp_path / "quality.html"), "--events", str(faults)]
    code, rows, summary = data(capsys, "quality", *words, "--lake", place)
    assert (code, summary["gaps"], summary["events"], summary["more_events"]) == (0, 0, 0, False)
    assert ((tmp_path / "quality.html").read_text()[:9], faults.read_text()) == ("<!doctype", "")
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
