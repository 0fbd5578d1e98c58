"""Scripted faults: what goes wrong on purpose, where, how often, from one seed (catalogue: S1).

A faults file is TOML:

    seed = 7
    clock_skew_ms = 250          # the venue's clock runs ahead by this much
    [[fault]]
    kind = "delay"               # delay | drop | duplicate | error | disconnect | silence | rate_limit
    where = "ws_api"             # rest | ws_api | stream | user, or any
    market = "spot"              # spot | usdm, or any
    match = "order.place"        # request (`POST /api/v3/order`, `order.place`) or event name, or any
    probability = 0.05           # of each request or message, 1 if left out
    after_s = 5.0                # from when, in seconds since start
    for_s = 10.0                 # for how long
    times = 3                    # at most so often
    delay_ms = 200               # delay: how long
    accepted = true              # error: the request is carried out, and its answer lost behind a 503

`drop` loses an answer (the request was carried out) or a stream message; `silence` loses all of a connection's messages
while the connection stays up; `rate_limit` answers 429.
"""

import random
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from sim.box.clock import BoxClock

KINDS = ("delay", "drop", "duplicate", "error", "disconnect", "silence", "rate_limit")
PLACES = ("any", "rest", "ws_api", "stream", "user")
SKEW_MS_MAX = 86_400_000.0
MARKETS = ("any", "spot", "usdm")
_MARKET = {"spot": "spot", "linear": "usdm"}


class FaultsError(ValueError):
    """A faults file that cannot be used; the text names the field and its value."""


@dataclass(slots=True)
class Fault:
    """One scripted fault; fields as in the file."""

    kind: str
    where: str = "any"
    market: str = "any"
    match: str = ""
    probability: float = 1.0
    after_s: float = 0.0
    for_s: float = float("inf")
    times: int = 2**62
    delay_ms: float = 0.0
    accepted: bool = True
    done: int = field(default=0, init=False)

    def check(self, number: int) -> None:
        """Refuses values that mean nothing, by name."""
        for name, allowed in (("kind", KINDS), ("where", PLACES), ("market", MARKETS)):
            value = getattr(self, name)
            if value not in allowed:
                raise FaultsError(f"fault {number}: {name} must be one of {', '.join(allowed)}, was {value!r}")
        for name in ("probability", "after_s", "for_s", "times", "delay_ms"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise FaultsError(f"fault {number}: {name} must be a number, was {value!r}")
        if not isinstance(self.match, str) or not isinstance(self.accepted, bool):
            raise FaultsError(f"fault {number}: match must be a text and accepted true or false")
        if not 0 <= self.probability <= 1:
            raise FaultsError(f"fault {number}: probability must lie in 0..1, was {self.probability}")
        for name in ("after_s", "for_s", "times", "delay_ms"):
            if getattr(self, name) < 0:
                raise FaultsError(f"fault {number}: {name} must not be negative, was {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Script:
    """A faults file as read: the seed of its dice, how far the venue's clock is off, and the faults."""

    seed: int
    skew_ms: float = 0.0
    faults: tuple[Fault, ...] = ()


class Faults:
    """The script of one market and its dice."""

    def __init__(self, script: Script, clock: BoxClock) -> None:
        """Runs `script` from now on; the same seed and the same traffic give the same faults."""
        self._script = [replace(fault) for fault in script.faults]
        self._dice = random.Random(script.seed)
        self._clock = clock
        self._start_ns = clock.now_ns()

    def strike(self, where: str, market: str, name: str) -> Fault | None:
        """The first fault that hits this request or message, if any."""
        if not self._script:
            return None
        since_s = (self._clock.now_ns() - self._start_ns) / 1e9
        for fault in self._script:
            if self._hits(fault, where, market, name, since_s) and self._dice.random() < fault.probability:
                fault.done += 1
                return fault
        return None

    def touches(self, where: str) -> bool:
        """Whether any fault of the script can happen there: lets untouched paths skip the question."""
        return any(fault.where in ("any", where) for fault in self._script)

    @staticmethod
    def _hits(fault: Fault, where: str, market: str, name: str, since_s: float) -> bool:
        return (
            fault.where in ("any", where)
            and fault.market in ("any", _MARKET[market])
            and fault.match in name
            and fault.done < fault.times
            and fault.after_s <= since_s < fault.after_s + fault.for_s
        )


def load_script(path: Path | None, seed: int) -> Script:
    """The script of a file, or an empty one without a file; `seed` counts where the file has none."""
    if path is None:
        return Script(seed)
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, ValueError) as why:
        raise FaultsError(f"faults file {path}: {why}") from None
    strange = set(data) - {"seed", "clock_skew_ms", "fault"}
    if strange:
        raise FaultsError(f"faults file {path}: unknown field {sorted(strange)[0]!r}")
    known = {row.name for row in fields(Fault) if row.init}
    faults = []
    for number, row in enumerate(data.get("fault", [])):
        unknown = set(row) - known
        if unknown or "kind" not in row:
            raise FaultsError(f"fault {number}: fields must be kind and {sorted(known)}, was {sorted(row)}")
        fault = Fault(**row)
        fault.check(number)
        faults.append(fault)
    skew_ms = data.get("clock_skew_ms", 0)
    if not isinstance(skew_ms, (int, float)) or isinstance(skew_ms, bool) or abs(skew_ms) > SKEW_MS_MAX:
        raise FaultsError(f"clock_skew_ms must be a number within {SKEW_MS_MAX:.0f}, was {skew_ms!r}")
    return Script(_whole(data.get("seed", seed)), float(skew_ms), tuple(faults))


def _whole(seed: object) -> int:
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise FaultsError(f"seed must be a whole number, was {seed!r}")
    return seed
