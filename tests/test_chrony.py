"""The reader of chronyd (H2): a real chronyd that leaves the clock alone, and answers that are none."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pycore import chrony
from pycore.errors import CheckError
from tests.conftest import ROOT

#: Debian's package is unpacked there by deploy/toolchain.sh --lint: installed, it would take over the host's clock.
UNPACKED = ROOT / "build" / "chrony" / "usr"
START_S = 20.0


def program(name: str) -> str | None:
    places = [str(UNPACKED / "sbin"), str(UNPACKED / "bin"), "/usr/sbin", "/usr/bin", os.environ.get("PATH", "")]
    return shutil.which(name, path=os.pathsep.join(places))


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def chronyd(place: Path, name: str, *lines: str) -> Iterator[int]:
    """A chronyd that disciplines nothing (`-x`), until the block ends; the port that it takes commands on."""
    daemon, port = program("chronyd"), free_port()
    if daemon is None:
        pytest.skip("chronyd is not here (deploy/toolchain.sh --lint unpacks it)")
    told = [*lines, "bindcmdaddress 127.0.0.1", f"cmdport {port}", f"pidfile {place}/{name}.pid"]
    (place / f"{name}.conf").write_text("\n".join(told) + "\n")
    command = [daemon, "-x", "-d", "-U", "-u", getpass.getuser(), "-f", f"{place}/{name}.conf"]
    with open(place / f"{name}.log", "wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as running:
        try:
            deadline = time.monotonic() + START_S
            while time.monotonic() < deadline and running.poll() is None:
                try:
                    chrony.read(port=port)
                    break
                except CheckError:
                    time.sleep(0.05)
            else:
                pytest.skip(f"chronyd does not run here: {(place / f'{name}.log').read_text()[-300:]}")
            yield port
        finally:
            running.terminate()


@contextmanager
def disciplined(place: Path) -> Iterator[int]:
    """A chronyd that follows another on loopback."""
    ntp = free_port()
    with (
        chronyd(place, "server", "local stratum 1", "allow 127.0.0.1", f"port {ntp}", "bindaddress 127.0.0.1"),
        chronyd(place, "client", f"server 127.0.0.1 port {ntp} iburst minpoll -4 maxpoll -4", "port 0") as port,
    ):
        deadline = time.monotonic() + START_S
        while not chrony.read(port=port).synchronised and time.monotonic() < deadline:
            time.sleep(0.1)
        yield port


def test_a_real_chronyd_tells_its_offset_and_its_bound(tmp_path: Path) -> None:
    with disciplined(tmp_path) as port:
        found = chrony.read(port=port)
        assert (found.reference, found.stratum, found.synchronised) == ("7F000001", 2, True)
        assert abs(found.reference_time_ns - time.time_ns()) < 60_000_000_000
        assert 0 < found.root_delay_ns < found.bound_ns * 2
        assert found.bound_ns >= abs(found.offset_ns) + found.root_dispersion_ns
        client = program("chronyc")
        if client is not None:  # the other reading of the same packet
            words = [client, "-h", "127.0.0.1", "-p", str(port), "-c", "tracking"]
            told = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split(",")
            assert (told[0], int(told[2])) == (found.reference, found.stratum)
            assert abs(float(told[3]) * 1e9 - found.reference_time_ns) < 5e9


def test_a_chronyd_without_a_source_is_not_synchronised(tmp_path: Path) -> None:
    with chronyd(tmp_path, "alone", "port 0") as port:
        assert not chrony.read(port=port).synchronised


def answer(**changes: int) -> bytes:
    """chronyd's answer: 1.5 us behind, delay 1/1024 s, dispersion 1/4096 s."""
    head = {"version": 6, "kind": 2, "command": 33, "reply": 5, "status": 0} | changes
    packet = struct.pack(
        "!BBBBHHHHHHIII", head["version"], head["kind"], 0, 0, head["command"], head["reply"], head["status"], *[0] * 6
    )
    floats = [number(1.5e-6), 0, 0, 0, 0, 0, number(2.0**-10), number(2.0**-12), 0]
    data = struct.pack("!I16sHHHHIII9I", 0x7F000001, b"", 1, 0, 2, 0, 0, 1_700_000_000, 5, *floats)
    return packet + data


def number(value: float) -> int:
    """chrony's format of a positive number."""
    exponent = 25
    while value < 2.0**23 and exponent > -39:
        value, exponent = value * 2, exponent - 1
    return (exponent & 0x7F) << 25 | int(value)


def test_the_bound_is_offset_and_dispersion_and_half_the_delay() -> None:
    found = chrony.parse(answer())
    assert (found.offset_ns, found.root_delay_ns, found.root_dispersion_ns) == (1_500, 976_563, 244_141)
    assert (found.bound_ns, found.reference_time_ns) == (1_500 + 244_141 + 488_282, 1_700_000_000_000_000_005)


@pytest.mark.parametrize(
    ("packet", "told"),
    [
        (b"", "must have 28 bytes or more, was 0"),
        (answer(version=5), "tracking of version 6, was 05"),
        (answer(command=14), "tracking of version 6"),
        (answer(status=2), "must be its tracking, was reply 5, status 2"),
        (answer()[:80], "80 bytes"),
    ],
)
def test_an_answer_that_is_none_is_told(packet: bytes, told: str) -> None:
    with pytest.raises(CheckError, match=told):
        chrony.parse(packet)


def test_silence_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
        with pytest.raises(CheckError, match=r"must answer on 127.0.0.1:\d+ within 0.05 s, was silent"):
            chrony.read(port=port, timeout_s=0.05)
    with pytest.raises(CheckError, match="Connection refused"):
        chrony.read(port=port)
