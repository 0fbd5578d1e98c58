"""Two lines of a venue that each lose messages: watched, recorded and rebuilt as one lossless market (M1, M3, M4)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from feeds.line_pair import LinePair, TwoLines
from feeds.recorder import What
from feeds.recordings import Recording
from feeds.source import Source
from feeds.venue import SESSIONS
from pycore.cli import main
from pycore.clock import Clock
from tests.test_watch import run
from tests.two_line_server import TwoLineServer
from tests.venue_server import ALL, made_up

#: With numbers, whole books in the stream or over REST; without, by checksums.
FEEDS = ["okx", "bybit-linear", "kucoin-spot", "kraken-spot"]
NUMBERED = {"okx", "bybit-linear", "kucoin-spot"}
WAIT_S = 40.0


def equal(pair: LinePair, server: TwoLineServer) -> bool:
    """Whether the shown books are the server's, as far as it tells them."""
    for symbol, number in pair.numbers.items():
        tick, lot = (Decimal(unit) for unit in pair.units[symbol])
        book = server.books[symbol]
        theirs = [
            [(Decimal(p), Decimal(s)) for p, s in book.best(side, server.dialect.shown)] for side in ("bids", "asks")
        ]
        ours = [[(price * tick, qty * lot) for price, qty in side] for side in pair.levels(number, 10_000)]
        if [side[: server.dialect.shown] for side in ours] != theirs:
            return False
    return True


async def followed(feed: str) -> tuple[dict[str, int], TwoLineServer]:
    """Follows both lines until the script is over and the books are the server's."""
    server = TwoLineServer(feed, made_up(ALL[feed], 7))
    venue = SESSIONS[feed]
    venue = dataclasses.replace(venue, audit_s=2.0 if venue.audit_s else 0.0)
    async with server.serving() as at, aiohttp.ClientSession() as http:
        market, _ = Source(venue, list(server.books), at, second=at).view(Clock(), http)
        assert isinstance(market, TwoLines)
        running = asyncio.create_task(market.run())
        await asyncio.wait_for(server.done.wait(), WAIT_S)
        async with asyncio.timeout(WAIT_S):
            while not (market.synced and equal(market.pairs[0], server)):
                await asyncio.sleep(0.005)
        market.close()
        await running
    return market.tally(), server


async def test_what_one_line_loses_the_other_brings() -> None:
    found = await asyncio.gather(*(followed(feed) for feed in FEEDS))
    for feed, (tally, _) in zip(FEEDS, found, strict=True):
        assert tally["gaps_a"] > 0, (feed, tally)
        assert tally["gaps_b"] > 0, (feed, tally)
        if feed in NUMBERED:
            assert (tally["gaps"], tally["filled"] > 0) == (0, True), (feed, tally)
        else:
            assert tally["switches"] > 0, (feed, tally)


async def taped(feed: str, path: Path) -> tuple[int, list[dict[str, Any]]]:
    """Records both lines."""
    server = TwoLineServer(feed, made_up(ALL[feed], 3, changes=300))
    async with server.serving() as at:
        words = ["--venue", feed, "--symbols", "BTC-USDT,ETH-USDT", "--base", at.rest, "--seconds", "3", "--lines", "2"]
        return await asyncio.to_thread(run, "capture", *words, "-o", str(path))


async def test_both_lines_are_recorded_and_arbitrated_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    feeds = ["okx", "kucoin-spot", "kraken-spot"]
    tapes = await asyncio.gather(*(taped(feed, tmp_path / f"{feed}.zst") for feed in feeds))
    for feed, (code, [summary]) in zip(feeds, tapes, strict=True):
        path = tmp_path / f"{feed}.zst"
        assert (code, summary["connections"]) == (0, 2 + len(SESSIONS[feed].figures))
        records = [record for batch in Recording(path).batches() for record in batch if record.what is What.MESSAGE]
        marked = sum(record.source.endswith("#B") for record in records)
        assert min(marked, len(records) - marked) > 200
        held = main(["book", "--json", str(path)])
        *rows, total = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert sorted((row["instrument"], row["line"]) for row in rows) == [
            (symbol, line) for symbol in ("BTC-USDT", "ETH-USDT") for line in ("A", "A+B", "B")
        ]
        if feed in NUMBERED:
            assert (held, total["gaps"], total["holds"]) == (0, 0, True), rows
            assert all(row["gaps"] > 0 for row in rows if row["line"] != "A+B")
            assert all(row["counts"]["filled"] > 0 for row in rows if row["line"] == "A+B")
        else:
            assert sum(row["checksums"] - row["checksums_equal"] for row in rows if row["line"] != "A+B") > 0


def test_two_lines_are_refused_where_there_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["itch", "A", "--option", "lines=239.1.1.1:9"], ["bitfinex-orders", "tBTCUSD"]):
        assert main(["watch", "--venue", words[0], "--symbols", words[1], "--lines", "2", *words[2:]]) == 2
        assert "--lines must be 1" in capsys.readouterr().err
