"""Recordings of every format that we meet, read as batches of the same records, compressed or not.

catalogue: M12. Told by their first bytes: our own capture (`recorder`); text lines `<receive time> <json>` as
hftbacktest's collector writes them (nanoseconds since 2024, microseconds before); cryptofeed's `.jsonl` bundles (a
header line, then http, connect, send and recv objects). A torn end (a crash, a cut copy) is no error: everything before
it is read, and `torn` names it.
"""

from __future__ import annotations

import base64
import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import zstandard

from feeds.recorder import MAGIC, Frames, Recorded, What
from feeds.venue.htx import unpacked
from native._core import InputError

_CHUNK_BYTES = 1 << 20
#: A line longer than this is damage; exchangeInfo, the longest, is a few MB.
_LINE_BYTES_MAX = 256 * 1024 * 1024
_CRYPTOFEED = {
    "BINANCE",
    "BINANCE_FUTURES",
    "BINANCE_DELIVERY",
    "BITFINEX",
    "BITGET",
    "BITMEX",
    "BITSTAMP",
    "BYBIT",
    "COINBASE",
    "DERIBIT",
    "DYDX",
    "GATEIO",
    "GATEIO_FUTURES",
    "HUOBI_SWAP",
    "KRAKEN",
    "KRAKEN_FUTURES",
    "KUCOIN",
    "OKX",
}
#: Receive times by their size: seconds have 10 digits until 2286, ms 13, us 16, ns 19.
_UNITS_NS = {10: 1_000_000_000, 13: 1_000_000, 16: 1_000, 19: 1}


class _Reader(Protocol):
    """Takes bytes apart into records."""

    @property
    def torn(self) -> str | None: ...
    def feed(self, data: bytes) -> list[Recorded]: ...
    def finish(self) -> list[Recorded]: ...


class Recording:
    """One file. `batches` reads it from the beginning; afterwards `torn` says what is torn at its end, or None.

    `bytes_read` counts bytes of the file, for progress.
    """

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        self.path = path
        self.torn: str | None = None
        self.bytes_read = 0
        #: What the head of our own capture says about its session, once it was read.
        self.about: dict[str, object] = {}

    def batches(self) -> Iterator[list[Recorded]]:
        """The records in the order in which they were received, some thousand at a time.

        InputError names a file that is no recording, or the place of a damaged record in the middle.
        """
        self.torn, self.bytes_read = None, 0
        reader: _Reader | None = None
        head = b""
        for chunk in self._chunks():
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
        self.torn = self.torn or reader.torn

    def _reader(self, head: bytes) -> _Reader:
        if head.startswith(MAGIC):
            return Frames()
        if head.startswith(b"{"):
            return _Cryptofeed()
        if head[:10].isdigit():
            return _Lines()
        raise InputError(f"{self.path} must be a recording of a known format, was {head[:40]!r}")

    def _chunks(self) -> Iterator[bytes]:
        """The decompressed bytes; where the compressed stream is cut, what is before the cut."""
        with open(self.path, "rb") as file:
            packed = file.read(_CHUNK_BYTES)
            unpack = _Unpack(packed)
            while packed:
                self.bytes_read += len(packed)
                data, broken = unpack.feed(packed)
                if data:
                    yield data
                if broken:
                    self.torn = f"the compressed stream is damaged in its block at byte {self.bytes_read - len(packed)}"
                    return
                packed = file.read(_CHUNK_BYTES)
            if not unpack.complete:
                self.torn = f"the compressed stream is cut at byte {self.bytes_read}"


class _Unpack:
    """Decompresses gzip and zstd, one member or frame after another; anything else passes."""

    def __init__(self, head: bytes) -> None:
        self._kind = "gzip" if head[:2] == b"\x1f\x8b" else "zstd" if head[:4] == b"\x28\xb5\x2f\xfd" else "plain"
        self._from: Any = self._fresh()
        self._begun = False

    def _fresh(self) -> Any:
        if self._kind == "gzip":
            return zlib.decompressobj(31)
        return zstandard.ZstdDecompressor().decompressobj() if self._kind == "zstd" else None

    @property
    def complete(self) -> bool:
        """Whether the last member or frame has ended."""
        return self._kind == "plain" or not self._begun

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """The bytes that `data` holds, and whether they are damaged behind what is returned."""
        if self._kind == "plain":
            return data, False
        parts = []
        while data:
            self._begun = True
            try:
                parts.append(self._from.decompress(data))
            except (zlib.error, zstandard.ZstdError):
                return b"".join(parts), True
            if not self._from.eof:
                break
            data, self._from, self._begun = self._from.unused_data, self._fresh(), False
        return b"".join(parts), False


class _Split(ABC):
    """Bytes into whole lines; the last one waits for its end."""

    def __init__(self) -> None:
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
        if len(self._rest) > _LINE_BYTES_MAX:
            raise InputError(f"line {self.lines + 1} must end within {_LINE_BYTES_MAX} bytes, was longer")
        found = []
        for line in lines:
            self.lines += 1
            if line and (record := self.record(line)) is not None:
                found.append(record)
        return found

    def finish(self) -> list[Recorded]:
        """The last line, where only its line feed is missing."""
        return self.feed(b"\n") if self._rest and self.whole(self._rest) else []


class _Lines(_Split):
    """`<receive time> <json>`: a line without a stream's envelope that has bids is the body of a REST snapshot."""

    def whole(self, line: bytes) -> bool:
        return line.endswith(b"}") and line.count(b"{") == line.count(b"}")

    def record(self, line: bytes) -> Recorded:
        stamp, _, payload = line.partition(b" ")
        unit = _UNITS_NS.get(len(stamp)) if stamp.isdigit() else None
        if unit is None or not payload:
            raise InputError(f"line {self.lines} must be a receive time and JSON, was {line[:60]!r}")
        return Recorded(int(stamp) * unit, None, What.MESSAGE, "", payload.rstrip(b"\r"))


class _Cryptofeed(_Split):
    """Cryptofeed's bundle of one exchange: JSON objects by type `t`. A message's source is its connection's address."""

    def __init__(self) -> None:
        super().__init__()
        self._address_of: dict[str, str] = {}

    def whole(self, line: bytes) -> bool:
        try:
            json.loads(line)
        except ValueError:
            return False
        return True

    def record(self, line: bytes) -> Recorded | None:
        try:
            entry = json.loads(line)
            kind = entry["t"]
            if kind == "header":
                self._known_exchange(entry.get("exchange"))
            if kind == "connect":
                self._address_of[str(entry.get("conn"))] = str(entry.get("addr", ""))
            if kind not in ("http", "recv"):
                return None
            text = entry["data"] if "data" in entry else base64.b64decode(entry["b64"])
            payload = text.encode() if isinstance(text, str) else unpacked(bytes(text))
            ts_ns = round(entry["ts"] * 1_000_000) * 1_000
        except (ValueError, KeyError, TypeError, zlib.error) as why:
            raise InputError(f"line {self.lines} must be a cryptofeed record ({why!r}), was {line[:60]!r}") from None
        if kind == "http":
            return Recorded(ts_ns, None, What.REST, entry["url"], payload)
        return Recorded(ts_ns, None, What.MESSAGE, self._address_of.get(str(entry.get("conn")), ""), payload)

    def _known_exchange(self, exchange: object) -> None:
        if exchange not in _CRYPTOFEED:
            known = ", ".join(sorted(_CRYPTOFEED))
            raise InputError(f"exchange of the recording must be one of {known}, was {exchange}")
