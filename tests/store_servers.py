"""Real servers for the tests of the stores: each is started for them, on a socket or a free port of its own.

A test that needs one that is not installed is skipped, and says which Debian package brings it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

_START_S = 30.0


def _program(name: str) -> str | None:
    """A server's program, also where Debian keeps PostgreSQL's: not on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return str(found[-1]) if found else shutil.which(name)


def _other_user() -> str | None:
    """PostgreSQL refuses to run as root: whom it runs as instead."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextlib.contextmanager
def postgres(*, timescale: bool = False) -> Iterator[str]:
    """A server of PostgreSQL with an empty database in a folder of its own; gives its address. Nothing outlives it."""
    initdb, server = _program("initdb"), _program("postgres")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL's server is not here (Debian package postgresql)")
    if timescale and not list(Path("/usr/share/postgresql").glob("*/extension/timescaledb.control")):
        pytest.skip("TimescaleDB is not here (no Debian package; https://github.com/timescale/timescaledb)")
    user = _other_user()
    # Not a folder of pytest: its parents are closed to other users, and a socket's path must be short.
    place = Path(tempfile.mkdtemp(prefix="tw-pg-"))
    if user is not None:
        shutil.chown(place, user)
    try:
        made = [
            initdb,
            "-D",
            f"{place}/data",
            "-A",
            "trust",
            "-U",
            "tickwright",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(made, user=user, cwd=place, check=True, capture_output=True)
        command = [server, "-D", f"{place}/data", "-k", str(place), "-h", "", "-F"]
        if timescale:
            command += ["-c", "shared_preload_libraries=timescaledb", "-c", "timescaledb.telemetry_level=off"]
        with (place / "log").open("wb") as log, subprocess.Popen(command, user=user, cwd=place, stderr=log) as child:
            url = f"postgresql://tickwright:not-shown@/postgres?host={place}"
            try:
                _until(lambda: _answers(url), f"PostgreSQL did not start: {place}/log")
                if timescale:
                    with psycopg.connect(url) as connection:
                        connection.execute("CREATE EXTENSION timescaledb")
                yield url
            finally:
                child.send_signal(signal.SIGINT)  # a fast shutdown: sessions are ended
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


class Redis:
    """A server of Redis that can be stopped, killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        """Starts it; the test is skipped where there is none."""
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            pytest.skip("Redis is not here (Debian package redis-server)")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"redis://:not-shown@127.0.0.1:{self.port}/0"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "not-shown"]
        self._command = [program, *options, "--dir", str(folder)]
        self.start()

    def start(self) -> None:
        """Starts it where it does not run."""
        self._child = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        _until(self._listens, "Redis did not start")

    def stop(self) -> None:
        """It hangs: connections stay, nothing is answered."""
        self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on after `stop`."""
        self._child.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """It is gone, with all that it held."""
        self._child.kill()
        self._child.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _until(holds: Callable[[], bool], what: str) -> None:
    """Waits for a condition; AssertionError says what did not come."""
    end = time.monotonic() + _START_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)
