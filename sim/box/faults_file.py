"""Reads a faults file and refuses what means nothing, naming the fault, the field and the value (catalogue: S1)."""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sim.box.faults import ERRORS, KINDS, MARKETS, PLACES, Fault, Script
from sim.box.users import LISTEN_KEY_NS

SKEW_MS_MAX = 86_400_000.0
TIME_S_MAX = 1e9
DELAY_MS_MAX = 3_600_000.0
TIMES_MAX = 2**62
RETRY_AFTER_S_MAX = 86_400


class FaultsError(ValueError):
    """A faults file that cannot be used; the text names the field and its value."""


class Range(NamedTuple):
    """The numbers that a field takes."""

    low: float
    high: float
    whole: bool = False


_CHOICES = {"kind": KINDS, "where": PLACES, "market": MARKETS}
_RANGES = {
    "probability": Range(0, 1),
    "after_s": Range(0, TIME_S_MAX),
    "for_s": Range(0, TIME_S_MAX),
    "every_s": Range(0.001, TIME_S_MAX),
    "times": Range(0, TIMES_MAX, True),
    "delay_ms": Range(0, DELAY_MS_MAX),
    "skew_ms": Range(-SKEW_MS_MAX, SKEW_MS_MAX),
    "retry_after_s": Range(0, RETRY_AFTER_S_MAX, True),
    "ban_after": Range(0, TIMES_MAX, True),
}
_SCHEDULE = ("kind", "after_s", "for_s", "every_s")
_ALL = (*_SCHEDULE, "where", "market", "match", "probability", "times")
# The fields of each kind.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(KINDS, _ALL),
    "delay": (*_ALL, "delay_ms"),
    "error": (*_ALL, "accepted", "code"),
    "rate_limit": (*_ALL, "retry_after_s", "ban_after"),
    "clock_skew": (*_SCHEDULE, "skew_ms"),
}
_HEAD = ("seed", "clock_skew_ms", "listen_key_s", "fault")


def load_script(path: Path | None, seed: int) -> Script:
    """The script of a file, or an empty one without a file; `seed` counts where the file has none."""
    if path is None:
        return Script(seed)
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, ValueError) as why:
        raise FaultsError(f"faults file {path}: {why}") from None
    for name in data:
        if name not in _HEAD:
            raise FaultsError(f"faults file {path}: field must be one of {', '.join(_HEAD)}, was {name!r}")
    rows = data.get("fault", [])
    if not isinstance(rows, list):
        raise FaultsError(f"faults file {path}: fault must be a list of tables, was {rows!r}")
    faults = tuple(_fault(number, row) for number, row in enumerate(rows))
    skew_ms = _number("clock_skew_ms", data.get("clock_skew_ms", 0), _RANGES["skew_ms"])
    key_s = _number("listen_key_s", data.get("listen_key_s", LISTEN_KEY_NS / 1e9), Range(0.1, TIME_S_MAX))
    seed = int(_number("seed", data.get("seed", seed), Range(0, 2**63, True)))
    return Script(seed, skew_ms, faults, int(key_s * 1e9))


def _fault(number: int, row: object) -> Fault:
    """One `[[fault]]`."""
    try:
        if not isinstance(row, dict):
            raise FaultsError(f"must be a table, was {row!r}")
        kind = _choice("kind", row.get("kind"))
        for name in row:
            if name not in _FIELDS[kind]:
                raise FaultsError(f"a field of {kind} must be one of {', '.join(_FIELDS[kind])}, was {name!r}")
        return Fault(**{name: _value(name, value) for name, value in row.items()})
    except FaultsError as why:
        raise FaultsError(f"fault {number}: {why}") from None


def _value(name: str, value: object) -> Any:
    """The checked value of a field."""
    if name in _CHOICES:
        return _choice(name, value)
    if name in _RANGES:
        found = _number(name, value, _RANGES[name])
        return int(found) if _RANGES[name].whole else found
    if name == "code":
        if value not in ERRORS or not isinstance(value, int):
            raise FaultsError(f"code must be one of {', '.join(map(str, ERRORS))}, was {value!r}")
        return value
    wanted, what = (bool, "true or false") if name == "accepted" else (str, "a text")
    if not isinstance(value, wanted):
        raise FaultsError(f"{name} must be {what}, was {value!r}")
    return value


def _choice(name: str, value: object) -> str:
    if not isinstance(value, str) or value not in _CHOICES[name]:
        raise FaultsError(f"{name} must be one of {', '.join(_CHOICES[name])}, was {value!r}")
    return value


def _number(name: str, value: object, allowed: Range) -> float:
    """A number in its range; neither a truth value nor NaN is one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise FaultsError(f"{name} must be a number, was {value!r}")
    if allowed.whole and not isinstance(value, int):
        raise FaultsError(f"{name} must be a whole number, was {value!r}")
    if not allowed.low <= value <= allowed.high:
        raise FaultsError(f"{name} must lie in {allowed.low:g}..{allowed.high:g}, was {value!r}")
    return value
