"""Tables of numbers as text, read in blocks of rows and as exact integers: no price passes through a float.

catalogue: M12. For the recordings that are CSV; compressed or not.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from feeds.unpack import Unpacked
from native._core import InputError

#: Decimals in which numbers are kept: prices up to 9 * 10^10.
SCALE = 8
Integers = npt.NDArray[np.int64]


class _Stream(io.RawIOBase):
    """The unpacked bytes of a file, as pyarrow wants to read them."""

    def __init__(self, source: Unpacked) -> None:
        self._chunks = source.chunks()
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._held:
            found = next(self._chunks, None)
            if found is None:
                return 0
            self._held = found
        count = min(len(into), len(self._held))
        into[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


def blocks(source: Unpacked, names: list[str] | None, tick: Callable[[], None]) -> Iterator[pa.Table]:
    """The rows of a CSV file as text columns, a block at a time. `names` where the file has no header, else None.

    InputError names the file and what is wrong with its rows.
    """
    read = pyarrow.csv.ReadOptions(use_threads=False, column_names=names, block_size=1 << 22)
    try:
        first = _columns(source.path, names)
        kinds = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(first, pa.string()))
        with pyarrow.csv.open_csv(io.BufferedReader(_Stream(source)), read_options=read, convert_options=kinds) as rows:
            for batch in rows:
                tick()
                yield pa.Table.from_batches([batch])
    except pa.ArrowInvalid as why:
        raise InputError(f"{source.path} must be rows of numbers: {why}") from None


def _columns(path: Path, names: list[str] | None) -> list[str]:
    if names is not None:
        return names
    head = Unpacked(path).head(1 << 16)
    return head.split(b"\n", 1)[0].decode("utf-8-sig").strip().split(",")


def integers(column: pa.ChunkedArray, scale: int, what: str) -> Integers:
    """A text column as counts of 10^-`scale`. InputError where one is no number or does not fit."""
    try:
        decimals = pc.cast(column, pa.decimal128(38, scale)).combine_chunks()
    except pa.ArrowInvalid as why:
        raise InputError(f"{what} must be a number with at most {scale} decimals: {why}") from None
    words = np.concatenate([_words(chunk) for chunk in _chunks(decimals)] or [np.zeros((0, 2), np.int64)])
    low, high = words[:, 0], words[:, 1]
    if np.any(high != low >> 63):
        raise InputError(f"{what} must be below {2**63 // 10**scale:,}, was more")
    return low.copy()


def _chunks(array: Any) -> list[Any]:
    return list(array.chunks) if isinstance(array, pa.ChunkedArray) else [array]


def _words(array: Any) -> Integers:
    """Decimals of 128 bits as two words each, the low one first."""
    if array.null_count:
        raise InputError("a number must stand in every column of a row, was empty")
    return np.frombuffer(array.buffers()[1], "<i8")[2 * array.offset : 2 * (array.offset + len(array))].reshape(-1, 2)


def divisor(so_far: int, counts: Integers) -> int:
    """The greatest common divisor of `so_far` and all counts; 0 divides nothing."""
    return int(np.gcd(so_far, np.gcd.reduce(np.abs(counts)))) if len(counts) else so_far
