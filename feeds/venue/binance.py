"""Binance's markets as sessions: what is wanted stands in the socket's address, the whole book comes over REST; the
figures of derivatives are on a socket of their own.

catalogue: M1. Addresses, streams and limits are `feeds.binance`'s, with the documents they are from. The server pings
with the socket's own frames; a connection carries 1,024 streams at most and lives 24 hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feeds.binance import COINM, SPOT, USDM, Market
from feeds.venue.spec import Control, Endpoints, Venue, refused


@dataclass(frozen=True, kw_only=True)
class Binance(Venue):
    """One market of Binance."""

    market: Market

    @property
    def books(self) -> str:
        """The market's name: messages of Binance tell nothing else apart."""
        return self.market.market

    def address(self, ws: str, symbols: Sequence[str]) -> str:
        """The combined streams of all symbols."""
        return self.market.socket_address(ws, list(symbols))

    @property
    def source(self) -> str:
        """None: readers of recordings know Binance's messages by themselves."""
        return ""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """Nothing: the address says it."""
        return []

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """REST has the whole book."""
        return []

    def book_request(self, symbol: str) -> str:
        """As deep as the market gives it."""
        return self.market.snapshot_request(symbol)

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """An error is an object of code and text."""
        return refused(message["error"]) if "error" in message else None


@dataclass(frozen=True, kw_only=True)
class BinanceFigures(Binance):
    """Marks with the funding rate, liquidations, tickers and klines of one market."""

    def address(self, ws: str, symbols: Sequence[str]) -> str:
        """The combined streams of all symbols."""
        return self.market.figures_address(ws, list(symbols))


def _market(market: Market) -> Binance:
    production, testnet = Endpoints(market.rest, market.ws), Endpoints(market.testnet_rest, market.testnet_ws)
    figures = BinanceFigures(
        feed=market.venue, market=market, production=production, testnet=testnet, symbols_max=200, bookless=True
    )
    return Binance(
        feed=market.venue,
        market=market,
        production=production,
        testnet=testnet,
        symbols_max=200,
        whole_by_rest=True,
        figures=(figures,) if market.figures_path else (),
    )


BINANCE_SPOT, BINANCE_USDM, BINANCE_COINM = _market(SPOT), _market(USDM), _market(COINM)
