"""catalogue: S1. A recorded market in the box: its levels and trades move the book, and our orders queue in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp

from feeds.recorder import Recorder, What
from tests.box_process import ROOT, Rest, Signer, running_box

SECOND_NS = 1_000_000_000
START_NS = 1_723_161_253 * SECOND_NS


def write_capture(path: Path) -> None:
    """A minute of two contracts: BTCUSDT is hit by 1.5 every two seconds, ETHUSDT moves its best bid."""
    recorder = Recorder(path, {"venue": "binance"})

    def message(at_s: float, stream: str, data: dict[str, Any]) -> None:
        payload = json.dumps({"stream": stream, "data": data}).encode()
        recorder.record(What.MESSAGE, START_NS + int(at_s * SECOND_NS), 0, payload, "ws")

    # A difference from before the snapshot, a partial book and a ticker, all of which the book must pass over.
    message(0.0, "btcusdt@depth", diff("BTCUSDT", 9, 10, [["59000.00", "9"]]))
    message(0.1, "btcusdt@depth5", {"lastUpdateId": 11, "bids": [["1.00", "1"]], "asks": [["2.00", "1"]]})
    message(0.2, "btcusdt@bookTicker", {"u": 12, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"})
    for symbol, price in (("BTCUSDT", 60_000), ("ETHUSDT", 2_500)):
        levels = {"bids": [[f"{price}.00", "1"]], "asks": [[f"{price + 10}.00", "1"]]}
        body = json.dumps({"lastUpdateId": 10, **levels}).encode()
        recorder.record(What.REST, START_NS + SECOND_NS // 4, 0, body, f"/api/v3/depth?limit=1000&symbol={symbol}")
    for step in range(1, 30):
        trade = {"e": "trade", "s": "BTCUSDT", "t": step, "p": "60000.00", "q": "1.5", "T": 0, "m": True}
        message(2 * step, "btcusdt@trade", trade)
        message(2 * step + 0.1, "btcusdt@depth", diff("BTCUSDT", 10 + step, 10 + step, [["60000.00", "1"]]))
        message(2 * step + 0.2, "ethusdt@depth", diff("ETHUSDT", 10 + step, 10 + step, [["2501.00", str(step % 2)]]))
    recorder.close()


def diff(symbol: str, first: int, last: int, bids: list[list[str]]) -> dict[str, Any]:
    return {"e": "depthUpdate", "s": symbol, "U": first, "u": last, "b": bids, "a": []}


async def test_our_order_queues_behind_what_was_recorded_and_is_filled_once(tmp_path: Path) -> None:
    path = tmp_path / "two.zst"
    write_capture(path)
    with running_box("--market", str(path)) as first:
        async with aiohttp.ClientSession() as web:
            client = Rest(web, first["spot_rest"], Signer(first["accounts"][0]))
            ether = (await client.get("/api/v3/depth", symbol="ETHUSDT"))["asks"]
            assert ether == [["2510.00000000", "1.00000000"]]
            async with web.ws_connect(first["spot_ws"] + "/stream?streams=btcusdt@trade/btcusdt@depth@100ms") as ws:
                order = await client.ok(
                    "POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="LIMIT_MAKER", quantity="0.2",
                    price="60000", newOrderRespType="RESULT",
                )  # fmt: skip
                assert order["status"] == "NEW"
                shown = set()
                while (await client.ok("GET", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"]))[
                    "status"
                ] != "FILLED":
                    message = await ws.receive_json(timeout=30)
                    if message["data"]["e"] == "depthUpdate":
                        shown |= {qty for price, qty in message["data"]["b"] if price == "60000.00000000"}
                assert "1.20000000" in shown
            fills = await client.ok("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=order["orderId"])
            assert [(fill["price"], fill["qty"], fill["isMaker"]) for fill in fills] == [
                ("60000.00000000", "0.20000000", True)
            ]
            usdm = Rest(web, first["usdm_rest"], client.signer)
            generated = await usdm.get("/fapi/v1/depth", symbol="BTCUSDT", limit=20)
            assert len(generated["bids"]) == 20


async def test_a_downloaded_recording_drives_the_book(shared_data: Path) -> None:
    capture = shared_data / "ws" / "binance" / "spot_btcusdt_20240808.gz"
    with running_box("--market", str(capture), "--speed", "20") as first:
        async with aiohttp.ClientSession() as web:
            client = Rest(web, first["spot_rest"], Signer(first["accounts"][0]))
            best = await client.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT")
            assert 61_000 < float(best["bidPrice"]) < float(best["askPrice"]) < 63_000
            async with web.ws_connect(first["spot_ws"] + "/ws/btcusdt@trade") as ws:
                trades = [await ws.receive_json(timeout=30) for _ in range(50)]
            assert all(61_000 < float(trade["p"]) < 63_000 for trade in trades)


def tickwright(*arguments: str) -> list[dict[str, Any]]:
    """A verb's JSON lines; it must end well."""
    command = [sys.executable, "-m", "pycore.cli", *arguments, "--json"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_what_the_box_sends_is_captured_rebuilt_top_by_top_and_played_again(tmp_path: Path) -> None:
    paths = {venue: tmp_path / f"{venue}.zst" for venue in ("binance-spot", "binance-usdm")}
    with running_box("--seed", "8") as first:
        for venue, path in paths.items():
            base = first["spot_rest" if venue == "binance-spot" else "usdm_rest"]
            tickwright("capture", "--venue", venue, "--symbols", "BTCUSDT,ETHUSDT", "--base", base,
                       "--seconds", "4", "-o", str(path))  # fmt: skip
    rows = tickwright("book", *map(str, paths.values()))
    assert {(row["venue"], row["instrument"]) for row in rows[:-1]} == {
        (venue, symbol) for venue in paths for symbol in ("BTCUSDT", "ETHUSDT")
    }
    for row in rows[:-1]:
        assert row["tops_equal"] == row["tops_compared"] > 10
        assert (row["gaps"], row["crossed"]) == (0, 0)
    with running_box("--market", *map(str, paths.values())) as first:
        assert first["spot_rest"]
