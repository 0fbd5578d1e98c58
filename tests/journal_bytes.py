"""A journal written from the documentation of its format alone, to hold the core's reader to the page.

It shares no code with native/core/src/journal: where the two disagree, one of them is wrong.
"""

from __future__ import annotations

import struct
from pathlib import Path

HEADER, FRAME, SEAL = 256, 16, 64
TRADE, COMMAND = 18, 64


def _table() -> list[int]:
    """The table of CRC32C (Castagnoli, reflected 0x82F63B78), RFC 3720 appendix B.4."""
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = _table()


def crc32c(data: bytes, previous: int = 0) -> int:
    """The CRC32C of `data`, continued from `previous`."""
    value = previous ^ 0xFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xFFFFFFFF


def trade(number: int) -> bytes:
    """A public trade of 64 bytes: price 100 + number ticks, 7 lots, taken by a seller, on instrument 3."""
    head = struct.pack("<IBBHIIQqqq", 64, TRADE, 1, 2, 3, 2, number, -(2**63), 10 * number, 20 * number)
    return head + struct.pack("<qq", 100 + number, 7)


def segment(  # noqa: PLR0913  # one parameter a field of the header that a test varies
    index: int,
    first: int,
    records: list[bytes],
    *,
    previous: int = 0,
    salt: int = 0x1234,
    zeros: int = 0,
    seal: bool = True,
) -> tuple[bytes, int]:
    """One segment's bytes and the crc of its last frame."""
    head = b"TWJRNL\0\0" + struct.pack("<IIQQQII", 1, 1, index, first, salt, previous, 0)
    head += b"docs 1.0".ljust(64, b"\0") + bytes(range(32))
    head = head.ljust(HEADER - 4, b"\0")
    chain = crc32c(head)
    out = head + struct.pack("<I", chain)
    for seq, record in enumerate(records, start=first):
        length = len(record)
        chain = crc32c(struct.pack("<IQ", length, seq) + record, chain ^ salt & 0xFFFFFFFF)
        out += struct.pack("<IIQ", length, chain, seq) + record
    if seal:
        body = struct.pack(
            "<QQQQQQII",
            first + len(records) - 1,
            0xA5A54C4145535754,
            salt,
            index,
            len(records),
            len(out),
            chain,
            0xFFFFFFFF,
        )
        mark = b"\xff" * 4
        out += (mark + struct.pack("<I", crc32c(mark + body)) + body) * 2
    return out + bytes(zeros), chain


def write(directory: Path, *, closed: bool = True) -> list[bytes]:
    """A journal of two segments with 5 and 4 trades, the second closed or left open; returns the records."""
    records = [trade(number) for number in range(1, 10)]
    first, chain = segment(1, 1, records[:5], zeros=200)
    second, _ = segment(2, 6, records[5:], previous=chain, salt=0x99, seal=closed, zeros=0 if closed else 400)
    directory.mkdir(exist_ok=True)
    (directory / "00000001.seg").write_bytes(first)
    (directory / "00000002.seg").write_bytes(second)
    return records
