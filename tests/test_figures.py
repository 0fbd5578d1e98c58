"""Tickers, klines, funding, open interest and marks of every recording equal a second reading of its raw text (M1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from feeds.public import feed_of
from feeds.recorder import What
from feeds.recordings import Recording
from native._core import Decoder, FeedDecoder
from tests.recorded_figures import READ, Told, told

#: The figures of each kind: those of `fundingrate` are `rate_e18` under the name of `rate`.
FIGURES = {
    "ticker": ("bid", "ask", "last", "open", "high", "low", "bid_qty", "ask_qty", "last_qty", "volume", "turnover"),
    "kline": ("begin", "interval", "open", "high", "low", "close", "volume", "turnover", "trades"),
    "fundingrate": ("rate", "next"),
    "openinterest": ("qty", "value"),
    "reference": ("mark", "index"),
}
_MARKETS = {"BINANCE": "spot", "BINANCE_FUTURES": "linear", "BINANCE_DELIVERY": "inverse"}
#: The decimals of a figure, by its kind and name; those of the rest are the prices'.
_SCALE = {
    **dict.fromkeys(("bid_qty", "ask_qty", "last_qty", "volume", "qty"), "qty_scale"),
    "turnover": "turnover_scale",
    "value": "value_scale",
}


def messages(path: Path) -> Iterator[tuple[str, bytes]]:
    """Address and payload of every message of a socket."""
    for batch in Recording(path).batches():
        yield from ((record.source, record.payload) for record in batch if record.what is What.MESSAGE)


def exact(record: dict[str, Any]) -> dict[str, Decimal | int | None]:
    """The figures of a record as exact numbers."""
    found: dict[str, Decimal | int | None] = {}
    for name in FIGURES[record["kind"]]:
        raw = record["rate_e18" if name == "rate" else name]
        if raw is None or name in ("begin", "interval", "next", "trades"):
            found[name] = raw
        else:
            scale = 18 if name == "rate" else record[_SCALE.get(name, "price_scale")]
            found[name] = Decimal(raw).scaleb(-scale)
    return found


class Reader:
    """The decoders of one bundle, with every symbol of it defined."""

    def __init__(self, bundle: str, expected: list[tuple[str, bytes, list[Told]]]) -> None:
        self._market = _MARKETS.get(bundle, "")
        self._binance = Decoder()
        self._feeds: dict[str, FeedDecoder] = {}
        self._symbols: dict[tuple[str, int], str] = {}
        for address, symbol in sorted({(address, one[1]) for address, _, found in expected for one in found}):
            feed = feed_of(address)
            if self._market:
                number = self._binance.define(self._market, symbol, "0.00000001", "0.00000001")
            else:
                decoder = self._feeds.setdefault(feed, FeedDecoder(feed))
                number = decoder.define(symbol, "0.0000000001", "0.0000000001")
            self._symbols[feed, number] = symbol

    def exact(self, address: str, payload: bytes) -> list[Told]:
        """Kind, symbol and exact numbers of each record that is told."""
        feed = feed_of(address)
        rows = self._binance.market(self._market, payload) if self._market else self._feeds[feed].message(payload)
        return [
            (row["kind"], self._symbols[feed, row["instrument"]], exact(row)) for row in rows if row["kind"] in FIGURES
        ]


@pytest.mark.parametrize("bundle", READ)
def test_every_figure_equals_a_second_reading(shared_data: Path, bundle: str) -> None:
    path = shared_data / "ws" / "cryptofeed" / f"{bundle}.jsonl.zst"
    expected = [(address, payload, told(bundle, payload)) for address, payload in messages(path)]
    reader = Reader(bundle, expected)
    counts: Counter[str] = Counter()
    for address, payload, wanted in expected:
        if wanted:
            found = reader.exact(address, payload)
            assert found == wanted, payload
            counts.update(kind for kind, _, _ in found)
    assert counts == READ[bundle][1], bundle
