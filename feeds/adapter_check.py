"""Proves one adapter: what it declares, how it decodes its own recordings, and how it bears bytes that are none.

catalogue: M1. Usage: `python -m feeds.adapter_check ENTRY_POINT`, in a process of its own, so that an adapter that
crashes takes nothing with it. A line of JSON a check: `check, passed, found`; the last has `digest`, a hash of every
event, which a second process must repeat.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from feeds.adapter import CHANNELS, MARKETS, RULES, Adapter, AdapterBooks, Sample, load, points
from feeds.session import Event
from feeds.venue.spec import Venue
from native._core import InputError

#: Damaged copies of each message of a sample that are read, and the most messages that are damaged.
_DAMAGED_EACH = 8
_DAMAGED_MESSAGES_MAX = 500
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
#: The fields of each kind of event beside `kind, instrument, stream_seq, ts_venue`, and their types.
_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "depth": {"snapshot": bool, "first": int, "previous": int, "bids": list, "asks": list},
    "trade": {"price": int, "qty": int, "taker_sell": bool, "off_book": bool},
    "bbo": {"bid": (int, type(None)), "bid_qty": int, "ask": (int, type(None)), "ask_qty": int},
    "mark": {"mark_e8": int, "index_e8": int, "rate_e8": int, "next_funding": int},
}
#: Figures: each number is one or None, each scale a number.
_FIGURES = {
    "ticker": "bid ask last open high low bid_qty ask_qty last_qty volume turnover "
    "price_scale qty_scale turnover_scale",
    "kline": "begin interval open high low close volume turnover trades price_scale qty_scale turnover_scale",
    "fundingrate": "rate_e18 next interval",
    "openinterest": "qty value qty_scale value_scale",
    "liquidation": "sell price average qty filled price_scale qty_scale",
    "reference": "mark index price_scale",
}
_FIELDS |= {
    kind: {"closed": bool, **dict.fromkeys(names.split(), (int, type(None)))} for kind, names in _FIGURES.items()
}
_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")


@dataclass(frozen=True)
class Found:
    """What one check found."""

    check: str
    passed: bool
    found: str


class ClockWatch:
    """Counts the clock readings of one package's Python code; those of others pass as they are."""

    def __init__(self, package: str) -> None:
        """Of the modules of `package`. It replaces the clocks of `time` and `datetime` until the process ends."""
        self.reads: list[str] = []
        self._package = package
        for name in _CLOCKS:
            setattr(time, name, self._watched(name, getattr(time, name)))
        watch = self

        class Watched(datetime.datetime):
            @classmethod
            def now(cls, tz: datetime.tzinfo | None = None) -> Watched:
                watch.note("datetime.now", sys._getframe(1))
                return super().now(tz)

            @classmethod
            def utcnow(cls) -> Watched:
                watch.note("datetime.utcnow", sys._getframe(1))
                return super().now(datetime.UTC).replace(tzinfo=None)

        # The real one is a type that cannot be changed, so its name is given to another.
        setattr(datetime, "datetime", Watched)  # noqa: B010  # mypy does not let a type be assigned

    def _watched(self, name: str, real: Callable[[], Any]) -> Callable[[], Any]:
        def read() -> Any:
            self.note(f"time.{name}", sys._getframe(1))
            return real()

        return read

    def note(self, name: str, caller: FrameType) -> None:
        """One reading by the code of a frame."""
        if str(caller.f_globals.get("__name__", "")).split(".")[0] == self._package:
            self.reads.append(name)


def checks(adapter: Adapter, watch: ClockWatch) -> Iterator[Found]:
    """Every check in order; what the later ones need is proved by those before them."""
    samples = adapter.samples()
    for check in (declares, sessions, recordings):
        yield check(adapter, samples)
    events: dict[int, list[Event]] = {}
    for number, sample in enumerate(samples):
        events[number] = decode(adapter, sample)
    yield decodes(adapter, samples, events)
    yield joins(adapter, samples)
    yield bears(adapter, samples)
    again = {number: decode(adapter, sample) for number, sample in enumerate(samples)}
    differ = [number for number in events if events[number] != again[number]]
    yield Found(
        "deterministic", not differ, f"samples {differ} differ" if differ else "a second decoder gives the same"
    )
    yield Found("reads no clock", not watch.reads, ", ".join(sorted(set(watch.reads))) or "none seen")


