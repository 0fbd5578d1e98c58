"""What a killed engine left in its journal: rebuilt in fresh processes, and compared with what it had told before.

catalogue: S9, K4.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from native import _core
from pycore.notes import Fill
from sim.drill.tally import Verdict


class Evidence:
    """The journal of a drill, and everything that checks have found in it so far."""

    def __init__(self, directory: Path) -> None:
        """Nothing is read yet."""
        self._directory = directory
        #: The last event of the check before, and the state hash there.
        self.checked = 0
        self._hash = ""
        self.orders: set[int] = set()
        self.fills: list[Fill] = []
        #: The newest rebuild: instruments, balances, positions.
        self.state: dict[str, Any] = {"instruments": [], "balances": [], "positions": []}

    async def check(self, acknowledged: int, recovered: tuple[int, str], verdict: Verdict) -> None:
        """Looks at the journal as a kill left it. `acknowledged`: the last event that was told to be durable.

        `recovered`: the event and the state hash that the engine told after its recovery, or 0 and nothing.
        """
        if not any(self._directory.glob("*.seg")):
            if acknowledged:
                verdict.lost.append(f"the journal is empty after {acknowledged} acknowledged events")
            return
        found = _core.journal_verify(str(self._directory))
        if found["damage"] is not None:
            verdict.lost.append(f"the journal is damaged: {found['damage']}")
            return
        self._compare_tail(found, acknowledged, verdict)
        first, newest = await asyncio.gather(
            _fresh(self._directory, "first", self.checked, recovered[0]),
            _fresh(self._directory, "snapshot", self.checked, recovered[0]),
        )
        if isinstance(first, str) or isinstance(newest, str):
            verdict.faults += [why for why in (first, newest) if isinstance(why, str)]
            return
        if first["last_seq"] != found["last_seq"]:
            verdict.faults.append(f"the replay ended at {first['last_seq']}, the journal at {found['last_seq']}")
        told = {self.checked: self._hash, recovered[0]: recovered[1]}
        verdict.faults += _unequal(first, newest, told)
        self._keep(first)

    def _compare_tail(self, found: dict[str, Any], acknowledged: int, verdict: Verdict) -> None:
        last = found["last_seq"]
        verdict.faults += [f"snapshot {name} is damaged" for name in found["damaged_snapshots"]]
        if acknowledged > last:
            verdict.lost.append(f"events {last + 1} to {acknowledged} were acknowledged and are lost")
        if self.checked > last:
            verdict.lost.append(f"the journal ended at {self.checked} before and ends at {last} now")

    def _keep(self, first: dict[str, Any]) -> None:
        self.checked, self._hash = first["last_seq"], first["state_hash"]
        self.orders |= set(first["orders"])
        self.fills += [Fill._make(row) for row in first["fills"]]
        self.state = first

    @property
    def state_hash(self) -> str:
        """The state hash after the last event that was checked."""
        return self._hash


def _unequal(first: dict[str, Any], newest: dict[str, Any], told: dict[int, str]) -> list[str]:
    """Where the replays differ from each other, or from the hashes that were told of their events."""
    faults = [
        f"the state after event {seq} is {first['hashes'].get(str(seq))} and was {state_hash}"
        for seq, state_hash in told.items()
        if state_hash and first["hashes"].get(str(seq)) != state_hash
    ]
    if (first["last_seq"], first["state_hash"]) != (newest["last_seq"], newest["state_hash"]):
        faults.append(
            f"from the snapshot: {newest['last_seq']} {newest['state_hash']}, "
            f"from the first event: {first['last_seq']} {first['state_hash']}"
        )
    return faults


async def _fresh(directory: Path, mode: str, checked: int, recovered: int) -> dict[str, Any] | str:
    """What `sim.drill.rebuild` prints in a process of its own, or why it failed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sim.drill.rebuild",
        str(directory),
        mode,
        str(checked),
        str(recovered),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    out, err = await child.communicate()
    if child.returncode != 0:
        lines = err.decode(errors="replace").strip().splitlines()
        return f"replay ({mode}) failed: {lines[-1] if lines else child.returncode}"
    found: dict[str, Any] = json.loads(out)
    return found
