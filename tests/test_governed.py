"""A reference is shown while the first source is silent or broken, and every switch stands in a journal (M2, M3)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from feeds.governed import Governance
from native import _core
from native._core import InputError
from pycore.cli import main
from tests.test_watch import run
from tests.venue_dialects import DIALECTS
from tests.venue_server import VenueServer, made_up

MS = 1_000_000


class Clock:
    """Time that a test moves."""

    now = 1_700_000_000_000 * MS

    def utc_ns(self) -> int:
        return self.now

    def mono_ns(self) -> int:
        return self.now


def told(journal: Path) -> list[tuple[str, str]]:
    """What a journal says of lines; a replay of all of it agrees."""
    replay = _core.Replay(str(journal))
    replay.run()
    rows = _core.journal_show(str(journal), 1, replay.last_seq)
    return [(row["what"], row["why"]) for row in rows if row["kind"] == "LineEvent"]


def pass_ms(clock: Clock, governance: Governance, ms: int, *well: int) -> list[tuple[str, str, str]]:
    """Time passes, in which the sources `well` bring something all the time."""
    found = []
    for _ in range(ms // 50):
        clock.now += 50 * MS
        for source in well:
            governance.health(source, whole=True, moved=True)
        found += governance.judge()
    return [(one.what, one.why, one.source) for one in found]


def test_silence_and_broken_books_change_the_source_and_all_of_it_is_journalled(tmp_path: Path) -> None:
    clock = Clock()
    governance = Governance(["okx", "bybit-linear"], 1_000 * MS, clock, tmp_path / "journal")
    assert pass_ms(clock, governance, 2_000, 0, 1) == []
    assert (governance.primary, governance.switches) == (0, 0)
    # The first says nothing for longer than the bound; it comes back, and the other keeps the place.
    assert pass_ms(clock, governance, 1_500, 1) == [("switch", "silent", "bybit-linear")]
    assert pass_ms(clock, governance, 2_000, 0, 1) == []
    assert governance.primary == 1
    # The other's book is in doubt: back at once.
    governance.health(1, whole=False, moved=True)
    assert [(one.what, one.why, one.source, one.before) for one in governance.judge()] == [
        ("switch", "broken", "okx", "bybit-linear")
    ]
    assert pass_ms(clock, governance, 1_500) == [("stale", "", "okx")]
    assert governance.stale
    assert pass_ms(clock, governance, 100, 0) == [("fresh", "", "okx")]
    assert (governance.primary, governance.switches, governance.stale) == (0, 2, False)
    governance.close()
    assert told(tmp_path / "journal") == [
        ("Switch", "Silent"),
        ("Switch", "Down"),
        ("Stale", "None"),
        ("Fresh", "None"),
    ]
    with pytest.raises(InputError, match="sources must be two different ones, was okx, okx"):
        Governance(["okx", "okx"], MS, clock)


async def test_a_venue_that_falls_silent_is_watched_by_its_reference(tmp_path: Path) -> None:
    first = VenueServer("okx", made_up(DIALECTS["okx"], 3, changes=300), "silence")
    second = VenueServer("bybit-linear", made_up(DIALECTS["bybit-linear"], 4, changes=40))
    async with first.serving() as at, second.serving() as other:
        words = ["--venue", "okx", "--symbols", "BTC-USDT,ETH-USDT", "--base", at.rest, "--seconds", "4"]
        words += ["--reference", "bybit-linear:BTC-USDT,ETH-USDT", "--reference-base", other.rest, "--silent-ms", "600"]
        code, rows = await asyncio.to_thread(run, "watch", *words, "--every", "0.3", "--journal", str(tmp_path / "j"))
        assert code == 0
        [switch] = [row for row in rows if row.get("event") == "switch"]
        assert (switch["why"], switch["source"], switch["before"]) == ("silent", "bybit-linear", "okx")
        shown = [row for row in rows if row.get("symbol") == "BTC-USDT"]
        assert (shown[0]["source"], shown[-1]["source"], shown[-1]["synced"]) == ("okx", "bybit-linear", True)
        [(bid, _)] = second.books["BTC-USDT"].best("bids", 1)
        assert shown[-1]["bid"] == float(bid)
        assert rows[-1]["switches"] == 1
    assert ("Switch", "Silent") in told(tmp_path / "j")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--reference", "bybit-linear"], "--reference must be VENUE:SYMBOL"),
        (["--reference", "bybit-linear:A,B"], "--reference must have a symbol for each of --symbols, was 1 and 2"),
        (["--reference", "bybit-linear:A", "--silent-ms", "0"], "--silent-ms above zero"),
        (["--reference", "nowhere:A"], "was nowhere"),
    ],
)
def test_a_reference_that_cannot_be_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--venue", "okx", "--symbols", "A", *words]) == 2
    assert said in capsys.readouterr().err
