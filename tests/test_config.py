"""The configuration: layers, every fault at once with field and value, hosts by mode, consent, digest."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pycore.config
from native._core import Engine
from pycore import config_load
from pycore.config import Section, host_allowed
from pycore.errors import ConfigError, InputError, SafetyError

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = sorted((ROOT / "deploy" / "config").glob("*.toml"))
PAPER = ROOT / "deploy" / "config" / "paper.toml"


def faults_of(overrides: list[str], environ: dict[str, str] | None = None) -> dict[str, str]:
    """The faults of the paper template with some overrides, by field path."""
    with pytest.raises(ConfigError) as raised:
        config_load.load(str(PAPER), environ or {}, overrides)
    return dict(raised.value.faults)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_template_is_valid_and_of_its_mode(path: Path) -> None:
    config = config_load.load(str(path), {})
    assert config.mode == path.stem


def tickwright(*words: str) -> subprocess.CompletedProcess[str]:
    """A verb in a process of its own, without our variables."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TICKWRIGHT")}
    command = [sys.executable, "-m", "pycore.cli", *words]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_template_is_printed_and_checked_by_the_command(path: Path, tmp_path: Path) -> None:
    printed = tickwright("config", "template", path.stem)
    assert (printed.returncode, printed.stdout) == (0, path.read_text())
    (tmp_path / "mine.toml").write_text(printed.stdout)
    checked = tickwright("config", "check", str(tmp_path / "mine.toml"), "--json")
    assert checked.returncode == 0, checked.stderr
    summary = json.loads(checked.stdout.splitlines()[-1])
    assert (summary["faults"], summary["mode"]) == (0, path.stem)
    as_json = tickwright("config", "template", path.stem, "--json")
    assert json.loads(as_json.stdout)["text"] == path.read_text()


def test_an_unknown_template_is_bad_input() -> None:
    done = tickwright("config", "template", "production")
    assert (done.returncode, done.stdout) == (2, "")
    assert "NAME must be one of live, paper, testnet, was production" in done.stderr


def test_the_live_template_runs_only_with_consent() -> None:
    done = tickwright("run", "deploy/config/live.toml")
    assert done.returncode == 3
    assert "mode live needs --live on the command line" in done.stderr


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_line_of_a_template_is_explained(path: Path) -> None:
    lines = path.read_text().splitlines()
    settings = [line for line in lines if re.match(r"(?:# )?\w+ = [^\[]|  \{", line)]
    assert len(settings) > 40
    assert [line for line in settings if "#" not in line.removeprefix("# ")] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_template_names_every_setting(path: Path) -> None:
    text = path.read_text()
    sections = [kind for kind in vars(pycore.config).values() if isinstance(kind, type) and issubclass(kind, Section)]
    fields = {f"{kind.__name__}.{name}" for kind in sections for name in kind.model_fields}
    missing = [path for path in fields if not re.search(rf"\b{path.split('.')[1]}\b(?: = |\])", text)]
    assert missing == []


def test_later_layers_win() -> None:
    environ = {"TICKWRIGHT__venue__recv_window_ms": "3000", "TICKWRIGHT__instruments__0__tick": '"0.2"'}
    config = config_load.load(str(PAPER), environ, ["venue.recv_window_ms=2000", "strategies.0.params.levels=3"])
    assert config.venue.recv_window_ms == 2000
    assert config.instruments[0].tick == "0.2"
    assert config.strategies[0].params["levels"] == 3


def test_every_fault_is_told_at_once_with_field_and_value() -> None:
    faults = faults_of(
        [
            "venue.recv_window_ms=70000",
            "instruments.0.tick=-0.1",
            "journal.segment_mib=0",
            "account.name=Main Account",
            "speed=3",
            "mode=production",
        ]
    )
    assert {
        "venue.recv_window_ms",
        "instruments.0.tick",
        "journal.segment_mib",
        "account.name",
        "speed",
        "mode",
    } <= set(faults)
    assert faults["venue.recv_window_ms"].endswith("was 70000")
    assert faults["account.name"].endswith("was 'Main Account'")


def test_the_least_segment_is_one_that_a_journal_takes(tmp_path: Path) -> None:
    assert "journal.segment_mib" in faults_of(["journal.segment_mib=1"])
    least = config_load.load(str(PAPER), {}, ["journal.segment_mib=2"]).journal.segment_mib
    Engine(str(tmp_path / "least"), build="t", config_digest=bytes(32), segment_bytes=least << 20).close()
    with pytest.raises(InputError, match="segment_bytes"):
        Engine(str(tmp_path / "less"), build="t", config_digest=bytes(32), segment_bytes=(least - 1) << 20)


