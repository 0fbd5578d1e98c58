"""One environment a client under `.venv-clients/`, built from its locked requirements and kept until those change.

A stamp in the environment carries the checksum of the requirements, the interpreter and the environment's own place,
because environments name absolute paths: a copied or moved checkout builds again.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".venv-clients"
REQUIREMENTS = Path(__file__).parent / "requirements"
STAMP = "requirements.sha256"
#: How many versions of Python are looked for where ours is too old.
NEWER = 4


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


def interpreter_for(name: str) -> str:
    """The Python that an environment is made with: ours, or a newer one where its wishes say `# python >= 3.13`.

    RuntimeError where none that is new enough is on the PATH.
    """
    wanted = re.match(r"# python >= (\d+)\.(\d+)", (REQUIREMENTS / f"{name}.in").read_text())
    if wanted is None or sys.version_info[:2] >= (least := (int(wanted[1]), int(wanted[2]))):
        return sys.executable
    for minor in range(least[1], least[1] + NEWER):
        found = shutil.which(f"python{least[0]}.{minor}")
        # What a version manager leaves on the PATH may be there and not run.
        if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
            return found
    raise RuntimeError(f"{name} needs Python {least[0]}.{least[1]} or newer on the PATH, and none is there")


def build(name: str) -> None:
    """Makes the environment anew; RuntimeError carries the installer's last words."""
    interpreter = interpreter_for(name)
    place = HOME / name
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    _run([interpreter, "-m", "venv", "--without-pip", str(place)])
    locked = ["--require-hashes", "-r", str(REQUIREMENTS / f"{name}.txt")]
    _run([sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python_of(name)), *locked])
    (place / STAMP).write_text(stamp_of(name))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
