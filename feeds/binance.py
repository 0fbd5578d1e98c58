"""Binance's public market data: where each market is served, how its streams are called, how deep a snapshot is.

catalogue: M1. From the venue's documents, which change:
<https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams>,
<https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams> (categories since April
2026: depth, bookTicker and trade on `/public`, marks, liquidations, tickers and klines on `/market`),
<https://developers.binance.com/docs/derivatives/coin-margined-futures/websocket-market-streams>; testnets:
<https://developers.binance.com/docs/binance-spot-api-docs/testnet>,
<https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info>.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Market:
    """One market of the venue. `market` is the core's name; paths begin with `/`; `snapshot_levels` a side.

    `figures_path` is where its derivatives' figures are streamed; empty on spot.
    """

    venue: str
    market: str
    rest: str
    ws: str
    testnet_rest: str
    testnet_ws: str
    depth_path: str
    stream_path: str
    depth_stream: str
    snapshot_levels: int
    figures_path: str = ""

    @property
    def instruments_request(self) -> str:
        """The path of the REST request for every instrument's rules."""
        return self.depth_path.replace("depth", "exchangeInfo")

    def streams(self, symbol: str) -> tuple[str, str, str]:
        """The depth, best-price and trade streams of a symbol, depth first."""
        name = symbol.lower()
        return f"{name}@{self.depth_stream}", f"{name}@bookTicker", f"{name}@trade"

    def snapshot_request(self, symbol: str) -> str:
        """Path and query of the REST snapshot that deltas join."""
        return f"{self.depth_path}?symbol={symbol}&limit={self.snapshot_levels}"

    def socket_address(self, base: str, symbols: list[str]) -> str:
        """The combined-stream address of all symbols under a `ws://` or `wss://` base."""
        names = [stream for symbol in symbols for stream in self.streams(symbol)]
        return f"{base.rstrip('/')}{self.stream_path}?streams={'/'.join(names)}"

    def figures_address(self, base: str, symbols: list[str]) -> str:
        """The same of marks with the funding rate, liquidations, tickers and bars of a minute."""
        kinds = ("markPrice@1s", "forceOrder", "ticker", "kline_1m")
        names = [f"{symbol.lower()}@{kind}" for symbol in symbols for kind in kinds]
        return f"{base.rstrip('/')}{self.figures_path}?streams={'/'.join(names)}"


SPOT = Market(
    venue="binance-spot",
    market="spot",
    rest="https://api.binance.com",
    ws="wss://stream.binance.com:9443",
    testnet_rest="https://testnet.binance.vision",
    testnet_ws="wss://stream.testnet.binance.vision",
    depth_path="/api/v3/depth",
    stream_path="/stream",
    depth_stream="depth@100ms",
    snapshot_levels=5000,
)
USDM = Market(
    venue="binance-usdm",
    market="linear",
    rest="https://fapi.binance.com",
    ws="wss://fstream.binance.com",
    testnet_rest="https://testnet.binancefuture.com",
    testnet_ws="wss://fstream.binancefuture.com",
    depth_path="/fapi/v1/depth",
    stream_path="/public/stream",
    depth_stream="depth@100ms",
    snapshot_levels=1000,
    figures_path="/market/stream",
)
COINM = Market(
    venue="binance-coinm",
    market="inverse",
    rest="https://dapi.binance.com",
    ws="wss://dstream.binance.com",
    testnet_rest="https://testnet.binancefuture.com",
    testnet_ws="wss://dstream.binancefuture.com",
    depth_path="/dapi/v1/depth",
    stream_path="/stream",
    depth_stream="depth@100ms",
    snapshot_levels=1000,
    figures_path="/stream",
)

VENUES = {market.venue: market for market in (SPOT, USDM, COINM)}
BY_MARKET = {market.market: market for market in (SPOT, USDM, COINM)}
_DEPTH_PATHS = {market.depth_path for market in (SPOT, USDM, COINM)}


def snapshot_symbol(request: str) -> str | None:
    """The symbol whose depth snapshot a REST request asks for; None where it asks for something else."""
    parts = urlsplit(request)
    if parts.path not in _DEPTH_PATHS:
        return None
    return next(iter(parse_qs(parts.query).get("symbol", [])), None)
