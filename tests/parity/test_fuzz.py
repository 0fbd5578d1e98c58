"""The live differential fuzzer: a short run finds nothing, a wrong core is found, and a run goes on where it stopped.

catalogue: S4.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sim import contracts
from tests.parity import fuzz
from tests.parity.ours import OurPool
from tests.parity.world import Operation, Outcome


@pytest.fixture(autouse=True)
def reference() -> None:
    try:
        contracts.contract("UniswapV3Pool")
    except contracts.MissingArtifactError as error:
        pytest.skip(f"the reference bytecode is not here: {error}")


def test_a_short_run_finds_no_difference() -> None:
    tally = fuzz.fuzz(1200, seed=7, place=None, each=400)
    assert tally.swaps >= 1200
    assert tally.rounds == 3
    assert tally.others > 0
    assert tally.reverts > 0


def test_a_core_that_is_off_by_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    run = OurPool.run

    def wrong(pool: OurPool, operation: Operation) -> Outcome:
        outcome = run(pool, operation)
        if operation.do != "swap" or outcome.revert is not None:
            return outcome
        return replace(outcome, gave=(outcome.gave[0] + 1, outcome.gave[1]))

    monkeypatch.setattr(OurPool, "run", wrong)
    with pytest.raises(fuzz.DifferenceError, match=r"seed 7, round 0 .* ours Outcome"):
        fuzz.fuzz(100, seed=7, place=None, each=100)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    fuzz.fuzz(200, seed=3, place=tmp_path, each=200)
    kept = json.loads((tmp_path / "fuzz-3.json").read_text())
    again = fuzz.fuzz(kept["swaps"], seed=3, place=tmp_path, each=200)
    assert vars(again) == kept


def test_no_swaps_are_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--swaps", "0"]) == 2
    assert "SWAPS must be at least 1, was 0" in capsys.readouterr().err
