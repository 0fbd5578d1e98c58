"""Sessions of venues of single orders, and their captures, against venues on loopback that lose and hang up (M1,
M2)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from feeds.l3.join import HELD_MAX, OrderStream
from feeds.l3.live_books import UNIT, LiveOrderBooks
from feeds.l3.records import ORDER
from feeds.live import LiveFeed
from feeds.session import Listener
from feeds.source import Source
from feeds.venue import SESSIONS
from feeds.venue.spec import Endpoints
from native._core import FullError, InputError
from pycore.cli import main
from pycore.clock import Clock
from tests.order_server import ORDER_VENUES, BitstampOrders, OrderServer, Talk
from tests.test_watch import run

WAIT_S = 30.0


def shown(books: LiveOrderBooks) -> list[tuple[int, Decimal, Decimal]]:
    """Every order of the first book: side, price, size."""
    sides = [np.frombuffer(books.orders.orders(0, side), ORDER) for side in (0, 1)]
    unit = Decimal(UNIT)
    return sorted(
        (side, int(row["price"]) * unit, int(row["qty"]) * unit) for side, rows in enumerate(sides) for row in rows
    )


def theirs(server: OrderServer) -> list[tuple[int, Decimal, Decimal]]:
    """The same of the server's own."""
    return sorted((side, Decimal(price), Decimal(size)) for side, price, size in server.orders.values())


async def followed(server: OrderServer, at: Endpoints) -> tuple[LiveOrderBooks, LiveFeed]:
    """Follows a venue until its script is over and the book is the server's."""
    venue = SESSIONS[server.venue.feed]
    venue = dataclasses.replace(venue, audit_s=1.0 if venue.audit_s else 0.0)
    source, clock = Source(venue, [server.venue.symbol], at), Clock()
    async with aiohttp.ClientSession() as http:
        kept: list[Any] = []

        def books_of(symbols: list[str]) -> Any:
            kept.append(source.view_books(symbols))
            return kept[-1], kept[-1].numbers

        feed = LiveFeed(
            venue, at, source.symbols, books_of, lambda _: Listener(), clock=clock, http=http, jitter=random.Random(1)
        )
        running = asyncio.create_task(feed.run())
        await asyncio.wait_for(server.done.wait(), WAIT_S)
        [books] = kept
        async with asyncio.timeout(WAIT_S):
            while not (books.state(0)["synced"] and shown(books) == theirs(server)):
                await asyncio.sleep(0.001)
        feed.close()
        await running
    return books, feed


@pytest.mark.parametrize("name", sorted(ORDER_VENUES))
async def test_a_book_is_the_venues_order_by_order(name: str) -> None:
    server = OrderServer(ORDER_VENUES[name], 1)
    async with server.serving() as at:
        books, feed = await followed(server, at)
    assert (books.state(0)["gaps"], feed.tally()["garbage"]) == (0, 0)


@pytest.mark.parametrize("name", sorted(ORDER_VENUES))
async def test_what_is_lost_shows_and_the_book_is_asked_for_again(name: str) -> None:
    server = OrderServer(ORDER_VENUES[name], 2, lose=frozenset({60, 61, 150}), cut=frozenset({220}))
    async with server.serving() as at:
        books, _ = await followed(server, at)
    assert server.connections >= 2
    # Bitstamp numbers nothing: there the audit brings the book back.
    assert books.state(0)["gaps"] > 0 or name == "bitstamp-orders"


async def test_captures_are_rebuilt_and_watched_books_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def taped(name: str) -> tuple[int, list[dict[str, Any]]]:
        server = OrderServer(ORDER_VENUES[name], 3, count=1500)
        async with server.serving() as at:
            words = ["--venue", name, "--symbols", server.venue.symbol, "--base", at.rest, "--seconds", "3"]
            return await asyncio.to_thread(run, "capture", *words, "-o", str(tmp_path / f"{name}.zst"))

    async def watched(name: str) -> tuple[int, list[dict[str, Any]]]:
        server = OrderServer(ORDER_VENUES[name], 4, count=100)
        async with server.serving() as at:
            words = ["--venue", name, "--symbols", server.venue.symbol, "--base", at.rest, "--seconds", "3"]
            return await asyncio.to_thread(run, "watch", *words, "--levels", "3")

    names = sorted(ORDER_VENUES)
    *tapes, (code, rows) = await asyncio.gather(*map(taped, names), watched(names[0]))
    assert (code, rows[-1]["synced"], len(rows[-2]["bids"])) == (0, True, 3)
    assert [found[0] for found in tapes] == [0, 0, 0]
    for name in names:
        code = main(["book", "--json", str(tmp_path / f"{name}.zst")])
        [row, total] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert (code, row["venue"], row["instrument"]) == (0, name, ORDER_VENUES[name].symbol)
        assert (total["gaps"], total["unknown_ids"], total["deltas"] > 100) == (0, 0, True), row


def bitstamp(word: str, order: int, at: int) -> bytes:
    """A message of Bitstamp's."""
    return json.dumps(BitstampOrders().step("btcusd", (word, order, (0, "99.00", "1.000")), at, Talk())).encode()


def test_what_overtook_a_whole_book_is_applied_behind_it_and_what_is_older_is_not() -> None:
    books = LiveOrderBooks("bitstamp-orders", ["btcusd"], by_rest=True)
    for message in (bitstamp("created", 7, 5), bitstamp("created", 8, 20), bitstamp("deleted", 9, 21)):
        assert books.take(message)[2] == [(0, "waiting", 0, 0)]
    assert books.levels(0, 5) == ([], [])
    order = (0, "99.00", "1.000")
    whole = json.dumps(BitstampOrders().whole("btcusd", {7: order, 9: order}, 10, None)).encode()
    assert books.take(whole, 0)[2] == [(0, "synced", 0, 0)]
    assert sorted(row["id"] for row in np.frombuffer(books.orders.orders(0, 0), ORDER)) == [7, 8]
    assert books.take(bitstamp("created", 8, 30))[2] == [(0, "gap", 0, 0)], "told twice"
    assert not books.state(0)["synced"]


def test_bounds_and_names_are_told() -> None:
    stream = OrderStream("bitstamp-orders", [("btcusd", UNIT, UNIT)], by_rest=True)
    stream.messages([bitstamp("created", 7, 5)] * HELD_MAX, [0] * HELD_MAX)
    with pytest.raises(FullError, match="messages that wait for the book of btcusd are full"):
        stream.whole(0, "btcusd", json.dumps(BitstampOrders().whole("btcusd", {}, 10, None)).encode(), 0)
    with pytest.raises(InputError, match="was okx"):
        LiveOrderBooks("okx", ["A"], by_rest=False)
    with pytest.raises(InputError, match="a currency and a money as in eth-aud, was eth"):
        SESSIONS["independent-reserve"].subscribe(["eth"], 0)
