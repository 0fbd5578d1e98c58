"""One venue's REST history through ccxt: found by our name for it, asked at its own pace, asked again after a failure.

catalogue: M7. ccxt keeps the venue's rate limit; what it cannot know is a 429 or 418 with `Retry-After`, which is
waited for to the second. 5xx, cut connections and unreadable bodies are tried again, slower each time, `ATTEMPTS` in
all. A refusal that another try would meet too (an unknown symbol, a missing key) is told at once. Numbers stay the
texts that the venue sent: ccxt is told to make no floats of them.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp

from feeds.backoff import Backoff
from native._core import InputError

log = logging.getLogger(__name__)

#: How often one page is asked for before its job gives up.
ATTEMPTS = 8
#: A longer wait than this that a venue asks for ends the job instead, s.
RETRY_AFTER_S_MAX = 300.0


class VenueError(Exception):
    """A venue did not give what was asked for; its text says why."""


class _Known(NamedTuple):
    """Where ccxt has a venue: its class, what `fetchMarkets` has to load, and the market type of our name."""

    exchange: str
    markets: list[str]
    kind: str
    page: int
    """How many rows one request may ask for; a smaller page than the venue's is only slower."""
    until: bool = True
    """Whether ccxt takes `until` for it; where it does not, the page's size ends the window."""


#: Our names of venues. Any other exchange of ccxt is called by its id there; its pages are asked for small.
_KNOWN = {
    "binance-spot": _Known("binance", ["spot"], "spot", 1_000),
    "binance-usdm": _Known("binanceusdm", ["linear"], "linear", 1_000),
    "binance-coinm": _Known("binancecoinm", ["inverse"], "inverse", 200),
    "bybit-spot": _Known("bybit", ["spot"], "spot", 200),
    "bybit-linear": _Known("bybit", ["linear"], "linear", 200),
    "bybit-inverse": _Known("bybit", ["inverse"], "inverse", 200),
    "okx": _Known("okx", ["spot", "swap", "future"], "", 100),
    "coinbase": _Known("coinbase", [], "spot", 300),
    "kraken-spot": _Known("kraken", [], "spot", 700, until=False),
    "kraken-futures": _Known("krakenfutures", [], "", 500),
    "bitget-spot": _Known("bitget", ["spot"], "spot", 200),
    "bitget-mix": _Known("bitget", ["swap"], "swap", 200),
    "bitget-spot-v2": _Known("bitget", ["spot"], "spot", 200),
    "bitget-mix-v2": _Known("bitget", ["swap"], "swap", 200),
    "kucoin-spot": _Known("kucoin", [], "spot", 500),
    "bitstamp": _Known("bitstamp", [], "spot", 500, until=False),
    "deribit": _Known("deribit", [], "", 500),
    "gate-spot": _Known("gate", ["spot"], "spot", 500),
    "htx-linear": _Known("htx", ["linear"], "linear", 500),
    "htx-inverse": _Known("htx", ["inverse"], "inverse", 500),
}
_PAGE_UNKNOWN = 100


