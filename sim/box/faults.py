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
from dataclasses import dataclass, field, fields
from pathlib import Path

from sim.box.clock import BoxClock

KINDS = ("delay", "drop", "duplicate", "error", "disconnect", "silence", "rate_limit")
PLACES = ("any", "rest", "ws_api", "stream", "user")
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
        if not 0 <= self.probability <= 1:
            raise FaultsError(f"fault {number}: probability must lie in 0..1, was {self.probability}")
        for name in ("after_s", "for_s", "times", "delay_ms"):
            if getattr(self, name) < 0:
                raise FaultsError(f"fault {number}: {name} must not be negative, was {getattr(self, name)}")


class Faults:
    """The script and its dice."""

    def __init__(self, script: list[Fault], seed: int, clock: BoxClock, skew_ms: float = 0.0) -> None:
        """Runs `script` from now on; the same seed and the same traffic give the same faults."""
        self._script = script
        self._dice = random.Random(seed)
        self._clock = clock
        clock.skew_ns = int(skew_ms * 1_000_000)
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


def load_faults(path: Path | None, seed: int, clock: BoxClock) -> Faults:
    """The faults of a file, or none without one."""
    if path is None:
        return Faults([], seed, clock)
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, ValueError) as why:
        raise FaultsError(f"faults file {path}: {why}") from None
    known = {row.name for row in fields(Fault) if row.init}
    script = []
    for number, row in enumerate(data.get("fault", [])):
        unknown = set(row) - known
        if unknown or "kind" not in row:
            raise FaultsError(f"fault {number}: fields must be kind and {sorted(known)}, was {sorted(row)}")
        fault = Fault(**row)
        fault.check(number)
        script.append(fault)
    strange = set(data) - {"seed", "clock_skew_ms", "fault"}
    if strange:
        raise FaultsError(f"faults file {path}: unknown field {sorted(strange)[0]!r}")
    return Faults(script, int(data.get("seed", seed)), clock, float(data.get("clock_skew_ms", 0)))
