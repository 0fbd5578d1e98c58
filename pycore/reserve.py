"""The disk's reserve: room taken at the start, given back for the last cancels and the reports, or at the end.

catalogue: K4, K5. The journal's segment and its spare are allocated ahead, so cancels are journalled even on a full
disk until both are used up; the snapshot, the seal and the log are not. The reserve is a file beside the journal
whose blocks are allocated, not only promised.
"""

from __future__ import annotations

import os
from pathlib import Path

from pycore.errors import EngineError

_MIB = 1024 * 1024


def reserve_of(journal: str) -> Path:
    """Where the reserve of a journal directory is."""
    path = Path(journal)
    return path.with_name(f"{path.name}.reserve")


class Reserve:
    """The reserve of one journal, `mib` large."""

    def __init__(self, journal: str, mib: int) -> None:
        """Takes nothing yet."""
        self._journal = Path(journal)
        self.path = reserve_of(journal)
        self._bytes = mib * _MIB

    def take(self) -> None:
        """Allocates it, or keeps what is there. Raises `EngineError` `start: disk` where that cannot be."""
        if self._journal.stat().st_dev != self.path.parent.stat().st_dev:
            why = f"journal.directory must not be a mount point itself: the reserve lies beside it, was {self._journal}"
            raise EngineError("start: disk", why)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, self._bytes)
        except OSError as error:
            self.release()
            why = f"disk must have room for a reserve of {self._bytes // _MIB} MiB, was refused: {error.strerror}"
            raise EngineError("start: disk", why) from None
        finally:
            os.close(handle)

    def release(self) -> None:
        """Gives it back; done also where it is gone already."""
        self.path.unlink(missing_ok=True)
