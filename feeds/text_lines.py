"""Bytes into whole lines, each of them one record or none: what every recording made of text lines shares.

catalogue: M12. The last line waits for its end; where it never comes, it is named as torn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from feeds.recorder import Recorded
from native._core import InputError

#: A line longer than this is damage; exchangeInfo, the longest, is a few MB.
LINE_BYTES_MAX = 256 * 1024 * 1024


class TextLines(ABC):
    """Bytes into whole lines; the last one waits for its end."""

    def __init__(self) -> None:
        """Before the first line."""
        self.lines = 0
        self._rest = b""

    @property
    def torn(self) -> str | None:
        """What is left of a last line that is not whole."""
        return f"the last line, number {self.lines + 1}, is torn after {len(self._rest)} bytes" if self._rest else None

    @abstractmethod
    def whole(self, line: bytes) -> bool:
        """Whether a last line without a line feed is whole all the same."""

    @abstractmethod
    def record(self, line: bytes) -> Recorded | None:
        """What one line holds; None for nothing of interest."""

    def feed(self, data: bytes) -> list[Recorded]:
        """The records of every whole line."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_BYTES_MAX:
            raise InputError(f"line {self.lines + 1} must end within {LINE_BYTES_MAX} bytes, was longer")
        found = []
        for line in lines:
            self.lines += 1
            if line and (record := self.record(line)) is not None:
                found.append(record)
        return found

    def finish(self) -> list[Recorded]:
        """The last line, where only its line feed is missing."""
        return self.feed(b"\n") if self._rest and self.whole(self._rest) else []
