"""What the venue's two older official connectors share: blocking REST calls, and websockets that run in threads.

Both packages use the module name `binance`, so each plays in an environment of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from binance.error import ClientError

from tests.clients.stream_book import StreamBook
from tests.clients.trader import SYMBOL, Book, RefusedError, Trader, Wish, book_of, until, venue_params


class ConnectorTrader(Trader):
    """A connector on its market; `_api` is its REST client."""

    _api: Any

    def _start(self, api: Any) -> None:
        """Takes the REST client and prepares for messages, which come in the sockets' threads."""
        self._api = api
        self._loop = asyncio.get_running_loop()
        self._book = StreamBook(self.market, self.keep)
        self._sockets: list[Any] = []

    def _on_message(self, _socket: Any, text: str) -> None:
        self._loop.call_soon_threadsafe(self._take, json.loads(text))

    def _take(self, message: Any) -> None:
        event = message.get("data", message)
        if event.get("e") == "depthUpdate":
            self._book.message(event)
        else:
            self.hear(message)

    async def _follow_book(self) -> None:
        await until("the first depth message", lambda: self._book.heard)
        self._book.snapshot(await self._ask(self._api.depth, symbol=SYMBOL, limit=1_000))

    async def close(self) -> None:
        """Stops the sockets' threads."""
        for socket in self._sockets:
            await asyncio.to_thread(socket.stop)

    async def _ask(self, call: Callable[..., Any], **params: Any) -> Any:
        """One REST call in a thread."""
        try:
            return await asyncio.to_thread(lambda: call(**params))
        except ClientError as why:
            raise RefusedError(why.error_code, why.error_message) from why

    async def snapshot(self) -> Book:
        answer = await self._ask(self._api.depth, symbol=SYMBOL, limit=100)
        return book_of(answer["lastUpdateId"], answer["bids"], answer["asks"])

    async def place(self, wish: Wish) -> str:
        return str((await self._ask(self._api.new_order, **venue_params(self.market, wish)))["orderId"])

    async def cancel(self, order_id: str) -> None:
        await self._ask(self._api.cancel_order, symbol=SYMBOL, orderId=int(order_id))
