"""What a running engine says about itself beside its journal: its process and where it takes commands.

catalogue: K5, R5. `tickwright kill` reads it. The process is named by id and start time, because ids come back; whether
an engine runs at all is told by the journal's own lock (native/core/src/journal/file.rs), which the system lets go
with the process and which keeps a second engine out.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

#: How far two readings of a process's start time may lie apart, s: the kernel counts it in hundredths.
_START_SLACK_S = 0.02


@dataclass(frozen=True)
class EngineFile:
    """One engine: its process's id and start time (s since the epoch), and the address of its control socket."""

    pid: int
    started_s: float
    control: str

    def process(self) -> psutil.Process | None:
        """The engine's process where it still runs; None where it has ended or its id names another one."""
        try:
            found = psutil.Process(self.pid)
            return found if abs(found.create_time() - self.started_s) < _START_SLACK_S else None
        except psutil.NoSuchProcess:
            return None


def engine_file_of(journal: str) -> Path:
    """Where the file of a journal directory is."""
    path = Path(journal)
    return path.with_name(f"{path.name}.engine.json")


def write(journal: str, control: str) -> None:
    """Says that this process is the journal's engine; replaces what an earlier one left, in one step."""
    path = engine_file_of(journal)
    own = psutil.Process(os.getpid())
    made = path.with_suffix(".new")
    made.write_text(json.dumps(asdict(EngineFile(own.pid, own.create_time(), control))))
    made.replace(path)


def read(journal: str) -> EngineFile | None:
    """What the last engine of the journal said; None where there is nothing that can be read."""
    try:
        row = json.loads(engine_file_of(journal).read_text())
        return EngineFile(int(row["pid"]), float(row["started_s"]), str(row["control"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove(journal: str) -> None:
    """Takes it away at the end of a run."""
    engine_file_of(journal).unlink(missing_ok=True)


def locked(journal: str) -> bool:
    """Whether some process has the journal open."""
    try:
        handle = os.open(journal, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
