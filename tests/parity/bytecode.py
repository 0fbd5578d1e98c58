"""A contract's runtime code as instructions and conditional jumps, for the report of what the vectors reach.

catalogue: S4. The data behind a PUSH is no instruction, and neither is the metadata behind the last one.
"""

from __future__ import annotations

JUMPI, PUSH1, PUSH32, INVALID = 0x57, 0x60, 0x7F, 0xFE


def instructions(code: bytes) -> dict[int, int]:
    """The opcode of every instruction by its place, without the CBOR metadata at the end and the INVALID before it."""
    end = len(code)
    size = int.from_bytes(code[-2:], "big")
    if size + 2 < len(code) and code[-2 - size] & 0xE0 == 0xA0:
        end -= size + 2
    found, at = {}, 0
    while at < end:
        found[at] = code[at]
        at += 1 + (code[at] - PUSH1 + 1 if PUSH1 <= code[at] <= PUSH32 else 0)
    last = max(found)
    if found[last] == INVALID:
        del found[last]
    return found
