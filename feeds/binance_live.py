"""Binance market data, live: combined streams over one socket a category, REST snapshots when the engine asks.

catalogue: M1, M4. Spot has one category, USD-M two since April 2026 (binance.md section 6): `/public` carries depth,
bookTicker and trade, `/market` carries markPrice. Payloads go to the engine undecoded.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field

import aiohttp

from feeds.backoff import Backoff
from feeds.ports import Clock, MarketInputs
from feeds.socket import Socket

log = logging.getLogger(__name__)

_DEPTH_PATH = {"spot": "/api/v3/depth", "linear": "/fapi/v1/depth"}
#: Stream kinds of each category; `{s}` is the symbol in lower case.
_CATEGORIES: dict[str, dict[str, tuple[str, ...]]] = {
    "spot": {"": ("{s}@depth@100ms", "{s}@bookTicker", "{s}@trade")},
    "linear": {
        "/public": ("{s}@depth@100ms", "{s}@bookTicker", "{s}@trade"),
        "/market": ("{s}@markPrice@1s",),
    },
}
#: Levels asked for in a snapshot: the most that both markets grant (USD-M: 1000), weight 20 on USD-M, 50 on spot.
_SNAPSHOT_LEVELS = 1000
#: The least time between two snapshot requests for one instrument.
_SPACING_NS = 1_000_000_000


@dataclass
class _Line:
    """One socket with the engine's number for it."""

    category: str
    stream: int
    socket: Socket


@dataclass(frozen=True)
class _Place:
    """Which line of which category: its stream's number, what it is called and where it connects."""

    category: str
    stream: int
    name: str
    base: str


@dataclass
class MarketFeed:
    """The market data of one market: `symbols` maps the venue's symbol to the engine's instrument number.

    `streams` maps each category (see `categories`) to the engine's stream number, `second` to that of line B, which
    brings the same from `ws_second` (empty: from `ws`), where there is one. `stale_ms` is the silence after which a
    socket is given up.
    """

    market: str
    ws: str
    rest: str
    symbols: dict[str, int]
    streams: dict[str, int]
    inputs: MarketInputs
    clock: Clock
    http: aiohttp.ClientSession
    jitter: random.Random
    stale_ms: int = 5_000
    second: dict[str, int] = field(default_factory=dict)
    ws_second: str = ""
    _lines: list[_Line] = field(default_factory=list)
    _fetching: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _fetched_ns: dict[int, int] = field(default_factory=dict)
    _closed: bool = False
    _first_up: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Makes a socket for each category and line; connects nothing."""
        for category in categories(self.market):
            name = f"{self.market}{category or '/stream'}"
            places = [_Place(category, self.streams[category], name, self.ws)]
            if category in self.second:
                places.append(_Place(category, self.second[category], f"{name}#B", self.ws_second or self.ws))
            self._lines += [_Line(category, place.stream, self._socket(place)) for place in places]

    def _socket(self, place: _Place) -> Socket:
        address, stream = self._address(place), place.stream

        async def same_address() -> str:
            return address

        return Socket(
            place.name,
            same_address,
            lambda payload: self.inputs.market(stream, self.market, payload),
            clock=self.clock,
            backoff=Backoff(self.jitter),
            on_up=lambda: self._changed(stream, True),
            on_down=lambda: self._changed(stream, False),
            stale_ms=self.stale_ms,
        )

    def _address(self, place: _Place) -> str:
        kinds = _CATEGORIES[self.market][place.category]
        names = [kind.format(s=symbol.lower()) for symbol in self.symbols for kind in kinds]
        return f"{place.base}{place.category}/stream?streams={'/'.join(names)}"

    def _changed(self, stream: int, up: bool) -> None:
        self.inputs.link(stream, "market", up)
        if self.up:
            self._first_up.set()

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.market} market data"

    @property
    def up(self) -> bool:
        """Whether a line of every category is up now."""
        up = {line.category for line in self._lines if line.socket.up}
        return up == {line.category for line in self._lines}

    async def run(self) -> None:
        """Keeps every socket up until `close`; raises what the engine raised."""
        async with asyncio.TaskGroup() as group:
            for line in self._lines:
                group.create_task(line.socket.run(), name=line.socket.name)

    async def connected(self) -> None:
        """Returns when a line of every category has been up at the same time once."""
        await self._first_up.wait()

    def close(self) -> None:
        """Ends the sockets and every pending snapshot request."""
        self._closed = True
        for line in self._lines:
            line.socket.close()
        for task in self._fetching.values():
            task.cancel()

    @property
    def sockets(self) -> list[Socket]:
        """Its connections, one a category and line."""
        return [line.socket for line in self._lines]

    def resync(self, instrument: int) -> None:
        """Fetches a depth snapshot for an instrument; a second request while one is under way does nothing."""
        symbol = next((name for name, number in self.symbols.items() if number == instrument), None)
        if symbol is None or self._closed or instrument in self._fetching:
            return
        task = asyncio.get_running_loop().create_task(self._fetch(symbol, instrument), name=f"snapshot {symbol}")
        self._fetching[instrument] = task
        task.add_done_callback(lambda _: self._fetching.pop(instrument, None))

    async def _fetch(self, symbol: str, instrument: int) -> None:
        """Asks until an answer comes, slower after each failure; a 429 waits as long as the venue says."""
        depth_stream = self._lines[0].stream
        await self._space(instrument)
        backoff = Backoff(self.jitter, first_s=0.5)
        query = {"symbol": symbol, "limit": str(_SNAPSHOT_LEVELS)}
        while True:
            wait_s = backoff.delay_s()
            try:
                async with self.http.get(self.rest + _DEPTH_PATH[self.market], params=query) as answer:
                    body = await answer.read()
                    if answer.status == 200:
                        self.inputs.snapshot(depth_stream, instrument, body)
                        return
                    wait_s = max(wait_s, retry_after_s(answer.headers.get("Retry-After")))
                    told = {"market": self.market, "symbol": symbol, "status": answer.status}
                    log.warning("%(market)s %(symbol)s: snapshot refused, status %(status)d", told)
            except (aiohttp.ClientError, TimeoutError) as error:
                told = {"market": self.market, "symbol": symbol, "why": error}
                log.warning("%(market)s %(symbol)s: snapshot failed: %(why)s", told)
            await asyncio.sleep(wait_s)

    async def _space(self, instrument: int) -> None:
        """A snapshot that was too old is asked for again after a second, not at the next message."""
        now = self.clock.mono_ns()
        due = self._fetched_ns.get(instrument, now - _SPACING_NS) + _SPACING_NS
        self._fetched_ns[instrument] = max(now, due)
        await asyncio.sleep(max(0, due - now) / 1e9)


def categories(market: str) -> list[str]:
    """The path prefixes of a market's sockets; the first carries the depth stream."""
    return list(_CATEGORIES[market])


def retry_after_s(header: str | None) -> float:
    """The seconds of a Retry-After header, 0 where it is absent or not a count of seconds."""
    return float(header) if header is not None and header.isdecimal() else 0.0
