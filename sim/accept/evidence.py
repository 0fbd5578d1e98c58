"""What `make test` wrote down about the sources that it tested, and whether those are the sources that run here.

catalogue: H9. The record names a digest of every Python source of the rooms; a record of other sources counts as none.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pycore

ROOT = Path(pycore.__file__).resolve().parents[1]
ROOMS = ("native", "pycore", "feeds", "oms", "risk", "sim", "tickwright")
#: Where the record is kept, beside the build's products.
RECORD = ROOT / "build" / "make-test.json"


@dataclass(frozen=True)
class Evidence:
    """One run of all steps: exit codes by step, the coverage of the Python lines, and the sources' digest."""

    sources: str
    steps: dict[str, int]
    coverage_percent: float | None


def digest(root: Path = ROOT) -> str:
    """SHA-256 over path and content of every Python source of the rooms and every Rust source of the core."""
    found = hashlib.sha256()
    paths = [path for room in ROOMS for ending in ("*.py", "*.rs", "*.pyx") for path in (root / room).rglob(ending)]
    for path in sorted(paths):
        content = path.read_bytes()
        found.update(f"{path.relative_to(root)} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def keep(steps: dict[str, int], coverage_percent: float | None, record: Path = RECORD) -> None:
    """Writes the record of a run over the sources as they are now."""
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(asdict(Evidence(digest(), steps, coverage_percent)), indent=1))


def read(record: Path = RECORD) -> tuple[Evidence | None, str]:
    """The record, or None and why there is none that counts."""
    try:
        row = json.loads(record.read_text())
        found = Evidence(
            str(row["sources"]),
            {str(name): int(code) for name, code in row["steps"].items()},
            None if row["coverage_percent"] is None else float(row["coverage_percent"]),
        )
    except FileNotFoundError:
        return None, "make test has not been run to its end here"
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return None, f"the record of make test cannot be read, was {type(error).__name__}"
    if found.sources != digest():
        return None, "the sources have changed since make test was run"
    return found, ""
