"""What a round asks of a client: the few operations that each `*_round.py` maps to its client's own calls.

A `Trader` is one client on one market of the box, trading BTCUSDT with the box's first account. Amounts go in as text
and come out as the exact decimals that the client shows. What a client lacks raises NotOfferedError with the reason.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unittest import mock

from tests.clients.checks import NotOfferedError
from tests.clients.exact import Fill, Holdings, Rules

SYMBOL = "BTCUSDT"
UNKNOWN = "NOPEUSDT"
WAIT_S = 40.0
POLL_S = 0.05
BOOKS_MAX = 400
LEVELS = 10


@dataclass(frozen=True)
class Book:
    """The best LEVELS levels of each side, `(price, size)` best first, at an update id."""

    update_id: int
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True)
class Order:
    """An order as the client shows it; `status` in the venue's words."""

    order_id: str
    price: Decimal
    qty: Decimal
    status: str


@dataclass(frozen=True)
class Wish:
    """A new order; without a price it is a market order. `post_only` is spot's LIMIT_MAKER, USD-M's GTX."""

    side: str
    qty: str
    price: str | None = None
    post_only: bool = False
    reduce_only: bool = False
    symbol: str = SYMBOL


class RefusedError(Exception):
    """The venue refused: its code and text as the client carries them."""

    def __init__(self, code: int | None, text: str) -> None:
        """`code` is None where the client loses it."""
        super().__init__(code, text)
        self.code = code
        self.text = text


def book_of(update_id: int, bids: Sequence[Any], asks: Sequence[Any]) -> Book:
    """A book of price-size pairs, numbers or texts, best first."""
    sides = [tuple((Decimal(str(row[0])), Decimal(str(row[1]))) for row in side[:LEVELS]) for side in (bids, asks)]
    return Book(int(update_id), sides[0], sides[1])


def venue_params(market: str, wish: Wish) -> dict[str, str]:
    """A wish as the venue's own parameters, for clients that take those."""
    params = {"symbol": wish.symbol, "side": wish.side, "quantity": wish.qty}
    if wish.price is None:
        params["type"] = "MARKET"
    elif wish.post_only and market == "spot":
        params |= {"type": "LIMIT_MAKER", "price": wish.price}
    else:
        params |= {"type": "LIMIT", "price": wish.price, "timeInForce": "GTX" if wish.post_only else "GTC"}
    if wish.reduce_only:
        params["reduceOnly"] = "true"
    return params


def stop_params(market: str, qty: str, trigger: str, price: str) -> dict[str, str]:
    """A stop that sells, as the venue's own parameters: spot's order with a limit, USD-M's algo order at the market."""
    shared = {"symbol": SYMBOL, "side": "SELL", "quantity": qty}
    if market == "usdm":
        return {**shared, "algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": trigger}
    return {**shared, "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "stopPrice": trigger, "price": price}


def order_of(row: Mapping[str, Any]) -> Order:
    """An order of the venue's REST answers."""
    return Order(str(row["orderId"]), Decimal(row["price"]), Decimal(row["origQty"]), str(row["status"]))


def fill_of(row: Mapping[str, Any]) -> Fill:
    """An own trade of the venue's REST answers."""
    realized = Decimal(row.get("realizedPnl") or 0)
    return Fill(
        Decimal(row["price"]), Decimal(row["qty"]), Decimal(row["commission"]), row["commissionAsset"], realized
    )


def rules_of(row: Mapping[str, Any]) -> Rules:
    """A contract of exchangeInfo."""
    filters = {entry["filterType"]: entry for entry in row["filters"]}
    notional = filters["NOTIONAL"]["minNotional"] if "NOTIONAL" in filters else filters["MIN_NOTIONAL"]["notional"]
    price, lot = filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]
    return Rules(Decimal(price), Decimal(lot), Decimal(notional))


def spot_holdings(account: Mapping[str, Any]) -> Holdings:
    """What spot's account answer says."""
    return Holdings({row["asset"]: Decimal(row["free"]) + Decimal(row["locked"]) for row in account["balances"]})


def usdm_holdings(account: Mapping[str, Any], positions: Sequence[Mapping[str, Any]]) -> Holdings:
    """What USD-M's account and position answers say."""
    assets = {row["asset"]: Decimal(row["walletBalance"]) for row in account["assets"]}
    amounts = [Decimal(row["positionAmt"]) for row in positions if row["symbol"] == SYMBOL]
    return Holdings(assets, sum(amounts, Decimal(0)))


