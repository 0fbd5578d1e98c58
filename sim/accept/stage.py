"""What a stage gives and gets: a row for each figure, and the ground on which it is measured.

catalogue: H9.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from pycore import chrony
from pycore.clock import Clock
from pycore.config import Config
from pycore.credentials import Credentials

#: `where` of a figure that nobody measured; such a row has not passed.
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Row:
    """One figure: `where` is box, testnet, live, host, a recording, `make test`, or `NOT_MEASURED`."""

    stage: str
    figure: str
    wanted: str
    measured: str
    passed: bool
    where: str

    def shown(self) -> dict[str, object]:
        """The row as the verb prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Ground:
    """What to measure: a venue (`where` is box, testnet or live), recordings, and this host's chronyd."""

    where: str
    config: Config
    credentials: Credentials
    clock: Clock
    seconds: float
    recordings: tuple[Path, ...] = ()
    chronyd: tuple[str, int] = ("127.0.0.1", chrony.PORT)


@dataclass(frozen=True)
class Endurance:
    """How long a stage ran against a venue, and every fault that it met."""

    where: str
    seconds: float
    faults: tuple[str, ...]


class Stage(Protocol):
    """A module of this package that is a stage."""

    def measure(self, ground: Ground, rows: list[Row]) -> Awaitable[Endurance]:
        """Adds the stage's rows as they are measured, so that an interrupted run keeps what it has; how long it ran."""


def unmeasured(stage: str, figure: str, wanted: str, why: str) -> Row:
    """The row of a figure that was not measured, with the reason and the way to measure it."""
    return Row(stage, figure, wanted, why, False, NOT_MEASURED)
