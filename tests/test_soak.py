"""The soak: a short one ends equal to its venue, and its weather is a faults file that is over in time."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sim.box.faults import KINDS
from sim.box.faults_file import load_script
from sim.drill.weather import weather

ROOT = Path(__file__).resolve().parents[1]


def test_a_short_soak_ends_equal_to_its_venue(tmp_path: Path) -> None:
    words = ["soak", "--seconds", "45", "--seed", "5", "--dir", str(tmp_path / "soak"), "--json"]
    command = [sys.executable, "-m", "pycore.cli", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, last["faults"] or done.stderr
    assert (last["summary"], last["suite"], last["state"]) == (True, "soak", "stopped")
    assert (last["lost"], last["duplicates"], last["faults"]) == (0, 0, [])
    assert last["state_hash"] == last["replay_hash"]
    assert last["orders"] > 0
    assert last["fills"] > 0
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (again.returncode, "--dir must be empty or new" in again.stderr) == (2, True)


@pytest.mark.parametrize("seed", range(5))
def test_weather_is_the_seed_s_and_over_before_the_run_is(tmp_path: Path, seed: int) -> None:
    text = weather(seed, 15.0, 1_785.0)
    assert text == weather(seed, 15.0, 1_785.0) != weather(seed + 1, 15.0, 1_785.0)
    path = tmp_path / "faults.toml"
    path.write_text(text)
    load_script(path, 0)
    faults = tomllib.loads(text)["fault"]
    assert {fault["kind"] for fault in faults} == set(KINDS)
    assert all(fault["after_s"] >= 15.0 and fault["after_s"] + fault["for_s"] <= 1_785.01 for fault in faults)


def test_a_soak_without_time_for_faults_is_refused() -> None:
    command = [sys.executable, "-m", "pycore.cli", "soak", "--seconds", "30"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "must be above 30 and at most 604800 seconds, was '30'" in done.stderr) == (2, True)
