"""Stops a running engine from another process: asks it, and where it does not answer in time, ends its process.

catalogue: R5. The marker is written first, so whatever happens after it the engine is halted when it next looks. An
engine that answers stays up, halted, and cancels by itself; one that hangs (SIGSTOP, a dead disk, a loop) is sent
SIGKILL, because it could otherwise wake up later with quotes in hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from pycore import engine_file
from pycore.errors import TickwrightError
from pycore.telemetry import command
from risk.marker import Marker, Target

_POLL_S = 0.01


@dataclass(frozen=True)
class Stopped:
    """What became of the engine: `how` is answered, killed, not running or out of reach; `faults` what went wrong."""

    how: str
    faults: tuple[str, ...] = ()


async def stop_engine(journal: str, targets: Sequence[Target], at: int, answer_s: float) -> Stopped:
    """Writes the marker and stops the journal's engine; `at` is UTC in ns. Takes about twice `answer_s` at most."""
    faults = []
    try:
        Marker(journal).add(targets, at)
    except OSError as error:
        # A full disk must not keep the orders from being cancelled.
        faults.append(f"kill marker beside {journal} must be written, was refused: {error.strerror}")
    if not engine_file.locked(journal):
        return Stopped("not running", tuple(faults))
    engine = engine_file.read(journal)
    if engine is None or (process := engine.process()) is None:
        faults.append(f"engine of {journal} must be named beside it, was locked by an unknown process")
        return Stopped("out of reach", tuple(faults))
    try:
        await _ask(engine.control, targets, answer_s)
    except TickwrightError as error:
        return await _end(process, answer_s, [*faults, str(error)])
    return Stopped("answered", tuple(faults))


async def _ask(control: str, targets: Sequence[Target], answer_s: float) -> None:
    """Raises `TickwrightError` where the engine does not answer, or refuses, in all within `answer_s`."""
    try:
        async with asyncio.timeout(answer_s):
            for target in targets:
                answer = await command(control, "kill", answer_s, **target._asdict())
                if not answer["ok"]:
                    raise TickwrightError(f"engine must obey the kill, was refused: {answer['why']}")
    except TimeoutError:
        raise TickwrightError(f"engine at {control} must answer within {answer_s} s, was silent") from None


async def _end(process: psutil.Process, wait_s: float, faults: list[str]) -> Stopped:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return Stopped("killed")
    except psutil.AccessDenied:
        faults.append(f"process {process.pid} must be ended, was not allowed")
        return Stopped("out of reach", tuple(faults))
    for _ in range(int(wait_s / _POLL_S)):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            # That it did not answer is no fault any more: it is gone.
            return Stopped("killed")
        await asyncio.sleep(_POLL_S)
    faults.append(f"process {process.pid} must end on SIGKILL, was still there after {wait_s} s")
    return Stopped("out of reach", tuple(faults))
