"""The contracts from npm: pinned to the byte, fetched once; what is missing is named with the command for it."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import json
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sim import contracts

SCRIPT = Path(__file__).resolve().parents[1] / "deploy" / "clamm_artifacts.py"
#: keccak256 of the creation code b"\x60\x00", checked with two other implementations.
TINY = {"abi": [], "bytecode": "0x6000", "deployedBytecode": {"object": "00"}}


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("clamm_artifacts", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that packs one made-up package from a file and counts how often it was asked."""
    archive = tmp_path / "made-up.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        for name, text in (("package/out/Tiny.json", json.dumps(TINY)), ("package/docs/long.md", "left out")):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            packed.addfile(entry, io.BytesIO(text.encode()))
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\necho "$2" >> {tmp_path}/asked\ncp {archive} "$6"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent), prepend=":")
    return archive


def manifest(archive: Path, **beside: Any) -> dict[str, Any]:
    """A manifest that pins the made-up package as it is."""
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    package = {"version": "1.0.0", "integrity": integrity, "keep": ["out/"], **beside}
    return {
        "packages": {"@made/up": package},
        "contracts": {"Tiny": {"package": "@made/up", "file": "out/Tiny.json", "creation_keccak": "00"}},
    }


def test_a_package_is_fetched_once_and_only_its_kept_folders(script: ModuleType, registry: Path) -> None:
    pinned, place = manifest(registry), registry.parent / "contracts"
    assert script.fetch(pinned, place) == ["@made/up"]
    assert script.fetch(pinned, place) == []
    assert (registry.parent / "asked").read_text() == "@made/up@1.0.0\n"
    files = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
    assert files == ["@made/up/.pinned", "@made/up/out/Tiny.json"]


def test_another_archive_than_the_pinned_one_is_not_unpacked(script: ModuleType, registry: Path) -> None:
    place = registry.parent / "contracts"
    with pytest.raises(script.ArtifactError, match=r"@made/up@1.0.0 must have integrity sha512-AAAA, was sha512-"):
        script.fetch(manifest(registry, integrity="sha512-AAAA"), place)
    assert list(place.iterdir()) == []


def test_a_path_that_leaves_its_package_is_refused(script: ModuleType, registry: Path) -> None:
    with tarfile.open(registry, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("package/out/../../../../escaped"), io.BytesIO())
    with pytest.raises(script.ArtifactError, match=r"must hold paths of its own, was package/out/\.\./"):
        script.fetch(manifest(registry), registry.parent / "contracts")
    assert not list(registry.parent.rglob("escaped"))


def test_a_package_of_another_platform_is_left_alone(script: ModuleType, registry: Path) -> None:
    assert script.fetch(manifest(registry, platform="plan9-vax"), registry.parent / "contracts") == []


def test_a_creation_code_with_another_hash_fails_and_a_missing_file_too(script: ModuleType, registry: Path) -> None:
    pinned, place = manifest(registry), registry.parent / "contracts"
    script.fetch(pinned, place)
    with pytest.raises(script.ArtifactError, match="Tiny: creation code must hash to 00, was "):
        script.check(pinned, place)
    pinned["contracts"]["Tiny"]["creation_keccak"] = script.keccak256(b"\x60\x00").hex()
    script.check(pinned, place)
    pinned["contracts"]["Tiny"]["file"] = "out/Huge.json"
    with pytest.raises(script.ArtifactError, match="which has no such file"):
        script.check(pinned, place)


def test_without_npm_the_packages_that_bring_it_are_named(
    script: ModuleType, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(registry.parent / "nowhere"))
    with pytest.raises(script.ArtifactError, match="Debian packages nodejs and npm"):
        script.fetch(manifest(registry), registry.parent / "contracts")


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
        (b"a" * 136, "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e"),
    ],
)
def test_keccak_is_the_one_of_the_chains(script: ModuleType, data: bytes, digest: str) -> None:
    assert script.keccak256(data).hex() == digest


def test_a_contract_is_loaded_by_name_and_a_missing_one_names_the_command(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(contracts.MissingArtifactError, match=r"UniswapV3Pool is not in .*: run `make clamm-artifacts`"):
        contracts.contract("UniswapV3Pool", tmp_path)
    where = tmp_path / "@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"
    where.parent.mkdir(parents=True)
    where.write_text(json.dumps(TINY))
    found = contracts.contract("UniswapV3Pool", tmp_path)
    assert (found.creation, found.runtime, found.errors) == (b"\x60\x00", b"\x00", ())
    with pytest.raises(contracts.MissingArtifactError, match="anvil is not in"):
        contracts.anvil(tmp_path)
    with pytest.raises(contracts.MissingArtifactError, match="solc is not in"):
        contracts.package("solc", tmp_path)


def test_an_error_of_a_contract_has_its_signature() -> None:
    key = {"type": "tuple[]", "components": [{"type": "address"}, {"type": "uint24"}]}
    abi = ({"type": "error", "name": "Wrong", "inputs": [key, {"type": "int128"}]}, {"type": "receive"})
    assert contracts.Contract("C", abi, b"", b"").errors == ("Wrong((address,uint24)[],int128)",)


def test_every_contract_of_the_manifest_can_be_loaded_when_it_was_fetched() -> None:
    if not contracts.PLACE.is_dir():
        pytest.skip("the contracts are not here (run `make clamm-artifacts`; it needs npm)")
    for name in contracts.names():
        assert len(contracts.contract(name).creation) > 1_000
    assert contracts.anvil().stat().st_size > 1_000_000
    assert (contracts.package("solc") / "soljson.js").is_file()
