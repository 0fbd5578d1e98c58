"""catalogue: M1. The CCXT bridge against the box: polled and by websockets, its books and trades are the box's own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import ccxt
import ccxt.pro
import pytest

from feeds.ccxt_bridge import TRADES_REMEMBERED, CcxtFeed, exchange
from feeds.session import Event, Listener
from native._core import InputError
from tests.box_process import running_box
from tests.test_box_ccxt import SYMBOLS, point

WAIT_S = 30.0


@pytest.fixture(scope="module")
def box() -> Iterator[dict[str, Any]]:
    with running_box("--seed", "5") as first:
        yield first


class Keeps(Listener):
    """Keeps events by kind."""

    def __init__(self) -> None:
        self.told: dict[str, list[Event]] = {"depth": [], "trade": [], "bbo": []}
        self.notes: list[str] = []

    def events(self, events: Sequence[Event]) -> None:
        for event in events:
            self.told[event["kind"]].append(event)

    def note(self, symbol: str, what: str, expected: int, was: int) -> None:
        self.notes.append(f"{symbol} {what}")


def client(box: dict[str, Any], market: str, *, websockets: bool) -> Any:
    kinds = {"types": ["spot" if market == "spot" else "linear"]}
    options = {"fetchCurrencies": False, "defaultType": market, "fetchMarkets": kinds}
    made = exchange("binance", {"enableRateLimit": False, "options": options}, websockets=websockets)
    if websockets:
        point(made, box)
    else:
        made.urls["api"].setdefault("ws", {"ws-api": {}})
        made.urls["api"]["ws"].setdefault("ws-api", {})
        point(made, box)
    return made


@pytest.mark.parametrize("market", ["spot", "future"])
@pytest.mark.parametrize("poll_s", [None, 0.1], ids=["websockets", "polling"])
async def test_books_trades_and_best_prices_are_those_of_the_box(
    box: dict[str, Any], market: str, poll_s: float | None
) -> None:
    keeps, symbol = Keeps(), SYMBOLS[market]
    ours = client(box, market, websockets=poll_s is None)
    feed = CcxtFeed(ours, [symbol], keeps, random.Random(1), poll_s)
    running = asyncio.create_task(feed.run())
    try:
        async with asyncio.timeout(WAIT_S):
            while not all(len(told) >= 2 for told in keeps.told.values()):
                await asyncio.sleep(0.05)
                assert not running.done(), running.exception()
        assert feed.failures == 0
        assert keeps.notes[0] == f"{symbol} synced"
        trades = [event["stream_seq"] for event in keeps.told["trade"]]
        assert len(set(trades)) == len(trades), "no trade is told twice"
        for event in keeps.told["depth"]:
            assert event["bids"][0][0] < event["asks"][0][0]
        bids, asks = feed.books.levels(feed.numbers[symbol], 5)
        last = keeps.told["depth"][-1]
        assert (bids, asks) == (last["bids"][:5], last["asks"][:5])
        tick = Decimal(str(ours.markets[symbol]["precision"]["price"]))
        rows = await ours.fetch_trades(symbol)
        known = {int(row["id"]): row for row in rows}
        seen = [event for event in keeps.told["trade"] if event["stream_seq"] in known]
        # USD-M's websocket numbers aggregated trades, its REST may not: only what is asked the same way must be found.
        assert seen or poll_s is None
        for event in seen:
            row = known[event["stream_seq"]]
            assert event["price"] * tick == Decimal(repr(row["price"]))
            assert event["taker_sell"] == (row["side"] == "sell")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await ours.close()


class Scripted:
    """A client of CCXT's shape that gives what it is told to."""

    id = "scripted"
    precisionMode = 2  # noqa: N815  # CCXT's name
    has: dict[str, bool] = {"watchBidsAsks": False}  # noqa: RUF012  # CCXT's shape

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers

    async def load_markets(self) -> dict[str, Any]:
        return {"A/B": {"precision": {"price": 2, "amount": None}}}

    async def _next(self) -> Any:
        if not self.answers:
            await asyncio.sleep(3600)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def watch_order_book(self, _symbol: str) -> Any:
        return await self._next()

    async def watch_trades(self, _symbol: str) -> Any:
        await asyncio.sleep(3600)

    async def watch_ticker(self, _symbol: str) -> Any:
        await asyncio.sleep(3600)


