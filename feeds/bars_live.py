"""Bars of a live stream into the lake: the trades of each message through the core's builders, as they arrive.

catalogue: M8. The bars are those of the archive, bit for bit, because decoder, builder and order of the trades are the
same and nothing else matters: a time bar ends with the trade that follows it and not by a clock, since a late trade
could not be known otherwise. So a bar is stored when its successor's first trade is there. The time bar that was open
when the stream began is not whole and is not stored; tick, volume and dollar bars count from the stream's first trade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from feeds import bars
from feeds.lake import Lake
from feeds.lake_schema import BARS, RECORDED, SCHEMAS
from native._core import BarBuilder, MarketColumns

#: Completed bars wait so long for each other before they become a file, ns.
STORE_EVERY_NS = 60_000_000_000
#: The columns of a trade as the core packs it: instrument, record, ts_receive, ts_venue, id, price, qty, flags.
_TRADE_COLUMNS = 8
_NO_TIME = -(2**63)


class Source(NamedTuple):
    """What the bars are of: the lake's name of the venue, the core's of its feed, and each symbol's tick and lot."""

    venue: str
    feed: str
    instruments: Mapping[str, tuple[str, str]]


class _Done(NamedTuple):
    """Bars that one trade completed."""

    packed: bytes
    record: int
    received_ns: int


class LiveBars:
    """Builds every bar of `specs` for every instrument of one stream. InputError names a bad specification."""

    def __init__(self, lake: Lake, source: Source, specs: Sequence[str], began_ns: int) -> None:
        """The stream begins at `began_ns`, UTC, which also names its files."""
        self._lake = lake
        self._source = source
        self._began_ns = began_ns
        self._columns = MarketColumns(source.feed)
        self._scales: dict[str, tuple[int, int]] = {}
        self._builders: dict[int, list[tuple[str, str, BarBuilder]]] = {}
        self._done: dict[tuple[str, str], list[_Done]] = {}
        for symbol, (tick, lot) in source.instruments.items():
            scales = (decimals(tick), decimals(lot))
            self._scales[symbol] = scales
            made = [(symbol, spec, bars.builder(spec, *scales)) for spec in specs]
            self._builders[self._columns.define(symbol, *(unit(scale) for scale in scales))] = made
        self._payloads: list[bytes] = []
        self._times: list[int] = []
        self._record = 0
        self._stored_ns = began_ns
        self.stored = 0

    def take(self, payload: bytes, ts_ns: int) -> None:
        """One message as it was received; it is decoded at the next `flush`."""
        self._payloads.append(payload)
        self._times.append(ts_ns)

    def flush(self, now_ns: int) -> None:
        """Builds what the messages since the last call complete, and stores it once a minute.

        InputError where a price or size does not fit its tick or lot; the bars end there.
        """
        trades = self._columns.feed(self._payloads, self._times, first=self._record)[RECORDED.index("trades")]
        self._record += len(self._payloads)
        self._payloads, self._times = [], []
        for row in np.frombuffer(trades, "<i8").reshape(-1, _TRADE_COLUMNS).tolist():
            self._trade(*row)
        if now_ns - self._stored_ns >= STORE_EVERY_NS:
            self.store(now_ns)

    def _trade(self, *row: int) -> None:
        instrument, record, received, venue_ns, id_, price, qty, flags = row
        when = received if venue_ns == _NO_TIME else venue_ns
        if qty < 1:
            return
        for symbol, spec, builder in self._builders[instrument]:
            if packed := builder.take(when, id_ % 2**64, price, qty, flags):
                self._done.setdefault((symbol, spec), []).append(_Done(packed, record, received))

    def store(self, now_ns: int) -> None:
        """Writes the bars that are complete, each kind a file of its own, named after its first bar."""
        self._stored_ns = now_ns
        for (symbol, spec), done in self._done.items():
            rows = self._table(symbol, spec, done)
            if len(rows):
                name = f"{self._began_ns:019d}-{done[0].record:012d}"
                self.stored += self._lake.write("bars", rows, name)
        self._done = {}

    def _table(self, symbol: str, spec: str, done: list[_Done]) -> pa.Table:
        found = bars.table(b"".join(item.packed for item in done), BARS)
        begins, timed = found["begin_ns"].to_numpy(), spec in bars.INTERVALS_NS
        price_scale, qty_scale = self._scales[symbol]
        # A trade can complete one bar of a kind at most, so bars and the trades that completed them are as many.
        added: dict[str, Any] = {
            "venue": [self._source.venue] * len(found),
            "symbol": [symbol] * len(found),
            "bar": [spec] * len(found),
            "month": begins.astype("datetime64[ns]").astype("datetime64[M]").astype(str),
            "record": [item.record for item in done],
            "ts_receive": [item.received_ns for item in done],
            "ts_venue": begins,
            "id": begins if timed else np.zeros(len(found), np.int64),
            "price_scale": [price_scale] * len(found),
            "qty_scale": [qty_scale] * len(found),
        }
        schema = SCHEMAS["bars"]
        columns = [
            pa.array(added[field.name]).cast(field.type) if field.name in added else found[field.name].combine_chunks()
            for field in schema
        ]
        table = pa.table(columns, schema=schema)
        return table.filter(pa.array(begins >= self._began_ns)) if timed else table


def decimals(step: str) -> int:
    """How many decimals a tick or lot has: `0.01000000` has 2."""
    return len(step.partition(".")[2].rstrip("0"))


def unit(scale: int) -> str:
    """The step with so many decimals: 2 gives `0.01`."""
    return f"0.{'0' * (scale - 1)}1" if scale else "1"
