"""The raw capture: every payload byte for byte with its times, framed so that a torn end is found and named.

catalogue: M12. A file begins with the line `TICKWRIGHT-CAPTURE 1` and a line of JSON about the session. Then records:

    u32 length of what follows the checksum | u32 CRC-32 of it | i64 UTC ns | i64 monotonic ns | u8 kind
    | u16 length of the source | source (UTF-8: the REST request, or the stream's address) | payload

all little-endian. `.gz` and `.zst` are compressed as they are written; `flush` ends a block, so that everything before
it can be read after a crash. A capture is never appended to or written over.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

import zstandard

from native._core import InputError

MAGIC = b"TICKWRIGHT-CAPTURE 1\n"
#: A record larger than this is damage: the largest snapshot is below 1 MB.
RECORD_BYTES_MAX = 64 * 1024 * 1024
_FRAME = struct.Struct("<II")
_HEAD = struct.Struct("<qqBH")


def recorded_about(head: bytes) -> dict[str, Any]:
    """What the head of a capture says; nothing where these are no first bytes of one."""
    line = head.removeprefix(MAGIC).split(b"\n", 1)[0] if head.startswith(MAGIC) else b""
    try:
        about = json.loads(line or b"null")
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}


def recorded_venue(head: bytes) -> str | None:
    """The venue that the head of a capture names; None where these are no first bytes of one, or it names none."""
    venue = recorded_about(head).get("venue")
    return venue if isinstance(venue, str) else None


class What(IntEnum):
    """What a record holds."""

    MESSAGE = 1
    """A WebSocket message."""
    REST = 2
    """The body of a REST answer; `source` is the request."""
    UP = 3
    """A connection was made; `source` is its address."""
    DOWN = 4
    """A connection was lost."""


class Recorded(NamedTuple):
    """One recorded thing. Times are ns; `mono_ns` is None where the recording has none."""

    ts_ns: int
    mono_ns: int | None
    what: What
    source: str
    payload: bytes


class _Sink(Protocol):
    """Compresses what is written."""

    def compress(self, data: bytes) -> bytes: ...
    def block(self) -> bytes: ...
    def end(self) -> bytes: ...


class _Plain:
    """Writes as is."""

    def compress(self, data: bytes) -> bytes:
        return data

    def block(self) -> bytes:
        return b""

    def end(self) -> bytes:
        return b""


class _Gzip:
    """One gzip member with a flush point at each block."""

    def __init__(self) -> None:
        self._to = zlib.compressobj(6, zlib.DEFLATED, 31)

    def compress(self, data: bytes) -> bytes:
        return self._to.compress(data)

    def block(self) -> bytes:
        return self._to.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._to.flush(zlib.Z_FINISH)


class _Zstd:
    """One zstd frame with a flush point at each block."""

    def __init__(self) -> None:
        self._to = zstandard.ZstdCompressor(level=3).compressobj()

    def compress(self, data: bytes) -> bytes:
        return self._to.compress(data)

    def block(self) -> bytes:
        return self._to.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._to.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH)


def _sink(path: Path) -> _Sink:
    return _Gzip() if path.suffix == ".gz" else _Zstd() if path.suffix == ".zst" else _Plain()


class Recorder:
    """Writes one capture. `about` is kept in the file's head (venue, symbols, addresses)."""

    def __init__(self, path: Path, about: Mapping[str, object]) -> None:
        """Makes the file; InputError where there is one already."""
        try:
            self._file: BinaryIO = path.open("xb")
        except FileExistsError:
            raise InputError(f"--output must be a new file, was {path}") from None
        self._sink = _sink(path)
        self.records = 0
        self.payload_bytes = 0
        self._write(MAGIC + json.dumps(about, separators=(",", ":")).encode() + b"\n")
        self.flush()

    def record(self, what: What, ts_ns: int, mono_ns: int, payload: bytes = b"", source: str = "") -> None:
        """Adds one record; it is safe after the next `flush`."""
        name = source.encode()
        body = _HEAD.pack(ts_ns, mono_ns, what, len(name)) + name + payload
        self._write(_FRAME.pack(len(body), zlib.crc32(body)) + body)
        self.records += 1
        self.payload_bytes += len(payload)

    def _write(self, data: bytes) -> None:
        if packed := self._sink.compress(data):
            self._file.write(packed)

    def flush(self) -> None:
        """Gives everything recorded so far to the operating system: a crash of this process loses nothing of it."""
        if packed := self._sink.block():
            self._file.write(packed)
        self._file.flush()

    def sync(self) -> None:
        """Waits until the disk has what was flushed. May run on another thread."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Ends the file cleanly."""
        if packed := self._sink.end():
            self._file.write(packed)
        self._file.flush()
        self.sync()
        self._file.close()


class Frames:
    """Takes a capture's bytes apart as they come; what is left at the end is a torn record."""

    def __init__(self) -> None:
        """Expects the bytes behind `MAGIC`."""
        self.about: dict[str, object] | None = None
        self.offset = len(MAGIC)
        self._rest = b""

    @property
    def torn(self) -> str | None:
        """What is torn at the end of what was fed; None where it ends with a whole record."""
        if not self._rest:
            return None
        what = "the head" if self.about is None else "the last record"
        return f"{what} at offset {self.offset} is torn, {len(self._rest)} bytes of it are there"

    def feed(self, data: bytes) -> list[Recorded]:
        """The whole records of `data` and what was left before; InputError names the offset of a damaged one."""
        buffer, at = self._rest + data, 0
        if self.about is None:
            end = buffer.find(b"\n")
            if end < 0:
                self._rest = buffer
                return []
            self.about, at = json.loads(buffer[:end]), end + 1
        found = []
        while len(buffer) - at >= _FRAME.size:
            length, crc = _FRAME.unpack_from(buffer, at)
            where = self.offset + at
            if not _HEAD.size <= length <= RECORD_BYTES_MAX:
                raise InputError(f"record at offset {where} must be {_HEAD.size} bytes or more, was {length}")
            if len(buffer) - at - _FRAME.size < length:
                break
            body = buffer[at + _FRAME.size : at + _FRAME.size + length]
            if zlib.crc32(body) != crc:
                raise InputError(f"record at offset {where} must have the checksum {crc}, was {zlib.crc32(body)}")
            found.append(_record(body, where))
            at += _FRAME.size + length
        self.offset += at
        self._rest = buffer[at:]
        return found

    def finish(self) -> list[Recorded]:
        """Nothing: a record without its end is torn."""
        return []


def _record(body: bytes, where: int) -> Recorded:
    ts_ns, mono_ns, what, name = _HEAD.unpack_from(body)
    split = _HEAD.size + name
    if split > len(body) or what not in What.__members__.values():
        raise InputError(f"record at offset {where} must have a known kind and a whole source, was {body[:40]!r}")
    return Recorded(ts_ns, mono_ns, What(what), body[_HEAD.size : split].decode(errors="replace"), body[split:])
