"""A verb of `tickwright` as a child process: its first row, its summary, and an end that leaves nothing behind.

catalogue: S1. The child has a session of its own, so that Ctrl-C reaches only its parent, which stops it in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from pycore.errors import EngineError

_FIRST_ROW_S = 60.0
_KILL_S = 5.0
_LINE_BYTES_MAX = 16 * 1024 * 1024


class Process:
    """Runs `tickwright WORDS...`; stderr goes to the file `log`. Use as an async context manager."""

    def __init__(self, name: str, words: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> None:
        """Starts nothing yet; `environ` is added to this process's environment."""
        self.name = name
        self._words = list(words)
        self._log = log
        self._environ = {**os.environ, **(environ or {})}
        self._rows: list[dict[str, Any]] = []
        self._more = asyncio.Event()
        self._file: IO[bytes] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None

    @property
    def child(self) -> asyncio.subprocess.Process:
        """The running child."""
        if self._child is None:
            raise EngineError("not started", f"process {self.name} must be started, was not")
        return self._child

    async def __aenter__(self) -> Self:
        """Starts it."""
        self._file = self._log.open("wb")
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pycore.cli",
            *self._words,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._file,
            env=self._environ,
            start_new_session=True,
            limit=_LINE_BYTES_MAX,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it: SIGTERM, and SIGKILL where that does not help."""
        if self.child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.child.wait(), _KILL_S)
            except TimeoutError:
                self.child.kill()
                await self.child.wait()
        if self._reader is not None:
            await self._reader
        if self._file is not None:
            self._file.close()

    async def first_row(self) -> dict[str, Any]:
        """The first JSON line; raises `EngineError` where the process ends or says nothing before."""
        await asyncio.wait_for(self._more.wait(), _FIRST_ROW_S)
        if not self._rows:
            raise EngineError(f"{self.name} failed", f"{self.name} must say where it is, {self._why()}")
        return self._rows[0]

    async def ended(self) -> int:
        """Waits for its end; the exit code."""
        return await self.child.wait()

    async def stop(self, within_s: float) -> dict[str, Any]:
        """Asks it to stop by SIGTERM; its summary."""
        if self.child.returncode is None:
            self.child.send_signal(signal.SIGTERM)
        return await self.finish(within_s)

    async def finish(self, within_s: float) -> dict[str, Any]:
        """Waits for its end; its summary. Raises `EngineError` where it fails or gives none."""
        try:
            code = await asyncio.wait_for(self.child.wait(), within_s)
        except TimeoutError:
            raise EngineError(f"{self.name} hangs", f"{self.name} must end within {within_s} s, was running") from None
        if self._reader is not None:
            await self._reader
        if code != 0 or not self._rows or not self._rows[-1].get("summary"):
            raise EngineError(f"{self.name} failed", f"{self.name} must end with 0, was {code}; {self._why()}")
        return self._rows[-1]

    def _why(self) -> str:
        """The last line that it wrote to stderr, and where the rest is."""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return f"it said {lines[-1] if lines else 'nothing'!r} (see {self._log})"

    async def _read(self) -> None:
        """Collects the JSON lines of its stdout until it closes."""
        stream = self.child.stdout
        while stream is not None and (text := await stream.readline()):
            try:
                self._rows.append(json.loads(text))
            except ValueError:
                self._rows.append({"text": text.decode(errors="replace")})
            self._more.set()
        self._more.set()