def declares(adapter: Adapter, _samples: Sequence[Sample]) -> Found:
    """Venue, feeds, markets, channels and rules have names that we know."""
    faults = [] if _NAME.fullmatch(adapter.venue) else [f"venue was {adapter.venue!r}"]
    faults += [] if adapter.feeds else ["feeds was empty"]
    for name, feed in adapter.feeds.items():
        if not _NAME.fullmatch(name):
            faults.append(f"feed was {name!r}")
        if feed.market not in MARKETS:
            faults.append(f"market of {name} was {feed.market}")
        if not feed.channels or set(feed.channels) - set(CHANNELS):
            faults.append(f"channels of {name} were {feed.channels}")
        if feed.rule not in RULES:
            faults.append(f"rule of {name} was {feed.rule}")
    told = ", ".join(f"{name}: {feed.market} {'+'.join(feed.channels)}" for name, feed in adapter.feeds.items())
    return Found("declares", not faults, "; ".join(faults) or told)


def sessions(adapter: Adapter, samples: Sequence[Sample]) -> Found:
    """A feed's session has addresses, subscribes to a sample's symbols, and does not stumble over an unknown answer."""
    faults, count = [], 0
    for name, feed in adapter.feeds.items():
        if feed.session is None:
            continue
        count += 1
        symbols = [symbol for sample in samples if sample.feed == name for symbol in sample.instruments] or ["A"]
        faults += [f"{name}: {fault}" for fault in _session_faults(name, feed.session, symbols)]
    return Found("sessions", not faults, "; ".join(faults) or f"{count} of {len(adapter.feeds)} feeds have one")


def _session_faults(name: str, venue: Venue, symbols: list[str]) -> list[str]:
    faults = [] if venue.feed == name else [f"feed was {venue.feed}"]
    frames = venue.subscribe(symbols, 0)
    if not all(isinstance(text, bytes) for text in frames):
        faults.append("subscribe gave no bytes")
    if venue.address("ws://h", symbols).startswith("ws://h") is (venue.token_request() is not None):
        faults.append(f"address was {venue.address('ws://h', symbols)}")
    if venue.control({"unheard": "of"}) is not None:
        faults.append("an unknown answer meant something")
    again = [venue.book_request(symbols[0])] if venue.whole_by_rest else venue.book_again(symbols[0], 0)
    return faults + ([] if again else ["a book cannot be asked for again"])


def recordings(adapter: Adapter, samples: Sequence[Sample]) -> Found:
    """There is a sample of each feed, and none of another."""
    missing = set(adapter.feeds) - {sample.feed for sample in samples if sample.messages and sample.instruments}
    foreign = {sample.feed for sample in samples} - set(adapter.feeds)
    faults = [f"no sample of {name}" for name in sorted(missing)] + [f"a sample of {name}" for name in sorted(foreign)]
    messages = sum(len(sample.messages) for sample in samples)
    return Found("samples", not faults, "; ".join(faults) or f"{messages} messages in {len(samples)} recordings")


def decode(adapter: Adapter, sample: Sample) -> list[Event]:
    """Every event of a sample."""
    decoder = adapter.decoder(sample.feed)
    for symbol, units in sample.instruments.items():
        decoder.define(symbol, *units)
    return [event for payload, symbol in sample.messages for event in decoder.read(payload, symbol)]


def decodes(adapter: Adapter, samples: Sequence[Sample], events: dict[int, list[Event]]) -> Found:
    """Every event is one of ours, and each declared channel is seen."""
    faults: list[str] = []
    for sample, told in zip(samples, events.values(), strict=True):
        count = len(sample.instruments)
        faults += [fault for event in told if (fault := event_fault(event, count)) is not None]
        unseen = set(adapter.feeds[sample.feed].channels) - {event.get("kind") for event in told}
        faults += [f"no {channel} in the sample of {sample.feed}" for channel in sorted(unseen)]
    total = sum(map(len, events.values()))
    return Found("decodes", not faults, "; ".join(faults[:3]) or f"{total} events")


