"""One engine process that is going to be killed: what it published until then, and how soon it traded.

catalogue: K4.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pycore.clock import Clock
from pycore.telemetry import command
from pycore.terminal import Subscriber
from sim.process import Process

#: How long a start may take, s: a proof of absence of an order (about 12 s) and room for a busy machine.
_READY_S = 90.0
#: How long what was published before a kill may take to arrive, s.
_DRAIN_S = 0.05
_STOP_S = 60.0


class Victim:
    """Runs `tickwright run CONFIG` and follows its telemetry. Use as an async context manager."""

    def __init__(self, config: Path, log: Path, keys: dict[str, str], overrides: list[str]) -> None:
        """Starts nothing yet."""
        words = ["run", str(config), "--json"]
        for item in overrides:
            words += ["--set", item]
        self._log = log
        self._process = Process("engine", words, log, keys)
        self._clock = Clock()
        self._began_ns = 0
        self._following: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()
        self.ready_ms = 0.0
        #: The highest event that the engine has told to be durable.
        self.acknowledged = 0
        #: The event and the state hash that it told after its recovery; 0 where it did not come so far.
        self.recovered: tuple[int, str] = (0, "")
        self.phase = ""
        #: Whether it began halted: only cancels pass, until `resume`.
        self.halted = False
        self._control = ""

    async def __aenter__(self) -> Self:
        """Starts it."""
        self._began_ns = self._clock.mono_ns()
        await self._process.__aenter__()
        self._following = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves no process behind."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self._process.__aexit__(kind, error, trace)

    async def until_ready(self) -> bool:
        """Waits until it trades; False where it ended before or did not come so far in time."""
        await self._either(self.ready.wait(), _READY_S)
        return self.ready.is_set()

    async def resume(self) -> None:
        """Ends a halt that an earlier engine left in the journal."""
        await command(self._control, "resume")

    async def pause(self, seconds: float) -> bool:
        """Lets it be; False where it ended meanwhile."""
        await self._either(asyncio.sleep(seconds), seconds + 1.0)
        return self._process.child.returncode is None

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        if self._process.child.returncode is None:
            self._process.child.send_signal(signal.SIGTERM)

    async def stop(self) -> dict[str, Any]:
        """A clean stop; its summary. Raises `EngineError` where it is none."""
        return await self._process.stop(_STOP_S)

    async def kill(self) -> int:
        """SIGKILL, and takes what was published before; the exit code (-9, or its own where it was faster)."""
        if self._process.child.returncode is None:
            self._process.child.kill()
        code = await self._process.child.wait()
        await asyncio.sleep(_DRAIN_S)
        return code

    def last_words(self) -> str:
        """The last line of its log, and where the rest is."""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return f"it said {lines[-1] if lines else 'nothing'!r} (see {self._log})"

    async def _either(self, wanted: Any, timeout_s: float) -> None:
        waits = [asyncio.ensure_future(wanted), asyncio.ensure_future(self._process.ended())]
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _follow(self) -> None:
        """Takes every state that it publishes."""
        first = await self._process.first_row()
        if "publish" not in first:
            return
        self._control = first["control"]
        subscriber = Subscriber(first["publish"])
        try:
            while True:
                self._take(await subscriber.receive())
        finally:
            subscriber.close()

    def _take(self, state: dict[str, Any]) -> None:
        self.phase = state["phase"]
        self.acknowledged = max(self.acknowledged, state["durable"])
        self.recovered = (state["recovered"]["seq"], state["recovered"]["state_hash"])
        if self.phase == "run" and not self.ready.is_set():
            self.ready_ms = (self._clock.mono_ns() - self._began_ns) / 1e6
            self.halted = state["halted"]
            self.ready.set()
