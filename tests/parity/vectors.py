"""The committed vectors: lives of pools as the reference EVM lived them, one compressed file a scenario.

catalogue: S4. A file is JSON under zstd: the profile it was drawn from, and the steps. A step holds the operation, what
came of it, and what changed in the pool's state; reading gives the whole state after each step. `manifest.json` names
every file with its count and checksum, the engine, and the hashes of the creation code that answered.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from tests.parity.scenario import Profile
from tests.parity.world import Operation, Outcome, State

PLACE = Path(__file__).parent / "vectors"
MANIFEST = PLACE / "manifest.json"
QUOTES_FILE = PLACE / "quoter.json.zst"
FUNCTIONS_FILE = PLACE / "functions.json.zst"
TABLES = ("ticks", "words", "positions", "observations")


class Step(NamedTuple):
    """One operation of a scenario, what came of it, and the whole state after it."""

    operation: Operation
    outcome: Outcome
    state: State


def pack(value: object) -> bytes:
    """JSON without spaces under zstd: the same value is the same bytes."""
    text = json.dumps(value, separators=(",", ":"))
    return zstandard.ZstdCompressor(level=19).compress(text.encode())


def unpack(data: bytes) -> Any:
    """What `pack` packed."""
    return json.loads(zstandard.ZstdDecompressor().decompress(data))


def write_scenario(profile: Profile, steps: Iterable[Step], place: Path = PLACE) -> dict[str, Any]:
    """Writes one scenario's file and returns its row of the manifest."""
    rows, before, reverts = [], empty_state(), 0
    for operation, outcome, state in steps:
        rows.append([_operation_row(operation), _outcome_row(outcome), changes(before, state)])
        before, reverts = state, reverts + (outcome.revert is not None)
    drawn = {**dataclasses.asdict(profile), "dialect": profile.dialect.name}
    if not profile.far:
        del drawn["far"]  # younger than most of the files, which stay the same bytes
    data = pack({"profile": drawn, "steps": rows})
    (place / f"{profile.name}.json.zst").write_bytes(data)
    return {
        "fee": profile.fee,
        "seed": profile.seed,
        "operations": len(rows),
        "reverts": reverts,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def read_scenario(path: Path) -> tuple[dict[str, Any], Iterator[Step]]:
    """The profile of a file and its steps; the state of a step is not shared with the next."""
    document = unpack(path.read_bytes())
    return document["profile"], _steps(document["steps"])


def _steps(rows: list[Any]) -> Iterator[Step]:
    state = empty_state()
    for operation, outcome, changed in rows:
        state = apply(state, changed)
        yield Step(_operation(operation), Outcome(*_outcome(outcome)), state)


def empty_state() -> State:
    """The state that the first step's changes are relative to."""
    return {table: {} for table in TABLES}


def changes(before: State, after: State) -> dict[str, Any]:
    """What has to be said to get from one state to the next: whole values, and rows of tables (None: gone)."""
    found: dict[str, Any] = {
        name: after[name] for name in after if name not in TABLES and after[name] != before.get(name)
    }
    for table in TABLES:
        old, new = before[table], after[table]
        rows = {
            _key(at): new.get(at) for at in [*old, *(at for at in new if at not in old)] if old.get(at) != new.get(at)
        }
        if rows:
            found[table] = rows
    return found


def apply(before: State, changed: dict[str, Any]) -> State:
    """The state after these changes; `before` is left alone."""
    state = {**before, **{table: dict(before[table]) for table in TABLES}}
    for name, value in changed.items():
        if name not in TABLES:
            state[name] = deepcopy(value)
            continue
        for text, row in value.items():
            at = _place(table=name, text=text)
            if row is None:
                del state[name][at]
            else:
                state[name][at] = row
    return state


def _key(at: int | tuple[int, ...]) -> str:
    return "/".join(map(str, at)) if isinstance(at, tuple) else str(at)


def _place(table: str, text: str) -> int | tuple[int, ...]:
    return tuple(map(int, text.split("/"))) if table == "positions" else int(text)


def _operation_row(operation: Operation) -> dict[str, Any]:
    """The fields that differ from what is usual."""
    row: dict[str, Any] = {}
    for item in dataclasses.fields(Operation):
        value = getattr(operation, item.name)
        if item.default is dataclasses.MISSING or value != item.default:
            row[item.name] = _operation_row(value) if isinstance(value, Operation) else value
    return row


def _operation(row: dict[str, Any]) -> Operation:
    again = _operation(row["again"]) if "again" in row else None
    more = tuple(row.get("more", (0, 0)))
    return Operation(**{**row, "args": tuple(row["args"]), "more": (more[0], more[1]), "again": again})


def _outcome_row(outcome: Outcome) -> list[Any] | str:
    return [outcome.gave, outcome.events] if outcome.revert is None else outcome.revert


def _outcome(row: list[Any] | str) -> tuple[tuple[int, ...], str | None, tuple[tuple[str | int, ...], ...]]:
    if isinstance(row, str):
        return (), row, ()
    return tuple(row[0]), None, tuple(tuple(event) for event in row[1])
