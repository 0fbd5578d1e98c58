"""The report: markouts by hand, an equity that is the ledger's, a page that is whole, and journals that are refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from native import _core
from pycore.errors import InputError
from pycore.glft_maker import GlftMaker
from pycore.strategy import Contract
from sim.report import markouts, page, risk
from sim.report.drawing import thin
from sim.report.figures import Figures
from sim.report.pictures import peaks
from sim.report.verb import of_journal
from tests.venue_loop import Loop

ROOT = Path(__file__).resolve().parents[1]
DEPOSIT = 10**13
PARAMS = {
    **{"a": 3.0, "k": 0.4, "gamma": 0.002, "xi": 0.002, "sigma": 4.0, "decay": 0.9},
    **{"size": 20, "levels": 3, "step_ticks": 3, "min_spread_ticks": 2, "requote_ticks": 1, "max_position": 50},
}
SECTIONS = (
    *("summary", "equity-and-drawdown", "inventory", "fills-on-the-price-linear-btcusdt", "markouts"),
    *("latency", "refusals-by-check", "orders-by-state", "result", "latency-table", "markout-table", "risk", "session"),
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Loop]:
    """The journal of a maker's minute on the exchange, and the loop that wrote it."""
    journal = tmp_path_factory.mktemp("report") / "journal"
    loop = Loop(11, str(journal))
    maker = GlftMaker(Contract(1, "linear", "BTCUSDT", Decimal("0.1"), Decimal("0.001")), PARAMS)

    def quote(engine: _core.Engine, ts: int, mono: int) -> None:
        view = engine.view(1, 1, 1)
        if view.happened:
            engine.propose(1, 1, 1, maker.generate_proposals(view), ts, mono)

    loop.after = quote
    for _ in range(1200):
        loop.step()
    loop.engine.close()
    return journal, loop


@pytest.fixture(scope="module")
def figures(played: tuple[Path, Loop]) -> Figures:
    return of_journal(played[0])


