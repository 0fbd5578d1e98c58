"""Makes the golden journal: a short session of a maker against the compiled exchange, then a restart.

Usage, from the checkout's root: `python -m tests.golden.make_journal DIRECTORY`. Writes `DIRECTORY/journal/` and
`DIRECTORY/journal.json` with what a replay of it must give. Everything is stepped and seeded, so the same build writes
the same events (how the writer groups them into frames is a matter of timing). Remake it only where a component's
version was changed on purpose, and say so in the commit.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from native import _core
from pycore.glft_maker import GlftMaker
from pycore.strategy import Contract
from tests.venue_loop import STEP_NS, Loop

SEED = 26
STEPS = 80
SECOND_NS = 1_000_000_000
PARAMS: dict[str, Any] = {
    "a": 3.0,
    "k": 0.4,
    "gamma": 0.002,
    "xi": 0.002,
    "sigma": 4.0,
    "decay": 0.9,
    "size": 20,
    "levels": 2,
    "step_ticks": 3,
    "min_spread_ticks": 2,
    "requote_ticks": 2,
    "max_position": 50,
}


def trade(journal: str) -> int:
    """The first session: a maker trades for four seconds; the time at its end."""
    loop = Loop(SEED, journal)
    maker = GlftMaker(Contract(1, "linear", "BTCUSDT", Decimal("0.1"), Decimal("0.001")), PARAMS)

    def quote(engine: _core.Engine, ts: int, mono: int) -> None:
        view = engine.view(1, 1, 1)
        if view.happened:
            engine.propose(1, 1, 1, maker.generate_proposals(view), ts, mono)

    loop.after = quote
    for _ in range(STEPS):
        loop.step()
    loop.engine.close()
    return loop.now


def restart(journal: str, now: int) -> None:
    """The second session: what was open is unknown, a halt and a new day come, and the orders are asked about."""
    engine = _core.Engine(journal, build="golden", config_digest=bytes(32), now=now)
    stream = engine.stream("market")
    engine.link(stream, "market", True, 0, now, now)
    for verb in ("halt", "cancel_all", "resume", "roll_day"):
        now += STEP_NS
        engine.command(verb, now, now)
    for _ in range(3):
        now += SECOND_NS
        engine.timer(now, now)
    engine.link(stream, "market", False, 0, now, now)
    engine.close()


def expected(journal: str) -> dict[str, Any]:
    """What a replay gives: events and hashes."""
    replay = _core.Replay(journal)
    return {**replay.run(), "components": replay.component_hashes()}


def main(words: list[str]) -> int:
    """Writes journal and figures into the directory."""
    directory = Path(words[0])
    journal = directory / "journal"
    journal.mkdir(parents=True)
    restart(str(journal), trade(str(journal)))
    (directory / "journal.json").write_text(json.dumps(expected(str(journal)), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
