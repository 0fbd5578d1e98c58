"""A recording of an ITCH channel, received once more: the same datagrams at the same times give the same messages.

catalogue: M1, M2, M3, M12. The datagrams of both lines and the answers of the re-request server go through the same
arbitration as when they came; a hole is given up where the recording says that it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from feeds.itch.messages import ItchMessages
from feeds.l3.records import ADD, CLEAR, GAP, NOTHING, ORDER, Records, records
from feeds.l3.source import Books, OrderSource
from feeds.mold import GIVEN_UP, TAPS
from feeds.recorder import Recorded, What
from feeds.recordings import Recording
from feeds.soup import CONNECTED, RECEIVED
from native._core import InputError, MoldReceiver, SoupStream

_CENT = 100


class _Line(Protocol):
    """Records of a capture to (what, message): `message`, `gap`, `session`, `ended`."""

    def take(self, record: Recorded) -> list[tuple[str, bytes]]: ...


class _Mold:
    """Both lines of a session."""

    def __init__(self, session: str | None, number: int) -> None:
        self._receiver = MoldReceiver(session, number)

    def take(self, record: Recorded) -> list[tuple[str, bytes]]:
        mono_ns = record.mono_ns or 0
        if record.source == GIVEN_UP:
            rows = self._receiver.settle(mono_ns)
        elif record.source in TAPS:
            line = TAPS.index(record.source)
            try:
                rows = self._receiver.take(line if line < len(TAPS) - 1 else None, record.payload, mono_ns)
            except InputError:
                return []
        else:
            return []
        return [(kind, payload) for kind, _, _, payload in rows]


class _Soup:
    """One session over its connections."""

    def __init__(self, session: str | None, number: int) -> None:
        self._stream = SoupStream(session or "", number)
        self._stream.login("", "")

    def take(self, record: Recorded) -> list[tuple[str, bytes]]:
        if record.source == CONNECTED:
            self._stream.login("", "")
        if record.source != RECEIVED:
            return []
        try:
            rows = self._stream.feed(record.payload)
        except InputError:
            return []
        return [("session" if kind == "changed" else kind, payload) for kind, _, payload in rows]


class RecordedItch(OrderSource):
    """One capture; its books are those of the symbols that the capture was asked for."""

    venue = "itch"

    def __init__(self, path: Path) -> None:
        """Reads the head of the capture. InputError where it says no symbols."""
        super().__init__(path)
        recording = Recording(path)
        for _ in recording.batches():
            break
        self._about = recording.about
        symbols = self._about.get("symbols")
        if not isinstance(symbols, list) or not symbols:
            raise InputError(f"{path} must name symbols in its head, was {json.dumps(self._about)}")
        self._symbols = [str(symbol) for symbol in symbols]
        self.from_start = self._about.get("next") == 1
        self._messages = ItchMessages(self._symbols)

    def survey(self) -> Books:
        """Reads the file once for how many orders there are."""
        adds = sum(int(np.count_nonzero(batch["kind"] == ADD)) for batch in self.batches())
        return Books(self._symbols, [_CENT] * len(self._symbols), adds)

    def batches(self) -> Iterator[Records]:
        """Reads the file again, as records."""
        recording, self._messages = Recording(self.path), ItchMessages(self._symbols)
        line: _Line | None = None
        for batch in recording.batches():
            self.bytes_read = recording.bytes_read
            told: list[tuple[str, bytes]] = []
            for record in batch:
                line = line or self._line()
                told += line.take(record) if record.what is What.MESSAGE else []
            yield from self._read(told)
        self.torn = recording.torn

    def _line(self) -> _Line:
        number, session = self._about.get("next"), self._about.get("session")
        kind = _Soup if str(self._about.get("lines")).startswith("soupbintcp:") else _Mold
        return kind(str(session) if session else None, number if isinstance(number, int) else 1)

    def _read(self, told: list[tuple[str, bytes]]) -> Iterator[Records]:
        """The records of a run of messages, cut where a hole or another session is told."""
        run: list[bytes] = []
        for kind, payload in told:
            if kind == "message":
                run.append(payload)
            elif kind in ("gap", "session"):
                yield self._messages.read(run)
                run = []
                yield self._for_all(*((NOTHING, GAP) if kind == "gap" else (CLEAR, 0)))
                # Another session gives its symbols other codes.
                self._messages = self._messages if kind == "gap" else ItchMessages(self._symbols)
        if run:
            yield self._messages.read(run)

    def _for_all(self, kind: int, flags: int) -> Records:
        """A record for each book."""
        count = len(self._symbols)
        return records({"book": np.arange(count), "kind": kind, "flags": flags}, count).astype(ORDER)

    def told(self, book: int) -> dict[str, int]:
        """Nothing: a channel's messages are not counted by symbol."""
        return {}
