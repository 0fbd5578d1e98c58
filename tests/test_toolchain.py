"""deploy/toolchain.sh on a machine that lacks everything: it says what, and the one line for an administrator."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "deploy" / "toolchain.sh"
PLAIN = ("bash", "cut", "cat", "dirname", "grep", "head", "paste", "sed", "sort")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of commands like a bare server's for a user without rights: no compiler, no Python, no Rust, no apt."""
    for name in PLAIN:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    command(tmp_path, "id", "echo 1000")
    return tmp_path


def command(place: Path, name: str, body: str) -> None:
    """A made-up command."""
    (place / name).write_text(f"#!/bin/bash\n{body}\n")
    (place / name).chmod(0o755)


def check(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the script with only that folder's commands."""
    environment = {"PATH": str(place), "HOME": str(place)}
    return subprocess.run([SCRIPT, *words], env=environment, capture_output=True, text=True, check=False)


def test_a_user_without_rights_is_told_what_is_missing_and_one_line(bare: Path) -> None:
    done = check(bare)
    assert done.returncode == 1
    assert done.stdout == ""
    for lack in ("Python 3.11", "a C compiler", "cargo and rustc 1.91 or newer (found: none)"):
        assert lack in done.stderr
    told = [line for line in done.stderr.splitlines() if "apt-get install -y --no-install-recommends" in line]
    if debian():
        assert len(told) == 1
        assert {"python3-venv", "python3-dev", "gcc"} <= set(told[0].split())
    else:
        assert "rustup" in done.stderr


def debian() -> bool:
    """Whether this machine is one whose packages the script knows."""
    text = Path("/etc/os-release").read_text() if os.path.exists("/etc/os-release") else ""
    return "debian" in text or "ubuntu" in text


def test_an_old_rust_is_named_with_its_version(bare: Path) -> None:
    command(bare, "rustc", "echo 'rustc 1.63.0 (4b91a6ea7 2022-08-08)'")
    command(bare, "cargo", "true")
    assert "(found: 1.63.0)" in check(bare).stderr


def test_the_linters_are_asked_for_only_by_the_tests(bare: Path) -> None:
    command(bare, "rustc", "echo 'rustc 99.0.0 (made up)'")
    command(bare, "cargo", '[ "$1" = --version ]')
    assert "rustc" not in check(bare).stderr.split("Ask")[0]
    assert "cargo fmt and cargo clippy" in check(bare, "--lint").stderr


def test_the_programs_of_tests_are_installed_by_root_and_only_named_to_others(bare: Path) -> None:
    (bare / "deploy").mkdir()
    (bare / "native").mkdir()
    shutil.copy(SCRIPT.parents[1] / "native" / "Cargo.toml", bare / "native")
    # As on a machine without PostgreSQL, which Debian keeps outside of PATH.
    script = bare / "deploy" / "toolchain.sh"
    script.write_text(SCRIPT.read_text().replace("/usr/lib/postgresql", str(bare / "nowhere")))
    script.chmod(0o755)
    for name, body in (("rustc", "echo 'rustc 99.0.0 (made up)'"), ("cargo", "true"), ("cc", "true")):
        command(bare, name, body)
    (bare / "python3").symlink_to(sys.executable)
    command(bare, "apt-get", 'echo "apt-get $*"')
    environment = {"PATH": str(bare), "HOME": str(bare)}

    def said(*words: str) -> str:
        done = subprocess.run([script, *words], env=environment, capture_output=True, text=True, check=True)
        return done.stderr

    assert "postgresql redis-server nodejs npm" not in said()
    if debian():
        assert "will be skipped without the packages: postgresql redis-server nodejs npm" in said("--lint")
        command(bare, "id", "echo 0")
        assert "apt-get install -y -q --no-install-recommends postgresql redis-server nodejs npm" in said("--lint")
        assert "apt-get" not in said()


def test_an_unknown_argument_is_bad_input(bare: Path) -> None:
    done = check(bare, "--lnit")
    assert done.returncode == 2
    assert "unknown argument '--lnit'" in done.stderr


def test_here_it_is_satisfied_and_names_an_interpreter() -> None:
    python = subprocess.run([SCRIPT, "--python"], capture_output=True, text=True, check=True).stdout.strip()
    version = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info >= (3, 11))"], capture_output=True, text=True, check=True
    )
    assert version.stdout.strip() == "True"
