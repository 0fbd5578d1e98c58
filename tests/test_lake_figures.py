"""Figures in the lake (M7, M8): tickers, closed bars, funding rates, open interest and marks of recordings, exactly."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from feeds.lake import Lake
from feeds.lake_query import Queries
from tests.recorded_figures import READ, told
from tests.test_figures import messages
from tests.test_lake import into

#: By kind of a second reading (`recorded_figures`): the channel, and the columns by the names that it gives.
CHANNELS = {"ticker": "tickers", "fundingrate": "rates", "openinterest": "interest", "reference": "marks"}
COLUMNS = {"reference": {"mark": "mark_price", "index": "index_price"}}
SCALES = {"turnover": "turnover_scale", "value": "value_scale", "rate": "rate_scale"}


def scale_of(row: dict[str, Any], name: str) -> int:
    sized = name.endswith("qty") or name == "volume"
    return int(row[SCALES.get(name, "qty_scale" if sized else "price_scale")])


@pytest.mark.parametrize("bundle", ["BYBIT", "OKX", "KRAKEN_FUTURES", "DERIBIT", "BITGET"])
def test_what_a_recording_tells_beside_books_and_trades_is_there(
    tmp_path: Path, shared_data: Path, bundle: str
) -> None:
    path = shared_data / "ws" / "cryptofeed" / f"{bundle}.jsonl.zst"
    lake = Lake(tmp_path / "lake")
    into(lake, path)
    there = {row["channel"]: 0 for row in lake.partitions()}
    for row in lake.partitions():
        there[row["channel"]] += row["rows"]
    kinds = READ[bundle][1]
    for kind, channel in CHANNELS.items():
        assert there.get(channel, 0) == kinds.get(kind, 0), (kind, kinds)
    wanted = [found for address, payload in messages(path) for found in told(bundle, payload)]
    for kind, symbol, numbers in wanted[:: max(1, len(wanted) // 50)]:
        if kind in CHANNELS:
            rows = Queries(lake).sql(f"select * from {CHANNELS[kind]} where symbol = '{symbol}'").to_pylist()
            assert any(equal(kind, row, numbers) for row in rows), (kind, symbol, numbers)


def equal(kind: str, row: dict[str, Any], numbers: dict[str, Any]) -> bool:
    """Whether a row says what the second reading says, of the columns that it has."""
    for name, number in numbers.items():
        column = COLUMNS.get(kind, {}).get(name, name)
        if column not in row or not isinstance(number, Decimal):
            continue
        if row[column] is None or Decimal(row[column]).scaleb(-scale_of(row, column)) != number:
            return False
    return True


def test_closed_bars_of_a_recording_lie_beside_those_of_history(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "ws" / "cryptofeed" / "BYBIT.jsonl.zst"
    lake = Lake(tmp_path / "lake")
    into(lake, path)
    rows = Queries(lake).sql("select * from klines").to_pylist()
    assert rows
    for row in rows:
        assert (row["bar"], row["end_ns"] - row["ts_venue"]) == ("1m", 60_000_000_000)
        assert row["ts_venue"] == row["id"]
        assert row["low"] <= min(row["open"], row["close"]) <= max(row["open"], row["close"]) <= row["high"]
    assert into(lake, path).repeated == 0
