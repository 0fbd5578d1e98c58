"""A real recording drives the exchange: its book is the recording's book, and our orders get no more than was traded.

catalogue: S1. The recording is three minutes of BTCUSDT on USD-M, 18 July 2024.
"""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from native._core import Exchange

FILE = "ws/binance/usdm_btcusdt_20240718.gz"
Levels = list[tuple[int, int]]


def ticks(text: str) -> int:
    """A price text in ticks of 0.10."""
    return round(float(text) * 10)


def lots(text: str) -> int:
    """A size text in lots of 0.001."""
    return round(float(text) * 1000)


def levels(rows: list[list[str]]) -> Levels:
    """Price and size texts as ints."""
    return [(ticks(price), lots(qty)) for price, qty in rows]


def pack(rows: Levels) -> bytes:
    """Levels as pairs of int64."""
    return b"".join(struct.pack("<qq", *row) for row in rows)


def messages(path: Path) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """From the snapshot on: time, kind (snapshot, depthUpdate, trade), body; what the snapshot holds is left out."""
    last = None
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        stamp, _, text = line.partition(" ")
        message = json.loads(text)
        if "lastUpdateId" in message:
            last = message["lastUpdateId"]
            yield int(stamp), "snapshot", message
            continue
        body = message["data"]
        stale = last is None or (body["e"] == "depthUpdate" and body["u"] < last)
        if not stale and body["e"] != "bookTicker" and body.get("X", "MARKET") == "MARKET":
            yield int(stamp), body["e"], body


class Replay:
    """An exchange, a plain dict of the recorded levels beside it, and an account of ours."""

    def __init__(self) -> None:
        """Nothing recorded yet."""
        self.x = Exchange("linear", maker_fee_e8=0, taker_fee_e8=0, seed=1)
        self.x.asset("BTC", 8)
        self.x.asset("USDT", 8)
        self.s = self.x.symbol("BTCUSDT", "BTC", "USDT", "0.1", "0.001")
        self.us = self.x.account("us")
        self.x.deposit(self.us, "USDT", 10**17, 0)
        self.x.replay_open(self.s)
        self.book: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def depth(self, ts: int, kind: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Applies a snapshot or a delta to both."""
        names = ("bids", "asks") if kind == "snapshot" else ("b", "a")
        sides = [levels(body[name]) for name in names]
        for known, rows in zip(self.book, sides, strict=True):
            known.update(rows)
        return self.x.replay_depth(self.s, kind == "snapshot", pack(sides[0]), pack(sides[1]), ts)

    def shown(self) -> tuple[Levels, Levels]:
        """The exchange's book."""
        depth = self.x.depth(self.s, 100_000)
        bids, asks = (list(struct.iter_unpack("<qq", depth[name])) for name in ("bids", "asks"))
        return bids, asks

    def recorded(self) -> tuple[Levels, Levels]:
        """The dict's book, best first."""
        bids, asks = ([row for row in known.items() if row[1]] for known in self.book)
        return sorted(bids, reverse=True), sorted(asks)


@pytest.fixture
def recording(shared_data: Path) -> Path:
    """The recording, or a skip with its reason."""
    if not (shared_data / FILE).exists():
        pytest.skip(f"../shared/data/{FILE} is not here")
    return shared_data / FILE


def test_without_orders_of_ours_the_book_is_the_recorded_one(recording: Path) -> None:
    replay = Replay()
    compared = 0
    for count, (ts, kind, body) in enumerate(messages(recording)):
        if kind == "trade":
            replay.x.replay_trade(replay.s, ticks(body["p"]), lots(body["q"]), body["m"], ts)
        else:
            assert replay.depth(ts, kind, body) == []
        if count % 100 == 0:
            assert replay.shown() == replay.recorded()
            compared += 1
    assert compared > 30
    replay.x.check()


def test_our_orders_get_what_was_traded_and_once(recording: Path) -> None:
    replay = Replay()
    traded = filled = 0
    for count, (ts, kind, body) in enumerate(messages(recording)):
        if kind == "trade":
            qty = lots(body["q"])
            events = replay.x.replay_trade(replay.s, ticks(body["p"]), qty, body["m"], ts)
            got = sum(e["last_qty"] for e in events if e["exec"] == "TRADE")
            assert got <= qty
            traded, filled = traded + qty, filled + got
        else:
            replay.depth(ts, kind, body)
        if count % 50 == 1:
            replay.x.cancel_all(replay.us, replay.s, ts)
            _, bid, _, ask, _ = replay.x.bbo(replay.s)
            for number, (side, price) in enumerate([("BUY", bid), ("SELL", ask), ("BUY", bid), ("SELL", ask)]):
                client = f"{count}-{number}"
                replay.x.place(replay.us, replay.s, client, side, "LIMIT", "GTX", price, 20, ts)
    replay.x.check()
    assert 0 < filled < traded
    ours = replay.x.trades(replay.us, replay.s)
    assert all(fill["maker"] for fill in ours)
    assert sum(fill["qty"] for fill in ours) >= filled
