"""`make test` itself: it runs every step whatever fails, says so, and exits with the truth."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sim.accept import evidence
from tests import run
from tests.run import Outcome, Step


def test_a_failure_does_not_stop_the_steps_behind_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    steps = [
        Step("breaks", (sys.executable, "-c", "raise SystemExit(3)")),
        Step("holds", (sys.executable, "-c", "print('ran')")),
    ]
    monkeypatch.setattr(run, "steps", lambda: steps)
    monkeypatch.setattr(run, "COVERAGE_FILE", tmp_path / "coverage.json")
    kept: list[list[Outcome]] = []
    monkeypatch.setattr(run, "keep_record", kept.append)
    assert run.main([]) == 1
    assert [(outcome.name, outcome.code) for outcome in kept[0]] == [("breaks", 3), ("holds", 0)]
    out = capfd.readouterr().out
    assert "\nran\n" in out
    assert "1 of 2 failed: breaks" in out
    assert run.main(["holds"]) == 0
    assert "all 1 hold" in capfd.readouterr().out
    assert len(kept) == 1, "a part of the steps is no record of all"


def test_the_record_of_a_run_has_its_coverage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "COVERAGE_FILE", tmp_path / "coverage.json")
    assert run.coverage_percent() is None
    (tmp_path / "coverage.json").write_text('{"totals": {"percent_covered": 94.5}}')
    kept: list[object] = []
    monkeypatch.setattr(evidence, "keep", lambda *record: kept.append(record))
    run.keep_record([Outcome("a", 0, 1.0)])
    assert kept == [({"a": 0}, 94.5)]


def test_an_unknown_step_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["nonsense"]) == 2
    assert "no step is named like ['nonsense']" in capsys.readouterr().err


def test_the_summary_names_every_failure() -> None:
    text = run.summary([Outcome("a", 0, 1.0), Outcome("b", 1, 2.0), Outcome("c", 2, 3.0)])
    assert text.splitlines()[-1] == "2 of 3 failed: b, c (6 s)"


def test_every_compiled_module_is_compared_with_its_stub(tmp_path: Path) -> None:
    (tmp_path / "native").mkdir()
    (tmp_path / "native/maker.pyx").touch()
    assert run.compiled_modules(tmp_path) == ["native._core", "native.maker"]


def test_the_gate_runs_everything_the_issue_names() -> None:
    commands = [" ".join(step.command) for step in run.steps()]
    for words in (
        "cargo fmt",
        "clippy",
        "-D warnings",
        "cargo test",
        "ruff check",
        "ruff format",
        "mypy",
        "stubtest",
        "bandit",
    ):
        assert any(words in command for command in commands), words
    assert any(f"--cov-fail-under={run.COVERAGE_PERCENT_MIN}" in command for command in commands)
    assert run.COVERAGE_PERCENT_MIN >= 80
