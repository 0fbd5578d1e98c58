"""deploy/profile.sh beside made-up tools: what it says without a merger, and which one it takes when one cannot read.

The real thing builds the core twice and trades a demo; `make fast` is run by hand.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "deploy" / "profile.sh"
PLAIN = ("bash", "cat", "env", "ls", "mkdir", "rm", "sort", "tail", "touch")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with an interpreter that pretends to build, and to trade a demo that leaves one profile behind."""
    command(
        tmp_path / ".venv/bin", "python", 'case "$*" in *demo*) mkdir -p out/counts; touch out/counts/1.profraw;; esac'
    )
    command(tmp_path / "tools", "rustc", f'[ "$1" = --print ] && echo {tmp_path}/sysroot || echo rustc 9.9')
    for name in PLAIN:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "tools" / name).symlink_to(found)
    command(tmp_path / "tools", "llvm-profdata-99", "echo too new >&2; exit 1")
    command(tmp_path / "tools", "llvm-profdata-98", 'while [ "$1" != -o ]; do shift; done; echo merged by 98 > "$2"')
    return tmp_path


def command(place: Path, name: str, body: str) -> None:
    """A made-up command."""
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(f"#!/bin/bash\n{body}\n")
    (place / name).chmod(0o755)


def profile(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the script in a made-up checkout, with only its commands."""
    environment = {"PATH": str(place / "tools")}
    return subprocess.run(
        [SCRIPT, *words], cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_merger_that_can_read_the_counters_is_taken(checkout: Path) -> None:
    done = profile(checkout, "out")
    assert done.returncode == 0, done.stderr
    assert (checkout / "out/core.profdata").read_text() == "merged by 98\n"
    assert not (checkout / "out/counts").exists()


def test_without_any_merger_nothing_is_built_and_the_line_is_told(checkout: Path) -> None:
    for name in ("llvm-profdata-99", "llvm-profdata-98"):
        (checkout / "tools" / name).unlink()
    done = profile(checkout, "out")
    assert done.returncode == 1
    assert "rustup component add llvm-tools" in done.stderr
    assert not (checkout / "out").exists()


def test_counters_that_nothing_here_reads_are_told_with_the_compiler(checkout: Path) -> None:
    command(checkout / "tools", "llvm-profdata-98", "echo raw profile version mismatch >&2; exit 1")
    done = profile(checkout, "out")
    assert done.returncode == 1
    assert "reads what rustc 9.9 counts: raw profile version mismatch" in done.stderr


def test_a_folder_must_be_named(checkout: Path) -> None:
    done = profile(checkout)
    assert done.returncode != 0
    assert "usage: deploy/profile.sh DIR" in done.stderr
