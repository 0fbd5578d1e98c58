"""ccxt's websockets (ccxt.pro) play the round; books, orders and fills come over its streams and WebSocket API.

catalogue: S1. Pointed at the box as binance.md §1 says. ccxt turns amounts into floats, so what must be exact is read
from the venue's own texts that it keeps under `info`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import ccxt
import ccxt.pro

from tests.clients.exact import Fill, Holdings, Rules
from tests.clients.full_round import main
from tests.clients.trader import (
    SYMBOL,
    Book,
    Order,
    RefusedError,
    Trader,
    Wish,
    book_of,
    fill_of,
    order_of,
    rules_of,
    spot_holdings,
    usdm_holdings,
)

UNIFIED = {"spot": "BTC/USDT", "usdm": "BTC/USDT:USDT"}
STATUS = {"open": "NEW", "closed": "FILLED", "canceled": "CANCELED"}


def point(exchange: Any, box: dict[str, Any]) -> None:
    """Puts the box's addresses in the place of the venue's."""
    api = exchange.urls["api"]
    for name in list(api):
        if name in ("public", "private"):
            api[name] = box["spot_rest"] + "/api/v3"
        elif name.startswith("sapi"):
            api[name] = f"{box['spot_rest']}/sapi/v{name[5:] or '1'}"
        elif name.startswith(("fapiPublic", "fapiPrivate")):
            api[name] = f"{box['usdm_rest']}/fapi/v{name[-1] if name[-1] in '23' else '1'}"
    # ccxt takes a stream for spot's by the text "/stream" in its URL; the user name before the host carries it here.
    api["ws"]["spot"] = box["spot_ws"].replace("ws://", "ws://stream@") + "/ws"
    api["ws"]["ws-api"]["spot"] = box["spot_ws_api"]
    for name in ("future", "linear"):
        api["ws"][name] = box["usdm_ws"] + "/ws"
        api["ws"]["ws-api"][name] = box["usdm_ws_api"]


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """ccxt's exceptions end with the venue's answer: that is what is checked, its class in tests/test_box_ccxt.py."""
    try:
        yield
    except ccxt.BaseError as why:
        text = str(why)
        if "{" not in text:
            # Refusals that ccxt knows by their text: it keeps no code.
            raise RefusedError(None, text) from why
        answer = json.loads(text[text.index("{") :])
        answer = answer.get("error", answer)
        raise RefusedError(answer["code"], answer["msg"]) from why


class CcxtTrader(Trader):
    """ccxt.pro on one market: data and user data by `watch_*`, orders by `*_ws`, questions by REST."""

    client, package = "ccxt.pro", "ccxt"

    async def open(self) -> None:
        self._exchange = self._made(self.account["secret"])
        self._symbol = UNIFIED[self.market]
        await self._exchange.load_markets()
        self._tasks = [asyncio.create_task(self._watch_book()), asyncio.create_task(self._watch_orders())]
        # ccxt subscribes to user data when it is first asked; an order before that would be missed.
        await asyncio.sleep(1.0)

    def _made(self, secret: str) -> Any:
        exchange = ccxt.pro.binance(
            {
                "apiKey": self.account["key"],
                "secret": secret,
                "options": {
                    "defaultType": "spot" if self.market == "spot" else "future",
                    "fetchMarkets": {"types": ["spot" if self.market == "spot" else "linear"]},
                    "fetchCurrencies": False,
                },
            }
        )
        point(exchange, dict(self.box))
        return exchange

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._exchange.close()

    async def _watch_book(self) -> None:
        while True:
            book = await self._exchange.watch_order_book(self._symbol)
            self.keep(book_of(book["nonce"], book["bids"], book["asks"]))

    async def _watch_orders(self) -> None:
        while True:
            for order in await self._exchange.watch_orders(self._symbol):
                self.events.append((order["id"], STATUS[order["status"]]))

    async def rules(self) -> dict[str, Rules]:
        return {market["id"]: rules_of(market["info"]) for market in self._exchange.markets.values()}

    async def snapshot(self) -> Book:
        book = await self._exchange.fetch_order_book(self._symbol, 100)
        return book_of(book["nonce"], book["bids"], book["asks"])

    async def holdings(self) -> Holdings:
        with refusals():
            return await self._holdings(self._exchange)

    async def _holdings(self, exchange: Any) -> Holdings:
        account = (await exchange.fetch_balance())["info"]
        if self.market == "spot":
            return spot_holdings(account)
        return usdm_holdings(account, [row["info"] for row in await exchange.fetch_positions([self._symbol])])

    async def place(self, wish: Wish) -> str:
        # A unified symbol is checked by ccxt itself, so an unknown one goes by the call under it.
        if wish.symbol != SYMBOL:
            return await self._place_raw(wish)
        kind = "market" if wish.price is None else "limit"
        params = {"postOnly": wish.post_only, **({"reduceOnly": True} if wish.reduce_only else {})}
        # Text, and ccxt's own rounding off: a bad price or size must reach the venue as it is.
        with refusals(), no_rounding(self._exchange):
            order = await self._exchange.create_order_ws(
                self._symbol, kind, wish.side.lower(), wish.qty, wish.price, params
            )
        return str(order["id"])

    async def _place_raw(self, wish: Wish) -> str:
        send = self._exchange.privatePostOrder if self.market == "spot" else self._exchange.fapiPrivatePostOrder
        fields = {"symbol": wish.symbol, "side": wish.side, "type": "LIMIT", "timeInForce": "GTC"}
        with refusals():
            return str((await send({**fields, "quantity": wish.qty, "price": wish.price}))["orderId"])

    async def open_orders(self) -> list[Order]:
        return [order_of(order["info"]) for order in await self._exchange.fetch_open_orders(self._symbol)]

    async def amend(self, order: Order, qty: str) -> str:
        edited = await self._exchange.edit_order_ws(
            order.order_id, self._symbol, "limit", "buy", float(qty), float(order.price)
        )
        return str(edited["id"])

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        kind, limit = ("limit", price) if self.market == "spot" else ("market", None)
        params = {"stopLossPrice": trigger}
        order = await self._exchange.create_order(self._symbol, kind, "sell", float(qty), limit, params)
        return str(order["id"])

    async def open_stops(self) -> list[str]:
        params = {} if self.market == "spot" else {"trigger": True}
        return [order["id"] for order in await self._exchange.fetch_open_orders(self._symbol, params=params)]

    async def cancel_stop(self, stop_id: str) -> None:
        params = {} if self.market == "spot" else {"trigger": True}
        await self._exchange.cancel_order(stop_id, self._symbol, params)

    async def cancel(self, order_id: str) -> None:
        with refusals():
            await self._exchange.cancel_order_ws(order_id, self._symbol)

    async def fills(self, order_id: str) -> list[Fill]:
        trades = await self._exchange.fetch_my_trades(self._symbol, params={"orderId": order_id})
        return [fill_of(trade["info"]) for trade in trades]

    async def sign_wrongly(self) -> None:
        exchange = self._made("0" * 64)
        try:
            with refusals():
                await exchange.load_markets()
                await self._holdings(exchange)
        finally:
            await exchange.close()


@contextlib.contextmanager
def no_rounding(exchange: Any) -> Iterator[None]:
    """ccxt sends amounts as they were given, without cutting them to the contract's steps first."""
    kept = exchange.amount_to_precision, exchange.price_to_precision
    exchange.amount_to_precision = exchange.price_to_precision = lambda _symbol, number: str(number)
    try:
        yield
    finally:
        exchange.amount_to_precision, exchange.price_to_precision = kept


if __name__ == "__main__":
    main(("spot", CcxtTrader), ("usdm", CcxtTrader))
