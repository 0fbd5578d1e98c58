"""nautilus_trader 1.x plays the round: on USD-M its live node, on spot its data node and its adapter's REST client.

catalogue: S1. The newest release for Python 3.11 opens spot user data by `POST /api/v3/userDataStream`, which the venue
retired in February 2026, so its spot execution cannot connect there, nor here. Messages are decoded into strict types:
a missing field or an unknown value of an enumeration fails the round.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from nautilus_trader.adapters.binance import BINANCE_VENUE, BinanceAccountType
from nautilus_trader.adapters.binance.common.enums import BinanceOrderSide, BinanceOrderType, BinanceTimeInForce
from nautilus_trader.adapters.binance.futures.http.account import BinanceFuturesAccountHttpAPI
from nautilus_trader.adapters.binance.futures.http.market import BinanceFuturesMarketHttpAPI
from nautilus_trader.adapters.binance.http.client import BinanceHttpClient
from nautilus_trader.adapters.binance.http.error import BinanceError
from nautilus_trader.adapters.binance.spot.http.account import BinanceSpotAccountHttpAPI
from nautilus_trader.adapters.binance.spot.http.market import BinanceSpotMarketHttpAPI
from nautilus_trader.common.component import LiveClock, TestClock
from nautilus_trader.model.events import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderFilled,
    OrderRejected,
    OrderUpdated,
)

from tests.clients.checks import NotOfferedError
from tests.clients.exact import Fill, Holdings, Rules
from tests.clients.full_round import main
from tests.clients.nautilus_node import Hands, Node
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
    spot_holdings,
    until,
    venue_params,
)

NO_SPOT_USER_DATA = "it asks for spot's listenKey by REST, which the venue retired; newer releases need Python 3.12"
LATE_NS = 60 * 10**9


def refused(text: str) -> RefusedError:
    """The venue's answer, which the adapter's errors carry as the text of a dictionary."""
    body = ast.literal_eval(text)
    return RefusedError(int(body["code"]), body["msg"])


class NautilusTrader(Trader):
    """What both markets share: the node's book and instruments, and the adapter's REST client."""

    client, package = "nautilus_trader", "nautilus_trader"
    kind: BinanceAccountType
    instrument: str

    async def open(self) -> None:
        self._api = self._account_api(self.account["secret"], LiveClock())
        keys = (self.account["key"], self.account["secret"])
        self._hands = Hands(self.instrument, self.keep, self._on_event)
        self._node = Node(self._hands, self.rest, self.ws, keys, self.kind)
        await asyncio.wait_for(self._hands.started.wait(), 30)

    async def close(self) -> None:
        await self._node.stop()

    def _http(self, secret: str, clock: Any) -> BinanceHttpClient:
        return BinanceHttpClient(clock, self.account["key"], secret, self.rest)

    def _account_api(self, secret: str, clock: Any) -> Any:
        raise AssertionError("each market has its own")

    def _market_api(self) -> Any:
        raise AssertionError("each market has its own")

    def _on_event(self, event: Any) -> None:
        raise AssertionError("each market has its own")

    async def _ask(self, awaitable: Any) -> Any:
        """An answer of the adapter's REST client as plain data."""
        try:
            return msgspec.to_builtins(await awaitable)
        except BinanceError as why:
            raise refused(str(why.message)) from why

    async def rules(self) -> dict[str, Rules]:
        return {
            str(each.raw_symbol): Rules(
                each.price_increment.as_decimal(), each.size_increment.as_decimal(), each.min_notional.as_decimal()
            )
            for each in self._hands.cache.instruments(venue=BINANCE_VENUE)
        }

    async def snapshot(self) -> Book:
        answer = await self._ask(self._market_api().query_depth(SYMBOL, limit=100))
        return book_of(answer["lastUpdateId"], answer["bids"], answer["asks"])

    async def _place_by_rest(self, wish: Wish) -> str:
        params = venue_params(self.market, wish)
        tif = params.get("timeInForce")
        placed = self._api.new_order(
            symbol=wish.symbol,
            side=BinanceOrderSide(params["side"]),
            order_type=BinanceOrderType(params["type"]),
            time_in_force=BinanceTimeInForce(tif) if tif else None,
            quantity=wish.qty,
            price=wish.price,
        )
        return str((await self._ask(placed))["orderId"])

    async def _cancel_by_rest(self, order_id: str) -> None:
        await self._ask(self._api.cancel_order(SYMBOL, order_id=int(order_id)))

    async def open_orders(self) -> list[Order]:
        return [order_of(row) for row in await self._ask(self._api.query_open_orders(SYMBOL))]

    async def _account_info(self, api: Any) -> Mapping[str, Any]:
        raise AssertionError("each market has its own")

    async def sign_wrongly(self) -> None:
        await self._account_info(self._account_api("0" * 64, LiveClock()))

    async def sign_late(self) -> None:
        clock = TestClock()
        clock.set_time(LiveClock().timestamp_ns() - LATE_NS)
        await self._account_info(self._account_api(self.account["secret"], clock))


