"""catalogue: S1. ccxt trades in hedge mode in the box: long and short at once, each closed by its own order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.box_process import running_box
from tests.test_box_ccxt import SYMBOLS, Client, far_price, soon
from tests.test_box_ccxt import client as ccxt_client

client = ccxt_client
SYMBOL = SYMBOLS["future"]
HEDGED = {"hedged": True}
CLOSING = {"hedged": True, "reduceOnly": True}


@pytest.fixture(scope="module")
def box() -> Iterator[dict[str, Any]]:
    with running_box("--seed", "8", "--limits", "100") as first:
        yield first


@pytest.fixture
async def exchange(client: Client) -> Any:
    """ccxt with its account in hedge mode."""
    made = client("future")
    await made.load_markets()
    assert (await made.set_position_mode(True))["code"] in (200, "200")
    return made


async def positions(exchange: Any) -> dict[str, float]:
    rows = await exchange.fetch_positions([SYMBOL])
    assert all(row["hedged"] for row in rows)
    return {row["side"]: row["contracts"] for row in rows}


async def test_a_round_in_hedge_mode(exchange: Any) -> None:
    assert (await exchange.fetch_position_mode(SYMBOL))["hedged"] is True
    with pytest.raises(ccxt.ExchangeError, match="No need to change position side"):
        await exchange.set_position_mode(True)
    with pytest.raises(ccxt.ExchangeError, match="does not match user's setting"):
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
    orders = asyncio.create_task(exchange.watch_orders(SYMBOL))
    # The first answer is what is held before any event: nothing.
    assert await soon(exchange.watch_positions([SYMBOL])) == []
    moved = asyncio.create_task(exchange.watch_positions([SYMBOL]))
    await asyncio.sleep(0.7)

    await exchange.create_order(SYMBOL, "market", "buy", 0.03, None, HEDGED)
    assert (await soon(orders))[0]["info"]["ps"] == "LONG"
    row = (await soon(moved))[0]
    assert (row["side"], row["hedged"], row["contracts"]) == ("long", True, 0.03)
    await exchange.create_order(SYMBOL, "market", "sell", 0.02, None, HEDGED)
    assert await positions(exchange) == {"long": 0.03, "short": 0.02}

    price = await far_price(exchange, SYMBOL)
    resting = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, price, HEDGED)
    edited = await exchange.edit_order(resting["id"], SYMBOL, "limit", "buy", 0.02, price)
    assert (edited["id"], edited["info"]["positionSide"]) == (resting["id"], "LONG")
    with pytest.raises(ccxt.ExchangeError, match="exists open orders"):
        await exchange.set_position_mode(False)
    await exchange.cancel_order(resting["id"], SYMBOL)
    with pytest.raises(ccxt.ExchangeError, match="exists position"):
        await exchange.set_position_mode(False)

    closed = await exchange.create_order(SYMBOL, "market", "buy", 0.02, None, CLOSING)
    assert (closed["info"]["positionSide"], closed["reduceOnly"]) == ("SHORT", True)
    assert await positions(exchange) == {"long": 0.03}
    await exchange.create_order(SYMBOL, "market", "sell", 0.03, None, CLOSING)
    assert await positions(exchange) == {}
    with pytest.raises(ccxt.ExchangeError, match="ReduceOnly Order is rejected"):
        await exchange.create_order(SYMBOL, "market", "sell", 0.03, None, CLOSING)

    trades = (await exchange.fetch_my_trades(SYMBOL))[-20:]
    sizes: dict[tuple[str, str], Decimal] = {}
    for trade in trades:
        key = (trade["info"]["positionSide"], trade["side"])
        sizes[key] = sizes.get(key, Decimal()) + Decimal(trade["info"]["qty"])
    assert sizes == {
        ("LONG", "buy"): Decimal("0.030"), ("LONG", "sell"): Decimal("0.030"),
        ("SHORT", "sell"): Decimal("0.020"), ("SHORT", "buy"): Decimal("0.020"),
    }  # fmt: skip
    assert (await exchange.set_position_mode(False))["msg"] == "success"
