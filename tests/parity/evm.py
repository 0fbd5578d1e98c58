"""The EVM that answers: pyrevm behind the few calls that the suite needs, and the words of the ABI.

catalogue: S4. pyrevm gives a revert's data only in the text of an exception, so every call goes through a contract that
catches it (`Driver.batch`); one transaction then carries thousands of calls, which is also what makes the fuzzer fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import pyrevm

SENDER = "0x" + "c0" * 20
WORD = 32
# CALLDATASIZE 0 0 CALLDATACOPY, CALLDATASIZE 0 KECCAK256, 0 MSTORE, 32 0 RETURN: the one hash that the ABI needs.
KECCAK = bytes.fromhex("365f5f37365f205f5260205ff3")
# PUSH1 size DUP1 PUSH1 9 PUSH0 CODECOPY PUSH0 RETURN: a constructor that returns what follows it.
RETURN_THE_REST = "60{:02x}8060095f395ff3"


class Call(NamedTuple):
    """One call of a batch: whom, and with which calldata."""

    to: str
    data: bytes


class Answer(NamedTuple):
    """What one call of a batch gave: whether it succeeded, and what it returned or reverted with."""

    ok: bool
    data: bytes


class Event(NamedTuple):
    """A log as the EVM wrote it: who, the topics (hash of the signature first), and the data."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


class Revm:
    """pyrevm with a clock of ours."""

    name = "pyrevm"

    def __init__(self, *, spec: str = "CANCUN") -> None:
        """An empty chain with one rich sender."""
        self._evm = pyrevm.EVM(spec_id=spec)
        self._evm.set_balance(SENDER, 10**30)

    def at(self, seconds: int) -> None:
        """What the block's timestamp is from now on."""
        self._evm.set_block_env(pyrevm.BlockEnv(number=1, timestamp=seconds))

    def deploy(self, code: bytes) -> str:
        """Runs creation code and returns the address of what it made, in lower case."""
        return self._evm.deploy(SENDER, code).lower()

    def call(self, to: str, data: bytes, value: int = 0) -> bytes:
        """One transaction; raises `RuntimeError` when it reverts."""
        self._evm.reset_transient_storage()
        answer: bytes = self._evm.message_call(SENDER, to, data, value=value)
        return answer

    def code(self, address: str) -> bytes:
        """The runtime code at an address, without the padding that the engine keeps behind it."""
        return bytes(self._evm.get_code(address) or b"")

    def events(self) -> list[Event]:
        """The logs of the last transaction, in order."""
        result = self._evm.result
        logs = [] if result is None else result.logs
        return [
            Event(log.address.lower(), tuple(bytes.fromhex(topic[2:]) for topic in log.topics), bytes(log.data[1]))
            for log in logs
        ]


@cache
def _hasher() -> tuple[Revm, str]:
    engine = Revm()
    return engine, engine.deploy(bytes.fromhex(RETURN_THE_REST.format(len(KECCAK))) + KECCAK)


def keccak(data: bytes) -> bytes:
    """Keccak-256, computed by the EVM itself."""
    engine, address = _hasher()
    return engine.call(address, data)


@cache
def selector(signature: str) -> bytes:
    """The first four bytes of the hash of `name(type,type)`."""
    return keccak(signature.encode())[:4]


def word(value: int | bool | str) -> bytes:
    """A static argument: an integer (two's complement), a bool or an address."""
    if isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x")).rjust(WORD, b"\0")
    return (int(value) % 2**256).to_bytes(WORD, "big")


def tail(data: bytes) -> bytes:
    """A dynamic argument of bytes: its length, and the bytes padded to whole words."""
    return word(len(data)) + data + bytes(-len(data) % WORD)


def call_data(signature: str, *values: int | bool | str | bytes | Sequence[int]) -> bytes:
    """The calldata of a call; bytes and sequences of integers are dynamic, the rest are words."""
    heads: list[bytes] = []
    tails = b""
    for value in values:
        if isinstance(value, bytes):
            body = tail(value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            body = word(len(value)) + b"".join(word(item) for item in value)
        else:
            heads.append(word(value))
            continue
        heads.append(word(WORD * len(values) + len(tails)))
        tails += body
    return selector(signature) + b"".join(heads) + tails


def batch(calls: Iterable[Call]) -> bytes:
    """The calldata of `Driver.batch`."""
    entries = b"".join(bytes.fromhex(to[2:]) + len(data).to_bytes(4, "big") + data for to, data in calls)
    return call_data("batch(bytes)", entries)


def answers(packed: bytes) -> list[Answer]:
    """What `Driver.batch` returned, call by call."""
    found, at = [], 0
    while at < len(packed):
        size = int.from_bytes(packed[at + 1 : at + 5], "big")
        found.append(Answer(packed[at] == 1, packed[at + 5 : at + 5 + size]))
        at += 5 + size
    return found


def unsigned(data: bytes) -> list[int]:
    """A run of words as unsigned integers."""
    return [int.from_bytes(data[at : at + WORD], "big") for at in range(0, len(data), WORD)]


def signed(value: int) -> int:
    """A word as a signed integer."""
    return value - 2**256 if value >> 255 else value


def reason(data: bytes) -> str:
    """Why a call reverted: the text of `Error(string)`, `Panic(0x..)`, empty, or the raw bytes of a custom error."""
    if data[:4] == bytes.fromhex("08c379a0"):
        size = int.from_bytes(data[36:68], "big")
        return data[68 : 68 + size].decode()
    if data[:4] == bytes.fromhex("4e487b71"):
        return f"Panic(0x{data[-1]:02x})"
    return "0x" + data.hex() if data else ""
