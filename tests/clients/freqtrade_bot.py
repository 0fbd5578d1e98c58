"""freqtrade as a live bot in a process of its own: configuration, start and stop, its REST interface, its database.

Only addresses differ from a live configuration (`dry_run` is false): ccxt's `urls` are the box's (binance.md §1).
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

PAIRS = {"spot": "BTC/USDT", "usdm": "BTC/USDT:USDT"}
STRATEGIES = Path(__file__).parent / "freqtrade_strategy"
STAKE = 1_000
STOP_S = 20.0
USER, PASSWORD = "round", "box"


def ccxt_urls(box: dict[str, Any]) -> dict[str, Any]:
    """ccxt's table of addresses with the box's."""
    spot, usdm = box["spot_rest"], box["usdm_rest"]
    urls: dict[str, Any] = {"public": f"{spot}/api/v3", "private": f"{spot}/api/v3", "v1": f"{spot}/api/v1"}
    for version in ("", "V2", "V3", "V4"):
        urls[f"sapi{version}"] = f"{spot}/sapi/v{version[1:] or 1}"
    for version in ("", "V2", "V3"):
        urls[f"fapiPublic{version}"] = urls[f"fapiPrivate{version}"] = f"{usdm}/fapi/v{version[1:] or 1}"
    contracts, requests = f"{box['usdm_ws']}/ws", {"spot": box["spot_ws_api"], "linear": box["usdm_ws_api"]}
    # ccxt takes a stream for spot's by the text "/stream" in its URL; the user name before the host carries it here.
    spot_ws = box["spot_ws"].replace("ws://", "ws://stream@") + "/ws"
    urls["ws"] = {"spot": spot_ws, "linear": contracts, "future": contracts, "ws-api": requests}
    return urls


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configuration(box: dict[str, Any], market: str, folder: Path, secret: str) -> dict[str, Any]:
    """A live bot's configuration: market orders by signal, post-only limit orders by hand."""
    options = {"fetchMarkets": {"types": ["spot" if market == "spot" else "linear"]}, "fetchCurrencies": False}
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    return {
        "dry_run": False,
        "trading_mode": "spot" if market == "spot" else "futures",
        **({} if market == "spot" else {"margin_mode": "isolated"}),
        "max_open_trades": 1,
        "stake_currency": "USDT",
        "stake_amount": STAKE,
        "timeframe": "1m",
        "fiat_display_currency": "",
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "order_types": {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": True},
        "order_time_in_force": {"entry": "PO", "exit": "GTC"},
        "exchange": {
            "name": "binance",
            "key": box["accounts"][0]["key"],
            "secret": secret,
            "pair_whitelist": [PAIRS[market]],
            "ccxt_config": {"urls": {"api": ccxt_urls(box)}, "options": options},
        },
        "pairlists": [{"method": "StaticPairList"}],
        "api_server": {
            "enabled": True,
            "listen_ip_address": "127.0.0.1",
            "listen_port": free_port(),
            "username": USER,
            "password": PASSWORD,
            "jwt_secret_key": "tickwright-round-tickwright-round",
            "ws_token": "tickwright-round",
        },
        "initial_state": "running",
        "force_entry_enable": True,
        "internals": {"process_throttle_secs": 1},
        "strategy": "BuyAndSell",
        "db_url": f"sqlite:///{folder / 'trades.sqlite'}",
    }


class Bot:
    """One running bot; its database and its `go` file lie in `folder`."""

    def __init__(self, config: dict[str, Any], folder: Path) -> None:
        """Starts the process; what it logs goes to our stderr."""
        self.folder = folder
        self._url = f"http://127.0.0.1:{config['api_server']['listen_port']}/api/v1"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config))
        freqtrade = [sys.executable, "-m", "freqtrade", "trade", "--config", str(folder / "config.json")]
        places = ["--userdir", str(folder), "--strategy-path", str(STRATEGIES)]
        self._process = subprocess.Popen([*freqtrade, *places], stdout=sys.stderr, stderr=sys.stderr)

    def stop(self) -> int:
        """Ends the bot as its user would, by SIGTERM; its exit code."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_S)
        finally:
            self._process.kill()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request to the bot's own REST interface; OSError while it does not listen or refuses."""
        request = urllib.request.Request(self._url + path, method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, json.dumps(body).encode() if body else None, timeout=20) as answer:
            return json.load(answer)

    def runs(self) -> bool:
        """Whether it listens and trades; AssertionError when the process has ended."""
        assert self._process.poll() is None, f"the bot ended with {self._process.returncode}"
        try:
            return str(self.ask("GET", "/show_config")["state"]) == "running"
        except OSError:
            return False

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table of the bot's database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'trades.sqlite'}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"select * from {table} order by id")]
