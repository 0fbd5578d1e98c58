"""Which of two venues' views of a market is shown: the first one, or a reference while the first is silent or broken.

catalogue: M2, M3. Health goes into an engine of its own as events of its two streams, as those of lines do, and the
engine decides: a source is usable while its books are whole and something came within the bound. Each switch, each
silence and why stands in the journal as a `LineEvent`, and a replay decides the same. Who took over keeps the place
until it fails itself. Prices of two venues are not the same: whoever looks is told whose they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from feeds.market_feed import MarketFeed, ViewBooks, Viewed
from feeds.ports import Clock
from native._core import Engine, InputError

#: How often health is looked at, s.
_LOOK_S = 0.05
#: A source that is well says so this often within its bound.
_SAID_PER_BOUND = 4
_WHAT = {1: "switch", 4: "stale", 5: "fresh"}
_WHY = {0: "", 1: "broken", 2: "silent", 3: "slower", 4: "lossier"}


class Told(NamedTuple):
    """What was decided: `switch` from one source to another, `stale` where none is usable, `fresh` where one is
    again."""

    what: str
    why: str
    source: str
    before: str


class Governance:
    """The decision, without I/O but its journal: health in, decisions out. Times are the clock's."""

    def __init__(self, names: Sequence[str], silent_ns: int, clock: Clock, journal: Path | None = None) -> None:
        """The first of two `names` is primary. InputError for other than two."""
        if len(names) != 2 or len(set(names)) != 2:
            raise InputError(f"sources must be two different ones, was {', '.join(names)}")
        self.names, self._clock = list(names), clock
        self._every_ns = silent_ns // _SAID_PER_BOUND
        place = None if journal is None else str(journal)
        self._engine = Engine(place, build="governance", config_digest=bytes(32), now=clock.utc_ns())
        self._streams = [self._engine.stream(name) for name in self.names]
        for line, stream in enumerate(self._streams):
            utc_ns, mono_ns = clock.utc_ns(), clock.mono_ns()
            self._engine.line(stream, 1, line, silent_ns=silent_ns, hold_ns=0, ts=utc_ns, mono=mono_ns)
        self._said_ns: list[int | None] = [None, None]
        self._at_end: dict[str, Any] | None = None
        self._told: list[Told] = []

    @property
    def primary(self) -> int:
        """The source that is shown, 0 or 1."""
        return int(self._state()["primary"])

    @property
    def stale(self) -> bool:
        """Whether no source is usable."""
        return bool(self._state()["stale"])

    @property
    def switches(self) -> int:
        """How often the primary changed."""
        return int(self._state()["switches"])

    def _state(self) -> dict[str, Any]:
        return self._engine.lines()[0] if self._at_end is None else self._at_end

    def health(self, source: int, *, whole: bool, moved: bool) -> None:
        """How a source does: whether its books are whole, and whether anything came since the last call."""
        now, said = self._clock.mono_ns(), self._said_ns[source]
        if not whole:
            if said is not None:
                self._link(source, False)
            self._said_ns[source] = None
        elif moved and (said is None or now - said >= self._every_ns):
            self._said_ns[source] = now
            self._link(source, True)

    def _link(self, source: int, up: bool) -> None:
        self._engine.link(self._streams[source], "market", up, 0, self._clock.utc_ns(), self._clock.mono_ns())
        self._gather()

    def _gather(self) -> None:
        """What the engine's last event led to; the next one forgets it."""
        for row in self._engine.events():
            if row[1] == "line" and row[4] in _WHAT:
                what, why, before, to = row[4:8]
                self._told.append(Told(_WHAT[what], _WHY[why], self.names[to], self.names[before]))

    def judge(self) -> list[Told]:
        """Time has passed: what was decided since the last call."""
        self._engine.timer(self._clock.utc_ns(), self._clock.mono_ns())
        self._gather()
        told, self._told = self._told, []
        return told

    def close(self) -> None:
        """Ends the journal cleanly."""
        self._at_end = self._state()
        self._engine.close()


