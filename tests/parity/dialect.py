"""What differs between the pools of the v3 family: their npm package, signatures and events.

catalogue: S4. The operations have the same names and arguments in both; the reference is each pool's own artifact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.parity.evm import call_data, keccak

# `do` -> signature of the pool's function; those with `bytes` call back.
SIGNATURES = {
    "initialize": "initialize(uint160)",
    "mint": "mint(address,int24,int24,uint128,bytes)",
    "burn": "burn(int24,int24,uint128)",
    "collect": "collect(address,int24,int24,uint128,uint128)",
    "swap": "swap(address,bool,int256,uint160,bytes)",
    "flash": "flash(address,uint256,uint256,bytes)",
    "set_fee_protocol": "setFeeProtocol(uint8,uint8)",
    "collect_protocol": "collectProtocol(address,uint128,uint128)",
    "grow": "increaseObservationCardinalityNext(uint16)",
    "observe": "observe(uint32[])",
    "snapshot": "snapshotCumulativesInside(int24,int24)",
}
# An event's parameters in the order of its signature; a star marks the indexed ones.
EVENTS = (
    "Initialize(uint160,int24)",
    "Mint(address,address*,int24*,int24*,uint128,uint256,uint256)",
    "Burn(address*,int24*,int24*,uint128,uint256,uint256)",
    "Collect(address*,address,int24*,int24*,uint128,uint128)",
    "Swap(address*,address*,int256,int256,uint160,uint128,int24)",
    "Flash(address*,address*,uint256,uint256,uint256,uint256)",
    "SetFeeProtocol(uint8,uint8,uint8,uint8)",
    "CollectProtocol(address*,address*,uint128,uint128)",
    "IncreaseObservationCardinalityNext(uint16,uint16)",
)


@dataclass(frozen=True)
class Dialect:
    """One family member: where its artifacts are and how it is spoken to. Without a factory, `Maker.sol` is one."""

    name: str
    pool: str
    factory: str | None
    changes: tuple[tuple[str, str], ...] = ()
    event_changes: tuple[tuple[str, str], ...] = ()

    @cached_property
    def signatures(self) -> dict[str, str]:
        """The pool's functions by our name for the operation."""
        return {**SIGNATURES, **dict(self.changes)}

    @cached_property
    def events(self) -> dict[bytes, tuple[str, tuple[str, ...], tuple[bool, ...]]]:
        """Name, types and which are indexed, by the hash of the signature."""
        changes = dict(self.event_changes)
        found = {}
        for declared in EVENTS:
            text = changes.get(declared.split("(", maxsplit=1)[0], declared)
            kinds = re.findall(r"[a-z0-9]+\*?", text.split("(", maxsplit=1)[1])
            topic = keccak(text.replace("*", "").encode())
            plain = tuple(kind.rstrip("*") for kind in kinds)
            found[topic] = (text.split("(", maxsplit=1)[0], plain, tuple(kind.endswith("*") for kind in kinds))
        return found

    def encode(self, do: str, words: Sequence[int | str], callback: bytes) -> bytes:
        """The calldata of an operation."""
        signature = self.signatures[do]
        if do == "observe":
            return call_data(signature, [int(value) for value in words])
        if signature.endswith("bytes)"):
            return call_data(signature, *words, callback)
        return call_data(signature, *words)


UNISWAP = Dialect("uniswap", "UniswapV3Pool", "UniswapV3Factory")
PANCAKE = Dialect(
    "pancake",
    "PancakeV3Pool",
    None,
    (("set_fee_protocol", "setFeeProtocol(uint32,uint32)"),),
    (
        ("Swap", "Swap(address*,address*,int256,int256,uint160,uint128,int24,uint128,uint128)"),
        ("SetFeeProtocol", "SetFeeProtocol(uint32,uint32,uint32,uint32)"),
    ),
)
# v4 has a world of its own (`world_v4.py`); its pools live in the manager.
V4 = Dialect("v4", "PoolManager", None)
# So has v2 (`world_v2.py`).
V2 = Dialect("v2", "UniswapV2Pair", "UniswapV2Factory")
DIALECTS = {dialect.name: dialect for dialect in (UNISWAP, PANCAKE, V4, V2)}
