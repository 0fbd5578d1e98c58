"""A skipped test is named at the end of a run, with its reason: a skip must not look like a pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
