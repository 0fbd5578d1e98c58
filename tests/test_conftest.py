"""A skipped test is named at the end of a run, with its reason; no test runs across a funding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CLEAR_AFTER_S, CLEAR_BEFORE_S, FUNDING_EVERY_S, until_clear_s

ROOT = Path(__file__).resolve().parents[1]
SKIPPING = """
import pytest

def test_one(): pytest.skip("the recordings are not here")

@pytest.mark.skip(reason="no such device")
def test_two(): pass

def test_three(): pass
"""


def test_skipped_tests_are_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "NOT TESTED: 2" in done.stdout
    assert "1 x the recordings are not here" in done.stdout
    assert "1 x no such device" in done.stdout


@pytest.mark.parametrize("funding_s", [0, FUNDING_EVERY_S, 1_000 * FUNDING_EVERY_S])
def test_no_test_begins_shortly_before_or_at_a_funding(funding_s: int) -> None:
    clear_s = funding_s + CLEAR_AFTER_S
    for now_s in (funding_s - CLEAR_BEFORE_S + 1, funding_s - 0.5, funding_s, funding_s + 1):
        assert now_s + until_clear_s(now_s) == clear_s
    for now_s in (funding_s - CLEAR_BEFORE_S, clear_s, funding_s + FUNDING_EVERY_S / 2):
        assert until_clear_s(now_s) == 0