def user_event(message: Any) -> tuple[str, str] | None:
    """`(order id, status)` of the venue's own order events, raw or wrapped; None of everything else.

    They are told by their fields, because some clients drop the event's name. USD-M has them under `o`, where spot has
    the order's type.
    """
    if not isinstance(message, dict):
        return None
    event: dict[str, Any] = message.get("event") or message.get("data") or message
    order: dict[str, Any] = event["o"] if isinstance(event.get("o"), dict) else event
    return (str(order["i"]), str(order["X"])) if {"i", "X", "x", "c"} <= order.keys() else None


async def until(what: str, found: Callable[[], bool], wait_s: float = WAIT_S) -> None:
    """Waits until `found`; AssertionError names what did not come."""
    end = time.monotonic() + wait_s
    while not found():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {wait_s:g} s")
        await asyncio.sleep(POLL_S)


@contextlib.contextmanager
def slow_clock(seconds: float = 60.0) -> Iterator[None]:
    """The machine's clock, as Python reads it, goes `seconds` late: what a client on such a machine would sign."""
    now, now_ns = time.time, time.time_ns
    late_ns = int(seconds * 1e9)

    def late() -> float:
        return now() - seconds

    def late_in_ns() -> int:
        return now_ns() - late_ns

    with mock.patch("time.time", late), mock.patch("time.time_ns", late_in_ns):
        yield


class Trader(abc.ABC):
    """One client on one market. `client` and `package` name it and the distribution whose version counts."""

    client: str
    package: str
    no_user_stream = ""  # Why the client has no user stream, where it has none; its checks then use answers only.

    def __init__(self, box: Mapping[str, Any], market: str) -> None:
        """`box` is the box's first line, `market` is `spot` or `usdm`."""
        self.box = box
        self.market = market
        self.account: Mapping[str, Any] = box["accounts"][0]
        self.books: OrderedDict[int, Book] = OrderedDict()
        self.events: list[tuple[str, str]] = []

    @property
    def rest(self) -> str:
        """The market's REST address."""
        return str(self.box[f"{self.market}_rest"])

    @property
    def ws(self) -> str:
        """The market's stream address."""
        return str(self.box[f"{self.market}_ws"])

    @property
    def ws_api(self) -> str:
        """The market's WebSocket-API address."""
        return str(self.box[f"{self.market}_ws_api"])

    def keep(self, book: Book) -> None:
        """Remembers a state of the client's book, the last BOOKS_MAX of them."""
        self.books[book.update_id] = book
        while len(self.books) > BOOKS_MAX:
            self.books.popitem(last=False)

    def hear(self, message: Any) -> None:
        """Remembers what a message of the user stream says about an order."""
        if (event := user_event(message)) is not None:
            self.events.append(event)

    @abc.abstractmethod
    async def open(self) -> None:
        """Makes the client, starts its book and its user stream."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Ends every connection."""

    @abc.abstractmethod
    async def rules(self) -> dict[str, Rules]:
        """The contracts that the client knows, by the venue's symbol."""

    @abc.abstractmethod
    async def snapshot(self) -> Book:
        """The venue's book as one answer."""

    @abc.abstractmethod
    async def holdings(self) -> Holdings:
        """Balances and position."""

    @abc.abstractmethod
    async def place(self, wish: Wish) -> str:
        """Places an order and returns its id; RefusedError when the venue says no."""

    @abc.abstractmethod
    async def open_orders(self) -> list[Order]:
        """The open orders of BTCUSDT."""

    @abc.abstractmethod
    async def cancel(self, order_id: str) -> None:
        """Cancels an order; RefusedError when the venue says no."""

    @abc.abstractmethod
    async def fills(self, order_id: str) -> list[Fill]:
        """The own trades of one order."""

    async def amend(self, order: Order, qty: str) -> str:
        """Gives an open buy order another size and returns its id, which is a new one on spot."""
        raise NotOfferedError("the client has no call that changes an order")

    async def place_stop(self, qty: str, trigger: str, price: str) -> str:
        """Places a stop that sells below the market and returns its id, on USD-M the algo order's."""
        raise NotOfferedError("the client has no call for conditional orders")

    async def open_stops(self) -> list[str]:
        """The ids of the stops that wait; on spot they are among the open orders."""
        return [order.order_id for order in await self.open_orders()]

    async def cancel_stop(self, stop_id: str) -> None:
        """Cancels a stop; on spot as any order."""
        await self.cancel(stop_id)

    @abc.abstractmethod
    async def sign_wrongly(self) -> None:
        """A signed request with a wrong secret; RefusedError is expected."""

    async def sign_late(self) -> None:
        """A signed request by a clock that is a minute slow; RefusedError is expected."""
        with slow_clock():
            await self.holdings()
