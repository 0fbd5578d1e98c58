"""Whether the engine is well: a named state for each of its parts, from the published state alone.

catalogue: Q3, K5. `ok` everywhere is health; anything else says in one sentence what was found and what is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycore.config import Config

#: A durable mark that stands still for longer than this, ms, while events wait, means that the disk stands still.
STANDING_MS_MAX = 2_000
#: An event loop later than this, ms, misses the venue's pings and its own deadlines.
LOOP_LAG_MS_MAX = 1_000


def health(phase: str, state: Mapping[str, Any], config: Config) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and the body of `/health`; `state` is empty while the engine is not there yet."""
    parts = {"engine": _engine(phase)}
    if state:
        parts |= {
            "trading": _judged("halted", state["halted"], "only cancels pass until it is resumed"),
            "journal": _journal(state["journal"]),
            "event_loop": _event_loop(state["loop_lag"]["last_ns"] // 1_000_000),
            "disk": _disk(state["host"]["disk_free_mib"], config.watch.disk_free_mib),
            "memory": _memory(state["host"]["memory_mib"], config.watch.memory_mib),
            **{f"book {key}": _book(facts["top"]) for key, facts in state["instruments"].items()},
            **{f"source {name}": _source(facts) for name, facts in state["sources"].items()},
            **{f"stream {name}": _stream(facts) for name, facts in state["streams"].items()},
        }
    well = all(part["state"] == "ok" for part in parts.values())
    return well, {"status": "ok" if well else "not ok", "phase": phase, "parts": parts}


def _judged(name: str, wrong: bool, why: str) -> dict[str, str]:
    return {"state": name, "why": why} if wrong else {"state": "ok", "why": ""}


def _engine(phase: str) -> dict[str, str]:
    if phase == "run":
        return _judged("ok", False, "")
    name = {"stop": "stopping", "stopped": "stopped", "killing": "killing"}.get(phase, "starting")
    return _judged(name, True, f"phase must be run, was {phase}")


def _journal(found: Mapping[str, int]) -> dict[str, str]:
    standing = found["standing_ms"]
    why = f"the durable mark must move within {STANDING_MS_MAX} ms, was {standing} ms with {found['lag']} events behind"
    return _judged("standing", standing > STANDING_MS_MAX, why)


def _event_loop(lag_ms: int) -> dict[str, str]:
    return _judged("late", lag_ms > LOOP_LAG_MS_MAX, f"lag must stay below {LOOP_LAG_MS_MAX} ms, was {lag_ms}")


def _disk(free_mib: int, bound_mib: int) -> dict[str, str]:
    return _judged("low", free_mib < bound_mib, f"free disk must stay above {bound_mib} MiB, was {free_mib}")


def _memory(used_mib: int, bound_mib: int) -> dict[str, str]:
    return _judged("high", used_mib > bound_mib, f"memory must stay below {bound_mib} MiB, was {used_mib}")


def _book(top: object) -> dict[str, str]:
    return _judged("not in sync", top is None, "the book waits for a snapshot")


def _source(found: Mapping[str, Any]) -> dict[str, str]:
    return _judged("stale", found["stale"], "market data must be heard on a line, was silent on all: nothing is quoted")


def _stream(found: Mapping[str, Any]) -> dict[str, str]:
    if not found["up"]:
        return _judged("down", True, f"must be connected, was down after {found['reconnects']} reconnects")
    # Orders and user data may be silent for as long as nothing happens: their stale_ms is 0.
    silent, bound = found["silent_ms"], found["stale_ms"]
    return _judged("stale", bool(bound) and silent > bound, f"must be heard within {bound} ms, was silent for {silent}")
