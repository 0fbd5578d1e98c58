"""One environment a client under `.venv-clients/`, built from its locked requirements and kept until those change.

A stamp in the environment carries the checksum of the requirements, the interpreter and the environment's own place,
because environments name absolute paths: a copied or moved checkout builds again.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".venv-clients"
REQUIREMENTS = Path(__file__).parent / "requirements"
STAMP = "requirements.sha256"


def stamp_of(name: str) -> str:
    """What the stamp of an up-to-date environment says."""
    parts = [(REQUIREMENTS / f"{name}.txt").read_bytes(), sys.version.encode(), str(HOME / name).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def ready(name: str) -> bool:
    """Whether the environment is there and up to date."""
    stamp = HOME / name / STAMP
    return stamp.is_file() and stamp.read_text() == stamp_of(name)


def python_of(name: str) -> Path:
    """The environment's interpreter."""
    return HOME / name / "bin" / "python"


def build(name: str) -> None:
    """Makes the environment anew; RuntimeError carries the installer's last words."""
    place = HOME / name
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    _run([sys.executable, "-m", "venv", "--without-pip", str(place)])
    locked = ["--require-hashes", "-r", str(REQUIREMENTS / f"{name}.txt")]
    _run([sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python_of(name)), *locked])
    (place / STAMP).write_text(stamp_of(name))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
