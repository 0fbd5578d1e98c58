"""`tickwright watch` and `capture` as processes, against venues on loopback and the box (M1, M12)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from feeds.recorder import What
from feeds.recordings import Recording
from native._core import DecodeError, LiveBooks
from pycore.cli import main
from tests.box_process import running_box
from tests.venue_dialects import DIALECTS, Asked, Okx
from tests.venue_server import VenueServer, made_up

COMMAND = [sys.executable, "-c", "import sys; from pycore.cli import main; sys.exit(main())"]


def run(*words: str) -> tuple[int, list[dict[str, Any]]]:
    ended = subprocess.run([*COMMAND, *words, "--json"], stdout=subprocess.PIPE, check=False, timeout=120)
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()]


async def record(feed: str, path: Path) -> list[dict[str, Any]]:
    """Records a venue on loopback that loses messages."""
    server = VenueServer(feed, made_up(DIALECTS[feed], 3, changes=300), "drop")
    async with server.serving() as at:
        words = ["--venue", feed, "--symbols", "BTC-USDT,ETH-USDT", "--base", at.rest, "--seconds", "5"]
        code, rows = await asyncio.to_thread(run, "capture", *words, "-o", str(path))
    assert code == 0
    return rows


async def test_what_is_recorded_of_other_venues_is_rebuilt_and_asked_for_again_after_each_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feeds = ["okx", "bybit-linear", "kucoin-spot", "htx-linear"]
    paths = {feed: tmp_path / f"{feed}.zst" for feed in feeds}
    summaries = dict(zip(feeds, await asyncio.gather(*(record(feed, paths[feed]) for feed in feeds)), strict=True))
    for feed, path in paths.items():
        summary, code = summaries[feed][-1], main(["book", "--json", str(path)])
        *rows, total = map(json.loads, capsys.readouterr().out.splitlines())
        assert {(row["venue"], row["instrument"]) for row in rows} == {(feed, "BTC-USDT"), (feed, "ETH-USDT")}
        records = [record for batch in Recording(path).batches() for record in batch]
        assert summary["messages"] == sum(record.what is What.MESSAGE for record in records) > 0
        assert summary["snapshots"] == sum(record.what is What.REST for record in records)
        if feed == "htx-linear":
            assert (code, total["gaps"]) == (0, 0)
        else:
            # What the venue lost is in the recording as a gap, and a whole book follows it.
            assert total["gaps"] > 0
            last = [row for row in rows if row["deltas"]]
            assert all(row["crossed"] == 0 for row in last)


async def test_a_venue_is_watched_without_knowing_its_ticks() -> None:
    server = VenueServer("okx", made_up(DIALECTS["okx"], 3, changes=40), "none")
    async with server.serving() as at:
        words = ["--venue", "okx", "--symbols", "BTC-USDT,ETH-USDT", "--base", at.rest, "--seconds", "4"]
        code, rows = await asyncio.to_thread(run, "watch", *words, "--every", "0.5")
        assert code == 0
        assert rows[-1]["synced"]
        last = {row["symbol"]: row for row in rows[:-1]}
        for symbol, book in server.books.items():
            [(bid, bid_qty)], [(ask, ask_qty)] = book.best("bids", 1), book.best("asks", 1)
            shown = [last[symbol][name] for name in ("bid", "bid_qty", "ask", "ask_qty")]
            assert shown == [float(text) for text in (bid, bid_qty, ask, ask_qty)]


async def test_the_box_is_watched_like_any_venue() -> None:
    async def watch(box: dict[str, Any], venue: str, at: str) -> None:
        words = ["--venue", venue, "--symbols", "btcusdt", "--base", box[f"{at}_rest"], "--ws-base", box[f"{at}_ws"]]
        code, rows = await asyncio.to_thread(run, "watch", *words, "--seconds", "5", "--every", "0.5")
        assert code == 0, rows
        assert rows[-2]["bid"] < rows[-2]["ask"]
        assert (rows[-2]["gaps"], rows[-1]["garbage"]) == (0, 0)

    with running_box("--seed", "5") as box:
        await asyncio.gather(watch(box, "binance-spot", "spot"), watch(box, "binance-usdm", "usdm"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--venue", "gate", "--symbols", "BTC_USDT"], 3, "--venue gate-spot is experimental and refused live"),
        (["--venue", "nowhere", "--symbols", "A"], 2, "was nowhere"),
        (["--venue", "okx", "--symbols", ","], 2, "--symbols must name symbols"),
        (["--venue", "okx", "--symbols", "A,A"], 2, "--symbols must name symbols, each once"),
        (["--venue", "okx", "--symbols", "A", "--seconds", "0"], 2, "--seconds must be above zero"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", *words]) == code
    assert said in capsys.readouterr().err


async def test_a_refused_symbol_ends_the_command() -> None:
    server = VenueServer("okx", made_up(DIALECTS["okx"], 3), "none")
    server.dialect = Refusing()
    async with server.serving() as at:
        words = ["--venue", "okx", "--symbols", "NONE", "--base", at.rest, "--seconds", "20"]
        code, _ = await asyncio.to_thread(run, "watch", *words)
    assert code == 2


class Refusing(Okx):
    """OKX where nothing is listed."""

    def asked(self, message: Any) -> Asked:
        return Asked([{"event": "error", "code": "60018", "msg": "wrong instId"}])


def test_the_answer_to_a_ping_is_no_damage() -> None:
    """OKX's and Bitget's bare word is in recordings too."""
    for feed in ("okx", "bitget-spot"):
        assert LiveBooks(feed).take(b"pong") == ([], 0, [])
        with pytest.raises(DecodeError):
            LiveBooks(feed).take(b"ping")
