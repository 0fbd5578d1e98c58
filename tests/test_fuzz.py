"""`make fuzz`: what libFuzzer says becomes executions and findings, and nothing that went wrong is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import fuzz

ENDED = """#2\tINITED cov: 39 ft: 40 corp: 1/27b exec/s: 0 rss: 28Mb
#9171\tDONE   cov: 93 ft: 117 corp: 23/234b lim: 58 exec/s: 1310 rss: 28Mb
stat::number_of_executed_units: 9171
stat::average_exec_per_sec:     1310
"""
BROKEN = """#512\tNEW    cov: 93 ft: 117 corp: 23/234b lim: 58 exec/s: 0 rss: 28Mb L: 5/9 MS: 1
==7== ERROR: libFuzzer: deadly signal
artifact_prefix='findings/okx-'; Test unit written to findings/okx-crash-da39a3
"""


def test_a_run_that_ended_well_has_executions_and_no_findings() -> None:
    assert fuzz.found("okx", ENDED, 0) == fuzz.Found("okx", 9171, 93, ())


def test_a_finding_is_its_file() -> None:
    assert fuzz.found("okx", BROKEN, 77) == fuzz.Found("okx", 512, 93, ("findings/okx-crash-da39a3",))


def test_a_run_that_could_not_begin_is_a_finding_too() -> None:
    assert fuzz.found("okx", "", 2).findings == ("exit 2: no output",)
    assert fuzz.found("okx", "no such folder\n", 1).findings == ("exit 1: no such folder",)


def test_the_summary_adds_up() -> None:
    results = [fuzz.found("okx", ENDED, 0), fuzz.found("itch", BROKEN, 77)]
    wanted = {"summary": True, "suite": "fuzz", "targets": 2, "executions": 9683, "crashes": 1}
    assert fuzz.summary(results) == wanted


def test_each_target_has_its_own_corpus_and_findings(tmp_path: Path) -> None:
    words = fuzz.arguments("okx", 5, tmp_path)
    assert words[0] == "okx"
    assert "-max_total_time=5" in words
    assert words[-2:] == [str(tmp_path / "corpus" / "okx"), str(tmp_path / "seeds" / "okx")]
    assert (tmp_path / "corpus" / "okx").is_dir()
    assert (tmp_path / "findings").is_dir()


def test_a_time_below_a_second_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--seconds", "0"]) == 2
    assert "SECONDS must be at least 1, was 0" in capsys.readouterr().err
