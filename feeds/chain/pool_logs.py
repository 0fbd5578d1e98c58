"""The logs of concentrated-liquidity pools as named fields: Uniswap v3 and Pancake v3.

catalogue: M6, S4. Signatures from the pools' event interfaces (<https://docs.uniswap.org/contracts/v3/reference/core/
interfaces/pool/IUniswapV3PoolEvents>; Pancake v3 adds the protocol's fees to `Swap` and wider halves to
`SetFeeProtocol`). The first topic is the Keccak-256 of the signature, then the indexed parameters; the others are words
of 32 bytes in the data (Solidity's ABI). Signed numbers are two's complement over the whole word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from native._core import DecodeError

_WORD = 32
Value = int | str


class Parameter(NamedTuple):
    """A parameter of an event: `address`, `uintN` or `intN`, indexed where it is a topic."""

    name: str
    type: str
    indexed: bool = False


class Event(NamedTuple):
    """An event of a pool."""

    name: str
    topic: bytes
    parameters: tuple[Parameter, ...]

    @property
    def signature(self) -> str:
        """What the topic is the hash of."""
        return f"{self.name}({','.join(parameter.type for parameter in self.parameters)})"


def _event(signature: str, topic: str) -> Event:
    """From `Name(type name, type indexed name, ..)`."""
    name, _, rest = signature.rstrip(")").partition("(")
    words = [text.split() for text in rest.split(",")]
    return Event(
        name,
        bytes.fromhex(topic),
        tuple(Parameter(word[-1], word[0], len(word) == 3) for word in words),
    )


EVENTS = (
    _event(
        "Initialize(uint160 sqrt_price, int24 tick)",
        "98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95",
    ),
    _event(
        "Mint(address sender, address indexed owner, int24 indexed lower, int24 indexed upper, uint128 liquidity, "
        "uint256 amount0, uint256 amount1)",
        "7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde",
    ),
    _event(
        "Collect(address indexed owner, address recipient, int24 indexed lower, int24 indexed upper, uint128 amount0, "
        "uint128 amount1)",
        "70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0",
    ),
    _event(
        "Burn(address indexed owner, int24 indexed lower, int24 indexed upper, uint128 liquidity, uint256 amount0, "
        "uint256 amount1)",
        "0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c",
    ),
    _event(
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrt_price, "
        "uint128 liquidity, int24 tick)",
        "c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67",
    ),
    _event(
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrt_price, "
        "uint128 liquidity, int24 tick, uint128 protocol0, uint128 protocol1)",
        "19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83",
    ),
    _event(
        "Flash(address indexed sender, address indexed recipient, uint256 amount0, uint256 amount1, uint256 paid0, "
        "uint256 paid1)",
        "bdbdb71d7860376ba52b25a5028beea23581364a40522f6bcfb86bb1f2dca633",
    ),
    _event(
        "IncreaseObservationCardinalityNext(uint16 before, uint16 after)",
        "ac49e518f90a358f652e4400164f05a5d8f7e35e7747279bc3a93dbf584e125a",
    ),
    _event(
        "SetFeeProtocol(uint8 before0, uint8 before1, uint8 after0, uint8 after1)",
        "973d8d92bb299f4af6ce49b52a8adb85ae46b9f214c4c4fc06ac77401237b133",
    ),
    _event(
        "SetFeeProtocol(uint32 before0, uint32 before1, uint32 after0, uint32 after1)",
        "b3159fed3ddfba67bae294599eafe2d0ec98c08bb38e0e5fb87d33154b6e05aa",
    ),
    _event(
        "CollectProtocol(address indexed sender, address indexed recipient, uint128 amount0, uint128 amount1)",
        "596b573906218d3411850b26a6b437d6c4522fdb43d2d2386263f86d50b8b151",
    ),
)
_BY_TOPIC = {event.topic: event for event in EVENTS}
#: The first topics of all of them, for a node's filter.
TOPICS = tuple(_BY_TOPIC)


def event_of(topics: Sequence[bytes]) -> Event | None:
    """Which event a log is; None where it is not one of a pool's."""
    return _BY_TOPIC.get(topics[0]) if topics else None


def fields_of(event: Event, topics: Sequence[bytes], data: bytes) -> dict[str, Value]:
    """The parameters by name: numbers exact, addresses as `0x` and hexadecimal. DecodeError where the log is torn."""
    indexed = [parameter for parameter in event.parameters if parameter.indexed]
    plain = [parameter for parameter in event.parameters if not parameter.indexed]
    if len(topics) != 1 + len(indexed):
        raise DecodeError(f"{event.name}.topics must be {1 + len(indexed)}, was {len(topics)}")
    if len(data) != _WORD * len(plain):
        raise DecodeError(f"{event.name}.data must be {_WORD * len(plain)} bytes, was {len(data)}")
    words = {
        parameter.name: _value(event, parameter, word) for parameter, word in zip(indexed, topics[1:], strict=True)
    }
    for at, parameter in enumerate(plain):
        words[parameter.name] = _value(event, parameter, data[_WORD * at : _WORD * (at + 1)])
    return {parameter.name: words[parameter.name] for parameter in event.parameters}


def _value(event: Event, parameter: Parameter, word: bytes) -> Value:
    """One word as what its type says; a word that is wider than its type is refused."""
    kind = parameter.type
    if kind == "address":
        if any(word[:12]):
            raise DecodeError(f"{event.name}.{parameter.name} must be an address, was 0x{word.hex()}")
        return f"0x{word[12:].hex()}"
    signed = kind.startswith("int")
    bits = int(kind.removeprefix("u").removeprefix("int"))
    value = int.from_bytes(word, "big", signed=signed)
    least = -(1 << (bits - 1)) if signed else 0
    if not least <= value < least + (1 << bits):
        raise DecodeError(f"{event.name}.{parameter.name} must be of type {kind}, was {value}")
    return value
