"""A third opinion on tickers and klines: ccxt's parsers, offline, over the same recorded messages (M1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt.pro
import pytest

from tests.recorded_figures import told
from tests.test_figures import Reader, messages

#: Our names of a ticker's figures, and ccxt's.
_TICKER = {
    "bid": "bid",
    "ask": "ask",
    "bid_qty": "bidVolume",
    "ask_qty": "askVolume",
    "last": "last",
    "open": "open",
    "high": "high",
    "low": "low",
    "volume": "baseVolume",
    "turnover": "quoteVolume",
}


def _client(bundle: str) -> Any:
    """ccxt's class of a venue, with numbers as it read them."""
    client = getattr(ccxt.pro, bundle.lower())()
    client.number = str
    client.markets_by_id = {}
    return client


def _tickers(client: Any, bundle: str, message: Any) -> Iterator[dict[str, Any]]:
    """ccxt's reading of the tickers of one message."""
    if bundle == "OKX":
        yield from (client.parse_ticker(item) for item in message["data"])
    elif bundle == "BYBIT":
        yield client.parse_ticker(message["data"])
    elif bundle == "DERIBIT":
        yield client.parse_ticker(message["params"]["data"])


@pytest.mark.parametrize("bundle", ["OKX", "BYBIT", "DERIBIT"])
def test_tickers_agree_with_ccxt(shared_data: Path, bundle: str) -> None:
    client, compared = _client(bundle), 0
    expected = [(address, payload, told(bundle, payload)) for address, payload in messages(_path(shared_data, bundle))]
    decoders = Reader(bundle, expected)
    for address, payload, wanted in expected:
        if not any(kind == "ticker" for kind, _, _ in wanted):
            continue
        found = [numbers for kind, _, numbers in decoders.exact(address, payload) if kind == "ticker"]
        theirs = list(_tickers(client, bundle, json.loads(payload)))
        assert len(found) == len(theirs)
        for ours, other in zip(found, theirs, strict=True):
            for name, ccxts in _TICKER.items():
                if ours[name] is not None and other[ccxts] is not None:
                    assert ours[name] == Decimal(other[ccxts]), (name, payload)
                    compared += 1
    assert compared > 100


@pytest.mark.parametrize(("bundle", "klines"), [("BYBIT", 100), ("KUCOIN", 6)])
def test_klines_agree_with_ccxt(shared_data: Path, bundle: str, klines: int) -> None:
    client, compared = _client(bundle), 0
    expected = [(address, payload, told(bundle, payload)) for address, payload in messages(_path(shared_data, bundle))]
    decoders = Reader(bundle, expected)
    for address, payload, wanted in expected:
        if not any(kind == "kline" for kind, _, _ in wanted):
            continue
        message = json.loads(payload)
        rows = message["data"] if bundle == "BYBIT" else [message["data"]["candles"]]
        parse = client.parse_ws_ohlcv if bundle == "BYBIT" else client.parse_ohlcv
        for (_, _, ours), row in zip(decoders.exact(address, payload), rows, strict=True):
            begin, *figures = parse(row)
            assert ours["begin"] == begin * 1_000_000
            names = ("open", "high", "low", "close", "volume")
            assert [ours[name] for name in names] == [Decimal(figure) for figure in figures]
            compared += 1
    assert compared == klines


def _path(shared_data: Path, bundle: str) -> Path:
    return shared_data / "ws" / "cryptofeed" / f"{bundle}.jsonl.zst"
