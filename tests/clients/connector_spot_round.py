"""The venue's older official spot connector, binance-connector, plays the round. catalogue: S1.

Its user data are those of a listenKey, which spot retired in 2026. Its WebSocket-API client sends any request, though,
and its own helper signs it: so its users subscribe by signature, and so does this round.
"""

from __future__ import annotations

from typing import Any

from binance.lib.utils import get_timestamp, get_uuid, websocket_api_signature
from binance.spot import Spot
from binance.websocket.spot.websocket_api import SpotWebsocketAPIClient
from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient

from tests.clients.connector_trader import ConnectorTrader
from tests.clients.exact import Fill, Holdings, Rules
from tests.clients.full_round import main
from tests.clients.trader import SYMBOL, Order, fill_of, order_of, rules_of, spot_holdings, stop_params


class SpotConnectorTrader(ConnectorTrader):
    """REST through `Spot`, books and user data through the two websocket clients."""

    client, package = "binance-connector", "binance-connector"

    def _made(self, secret: str) -> Any:
        return Spot(api_key=self.account["key"], api_secret=secret, base_url=self.rest)

    async def open(self) -> None:
        self._start(self._made(self.account["secret"]))
        stream = SpotWebsocketStreamClient(stream_url=self.ws, on_message=self._on_message)
        keys = {"api_key": self.account["key"], "api_secret": self.account["secret"]}
        user = SpotWebsocketAPIClient(stream_url=self.ws_api, on_message=self._on_message, **keys)
        self._sockets += [stream, user]
        stream.diff_book_depth(SYMBOL, speed=100)
        signed = websocket_api_signature(keys["api_key"], keys["api_secret"], {"timestamp": get_timestamp()})
        user.send({"id": get_uuid(), "method": "userDataStream.subscribe.signature", "params": signed})
        await self._follow_book()

    async def rules(self) -> dict[str, Rules]:
        return {row["symbol"]: rules_of(row) for row in (await self._ask(self._api.exchange_info))["symbols"]}

    async def holdings(self) -> Holdings:
        return spot_holdings(await self._ask(self._api.account))

    async def open_orders(self) -> list[Order]:
        return [order_of(row) for row in await self._ask(self._api.get_open_orders, symbol=SYMBOL)]

    async def amend(self, order: Order, qty: str) -> str:
        """Cancels and replaces in one request."""
        answer = await self._ask(
            self._api.cancel_and_replace,
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT_MAKER",
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=int(order.order_id),
            quantity=qty,
            price=str(order.price),
        )
        return str(answer["newOrderResponse"]["orderId"])

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        return str((await self._ask(self._api.new_order, **stop_params("spot", qty, trigger, price)))["orderId"])

    async def fills(self, order_id: str) -> list[Fill]:
        return [fill_of(row) for row in await self._ask(self._api.my_trades, symbol=SYMBOL, orderId=int(order_id))]

    async def sign_wrongly(self) -> None:
        await self._ask(self._made("0" * 64).account)


if __name__ == "__main__":
    main(("spot", SpotConnectorTrader))
