"""Where a demo, a drill or a soak keeps its journal and logs: a directory that is its own.

catalogue: S1.
"""

from __future__ import annotations

from pathlib import Path

from pycore.errors import InputError


def run_directory(wanted: str | None, stem: str) -> Path:
    """The wanted directory, empty or new, or the first free one of `stem-1`, `stem-2`, ...; it exists then.

    Raises `InputError` where something is in it.
    """
    directory = Path(wanted) if wanted else _fresh(stem)
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise InputError(f"--dir must be empty or new, was {directory}")
    return directory


def _fresh(stem: str) -> Path:
    return next(path for number in range(1, 1_000_000) if not (path := Path(f"{stem}-{number}")).exists())
