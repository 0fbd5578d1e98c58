"""ITCH live: `watch`, `capture` and `book` over lossy multicast lines and TCP equal the lossless day (M1, M2, M3)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feeds.itch.books import ItchBooks
from feeds.itch.feed import ItchFeed
from feeds.itch.where import PASSWORD_ENV, where
from feeds.l3.records import ORDER, apply_with_tops
from feeds.recorder import Recorder, What
from native._core import InputError, OrderBooks
from pycore.cli import main
from pycore.clock import Clock
from tests.itch_server import Multicast, Tcp, datagram, made_day
from tests.test_watch import run

WANTED = ["MSFT", "AAPL"]


def lossless(day: Sequence[bytes]) -> ItchBooks:
    """The books of a day that nobody lost anything of."""
    books = ItchBooks(WANTED, 1 << 14, from_start=True)
    for message in day:
        books.message(message)
    return books


def resting(books: OrderBooks) -> list[list[tuple[int, ...]]]:
    """Every order of every side in its queue."""
    sides = [np.frombuffer(books.orders(book, side), ORDER) for book in range(len(WANTED)) for side in (0, 1)]
    return [[(int(row["id"]), int(row["price"]), int(row["qty"])) for row in side] for side in sides]


class Reel:
    """A tape that a recorder keeps."""

    def __init__(self, path: Path, at: list[str]) -> None:
        self.clock = Clock()
        found = where(at)
        about = {"venue": "itch", "symbols": WANTED, "lines": found.text, "next": found.next_number}
        self.recorder = Recorder(path, about)

    def message(self, payload: bytes, source: str) -> None:
        self.recorder.record(What.MESSAGE, self.clock.utc_ns(), self.clock.mono_ns(), payload, source)

    def rest(self, body: bytes, source: str) -> None:
        raise AssertionError(source)

    def link(self, up: bool, source: str) -> None:
        self.recorder.record(What.UP, self.clock.utc_ns(), self.clock.mono_ns(), b"", source)


async def received(at: list[str], path: Path) -> tuple[ItchBooks, dict[str, Any]]:
    """Books of a channel that was received to its end, recorded besides."""
    found = where(at)
    books, reel = ItchBooks(WANTED, 1 << 14, from_start=True), Reel(path, at)
    feed = ItchFeed(found, reel.clock, books, reel)
    await asyncio.wait_for(feed.run(), 30)
    reel.recorder.close()
    return books, feed.tally()


def rebuilt(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    """What `tickwright book` says."""
    code = main(["book", "--json", str(path)])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def options(words: list[str]) -> list[str]:
    """The values of `--option`."""
    return [word for word in words if word != "--option"]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_two_lossy_lines_give_the_lossless_books_and_so_does_their_recording(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day, path = made_day(seed, 900), tmp_path / "day.zst"
    server = Multicast(day, seed)
    async with server.serving() as words:
        at = [*options(words), f"requests={server.requests[0]}:{server.requests[1]}"]
        books, tally = await received(at, path)
    want = lossless(day)
    assert resting(books.orders) != [[]] * 4
    assert (resting(books.orders), books.synced) == (resting(want.orders), want.synced) == (resting(want.orders), True)
    assert (tally["messages"], tally["gaps"], tally["lost"], tally["garbage"]) == (len(day), 0, 0, 0)
    assert tally["recovered"] > 0
    assert min(tally["line_a_lost"], tally["line_b_lost"]) > 0
    code, [*rows, total] = rebuilt(path, capsys)
    assert (code, total["gaps"], total["unknown_ids"]) == (0, 0, 0)
    assert {row["instrument"]: row["venue"] for row in rows} == dict.fromkeys(WANTED, "itch")
    assert total["deltas"] == sum(_named(message, day) for message in day)


def _named(message: bytes, day: list[bytes]) -> bool:
    """Whether a message changes one of the wanted books, by its locate code."""
    codes = {m[1:3] for m in day if m[:1] == b"R" and m[11:19].decode().strip() in WANTED}
    return message[1:3] in codes and message[:1] != b"R"


async def test_what_both_lines_lost_and_nobody_has_is_a_gap_and_the_books_are_not_trusted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day, path = made_day(4, 300), tmp_path / "day.cap"
    server = Multicast(day, 4, lost_by_both={40})
    async with server.serving() as words:
        books, tally = await received(options(words), path)
    assert tally["gaps"] > 0
    assert not books.synced
    code, [*_, total] = rebuilt(path, capsys)
    assert (code, total["gaps"]) == (1, 2 * tally["gaps"])


async def test_a_session_over_tcp_goes_on_behind_every_disconnect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_ENV, "SECRET")
    day, path = made_day(5, 600), tmp_path / "day.gz"
    async with Tcp(day, [3, 4_000, 9_001]).serving() as words:
        books, tally = await received(options(words), path)
    assert (resting(books.orders), books.synced) == (resting(lossless(day).orders), True)
    assert (tally["messages"], tally["connections"]) == (len(day), 4)
    code, [*rows, total] = rebuilt(path, capsys)
    assert (code, len(rows), total["unknown_ids"]) == (0, 2, 0)
    assert total["deltas"] == sum(_named(message, day) for message in day)


async def test_watch_and_capture_read_a_channel_and_book_rebuilds_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day, path = made_day(6, 900), tmp_path / "day.zst"
    server = Multicast(day, 6)
    async with server.serving() as lines:
        again = ["--option", f"requests={server.requests[0]}:{server.requests[1]}"]
        words = ["--venue", "itch", "--symbols", ",".join(WANTED), "--seconds", "60", *lines, *again]
        (code, rows), (taped, [summary]) = await asyncio.gather(
            asyncio.to_thread(run, "watch", *words, "--levels", "5"),
            asyncio.to_thread(run, "capture", *words, "-o", str(path)),
        )
    assert (code, taped) == (0, 0)
    want = lossless(day)
    for row in rows[-3:-1]:
        levels = want.levels(want.numbers[row["symbol"]], 5)
        shown = [[(round(price * 1e4), size) for price, size in row[side]] for side in ("bids", "asks")]
        assert shown == [list(map(tuple, side)) for side in levels]
        assert (row["bid"], row["synced"], row["gaps"]) == (row["bids"][0][0], True, 0)
    assert (rows[-1]["venue"], rows[-1]["synced"], rows[-1]["messages"]) == ("itch", True, len(day))
    # A late comer gets the beginning of the day from the re-request server.
    assert summary["messages"] > 0
    code, [*_, total] = rebuilt(path, capsys)
    assert (code, total["deltas"]) == (0, sum(_named(message, day) for message in day))


def test_another_session_begins_with_empty_books_and_other_codes() -> None:
    first, second = made_day(7, 200), made_day(8, 300)
    books = lossless(first)
    books.restart()
    assert not books.synced
    for message in second:
        books.message(message)
    assert (resting(books.orders), books.synced) == (resting(lossless(second).orders), True)


def test_damage_is_counted_and_hides_nothing_else() -> None:
    day = made_day(9, 50)
    books = ItchBooks(WANTED, 1 << 10, from_start=True)
    for message in [*day[:20], b"", b"A", *day[20:]]:
        books.message(message)
    assert (books.synced, books.garbage) == (True, 2)
    assert resting(books.orders) == resting(lossless(day).orders)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "lines or soup for the venue itch, was nothing"),
        (["lines=239.1.1.1:9", "soup=127.0.0.1:9"], "lines or soup"),
        (["lines=239.1.1.1"], "--option lines must be an address and a port"),
        (["lines=239.1.1.1:70000"], "was 239.1.1.1:70000"),
        (["lines=239.1.1.1:9", "next=0"], "--option next must be a number from 1"),
        (["lines=239.1.1.1:9", "line=239.1.1.1:9"], "was line=239.1.1.1:9"),
        (["soup=127.0.0.1:9", "user=ME"], "the environment variable TICKWRIGHT_ITCH_PASSWORD"),
    ],
)
def test_options_that_cannot_be_are_named(given: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_ENV, raising=False)
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        where(given)


def test_options_belong_to_itch(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--venue", "okx", "--symbols", "A", "--option", "next=1"]) == 2
    assert "--option must be given with the venue itch alone" in capsys.readouterr().err
    assert main(["watch", "--venue", "okx", "--symbols", "A", "--levels", "0"]) == 2


def test_the_servers_datagrams_are_of_the_protocol() -> None:
    assert datagram(7, [b"ab"]) == b"ITCHDAY001" + (7).to_bytes(8, "big") + b"\x00\x01\x00\x02ab"
    assert apply_with_tops(OrderBooks([1], 1, 1), np.zeros(0, ORDER))[0].size == 0
