"""Who listens to which market stream; each payload is encoded once and shared (catalogue: S1).

Stream names: binance.md §6. A name that means nothing here is accepted and stays silent, as on the venue.
"""

import re
from collections.abc import Iterable
from typing import Protocol

from sim.box.tape import INTERVALS

STREAMS_MAX = {"spot": 1_024, "linear": 200}
_NAME = re.compile(r"([a-z0-9_]{1,30})@([A-Za-z]+[0-9]{0,2})(?:_([0-9]{1,2}[A-Za-z]))?(?:@([A-Za-z0-9]+))?\Z")
_LEVELS = re.compile(r"depth(5|10|20)\Z")
_SPEEDS_MS = {"spot": {None: 1_000, "100ms": 100, "1000ms": 1_000}, "linear": {None: 250, "0ms": 0}}


class Receiver(Protocol):
    """What a stream delivers to."""

    combined: bool

    def offer(self, payload: bytes) -> None:
        """Takes one encoded message."""


class Topic:
    """One stream name in one time unit: its kind, symbol (upper case, None for all) and argument."""

    __slots__ = ("argument", "kind", "levels", "name", "receivers", "sent", "symbol", "tick_ns")

    def __init__(self, name: str, tick_ns: int) -> None:
        """An empty topic; times are shown in units of `tick_ns`."""
        self.name = name
        self.tick_ns = tick_ns
        self.kind = ""
        self.symbol: str | None = None
        self.argument: str | None = None
        self.levels = 0
        # What was sent last, for streams that are silent while nothing changes: the publisher's own figures.
        self.sent = (-1, -1)
        self.receivers: dict[Receiver, None] = {}

    def send(self, payload: bytes) -> None:
        """Delivers one payload, wrapped once for those who read the combined form."""
        wrapped: bytes | None = None
        for receiver in list(self.receivers):
            if receiver.combined:
                if wrapped is None:
                    wrapped = b'{"stream":"%b","data":%b}' % (self.name.encode(), payload)
                receiver.offer(wrapped)
            else:
                receiver.offer(payload)


def classify(topic: Topic) -> None:
    """Fills in what the name says; leaves `kind` empty for a name that means nothing here."""
    name = topic.name
    if name.startswith("!"):
        base, _, topic.argument = name[1:].partition("@")
        if base in ("ticker", "miniTicker", "markPrice", "bookTicker", "forceOrder"):
            topic.kind = base
        return
    match = _NAME.match(name)
    if not match:
        return
    symbol, kind, interval, argument = match.groups()
    topic.symbol = symbol.upper()
    levels = _LEVELS.match(name.partition("@")[2].partition("@")[0])
    if levels:
        topic.kind, topic.levels, topic.argument = "depthN", int(levels[1]), argument
    elif kind == "rpiDepth":
        # Nobody here has retail price improvement: the book with such orders is the book, at its own speed.
        topic.kind, topic.argument = "depth", argument or "500ms"
    elif kind == "kline":
        if interval in INTERVALS:
            topic.kind, topic.argument = "kline", interval
    elif interval is None:
        topic.kind, topic.argument = kind, argument


class Hub:
    """The topics of one market."""

    def __init__(self, market: str) -> None:
        """An empty hub of `market` ("spot" or "linear")."""
        self.market = market
        self._topics: dict[tuple[str, int], Topic] = {}
        self._index: dict[tuple[str, str | None], list[Topic]] = {}

    def subscribe(self, name: str, tick_ns: int, receiver: Receiver) -> Topic:
        """Adds `receiver` to a stream; doing it again changes nothing."""
        topic = self._topics.get((name, tick_ns))
        if topic is None:
            topic = self._topics[(name, tick_ns)] = Topic(name, tick_ns)
            classify(topic)
            self._index.setdefault((topic.kind, topic.symbol), []).append(topic)
        topic.receivers[receiver] = None
        return topic

    def unsubscribe(self, topic: Topic, receiver: Receiver) -> None:
        """Removes `receiver`; a topic without receivers is forgotten."""
        topic.receivers.pop(receiver, None)
        if not topic.receivers and self._topics.pop((topic.name, topic.tick_ns), None) is not None:
            self._index[(topic.kind, topic.symbol)].remove(topic)

    def topics(self, kind: str, symbol: str | None) -> Iterable[Topic]:
        """The topics of a kind that somebody listens to, for one symbol or (None) for all."""
        return self._index.get((kind, symbol), ())

    def speed_ms(self, topic: Topic) -> int:
        """How often a depth topic is sent; an unknown speed is served every 100 ms rather than dropped."""
        return _SPEEDS_MS[self.market].get(topic.argument, _speed(topic.argument))


def _speed(argument: str | None) -> int:
    """`500ms` as 500, anything unreadable as 100."""
    if argument and argument.endswith("ms") and argument[:-2].isdecimal():
        return min(int(argument[:-2]), 10_000)
    return 100
