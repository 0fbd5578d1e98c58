"""Signed REST requests to Binance for what is not hot: accounts, listen keys, and the cancel-all of last resort.

catalogue: O2. A 429 or 418 waits as long as Retry-After says before anything else is sent; every error carries the
venue's code and message.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from feeds.binance_live import retry_after_s
from feeds.ports import Clock
from native import _core
from oms.signing import Signer

log = logging.getLogger(__name__)

T = TypeVar("T")

_PATHS = {
    "spot": {
        "time": "/api/v3/time",
        "exchange_info": "/api/v3/exchangeInfo",
        "account": "/api/v3/account",
        "open_orders": "/api/v3/openOrders",
        "cancel_all": "/api/v3/openOrders",
        "order": "/api/v3/order",
        "all_orders": "/api/v3/allOrders",
        "trades": "/api/v3/myTrades",
    },
    "linear": {
        "time": "/fapi/v1/time",
        "exchange_info": "/fapi/v1/exchangeInfo",
        "account": "/fapi/v3/balance",
        "positions": "/fapi/v3/positionRisk",
        "position_mode": "/fapi/v1/positionSide/dual",
        "open_orders": "/fapi/v1/openOrders",
        "cancel_all": "/fapi/v1/allOpenOrders",
        "order": "/fapi/v1/order",
        "all_orders": "/fapi/v1/allOrders",
        "trades": "/fapi/v1/userTrades",
        "algo_order": "/fapi/v1/algoOrder",
        "algo_orders": "/fapi/v1/openAlgoOrders",
        "cancel_all_algo": "/fapi/v1/algoOpenOrders",
        "countdown": "/fapi/v1/countdownCancelAll",
        "listen_key": "/fapi/v1/listenKey",
    },
}
#: "Unknown order sent": spot's answer to a cancel-all with nothing open (binance.md section 2).
_NOTHING_OPEN = -2011
#: Between the three times that a question is asked, s.
_PAUSES_S = (0.2, 0.8)


class VenueError(_core.TickwrightError):
    """The venue refused a request, or did not answer it; `code` is its error code, or 0."""

    def __init__(self, what: str, status: int, code: int, message: str) -> None:
        """Keeps the HTTP status and the venue's code beside the message."""
        self.status = status
        self.code = code
        super().__init__(f"{what} was refused by the venue: status {status}, code {code}, {message}")


@dataclass
class Rest:
    """REST of one market for one account; `base` is the market's address without a trailing slash."""

    market: str
    base: str
    signer: Signer
    clock: Clock
    http: aiohttp.ClientSession
    recv_window_ms: int = 5_000
    offset_ns: int = field(default=0, init=False)
    round_trip_ns: int = field(default=0, init=False)
    _quiet_until_ns: int = field(default=0, init=False)

    async def measure_clock(self) -> int:
        """The venue's clock minus ours, ns, by the request's midpoint; kept for later timestamps.

        It is off by half of `round_trip_ns` at most.
        """
        return await _patiently(self._measure_clock)

    async def _measure_clock(self) -> int:
        before = self.clock.utc_ns()
        answer = await self._once("GET", "time", {}, signed=False)
        after = self.clock.utc_ns()
        self.round_trip_ns = after - before
        self.offset_ns = int(answer["serverTime"]) * 1_000_000 - (before + after) // 2
        return self.offset_ns

    async def call(
        self, method: str, what: str, params: Mapping[str, str | int] | None = None, *, signed: bool = True
    ) -> Any:
        """The decoded answer to one request. Raises `VenueError`; a connection fault is one with status 0.

        A question (GET) that gets no answer, a 5xx or a 429 is asked three times; anything else is never sent again.
        """
        if method == "GET":
            return await _patiently(lambda: self._once(method, what, params or {}, signed=signed))
        return await self._once(method, what, params or {}, signed=signed)

    async def _once(self, method: str, what: str, params: Mapping[str, str | int], *, signed: bool) -> Any:
        await self._wait_quiet()
        query = dict(params)
        headers = {"X-MBX-APIKEY": self.signer.api_key} if signed or what == "listen_key" else {}
        url = self.base + _PATHS[self.market][what]
        if signed:
            query["recvWindow"] = self.recv_window_ms
            query["timestamp"] = (self.clock.utc_ns() + self.offset_ns) // 1_000_000
            url = f"{url}?{self.signer.query(query)}"
            query = {}
        log.debug("%(method)s %(url)s", {"method": method, "url": url})
        try:
            async with self.http.request(method, url, params=query or None, headers=headers) as answer:
                body = await answer.read()
                if answer.status in (418, 429):
                    self._quiet(retry_after_s(answer.headers.get("Retry-After")))
                return _decoded(what, answer.status, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise VenueError(what, 0, 0, str(error) or type(error).__name__) from None

    async def cancel_all(self, symbol: str) -> None:
        """Cancels every open order of a symbol, ours and foreign; done also where nothing was open."""
        try:
            await self.call("DELETE", "cancel_all", {"symbol": symbol})
        except VenueError as error:
            if error.code != _NOTHING_OPEN:
                raise

    async def listen_key(self) -> str:
        """A valid listen key (USD-M); asking while one is valid gives the same."""
        answer = await self.call("POST", "listen_key", signed=False)
        return str(answer["listenKey"])

    async def keep_listen_key(self) -> None:
        """Prolongs the listen key for another 60 minutes."""
        await self.call("PUT", "listen_key", signed=False)

    def _quiet(self, wait_s: float) -> None:
        wait_s = max(wait_s, 1.0)
        log.warning("%(market)s: rate limited, quiet for %(wait_s).1f s", {"market": self.market, "wait_s": wait_s})
        self._quiet_until_ns = self.clock.mono_ns() + int(wait_s * 1e9)

    async def _wait_quiet(self) -> None:
        rest_ns = self._quiet_until_ns - self.clock.mono_ns()
        if rest_ns > 0:
            await asyncio.sleep(rest_ns / 1e9)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks again where the venue did not answer the question itself."""
    for pause_s in _PAUSES_S:
        try:
            return await ask()
        except VenueError as error:
            if 0 < error.status < 500 and error.status not in (418, 429):
                raise
            log.warning("asking again: %s", error)
            await asyncio.sleep(pause_s)
    return await ask()


def _decoded(what: str, status: int, body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except ValueError:
        raise VenueError(what, status, 0, f"body is not JSON, was {body[:80]!r}") from None
    if status == 200:
        return answer
    code, message = (answer.get("code", 0), answer.get("msg", "")) if isinstance(answer, dict) else (0, str(answer))
    raise VenueError(what, status, int(code), str(message))
