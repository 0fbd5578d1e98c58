"""The golden journal: every later version replays it to the same state, and no bit of it can be turned unnoticed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from native import _core
from pycore import cli
from tests.golden import make_journal

GOLDEN = Path(__file__).parent / "golden"
EXPECTED: dict[str, Any] = json.loads((GOLDEN / "journal.json").read_text())
SIZES = {path.name: path.stat().st_size for path in sorted((GOLDEN / "journal").iterdir())}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A copy: nothing may change the golden one."""
    return Path(shutil.copytree(GOLDEN / "journal", tmp_path / "journal"))


def changed(replay: _core.Replay) -> list[str]:
    """The components whose hashes are not the golden ones."""
    found = replay.component_hashes()
    return sorted(
        name for name in found | EXPECTED["components"] if found.get(name) != EXPECTED["components"].get(name)
    )


def test_it_replays_to_the_same_state(journal: Path) -> None:
    replay = _core.Replay(str(journal))
    # The last event is a checkpoint, which would refuse another state before we could say which component it is.
    replay.run(EXPECTED["last_seq"] - 1)
    assert changed(replay) == [], "components with another state; where that was meant, make_journal.py remakes it"
    assert replay.run() == {name: EXPECTED[name] for name in ("events", "last_seq", "state_hash")}


def test_an_engine_recovers_it(journal: Path) -> None:
    engine = _core.Engine(str(journal), build="later", config_digest=bytes(32), now=1)
    assert engine.recovered == EXPECTED["events"]
    engine.close()


def test_a_change_of_a_component_is_named(journal: Path) -> None:
    replay = _core.Replay(str(journal))
    replay.run(EXPECTED["last_seq"] // 2)
    assert {name.partition("/")[0] for name in changed(replay)} & {"books", "orders"}


def test_it_is_small_and_holds_what_a_session_holds(journal: Path) -> None:
    assert sum(SIZES.values()) < 200_000
    rows = _core.journal_show(str(journal), 1, EXPECTED["last_seq"])
    kinds = {row["kind"] for row in rows}
    assert {"Proposal", "Sent", "Answer", "Report", "Timer", "Command", "Link", "Balance", "Checkpoint"} <= kinds


def test_the_script_makes_a_journal_that_replays(tmp_path: Path) -> None:
    assert make_journal.main([str(tmp_path / "made")]) == 0
    made = json.loads((tmp_path / "made/journal.json").read_text())
    again = _core.Replay(str(tmp_path / "made/journal")).run()
    assert (made["events"], made["state_hash"]) == (again["events"], again["state_hash"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_bit_can_be_turned(journal: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SIZES)))
    at, bit = data.draw(st.integers(0, SIZES[name] - 1)), data.draw(st.integers(0, 7))
    path = journal / name
    whole = path.read_bytes()
    turned = bytearray(whole)
    turned[at] ^= 1 << bit
    path.write_bytes(turned)
    try:
        for words in (["journal", "verify", str(journal)], ["replay", str(journal)]):
            assert cli.main(words) == 1, (words, name, at, bit)
            told = capsys.readouterr().err
            assert name in told, (words, told)
            assert "offset" in told, (words, told)
    finally:
        path.write_bytes(whole)
