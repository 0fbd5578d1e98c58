"""The report of what py-evm reached: a union over scenarios, each lived once for its vectors.

catalogue: S4.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.contracts import MissingArtifactError, contract
from tests.parity import coverage
from tests.parity.second import Reached
from tests.parity.vectors import PLACE


def test_a_scenario_is_lived_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        contract("UniswapV3Pool")
    except MissingArtifactError as error:
        pytest.skip(f"the reference bytecode is not here: {error}")
    monkeypatch.setattr(coverage, "KEPT", tmp_path)
    path = PLACE / "v3-500-dust.json.zst"
    lived = coverage.kept_or_lived(path, 3)
    assert (lived.operations, lived.differences) == (3, [])
    assert lived.reached.places

    def refuse(*_: object) -> None:
        pytest.fail("it was lived again")

    monkeypatch.setattr(coverage, "live_again", refuse)
    again = coverage.kept_or_lived(path, 3)
    assert (again.code, again.operations, again.reached) == (lived.code, 3, lived.reached)


def test_a_jump_went_both_ways_when_any_two_scenarios_went_one_each() -> None:
    code = bytes.fromhex("5f575f5700")
    report = coverage.Report()
    coverage.add(report, coverage.Report(code, 2, Reached({0, 1, 2, 3}, {1}, {3}), []))
    assert report.jumps() == {1: "never passed", 3: "never taken"}
    coverage.add(report, coverage.Report(code, 1, Reached({1, 4}, {3}, {1}), ["a difference"]))
    assert (report.jumps(), report.unreached(), report.operations) == ({}, [], 3)
    assert report.differences == ["a difference"]
