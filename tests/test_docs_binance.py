"""The table of box, test networks and production in docs/binance.md says what code and templates say."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pycore import config_load
from pycore.config import TESTNET_HOSTS
from sim.box.limits import market_limits

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "binance.md").read_text()
ROWS = {cells[1]: cells[2:-1] for line in TEXT.splitlines() if len(cells := [c.strip() for c in line.split("|")]) > 4}
COLUMN = {"paper": 0, "testnet": 1, "live": 2}


@pytest.mark.parametrize("mode", ["testnet", "live"])
def test_each_address_is_that_of_the_template(mode: str) -> None:
    config = config_load.load(str(ROOT / "deploy" / "config" / f"{mode}.toml"), {})
    for market, name in (("spot", "spot"), ("linear", "USD-M")):
        endpoint = config.venue.endpoint(market)
        assert endpoint is not None
        for row, address in (("REST", endpoint.rest), ("streams", endpoint.ws), ("WebSocket API", endpoint.ws_api)):
            assert ROWS[f"{name} {row}"][COLUMN[mode]] == f"`{address}`"


def test_every_test_host_that_is_written_is_let_through() -> None:
    written = {
        urlsplit(found).hostname for cells in ROWS.values() for found in re.findall(r"`(\w+://[^`]+)`", cells[1])
    }
    assert len(written) >= 5
    assert written <= TESTNET_HOSTS


@pytest.mark.parametrize("market", ["spot", "linear"])
def test_the_limits_are_those_of_the_box(market: str) -> None:
    written = re.findall(r"(\d+) a (\d+) (\w+)", " ".join(ROWS[market]))
    assert [(int(limit), int(count), interval) for limit, count, interval in written] == [
        (limit.limit, limit.count, limit.interval) for limit in market_limits(market, 1.0)
    ]


def test_every_template_that_is_named_exists() -> None:
    assert [name for name in re.findall(r"`(deploy/[^`]+)`", TEXT) if not (ROOT / name).is_file()] == []
