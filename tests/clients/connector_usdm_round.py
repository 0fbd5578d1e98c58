"""The venue's older official USD-M connector, binance-futures-connector, plays the round. catalogue: S1.

It knows no routed paths: books and user data come over the unrouted `/ws`, user data by subscribing to the listenKey.
"""

from __future__ import annotations

from typing import Any

from binance.um_futures import UMFutures
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient

from tests.clients.checks import NotOfferedError
from tests.clients.connector_trader import ConnectorTrader
from tests.clients.exact import Fill, Holdings, Rules
from tests.clients.full_round import main
from tests.clients.trader import SYMBOL, Order, fill_of, order_of, rules_of, usdm_holdings


class UsdmConnectorTrader(ConnectorTrader):
    """REST through `UMFutures`, books and user data through one websocket client."""

    client, package = "binance-futures-connector", "binance-futures-connector"

    def _made(self, secret: str) -> Any:
        return UMFutures(key=self.account["key"], secret=secret, base_url=self.rest)

    async def open(self) -> None:
        self._start(self._made(self.account["secret"]))
        stream = UMFuturesWebsocketClient(stream_url=self.ws, on_message=self._on_message)
        self._sockets.append(stream)
        stream.diff_book_depth(SYMBOL, speed=100)
        stream.user_data((await self._ask(self._api.new_listen_key))["listenKey"])
        await self._follow_book()

    async def rules(self) -> dict[str, Rules]:
        return {row["symbol"]: rules_of(row) for row in (await self._ask(self._api.exchange_info))["symbols"]}

    async def holdings(self) -> Holdings:
        positions = await self._ask(self._api.get_position_risk, symbol=SYMBOL)
        return usdm_holdings(await self._ask(self._api.account), positions)

    async def open_orders(self) -> list[Order]:
        # Its get_open_orders is the query of one order under the venue's name for all; get_orders lists them.
        return [order_of(row) for row in await self._ask(self._api.get_orders, symbol=SYMBOL)]

    async def amend(self, order: Order, qty: str) -> str:
        """Modifies in place."""
        wanted = {"symbol": SYMBOL, "side": "BUY", "quantity": qty, "price": str(order.price)}
        return str((await self._ask(self._api.modify_order, **wanted, orderId=int(order.order_id)))["orderId"])

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        raise NotOfferedError("it knows no algo endpoint, where the venue moved USD-M's conditional orders")

    async def fills(self, order_id: str) -> list[Fill]:
        rows = await self._ask(self._api.get_account_trades, symbol=SYMBOL, orderId=int(order_id))
        return [fill_of(row) for row in rows]

    async def sign_wrongly(self) -> None:
        await self._ask(self._made("0" * 64).account)


if __name__ == "__main__":
    main(("usdm", UsdmConnectorTrader))
