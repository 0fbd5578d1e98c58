"""The comparison of quotes: when a program's figure counts, and that what is missing is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import clamm_day
from bench.clamm_peers.__main__ import line, table
from bench.clamm_peers.programs import Program
from tests.clients import environments

TRUE = [["10", "9", "8"], ["20", "19", "18"]]


def program(answers: list[list[str | None]], name: str = "other") -> Program:
    figures = {crossings: [1.0, 2.0, 3.0] for crossings in ("0", "1", "10", "100")}
    return Program(name, ("nothing",), ns=figures, answers={"0": answers})


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (TRUE, "0 of 2"),
        ([["10", "9", None], [None, "19", None]], "0 of 2"),
        ([["10", "9", "8"], ["20", "19", "17"]], "1 of 2  VOID"),
        ([["10", "9", "8"], [None, None, None]], "0 of 2, 1 refused  VOID"),
    ],
)
def test_one_wrong_or_missing_answer_voids_a_figure(
    answers: list[list[str | None]], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = line(program(answers), program([list(row) for row in TRUE], "truth"))
    assert capsys.readouterr().out.rstrip().endswith(said)
    assert good == ("VOID" not in said)


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = program([list(row) for row in TRUE], "the QuoterV2")
    missing = Program("a peer", ("bench.clamm_peers.there_is_none", "{document}"))
    missing.start(tmp_path / "none.json", tmp_path)
    missing.round("0")
    missing.stop()
    assert not table([truth, missing])
    told = capsys.readouterr()
    assert "a peer                               NOT MEASURED: it ended with 1" in told.out
    assert "NOT MEASURED: a peer" in told.err


def test_an_environment_that_needs_a_newer_python_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain.in").write_text("numpy\n")
    (tmp_path / "newer.in").write_text("# python >= 3.99\nnumpy\n")
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    assert environments.interpreter_for("plain") == sys.executable
    with pytest.raises(RuntimeError, match=r"newer needs Python 3\.99 or newer on the PATH"):
        environments.interpreter_for("newer")


def test_a_day_of_rows_is_a_day_of_logs() -> None:
    """What a burn's row does not tell stands in its log, and the pool follows all of it in one call."""
    pool = clamm_day.minted()
    told = clamm_day.seeded(pool, 3)
    silent = [row._replace(fields={**row.fields, "amount0": None}) if row.name == "Burn" else row for row in told]
    batch = clamm_day.logs(pool, silent)
    assert batch.data == clamm_day.logs(pool, told).data
    done, asked, difference = pool.follow_batch(*batch)
    assert (done, sum(asked), difference) == (379, 329, None)
    wrong = [told[0]._replace(fields={**told[0].fields, "liquidity": 1}), *told[1:]]
    with pytest.raises(RuntimeError, match="in block 2"):
        clamm_day.logs(clamm_day.minted(), wrong)
