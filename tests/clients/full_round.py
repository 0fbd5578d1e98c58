"""A full round of trading by one client on both markets: what binance.md and issue 4 ask, the same for every client."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable
from decimal import ROUND_DOWN, Decimal

from tests.clients.checks import CHECKS, NotOfferedError, Reporter, box_of_stdin
from tests.clients.exact import LISTED, OPENING, REFUSALS, Holdings, after_fills, check_fills, check_realized, same
from tests.clients.trader import SYMBOL, UNKNOWN, WAIT_S, Order, RefusedError, Trader, Wish, until

FAR, THROUGH = Decimal("0.8"), Decimal("1.02")
TRIGGER, UNDER = Decimal("0.9"), Decimal("0.89")
QTY, AMENDED = "0.02", "0.01"
FILL_QTY = {"spot": "0.0373", "usdm": "0.037"}
TOO_MUCH = {"spot": "50", "usdm": "800"}
BAD_LOT = {"spot": "0.010001", "usdm": "0.0105"}
NO_SUCH_ORDER = "123456789"
BOOKS_EQUAL = 5


class FullRound:
    """The checks of checks.py against one Trader; the far order is remembered from one check to the next."""

    def __init__(self, trader: Trader) -> None:
        """Plays on the trader's market."""
        self._trader = trader
        self._market = trader.market
        self._order: Order | None = None

    def checks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Every check by its name, in order."""
        own: dict[str, Callable[[], Awaitable[None]]] = {
            "markets": self._markets,
            "book": self._book,
            "balances": self._balances,
            "far_order": self._far_order,
            "user_stream": self._user_stream,
            "amend": self._amend,
            "cancel": self._cancel,
            "fill": self._fill,
            "conditional": self._conditional,
        }
        return {name: own.get(name) or functools.partial(self._refused, name) for name in CHECKS}

    async def _price(self, share: Decimal) -> str:
        """A price at that share of the best bid, on the tick."""
        best = (await self._trader.snapshot()).bids[0][0]
        tick = LISTED[self._market][SYMBOL].tick
        return str((best * share / tick).quantize(Decimal(1), ROUND_DOWN) * tick)

    def _placed(self) -> Order:
        if self._order is None:
            raise AssertionError("there is no far order, because far_order failed")
        return self._order

    async def _found(self, order_id: str) -> Order:
        orders = [order for order in await self._trader.open_orders() if order.order_id == order_id]
        same(f"the number of open orders with id {order_id}", len(orders), 1)
        return orders[0]

    async def _told(self, order_id: str, status: str) -> None:
        if self._trader.no_user_stream:
            return
        await until(f"{status} of order {order_id}", lambda: (order_id, status) in self._trader.events)

    async def _markets(self) -> None:
        same("the contracts", await self._trader.rules(), dict(LISTED[self._market]))

    async def _book(self) -> None:
        trader = self._trader
        await until("the client's book", lambda: bool(trader.books))
        equal = 0
        for _ in range(400):
            book = await trader.snapshot()
            newest = max(trader.books)
            if newest < book.update_id:
                # The book moves with the next message, which may stop at the snapshot's id or jump over it.
                await asyncio.sleep(0.15)
            if book.update_id in trader.books:
                same(f"the client's book at {book.update_id}", trader.books[book.update_id], book)
                equal += 1
                if equal == BOOKS_EQUAL:
                    return
            await asyncio.sleep(0.03)
        raise AssertionError(f"{equal} of {BOOKS_EQUAL} snapshots had an update id that the client's book passed")

    async def _balances(self) -> None:
        holdings = await self._trader.holdings()
        same(
            "the assets", {asset: amount for asset, amount in holdings.assets.items() if amount}, OPENING[self._market]
        )
        same("the position", holdings.position, Decimal(0))

    async def _far_order(self) -> None:
        price = await self._price(FAR)
        order_id = await self._trader.place(Wish("BUY", QTY, price, post_only=True))
        self._order = await self._found(order_id)
        same("the open order", self._order, Order(order_id, Decimal(price), Decimal(QTY), "NEW"))

    async def _user_stream(self) -> None:
        if self._trader.no_user_stream:
            raise NotOfferedError(self._trader.no_user_stream)
        await self._told(self._placed().order_id, "NEW")

    async def _amend(self) -> None:
        old = self._placed()
        order_id = await self._trader.amend(old, AMENDED)
        self._order = await self._found(order_id)
        same("the amended order", self._order, Order(order_id, old.price, Decimal(AMENDED), "NEW"))

    async def _cancel(self) -> None:
        order_id = self._placed().order_id
        await self._trader.cancel(order_id)
        same("the open orders", await self._trader.open_orders(), [])
        await self._told(order_id, "CANCELED")

    async def _fill(self) -> None:
        trader, market, qty = self._trader, self._market, FILL_QTY[self._market]
        start = await trader.holdings()
        bought = await trader.place(Wish("BUY", qty))
        await self._told(bought, "FILLED")
        entry = await trader.fills(bought)
        check_fills(market, "BUY", Decimal(qty), entry)
        middle = await trader.holdings()
        self._equal(middle, after_fills(market, "BUY", start, entry))
        sold = await trader.place(Wish("SELL", qty, reduce_only=market == "usdm"))
        await self._told(sold, "FILLED")
        closing = await trader.fills(sold)
        check_fills(market, "SELL", Decimal(qty), closing)
        self._equal(await trader.holdings(), after_fills(market, "SELL", middle, closing))
        if market == "usdm":
            check_realized(entry, closing)

    @staticmethod
    def _equal(was: Holdings, wanted: Holdings) -> None:
        for asset, amount in wanted.assets.items():
            same(f"the balance of {asset}", was.assets.get(asset), amount)
        same("the position", was.position, wanted.position)

    async def _conditional(self) -> None:
        trigger, price = await self._price(TRIGGER), await self._price(UNDER)
        stop_id = await self._trader.place_stop(QTY, trigger, price)
        same("the stops that wait", await self._trader.open_stops(), [stop_id])
        await self._trader.cancel_stop(stop_id)
        same("the stops that wait", await self._trader.open_stops(), [])

    async def _refused(self, name: str) -> None:
        code, text = REFUSALS[self._market][name]
        try:
            await self._provoke(name)
        except RefusedError as why:
            if why.code is not None:
                same("the code", why.code, code)
            if text not in why.text:
                raise AssertionError(f"the text must be {text!r}, was {why.text!r}") from None
            return
        raise AssertionError(f"the venue accepted it, {code} was due")

    async def _provoke(self, name: str) -> None:
        trader, market = self._trader, self._market
        if name == "bad_signature":
            await trader.sign_wrongly()
        elif name == "bad_timestamp":
            await trader.sign_late()
        elif name == "unknown_order":
            await trader.cancel(NO_SUCH_ORDER)
        elif name == "post_only_would_match":
            await trader.place(Wish("BUY", QTY, await self._price(THROUGH), post_only=True))
        else:
            price = await self._price(FAR)
            await trader.place(
                {
                    "insufficient_balance": Wish("BUY", TOO_MUCH[market], price),
                    "unknown_symbol": Wish("BUY", QTY, price, symbol=UNKNOWN),
                    "bad_price": Wish("BUY", QTY, str(Decimal(price) + LISTED[market][SYMBOL].tick / 2)),
                    "bad_lot": Wish("BUY", BAD_LOT[market], price),
                }[name]
            )


async def _play(reporter: Reporter, trader: Trader) -> bool:
    reporter.begin(trader.client, trader.package, trader.market)
    try:
        await asyncio.wait_for(trader.open(), WAIT_S)
    except Exception as why:
        return await _all_failed(reporter, why)
    good = True
    try:
        for name, does in FullRound(trader).checks().items():
            good &= await reporter.check(name, does)
    finally:
        await asyncio.wait_for(trader.close(), WAIT_S)
    return good


async def _all_failed(reporter: Reporter, why: Exception) -> bool:
    async def raises() -> None:
        raise why

    for name in CHECKS:
        await reporter.check(name, raises)
    return False


def main(*kinds: tuple[str, type[Trader]]) -> None:
    """Plays the round with each kind of trader on its market, one after the other; exit 1 when a check failed."""
    reporter, box = Reporter(), box_of_stdin()

    async def run() -> bool:
        return all([await _play(reporter, kind(box, market)) for market, kind in kinds])

    sys.exit(0 if asyncio.run(run()) else 1)
