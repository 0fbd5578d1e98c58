"""The bytes of a file, unpacked where it is gzip or zstd, up to the place where it is torn.

catalogue: M12. What a file is packed with is told by its first bytes, never by its name.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

_CHUNK_BYTES = 1 << 20


class Unpacked:
    """One file. `bytes_read` counts its own bytes, for progress; after `chunks` `torn` says what is torn, or None."""

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        self.path = path
        self.torn: str | None = None
        self.bytes_read = 0

    def chunks(self) -> Iterator[bytes]:
        """The unpacked bytes; where the packed stream is cut, what is before the cut."""
        self.torn, self.bytes_read = None, 0
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

    def head(self, count: int) -> bytes:
        """The first bytes, fewer where the file ends before."""
        held = b""
        for chunk in self.chunks():
            held += chunk
            if len(held) >= count:
                break
        return held[:count]


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
