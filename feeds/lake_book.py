"""The book of a symbol at a time, from the snapshot before it and the changes between, with the core's book.

catalogue: M10, M4. Snapshots that come by REST (`lake_schema.BY_NUMBER`) join the changes by number: those with a
higher final update id count, also when they came before the snapshot. Everywhere else a snapshot is part of the stream.
Kraken's book keeps the depth that was subscribed, which is that of its snapshot: a level beyond it is not told when it
goes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from feeds.lake_query import DAY_NS, Queries, Span, day_of
from feeds.lake_schema import BY_NUMBER
from native._core import InputError, L2Book

_SIDES = ("buy", "sell")
BOOK = pa.schema(
    [
        pa.field("side", pa.int8(), False),
        pa.field("level", pa.int32(), False),
        pa.field("price", pa.int64(), False),
        pa.field("qty", pa.int64(), False),
        pa.field("price_scale", pa.int8(), False),
        pa.field("qty_scale", pa.int8(), False),
    ]
)


class _Messages(NamedTuple):
    """Runs of rows, each a message: where they begin and end. The first is a snapshot, and the only one."""

    begins: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


class BookAt(NamedTuple):
    """A book: `table` has the columns of `BOOK` (side 0 bid, 1 ask; level 0 is the best)."""

    table: pa.Table
    id: int
    """Final update id of the last message in it, 0 where the venue numbers nothing."""
    ts_receive: int
    """When that message was received, ns."""
    crossed: bool
    """Whether its best bid is not below its best ask: then a message is missing."""


def book_at(queries: Queries, venue: str, symbol: str, at_ns: int, levels: int = 10) -> BookAt:
    """The best `levels` of each side as they were known at `at_ns`, UTC; InputError where no snapshot is before it."""
    rows = _since_snapshot(queries, venue, symbol, at_ns)
    messages = _in_order(rows, by_number=venue in BY_NUMBER)
    book = _cut(rows, messages) if venue == "kraken-spot" else _built(rows, messages)
    last = int(messages.begins[-1])
    id_, received = rows["id"][last].as_py(), rows["ts_receive"][last].as_py()
    return BookAt(_table(book, levels, rows), id_, received, book.crossed() is not None)


def _since_snapshot(queries: Queries, venue: str, symbol: str, at_ns: int) -> pa.Table:
    """The levels that were received by a time, from the day of the last snapshot before it on."""
    day = at_ns // DAY_NS
    days = queries.store.days("levels", venue, symbol)
    for first in sorted({name for name in days if name <= day_of(day * DAY_NS)}, reverse=True):
        since = int(np.datetime64(first, "ns").astype(np.int64))
        rows = queries.rows("levels", venue, symbol, Span(since, known_by=at_ns))
        if pc.any(rows["snapshot"]).as_py():
            return rows
    raise InputError(f"at must be after a snapshot of {venue} {symbol} in the lake, was {at_ns}")


def _in_order(rows: pa.Table, by_number: bool) -> _Messages:
    """The last snapshot and the changes that belong on it."""
    received, record = rows["ts_receive"].to_numpy(), rows["record"].to_numpy()
    starts = np.flatnonzero(np.r_[True, (received[1:] != received[:-1]) | (record[1:] != record[:-1])])
    ends = np.r_[starts[1:], len(rows)]
    ids, snapshot = rows["id"].to_numpy()[starts], rows["snapshot"].to_numpy(zero_copy_only=False)[starts]
    last = int(np.flatnonzero(snapshot)[-1])
    if by_number:
        later = np.flatnonzero(~snapshot & (ids > ids[last]))
        chosen = np.r_[last, later[np.argsort(ids[later], kind="stable")]]
    else:
        chosen = np.arange(last, len(starts))
    return _Messages(starts[chosen], ends[chosen])


def _built(rows: pa.Table, messages: _Messages) -> L2Book:
    """The book after the messages: of each price what was told last, so that only that is applied."""
    lengths = messages.ends - messages.begins
    before = np.cumsum(lengths) - lengths
    order = np.arange(lengths.sum()) + np.repeat(messages.begins - before, lengths)
    told = order[rows["price"].is_valid().to_numpy()[order]]
    side, price = rows["side"].to_numpy()[told], rows["price"].fill_null(0).to_numpy()[told]
    by_price = np.lexsort((np.arange(len(told)), price, side))
    side, price, qty = side[by_price], price[by_price], rows["qty"].to_numpy()[told[by_price]]
    final = np.r_[(side[1:] != side[:-1]) | (price[1:] != price[:-1]), np.ones(min(1, len(told)), np.bool_)] & (qty > 0)
    book = L2Book()
    for at, level, size in zip(side[final].tolist(), price[final].tolist(), qty[final].tolist(), strict=True):
        book.apply(_SIDES[at], level, size)
    return book


def _cut(rows: pa.Table, messages: _Messages) -> L2Book:
    """The same, cut to the snapshot's depth after each message, because what is cut off does not come back."""
    book, depth = L2Book(), 0
    sides, sizes = rows["side"].to_pylist(), rows["qty"].to_pylist()
    prices = rows["price"].to_pylist()
    for begin, end in zip(messages.begins.tolist(), messages.ends.tolist(), strict=True):
        if not depth:
            depth = max(sides[begin:end].count(0), sides[begin:end].count(1))
        for at in range(begin, end):
            if prices[at] is not None:
                book.apply(_SIDES[sides[at]], prices[at], sizes[at])
        for side in _SIDES:
            for price, _ in book.levels(side, depth + end - begin)[depth:]:
                book.apply(side, price, 0)
    return book


def _table(book: L2Book, levels: int, rows: pa.Table) -> pa.Table:
    scales = {name: rows[name][0].as_py() for name in ("price_scale", "qty_scale")}
    found = [
        {"side": at, "level": level, "price": price, "qty": qty, **scales}
        for at, side in enumerate(_SIDES)
        for level, (price, qty) in enumerate(book.levels(side, levels))
    ]
    return pa.Table.from_pylist(found, schema=BOOK)
