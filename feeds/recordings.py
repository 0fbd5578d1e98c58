"""Recordings of every format that we meet, read as batches of the same records, compressed or not.

catalogue: M12. Told by their first bytes: our own capture (`recorder`); text lines `<receive time> <json>` as
hftbacktest's collector writes them (nanoseconds since 2024, microseconds before); cryptofeed's `.jsonl` bundles (a
header line, then http, connect, send and recv objects) and their older text form (`cryptofeed`); one JSON array of
messages, or of `{"ts": .., "msg": ".."}` (`json_array`). A torn end (a crash, a cut copy) is no error: everything
before it is read, and `torn` names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from feeds.cryptofeed import Bundle, Text, is_text_form
from feeds.json_array import Array
from feeds.recorder import MAGIC, Frames, Recorded, What
from feeds.text_lines import TextLines
from feeds.unpack import Unpacked
from native._core import InputError

#: Receive times by their size: seconds have 10 digits until 2286, ms 13, us 16, ns 19.
_UNITS_NS = {10: 1_000_000_000, 13: 1_000_000, 16: 1_000, 19: 1}


class _Reader(Protocol):
    """Takes bytes apart into records."""

    @property
    def torn(self) -> str | None: ...
    def feed(self, data: bytes) -> list[Recorded]: ...
    def finish(self) -> list[Recorded]: ...


class Recording:
    """One file. `batches` reads it from the beginning; afterwards `torn` says what is torn at its end, or None."""

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        self.path = path
        self.torn: str | None = None
        #: What the head of our own capture says about its session, once it was read.
        self.about: dict[str, object] = {}
        self._file = Unpacked(path)

    @property
    def bytes_read(self) -> int:
        """Bytes of the file that were read in the present pass."""
        return self._file.bytes_read

    def batches(self) -> Iterator[list[Recorded]]:
        """The records in the order in which they were received, some thousand at a time.

        InputError names a file that is no recording, or the place of a damaged record in the middle.
        """
        self.torn, self._file = None, Unpacked(self.path)
        reader: _Reader | None = None
        head = b""
        for chunk in self._file.chunks():
            head += chunk
            if reader is None and len(head) < len(MAGIC):
                continue
            if reader is None:
                reader, head = self._reader(head), head.removeprefix(MAGIC)
            try:
                records, head = reader.feed(head), b""
            except InputError as why:
                raise InputError(f"{self.path}: {why}") from None
            if isinstance(reader, Frames):
                self.about = reader.about or {}
            if records:
                yield records
        if reader is None:
            raise InputError(f"{self.path} must be a recording, was {len(head)} bytes: {head[:40]!r}")
        if rest := reader.finish():
            yield rest
        self.torn = self._file.torn or reader.torn

    def _reader(self, head: bytes) -> _Reader:
        if head.startswith(MAGIC):
            return Frames()
        if head.startswith(b"{"):
            return Bundle()
        if head.startswith(b"["):
            return Array()
        if is_text_form(head):
            return Text()
        if head[:10].isdigit():
            return _Lines()
        raise InputError(f"{self.path} must be a recording of a known format, was {head[:40]!r}")


class _Lines(TextLines):
    """`<receive time> <json>`: a line without a stream's envelope that has bids is the body of a REST snapshot."""

    def whole(self, line: bytes) -> bool:
        return line.endswith(b"}") and line.count(b"{") == line.count(b"}")

    def record(self, line: bytes) -> Recorded:
        stamp, _, payload = line.partition(b" ")
        unit = _UNITS_NS.get(len(stamp)) if stamp.isdigit() else None
        if unit is None or not payload:
            raise InputError(f"line {self.lines} must be a receive time and JSON, was {line[:60]!r}")
        return Recorded(int(stamp) * unit, None, What.MESSAGE, "", payload.rstrip(b"\r"))
