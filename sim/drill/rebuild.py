"""Rebuilds a journal's state in a process of its own and prints what the drill compares, as one JSON object.

catalogue: S9, K4. Usage: `python -m sim.drill.rebuild JOURNAL first|snapshot CHECKED RECOVERED`. `first` replays from
the first event; `snapshot` from the newest snapshot. CHECKED is the last event of the check before, RECOVERED the one
at which a restarted engine told its hash (0: none): the hashes there are printed too, so that each is compared with
what was told when that event was new. Proposals and fills after CHECKED are listed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from native._core import Replay
from pycore.notes import Fill

_ORDER = 9


def first(journal: str, checked: int, recovered: int) -> dict[str, Any]:
    """A replay from the first event that stops where hashes are known, and collects the rest's orders and fills."""
    replay = Replay(journal, collect=True)
    hashes: dict[str, str] = {}
    replay.run(checked)
    hashes[str(checked)] = replay.state_hash()
    orders: list[int] = []
    fills: list[Fill] = []
    while (row := replay.step()) is not None:
        if row[1] == "proposal":
            orders.append(row[_ORDER])
        fills += [Fill._make(note) for note in replay.events() if note[1] == "fill"]
        if row[0] == recovered:
            hashes[str(recovered)] = replay.state_hash()
    return {
        "last_seq": replay.last_seq,
        "state_hash": replay.state_hash(),
        "hashes": hashes,
        "orders": orders,
        "fills": fills,
        "instruments": replay.instruments(),
        "balances": replay.balances(),
        "positions": replay.positions(),
    }


def newest(journal: str) -> dict[str, Any]:
    """A replay from the newest snapshot."""
    replay = Replay(journal, from_snapshot=True)
    found = replay.run()
    return {"last_seq": found["last_seq"], "state_hash": found["state_hash"], "events": found["events"]}


def main(words: list[str]) -> int:
    """Prints the object; an exception ends the process with 1 and says where the journal is damaged."""
    journal, mode, checked, recovered = words
    print(json.dumps(first(journal, int(checked), int(recovered)) if mode == "first" else newest(journal)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
