"""A recorded capture drives a contract's book: levels, trades, in the recording's own rhythm (catalogue: S1).

Captures are files of `<receive time in ns> <JSON>` lines, gzipped or not, as `tickwright capture` writes them and as
../shared/data/ws/binance holds them: combined stream messages, and the REST snapshot as a line of its own. Files of one
contract continue one another. When a recording ends it begins again from its snapshot, so that the market stays open.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from struct import pack
from typing import Any

from sim.box.desk import Desk
from sim.box.listing import DECIMALS, Listing

HEAD_LINES = 2_000
STEP_MESSAGES_MAX = 2_000
Message = tuple[int, dict[str, Any]]


class CaptureError(ValueError):
    """A capture that cannot drive a book; the text names the file and what is wrong with it."""


def read_messages(path: Path) -> Iterator[Message]:
    """(receive time in ns, message) of every line; CaptureError names the line that is neither."""
    try:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
            for number, line in enumerate(lines, 1):
                stamp, _, text = line.partition(" ")
                try:
                    message = json.loads(text)
                    yield int(stamp), message
                except ValueError:
                    raise CaptureError(f"capture {path.name}: line {number} is not `<ns> <JSON>`") from None
    except (OSError, EOFError, UnicodeDecodeError) as why:
        raise CaptureError(f"capture {path.name}: {why}") from None


@dataclass(frozen=True, slots=True)
class Recording:
    """The files of one contract, in order of time; `market` is "spot" or "linear"."""

    market: str
    symbol: str
    paths: tuple[Path, ...]

    def messages(self) -> Iterator[Message]:
        """All messages, file after file."""
        for path in self.paths:
            yield from read_messages(path)


def _identify(path: Path) -> tuple[int, str, str]:
    """(first receive time, market, symbol) of a capture, from its first lines; only futures' diffs have `pu`."""
    first = -1
    for stamp, message in islice(read_messages(path), HEAD_LINES):
        first = stamp if first < 0 else first
        data = message.get("data", message)
        if data.get("e") == "depthUpdate":
            return first, "linear" if "pu" in data else "spot", str(data["s"])
    raise CaptureError(f"capture {path.name}: no depth update in its first {HEAD_LINES} lines")


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
        first, market, symbol = _identify(path)
        grouped.setdefault((market, symbol), []).append((first, path))
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
        early: list[dict[str, Any]] = []
        for stamp, message in self._messages:
            data = message.get("data", message)
            if "lastUpdateId" in data and "e" not in data:
                self._origin_ns, self._start_ns = stamp, self._desk.clock.now_ns()
                self._update = int(data["lastUpdateId"])
                self._depth(data["bids"], data["asks"], True)
                for diff in early:
                    self._apply(diff)
                break
            if data.get("e") == "depthUpdate":
                early.append(data)
        else:
            raise CaptureError(f"capture of {self._recording.symbol}: no snapshot among its lines")
        self._next = next(self._messages, None)

    def step(self, now: int) -> int:
        """Applies everything recorded up to `now`; returns when the next message is due, in ns."""
        for _ in range(STEP_MESSAGES_MAX):
            if self._next is None:
                self._begin()
                continue
            stamp, message = self._next
            due = self._start_ns + int((stamp - self._origin_ns) / self._speed)
            if due > now:
                return due
            self._apply(message.get("data", message))
            self._next = next(self._messages, None)
        return now

    def _apply(self, data: dict[str, Any]) -> None:
        kind = data.get("e")
        if kind == "trade":
            # Insurance-fund and other trades outside the book have another `X`.
            if data.get("X", "MARKET") == "MARKET":
                self._trade(data)
        elif kind == "depthUpdate" and int(data["u"]) > self._update:
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
