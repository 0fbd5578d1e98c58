"""The venue's present official SDKs play the round: binance-sdk-spot and its USD-M sibling.

catalogue: S1. Questions and new orders go over REST, cancels over the WebSocket API, books and user data over streams;
each is pointed at the box by its configuration, as binance.md §1 says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_common.errors import Error
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import DerivativesTradingUsdsFutures
from binance_sdk_spot.spot import Spot

from tests.clients.exact import Fill, Holdings, Rules
from tests.clients.full_round import main
from tests.clients.stream_book import StreamBook
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
    until,
    usdm_holdings,
    venue_params,
)

TIMEOUT_MS = 10_000
SNAKES = {
    "algoType": "algo_type",
    "reduceOnly": "reduce_only",
    "stopPrice": "stop_price",
    "timeInForce": "time_in_force",
    "triggerPrice": "trigger_price",
}


class SdkTrader(Trader):
    """What both SDKs share: their transport, their models and their errors."""

    client = "official sdk"
    _suite: Callable[..., Any]

    def _keys(self, signing: Mapping[str, Any]) -> dict[str, str]:
        """The round's API key with the secret of `signing`, which is the wrong one of another account."""
        return {"api_key": self.account["key"], "api_secret": signing["secret"]}

    def _made(self, signing: Mapping[str, Any]) -> Any:
        keys = self._keys(signing)
        return type(self)._suite(
            config_rest_api=ConfigurationRestAPI(**keys, base_path=self.rest, timeout=TIMEOUT_MS),
            config_ws_api=ConfigurationWebSocketAPI(**keys, stream_url=self.ws_api, timeout=TIMEOUT_MS),
            config_ws_streams=ConfigurationWebSocketStreams(stream_url=self.ws),
        )

    async def open(self) -> None:
        """Connects the streams, feeds the book from them and starts user data."""
        self._suite_made = self._made(self.account)
        self._api = self._suite_made.rest_api
        self._ws = self._suite_made.websocket_api
        await self._ws.create_connection()
        self._streams = self._suite_made.websocket_streams
        await self._streams.create_connection()
        self._book = StreamBook(self.market, self.keep)
        depth = await self._depth_stream()
        depth.on("message", lambda event: self._book.message(plain(event)))
        await until("the first depth message", lambda: self._book.heard)
        self._book.snapshot(await self._depth(1_000))
        (await self._user_stream()).on("message", lambda event: self.hear(plain(event)))

    async def close(self) -> None:
        """Closes both kinds of connection."""
        await self._streams.close_connection(close_session=True)
        await self._ws.close_connection(close_session=True)

    async def _ask(self, call: Callable[..., Any], **params: Any) -> Any:
        """One REST call in a thread, because the SDK blocks; its answer as plain data."""
        try:
            return plain((await asyncio.to_thread(call, **params)).data())
        except Error as why:
            raise RefusedError(getattr(why, "status_code", None), str(getattr(why, "error_message", why))) from why

    async def snapshot(self) -> Book:
        answer = await self._depth(100)
        return book_of(answer["lastUpdateId"], answer["bids"], answer["asks"])

    async def place(self, wish: Wish) -> str:
        return str((await self._ask(self._api.new_order, **snakes(venue_params(self.market, wish))))["orderId"])

    async def cancel(self, order_id: str) -> None:
        answer = plain((await self._cancel_call(order_id)).data())
        if "error" in answer:
            raise RefusedError(answer["error"]["code"], answer["error"]["msg"])

    async def sign_wrongly(self) -> None:
        kept, self._api = self._api, self._made(self.box["accounts"][1]).rest_api
        try:
            await self.holdings()
        finally:
            self._api = kept

    async def _depth(self, limit: int) -> Any:
        raise AssertionError("each market has its own call")

    async def _depth_stream(self) -> Any:
        raise AssertionError("each market has its own call")

    async def _user_stream(self) -> Any:
        raise AssertionError("each market has its own call")

    def _cancel_call(self, order_id: str) -> Any:
        raise AssertionError("each market has its own call")


