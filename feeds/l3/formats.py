"""Which recording of single orders a file is, told by its first bytes, never by its name.

catalogue: M12. Tables, Databento's and NASDAQ's files, and a venue's own messages; anything else is left to
`feeds.recordings`.
"""

from __future__ import annotations

import re
from pathlib import Path

from feeds.itch.recorded import RecordedItch
from feeds.l3 import bitstamp, databento, itch, lobster, wire
from feeds.l3.source import OrderSource
from feeds.recorder import recorded_venue
from feeds.unpack import Unpacked
from native._core import InputError

_HEAD_BYTES = 1 << 16
_BOM = b"\xef\xbb\xbf"
_NUMBERS = re.compile(rb"-?[\d.]+(,-?[\d.]+)*\r?")
_MESSAGE_COLUMNS = 6


def order_source(path: Path) -> OrderSource | None:
    """The recording that `path` is, or None where it is none of single orders.

    InputError for the table that belongs to another: it is read with that one.
    """
    head = Unpacked(path).head(_HEAD_BYTES).removeprefix(_BOM)
    if head.startswith(databento.MAGIC):
        return databento.DatabentoOrders(path)
    if itch.is_itch(head):
        return itch.ItchOrders(path)
    if recorded_venue(head) == RecordedItch.venue:
        return RecordedItch(path)
    line = head.split(b"\n", 1)[0].rstrip(b"\r")
    if line == bitstamp.HEADER:
        return bitstamp.BitstampOrders(path)
    if line == bitstamp.TRADES_HEADER:
        raise InputError(f"{path} must be given by the table of orders beside it, was the trades of one")
    if _NUMBERS.fullmatch(line) and b"," in line:
        return _lobster(path, 1 + line.count(b","))
    feed = wire.feed_of(head)
    return wire.WireOrders(path, feed) if feed else None


def _lobster(path: Path, columns: int) -> OrderSource:
    if columns != _MESSAGE_COLUMNS:
        raise InputError(f"{path} must be given by LOBSTER's messages beside it, was {columns} columns of a book")
    return lobster.LobsterOrders(path)