class _Books:
    """The books of whichever source is shown, by the symbols of the first (`feeds.market_feed.ViewBooks`)."""

    def __init__(self, governance: Governance, sources: Sequence[dict[str, tuple[ViewBooks, str]]]) -> None:
        self._governance, self._sources = governance, sources
        self.symbols = list(sources[0])
        self.numbers = {symbol: number for number, symbol in enumerate(self.symbols)}

    def _shown(self, symbol: str) -> tuple[ViewBooks, str]:
        return self._sources[self._governance.primary][symbol]

    @property
    def units(self) -> dict[str, tuple[str, str]]:
        shown = {symbol: self._shown(symbol) for symbol in self.symbols}
        return {symbol: books.units[name] for symbol, (books, name) in shown.items()}

    def state(self, instrument: int) -> dict[str, Any]:
        books, name = self._shown(self.symbols[instrument])
        state = books.state(books.numbers[name])
        whole = state["synced"] and not self._governance.stale
        return {**state, "synced": whole, "source": self._governance.names[self._governance.primary]}

    def levels(self, instrument: int, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        books, name = self._shown(self.symbols[instrument])
        return ([], []) if self._governance.stale else books.levels(books.numbers[name], count)


class _Feed:
    """Both sources' feeds, run together; the decision is made beside them (`feeds.market_feed.MarketFeed`)."""

    def __init__(self, feeds: Sequence[MarketFeed], governance: Governance, told: Callable[[Told], None]) -> None:
        self._feeds, self._governance, self._told = feeds, governance, told
        self._messages = [0, 0]

    @property
    def synced(self) -> bool:
        return not self._governance.stale and self._feeds[self._governance.primary].synced

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                judging = group.create_task(self._judge())
                running = [group.create_task(feed.run()) for feed in self._feeds]
                await asyncio.gather(*running)
                judging.cancel()
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        finally:
            self._governance.close()

    async def _judge(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Says how both do, and tells what follows."""
        for source, feed in enumerate(self._feeds):
            messages = feed.tally()["messages"]
            self._governance.health(source, whole=feed.synced, moved=messages != self._messages[source])
            self._messages[source] = messages
        for told in self._governance.judge():
            self._told(told)

    def close(self) -> None:
        for feed in self._feeds:
            feed.close()

    def tally(self) -> dict[str, int]:
        found = [feed.tally() for feed in self._feeds]
        return {
            **{name: sum(one.get(name, 0) for one in found) for name in found[0]},
            "switches": self._governance.switches,
        }


@dataclass(frozen=True)
class GovernedMarket:
    """A market and its reference, whose symbols are those of the first in the same order; as
    `feeds.market_feed.Market`.

    `silent_ns` is the bound of silence; `journal` a new folder for the decisions, or None; `told` hears them.
    """

    primary: Viewed
    reference: Viewed
    silent_ns: int
    journal: Path | None = None
    told: Callable[[Told], None] = field(default=lambda told: None)

    def __post_init__(self) -> None:
        """InputError where the symbols do not answer one another."""
        if len(self.primary.symbols) != len(self.reference.symbols):
            symbols = f"{len(self.primary.symbols)} and {len(self.reference.symbols)}"
            raise InputError(f"--reference must have a symbol for each of --symbols, was {symbols}")

    @property
    def name(self) -> str:
        """Of both."""
        return f"{self.primary.name}, {self.reference.name}"

    @property
    def symbols(self) -> Sequence[str]:
        """Those of the first."""
        return self.primary.symbols

    def view(self, clock: Clock, http: aiohttp.ClientSession) -> tuple[MarketFeed, list[ViewBooks]]:
        """Both feeds, and the books of the one that is shown."""
        markets = (self.primary, self.reference)
        governance = Governance([market.name for market in markets], self.silent_ns, clock, self.journal)
        feeds, sources = [], []
        for market in markets:
            feed, shown = market.view(clock, http)
            of = {symbol: books for books in shown for symbol in books.numbers}
            feeds.append(feed)
            names = zip(self.symbols, market.symbols, strict=True)
            sources.append({symbol: (of[name], name) for symbol, name in names})
        return _Feed(feeds, governance, self.told), [_Books(governance, sources)]
