"""The kill marker: a file beside the journal that halts the engine which finds it, now or at its next start.

catalogue: R5. `tickwright kill` writes it before it does anything else, because an engine that hangs hears nothing.
Each line is one JSON object `{"at", "scope", "subject"}`; lines are only added, so a narrow kill cannot weaken a wider
one. The operator's word (`run --resume`) removes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Target(NamedTuple):
    """Who may trade no longer: a scope of the gate (all, strategy or symbol) and its subject by name."""

    scope: str
    subject: str = ""


#: What a line that cannot be read means: in doubt, everything.
EVERYTHING = Target("all")


def marker_of(journal: str) -> Path:
    """Where the marker of a journal directory is."""
    path = Path(journal)
    return path.with_name(f"{path.name}.kill")


class Marker:
    """The marker of one journal; `poll` gives each line once."""

    def __init__(self, journal: str) -> None:
        """Opens nothing; the directory of the journal must have a parent that is there."""
        self.path = marker_of(journal)
        self._read = 0

    def add(self, targets: Sequence[Target], at: int) -> None:
        """Adds a line for each target, durably; `at` is UTC in ns. Raises `OSError` where the disk refuses."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"at": at, **target._asdict()}) + "\n" for target in targets]
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, "".join(lines).encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        self._sync_directory()

    def poll(self) -> list[Target]:
        """The targets of the lines that were not seen yet; a torn or unreadable line is a kill of everything."""
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return []
        if size <= self._read:
            return []
        with self.path.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        self._read += len(text)
        return [_target(line) for line in text.splitlines()]

    def remove(self) -> None:
        """Lifts it, durably."""
        self._read = 0
        self.path.unlink(missing_ok=True)
        self._sync_directory()

    def _sync_directory(self) -> None:
        handle = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _target(line: bytes) -> Target:
    try:
        row = json.loads(line)
        return Target(str(row["scope"]), str(row["subject"]))
    except (ValueError, KeyError, TypeError):
        return EVERYTHING
