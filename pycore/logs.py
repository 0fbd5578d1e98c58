"""Logs of an engine: a line for people on stderr, a JSON object a line in a file that rotates, no secret in either.

catalogue: Q3. A JSON line has `ts` (UTC), `level`, `logger`, `phase`, `message`, `fields` and, after a fault, `error`.
A call names its fields by giving one mapping as its argument: `log.info("%(market)s is up", {"market": market})`. The
file is written by a thread of its own behind a bounded queue: when that is full, lines are dropped and counted, because
a slow disk may not hold the event loop up.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import queue
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from pycore.config import Log
from pycore.credentials import Credentials
from pycore.errors import ConfigError
from pycore.redact import Redactor

_MIB = 1024 * 1024
#: Lines that may wait for the disk; more are dropped and counted.
WAITING_MAX = 10_000
#: Loggers that tell of every frame: heard only where the level is debug.
_TALKATIVE = ("picows", "asyncio", "aiohttp")


class Logs:
    """What the running log tells of itself: `phase` is asked for each line, `dropped` counts lines that were lost."""

    def __init__(self) -> None:
        """Of no phase yet."""
        self.phase: Callable[[], str] = lambda: ""
        self.dropped = 0


class _People(logging.Formatter):
    """A line for people."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.text(super().format(record))


class _Lines(logging.Formatter):
    """A JSON object; every text in it is cleaned before it is quoted, so that the line stays JSON."""

    def __init__(self, redactor: Redactor, logs: Logs) -> None:
        super().__init__()
        self._redactor = redactor
        self._logs = logs

    def format(self, record: logging.LogRecord) -> str:
        row: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "phase": self._logs.phase(),
            "message": record.getMessage(),
            "fields": record.args if isinstance(record.args, Mapping) else {},
        }
        if record.exc_info:
            row["error"] = self.formatException(record.exc_info)
        return json.dumps(self._redactor.value(row), separators=(",", ":"))


class _ToFile(logging.handlers.QueueHandler):
    """Formats in the caller's thread, where phase and fields are of the moment; another thread writes."""

    def __init__(self, lines: queue.Queue[Any], logs: Logs) -> None:
        super().__init__(lines)
        self._logs = logs

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        line = self.format(record)
        return logging.makeLogRecord({"msg": line, "levelno": record.levelno, "levelname": record.levelname})

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the standard library's name
        """The queue is full: the line is lost and counted."""
        self._logs.dropped += 1


class _Rotating(logging.handlers.RotatingFileHandler):
    """The file; a line that the disk refuses is lost and counted, and the engine goes on."""

    def __init__(self, config: Log, path: str, logs: Logs) -> None:
        super().__init__(path, maxBytes=config.rotate_mib * _MIB, backupCount=config.keep, encoding="utf-8")
        self._logs = logs

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the standard library's name
        """The disk is full or gone."""
        self._logs.dropped += 1


@contextmanager
def written(config: Log, secrets: Credentials | None = None, err: TextIO | None = None) -> Iterator[Logs]:
    """Logs to stderr (or `err`) and to the configured file inside the block; what waits is written at its end.

    Raises `ConfigError` where the file cannot be made.
    """
    logs = Logs()
    redactor = Redactor(
        (secrets.api_key, secrets.secret, secrets.ed25519_pem, secrets.cache_password) if secrets else ()
    )
    people = logging.StreamHandler(err or sys.stderr)
    people.setFormatter(_People(redactor))
    handlers: list[logging.Handler] = [people]
    listener = None
    if config.file is not None:
        lines: queue.Queue[Any] = queue.Queue(WAITING_MAX)
        handlers.append(_ToFile(lines, logs))
        handlers[-1].setFormatter(_Lines(redactor, logs))
        listener = logging.handlers.QueueListener(lines, _open(config, config.file, logs))
        listener.start()
    level = config.level.upper()
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "DEBUG" else logging.WARNING)
    root = logging.getLogger()
    before, root.handlers = root.handlers, handlers
    root.setLevel(level)
    try:
        yield logs
    finally:
        root.handlers = before
        if listener is not None:
            listener.stop()
            for handler in listener.handlers:
                handler.close()


def _open(config: Log, path: str, logs: Logs) -> _Rotating:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return _Rotating(config, path, logs)
    except OSError as error:
        reason = (error.strerror or "failed").lower()
        raise ConfigError("configuration", [("log.file", f"cannot be written ({reason}), was {path}")]) from None
