"""The writer: an engine's journal into a store while the engine writes it, in batches bounded in rows and in time.

catalogue: M7, K4. The journal is read by sequence number, rows go to the store, and only when the store has them the
place is kept, in the store itself. A writer that dies anywhere begins again at the place that was kept and sends some
rows a second time, which the store leaves out: each row is there once. While the store does not answer, nothing is read
and nothing is held: the journal is the buffer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from feeds.binance import BY_MARKET
from feeds.lake_rows import HEAD, PRICES, REST, Instrument, packed_rows, table
from feeds.lake_schema import RECORDED
from feeds.ports import Clock
from feeds.store.ports import Store
from native._core import JournalColumns, journal_ls, journal_show

#: A batch is written when it has this many rows, or when its first row has waited this long.
ROWS_MAX = 50_000
AGE_S_MAX = 1.0
_SIZES = ("qty", "bid_qty", "ask_qty")
_NO_PRICE = 2**63 - 1
#: So many numbers a row has at most: what is read at once is about a batch.
_WIDTH = 11


class _Place(NamedTuple):
    """How far a journal is in a store."""

    next: int
    """The sequence number that is read next."""
    seq: int
    """That of the last event that rows were made of, 0 before the first."""
    ts_receive: int
    """When it was received, ns."""


class Follower:
    """One journal into one store. `name` is what the journal is called there; two journals need two names."""

    def __init__(self, store: Store, journal: Path, name: str, clock: Clock, *, rows_max: int = ROWS_MAX) -> None:
        """Finds its place. InputError where there is no journal.

        A journal in which the last event that was written is another one now lost its end in a power cut, or is another
        journal: it is read from the start. `missed` counts the events before its first segment that were never read.
        """
        self._store, self._clock, self._rows_max = store, clock, rows_max
        self._name, self._note = name, f"follow/{name}"
        kept = store.kept(self._note)
        self._last = _Place(1, 0, 0) if kept is None else _Place(**json.loads(kept))
        self.started_over = not _holds(journal, self._last)
        if self.started_over:
            self._last = _Place(1, 0, 0)
        place = self._last.next
        self._columns = JournalColumns(journal, place)
        self.missed = self._columns.next - place
        # Other pieces of the journal than before, so other names: in a lake the same name is the same piece.
        self._again = f".{clock.utc_ns()}" if self.started_over else ""
        self._tables: dict[str, list[pa.Table]] = {channel: [] for channel in RECORDED}
        self._held, self._since_ns, self._begin = 0, 0, self._columns.next
        self.rows = 0
        self.repeated = 0
        self.batches = 0

    @property
    def next(self) -> int:
        """The sequence number that is read next."""
        return self._columns.next

    def step(self, age_s_max: float = AGE_S_MAX) -> bool:
        """Reads on, and writes a batch where one is full or old enough; returns whether there was anything to read.

        StoreError where the store does not answer: make a new follower, which begins at the place that was kept.
        """
        before = self._columns.next
        for channel, packed in zip(RECORDED, self._columns.read(_WIDTH * self._rows_max), strict=True):
            if packed:
                found = self._table(channel, packed)
                self._tables[channel].append(found)
                self._since_ns = self._since_ns if self._held else self._clock.mono_ns()
                self._held += len(found)
        old = self._clock.mono_ns() - self._since_ns >= age_s_max * 1e9
        if self._held >= self._rows_max or (self._held and old):
            self.flush()
        return self._columns.next > before

    def flush(self) -> None:
        """Writes what is held, then keeps the place."""
        for channel, tables in self._tables.items():
            if tables:
                rows = pa.concat_tables(tables)
                last = len(rows) - 1
                if rows["record"][last].as_py() > self._last.seq:
                    self._last = _Place(0, *(rows[name][last].as_py() for name in ("record", "ts_receive")))
                new = self._store.write(channel, rows, f"{self._name}-{self._begin:012d}{self._again}")
                self.rows += new
                self.repeated += len(rows) - new
        if self._columns.next > self._begin:
            self._last = self._last._replace(next=self._columns.next)
            self._store.keep(self._note, json.dumps(self._last._asdict()))
        self.batches += bool(self._held)
        self._tables = {channel: [] for channel in RECORDED}
        self._held, self._begin = 0, self._columns.next

    def _table(self, channel: str, packed: bytes) -> pa.Table:
        """The core's rows as a table: ticks and lots become the numbers that the dictionary has."""
        rows = packed_rows(channel, packed).copy()
        told = self._columns.instruments
        numbers, places = list(told), {}
        instruments = []
        for place, number in enumerate(numbers):
            market, symbol, tick, lot, price_scale, qty_scale = told[number]
            instruments.append(Instrument(BY_MARKET[market].venue, symbol, price_scale, qty_scale))
            mine = rows[:, 0] == number
            places[place] = mine
            for name, unit in [*((name, tick) for name in PRICES), *((name, lot) for name in _SIZES)]:
                if name in REST[channel] and unit != 1:
                    at = len(HEAD) + REST[channel].index(name)
                    scaled = mine & (rows[:, at] != _NO_PRICE)
                    rows[scaled, at] *= unit
        for place, mine in places.items():
            rows[mine, 0] = place
        return table(channel, rows, instruments)


def _holds(journal: Path, place: _Place) -> bool:
    """Whether the last event that was written is still what the journal has under its number."""
    segments = journal_ls(journal)
    if not place.seq or not segments or place.seq < segments[0]["first_seq"]:
        return True
    found = journal_show(journal, place.seq, place.seq)
    return bool(found) and found[0]["ts_receive"] == str(place.ts_receive)


def until_end(follower: Follower) -> Iterator[int]:
    """Reads and writes what the journal holds now; yields the place after each step."""
    while follower.step():
        yield follower.next
    follower.flush()
    yield follower.next
