"""Backfill (M7): ccxt, unmodified, brings history from two venues that fail on the way; nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from feeds.history import venues as asking
from feeds.history.backfill import Backfill, Outcome
from feeds.history.job import Job, read
from feeds.lake import Lake
from feeds.lake_point import PointInTime
from feeds.lake_query import Queries
from native._core import InputError
from pycore.cli import main
from pycore.clock import Clock
from tests.conftest import ROOT, SHARED_DATA
from tests.history_venues import HOUR_MS, History, Venues, made, real, serving

COMMAND = [sys.executable, "-m", "pycore.cli", "data", "backfill", "--json"]
#: Runs a command as a script's `&` does: with SIGINT ignored.
DEAF = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
MS_NS = 1_000_000
BARS_OF = ("binance-usdm", "bybit-linear")
NAMES = ("open", "high", "low", "close", "volume")


class At(Clock):
    """A clock whose UTC stands."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def utc_ns(self) -> int:
        return self.ms * MS_NS


@pytest.fixture(params=["real", "made"])
def history(request: pytest.FixtureRequest) -> History:
    """The recorded bars, and made ones for a checkout without them."""
    if request.param == "made":
        return made(450)
    if not SHARED_DATA.is_dir():
        pytest.skip("the recordings in ../shared/data are not here")
    return real(SHARED_DATA)


def bring(lake: Lake, venues: Venues, jobs: list[Job], now_ms: int) -> list[Outcome]:
    backfill = Backfill(lake, At(now_ms), lambda outcome, share: None, venues.bases, "key")
    asyncio.run(backfill.run(jobs))
    return backfill.outcomes


def jobs_of(venue: str, channels: str = "klines", symbol: str = "BTCUSDT", since_ms: int = 0) -> list[Job]:
    far_ns = 2**63 - 1
    bars = {"klines": "1h"}
    return [
        Job(venue, symbol, channel, bars.get(channel, ""), since_ms * MS_NS, far_ns) for channel in channels.split(",")
    ]


def exact(row: dict[str, Any], name: str, scale: str) -> Decimal:
    return Decimal(row[name]).scaleb(-row[scale])


