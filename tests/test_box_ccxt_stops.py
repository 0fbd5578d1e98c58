"""catalogue: S1. ccxt places, sees and takes back stops in the box, on both markets, and one of them fires."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import ccxt
import pytest

from tests.box_process import running_box
from tests.test_box_ccxt import SYMBOLS, WAIT_S, Client
from tests.test_box_ccxt import client as ccxt_client

client = ccxt_client
BOTH = pytest.mark.parametrize("market", ["spot", "future"])


@pytest.fixture(scope="module")
def box() -> Iterator[dict[str, Any]]:
    with running_box("--seed", "6", "--limits", "100", "--speed", "20") as first:
        yield first


@pytest.fixture
async def exchange(client: Client, market: str) -> Any:
    made = client(market)
    await made.load_markets()
    return made


async def below(exchange: Any, symbol: str, share: float) -> float:
    ticker = await exchange.fetch_ticker(symbol)
    return float(exchange.price_to_precision(symbol, ticker["last"] * share))


@BOTH
@pytest.mark.parametrize("kind", ["market", "limit"])
async def test_a_stop_is_placed_listed_and_taken_back(exchange: Any, market: str, kind: str) -> None:
    symbol = SYMBOLS[market]
    trigger = await below(exchange, symbol, 0.9)
    price = None if kind == "market" else await below(exchange, symbol, 0.89)
    placed = await exchange.create_order(symbol, kind, "sell", 0.01, price, {"stopLossPrice": trigger})
    listed = await exchange.fetch_open_orders(symbol, params={"trigger": True} if market == "future" else {})
    shown = {row["id"]: row for row in listed}[placed["id"]]
    assert (shown["triggerPrice"], shown["amount"], shown["status"]) == (trigger, 0.01, "open")
    await exchange.cancel_order(placed["id"], symbol, {"trigger": True} if market == "future" else {})
    assert await exchange.fetch_open_orders(symbol, params={"trigger": True} if market == "future" else {}) == []


@BOTH
async def test_a_stop_that_would_fire_at_once_is_refused(exchange: Any, market: str) -> None:
    symbol = SYMBOLS[market]
    trigger = await below(exchange, symbol, 1.05)
    with pytest.raises(ccxt.ExchangeError, match="trigger"):
        await exchange.create_order(symbol, "market", "sell", 0.01, None, {"stopLossPrice": trigger})


@BOTH
async def test_a_stop_fires_when_the_market_gets_there(exchange: Any, market: str) -> None:
    symbol = SYMBOLS[market]
    before = await exchange.fetch_balance()
    step = 0.1 if market == "future" else 0.01
    trades: list[Any] = []
    async with asyncio.timeout(WAIT_S):
        while not trades:
            last = (await exchange.fetch_ticker(symbol))["last"]
            for side, away in (("sell", -3 * step), ("buy", 3 * step)):
                trigger = float(exchange.price_to_precision(symbol, last + away))
                # The market may be there already, or enough stops may wait; then others do.
                with contextlib.suppress(ccxt.ExchangeError):
                    await exchange.create_order(symbol, "market", side, 0.01, None, {"stopLossPrice": trigger})
            trades = await exchange.fetch_my_trades(symbol)
    assert trades[0]["amount"] <= 0.01
    after = await exchange.fetch_balance()
    assert after["USDT"]["total"] != before["USDT"]["total"]
