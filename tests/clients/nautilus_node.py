"""nautilus_trader's node with its Binance adapter on the box, and a strategy that does what the round asks.

The adapter's addresses are its configuration's `base_url_http` and `base_url_ws` (binance.md §1). The risk engine is
bypassed, so that a bad order reaches the venue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from nautilus_trader.adapters.binance import (
    BINANCE,
    BinanceAccountType,
    BinanceDataClientConfig,
    BinanceExecClientConfig,
    BinanceLiveDataClientFactory,
    BinanceLiveExecClientFactory,
)
from nautilus_trader.config import (
    InstrumentProviderConfig,
    LiveExecEngineConfig,
    LiveRiskEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.enums import BookType, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from tests.clients.trader import Book, Wish, book_of

STOP_S = 30.0


class Hands(Strategy):
    """Keeps the client's book and every order event; orders come from outside."""

    def __init__(self, instrument: str, keep: Callable[[Book], None], hear: Callable[[Any], None]) -> None:
        """`keep` is told every state of the book, `hear` every event of an order."""
        super().__init__()
        self._instrument = InstrumentId.from_str(instrument)
        self._keep = keep
        self._hear = hear
        self.started = asyncio.Event()

    def on_start(self) -> None:
        """Subscribes to the whole book."""
        self.subscribe_order_book_deltas(self._instrument, BookType.L2_MBP)
        self.started.set()

    def on_order_book_deltas(self, deltas: Any) -> None:
        """The cache's book has these deltas already."""
        book = self.cache.order_book(self._instrument)
        sides = [[(level.price, level.size()) for level in side] for side in (book.bids(), book.asks())]
        self._keep(book_of(deltas.sequence, *sides))

    def on_order_event(self, event: Any) -> None:
        """Accepted, filled, cancelled, rejected, updated."""
        self._hear(event)

    def place(self, wish: Wish) -> Any:
        """Submits an order and returns it."""
        side, qty = OrderSide[wish.side], Quantity.from_str(wish.qty)
        if wish.price is None:
            order = self.order_factory.market(self._instrument, side, qty, reduce_only=wish.reduce_only)
        else:
            order = self.order_factory.limit(
                self._instrument,
                side,
                qty,
                Price.from_str(wish.price),
                time_in_force=TimeInForce.GTC,
                post_only=wish.post_only,
                reduce_only=wish.reduce_only,
            )
        self.submit_order(order)
        return order


class Node:
    """A running node: data only, or with execution."""

    def __init__(self, hands: Hands, http: str, ws: str, keys: tuple[str, str], kind: BinanceAccountType) -> None:
        """Builds the node on the running loop; spot has no execution, see nautilus_round."""
        shared = {
            "api_key": keys[0],
            "api_secret": keys[1],
            "account_type": kind,
            "base_url_http": http,
            "base_url_ws": ws,
            "instrument_provider": InstrumentProviderConfig(load_all=True),
        }
        executes = kind is BinanceAccountType.USDT_FUTURES
        config = TradingNodeConfig(
            trader_id="ROUND-001",
            logging=LoggingConfig(log_level="WARNING"),
            exec_engine=LiveExecEngineConfig(reconciliation=executes),
            risk_engine=LiveRiskEngineConfig(bypass=True),
            data_clients={BINANCE: BinanceDataClientConfig(**shared)},
            timeout_disconnection=5.0,
            timeout_post_stop=0.5,
            exec_clients={BINANCE: BinanceExecClientConfig(**shared)} if executes else {},
        )
        self.node = TradingNode(config=config, loop=asyncio.get_running_loop())
        self.node.trader.add_strategy(hands)
        self.node.add_data_client_factory(BINANCE, BinanceLiveDataClientFactory)
        if executes:
            self.node.add_exec_client_factory(BINANCE, BinanceLiveExecClientFactory)
        self.node.build()
        self._task = asyncio.create_task(self.node.run_async())

    async def stop(self) -> None:
        """Stops the node and waits for its end."""
        await asyncio.wait_for(self.node.stop_async(), STOP_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
