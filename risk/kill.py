"""The kill of one market from outside the engine: cancel, see nothing open, flatten, see nothing held.

catalogue: R5. It knows no venue and no journal: a `Desk` carries out what it asks. What it has done so far stands in
the rows at any moment, so a caller that runs out of time (5 s, requirements.md R5) still tells what is left, by symbol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from native import _core

#: Between two looks, s. Two clean ones in a row are needed: an order that was under way when the kill came, and not yet
#: in the first, is in the second.
PAUSE_S = 0.1


@dataclass(frozen=True)
class Held:
    """What stands in the way of flat: `size` of the base asset, signed; `side` of a hedge-mode position, else BOTH."""

    symbol: str
    size: Decimal
    side: str = "BOTH"


class Desk(Protocol):
    """One account on one market, with a key of the kill's own. Every call raises `TickwrightError` where it fails."""

    @property
    def market(self) -> str:
        """spot or linear."""

    async def open_orders(self) -> Mapping[str, set[str]]:
        """The ids of every open order of the account, by symbol."""

    async def cancel_all(self, symbol: str) -> None:
        """Cancels every open order of a symbol; done also where nothing was open."""

    async def held(self) -> list[Held]:
        """Everything that is to be flattened and can be."""

    async def flatten(self, held: Held) -> None:
        """Sends market orders that bring it to zero and can never go beyond."""


@dataclass(frozen=True)
class Parts:
    """What the kill does here: `symbols` always, and with `everywhere` whatever else the account has open or holds."""

    symbols: Sequence[str]
    everywhere: bool = True
    cancel: bool = True
    flatten: bool = False


@dataclass
class Row:
    """One symbol: what was done, and what is left as last seen; `fault` is the last refusal, cleared by success."""

    market: str
    symbol: str
    seen: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    first: dict[str, Decimal] = field(default_factory=dict)
    held: dict[str, Decimal] = field(default_factory=dict)
    fault: str = ""

    @property
    def cancelled(self) -> int:
        """Orders that were open and are not any more."""
        return len(self.seen - self.open)

    @property
    def flattened(self) -> bool:
        """Whether there was a position, and there is none any more."""
        return bool(self.first) and not self.held

    @property
    def done(self) -> bool:
        """Whether nothing is open and nothing is held."""
        return not self.open and not self.held


class Clearing:
    """The kill of one market under way; `rows` is what has been done so far, `verified` whether the end was seen."""

    def __init__(self, desk: Desk, parts: Parts) -> None:
        """Sends nothing yet."""
        self.desk = desk
        self.parts = parts
        self.rows: dict[str, Row] = {}
        self.looked = asyncio.Event()
        self.verified = False
        self.fault = ""
        for symbol in parts.symbols:
            self._row(symbol)

    async def run(self, halted: asyncio.Event) -> None:
        """Rounds of cancel, flatten and look until nothing is left; the caller bounds it in time.

        The first look comes before anything is cancelled (`looked` is set then), so that what an obeying engine
        cancels is counted too. Only what is seen after `halted` is set proves anything: before it, more may come.
        """
        await self._look()
        self.looked.set()
        if self.parts.cancel:
            await self._cancel(set(self.rows))
        clean = 0
        while clean < 2:
            certain = halted.is_set()
            if await self._look():
                clean += certain
            else:
                clean = 0
                await self._clear()
            await asyncio.sleep(PAUSE_S)
        self.verified = True

    async def _clear(self) -> None:
        """Asks for everything that was last seen to be gone."""
        if self.parts.cancel:
            await self._cancel({row.symbol for row in self.rows.values() if row.open})
        if self.parts.flatten:
            await self._flatten()

    async def _look(self) -> bool:
        """Asks what is open and held now. True where both were answered and nothing is left."""
        try:
            if self.parts.cancel:
                self._see_orders(await self.desk.open_orders())
            if self.parts.flatten:
                self._see_held(await self.desk.held())
        except _core.TickwrightError as error:
            self.fault = str(error)
            return False
        self.fault = ""
        return all(row.done for row in self.rows.values())

    def _see_orders(self, found: Mapping[str, set[str]]) -> None:
        for symbol in found:
            if self.parts.everywhere:
                self._row(symbol)
        for row in self.rows.values():
            row.open = found.get(row.symbol, set())
            row.seen |= row.open

    def _see_held(self, found: Sequence[Held]) -> None:
        for row in self.rows.values():
            row.held = {}
        for held in found:
            if self.parts.everywhere or held.symbol in self.rows:
                row = self._row(held.symbol)
                row.held[held.side] = held.size
                row.first.setdefault(held.side, held.size)

    async def _cancel(self, symbols: set[str]) -> None:
        await asyncio.gather(*(self._told(symbol, self.desk.cancel_all(symbol)) for symbol in sorted(symbols)))

    async def _flatten(self) -> None:
        wanted = [Held(row.symbol, size, side) for row in self.rows.values() for side, size in row.held.items()]
        await asyncio.gather(*(self._told(held.symbol, self.desk.flatten(held)) for held in wanted))

    async def _told(self, symbol: str, work: Awaitable[None]) -> None:
        """Waits for one request; what it was refused for stands in its row."""
        row = self._row(symbol)
        try:
            await work
        except _core.TickwrightError as error:
            row.fault = str(error)
        else:
            row.fault = ""

    def _row(self, symbol: str) -> Row:
        return self.rows.setdefault(symbol, Row(self.desk.market, symbol))