class SpotSdkTrader(SdkTrader):
    """binance-sdk-spot with an Ed25519 key: it logs on to the WebSocket API once, and has its user data there."""

    package = "binance-sdk-spot"
    _suite = Spot

    async def _depth(self, limit: int) -> Any:
        return await self._ask(self._api.depth, symbol=SYMBOL, limit=limit)

    async def _depth_stream(self) -> Any:
        return await self._streams.diff_book_depth(symbol=SYMBOL.lower(), update_speed="100ms")

    def _keys(self, signing: Mapping[str, Any]) -> dict[str, str]:
        return {"api_key": self.account["ed25519_key"], "private_key": signing["ed25519_pem"]}

    async def _user_stream(self) -> Any:
        await self._ws.session_logon()
        return (await self._ws.user_data_stream_subscribe()).stream

    async def rules(self) -> dict[str, Rules]:
        rows = (await self._ask(self._api.exchange_info))["symbols"]
        return {row["symbol"]: rules_of(row) for row in rows}

    async def holdings(self) -> Holdings:
        return spot_holdings(await self._ask(self._api.get_account))

    async def open_orders(self) -> list[Order]:
        return [order_of(row) for row in await self._ask(self._api.get_open_orders, symbol=SYMBOL)]

    async def amend(self, order: Order, qty: str) -> str:
        """Amends in place, which spot allows to smaller sizes."""
        await self._ask(self._api.order_amend_keep_priority, symbol=SYMBOL, new_qty=qty, order_id=int(order.order_id))
        return order.order_id

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        params = snakes(stop_params(self.market, qty, trigger, price))
        return str((await self._ask(self._api.new_order, **params))["orderId"])

    def _cancel_call(self, order_id: str) -> Any:
        return self._ws.order_cancel(symbol=SYMBOL, order_id=int(order_id))

    async def fills(self, order_id: str) -> list[Fill]:
        rows = await self._ask(self._api.my_trades, symbol=SYMBOL, order_id=int(order_id))
        return [fill_of(row) for row in rows]


class UsdmSdkTrader(SdkTrader):
    """binance-sdk-derivatives-trading-usds-futures with an HMAC key: user data by listenKey on the private stream."""

    package = "binance-sdk-derivatives-trading-usds-futures"
    _suite = DerivativesTradingUsdsFutures

    async def _depth(self, limit: int) -> Any:
        return await self._ask(self._api.order_book, symbol=SYMBOL, limit=limit)

    async def _depth_stream(self) -> Any:
        return await self._streams.diff_book_depth_streams(symbol=SYMBOL.lower(), update_speed="100ms")

    async def _user_stream(self) -> Any:
        key = (await self._ask(self._api.start_user_data_stream))["listenKey"]
        return await self._streams.user_data(key)

    async def rules(self) -> dict[str, Rules]:
        rows = (await self._ask(self._api.exchange_information))["symbols"]
        return {row["symbol"]: rules_of(row) for row in rows}

    async def holdings(self) -> Holdings:
        positions = await self._ask(self._api.position_information_v3, symbol=SYMBOL)
        return usdm_holdings(await self._ask(self._api.account_information_v3), positions)

    async def open_orders(self) -> list[Order]:
        return [order_of(row) for row in await self._ask(self._api.current_all_open_orders, symbol=SYMBOL)]

    async def amend(self, order: Order, qty: str) -> str:
        """Modifies in place."""
        params = {"symbol": SYMBOL, "side": "BUY", "quantity": qty, "price": str(order.price)}
        return str((await self._ask(self._api.modify_order, **params, order_id=int(order.order_id)))["orderId"])

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        params = snakes(stop_params(self.market, qty, trigger, price))
        return str((await self._ask(self._api.new_algo_order, **params))["algoId"])

    async def open_stops(self) -> list[str]:
        return [str(row["algoId"]) for row in await self._ask(self._api.current_all_algo_open_orders, symbol=SYMBOL)]

    async def cancel_stop(self, stop_id: str) -> None:
        await self._ask(self._api.cancel_algo_order, algo_id=int(stop_id))

    def _cancel_call(self, order_id: str) -> Any:
        return self._ws.cancel_order(symbol=SYMBOL, order_id=int(order_id))

    async def fills(self, order_id: str) -> list[Fill]:
        rows = await self._ask(self._api.account_trade_list, symbol=SYMBOL, order_id=int(order_id))
        return [fill_of(row) for row in rows]


def snakes(params: Mapping[str, str]) -> dict[str, str]:
    """The venue's parameters under the SDK's names."""
    return {SNAKES.get(name, name): value for name, value in params.items()}


def plain(answer: Any) -> Any:
    """The SDK's models as the plain data that they were read from."""
    if isinstance(answer, list):
        return [plain(row) for row in answer]
    if hasattr(answer, "to_dict"):
        return plain(answer.to_dict())
    if isinstance(answer, dict):
        return {name: plain(value) for name, value in answer.items()}
    return answer


if __name__ == "__main__":
    main(("spot", SpotSdkTrader), ("usdm", UsdmSdkTrader))
