"""The demo, short: two processes, fills, a clean stop, an equal replay, and nothing left running."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from sim.report.verb import of_journal

ROOT = Path(__file__).resolve().parents[1]


def start(directory: Path, *words: str) -> subprocess.Popen[str]:
    """A demo in a directory of its own."""
    command = [sys.executable, "-m", "pycore.cli", "demo", "--dir", str(directory / "session"), "--json", *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_short_demo_trades_stops_and_replays_equal(tmp_path: Path) -> None:
    demo = start(tmp_path, "--seconds", "6", "--seed", "3")
    out, err = demo.communicate(timeout=180)
    assert demo.returncode == 0, err
    summary = json.loads(out.splitlines()[-1])
    assert summary["summary"] is True
    assert summary["state"] == "stopped"
    assert summary["state_hash"] == summary["replay_hash"]
    assert summary["orders"] > 8
    assert summary["fills"] > 0
    assert Path(summary["journal"]).is_dir()
    assert "EQUAL" in err
    assert Path(summary["report"]).read_text().startswith("<!doctype html>")
    assert Path(summary["report"]).stat().st_size > 10_000
    assert of_journal(Path(summary["journal"])).pnl() == summary["pnl"]
    again = subprocess.run(
        [
            *(sys.executable, "-m", "pycore.cli", "replay", summary["journal"], "--json"),
            *("--strategy", "glft_kernel", "--in-place-of", "maker_linear"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stdout + again.stderr
    compared = json.loads(again.stdout.splitlines()[-1])
    assert compared["same"] is True, "the compiled kernel's wishes, computed again in Python"
    assert compared["equal"] > 8


def test_an_interrupted_demo_keeps_what_it_has_and_leaves_nothing_running(tmp_path: Path) -> None:
    demo = start(tmp_path, "--seconds", "60")
    assert demo.stderr is not None
    while "run:" not in demo.stderr.readline():
        pass
    children = psutil.Process(demo.pid).children(recursive=True)
    demo.send_signal(signal.SIGINT)
    out, _ = demo.communicate(timeout=120)
    assert demo.returncode == 130
    summary = json.loads(out.splitlines()[-1])
    assert summary["state_hash"] == summary["replay_hash"]
    assert not [child for child in children if child.is_running()]


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "session").mkdir()
    (tmp_path / "session" / "file").write_text("mine")
    demo = start(tmp_path)
    _, err = demo.communicate(timeout=60)
    assert demo.returncode == 2
    assert f"was {tmp_path / 'session'}" in err
