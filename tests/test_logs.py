"""Logs: JSON lines with phase and fields, rotation by size and count, and never a secret."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from pycore import logs
from pycore.config import Log
from pycore.credentials import Credentials
from pycore.errors import ConfigError

SECRETS = Credentials("an-api-key-of-the-venue", "a-secret-of-the-venue")
log = logging.getLogger("tests.logs")


def rows(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a log file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_has_everything_that_it_should(tmp_path: Path) -> None:
    path, people = tmp_path / "deep" / "engine.jsonl", io.StringIO()
    with logs.written(Log(file=str(path)), SECRETS, people) as told:
        told.phase = lambda: "run"
        log.info("%(market)s is up after %(seconds).1f s", {"market": "spot", "seconds": 1.25})
        log.debug("not heard at this level")
        log.warning("key %s", SECRETS.api_key)
        try:
            raise ValueError(SECRETS.secret)
        except ValueError:
            log.exception("it failed")
    first, second, third = rows(path)
    assert first["ts"].endswith("+00:00")
    assert {name: first[name] for name in ("level", "logger", "phase", "message", "fields")} == {
        "level": "info",
        "logger": "tests.logs",
        "phase": "run",
        "message": "spot is up after 1.2 s",
        "fields": {"market": "spot", "seconds": 1.25},
    }
    assert second["message"] == "key ***"
    assert "ValueError: ***" in third["error"]
    assert "spot is up after 1.2 s" in people.getvalue()
    for text in (path.read_text(), people.getvalue()):
        assert SECRETS.api_key not in text
        assert str(SECRETS.secret) not in text


def test_the_file_rotates_by_size_and_keeps_so_many(tmp_path: Path) -> None:
    path = tmp_path / "engine.jsonl"
    with logs.written(Log(file=str(path), rotate_mib=1, keep=2), err=io.StringIO()) as told:
        for number in range(40):
            log.info("%(number)d %(rest)s", {"number": number, "rest": "x" * 100_000})
    assert told.dropped == 0
    kept = sorted(path.parent.iterdir())
    assert [file.name for file in kept] == ["engine.jsonl", "engine.jsonl.1", "engine.jsonl.2"]
    assert all(file.stat().st_size <= 1024 * 1024 for file in kept)
    assert rows(path)[-1]["fields"]["number"] == 39


def test_a_full_queue_drops_lines_and_counts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "WAITING_MAX", 1)
    monkeypatch.setattr(logging.handlers.QueueListener, "handle", lambda *_: None)
    with logs.written(Log(file=str(tmp_path / "engine.jsonl")), err=io.StringIO()) as told:
        monkeypatch.setattr(logging.handlers.QueueHandler, "enqueue", _full)
        log.info("nobody has room for this")
    assert told.dropped == 1


def _full(*_: object) -> None:
    raise OSError("full")


def test_a_disk_that_refuses_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "engine.jsonl"
    with logs.written(Log(file=str(path), rotate_mib=1, keep=1), err=io.StringIO()) as told:
        log.info("one")
        (tmp_path / "engine.jsonl.1").mkdir()
        (tmp_path / "engine.jsonl.1" / "in the way").touch()
        log.info("x" * 2 * 1024 * 1024)
    assert told.dropped == 1


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigError, match=r"log\.file cannot be written") as raised,
        logs.written(Log(file=str(tmp_path / "file" / "engine.jsonl"))),
    ):
        pass
    assert str(tmp_path / "file" / "engine.jsonl") in str(raised.value)


def test_the_log_before_is_back_afterwards(tmp_path: Path) -> None:
    before = list(logging.getLogger().handlers)
    with logs.written(Log(file=str(tmp_path / "engine.jsonl")), err=io.StringIO()):
        assert logging.getLogger().handlers != before
    assert logging.getLogger().handlers == before


def test_talkative_libraries_are_heard_only_in_debug(tmp_path: Path) -> None:
    for level, heard in (("info", False), ("debug", True)):
        with logs.written(Log.model_validate({"level": level}), err=io.StringIO()):
            assert logging.getLogger("picows.client").isEnabledFor(logging.INFO) is heard
