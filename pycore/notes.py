"""What happened, as strategies and the session read it: the tuples of `Engine.events()` with their fields named.

catalogue: P1. Every note begins with its sequence number, its kind and its instrument (0: none); the order of the
fields is that of native/bind/src/notes.rs. Prices are ticks, sizes lots, money smallest units.
"""

from __future__ import annotations

from typing import Any, NamedTuple

#: A note as the core hands it over: (seq, kind, instrument, ...).
Event = tuple[Any, ...]


class Trade(NamedTuple):
    """A public trade; `sell` where the taker sold, `trade` is the venue's number."""

    seq: int
    kind: str
    instrument: int
    price: int
    qty: int
    sell: bool
    trade: int


class Fill(NamedTuple):
    """A fill of an own order; `side` 0 buy, 1 sell; a negative fee is a rebate."""

    seq: int
    kind: str
    instrument: int
    order: int
    strategy: int
    side: int
    price: int
    qty: int
    fee: int
    fee_asset: int
    maker: bool
    trade: int
    tag: int


class OrderChange(NamedTuple):
    """An own order changed its state (INTENT, SENT, ACKED, PARTIAL, FILLED, CANCELED, EXPIRED, REJECTED, UNKNOWN)."""

    seq: int
    kind: str
    instrument: int
    order: int
    strategy: int
    state: str
    side: int
    price: int
    qty: int
    filled: int
    tag: int


class Answer(NamedTuple):
    """A request was answered; `request` and `outcome` by event/codes.rs, `code` the venue's or 0."""

    seq: int
    kind: str
    instrument: int
    order: int
    request: int
    outcome: int
    code: int
