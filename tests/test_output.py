"""What a verb prints: a table for people with named figures below it, and JSON lines that keep all in its place."""

from __future__ import annotations

import io
import json

from pycore.output import Output

ROWS = (
    {"file": "a.gz", "messages": 12, "counts": {"created": 156_889, "changed": 266}},
    {"file": "b.gz", "messages": 7, "counts": {}},
)


def printed(*, as_json: bool) -> list[str]:
    """Both rows and a summary, as lines."""
    out = io.StringIO()
    output = Output(as_json=as_json, out=out)
    for row in ROWS:
        output.row(row)
    output.summary({"files": 2})
    return out.getvalue().splitlines()


def test_named_figures_stand_below_the_table_and_not_in_it() -> None:
    lines = printed(as_json=False)
    assert lines[0].split() == ["file", "messages"]
    assert lines[2].split() == ["b.gz", "7"]
    assert lines[3:] == ["a.gz: created 156,889, changed 266", "files  2"]


def test_json_lines_keep_them_in_their_row() -> None:
    assert [json.loads(line) for line in printed(as_json=True)] == [*ROWS, {"files": 2, "summary": True}]
