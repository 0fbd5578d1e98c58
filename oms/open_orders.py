"""Every open order of an account as the venue lists it, ours and foreign: plain orders and conditional (algo) ones.

catalogue: O2, R5. `GET /api/v3/openOrders`, `GET /fapi/v1/openOrders` and `openAlgoOrders` (binance.md sections 2, 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms.account import to_decimal
from oms.binance_rest import Rest, VenueError

_NOT_FOUND = 404
#: "Unknown order sent": it was over before the cancel came.
_UNKNOWN_ORDER = -2011


@dataclass(frozen=True)
class OpenOrder:
    """One order; sizes and price in decimals of the venue, `price` 0 where it has none. `algo`: conditional."""

    symbol: str
    number: int
    client_id: str
    side: str
    size: Decimal
    filled: Decimal
    price: Decimal
    algo: bool = False

    @property
    def rest(self) -> Decimal:
        """What may still fill."""
        return self.size - self.filled

    def __str__(self) -> str:
        """The order in one phrase."""
        kind = "conditional " if self.algo else ""
        return f"{self.symbol} {kind}{self.side} {self.rest:f} at {self.price:f} (id {self.number}, {self.client_id})"


async def fetch(rest: Rest) -> list[OpenOrder]:
    """All of them, whatever the symbol. Raises `VenueError`, or `InputError` for a number that cannot be read."""
    if rest.market == "spot":
        return [_plain(row) for row in await rest.call("GET", "open_orders")]
    plain, algo = await asyncio.gather(rest.call("GET", "open_orders"), _algo_rows(rest))
    return [*map(_plain, plain), *map(_algo, algo)]


async def cancel(rest: Rest, order: OpenOrder) -> None:
    """Cancels one; done also where it is over already. Raises `VenueError`."""
    what, which = ("algo_order", {"algoId": order.number}) if order.algo else ("order", {"orderId": order.number})
    try:
        await rest.call("DELETE", what, {"symbol": order.symbol, **which})
    except VenueError as error:
        if error.code != _UNKNOWN_ORDER:
            raise


async def cancel_all(rest: Rest, symbol: str) -> None:
    """Cancels all of a symbol, conditional ones too. Raises `VenueError`."""
    await rest.cancel_all(symbol)
    if rest.market == "spot":
        return
    try:
        await rest.call("DELETE", "cancel_all_algo", {"symbol": symbol})
    except VenueError as error:
        if error.status != _NOT_FOUND:
            raise


async def _algo_rows(rest: Rest) -> list[dict[str, Any]]:
    try:
        return list(await rest.call("GET", "algo_orders"))
    except VenueError as error:
        if error.status == _NOT_FOUND:
            # A venue without the endpoint has no such orders.
            return []
        raise


def _plain(row: Mapping[str, Any]) -> OpenOrder:
    size, filled, price = (to_decimal(name, row[name]) for name in ("origQty", "executedQty", "price"))
    return OpenOrder(
        row["symbol"], int(row["orderId"]), str(row["clientOrderId"]), str(row["side"]), size, filled, price
    )


def _algo(row: Mapping[str, Any]) -> OpenOrder:
    size, price = to_decimal("quantity", row["quantity"]), to_decimal("price", row["price"])
    number, client = int(row["algoId"]), str(row["clientAlgoId"])
    return OpenOrder(row["symbol"], number, client, str(row["side"]), size, Decimal(0), price, algo=True)
