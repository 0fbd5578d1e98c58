"""ToyX, a made-up venue, as a third party brings one to Tickwright: its decoder, its session and its recording.

A message is JSON: `{"t": "book", "s": symbol, "n": number, "whole": true or false, "b": [[price, size], ..], "a": ..}`,
`{"t": "trade", "s": .., "n": .., "p": price, "q": size, "side": "b" or "s", "ms": time}`, or an answer without `t`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any, ClassVar

from tickwright import DecodeError
from tickwright.adapters import (
    ACCEPTED,
    Control,
    Endpoints,
    Event,
    Feed,
    Ping,
    Sample,
    Venue,
    frame,
    refused,
)


class ToyxSession(Venue):
    """What to say to ToyX."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """One message for all symbols."""
        return [frame({"sub": list(symbols)})]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with a whole book."""
        return [frame({"unsub": [symbol]}), frame({"sub": [symbol]})]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """An answer says `ok`, or why not."""
        if "ok" not in message:
            return None
        return ACCEPTED if message["ok"] else refused(message.get("why"))


class ToyxDecoder:
    """ToyX's messages as Tickwright's events."""

    def __init__(self) -> None:
        """Knows no instrument yet."""
        self._known: dict[str, tuple[int, Decimal, Decimal]] = {}

    def define(self, symbol: str, tick: str, lot: str) -> int:
        """The next number."""
        number, _, _ = self._known.get(symbol, (len(self._known) + 1, None, None))
        self._known[symbol] = (number, Decimal(tick), Decimal(lot))
        return number

    def read(self, payload: bytes, symbol: str | None = None) -> list[Event]:
        """The events of one message."""
        try:
            message = json.loads(payload)
            if not isinstance(message, dict) or "t" not in message:
                return []
            return [self._book(message) if message["t"] == "book" else self._trade(message)]
        except (ValueError, KeyError, TypeError, IndexError, InvalidOperation, RecursionError) as why:
            raise DecodeError(f"message must be ToyX's ({why!r}), was {payload[:60]!r}") from None

    def _head(self, message: dict[str, Any], kind: str) -> tuple[Event, Decimal, Decimal]:
        number, tick, lot = self._known[message["s"]]
        sequence = message["n"]
        if type(sequence) is not int or not 0 < sequence < 1 << 63:
            raise ValueError(f"n was {sequence!r}")
        return {"kind": kind, "instrument": number, "stream_seq": sequence, "ts_venue": None}, tick, lot

    def _book(self, message: dict[str, Any]) -> Event:
        head, tick, lot = self._head(message, "depth")
        sides = {
            name: [(_count(price, tick), _count(size, lot)) for price, size in message[key]]
            for name, key in (("bids", "b"), ("asks", "a"))
        }
        return {**head, "snapshot": message["whole"] is True, "first": head["stream_seq"], "previous": 0, **sides}

    def _trade(self, message: dict[str, Any]) -> Event:
        head, tick, lot = self._head(message, "trade")
        price, qty = _count(message["p"], tick), _count(message["q"], lot)
        ts_venue = message["ms"] * 1_000_000
        if type(ts_venue) is not int or not 0 <= ts_venue < 1 << 63:
            raise ValueError(f"ms was {message['ms']!r}")
        taker_sell = {"b": False, "s": True}[message["side"]]
        return {**head, "ts_venue": ts_venue, "price": price, "qty": qty, "taker_sell": taker_sell, "off_book": False}


def _count(text: str, unit: Decimal) -> int:
    """A decimal text as a count of units."""
    if not isinstance(text, str) or len(text) > 30:
        raise ValueError(f"number was {text!r}")
    count = Decimal(text) / unit
    if not count.is_finite() or count != count.to_integral_value() or not 0 <= count < 1 << 63:
        raise ValueError(f"number was {text!r}, in units of {unit}")
    return int(count)


class Toyx:
    """The adapter."""

    venue = "toyx"
    feeds: ClassVar[Mapping[str, Feed]] = {
        "toyx-spot": Feed(
            market="spot",
            channels=("depth", "trade"),
            rule="counted",
            finest=("0.01", "0.001"),
            session=ToyxSession(
                feed="toyx-spot",
                production=Endpoints("https://toyx.invalid", "wss://toyx.invalid"),
                path="/stream",
                ping=Ping(b'{"ping":1}', 20.0),
            ),
        )
    }

    def decoder(self, feed: str) -> ToyxDecoder:
        """A fresh decoder."""
        return ToyxDecoder()

    def samples(self) -> list[Sample]:
        """The recording in this package."""
        lines = files(__name__).joinpath("sample.jsonl").read_bytes().splitlines()
        return [Sample("toyx-spot", {"BTCUSD": ("0.01", "0.001")}, [(line, None) for line in lines])]


ADAPTER = Toyx()
