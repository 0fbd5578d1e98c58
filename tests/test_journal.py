"""`tickwright journal` on journals that were written from the format's documentation, whole, torn and damaged."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from native import _core
from pycore import cli, journal_verb
from pycore.output import Output
from tests import journal_bytes


def run(*words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Runs the verb in this process with `--json`; returns exit code, rows and what went to stderr."""
    out, err = io.StringIO(), io.StringIO()
    parser = argparse.ArgumentParser()
    journal_verb.register(parser)
    args = parser.parse_args(words)
    args.output = Output(as_json=True, out=out, err=err)
    code = journal_verb.run(args)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def test_reads_what_the_documentation_says(tmp_path: Path) -> None:
    journal_bytes.write(tmp_path)
    code, rows, _ = run("verify", str(tmp_path))
    assert code == 0
    wanted = {"first_seq": 1, "last_seq": 9, "records": 9, "segments": 2, "sealed": True, "torn": False, "ok": True}
    assert wanted.items() <= rows[-1].items()


def test_lists_segments(tmp_path: Path) -> None:
    journal_bytes.write(tmp_path)
    code, rows, _ = run("ls", str(tmp_path))
    assert code == 0
    assert [(row["segment"], row["first_seq"], row["last_seq"]) for row in rows[:-1]] == [
        ("00000001.seg", 1, 5),
        ("00000002.seg", 6, 9),
    ]
    assert rows[0]["build"] == "docs 1.0"
    assert rows[0]["config_digest"] == bytes(range(32)).hex()
    assert rows[-1] == {"segments": 2, "records": 9, "ok": True, "summary": True}


def test_shows_every_field(tmp_path: Path) -> None:
    journal_bytes.write(tmp_path)
    code, rows, _ = run("show", str(tmp_path), "--first", "5", "--last", "6")
    assert code == 0
    assert [row["sequence"] for row in rows[:-1]] == [5, 6]
    wanted = {"kind": "Trade", "price": "105", "qty": "7", "instrument": "3", "flags": "2", "ts_venue": "none"}
    assert wanted.items() <= rows[0].items()
    assert rows[-1]["shown"] == 2


def test_shows_pages_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal_bytes.write(tmp_path)
    monkeypatch.setattr(journal_verb, "PAGE", 3)
    _, rows, _ = run("show", str(tmp_path), "--last", "9")
    assert [row["sequence"] for row in rows[:-1]] == list(range(1, 10))
    _, rows, _ = run("show", str(tmp_path))
    assert [row["sequence"] for row in rows[:-1]] == list(range(1, 10))


def test_an_open_journal_ends_where_it_is_torn(tmp_path: Path) -> None:
    journal_bytes.write(tmp_path, closed=False)
    code, rows, _ = run("verify", str(tmp_path))
    assert (code, rows[-1]["last_seq"], rows[-1]["sealed"], rows[-1]["torn"]) == (0, 9, False, False)
    last = tmp_path / "00000002.seg"
    end = journal_bytes.HEADER + 4 * (journal_bytes.FRAME + 64)
    last.write_bytes(last.read_bytes()[: end - 10])
    code, rows, _ = run("verify", str(tmp_path))
    assert (code, rows[-1]["last_seq"], rows[-1]["torn"]) == (0, 8, True)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(which=st.integers(1, 2), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused_with_its_place(tmp_path: Path, which: int, where: float, bit: int) -> None:
    journal_bytes.write(tmp_path)
    path = tmp_path / f"0000000{which}.seg"
    raw = bytearray(path.read_bytes())
    at = int(where * len(raw))
    raw[at] ^= 1 << bit
    path.write_bytes(raw)
    code, rows, told = run("verify", str(tmp_path))
    assert code == 1
    assert rows[-1]["segment"] == path.name
    assert rows[-1]["offset"] <= at
    assert f"{path.name} is damaged at offset {rows[-1]['offset']}, sequence {rows[-1]['sequence']}" in told
    code, rows, told = run("ls", str(tmp_path))
    assert (code, len(rows)) == (1, which)
    with pytest.raises(_core.DamagedError, match=path.name):
        _core.journal_show(tmp_path, 1, 100)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("verify", "{}/none"), "is not a directory, was"),
        (("ls", "{}"), "holds no segment, was"),
        (("show", "{}", "--first", "-1"), "must be a whole number from 1, was '-1'"),
        (("show", "{}", "--first", "x"), "must be a whole number from 1, was 'x'"),
        (("verify",), "required"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    try:
        code: object = cli.main(["journal", *(word.format(tmp_path) for word in words)])
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert told in capsys.readouterr().err


def test_a_range_that_runs_backwards_is_refused(tmp_path: Path) -> None:
    journal_bytes.write(tmp_path)
    for first, last in [(0, 5), (5, 4), (1, 200_000)]:
        with pytest.raises(_core.InputError, match="range must run upwards"):
            _core.journal_show(tmp_path, first, last)
