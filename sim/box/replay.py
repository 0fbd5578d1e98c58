"""A recorded capture drives a contract's book: levels, trades, in the recording's own rhythm (catalogue: S1).

Captures are files of any form that `feeds.recordings` reads: those of `tickwright capture`, and lines of
`<receive time> <JSON>`. A file may hold several contracts; files of one contract continue one another. When a recording
ends it begins again from its snapshot, so that the market stays open.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from struct import pack
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from feeds.recorder import Recorded, What
from feeds.recordings import Recording as File
from native._core import InputError
from sim.box.desk import Desk
from sim.box.listing import DECIMALS, Listing

HEAD_RECORDS = 5_000
STEP_MESSAGES_MAX = 2_000


class CaptureError(ValueError):
    """A capture that cannot drive a book; the text names the file and what is wrong with it."""


class Message(NamedTuple):
    """One recorded event or snapshot: receive time in ns, symbol (None: the file's only one), market, content."""

    ts_ns: int
    symbol: str | None
    market: str | None
    snapshot: bool
    data: dict[str, Any]


def read_messages(path: Path) -> Iterator[Message]:
    """What a capture holds of books and trades; CaptureError names the file and the place of what it cannot read."""
    number = 0
    try:
        for batch in File(path).batches():
            for record in batch:
                number += 1
                message = _message(record)
                if message is not None:
                    yield message
    except (OSError, InputError) as why:
        raise CaptureError(f"capture {path.name}: {why}") from None
    except (ValueError, KeyError, AttributeError):
        raise CaptureError(f"capture {path.name}: record {number} is not a venue's JSON") from None


def _message(record: Recorded) -> Message | None:
    """One record as a message; None for what drives no book (tickers, acknowledgements, other requests)."""
    if record.what not in (What.MESSAGE, What.REST):
        return None
    body = json.loads(record.payload)
    if not isinstance(body, dict):
        return None
    data = body.get("data", body)
    kind = data.get("e")
    if kind in ("depthUpdate", "trade"):
        market = None if kind == "trade" else "linear" if "pu" in data else "spot"
        return Message(record.ts_ns, str(data["s"]), market, False, data)
    # Partial books have a stream's name around them; the REST snapshot stands alone.
    if "lastUpdateId" in body and "bids" in body:
        symbols = parse_qs(urlsplit(record.source).query).get("symbol", [None])
        return Message(record.ts_ns, symbols[0], None, True, body)
    return None


@dataclass(frozen=True, slots=True)
class Recording:
    """The files of one contract, in order of time; `market` is "spot" or "linear"."""

    market: str
    symbol: str
    paths: tuple[Path, ...]

    def messages(self) -> Iterator[Message]:
        """All messages of the contract, file after file."""
        for path in self.paths:
            for message in read_messages(path):
                if message.symbol in (None, self.symbol):
                    yield message


def _contracts(path: Path) -> tuple[int, set[tuple[str, str]]]:
    """First receive time and the (market, symbol) pairs of a capture, from its first records."""
    first = -1
    found: set[tuple[str, str]] = set()
    for message in islice(read_messages(path), HEAD_RECORDS):
        first = message.ts_ns if first < 0 else first
        if message.market is not None and message.symbol is not None:
            found.add((message.market, message.symbol))
    if not found:
        raise CaptureError(f"capture {path.name}: no depth update in its first {HEAD_RECORDS} records")
    return first, found


def find_recordings(paths: tuple[Path, ...]) -> list[Recording]:
    """The recordings in files and folders, one for each market and symbol."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(inside for inside in path.iterdir() if inside.is_file())
        elif path.is_file():
            files.append(path)
        else:
            raise CaptureError(f"--market must name captures that exist, was {path}")
    grouped: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for path in files:
        first, contracts = _contracts(path)
        for contract in contracts:
            grouped.setdefault(contract, []).append((first, path))
    return [
        Recording(market, symbol, tuple(path for _, path in sorted(rows)))
        for (market, symbol), rows in sorted(grouped.items())
    ]


def _e8(text: str) -> int:
    """A recorded decimal in units of 1e-8."""
    whole, _, digits = text.partition(".")
    return int(whole + digits[:DECIMALS].ljust(DECIMALS, "0"))


class Replay:
    """One recording on one contract: `step` applies what is due."""

    def __init__(self, desk: Desk, recording: Recording, speed: float) -> None:
        """Opens the book with the recording's snapshot."""
        listing = desk.listings.get(recording.symbol)
        if listing is None:
            raise CaptureError(f"capture of {recording.symbol}: the box lists {', '.join(desk.listings)}")
        self._desk = desk
        self._listing: Listing = listing
        self._number = desk.ids[recording.symbol]
        self._recording = recording
        self._speed = speed
        desk.exchange.replay_open(self._number)
        self._begin()
        desk.tapes[recording.symbol].price = desk.mark_ticks(recording.symbol)

    def _begin(self) -> None:
        """Reads up to the snapshot, applies it and the differences that the recording holds from before it."""
        self._messages = self._recording.messages()
        early: list[Message] = []
        for message in self._messages:
            if message.snapshot:
                self._origin_ns, self._start_ns = message.ts_ns, self._desk.clock.now_ns()
                self._apply(message)
                for diff in early:
                    self._apply(diff)
                break
            if message.data["e"] == "depthUpdate":
                early.append(message)
        else:
            raise CaptureError(f"capture of {self._recording.symbol}: no snapshot among its lines")
        self._next = next(self._messages, None)

    def step(self, now: int) -> int:
        """Applies everything recorded up to `now`; returns when the next message is due, in ns."""
        for _ in range(STEP_MESSAGES_MAX):
            if self._next is None:
                self._begin()
                continue
            due = self._start_ns + int((self._next.ts_ns - self._origin_ns) / self._speed)
            if due > now:
                return due
            self._apply(self._next)
            self._next = next(self._messages, None)
        return now

    def _apply(self, message: Message) -> None:
        """One message; differences that the book holds already are passed over."""
        data = message.data
        if message.snapshot:
            # A later snapshot in the recording is what its own client asked for after a gap: it heals ours too.
            self._update = int(data["lastUpdateId"])
            self._depth(data["bids"], data["asks"], True)
        elif data["e"] == "trade":
            # Insurance-fund and other trades outside the book have another `X`.
            if data.get("X", "MARKET") == "MARKET":
                self._trade(data)
        elif int(data["u"]) > self._update:
            self._update = int(data["u"])
            self._depth(data["b"], data["a"], False)

    def _trade(self, data: dict[str, Any]) -> None:
        listing, desk = self._listing, self._desk
        price, qty = _e8(data["p"]) // listing.tick_e8, _e8(data["q"]) // listing.lot_e8
        if price > 0 and qty > 0:
            now = desk.clock.now_ns()
            events = desk.exchange.replay_trade(self._number, price, qty, bool(data["m"]), now)
            if events:
                desk.settle(events)

    def _depth(self, bids: list[list[str]], asks: list[list[str]], snapshot: bool) -> None:
        now = self._desk.clock.now_ns()
        events = self._desk.exchange.replay_depth(self._number, snapshot, self._pairs(bids), self._pairs(asks), now)
        if events:
            self._desk.settle(events)

    def _pairs(self, levels: list[list[str]]) -> bytes:
        tick, lot = self._listing.tick_e8, self._listing.lot_e8
        flat = [number for price, qty, *_ in levels for number in (_e8(price) // tick, -(-_e8(qty) // lot))]
        return pack(f"<{len(flat)}q", *flat)


def together(steps: Sequence[Callable[[int], int]]) -> Callable[[int], int]:
    """Several recordings' steps as one: the earliest of their next times."""
    return lambda now: min(step(now) for step in steps)
