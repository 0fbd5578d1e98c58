"""Calldata and answers of contracts whose arguments are words: integers, addresses, booleans, and structs of them.

catalogue: S10. Solidity's ABI writes each as 32 bytes, big-endian, a negative number as its two's complement; a struct
of such members is its members in a row. Strings and arrays are not needed here and not written.
"""

from __future__ import annotations

from native._core import keccak256

_WORD = 32
_MODULUS = 1 << 256


def selector(signature: str) -> bytes:
    """The first four bytes of the hash of `name(type,...)`."""
    return keccak256(signature.encode())[:4]


def topic(signature: str) -> bytes:
    """The first topic of an event's logs."""
    return keccak256(signature.encode())


def words(*values: int | str) -> bytes:
    """Integers and addresses (`0x` texts) as words, one after the other."""
    numbers = (int(value, 16) if isinstance(value, str) else value for value in values)
    return b"".join((number % _MODULUS).to_bytes(_WORD, "big") for number in numbers)


def calldata(signature: str, *values: int | str) -> bytes:
    """A call of `name(type,...)` with these values."""
    return selector(signature) + words(*values)


def integers(data: bytes, *, signed: bool = False) -> list[int]:
    """The words of an answer or a log."""
    return [
        int.from_bytes(data[at : at + _WORD], "big", signed=signed) for at in range(0, len(data) - _WORD + 1, _WORD)
    ]


def address(word: int) -> str:
    """A word as an address in lower case."""
    return f"0x{word:040x}"