def event_fault(event: Event, instruments: int) -> str | None:
    """What is wrong with an event; None where it is one of ours."""
    kind = event.get("kind")
    fields = _FIELDS.get(str(kind))
    if fields is None:
        return f"kind must be one of {', '.join(_FIELDS)}, was {kind}"
    wanted = {"kind": str, "instrument": int, "stream_seq": int, "ts_venue": (int, type(None)), **fields}
    if set(event) != set(wanted):
        return f"fields of {kind} must be {', '.join(wanted)}, were {', '.join(event)}"
    wrong = [f"{name} was {event[name]!r}" for name, types in wanted.items() if not _is(event[name], types)]
    if not wrong and not 1 <= event["instrument"] <= instruments:
        wrong = [f"instrument was {event['instrument']}"]
    if not wrong and kind == "depth":
        levels = [*event["bids"], *event["asks"]]
        wrong = [f"level was {level!r}" for level in levels if not _level(level)][:1]
    return f"{kind}: {', '.join(wrong)}" if wrong else None


def _is(value: object, types: type | tuple[type, ...]) -> bool:
    """Of a type; a truth value is no number."""
    return isinstance(value, types) and (types is bool or not isinstance(value, bool))


def _level(level: object) -> bool:
    return isinstance(level, tuple) and len(level) == 2 and all(_is(part, int) for part in level) and level[1] >= 0


def joins(adapter: Adapter, samples: Sequence[Sample]) -> Found:
    """Every instrument's book is in step at the end of its sample, with no message missing and never crossed."""
    faults: list[str] = []
    books_seen = 0
    for sample in samples:
        if "depth" not in adapter.feeds[sample.feed].channels:
            continue
        books = AdapterBooks(adapter, sample.feed)
        numbers = {symbol: books.define(symbol, *units) for symbol, units in sample.instruments.items()}
        for payload, asked in sample.messages:
            books.take(payload, None if asked is None else numbers[asked])
        for symbol, number in numbers.items():
            state = books.state(number)
            books_seen += 1
            if not state["synced"] or state["gaps"] or state["crossed"] or not state["applied"]:
                faults.append(f"{symbol}: {state}")
    return Found("books join", not faults, "; ".join(faults[:2]) or f"{books_seen} books in step")


def bears(adapter: Adapter, samples: Sequence[Sample]) -> Found:
    """Damaged bytes give events or an InputError, and nothing else; a whole message is read afterwards as before."""
    source, read, refused, faults = random.Random(1), 0, 0, list[str]()
    for sample in samples:
        decoder = adapter.decoder(sample.feed)
        for symbol, units in sample.instruments.items():
            decoder.define(symbol, *units)
        for payload, asked in sample.messages[:_DAMAGED_MESSAGES_MAX]:
            for bad in damaged(payload, source):
                read += 1
                try:
                    decoder.read(bad, asked)
                except InputError:
                    refused += 1
                except BaseException as other:
                    # A panic of a Rust adapter is a BaseException.
                    faults.append(f"{type(other).__name__} for {bad[:40]!r}")
    return Found(
        "bears bad bytes", not faults, "; ".join(faults[:3]) or f"{refused} of {read} damaged messages refused"
    )


def damaged(payload: bytes, source: random.Random) -> Iterator[bytes]:
    """Copies of a message: cut, with a byte changed, with one left out; and what was never a message."""
    for _ in range(_DAMAGED_EACH // 2):
        yield payload[: source.randrange(len(payload) + 1)]
        at = source.randrange(max(1, len(payload)))
        yield payload[:at] + bytes([source.randrange(256)]) + payload[at + 1 :]
    at = source.randrange(max(1, len(payload)))
    yield payload[:at] + payload[at + 1 :]
    yield source.choice([b"", b"{}", b"[]", b"null", b"[[[[", b"\xff\xfe", b'{"data":', b"1e999", b"\x1f\x8b\x08"])


def digest(adapter: Adapter) -> str:
    """A hash of every event of every sample: what another process must repeat."""
    events = [decode(adapter, sample) for sample in adapter.samples()]
    return hashlib.sha256(json.dumps(events, sort_keys=True).encode()).hexdigest()


def main(name: str) -> None:
    """Checks the entry point called `name`; a line of JSON a check on stdout."""
    [point] = [point for point in points() if point.name == name]
    watch = ClockWatch(point.module.split(".")[0])
    adapter = load(point)
    current = "declares"
    try:
        for found in checks(adapter, watch):
            current = f"after: {found.check}"
            print(json.dumps(vars(found)), flush=True)
        print(json.dumps({"digest": digest(adapter)}), flush=True)
    except Exception as why:
        print(json.dumps({"check": current, "passed": False, "found": repr(why)[:300]}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