def report(*words: str) -> subprocess.CompletedProcess[str]:
    """The verb as a process."""
    command = [sys.executable, "-m", "pycore.cli", "report", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_markouts_equal_the_check_values() -> None:
    buy, price, mid, later = 1, 100.02, 100.0, 100.03
    assert markouts.effective_bp(buy, price, mid) == pytest.approx(4)
    assert markouts.impact_bp(buy, mid, later) == pytest.approx(6)
    assert markouts.realised_bp(buy, price, mid, later) == pytest.approx(-2)
    # The taker bought, so the maker's own fill is a sale.
    assert markouts.markout_bp(markouts.SELL, price, later) == pytest.approx(-0.99980004, abs=5e-9)
    assert markouts.markout_bp(markouts.BUY, price, later) == pytest.approx(0.99980004, abs=5e-9)


def test_a_markout_takes_the_last_mid_at_its_horizon_and_none_after_the_end() -> None:
    second = 10**9
    ts = np.array([0, second, 2 * second, 5 * second], dtype=np.int64)
    mids = markouts.Mids(ts, np.array([100.0, 100.03, np.nan, 101.0]), end_ns=6 * second)
    fills = np.array([0, 0], dtype=np.int64)
    found = markouts.of_fills([markouts.SELL, markouts.BUY], np.array([100.02, 100.02]), fills, mids)
    by_horizon = dict(zip(markouts.HORIZONS_S, found, strict=True))
    assert by_horizon[0.1] == pytest.approx([1.99960008, -1.99960008])
    assert by_horizon[1.0] == pytest.approx([-0.99980004, 0.99980004], abs=5e-9)
    assert by_horizon[5.0][1] > 0
    assert np.isnan(by_horizon[10.0]).all(), "the journal ended before"
    later = markouts.of_fills([markouts.BUY], np.array([100.02]), np.array([2 * second]), mids)
    assert np.isnan(later[0]).all(), "there was no book"
    before = markouts.of_fills([markouts.BUY], np.array([100.02]), np.array([-second]), mids)
    assert np.isnan(before[0]).all(), "the book came later"


def test_means_carry_their_standard_error() -> None:
    values = np.array([1.0, 3.0, np.nan])
    row = markouts.summary([values] * len(markouts.HORIZONS_S))[0]
    assert (row.count, row.mean_bp) == (2, 2.0)
    assert row.error_bp == pytest.approx(1.0)
    assert np.isnan(markouts.summary([values[:1]] * len(markouts.HORIZONS_S))[0].error_bp)


def test_equity_ends_where_the_ledger_does(figures: Figures, played: tuple[Path, Loop]) -> None:
    story, loop = figures.story, played[1]
    assert len(story.fills) == loop.fills > 20
    replay = _core.Replay(str(played[0]))
    replay.run()
    ledger = {row["class"]: row["balance"] for row in replay.ledger()}
    # The venue rounds its entry price, so its realised profit differs by crumbs, which the ledger keeps in suspense.
    gained = ledger["wallet"] + ledger["suspense"] - DEPOSIT
    assert abs(ledger["suspense"]) < 10_000
    parts = story.parts["USDT"]
    assert gained == parts["realised"] - parts["fees"] + parts["funding"]
    assert story.final["USDT"] == gained + parts["unrealised"]
    assert story.equity["USDT"].values[-1] == pytest.approx(story.final["USDT"] / 1e8)
    assert story.state_hash == replay.state_hash()


def test_counts_are_those_of_the_engine(figures: Figures, played: tuple[Path, Loop]) -> None:
    story, records, engine = figures.story, figures.records, played[1].engine
    assert story.refusals == engine.refusals()
    assert sum(story.refusals.values()) > 0
    assert records.hops["sent to answer"].samples == records.counts["Answer"]
    assert records.counts["Sent"] == len(played[1].sent)
    recent = Counter(row["state"] for row in engine.orders(open_only=False))
    assert all(story.orders_by_state()[state] >= count for state, count in recent.items())
    inventory = 0
    for fill in story.fills:
        inventory += fill.qty if fill.side == markouts.BUY else -fill.qty
    assert story.inventory[1].values[-1] == inventory
    assert records.checkpoints > 0
    assert not story.diverged


def test_the_page_is_whole_and_loads_nothing(figures: Figures) -> None:
    html = page.html(figures)
    assert re.findall(r'<section id="([^"]+)"', html) == list(SECTIONS)
    assert html.count("<svg ") == 7
    assert "prefers-color-scheme: dark" in html
    assert not re.search(r'(?:src|href)="(?!#)|@import|<script|url\((?!#)', html)
    assert not re.search(r"#01020[3-9]", html), "a placeholder colour was left"
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    assert page.html(figures) == html, "one journal gives one page"


def test_what_comes_from_outside_is_escaped(figures: Figures) -> None:
    bad = Figures(**{**vars(figures), "session": {"market": "<script>alert(1)</script>"}})
    assert "<script" not in page.html(bad)


def test_the_risk_table_tells_the_most_that_was_used(figures: Figures) -> None:
    limits = [
        {"scope": "symbol", "subject": "linear:BTCUSDT", "kind": "max_order_qty", "value": "0.100", "extra": 0},
        {"scope": "symbol", "subject": "spot:BTCUSDT", "kind": "max_position", "value": "1", "extra": 0},
        {"scope": "account", "subject": "main", "kind": "order_rate", "value": 60, "extra": 12},
        {"scope": "account", "subject": "main", "kind": "allow_symbol", "value": "linear:BTCUSDT", "extra": 0},
    ]
    qty, other, rate = risk.table(limits, figures.story)
    assert (qty["most used"], qty["share"]) == ("0.02", "20 %")
    assert other["most used"] == ""
    assert rate["value"] == "60 + 12/s"
    assert int(rate["refusals of its check"]) == figures.story.refusals["order rate"]


def test_the_verb_writes_beside_the_journal_and_sums_up(played: tuple[Path, Loop], tmp_path: Path) -> None:
    target = tmp_path / "out.html"
    done = report(str(played[0].parent), "-o", str(target), "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["summary"] is True
    assert summary["report"] == str(target)
    assert summary["fills"] == played[1].fills
    assert target.read_text().startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]


def test_a_damaged_journal_is_refused_with_its_place(played: tuple[Path, Loop], tmp_path: Path) -> None:
    copy = tmp_path / "journal"
    copy.mkdir()
    segment = next(played[0].glob("*.seg"))
    raw = bytearray(segment.read_bytes())
    raw[5000] ^= 1
    (copy / segment.name).write_bytes(raw)
    with pytest.raises(_core.DamagedError, match=segment.name):
        of_journal(copy)
    done = report(str(copy))
    assert done.returncode == 1
    assert f"{segment.name} is damaged at offset" in done.stderr
    assert not list(tmp_path.glob("*.html*"))


def test_what_is_no_journal_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        of_journal(tmp_path)
    for words in ((str(tmp_path),), (str(tmp_path / "none"),)):
        done = report(*words)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert str(tmp_path) in done.stderr


def test_drawdown_begins_at_zero_and_thinning_keeps_the_extremes() -> None:
    assert peaks([-1.0, 2.0, 1.0]) == [0.0, 2.0, 2.0]
    values = [float(at % 7) for at in range(10_000)]
    values[4321] = 99.0
    ts, kept = thin(range(10_000), values)
    assert len(kept) <= 1600
    assert max(kept) == 99.0
    assert ts == sorted(ts)
    assert ts[-1] == 9_999
