"""The exceptions of the Python rooms and the exit code of each; the tree's root is the core's.

```
TickwrightError (native)        1
├── InputError (native)         2   bad input: field and value named
│   └── ConfigError             2   every fault of a configuration at once
├── DamagedError (native)       1   what was checked does not hold
├── CheckError                 1   a comparison came out unequal
├── SafetyError               3   a safety rule says no
└── EngineError                1   the engine stopped itself; `state` names why
    └── StartRefusedError      3   a start met what the configuration says to halt at (a SafetyError too)
```
"""

from __future__ import annotations

from feeds.venue.spec import ExperimentalError
from native import _core

TickwrightError = _core.TickwrightError
InputError = _core.InputError

DONE, UNEQUAL, BAD_INPUT, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130


class ConfigError(InputError):
    """A configuration with faults; `faults` holds every one as (field path, what is wrong)."""

    def __init__(self, where: str, faults: list[tuple[str, str]]) -> None:
        """Keeps the faults of the configuration called `where`."""
        self.where = where
        self.faults = faults
        super().__init__("\n".join(f"{where}: {field} {why}" for field, why in faults))


class CheckError(TickwrightError):
    """What was checked does not hold; the message says what was expected and what was found."""


class SafetyError(TickwrightError):
    """A safety rule refuses what was asked; the message names the rule."""


class EngineError(TickwrightError):
    """The engine stopped itself after a fault; `state` is the named final state."""

    def __init__(self, state: str, message: str) -> None:
        """Keeps the final state's name beside the message."""
        self.state = state
        super().__init__(message)


class StartRefusedError(EngineError, SafetyError):
    """A start that a safety rule refuses: `state` names it, the message lists what was seen, and nothing was sent."""


def exit_code(error: BaseException) -> int:
    """The exit code that commands.md gives to this error."""
    if isinstance(error, SafetyError | ExperimentalError):
        return REFUSED
    if isinstance(error, InputError):
        return BAD_INPUT
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return UNEQUAL