def test_faults_between_sections_are_told_at_once() -> None:
    faults = faults_of(
        ["instruments.0.base=DOGE", "strategies.0.instrument=linear:DOGEUSDT", "limits.0.subject=other"],
    )
    assert faults["instruments.0.base"] == "is not among assets, was DOGE"
    assert faults["strategies.0.instrument"] == "is not among instruments, was linear:DOGEUSDT"
    assert faults["limits.0.subject"] == "is not a known account, was other"


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ("limits.0.value=3", "limits.0"),
        ("limits.2.value=nan", "limits.2"),
        ("limits.3.value=-5.0", "limits.3"),
        ("limits.5.value=many", "limits.5"),
        ("limits.2.scope=account", "limits.2"),
        ("limits.1.kind=max_fun", "limits.1.kind"),
    ],
)
def test_a_limit_that_means_nothing_is_refused(override: str, field: str) -> None:
    assert any(path.startswith(field) for path in faults_of([override]))


@pytest.mark.parametrize("path", ["journal.directory.deep", "instruments.7.tick", "limits.x.value"])
def test_an_override_that_leads_nowhere_is_a_fault(path: str) -> None:
    with pytest.raises(ConfigError, match="was "):
        config_load.load(str(PAPER), {}, [f"{path}=1"])


def test_an_override_needs_a_value() -> None:
    with pytest.raises(ConfigError, match=r"section\.key=value"):
        config_load.load(str(PAPER), {}, ["venue"])


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("mode = \n")
    with pytest.raises(ConfigError, match="is not TOML"):
        config_load.load(str(bad), {})
    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        config_load.load(str(bad), {})
    with pytest.raises(ConfigError, match="cannot be read"):
        config_load.load(str(tmp_path / "none.toml"), {})


@pytest.mark.parametrize(
    ("mode", "host", "allowed"),
    [
        ("paper", "127.0.0.1", True),
        ("paper", "::1", True),
        ("paper", "localhost", True),
        ("paper", "testnet.binance.vision", False),
        ("paper", "api.binance.com", False),
        ("paper", "127.0.0.1.example.com", False),
        ("testnet", "testnet.binance.vision", True),
        ("testnet", "api.binance.com", False),
        ("testnet", "10.0.0.1", False),
        ("live", "api.binance.com", True),
    ],
)
def test_a_mode_decides_which_hosts_are_reached(mode: str, host: str, allowed: bool) -> None:
    assert host_allowed(mode, host) is allowed


def test_paper_with_a_real_host_is_a_fault() -> None:
    faults = faults_of(["venue.linear.rest=https://fapi.binance.com"])
    assert faults["venue.linear.rest"] == "is not allowed in mode paper, was host fapi.binance.com"


@pytest.mark.parametrize(
    ("mode", "flag", "why"),
    [
        ("paper", True, "does not consent, was paper"),
        ("testnet", True, "does not consent, was testnet"),
        ("live", False, "needs --live"),
        ("live", True, "needs reconciliation"),
    ],
)
def test_live_fails_closed(mode: str, flag: bool, why: str) -> None:
    config = config_load.load(str(ROOT / "deploy" / "config" / f"{mode}.toml"), {})
    with pytest.raises(SafetyError, match=why):
        config_load.check_consent(config, flag)


def test_paper_and_testnet_need_no_consent() -> None:
    for mode in ("paper", "testnet"):
        config_load.check_consent(config_load.load(str(ROOT / "deploy" / "config" / f"{mode}.toml"), {}), False)


def test_the_digest_follows_every_value_and_holds_no_secret() -> None:
    base = config_load.load(str(PAPER), {})
    again = config_load.load(str(PAPER), {})
    other = config_load.load(str(PAPER), {}, ["timers.tick_ms=101"])
    assert base.digest() == again.digest() != other.digest()
    assert len(base.digest()) == 32
    assert b"TICKWRIGHT_API_SECRET" in base.canonical(), "the variable's name is configuration, its content is not"


def leaves(tree: Any, path: str = "") -> list[str]:
    """The dotted path of every value in a TOML tree."""
    if isinstance(tree, dict):
        return [leaf for key, value in tree.items() for leaf in leaves(value, f"{path}.{key}" if path else key)]
    if isinstance(tree, list):
        return [leaf for at, value in enumerate(tree) for leaf in leaves(value, f"{path}.{at}")]
    return [path]


LEAVES = leaves(tomllib.loads(PAPER.read_text()))
RUBBISH = st.one_of(
    st.sampled_from(["nan", "inf", "-1", "[]", "{}", '""', "1e999", "'\\u0000'", "2026-11-21", "true"]),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
)


@given(path=st.sampled_from(LEAVES), text=RUBBISH)
def test_no_value_does_anything_but_load_or_be_named(path: str, text: str) -> None:
    faults: list[tuple[str, str]] = []
    config = None
    try:
        config = config_load.load(str(PAPER), {}, [f"{path}={text}"])
    except ConfigError as error:
        faults = error.faults
    assert (config is None) == bool(faults)
    assert all(field and why for field, why in faults)
    assert config is None or len(config.digest()) == 32
