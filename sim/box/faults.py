"""Scripted faults: what goes wrong on purpose, where, how often, from one seed (catalogue: S1).

The file, its fields and an example are explained in docs/box.md; `faults_file` reads it. Time counts in seconds since
the market was opened. The same script, seed and traffic give the same faults.
"""

import random
from dataclasses import dataclass, field, replace

from sim.box.clock import NS_PER_MS, BoxClock, Skew
from sim.box.errors import ApiError, refuse
from sim.box.users import LISTEN_KEY_NS

KINDS = ("delay", "drop", "duplicate", "error", "disconnect", "silence", "rate_limit", "clock_skew")
PLACES = ("any", "rest", "ws_api", "stream", "user")
MARKETS = ("any", "spot", "usdm")
# What an `error` may answer: the venue's refusal by its code.
ERRORS = {-1000: "UNKNOWN", -1001: "DISCONNECTED", -1006: "UNEXPECTED", -1007: "TIMEOUT", -1008: "OVERLOADED"}
FOREVER_S = float("inf")
_MARKET = {"spot": "spot", "linear": "usdm"}
_NS_PER_S = 1_000_000_000


@dataclass(slots=True)
class Fault:
    """One scripted fault; fields as in the file."""

    kind: str
    where: str = "any"
    market: str = "any"
    match: str = ""
    probability: float = 1.0
    after_s: float = 0.0
    for_s: float = FOREVER_S
    every_s: float = FOREVER_S
    times: int = 2**62
    delay_ms: float = 0.0
    accepted: bool = True
    code: int | None = None
    retry_after_s: int = 1
    ban_after: int = 2**62
    skew_ms: float = 0.0
    done: int = field(default=0, init=False)

    def is_on(self, since_s: float) -> bool:
        """Whether its window is open `since_s` after the start."""
        into_s = since_s - self.after_s
        if into_s < 0:
            return False
        return (into_s if self.every_s == FOREVER_S else into_s % self.every_s) < self.for_s

    def answer(self) -> ApiError:
        """What an `error` or a `rate_limit` answers: 5xx, or 429 and in the end 418 with `Retry-After`."""
        if self.kind == "rate_limit":
            banned = self.done > self.ban_after
            error = refuse("BANNED", "later") if banned else refuse("TOO_MANY_WEIGHT", 1, 1, "MINUTE")
            error.retry_after_s = self.retry_after_s
            return error
        error = refuse(ERRORS[self.code or (-1007 if self.accepted else -1001)])
        # Whatever the venue's status is for the code: here the request failed on the way.
        error.status = 503
        return error


@dataclass(frozen=True, slots=True)
class Script:
    """A faults file as read: seed of its dice, the venue's clock's skew, the faults, how long a listen key lives."""

    seed: int
    skew_ms: float = 0.0
    faults: tuple[Fault, ...] = ()
    listen_key_ns: int = LISTEN_KEY_NS

    def clock(self) -> BoxClock:
        """The venue's clock with its skews."""
        skews = [
            Skew(
                int(fault.skew_ms * NS_PER_MS), int(fault.after_s * _NS_PER_S),
                None if fault.for_s == FOREVER_S else int(fault.for_s * _NS_PER_S),
                None if fault.every_s == FOREVER_S else int(fault.every_s * _NS_PER_S),
            )
            for fault in self.faults
            if fault.kind == "clock_skew"
        ]  # fmt: skip
        return BoxClock(int(self.skew_ms * NS_PER_MS), tuple(skews))


class Faults:
    """The script of one market and its dice."""

    def __init__(self, script: Script, clock: BoxClock) -> None:
        """Runs `script` from now on; the same seed and the same traffic give the same faults."""
        self._script = [replace(fault) for fault in script.faults if fault.kind != "clock_skew"]
        self._dice = random.Random(script.seed)
        self._clock = clock

    def strike(self, where: str, market: str, name: str) -> Fault | None:
        """The first fault that hits this request or message, if any."""
        if not self._script:
            return None
        since_s = self._clock.since_start_ns() / _NS_PER_S
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
            and fault.is_on(since_s)
        )