class Venue:
    """One venue that is open for questions; close it. Its requests are made one after another."""

    def __init__(self, name: str, base: str | None = None, key: str | None = None) -> None:
        """`base` replaces every address's scheme and host; InputError without ccxt, or for an unknown name."""
        try:
            import ccxt.async_support as ccxt  # noqa: PLC0415  # a second to import, which only a backfill should pay
        except ImportError:
            raise InputError(
                "ccxt must be installed for history (pip install 'tickwright[ccxt]'), was missing"
            ) from None
        self.name = name
        self._known = _KNOWN.get(name, _Known(name, [], "", _PAGE_UNKNOWN))
        made = getattr(ccxt, self._known.exchange, None)
        if self._known.exchange not in ccxt.exchanges or made is None:
            raise InputError(f"venue must be one of {', '.join(_KNOWN)} or an exchange of ccxt, was {name}")
        self._errors = ccxt
        self.exchange: Any = made({"enableRateLimit": True, "timeout": 20_000, **({"apiKey": key} if key else {})})
        if self._known.markets:
            self.exchange.options["fetchMarkets"] = {"types": self._known.markets}
        if base is not None:
            self.exchange.urls["api"] = _moved(self.exchange.urls["api"], self.exchange.hostname or "", base)
        self._jitter = random.Random(name)

    @property
    def page_rows(self) -> int:
        """How many rows one request asks for."""
        return self._known.page

    def until(self, ms: int, *, funding: bool = False) -> dict[str, int]:
        """The parameters that end a request's window at a time, ms."""
        if self.name == "okx" and funding:  # ccxt does not translate it there: OKX gives what is older than `after`
            return {"after": ms + 1}
        return {"until": ms} if self._known.until else {}

    async def open(self) -> None:
        """Loads the venue's markets; VenueError where it does not answer."""
        await self.ask("load_markets")
        self.exchange.number = str

    async def close(self) -> None:
        """Closes its connections."""
        await self.exchange.close()

    def symbol(self, own: str) -> str:
        """ccxt's name of the venue's own symbol; VenueError for one that the venue does not list."""
        markets: list[dict[str, Any]] = list((self.exchange.markets or {}).values())
        # Kraken calls a pair otherwise in its stream than over REST (`XBT/USD`, `XXBTZUSD`).
        listed = [market for market in markets if own in (market["id"], market.get("wsId"))]
        found = [market["symbol"] for market in listed if not self._known.kind or market.get(self._known.kind)]
        if not found:
            raise VenueError(f"symbol must be listed by {self.name}, was {own}")
        return str(found[0])

    async def ask(self, method: str, *words: Any, **options: Any) -> Any:
        """What a method of ccxt answers, after as many tries as it takes; VenueError where there are none left."""
        backoff = Backoff(self._jitter, first_s=0.2)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await getattr(self.exchange, method)(*words, **options)
            except self._errors.BaseError as why:
                if not self._passes(why):
                    raise VenueError(f"{type(why).__name__}: {str(why)[:200]}") from None
                last = why
            if attempt < ATTEMPTS:
                wait_s = self._told_to_wait_s(last) or backoff.delay_s()
                log.warning("%s: %s, try %d of %d, again in %.1f s", self.name, last, attempt, ATTEMPTS, wait_s)
                await asyncio.sleep(wait_s)
        raise VenueError(
            f"{self.name} must answer within {ATTEMPTS} tries, was {type(last).__name__}: {str(last)[:200]}"
        )

    def _passes(self, why: BaseException) -> bool:
        """Whether another try may meet a better answer: ccxt calls a body that is cut short a plain ExchangeError."""
        return isinstance(why, self._errors.OperationFailed) or isinstance(why.__cause__, aiohttp.ClientError)

    def _told_to_wait_s(self, why: BaseException) -> float | None:
        """What `Retry-After` of a refusal for the rate says, s; VenueError where it is too long to wait for."""
        if not isinstance(why, self._errors.RateLimitExceeded | self._errors.DDoSProtection):
            return None
        headers: Mapping[str, str] = self.exchange.last_response_headers or {}
        told = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
        wait_s = float(told) if told.isdigit() else None
        if wait_s is not None and wait_s > RETRY_AFTER_S_MAX:
            raise VenueError(f"Retry-After of {self.name} must be at most {RETRY_AFTER_S_MAX:g} s, was {told}")
        return wait_s


def _moved(addresses: Any, hostname: str, base: str) -> Any:
    """ccxt's addresses, a text or nested dicts of them, with another scheme and host."""
    if isinstance(addresses, dict):
        return {name: _moved(value, hostname, base) for name, value in addresses.items()}
    if not isinstance(addresses, str):
        return addresses
    path = addresses.partition("://")[2].partition("/")[2]
    return f"{base.rstrip('/')}/{path}".rstrip("/")
