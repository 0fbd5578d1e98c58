"""The contracts of the chains by name: what `make clamm-artifacts` fetched, as code and interface; never committed.

catalogue: S4, S10. contracts.toml pins every package to the byte. Who asks for what is not there is told the command
that brings it.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pycore.errors import TickwrightError

#: Where `make clamm-artifacts` leaves the packages of a checkout.
PLACE = Path(__file__).resolve().parents[1] / "build" / "contracts"
_MANIFEST = Path(__file__).with_name("contracts.toml")
_ANVIL = "@foundry-rs/anvil-linux-amd64"


class MissingArtifactError(TickwrightError):
    """A contract or program that was not fetched; the message names the command that fetches it."""


@dataclass(frozen=True)
class Contract:
    """One compiled contract: `creation` is what a transaction deploys, `runtime` has zeros where immutables go."""

    name: str
    abi: tuple[dict[str, Any], ...]
    creation: bytes
    runtime: bytes

    @property
    def errors(self) -> tuple[str, ...]:
        """The signatures of its own errors, as `Name(uint256,address)`."""
        return tuple(_signature(entry) for entry in self.abi if entry["type"] == "error")


def _signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(_type(given) for given in entry['inputs'])})"


def _type(given: dict[str, Any]) -> str:
    """A type as signatures write it: a tuple is its members in brackets, with what follows it (`[]`)."""
    if not given["type"].startswith("tuple"):
        return str(given["type"])
    return f"({','.join(_type(part) for part in given['components'])}){given['type'].removeprefix('tuple')}"


@cache
def _manifest() -> dict[str, Any]:
    return tomllib.loads(_MANIFEST.read_text())


def names() -> list[str]:
    """Every contract that can be asked for."""
    return sorted(_manifest()["contracts"])


def contract(name: str, place: Path = PLACE) -> Contract:
    """The contract of this name. Raises `MissingArtifactError`, and `KeyError` where no manifest names it."""
    where = _manifest()["contracts"][name]
    file = _there(place / where["package"] / where["file"], name)
    data = json.loads(file.read_text())
    # Waffle, which compiled v2, leaves the runtime code where solc put it.
    runtime = data["deployedBytecode"] if "deployedBytecode" in data else data["evm"]["deployedBytecode"]
    return Contract(name, tuple(data["abi"]), _code(data["bytecode"]), _code(runtime))


def _code(written: str | dict[str, Any]) -> bytes:
    """Code as hardhat and truffle write it (a text), as foundry and solc do (a table with the text in `object`)."""
    text = written["object"] if isinstance(written, dict) else written
    return bytes.fromhex(text.removeprefix("0x"))


def anvil(place: Path = PLACE) -> Path:
    """The program of a chain on loopback (x86-64 Linux). Raises `MissingArtifactError`."""
    return _there(place / _ANVIL / "bin" / "anvil", "anvil")


def package(name: str, place: Path = PLACE) -> Path:
    """The folder of a package: `solc`, `@uniswap/v3-core` with its sources. Raises `MissingArtifactError`."""
    return _there(place / name / ".pinned", name).parent


def _there(file: Path, what: str) -> Path:
    if not file.is_file():
        raise MissingArtifactError(f"{what} is not in {file.parent}: run `make clamm-artifacts` (it needs npm)")
    return file
