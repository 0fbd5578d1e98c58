"""The command: exit codes, one sentence on stderr, JSON lines with a summary last, and never a traceback."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from native._core import DamagedError, InputError
from pycore import cli
from pycore.errors import CheckError, ConfigError, SafetyError

ROOT = Path(__file__).resolve().parents[1]
PAPER = str(ROOT / "deploy" / "config" / "paper.toml")
LIVE = str(ROOT / "deploy" / "config" / "live.toml")
KEYS = {"TICKWRIGHT_API_KEY": "k", "TICKWRIGHT_API_SECRET": "secret-of-the-test"}


def tickwright(*words: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command as a process, as a script would."""
    return subprocess.run(
        [sys.executable, "-m", "pycore.cli", *words],
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "verbs:"),
        (("--help",), 0, "verbs:"),
        (("fly",), 2, "was 'fly'"),
        (("config",), 2, "required"),
        (("config", "check"), 2, "CONFIG"),
        (("config", "check", PAPER), 0, "paper"),
        (("config", "check", "/no/such.toml"), 2, "was /no/such.toml"),
        (("config", "check", PAPER, "--set", "mode=fun"), 2, "was 'fun'"),
    ],
)
def test_exit_codes(words: tuple[str, ...], code: int, told: str) -> None:
    done = tickwright(*words)
    assert done.returncode == code, done.stderr
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_json_is_one_object_a_line_and_the_summary_is_last() -> None:
    done = tickwright("config", "check", PAPER, "--json", "--set", "mode=fun", "--set", "journal.segment_mib=0")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row.get("summary", False) for row in rows] == [False] * (len(rows) - 1) + [True]
    assert {row["field"] for row in rows[:-1]} == {"mode", "journal.segment_mib"}
    assert rows[-1]["faults"] == 2


@pytest.mark.parametrize("name", sorted(cli.verbs()))
def test_each_verb_shows_an_example(name: str) -> None:
    done = tickwright(name, "--help")
    assert done.returncode == 0
    assert f"example:\n  tickwright {name}" in done.stdout


class Verb:
    """A verb that raises what it is given."""

    def __init__(self, act: Callable[[], int]) -> None:
        self.act = act

    def register(self, parser: argparse.ArgumentParser) -> None:
        parser.description = "Raises."

    def run(self, args: argparse.Namespace) -> int:
        return self.act()


def fail(error: BaseException) -> Callable[[], int]:
    """A function that raises."""

    def act() -> int:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("price must be above zero, was -1"), 2),
        (ConfigError("a.toml", [("mode", "is missing")]), 2),
        (DamagedError("segment 3 is damaged at offset 4096"), 1),
        (CheckError("hashes must be equal, was different"), 1),
        (SafetyError("live needs --live, was absent"), 3),
        (KeyboardInterrupt(), 130),
        (FileNotFoundError(2, "No such file or directory", "x.journal"), 2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_each_error_has_its_exit_code_and_one_line(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = argparse.Namespace(name="fails", load=lambda: Verb(fail(error)))
    monkeypatch.setattr(cli, "verbs", lambda: {"fails": entry})
    assert cli.main(["fails"]) == code
    told = capsys.readouterr()
    assert told.err.startswith("tickwright fails: ")
    assert told.err.count("\n") == 1
    assert not told.out


def test_an_interrupt_before_a_verb_begins_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = argparse.Namespace(name="slow", load=fail(KeyboardInterrupt()))
    monkeypatch.setattr(cli, "verbs", lambda: {"slow": entry})
    assert cli.main(["slow"]) == 130
    assert capsys.readouterr().err == "tickwright: interrupted before anything began\n"


def test_a_closed_pipe_is_no_fault() -> None:
    done = subprocess.run(
        f"{sys.executable} -m pycore.cli --help | head -c 1", shell=True, cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
