"""The supervisor's eye on the host: free disk under the journal and the process's memory.

catalogue: K5. psutil reads both; a bound that is passed stops the engine while it still can cancel.
"""

from __future__ import annotations

import os

import psutil

from pycore.config import Watch
from pycore.errors import EngineError

_MIB = 1024 * 1024


class HostWatch:
    """Checks the host against the configured bounds."""

    def __init__(self, bounds: Watch, directory: str) -> None:
        """Watches the file system of `directory` and this process."""
        self._bounds = bounds
        self._directory = directory
        self._process = psutil.Process(os.getpid())

    def figures(self) -> dict[str, int]:
        """Free disk and resident memory, MiB."""
        return {
            "disk_free_mib": psutil.disk_usage(self._directory).free // _MIB,
            "memory_mib": self._process.memory_info().rss // _MIB,
        }

    def check(self) -> None:
        """Raises `EngineError` `stopped: disk` or `stopped: memory` where a bound is passed."""
        found = self.figures()
        if found["disk_free_mib"] < self._bounds.disk_free_mib:
            raise EngineError(
                "stopped: disk",
                f"free disk must stay above {self._bounds.disk_free_mib} MiB, was {found['disk_free_mib']}",
            )
        if found["memory_mib"] > self._bounds.memory_mib:
            raise EngineError(
                "stopped: memory", f"memory must stay below {self._bounds.memory_mib} MiB, was {found['memory_mib']}"
            )
