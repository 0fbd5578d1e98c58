"""The logs of liquidity pools as named fields: Uniswap v3 and Pancake v3, v2 pairs, and the pools of v4's manager.

catalogue: M6, S4. Signatures from the pools' event interfaces (<https://docs.uniswap.org/contracts/v3/reference/core/
interfaces/pool/IUniswapV3PoolEvents>; Pancake v3 adds the protocol's fees to `Swap` and wider halves to
`SetFeeProtocol`; <https://docs.uniswap.org/contracts/v2/reference/smart-contracts/pair>; v4's
`IPoolManager`). The first topic is the Keccak-256 of the signature, then the indexed parameters; the others are words
of 32 bytes in the data (Solidity's ABI). Signed numbers are two's complement over the whole word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from native._core import DecodeError

_WORD = 32
Value = int | str


class Parameter(NamedTuple):
    """A parameter of an event: `address`, `bytes32`, `uintN` or `intN`, indexed where it is a topic."""

    name: str
    type: str
    indexed: bool = False


class Event(NamedTuple):
    """An event of a pool of a kind: `v3` (Pancake's too), `v2` or `v4`."""

    name: str
    topic: bytes
    parameters: tuple[Parameter, ...]
    kind: str

    @property
    def signature(self) -> str:
        """What the topic is the hash of."""
        return f"{self.name}({','.join(parameter.type for parameter in self.parameters)})"


def _event(signature: str, topic: str, kind: str = "v3") -> Event:
    """From `Name(type name, type indexed name, ..)`."""
    name, _, rest = signature.rstrip(")").partition("(")
    words = [text.split() for text in rest.split(",")]
    return Event(
        name,
        bytes.fromhex(topic),
        tuple(Parameter(word[-1], word[0], len(word) == 3) for word in words),
        kind,
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
    _event(
        "Transfer(address indexed from, address indexed to, uint256 value)",
        "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
        "v2",
    ),
    _event(
        "Mint(address indexed sender, uint256 amount0, uint256 amount1)",
        "4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f",
        "v2",
    ),
    _event(
        "Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)",
        "dccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496",
        "v2",
    ),
    _event(
        "Swap(address indexed sender, uint256 amount0_in, uint256 amount1_in, uint256 amount0_out, "
        "uint256 amount1_out, address indexed to)",
        "d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822",
        "v2",
    ),
    _event(
        "Sync(uint112 reserve0, uint112 reserve1)",
        "1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1",
        "v2",
    ),
    _event(
        "Initialize(bytes32 indexed id, address indexed currency0, address indexed currency1, uint24 fee, "
        "int24 tick_spacing, address hooks, uint160 sqrt_price, int24 tick)",
        "dd466e674ea557f56295e2d0218a125ea4b4f0f6f3307b95f85e6110838d6438",
        "v4",
    ),
    _event(
        "ModifyLiquidity(bytes32 indexed id, address indexed sender, int24 lower, int24 upper, int256 liquidity, "
        "bytes32 salt)",
        "f208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec",
        "v4",
    ),
    _event(
        "Swap(bytes32 indexed id, address indexed sender, int128 amount0, int128 amount1, uint160 sqrt_price, "
        "uint128 liquidity, int24 tick, uint24 fee)",
        "40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f",
        "v4",
    ),
    _event(
        "Donate(bytes32 indexed id, address indexed sender, uint256 amount0, uint256 amount1)",
        "29ef05caaff9404b7cb6d1c0e9bbae9eaa7ab2541feba1a9c4248594c08156cb",
        "v4",
    ),
    _event(
        "ProtocolFeeUpdated(bytes32 indexed id, uint24 fee)",
        "e9c42593e71f84403b84352cd168d693e2c9fcd1fdbcc3feb21d92b43e6696f9",
        "v4",
    ),
)
KINDS = ("v3", "v2", "v4")
_BY_TOPIC = {event.topic: event for event in EVENTS}


def topics_of(kinds: Sequence[str], *, transfers: bool = True) -> tuple[bytes, ...]:
    """The first topics of these kinds of pools, for a node's filter.

    A v2 pair's shares move by the `Transfer` that every token has: without it where no pair is named.
    """
    wanted = [event for event in EVENTS if event.kind in kinds]
    return tuple(event.topic for event in wanted if transfers or event.name != "Transfer")


#: The first topics of v3's pools.
TOPICS = topics_of(["v3"])


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
    if kind == "bytes32":
        return f"0x{word.hex()}"
    signed = kind.startswith("int")
    bits = int(kind.removeprefix("u").removeprefix("int"))
    value = int.from_bytes(word, "big", signed=signed)
    least = -(1 << (bits - 1)) if signed else 0
    if not least <= value < least + (1 << bits):
        raise DecodeError(f"{event.name}.{parameter.name} must be of type {kind}, was {value}")
    return value
