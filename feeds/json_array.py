"""A recording that is one JSON array, read item by item as its bytes come.

catalogue: M12. Each item is a venue's message, byte for byte, or an object with the message as a text and its receive
time.
"""

from __future__ import annotations

import codecs
import json

from feeds.recorder import Recorded, What
from feeds.text_lines import LINE_BYTES_MAX
from native._core import InputError


class Array:
    """One JSON array: each item is a message, or an object with the message as a text and its receive time in s."""

    def __init__(self) -> None:
        """Before the first byte."""
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._held = ""
        self._begun = self._ended = False
        self._items = 0
        self._scan = json.JSONDecoder()

    @property
    def torn(self) -> str | None:
        """What is left of an array that does not end."""
        return None if self._ended else f"the array is torn in item {self._items + 1}"

    def feed(self, data: bytes) -> list[Recorded]:
        """The messages of every whole item."""
        try:
            self._held += self._text.decode(data)
        except UnicodeDecodeError as why:
            raise InputError(f"item {self._items + 1} must be UTF-8: {why}") from None
        if len(self._held) > LINE_BYTES_MAX:
            raise InputError(f"item {self._items + 1} must end within {LINE_BYTES_MAX} characters, was longer")
        found, at = [], self._skip(0)
        while at < len(self._held) and not self._ended:
            try:
                item, end = self._scan.raw_decode(self._held, at)
            except ValueError:
                break
            if end == len(self._held):
                # A number at the end may go on in the next bytes.
                break
            found.append(self._record(item, self._held[at:end]))
            self._items += 1
            at = self._skip(end)
        self._held = self._held[at:]
        return found

    def finish(self) -> list[Recorded]:
        """Nothing: an item without the array's end is torn."""
        return []

    def _skip(self, at: int) -> int:
        """The place behind what stands between items: white space, commas, the array's own brackets."""
        while at < len(self._held) and not self._ended:
            mark = self._held[at]
            if mark == "[" and not self._begun:
                self._begun = True
            elif mark == "]":
                self._ended = True
            elif mark not in " \t\r\n,":
                break
            at += 1
        return at

    def _record(self, item: object, text: str) -> Recorded:
        if not isinstance(item, dict) or "msg" not in item:
            return Recorded(0, None, What.MESSAGE, "", text.encode())
        message, ts = item["msg"], item.get("ts", 0)
        if not isinstance(message, str) or not isinstance(ts, int | float):
            raise InputError(f"item {self._items + 1} must be a time and a text, was {text[:60]!r}")
        return Recorded(round(ts * 1_000_000) * 1_000, None, What.MESSAGE, "", message.encode())