class SpotNautilusTrader(NautilusTrader):
    """Spot: a data node for markets and books, orders by REST."""

    kind = BinanceAccountType.SPOT
    instrument = "BTCUSDT.BINANCE"
    no_user_stream = NO_SPOT_USER_DATA

    def _account_api(self, secret: str, clock: Any) -> Any:
        return BinanceSpotAccountHttpAPI(self._http(secret, clock), clock, self.kind)

    def _market_api(self) -> Any:
        return BinanceSpotMarketHttpAPI(self._http(self.account["secret"], LiveClock()), self.kind)

    def _on_event(self, event: Any) -> None:
        raise AssertionError(f"no order of the node is on spot, was {event}")

    async def _account_info(self, api: Any) -> Mapping[str, Any]:
        info: Mapping[str, Any] = await self._ask(api.query_spot_account_info())
        return info

    async def holdings(self) -> Holdings:
        return spot_holdings(await self._account_info(self._api))

    async def place(self, wish: Wish) -> str:
        return await self._place_by_rest(wish)

    async def cancel(self, order_id: str) -> None:
        await self._cancel_by_rest(order_id)

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        placed = self._api.new_order(
            symbol=SYMBOL,
            side=BinanceOrderSide.SELL,
            order_type=BinanceOrderType.STOP_LOSS_LIMIT,
            time_in_force=BinanceTimeInForce.GTC,
            quantity=qty,
            price=price,
            stop_price=trigger,
        )
        return str((await self._ask(placed))["orderId"])

    async def amend(self, order: Order, qty: str) -> str:
        raise NotOfferedError("its adapter has no amendment on spot")

    async def fills(self, order_id: str) -> list[Fill]:
        rows = await self._ask(self._api.query_user_trades(SYMBOL, order_id=int(order_id)))
        return [fill_of(row) for row in rows]


class UsdmNautilusTrader(NautilusTrader):
    """USD-M: everything through the live node's strategy and cache but what the node would never send."""

    kind = BinanceAccountType.USDT_FUTURES
    instrument = "BTCUSDT-PERP.BINANCE"

    def _account_api(self, secret: str, clock: Any) -> Any:
        return BinanceFuturesAccountHttpAPI(self._http(secret, clock), clock, self.kind)

    def _market_api(self) -> Any:
        return BinanceFuturesMarketHttpAPI(self._http(self.account["secret"], LiveClock()), self.kind)

    async def open(self) -> None:
        self._told: list[Any] = []
        await super().open()

    def _on_event(self, event: Any) -> None:
        self._told.append(event)
        if isinstance(event, OrderAccepted):
            self.events.append((str(event.venue_order_id), "NEW"))
        elif isinstance(event, OrderCanceled):
            self.events.append((str(event.venue_order_id), "CANCELED"))
        elif isinstance(event, OrderFilled) and self._hands.cache.order(event.client_order_id).is_closed:
            self.events.append((str(event.venue_order_id), "FILLED"))

    async def _event(self, order: Any, *kinds: type[Any]) -> Any:
        """The first event of these kinds about an order."""

        def found() -> list[Any]:
            return [e for e in self._told if isinstance(e, kinds) and e.client_order_id == order.client_order_id]

        await until(f"one of {[kind.__name__ for kind in kinds]}", lambda: bool(found()))
        return found()[0]

    async def _account_info(self, api: Any) -> Mapping[str, Any]:
        info: Mapping[str, Any] = await self._ask(api.query_futures_account_info(recv_window="5000"))
        return info

    async def holdings(self) -> Holdings:
        """The node's own account and position, after it has asked the venue once more."""
        account = self._hands.portfolio.account(BINANCE_VENUE)
        events = account.event_count
        self._hands.query_account(account.id)
        await until("the account's state", lambda: account.event_count > events)
        assets = {str(asset): money.as_decimal() for asset, money in account.balances_total().items()}
        positions = self._hands.cache.positions_open(venue=BINANCE_VENUE)
        amounts = [each.signed_decimal_qty() for each in positions if str(each.instrument_id) == self.instrument]
        return Holdings(assets, sum(amounts, Decimal(0)))

    async def place(self, wish: Wish) -> str:
        if wish.symbol != SYMBOL:
            return await self._place_by_rest(wish)
        event = await self._event(self._hands.place(wish), OrderAccepted, OrderRejected)
        if isinstance(event, OrderRejected):
            raise refused(event.reason)
        return str(event.venue_order_id)

    def _order(self, order_id: str) -> Any:
        orders = [order for order in self._hands.cache.orders() if str(order.venue_order_id) == order_id]
        return orders[0] if orders else None

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        raise NotOfferedError("its adapter sends stops to the order endpoint, from which the venue moved them")

    async def amend(self, order: Order, qty: str) -> str:
        mine = self._order(order.order_id)
        self._hands.modify_order(mine, quantity=type(mine.quantity).from_str(qty))
        await self._event(mine, OrderUpdated)
        return str(mine.venue_order_id)

    async def cancel(self, order_id: str) -> None:
        order = self._order(order_id)
        if order is None:
            # The node cancels no order that it does not know.
            await self._cancel_by_rest(order_id)
            return
        self._hands.cancel_order(order)
        await self._event(order, OrderCanceled, OrderCancelRejected)

    async def fills(self, order_id: str) -> list[Fill]:
        """The node's own fills; what they realised is told by REST only."""
        rows = await self._ask(self._api.query_user_trades(SYMBOL, order_id=int(order_id)))
        realized = {str(row["id"]): Decimal(row["realizedPnl"]) for row in rows}
        return [
            Fill(
                event.last_px.as_decimal(),
                event.last_qty.as_decimal(),
                event.commission.as_decimal(),
                event.commission.currency.code,
                realized[str(event.trade_id)],
            )
            for event in self._told
            if isinstance(event, OrderFilled) and str(event.venue_order_id) == order_id
        ]


if __name__ == "__main__":
    main(("spot", SpotNautilusTrader), ("usdm", UsdmNautilusTrader))