def bars_in(lake: Lake, venue: str, symbol: str = "BTCUSDT") -> list[tuple[Any, ...]]:
    rows = Queries(lake).klines(venue, symbol, "1h").to_pylist()
    scales = ("price_scale",) * 4 + ("qty_scale",)
    return [
        (row["ts_venue"] // MS_NS, *(exact(row, name, scale) for name, scale in zip(NAMES, scales, strict=True)))
        for row in rows
    ]


def numbers(bars: list[Any]) -> list[tuple[Any, ...]]:
    return [(row[0], *map(Decimal, row[1:])) for row in bars]


def test_two_venues_that_fail_give_every_whole_bar_once(tmp_path: Path, history: History) -> None:
    lake, bars = Lake(tmp_path / "lake"), history.bars["BTCUSDT"][-420:]
    funding = [row for row in history.funding["BTCUSDT"] if row[0] >= bars[0][0]]
    channels, since = "klines,funding", bars[0][0]
    open_ms = bars[-1][0]  # the last bar is still open then
    with serving(history) as venues:
        venues.faults = dict(enumerate(("429", "503", "cut", "overlap", "empty", "html", "503", "overlap", "cut"), 1))
        jobs = [job for venue in BARS_OF for job in jobs_of(venue, channels, since_ms=since)]
        outcomes = bring(lake, venues, jobs, open_ms + 60_000)
        assert venues.faults == {}
        assert [(outcome.error, outcome.at.complete, outcome.at.missing) for outcome in outcomes] == [("", True, 0)] * 4
        # The bar has ended: the same job goes on to it and brings nothing else.
        later = bring(lake, venues, jobs_of("bybit-linear", since_ms=since), open_ms + HOUR_MS)
        assert (later[0].at.rows, later[0].at.repeated) == (len(bars), 0)
    assert bars_in(lake, "binance-usdm") == numbers(bars)[:-1]
    assert bars_in(lake, "bybit-linear") == numbers(bars)
    for venue in BARS_OF:
        rows = Queries(lake).rows("funding", venue, "BTCUSDT").to_pylist()
        found = [(row["ts_venue"] // MS_NS, exact(row, "rate", "rate_scale")) for row in rows]
        assert found == [(ts, Decimal(rate)) for ts, rate in funding if ts < open_ms + 60_000]


def test_bars_are_known_when_they_have_ended(tmp_path: Path) -> None:
    history, lake = made(50), Lake(tmp_path / "lake")
    begin_ms = history.bars["BTCUSDT"][0][0]
    with serving(history) as venues:
        bring(lake, venues, jobs_of("binance-usdm", since_ms=begin_ms), begin_ms + 50 * HOUR_MS)
    provider = PointInTime(Queries(lake), At(begin_ms + 10 * HOUR_MS + 5))
    found = provider.klines("binance-usdm", "BTCUSDT", "1h")
    assert (len(found), found["end_ns"][-1].as_py()) == (10, (begin_ms + 10 * HOUR_MS) * MS_NS)


def test_trades_come_by_number_and_join_what_was_recorded(tmp_path: Path) -> None:
    history, lake = made(5), Lake(tmp_path / "lake")
    given = [row for row in history.trades if row[1] >= 700]
    del history.trades[1_500:1_510]  # the venue has left out ten numbers
    with serving(history) as venues:
        venues.faults = {2: "429", 4: "empty"}
        job = jobs_of("binance-usdm", "trades", since_ms=given[0][0])
        first = bring(lake, venues, job, given[900][0])
        second = bring(lake, venues, jobs_of("binance-usdm", "trades", since_ms=given[800][0]), given[-1][0] + 1)
    assert (first[0].at.rows, first[0].at.missing) == (900, 0)
    assert (second[0].at.repeated, second[0].at.missing, second[0].error) == (100, 10, "")
    rows = Queries(lake).rows("trades", "binance-usdm", "BTCUSDT").to_pylist()
    kept = [row for row in given if row in history.trades]
    assert [(row["ts_venue"] // MS_NS, row["id"], row["flags"]) for row in rows] == [
        (ts, id_, 2 if sold else 0) for ts, id_, _, _, sold in kept
    ]


def test_trades_come_by_time_where_a_venue_gives_them_so(tmp_path: Path) -> None:
    history, lake = made(5), Lake(tmp_path / "lake")
    given = history.trades[40:]
    with serving(history) as venues:
        venues.faults = {1: "503", 2: "overlap", 3: "empty", 4: "cut"}
        job = jobs_of("kraken-spot", "trades", "XBT/USD", since_ms=given[0][0])
        (first,) = bring(lake, venues, job, given[1_200][0])
        (second,) = bring(lake, venues, job, given[-1][0] + 5_000)
    assert (first.error, first.at.rows, first.at.complete) == ("", 1_200, True)
    assert (second.at.rows, second.at.complete) == (len(given), True)
    rows = Queries(lake).rows("trades", "kraken-spot", "XBT/USD").to_pylist()
    found = [(row["ts_venue"] // MS_NS, row["id"], exact(row, "price", "price_scale"), row["flags"]) for row in rows]
    assert found == [(ts, id_, Decimal(price), 2 if sold else 0) for ts, id_, price, _, sold in given]


def test_more_trades_of_one_second_than_a_page_end_the_job(tmp_path: Path) -> None:
    history, lake = made(5), Lake(tmp_path / "lake")
    history.trades = [(history.trades[0][0], 1 + at, "60000.1", "1", False) for at in range(1_200)]
    with serving(history) as venues:
        (found,) = bring(lake, venues, jobs_of("kraken-spot", "trades", "XBT/USD", history.trades[0][0]), 2**41)
    assert "must be fewer than a page, was 1000" in found.error


def test_a_venue_that_does_not_heed_the_window_is_not_believed(tmp_path: Path) -> None:
    history, lake = made(900), Lake(tmp_path / "lake")
    begin_ms = history.bars["BTCUSDT"][0][0]
    with serving(history) as venues:
        venues.deaf = True
        (found,) = bring(lake, venues, jobs_of("bybit-linear", since_ms=begin_ms), begin_ms + 900 * HOUR_MS)
        assert "--since may be too early" in found.error
        assert (found.at.rows, found.at.complete) == (0, False)
        # The newest page is what such a venue can tell.
        since = begin_ms + 700 * HOUR_MS
        (found,) = bring(lake, venues, jobs_of("bybit-linear", since_ms=since), begin_ms + 900 * HOUR_MS)
    assert (found.error, found.at.rows, found.at.complete) == ("", 200, True)


def test_a_venue_that_refuses_ends_its_job_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ATTEMPTS", 2)
    history, lake = made(60), Lake(tmp_path / "lake")
    begin_ms = history.bars["BTCUSDT"][0][0]
    with serving(history) as venues:
        venues.faults = {1: "503", 2: "503"}
        jobs = [
            *jobs_of("binance-usdm", since_ms=begin_ms),
            *jobs_of("binance-usdm", symbol="NOTHING", since_ms=begin_ms),
            *jobs_of("binance-usdm", symbol="ETHUSDT", since_ms=begin_ms),
            *jobs_of("bybit-linear", "trades", since_ms=begin_ms),
        ]
        silent, unknown, good, without = bring(lake, venues, jobs, begin_ms + 60 * HOUR_MS)
        assert "must answer within 2 tries, was ExchangeNotAvailable" in silent.error
        assert unknown.error == "symbol must be listed by binance-usdm, was NOTHING"
        assert "trades can be brought from binance-spot" in without.error
        assert (good.error, good.at.rows, good.at.complete) == ("", 57, True)
        again = bring(lake, venues, jobs[:1], begin_ms + 60 * HOUR_MS)
    assert (again[0].at.rows, again[0].at.complete) == (60, True)


def test_killed_and_interrupted_it_goes_on_and_loses_and_doubles_nothing(tmp_path: Path) -> None:
    # Far more pages, and slower ones, than the second run is given time for, so that the interrupt finds it at work,
    # even where this process is long in seeing what was written.
    history, place = made(4_000), tmp_path / "lake"
    bars = history.bars["BTCUSDT"]
    lake, codes = Lake(place), []
    with serving(history) as venues:
        words = ["--lake", str(place), "--since", str(bars[0][0] * MS_NS), "--until", str((bars[-1][0] + 1) * MS_NS)]
        for venue in BARS_OF:
            words += ["--of", f"{venue}:BTCUSDT", "--base", f"{venue}={venues.bases[venue]}"]
        for more, how, venues.delay_s in ((2, signal.SIGKILL, 0.05), (3, signal.SIGINT, 1.0)):
            files = len(lake.names("klines")) + more
            with subprocess.Popen([*DEAF, *COMMAND, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
                while child.poll() is None and len(lake.names("klines")) < files:
                    time.sleep(0.002)
                child.send_signal(how)
                out, _ = child.communicate()
            codes.append(child.returncode)
        assert json.loads(out.splitlines()[-1])["interrupted"] is True
        venues.delay_s = 0
        done = [bring(lake, venues, jobs_of(venue, since_ms=bars[0][0]), bars[-1][0] + 1)[0] for venue in BARS_OF]
    assert codes == [-signal.SIGKILL, 130]
    for outcome in done:
        at = outcome.at
        assert (at.complete, at.rows, at.missing, outcome.error) == (True, len(bars) - 1, 0, "")
        assert bars_in(lake, outcome.job.venue) == numbers(bars)[:-1]


def test_a_death_between_the_rows_and_the_checkpoint_doubles_nothing(tmp_path: Path) -> None:
    history, lake = made(500), Lake(tmp_path / "lake")
    begin_ms = history.bars["BTCUSDT"][0][0]
    (job,) = jobs_of("bybit-linear", since_ms=begin_ms)
    with serving(history) as venues:
        bring(lake, venues, [job], begin_ms + 400 * HOUR_MS)
        (tmp_path / "lake" / "backfill" / f"{job.id()}.json").unlink()
        assert read(lake, job).rows == 0
        (found,) = bring(lake, venues, [job], begin_ms + 500 * HOUR_MS)
    assert (found.at.rows, found.at.repeated) == (500, 0)
    assert bars_in(lake, "bybit-linear") == numbers(history.bars["BTCUSDT"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--of", "okx"], "--of must be NAME:VALUE, was okx"),
        (["--of", "okx:X", "--channels", "books"], "--channels must be of klines, trades, funding, was books"),
        (["--of", "okx:X", "--bar", "2h"], "--bar must be one of"),
        (["--of", "nowhere:X"], "venue must be one of"),
        (["--of", "okx:X", "--until", "2020-01-01"], "--until must be after --since"),
    ],
)
def test_bad_input_is_named(tmp_path: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["data", "backfill", *words, "--since", "2025-01-01", "--lake", str(tmp_path / "lake")]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, told in err) == ("", True), err


def test_the_verb_tells_every_job_and_fails_where_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = made(30)
    begin_ns = history.bars["ETHUSDT"][0][0] * MS_NS
    with serving(history) as venues:
        words = ["data", "backfill", "--since", str(begin_ns + 1), "--until", str(begin_ns + 5 * HOUR_MS * MS_NS)]
        words += ["--of", "bybit-linear:ETHUSDT", "--of", "bybit-linear:NOTHING", "--lake", str(tmp_path / "lake")]
        code = main([*words, "--base", f"bybit-linear={venues.bases['bybit-linear']}", "--json"])
    good, bad, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert (code, summary["jobs"], summary["complete"], summary["rows"]) == (1, 2, 1, 5)
    assert (good["error"], good["reached_ns"]) == ("", begin_ns + 5 * HOUR_MS * MS_NS)
    assert (bad["complete"], bad["error"]) == (False, "symbol must be listed by bybit-linear, was NOTHING")


def test_without_ccxt_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt.async_support", None)
    with pytest.raises(InputError, match="ccxt must be installed for history"):
        asking.Venue("okx")
