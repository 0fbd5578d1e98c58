"""Three venues on loopback that serve given history in their own REST shapes, so that unmodified ccxt talks to them.

Binance USD-M keeps the first rows of a window and gives them oldest first, Bybit the last and newest first; Kraken has
trades only. Faults are scripted by the number of the request for rows: `429` (with `Retry-After: 1`), `503`,
`cut` (the connection ends within the body), `html` (a proxy's page), `empty` (no rows), `overlap` (five rows from
before the window, and the first row twice).
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from aiohttp import web

HOUR_MS = 3_600_000
Bar = tuple[int, str, str, str, str, str]


@dataclass
class History:
    """What a venue has: hourly bars and funding by symbol, trades of all symbols alike (time, number, price, size)."""

    bars: dict[str, list[Bar]]
    funding: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    trades: list[tuple[int, int, str, str, bool]] = field(default_factory=list)


def real(data: Path) -> History:
    """Bars and funding of the recorded set."""
    bars, funding = {}, {}
    for symbol in ("BTCUSDT", "ETHUSDT"):
        table = pq.read_table(data / "bars" / "binance_usdm_1h.parquet", filters=pc.field("symbol") == symbol)
        names = ("open", "high", "low", "close", "volume")
        columns = [[format(value, "f").rstrip("0").rstrip(".") for value in table[name].to_pylist()] for name in names]
        bars[symbol] = list(zip(table["timestamp"].to_pylist(), *columns, strict=True))
        rates = pq.read_table(data / "bars" / "binance_usdm_funding.parquet", filters=pc.field("symbol") == symbol)
        texts = [format(rate, ".8f") for rate in rates["funding_rate"].to_pylist()]
        funding[symbol] = list(zip(rates["timestamp"].to_pylist(), texts, strict=True))
    return History(bars, funding, made(1).trades)


def made(bars: int, begin_ms: int = 1_757_754_000_000) -> History:
    """A seeded walk of so many hours, where the recorded set is not there; its last bar is the open one."""
    source, price = random.Random(4), 60_000_0
    rows: list[Bar] = []
    for at in range(bars):
        prices = sorted(price + source.randint(-500, 500) for _ in range(4))
        open_, close = source.sample(prices, 2)
        first, high, low, last = (f"{value / 10:.1f}" for value in (open_, prices[3], prices[0], close))
        rows.append((begin_ms + at * HOUR_MS, first, high, low, last, f"{source.random() * 900:.3f}"))
        price = close
    funding = [(row[0] + at % 17, f"{source.randint(-900, 900) / 1e8:.8f}") for at, row in enumerate(rows[::8])]
    trades = [
        (begin_ms + at * 37 // 2, 500 + at, f"{60_000 + at % 90}.10", "0.020", at % 3 == 0) for at in range(1_700)
    ]
    return History({"BTCUSDT": rows, "ETHUSDT": rows[3:]}, {"BTCUSDT": funding, "ETHUSDT": funding[1:]}, trades)


class Venues:
    """The venues at one address each; counts the requests by path, and notes what was asked."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.faults: dict[int, str] = {}
        self.asked: Counter[str] = Counter()
        self.rows_asked = 0
        self.delay_s = 0.0
        self.deaf = False
        """Whether Bybit forgets the window's end and gives its newest bars, as some venues do."""
        self.bases: dict[str, str] = {}

    def app(self, venue: str) -> web.Application:
        app = web.Application()
        routes = {
            "binance-usdm": {
                "/fapi/v1/exchangeInfo": self._binance_info,
                "/fapi/v1/klines": self._binance_bars,
                "/fapi/v1/fundingRate": self._binance_funding,
                "/fapi/v1/aggTrades": self._binance_aggregates,
                "/fapi/v1/historicalTrades": self._binance_trades,
            },
            "bybit-linear": {
                "/v5/market/instruments-info": self._bybit_info,
                "/v5/market/kline": self._bybit_bars,
                "/v5/market/funding/history": self._bybit_funding,
            },
            "kraken-spot": {
                "/0/public/Assets": self._kraken_assets,
                "/0/public/AssetPairs": self._kraken_pairs,
                "/0/public/Trades": self._kraken_trades,
            },
        }
        for path, handler in routes[venue].items():
            app.router.add_get(path, handler)
        return app

    # --- faults ----------------------------------------------------------------------------------------------------

    async def _rows(self, request: web.Request, rows: list[Any], before: list[Any], wrap: Any) -> web.StreamResponse:
        """An answer with rows, or the fault that is due."""
        self.asked[request.path] += 1
        self.rows_asked += 1
        fault = self.faults.pop(self.rows_asked, "")
        await asyncio.sleep(self.delay_s)
        if fault == "429":
            return web.json_response({"code": -1003, "msg": "Too many"}, status=429, headers={"Retry-After": "1"})
        if fault == "503":
            return web.Response(status=503, text="unavailable")
        if fault == "html":
            return web.Response(status=502, text="<html>bad gateway</html>", content_type="text/html")
        if fault == "overlap":
            rows = [*before[-5:], *rows, *rows[:1]]
        answer = web.json_response(wrap([] if fault == "empty" else rows))
        if fault == "cut":
            cut = web.StreamResponse(headers={"Content-Type": "application/json"})
            cut.content_length = len(answer.body) if isinstance(answer.body, bytes) else 100
            await cut.prepare(request)
            await cut.write(b"[[17")
            assert request.transport is not None
            request.transport.close()
            return cut
        return answer

    # --- Binance USD-M ---------------------------------------------------------------------------------------------

    async def _binance_info(self, request: web.Request) -> web.StreamResponse:
        filters = [
            {"filterType": "PRICE_FILTER", "minPrice": "0.1", "maxPrice": "9000000", "tickSize": "0.1"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
        ]
        listed = [
            {
                "symbol": symbol,
                "pair": symbol,
                "contractType": "PERPETUAL",
                "deliveryDate": 4133404800000,
                "onboardDate": 1569398400000,
                "status": "TRADING",
                "baseAsset": symbol[:-4],
                "quoteAsset": "USDT",
                "marginAsset": "USDT",
                "pricePrecision": 2,
                "quantityPrecision": 3,
                "filters": filters,
            }
            for symbol in self.history.bars
        ]
        return web.json_response({"timezone": "UTC", "rateLimits": [], "symbols": listed})

    async def _binance_bars(self, request: web.Request) -> web.StreamResponse:
        word = request.query
        every = self.history.bars[word["symbol"]]
        begin, end = int(word["startTime"]), int(word["endTime"])
        chosen = [row for row in every if begin <= row[0] <= end][: int(word["limit"])]

        def shaped(rows: list[Bar]) -> list[list[Any]]:
            return [[*row, row[0] + HOUR_MS - 1, "0", 1, "0", "0", "0"] for row in rows]

        return await self._rows(request, chosen, [row for row in every if row[0] < begin], shaped)

    async def _binance_funding(self, request: web.Request) -> web.StreamResponse:
        word = request.query
        symbol, begin, end = word["symbol"], int(word["startTime"]), int(word["endTime"])
        chosen = [row for row in self.history.funding[symbol] if begin <= row[0] <= end][: int(word["limit"])]

        def shaped(rows: list[tuple[int, str]]) -> list[dict[str, Any]]:
            return [{"symbol": symbol, "fundingTime": ts, "fundingRate": rate, "markPrice": ""} for ts, rate in rows]

        return await self._rows(request, chosen, [], shaped)

    async def _binance_aggregates(self, request: web.Request) -> web.StreamResponse:
        word = request.query
        begin, end = int(word["startTime"]), int(word["endTime"])
        found = [row for row in self.history.trades if begin <= row[0] <= end][: int(word["limit"])]
        return await self._rows(request, found, [], lambda rows: [{"a": 7, "f": row[1], "T": row[0]} for row in rows])

    async def _binance_trades(self, request: web.Request) -> web.StreamResponse:
        word = request.query
        found = [row for row in self.history.trades if row[1] >= int(word["fromId"])][: int(word["limit"])]

        def shaped(rows: list[tuple[int, int, str, str, bool]]) -> list[dict[str, Any]]:
            names = ("time", "id", "price", "qty", "isBuyerMaker")
            return [dict(zip(names, row, strict=True)) for row in rows]

        return await self._rows(request, found, [], shaped)

    # --- Bybit -----------------------------------------------------------------------------------------------------

    async def _bybit_info(self, request: web.Request) -> web.StreamResponse:
        listed = [
            {
                "symbol": symbol,
                "contractType": "LinearPerpetual",
                "status": "Trading",
                "baseCoin": symbol[:-4],
                "quoteCoin": "USDT",
                "settleCoin": "USDT",
                "launchTime": "1585526400000",
                "deliveryTime": "0",
                "priceScale": "1",
                "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
                "priceFilter": {"minPrice": "0.10", "maxPrice": "199999.80", "tickSize": "0.10"},
                "lotSizeFilter": {"maxOrderQty": "100", "minOrderQty": "0.001", "qtyStep": "0.001"},
            }
            for symbol in self.history.bars
        ]
        return web.json_response(_bybit({"category": "linear", "list": listed, "nextPageCursor": ""}))

    async def _bybit_bars(self, request: web.Request) -> web.StreamResponse:
        word = request.query
        every = self.history.bars[word["symbol"]]
        begin, end = int(word["start"]), int(word["end"])
        chosen = [row for row in every if begin <= row[0] and (self.deaf or row[0] <= end)][::-1][: int(word["limit"])]

        def shaped(rows: list[Bar]) -> dict[str, Any]:
            listed = [[str(row[0]), *row[1:], "0"] for row in rows]
            return _bybit({"symbol": word["symbol"], "category": "linear", "list": listed})

        return await self._rows(request, chosen, [row for row in every if row[0] < begin], shaped)

    async def _bybit_funding(self, request: web.Request) -> web.StreamResponse:
        word = request.query
        symbol, begin, end = word["symbol"], int(word["startTime"]), int(word["endTime"])
        chosen = [row for row in self.history.funding[symbol] if begin <= row[0] <= end][::-1][: int(word["limit"])]

        def shaped(rows: list[tuple[int, str]]) -> dict[str, Any]:
            names = ("fundingRateTimestamp", "fundingRate")
            listed = [{"symbol": symbol} | dict(zip(names, map(str, row), strict=True)) for row in rows]
            return _bybit({"category": "linear", "list": listed})

        return await self._rows(request, chosen, [], shaped)

    # --- Kraken ----------------------------------------------------------------------------------------------------

    async def _kraken_assets(self, request: web.Request) -> web.StreamResponse:
        names = {"XXBT": "XBT", "ZUSD": "USD"}
        assets = {name: {"aclass": "currency", "altname": short, "decimals": 10} for name, short in names.items()}
        return web.json_response({"error": [], "result": assets})

    async def _kraken_pairs(self, request: web.Request) -> web.StreamResponse:
        pair = {"altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "status": "online"}
        pair |= {"pair_decimals": "1", "lot_decimals": "8", "ordermin": "0.0001"}
        return web.json_response({"error": [], "result": {"XXBTZUSD": pair}})

    async def _kraken_trades(self, request: web.Request) -> web.StreamResponse:
        word = request.query
        found = [row for row in self.history.trades if row[0] >= int(word["since"]) * 1000][: int(word["count"])]

        def shaped(rows: list[tuple[int, int, str, str, bool]]) -> dict[str, Any]:
            listed = [[p, q, ts / 1000, "s" if sold else "b", "l", "", id_] for ts, id_, p, q, sold in rows]
            last = f"{rows[-1][0]}000000" if rows else word["since"]
            return {"error": [], "result": {"XXBTZUSD": listed, "last": last}}

        return await self._rows(request, found, [], shaped)


def _bybit(result: dict[str, Any]) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1_757_754_000_000}


@contextmanager
def serving(history: History) -> Iterator[Venues]:
    """The venues on free ports, in a thread of their own, until the block ends."""
    venues, loop, ready, ended = Venues(history), asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        runners = []
        for name in ("binance-usdm", "bybit-linear", "kraken-spot"):
            runner = web.AppRunner(venues.app(name))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            runners.append(runner)
            venues.bases[name] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await ended.wait()
        for runner in runners:
            await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="venues")
    thread.start()
    ready.wait()
    try:
        yield venues
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
