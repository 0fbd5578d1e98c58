"""python-binance plays the round with its asynchronous client and its socket manager. catalogue: S1.

Orders go over REST, cancels over the WebSocket API. Its futures book is not kept from deltas: it takes the partial book
of ten levels, whose every message is the whole top at an update id.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException
from binance.ws.depthcache import DepthCacheManager

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
    stop_params,
    usdm_holdings,
    venue_params,
)

SETTLE_S = 2.0


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """The client's exception as the round's."""
    try:
        yield
    except BinanceAPIException as why:
        raise RefusedError(why.code, str(why.message)) from why


class PythonBinanceTrader(Trader):
    """What both markets share: subclasses of the client's two classes with the box's addresses, as its users do it."""

    client, package = "python-binance", "python-binance"

    async def _made(self, secret: str) -> Any:
        box = self.box
        addresses = {
            "API_URL": box["spot_rest"] + "/api",
            "FUTURES_URL": box["usdm_rest"] + "/fapi",
            "WS_API_URL": box["spot_ws_api"],
            "WS_FUTURES_URL": box["usdm_ws_api"],
        }
        made: Any = type("BoxClient", (AsyncClient,), addresses)
        return await made.create(self.account["key"], secret)

    async def open(self) -> None:
        self._api = await self._made(self.account["secret"])
        addresses = {"STREAM_URL": self.box["spot_ws"] + "/", "FSTREAM_URL": self.box["usdm_ws"] + "/"}
        self._sockets = type("BoxSockets", (BinanceSocketManager,), addresses)(self._api)
        self._tasks = [asyncio.create_task(self._watch_book()), asyncio.create_task(self._watch_user())]
        await asyncio.sleep(SETTLE_S)
        # Its depth cache may replay messages older than its snapshot: in its first states old and new levels mix.
        self.books.clear()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._api.close_connection()

    async def _watch_book(self) -> None:
        raise AssertionError("each market has its own socket")

    def _user_socket(self) -> Any:
        raise AssertionError("each market has its own socket")

    async def _watch_user(self) -> None:
        async with self._user_socket() as socket:
            while True:
                self.hear(await socket.recv())

    async def sign_wrongly(self) -> None:
        kept, self._api = self._api, await self._made("0" * 64)
        try:
            await self.holdings()
        finally:
            await self._api.close_connection()
            self._api = kept


class SpotTrader(PythonBinanceTrader):
    """Spot: the client's own depth cache, user data by the WebSocket API."""

    async def _watch_book(self) -> None:
        cache = DepthCacheManager(self._api, SYMBOL, bm=self._sockets, limit=1_000, conv_type=Decimal, ws_interval=100)
        async with cache:
            while True:
                book = await cache.recv()
                # The cache shows no update id, so it is read where its manager keeps it.
                self.keep(book_of(cache._last_update_id, book.get_bids(), book.get_asks()))

    def _user_socket(self) -> Any:
        return self._sockets.user_socket()

    async def rules(self) -> dict[str, Rules]:
        return {row["symbol"]: rules_of(row) for row in (await self._api.get_exchange_info())["symbols"]}

    async def snapshot(self) -> Book:
        answer = await self._api.get_order_book(symbol=SYMBOL, limit=100)
        return book_of(answer["lastUpdateId"], answer["bids"], answer["asks"])

    async def holdings(self) -> Holdings:
        with refusals():
            return spot_holdings(await self._api.get_account())

    async def place(self, wish: Wish) -> str:
        with refusals():
            return str((await self._api.create_order(**venue_params(self.market, wish)))["orderId"])

    async def open_orders(self) -> list[Order]:
        return [order_of(row) for row in await self._api.get_open_orders(symbol=SYMBOL)]

    async def amend(self, order: Order, qty: str) -> str:
        """Cancels and replaces in one request."""
        params = venue_params(self.market, Wish("BUY", qty, str(order.price), post_only=True))
        replaced = {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": order.order_id}
        answer = await self._api.cancel_replace_order(**params, **replaced)
        return str(answer["newOrderResponse"]["orderId"])

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        return str((await self._api.create_order(**stop_params(self.market, qty, trigger, price)))["orderId"])

    async def cancel(self, order_id: str) -> None:
        with refusals():
            await self._api.ws_cancel_order(symbol=SYMBOL, orderId=order_id)

    async def fills(self, order_id: str) -> list[Fill]:
        return [fill_of(row) for row in await self._api.get_my_trades(symbol=SYMBOL, orderId=order_id)]


class UsdmTrader(PythonBinanceTrader):
    """USD-M: the partial book, user data by listenKey on the private path."""

    async def _watch_book(self) -> None:
        async with self._sockets.futures_depth_socket(SYMBOL, depth="10") as socket:
            while True:
                book = (await socket.recv())["data"]
                self.keep(book_of(book["u"], book["b"], book["a"]))

    def _user_socket(self) -> Any:
        return self._sockets.futures_user_socket()

    async def rules(self) -> dict[str, Rules]:
        return {row["symbol"]: rules_of(row) for row in (await self._api.futures_exchange_info())["symbols"]}

    async def snapshot(self) -> Book:
        answer = await self._api.futures_order_book(symbol=SYMBOL, limit=100)
        return book_of(answer["lastUpdateId"], answer["bids"], answer["asks"])

    async def holdings(self) -> Holdings:
        with refusals():
            account = await self._api.futures_account()
            return usdm_holdings(account, await self._api.futures_position_information(symbol=SYMBOL))

    async def place(self, wish: Wish) -> str:
        with refusals():
            return str((await self._api.futures_create_order(**venue_params(self.market, wish)))["orderId"])

    async def open_orders(self) -> list[Order]:
        return [order_of(row) for row in await self._api.futures_get_open_orders(symbol=SYMBOL)]

    async def amend(self, order: Order, qty: str) -> str:
        """Modifies in place."""
        wanted = {"symbol": SYMBOL, "side": "BUY", "quantity": qty, "price": str(order.price)}
        return str((await self._api.futures_modify_order(**wanted, orderId=order.order_id))["orderId"])

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        params = stop_params(self.market, qty, trigger, price)
        return str((await self._api.futures_create_algo_order(**params))["algoId"])

    async def open_stops(self) -> list[str]:
        return [str(row["algoId"]) for row in await self._api.futures_get_open_algo_orders(symbol=SYMBOL)]

    async def cancel_stop(self, stop_id: str) -> None:
        await self._api.ws_futures_cancel_algo_order(algoId=int(stop_id))

    async def cancel(self, order_id: str) -> None:
        with refusals():
            await self._api.ws_futures_cancel_order(symbol=SYMBOL, orderId=order_id)

    async def fills(self, order_id: str) -> list[Fill]:
        return [fill_of(row) for row in await self._api.futures_account_trades(symbol=SYMBOL, orderId=order_id)]


if __name__ == "__main__":
    main(("spot", SpotTrader), ("usdm", UsdmTrader))
