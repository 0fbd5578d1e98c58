"""How a run ends when the world breaks: in a state with a name, with no order left behind at the venue."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.box_process import running_box
from tests.engine_process import ROOT, Account, Bench, Run, bench_on, four_resting
from tests.wire import wired

LINEAR = "linear:BTCUSDT"
#: Short deadlines, so that no test waits for a real outage's length.
HASTY = ("timers.stop_deadline_ms=500", "timers.lost_ms=500")


@pytest.fixture
def venue() -> Iterator[dict[str, Any]]:
    """A box of the test's own, because a test that fails leaves orders; what it says about itself."""
    with running_box("--seed", "19", "--limits", "100") as first:
        yield first


async def resting(bench: Bench, *sets: str) -> Run:
    """An engine with its four orders in the book."""
    run = await asyncio.to_thread(bench.start, *sets)
    await run.states(four_resting, "four resting orders")
    return run


async def ending(run: Run) -> tuple[int, str]:
    """Exit code and named state of an engine that ends by itself, without a traceback."""
    summary = await asyncio.to_thread(run.summary)
    assert "Traceback" not in run.log.read_text()
    return run.process.returncode, str(summary["state"])


def verified(bench: Bench) -> bool:
    """Whether the journal holds, as `tickwright journal verify` says."""
    words = [sys.executable, "-m", "pycore.cli", "journal", "verify", str(bench.directory / "journal"), "--json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return bool(json.loads(done.stdout.splitlines()[-1])["ok"])


async def test_a_lost_network_ends_the_run_and_the_orders_go_when_it_is_back(
    venue: dict[str, Any], tmp_path: Path
) -> None:
    with wired(venue) as wire:
        async with bench_on(wire.venue, tmp_path) as bench:
            run = await resting(bench, *HASTY)
            account = Account(bench)
            account.venue = venue
            wire.cut()
            assert len(await account.open_orders()) == 4, "nobody can cancel them now"
            await until_logged(run, "last resort on linear")
            wire.mend()
            assert await ending(run) == (1, "stopped: network lost")
            assert await account.open_orders() == []
            assert verified(bench)


async def test_a_network_that_comes_back_in_time_ends_nothing(venue: dict[str, Any], tmp_path: Path) -> None:
    with wired(venue) as wire:
        async with bench_on(wire.venue, tmp_path) as bench:
            run = await resting(bench, "timers.lost_ms=60000")
            wire.cut()
            await run.states(lambda state: state["instruments"][LINEAR]["top"] is None, "the cut is noticed")
            wire.mend()
            await run.states(lambda state: state["instruments"][LINEAR]["top"] is not None, "the market again")
            await run.states(four_resting, "four resting orders")
            run.process.send_signal(signal.SIGTERM)
            assert await ending(run) == (0, "stopped")
            account = Account(bench)
            account.venue = venue
            assert await account.open_orders() == []


async def test_a_restarted_venue_that_forgot_our_orders_is_told(tmp_path: Path) -> None:
    port = ("--port", str(free_ports()))
    with running_box("--seed", "23", "--limits", "100", *port) as first:
        bench = await asyncio.to_thread(Bench, first, tmp_path)
        run = await resting(bench)
    with running_box("--seed", "23", "--limits", "100", *port) as second:
        assert second["spot_rest"] == first["spot_rest"]
        await until_logged(run, "NotFoundKnown")
        run.process.send_signal(signal.SIGTERM)
        assert await ending(run) == (1, "stopped: orders left open"), "no venue forgets, so somebody must look"
        assert await Account(bench).open_orders() == []
        assert verified(bench)


async def test_an_expired_listen_key_is_made_anew_and_nothing_is_missed(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text("listen_key_s = 3\n")
    with running_box("--seed", "29", "--limits", "100", "--faults", str(faults)) as venue:
        async with bench_on(venue, tmp_path) as bench:
            near = ("strategies.0.params.away_bps=0", "strategies.1.params.away_bps=0")
            run = await asyncio.to_thread(bench.start, *near)
            await until_logged(run, "the listen key expired", 3)
            await run.states(lambda state: state["fills"] > 0, "a fill")
            run.process.send_signal(signal.SIGTERM)
            summary = await asyncio.to_thread(run.summary)
            assert (summary["state"], summary["difference"]) == ("stopped", ""), run.log.read_text()
            assert await Account(bench).open_orders() == []


@pytest.mark.parametrize("skew_ms", [2_000, -2_000])
async def test_a_clock_two_seconds_off_refuses_the_start(tmp_path: Path, skew_ms: int) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text(f"clock_skew_ms = {skew_ms}\n")
    with running_box("--faults", str(faults)) as venue:
        bench = await asyncio.to_thread(Bench, venue, tmp_path)
        run = await asyncio.to_thread(bench.start)
        assert run.first["state"] == "validate: clocks differ"
        assert "venue clock must be within 1 s, was" in run.first["why"]
        assert await asyncio.to_thread(run.process.wait) == 1
        assert not (tmp_path / "journal").exists()


@pytest.mark.parametrize("skew_ms", [2_000, -2_000])
async def test_a_clock_that_goes_two_seconds_off_ends_the_run(tmp_path: Path, skew_ms: int) -> None:
    # The box counts from its own start: on a busy machine the engine may come too late, and then it is tried later.
    for after_s in (8, 30, 90):
        if await ended_by_a_clock(tmp_path / str(after_s), skew_ms, after_s):
            return
    pytest.fail("no engine was trading a minute and a half after the box's start")


async def ended_by_a_clock(directory: Path, skew_ms: int, after_s: int) -> bool:
    """Runs an engine on a box whose clock goes off so long after its start; False where the engine came too late."""
    directory.mkdir()
    faults = directory / "faults.toml"
    faults.write_text(f'[[fault]]\nkind = "clock_skew"\nskew_ms = {skew_ms}\nafter_s = {after_s}\n')
    with running_box("--limits", "100", "--faults", str(faults)) as venue:
        async with bench_on(venue, directory) as bench:
            run = await asyncio.to_thread(bench.start, "timers.clock_ms=500")
            if "publish" not in run.first:
                return False
            summary = await asyncio.to_thread(run.summary)
            assert (run.process.returncode, summary["state"]) == (1, "stopped: clocks differ")
            assert await asyncio.to_thread(bench.open_orders) == []
            return bool(summary["orders"] >= 4)


async def test_a_hanging_engine_is_missed_by_the_venue_itself(venue: dict[str, Any], tmp_path: Path) -> None:
    async with bench_on(venue, tmp_path) as bench:
        run = await resting(bench, "venue.dead_man_ms=1000")
        account = Account(bench)
        run.process.send_signal(signal.SIGSTOP)
        for _ in range(200):
            left = await account.open_orders()
            if "linear:BTCUSDT" not in left:
                break
            await asyncio.sleep(0.05)
        assert left == ["spot:BTCUSDT"] * 2, "spot has no such switch"
        run.process.send_signal(signal.SIGCONT)
        await run.states(four_resting, "four resting orders")
        run.process.send_signal(signal.SIGTERM)
        assert await ending(run) == (0, "stopped")
        assert await account.open_orders() == []


@contextlib.contextmanager
def small_disk(path: Path, mib: int) -> Iterator[Path]:
    """A file system of a few MiB; the test is skipped where it may not be mounted."""
    path.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(path)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here (not root?): {made.stderr.decode().strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


async def test_a_full_disk_ends_the_run_with_its_orders_cancelled_and_journalled(
    venue: dict[str, Any], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        async with bench_on(venue, disk) as bench:
            bounds = ("journal.segment_mib=2", "watch.disk_free_mib=16", "watch.reserve_mib=8")
            run = await resting(bench, *bounds)
            fill(disk / "ballast")
            assert os.statvfs(disk).f_bavail == 0
            assert await ending(run) == (1, "stopped: disk")
            assert await Account(bench).open_orders() == []
            assert os.statvfs(disk).f_bavail > 0, "the reserve was given back"
            assert verified(bench)
            again = await asyncio.to_thread(bench.start, *bounds)
            assert again.first["state"] == "stopped: disk"
            (disk / "ballast").unlink()
            resumed = await asyncio.to_thread(bench.start, *bounds, resume=True)
            await resumed.states(four_resting, "four resting orders")
            resumed.process.send_signal(signal.SIGTERM)
            assert await ending(resumed) == (0, "stopped")


def fill(path: Path) -> None:
    """Writes until the disk is full."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def free_ports() -> int:
    """The first of two free ports in a row."""
    for _ in range(100):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError):
                two.bind(("127.0.0.1", port + 1))
                return port
    pytest.skip("no two free ports in a row were found")


async def until_logged(run: Run, text: str, times: int = 1) -> None:
    """Waits until a text stands in the engine's log so often; fails after half a minute."""
    for _ in range(600):
        if run.log.read_text().count(text) >= times:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"never happened: {times} times {text!r} in {run.log.read_text()[-3000:]}")
