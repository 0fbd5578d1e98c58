"""Profit from position rows: a fee that spot takes in the base asset counts, exactly, at the price of the position."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from native._core import Engine
from pycore import profit
from sim.report.verb import of_journal

BOOK = {"lastUpdateId": 10, "bids": [["60000.0", "1.000"]], "asks": [["60001.0", "2.000"]]}


def bought(journal: Path) -> Engine:
    """An engine that bought 0.5 BTC at 60,000 on spot and paid 0.0005 BTC for it; the mid is 60,000.5."""
    engine = Engine(str(journal), build="test", config_digest=bytes(32), now=1)
    engine.asset("BTC", 8)
    engine.asset("USDT", 8)
    engine.account("main")
    engine.instrument("binance", "spot", "BTCUSDT", "BTC", "USDT", "USDT", "0.1", "0.001")
    engine.snapshot(engine.stream("market"), 1, json.dumps(BOOK).encode(), 2, 2)
    order: dict[str, Any] = {"s": "BTCUSDT", "c": "by hand", "S": "BUY", "o": "LIMIT", "f": "GTC"}
    order |= {"q": "0.500", "p": "60000.0", "x": "TRADE", "X": "FILLED", "i": 7, "l": "0.500", "z": "0.500"}
    order |= {"L": "60000.0", "n": "0.00050000", "N": "BTC", "T": 1, "t": 77, "m": True, "C": "", "r": "NONE"}
    report = {"subscriptionId": 0, "event": {"e": "executionReport", "E": 1, **order}}
    engine.user(2, 1, "spot", json.dumps(report).encode(), 3, 3)
    return engine


def test_a_fee_in_the_base_asset_is_taken_off_at_the_price_of_the_position(tmp_path: Path) -> None:
    engine = bought(tmp_path / "journal")
    net = next(row for row in engine.positions() if row["strategy"] == profit.NET)
    assert (net["qty"], net["fees"], net["fees_base"]) == (500, 0, 50_000)
    # 0.5 BTC gained 0.25 USDT; 0.0005 BTC at 60,000.5 are 30.00025 USDT.
    assert (net["unrealised"], net["fees_base_value"]) == (25_000_000, 3_000_025_000)
    assert profit.units(net) == 25_000_000 - 3_000_025_000
    engine.close()
    figures = of_journal(tmp_path / "journal")
    assert figures.pnl() == {"USDT": str(profit.decimal(profit.total([net]), 8))}
    assert figures.story.third_fees == 0


def test_what_a_session_earned_is_the_same_after_its_streams_went_down(tmp_path: Path) -> None:
    engine = bought(tmp_path / "journal")
    stream = engine.stream("market")
    trade = {"e": "trade", "E": 4, "s": "BTCUSDT", "t": 5, "p": "60001.0", "q": "0.100", "T": 4, "m": False, "M": True}
    engine.market(stream, "spot", json.dumps(trade).encode(), 4, 4)
    engine.link(stream, "market", False, 0, 5, 5)
    assert engine.top(1) is None
    net = next(row for row in engine.positions() if row["strategy"] == profit.NET)
    # 0.5 BTC gained 0.5 USDT at the last trade's 60,001; 0.0005 BTC are 30.0005 USDT there.
    assert (net["unrealised"], net["fees_base_value"]) == (50_000_000, 3_000_050_000)
    engine.close()
    figures = of_journal(tmp_path / "journal")
    assert figures.pnl() == {"USDT": str(profit.decimal(profit.total([net]), 8))}


def test_only_net_rows_make_the_total() -> None:
    row = {"strategy": 0, "realised": 10, "unrealised": -1, "fees": 2, "fees_base_value": 3, "funding": 4}
    assert profit.total([row, {**row, "strategy": 1}]) == 10 - 1 - 2 - 3 + 4
