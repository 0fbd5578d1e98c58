"""Compiles the contracts into the committed descriptor set, unless that would be an incompatible change.

Usage: `python -m tests.contracts` (`make contracts`). Exit 0 when the set is up to date or was written, else 1 with a
line for each fault; nothing is written then.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

from tests import contract_rules

FOLDER = Path(__file__).resolve().parents[1] / "pycore" / "contracts"
COMMITTED = FOLDER / "contracts.binpb"
#: The protobuf project's own messages, which protoc brings along.
STANDARD = Path(protoc.__file__).parent / "_proto"


def compiled(folder: Path = FOLDER) -> FileDescriptorSet:
    """The descriptor set of every contract of a folder. ValueError where protoc refuses them."""
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "contracts.binpb"
        names = sorted(path.name for path in folder.glob("*.proto"))
        words = ["protoc", f"-I{folder}", f"-I{STANDARD}", f"--descriptor_set_out={target}", "--include_imports"]
        if protoc.main([*words, *names]) != 0:
            raise ValueError(f"the contracts in {folder} do not compile")
        return FileDescriptorSet.FromString(target.read_bytes())


def committed(path: Path = COMMITTED) -> FileDescriptorSet:
    """The committed descriptor set; empty where there is none yet."""
    return FileDescriptorSet.FromString(path.read_bytes()) if path.exists() else FileDescriptorSet()


def faults(old: FileDescriptorSet, new: FileDescriptorSet) -> list[str]:
    """Every fault of a change by every rule."""
    return [*contract_rules.incompatible(old, new), *contract_rules.floats(new), *contract_rules.numbers(new)]


def main(folder: Path = FOLDER, path: Path = COMMITTED) -> int:
    """Writes the set, or says why not."""
    new = compiled(folder)
    found = faults(committed(path), new)
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        path.write_bytes(new.SerializeToString(deterministic=True))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
