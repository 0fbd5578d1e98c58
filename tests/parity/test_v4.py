"""Our v4 against the committed vectors: every operation's outcome with its reason, and the whole state after it.

catalogue: S4.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.ours_v4 import OurV4
from tests.parity.scenario import SPACINGS
from tests.parity.vectors import PLACE, read_scenario


@pytest.mark.parametrize("path", sorted(PLACE.glob("v4-*.json.zst")), ids=lambda path: path.name.partition(".")[0])
def test_every_operation_comes_out_as_the_bytecode_says(path: Path) -> None:
    profile, steps = read_scenario(path)
    ours = OurV4(profile["fee"], SPACINGS[profile["fee"]])
    for place, (operation, outcome, state) in enumerate(steps):
        assert ours.run(operation) == outcome, f"operation {place}: {operation}"
        assert ours.state() == state, f"operation {place}: {operation}"
