"""The committed vectors are what the manifest says, and what the reference EVM would answer again.

catalogue: S4.
"""

from __future__ import annotations

import hashlib
import json

import pytest

from sim import contracts
from tests.parity.lives import live
from tests.parity.profiles import profiles
from tests.parity.vectors import MANIFEST, PLACE, changes, empty_state, read_scenario

WRITTEN = json.loads(MANIFEST.read_text())


def test_every_file_is_the_one_that_the_manifest_names() -> None:
    files = {path.name.removesuffix(".json.zst"): path for path in PLACE.glob("*.json.zst")}
    del files["functions"], files["quoter"], files["claims"]
    assert set(files) == set(WRITTEN["scenarios"])
    for name, row in WRITTEN["scenarios"].items():
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == row["sha256"], name
        assert len(list(read_scenario(files[name])[1])) == row["operations"], name


def test_the_vectors_hold_every_operation_and_every_reason() -> None:
    """What the rules can refuse is refused somewhere; LA cannot happen, because LO comes first."""
    seen: dict[str, set[str | None]] = {}
    for path in PLACE.glob("v3-*.json.zst"):
        for operation, outcome, _ in read_scenario(path)[1]:
            seen.setdefault(operation.do, set()).add(outcome.revert)
    assert all(None in reasons for reasons in seen.values())
    reasons = {reason for found in seen.values() for reason in found if reason}
    assert {"LOK", "AI", "R", "TLU", "TLM", "TUM", "LO", "LS", "NP", "AS", "SPL", "IIA"} <= reasons
    assert {"M0", "M1", "F0", "F1", "L", "TF", "I", "OLD"} <= reasons


@pytest.mark.parametrize("name", ["v3-100-wrap", "v3-cheats", "pancake-protocol", "v4-dust", "v2-shares"])
def test_the_reference_answers_the_same_again(name: str) -> None:
    try:
        contracts.contract("UniswapV3Pool")
    except contracts.MissingArtifactError as error:
        pytest.skip(f"the reference bytecode is not here: {error}")
    profile = next(profile for profile in profiles() if profile.name == name)
    kept = read_scenario(PLACE / f"{name}.json.zst")[1]
    before = empty_state()
    for place, (fresh, step) in enumerate(zip(live(profile), kept, strict=True)):
        assert fresh == step, f"operation {place}: {changes(before, fresh.state)}"
        before = step.state