def book(bid: float, ask: float) -> dict[str, Any]:
    return {"nonce": None, "timestamp": 7, "bids": [[bid, 1.5]], "asks": [[ask, 0.5]]}


async def run(answers: list[Any], symbol: str = "A/B") -> tuple[CcxtFeed, Keeps]:
    keeps = Keeps()
    feed = CcxtFeed(Scripted(answers), [symbol], keeps, random.Random(1))
    running = asyncio.create_task(feed.run())
    await asyncio.wait({running}, timeout=0.6)
    running.cancel()
    [ended] = await asyncio.gather(running, return_exceptions=True)
    if isinstance(ended, BaseExceptionGroup):
        raise ended.exceptions[0]
    if isinstance(ended, InputError):
        raise ended
    return feed, keeps


async def test_a_failure_of_the_venue_is_waited_out_and_counted() -> None:
    feed, keeps = await run([book(1.01, 1.02), ccxt.NetworkError("away"), book(1.01, 1.03)])
    assert feed.failures == 1
    assert [event["asks"] for event in keeps.told["depth"]] == [[(102, 50_000_000)], [(103, 50_000_000)]]
    assert keeps.told["depth"][0]["ts_venue"] == 7_000_000


async def test_numbers_that_are_no_whole_count_are_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"price must be a whole count of 0\.01, was 1\.015"):
        await run([book(1.015, 1.02)])
    with pytest.raises(InputError, match="price must be a number, was nan"):
        await run([book(float("nan"), 1.02)])
    with pytest.raises(InputError, match="symbol must be one that scripted has, was X/Y"):
        await run([], "X/Y")


async def test_a_crossed_book_is_noted_and_the_next_one_is_in_step() -> None:
    feed, keeps = await run([book(1.05, 1.02), book(1.01, 1.02)])
    assert keeps.notes == ["A/B crossed", "A/B synced"]
    assert feed.books.state(1)["crossed"] == 1


async def test_a_poll_that_overlaps_tells_no_trade_twice_and_forgets_the_oldest() -> None:
    def trades(first: int, count: int) -> list[dict[str, Any]]:
        return [
            {"id": str(at), "timestamp": 1, "price": 1.01, "amount": 1.0, "side": "buy"}
            for at in range(first, first + count)
        ]

    class Polled(Scripted):
        async def fetch_order_book(self, _symbol: str, _levels: int) -> Any:
            await asyncio.sleep(3600)

        async def fetch_ticker(self, _symbol: str) -> Any:
            return {"bid": 1.01, "ask": None, "timestamp": None}

        async def fetch_trades(self, _symbol: str) -> Any:
            return await self._next()

    keeps = Keeps()
    client = Polled([trades(0, 3), trades(1, 5), trades(6, TRADES_REMEMBERED)])
    running = asyncio.create_task(CcxtFeed(client, ["A/B"], keeps, random.Random(1), 0.01).run())
    await asyncio.wait({running}, timeout=0.6)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [event["stream_seq"] for event in keeps.told["trade"]] == list(range(6 + TRADES_REMEMBERED))
    assert {(event["bid"], event["bid_qty"], event["ask"], event["ask_qty"]) for event in keeps.told["bbo"]} == {
        (101, 0, None, 0)
    }


def test_an_unknown_venue_is_refused() -> None:
    with pytest.raises(InputError, match=r"venue must be one that ccxt\.pro knows, was mtgox"):
        exchange("mtgox", {}, websockets=True)
