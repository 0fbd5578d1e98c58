"""`tickwright capture` against the box over real sockets, then `tickwright book` over what it wrote (M12)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feeds.recorder import What
from feeds.recordings import Recording
from pycore.cli import main

COMMAND = [sys.executable, "-c", "import sys; from pycore.cli import main; sys.exit(main())"]


@pytest.fixture(scope="module")
def box() -> Iterator[dict[str, Any]]:
    """A running box on free ports; its first line."""
    process = subprocess.Popen([*COMMAND, "box", "--port", "0", "--seed", "5"], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.parametrize(("venue", "rest"), [("binance-spot", "spot_rest"), ("binance-usdm", "usdm_rest")])
def test_what_is_captured_rebuilds_to_the_venues_own_tops(
    box: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], venue: str, rest: str
) -> None:
    path = tmp_path / "made.zst"
    words = ["--venue", venue, "--symbols", "BTCUSDT,ETHUSDT", "--base", box[rest], "-o", str(path), "--seconds", "4"]
    ended = subprocess.run([*COMMAND, "capture", "--json", *words], stdout=subprocess.PIPE, check=True, timeout=60)
    summary = json.loads(ended.stdout)
    records = [record for batch in Recording(path).batches() for record in batch]
    assert summary["messages"] == sum(record.what is What.MESSAGE for record in records) > 0
    assert [record.what for record in records[:1]] == [What.UP]
    figures = {kind for kind in (b"markPriceUpdate", b"24hrTicker") for r in records if b'"e":"%b"' % kind in r.payload}
    assert len(figures) == (2 if venue == "binance-usdm" else 0), "derivatives have a second socket"
    times = [record.mono_ns or 0 for record in records]
    assert times == sorted(times)
    assert times[0] > 0
    assert main(["book", "--json", str(path)]) == 0
    *rows, total = map(json.loads, capsys.readouterr().out.splitlines())
    assert {row["instrument"] for row in rows} == {"BTCUSDT", "ETHUSDT"}
    assert total["tops_compared"] == total["tops_equal"] > 0
