"""freqtrade plays the round as a live bot: what it wrote into its database must equal the box's fills and fees.

catalogue: S1. The bot trades by its strategy and by its REST interface; refusals are provoked through freqtrade's own
exchange class, because the bot itself would never send them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import urllib.error
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

from freqtrade.configuration import Configuration
from freqtrade.exceptions import FreqtradeException
from freqtrade.resolvers import ExchangeResolver

from tests.clients.checks import CHECKS, NotOfferedError, Reporter, box_of_stdin
from tests.clients.exact import (
    LISTED,
    OPENING,
    UNIT,
    Fill,
    Holdings,
    after_fills,
    check_fills,
    same,
)
from tests.clients.exact import REFUSALS as TEXTS
from tests.clients.freqtrade_bot import PAIRS, STAKE, Bot, configuration
from tests.clients.full_round import FAR, NO_SUCH_ORDER, QTY, THROUGH, TOO_MUCH
from tests.clients.trader import fill_of, rules_of, slow_clock, spot_holdings, until, usdm_holdings

# A signal needs a whole candle of a minute, and the box may have started in the middle of one.
TRADED_S = 85.0
WITHOUT = {
    "book": "it asks for order books and keeps none",
    "user_stream": "it polls its orders and opens no user stream",
    "amend": "its strategies replace an order by cancelling it; it sends no amendment",
    "unknown_symbol": "it refuses a pair that the venue does not list before it asks",
    "bad_price": "it rounds prices to the tick before it sends them",
    "bad_lot": "it rounds sizes to the lot before it sends them",
}


class FreqtradeRound:
    """The checks on one market: the bot, and beside it freqtrade's exchange class with the same configuration."""

    def __init__(self, box: dict[str, Any], market: str, folder: Path) -> None:
        """`open` starts the bot; a thread of its own runs freqtrade's blocking calls."""
        self.market = market
        self._box = box
        self._folder = folder
        self._pair = PAIRS[market]
        self._thread = ThreadPoolExecutor(1)
        self._bot: Any = None
        self._exchange: Any = None

    async def open(self) -> None:
        """Starts the bot and loads the exchange class."""
        secret = self._box["accounts"][0]["secret"]
        self._bot = Bot(configuration(self._box, self.market, self._folder, secret), self._folder)
        self._exchange = await self._call(self._loaded, secret)

    def _loaded(self, secret: str) -> Any:
        options = {"config": [str(self._folder / "config.json")], "user_data_dir": str(self._folder)}
        config = Configuration(options).get_config()
        config["exchange"]["secret"] = secret
        return ExchangeResolver.load_exchange(config, validate=False)

    async def close(self) -> None:
        """Stops what `open` started, however far it came."""
        if self._exchange is not None:
            await self._call(self._exchange.close)
        if self._bot is not None:
            await self._call(self._bot.stop)

    async def _call(self, what: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: what(*args, **named))

    def checks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Every check by its name, in order."""
        own = {
            "markets": self._markets,
            "balances": self._balances,
            "far_order": self._far_order,
            "cancel": self._cancel,
            "fill": self._fill,
            "conditional": self._conditional,
        }
        return {name: own.get(name) or self._other(name) for name in CHECKS}

    def _other(self, name: str) -> Callable[[], Awaitable[None]]:
        async def check() -> None:
            if name in WITHOUT:
                raise NotOfferedError(WITHOUT[name])
            await self._refused(name)

        return check

    async def _markets(self) -> None:
        markets = await self._call(lambda: self._exchange.markets)
        rules = {row["id"]: rules_of(row["info"]) for row in markets.values()}
        same("the contracts", rules, dict(LISTED[self.market]))

    async def _balances(self) -> None:
        for _ in range(600):
            if await self._call(self._bot.runs):
                break
            await asyncio.sleep(0.1)
        told = await self._call(self._bot.ask, "GET", "/balance")
        amounts = {row["currency"]: Decimal(str(row["balance"])) for row in told["currencies"] if row["balance"]}
        same("the bot's balances", amounts, OPENING[self.market])

    async def _best(self) -> float:
        book = await self._call(self._exchange.fetch_l2_order_book, self._pair, 5)
        return float(book["bids"][0][0])

    async def _far_order(self) -> None:
        price = int(await self._best() * float(FAR))
        wanted = {"pair": self._pair, "price": price, "ordertype": "limit", "stakeamount": STAKE}
        self._forced = await self._call(self._bot.ask, "POST", "/forceenter", wanted)
        orders = [row["info"] for row in await self._raw("fetch_open_orders", self._pair)]
        kind = [(row["type"], row["timeInForce"]) for row in orders]
        same("the post-only kind", kind, [("LIMIT_MAKER", "GTC") if self.market == "spot" else ("LIMIT", "GTX")])
        same("the price", Decimal(orders[0]["price"]), Decimal(price))
        row = self._bot.rows("orders")[-1]
        same("the order in the database", (row["order_id"], row["status"]), (str(orders[0]["orderId"]), "open"))

    async def _cancel(self) -> None:
        # The bot cancels, drops the trade that never filled, and then fails to show it in its answer (502).
        with contextlib.suppress(urllib.error.HTTPError):
            await self._call(self._bot.ask, "DELETE", f"/trades/{self._forced['trade_id']}/open-order")
        same("the trades in the database", self._bot.rows("trades"), [])
        same("the open orders", await self._raw("fetch_open_orders", self._pair), [])

    async def _raw(self, name: str, *args: Any, **named: Any) -> Any:
        """A question to the box through the ccxt object that freqtrade made for itself."""
        return await self._call(getattr(self._exchange._api, name), *args, **named)

    async def _holdings(self) -> Holdings:
        account = (await self._raw("fetch_balance"))["info"]
        if self.market == "spot":
            return spot_holdings(account)
        positions = [row["info"] for row in await self._raw("fetch_positions", [self._pair])]
        return usdm_holdings(account, positions)

    async def _fills(self, order_id: str) -> list[Fill]:
        trades = await self._raw("fetch_my_trades", self._pair, params={"orderId": order_id})
        return [fill_of(trade["info"]) for trade in trades]

    async def _fill(self) -> None:
        before = await self._holdings()
        (self._folder / "go").touch()
        await until("a closed trade", lambda: any(not row["is_open"] for row in self._bot.rows("trades")), TRADED_S)
        trade = self._bot.rows("trades")[-1]
        orders = [row for row in self._bot.rows("orders") if row["ft_trade_id"] == trade["id"]]
        entry, closing = [row for row in orders if row["ft_order_side"] != "stoploss"]
        bought, sold = await self._fills(entry["order_id"]), await self._fills(closing["order_id"])
        for side, order, fills in (("BUY", entry, bought), ("SELL", closing, sold)):
            check_fills(self.market, side, exactly(order["filled"]), fills)
            cost = sum((fill.price * fill.qty for fill in fills), Decimal(0))
            same(f"the {side} order's cost", exactly(order["cost"]), cost)
            same(f"the {side} order's status", order["status"], "closed")
        self._same_fees(trade, bought, sold)
        wanted = after_fills(self.market, "SELL", after_fills(self.market, "BUY", before, bought), sold)
        same("the holdings", await self._holdings(), wanted)

    async def _conditional(self) -> None:
        """The bot keeps a stop at the venue while it holds, and takes it away before it sells."""
        stops = [row for row in self._bot.rows("orders") if row["ft_order_side"] == "stoploss"]
        same("the stops in the database", [row["status"] for row in stops], ["canceled"])
        told = await self._call(self._exchange.fetch_stoploss_order, stops[0]["order_id"], self._pair)
        same("the stop at the venue", told["status"], "canceled")

    @staticmethod
    def _same_fees(trade: Mapping[str, Any], bought: list[Fill], sold: list[Fill]) -> None:
        """freqtrade names the asset of a fee and keeps what it was worth in the stake's currency."""
        for when, fills in (("open", bought), ("close", sold)):
            told = (exactly(trade[f"fee_{when}_cost"]), trade[f"fee_{when}_currency"])
            worth = sum((fill.fee * (fill.price if fill.fee_asset == "BTC" else 1) for fill in fills), Decimal(0))
            same(f"fee_{when}", told, (worth.quantize(UNIT), fills[0].fee_asset))

    async def _refused(self, name: str) -> None:
        text = TEXTS[self.market][name][1]
        try:
            await self._provoke(name)
        except FreqtradeException as why:
            if text not in str(why):
                raise AssertionError(f"the text must be {text!r}, was {why}") from None
            return
        raise AssertionError(f"the venue accepted it, {text!r} was due")

    async def _provoke(self, name: str) -> None:
        if name == "unknown_order":
            await self._call(self._exchange.cancel_order, NO_SUCH_ORDER, self._pair)
        elif name == "bad_signature":
            exchange = await self._call(self._loaded, "0" * 64)
            await self._call(exchange.get_balances)
        elif name == "bad_timestamp":
            # ccxt's pacing would wait until the clock that went back has caught up.
            self._exchange._api.enableRateLimit = False
            with slow_clock():
                await self._call(self._exchange.get_balances)
        else:
            post_only = name == "post_only_would_match"
            share, qty = (THROUGH, QTY) if post_only else (FAR, TOO_MUCH[self.market])
            await self._call(
                self._exchange.create_order,
                pair=self._pair,
                ordertype="limit",
                side="buy",
                amount=float(qty),
                rate=await self._best() * float(share),
                leverage=1.0,
                time_in_force="PO" if post_only else "GTC",
            )


def exactly(value: float) -> Decimal:
    """A number of freqtrade's database, which are floats, at the eight decimals of the venue's amounts."""
    return Decimal(repr(value)).quantize(UNIT)


async def play() -> bool:
    """Both markets, their bots started together, because each waits for a minute's candle."""
    reporter, box, good = Reporter(), box_of_stdin(), True
    with tempfile.TemporaryDirectory() as scratch:
        rounds = [FreqtradeRound(box, market, Path(scratch) / market) for market in PAIRS]
        try:
            for each in rounds:
                await each.open()
            for each in rounds:
                reporter.begin("freqtrade", "freqtrade", each.market)
                for name, does in each.checks().items():
                    good &= await reporter.check(name, does)
        finally:
            for each in rounds:
                await each.close()
    return good


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(play()) else 1)
