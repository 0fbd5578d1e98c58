"""Fetches the contracts of sim/contracts.toml from npm into build/contracts, checked to the byte, once.

    python deploy/clamm_artifacts.py [DIR]

Each package comes through `npm pack` from the registry that the user has configured. What does not have the pinned
sha512 is not unpacked, and a contract whose creation code does not hash to what the chains know fails the run.
Exit 0: all are there. 1: one could not be fetched or is not what was pinned; the rest stays. Needs nothing but Python
3.11, and npm for what is missing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
MANIFEST = TOP / "sim" / "contracts.toml"
PLACE = TOP / "build" / "contracts"
#: What npm puts everything under in an archive.
_INSIDE = "package/"
_PACK_S_MAX = 600
#: The manifest that the contracts were last checked against.
_CHECKED = ".checked.toml"


class ArtifactError(Exception):
    """One sentence: which package or contract, and what is wrong with it."""


def fetch(manifest: dict[str, Any], place: Path) -> list[str]:
    """Brings every package of this platform; returns the names of those that were not there yet."""
    here = f"{platform.system()}-{platform.machine()}".lower()
    wanted = {name: pin for name, pin in manifest["packages"].items() if pin.get("platform", here) == here}
    missing = [name for name, pin in wanted.items() if not _is_here(place / name, pin)]
    for name in missing:
        _bring(name, wanted[name], place)
    return missing


def _was_checked(place: Path) -> bool:
    """Whether the contracts were checked against the manifest as it is now."""
    mark = place / _CHECKED
    return mark.is_file() and mark.read_text() == MANIFEST.read_text()


def _mark(pin: dict[str, Any]) -> str:
    """What stands beside an unpacked package: changed pins unpack it again."""
    return json.dumps([pin["version"], pin["integrity"], pin.get("keep", [])])


def _is_here(folder: Path, pin: dict[str, Any]) -> bool:
    mark = folder / ".pinned"
    return mark.is_file() and mark.read_text() == _mark(pin)


def _bring(name: str, pin: dict[str, Any], place: Path) -> None:
    """Packs, checks and unpacks one package; the folder appears whole or not at all."""
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place, prefix=".fetching-") as scratch:
        archive = _pack(f"{name}@{pin['version']}", Path(scratch))
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != pin["integrity"]:
            raise ArtifactError(f"{name}@{pin['version']} must have integrity {pin['integrity']}, was {found}")
        unpacked = Path(scratch) / "unpacked"
        _unpack(archive, unpacked, tuple(pin.get("keep", ("",))))
        (unpacked / ".pinned").write_text(_mark(pin))
        target = place / name
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        unpacked.rename(target)


def _pack(wanted: str, scratch: Path) -> Path:
    """The archive as npm's registry has it."""
    npm = shutil.which("npm")
    if npm is None:
        raise ArtifactError(f"{wanted} needs npm, which is not here (Debian packages nodejs and npm)")
    command = [npm, "pack", wanted, "--json", "--ignore-scripts", "--pack-destination", str(scratch)]
    try:
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=_PACK_S_MAX, check=False)
    except subprocess.TimeoutExpired as late:
        raise ArtifactError(f"npm did not bring {wanted} in {_PACK_S_MAX} s") from late
    archives = list(scratch.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        raise ArtifactError(f"npm could not bring {wanted}: {done.stderr.strip() or done.stdout.strip()}")
    return archives[0]


def _unpack(archive: Path, target: Path, keep: tuple[str, ...]) -> None:
    """The regular files below `package/` that begin with one of `keep`; a path that leaves `target` is refused.

    By hand, because tarfile's own filter came with Python 3.11.4 and Debian 12 has an older one.
    """
    wanted = tuple(_INSIDE + folder for folder in keep)
    with tarfile.open(archive) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.isfile() and member.name.startswith(wanted) else None
            if content is None:
                continue
            file = target.resolve() / member.name.removeprefix(_INSIDE)
            if not file.resolve().is_relative_to(target.resolve()):
                raise ArtifactError(f"{archive.name} must hold paths of its own, was {member.name}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.read())
            file.chmod(0o755 if member.mode & 0o100 else 0o644)


def check(manifest: dict[str, Any], place: Path) -> None:
    """Every contract's file is there, and each pinned creation code hashes to its pin."""
    for name, where in manifest["contracts"].items():
        file = place / where["package"] / where["file"]
        if not file.is_file():
            raise ArtifactError(f"{name} should be {where['file']} of {where['package']}, which has no such file")
        if "creation_keccak" in where:
            code = json.loads(file.read_text())["bytecode"]
            found = keccak256(bytes.fromhex(code.removeprefix("0x"))).hex()
            if found != where["creation_keccak"]:
                raise ArtifactError(f"{name}: creation code must hash to {where['creation_keccak']}, was {found}")


_LANES = 25
_RATE = 136
_MASK = (1 << 64) - 1


def _constants() -> tuple[list[int], list[tuple[int, int]]]:
    """Keccak's 24 round constants from its shift register, and the walk of rho and pi: (lane, rotation) in order."""
    rounds, register = [], 1
    for _ in range(24):
        constant = 0
        for bit in range(7):
            constant |= (register & 1) << ((1 << bit) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        rounds.append(constant)
    walk, x, y = [], 1, 0
    for step in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        walk.append((x + 5 * y, (step + 1) * (step + 2) // 2 % 64))
    return rounds, walk


_ROUNDS, _WALK = _constants()


def _turn(lane: int, by: int) -> int:
    return ((lane << by) | (lane >> (64 - by))) & _MASK


def _permute(state: list[int]) -> list[int]:
    """Keccak-f[1600] (FIPS 202, section 3.3): theta, rho and pi, chi, iota, 24 times."""
    for constant in _ROUNDS:
        columns = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        state = [state[i] ^ columns[(i + 4) % 5] ^ _turn(columns[(i + 1) % 5], 1) for i in range(_LANES)]
        carried = state[1]
        for lane, by in _WALK:
            carried, state[lane] = state[lane], _turn(carried, by)
        state = [state[i] ^ (~state[i - i % 5 + (i + 1) % 5] & state[i - i % 5 + (i + 2) % 5]) for i in range(_LANES)]
        state[0] ^= constant
    return state


def keccak256(data: bytes) -> bytes:
    """Ethereum's hash: Keccak with rate 1088 and the padding from before FIPS 202, which hashlib does not have."""
    padded = bytearray(data) + b"\x01" + b"\x00" * (-(len(data) + 1) % _RATE)
    padded[-1] |= 0x80
    state = [0] * _LANES
    for block in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            start = block + 8 * lane
            state[lane] ^= int.from_bytes(padded[start : start + 8], "little")
        state = _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def main(words: list[str]) -> int:
    """Fetches and checks; says what it brought, or in one sentence why it could not."""
    manifest = tomllib.loads(MANIFEST.read_text())
    place = Path(words[0]) if words else PLACE
    try:
        brought = fetch(manifest, place)
        if brought or not _was_checked(place):
            check(manifest, place)
            (place / _CHECKED).write_text(MANIFEST.read_text())
    except ArtifactError as error:
        print(f"clamm_artifacts.py: {error}", file=sys.stderr)
        return 1
    if brought:
        print(f"Fetched and checked: {', '.join(brought)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
