"""Our pools live the committed scenarios: every result, revert and event, and the whole state after each operation.

catalogue: S4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.parity.dialect import DIALECTS
from tests.parity.ours import OurPool, only_evm
from tests.parity.scenario import SPACINGS
from tests.parity.vectors import PLACE, QUOTES_FILE, changes, empty_state, read_scenario, unpack

SCENARIOS = sorted(
    path for path in PLACE.glob("*.json.zst") if path.name.split("-", maxsplit=1)[0] in ("v3", "pancake")
)


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.name.split(".", maxsplit=1)[0] for path in SCENARIOS])
def test_our_pool_lives_as_the_bytecode_does(path: Path) -> None:
    profile, steps = read_scenario(path)
    pool = OurPool(DIALECTS[profile["dialect"]], profile["fee"], SPACINGS[profile["fee"]])
    for place, (operation, outcome, state) in enumerate(steps):
        if not only_evm(operation, outcome):
            assert pool.run(operation) == outcome, f"operation {place}: {operation}"
        ours = pool.state()
        assert ours == state, f"operation {place}, {operation}: ours against the EVM's {differing(ours, state)}"


def differing(ours: dict[str, object], theirs: dict[str, object]) -> dict[str, object]:
    """What would have to change in our state, and what the EVM's has there."""
    before = {**empty_state(), **ours}
    return {"ours": changes({**empty_state(), **theirs}, before), "theirs": changes(before, theirs)}


def test_quotes_are_those_of_the_deployed_quoter_with_its_miscount() -> None:
    for name, rows in unpack(QUOTES_FILE.read_bytes()).items():
        profile, steps = read_scenario(PLACE / f"{name}.json.zst")
        pool = OurPool(DIALECTS[profile["dialect"]], profile["fee"], SPACINGS[profile["fee"]])
        asked: dict[int, list[Any]] = {}
        for question, answer in rows:
            asked.setdefault(question[0], []).append((question, answer))
        for lived, (operation, outcome, _) in enumerate(steps, start=1):
            if not only_evm(operation, outcome):
                pool.run(operation)
            for (_, zero_for_one, exact_input, amount, limit), answer in asked.get(lived, []):
                got = pool.quote(zero_for_one, exact_input, amount, limit)
                assert got == answer, f"{name} after {lived} operations: {zero_for_one, exact_input, amount, limit}"
