"""An engine as a process on a running box: starts it, kills it, asks what it publishes and what the venue sees."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from oms.binance_rest import Rest
from oms.signing import Signer
from pycore.clock import Clock
from pycore.credentials import Credentials
from pycore.terminal import Subscriber
from sim.demo_config import write_config
from tests import box_process

ROOT = Path(__file__).resolve().parents[1]
MARKETS = ("spot", "linear")


@dataclass
class Run:
    """A running engine and how to ask about it."""

    venue: dict[str, Any]
    process: subprocess.Popen[str]
    first: dict[str, Any]
    log: Path

    def summary(self) -> dict[str, Any]:
        """Waits for the end; the last row, or what went wrong."""
        out, _ = self.process.communicate(timeout=60)
        rows = [json.loads(row) for row in out.splitlines()]
        assert rows, self.log.read_text()
        assert rows[-1]["summary"]
        return dict(rows[-1])

    async def states(self, wanted: Any, what: str) -> dict[str, Any]:
        """The first published state for which `wanted` is true."""
        subscriber = Subscriber(self.first["publish"])
        state: dict[str, Any] = {}
        try:
            async with asyncio.timeout(60):
                while self.process.poll() is None:
                    with contextlib.suppress(TimeoutError):
                        state = await asyncio.wait_for(subscriber.receive(), 1.0)
                        if wanted(state):
                            return state
                raise TimeoutError
        except TimeoutError:
            pytest.fail(f"never happened: {what}; the last state was {state}; {self.log.read_text()[-3000:]}")
        finally:
            subscriber.close()


class Bench:
    """Starts engines on one box in one directory."""

    def __init__(self, venue: dict[str, Any], directory: Path, account: int = 0) -> None:
        self.venue = venue
        self.directory = directory
        self.trader = venue["accounts"][account]
        self.config = asyncio.run(write_config(venue, directory))
        self.started: list[Run] = []

    def start(self, *sets: str, kind: str = "tests.strategies:Resting", resume: bool = False) -> Run:
        """Starts an engine whose two strategies are of one kind."""
        overrides = [f'strategies.{at}.kind="{kind}"' for at in (0, 1)] if kind != "glft" else []
        overrides += [f"strategies.{at}.params={{}}" for at in (0, 1)] if kind != "glft" else []
        words = ["run", str(self.config), "--json", *(["--resume"] if resume else [])]
        for item in (*overrides, *sets):
            words += ["--set", item]
        log = self.directory / f"engine-{len(self.started)}.log"
        process = subprocess.Popen(
            [sys.executable, "-m", "pycore.cli", *words],
            cwd=ROOT,
            env={
                **os.environ,
                "TICKWRIGHT_API_KEY": self.trader["key"],
                "TICKWRIGHT_API_SECRET": self.trader["secret"],
            },
            stdout=subprocess.PIPE,
            stderr=log.open("wb"),
            text=True,
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, log.read_text()
        self.started.append(Run(self.venue, process, json.loads(first), log))
        return self.started[-1]

    def end(self) -> None:
        """Ends every engine that still runs."""
        for run in self.started:
            if run.process.poll() is None:
                run.process.kill()
            run.process.communicate()

    def open_orders(self) -> list[str]:
        """Client ids of the account's open orders on both markets, as the venue sees them."""
        return asyncio.run(self._open_orders())

    async def _open_orders(self) -> list[str]:
        signer = Signer(Credentials(self.trader["key"], self.trader["secret"]))
        found = []
        async with aiohttp.ClientSession() as http:
            for market in MARKETS:
                base = self.venue["spot_rest" if market == "spot" else "usdm_rest"]
                rest = Rest(market, base, signer, Clock(), http)
                await rest.measure_clock()
                rows = await rest.call("GET", "open_orders")
                found += [row["clientOrderId"] for row in rows]
        return found

    def replay(self, *words: str) -> dict[str, Any]:
        """A replay of the journal in a fresh process."""
        done = subprocess.run(
            [sys.executable, "-m", "pycore.cli", "replay", str(self.directory / "journal"), "--json", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return dict(json.loads(done.stdout.splitlines()[-1]))


def benched(venue: dict[str, Any], directory: Path, account: int = 0) -> Iterator[Bench]:
    """A bench whose engines are gone afterwards: the body of a fixture."""
    made = Bench(venue, directory, account)
    yield made
    made.end()


@contextlib.asynccontextmanager
async def bench_on(venue: dict[str, Any], directory: Path) -> AsyncIterator[Bench]:
    """The same inside a test that runs already."""
    made = await asyncio.to_thread(Bench, venue, directory)
    try:
        yield made
    finally:
        made.end()


def four_resting(state: dict[str, Any]) -> bool:
    """Both strategies run and have both orders acknowledged."""
    rows = [row for facts in state["instruments"].values() for row in facts["orders"]]
    return state["phase"] == "run" and len(rows) == 4 and all(row["state"] == "ACKED" for row in rows)


def orders_of(state: dict[str, Any]) -> list[Any]:
    """Every own order of a published state."""
    return [row for facts in state["instruments"].values() for row in facts["orders"]]


def kill(bench: Bench, *words: str, environ: dict[str, str] | None = None) -> tuple[int, list[dict[str, Any]], str]:
    """`tickwright kill` with the account's second key: exit code, rows, stderr."""
    own = {"TICKWRIGHT_KILL_API_KEY": bench.trader["ed25519_key"]}
    own["TICKWRIGHT_KILL_API_SECRET"] = bench.trader["ed25519_pem"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TICKWRIGHT")}
    done = subprocess.run(
        [sys.executable, "-m", "pycore.cli", "kill", str(bench.config), "--json", *words],
        cwd=ROOT,
        env={**clean, **(own if environ is None else environ)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


class Account:
    """The account as the venue sees it, with orders by hand."""

    def __init__(self, bench: Bench) -> None:
        self.venue = bench.venue
        self.signer = box_process.Signer(bench.trader)

    async def order(self, market: str, symbol: str, side: str, quantity: str, **more: str) -> None:
        """One order by hand, at market where no price is given."""
        kind = {"type": "LIMIT", "timeInForce": "GTC", **more} if more else {"type": "MARKET"}
        path = "/api/v3/order" if market == "spot" else "/fapi/v1/order"
        await self._ok(market, "POST", path, symbol=symbol, side=side, quantity=quantity, **kind)

    async def open_orders(self) -> list[str]:
        """The symbols of all open orders, with their market."""
        rows = {
            "spot": await self._ok("spot", "GET", "/api/v3/openOrders"),
            "linear": await self._ok("linear", "GET", "/fapi/v1/openOrders"),
        }
        return [f"{market}:{row['symbol']}" for market in rows for row in rows[market]]

    async def positions(self) -> dict[str, Decimal]:
        """Every USD-M position that is not zero."""
        rows = await self._ok("linear", "GET", "/fapi/v3/positionRisk")
        return {row["symbol"]: Decimal(row["positionAmt"]) for row in rows if Decimal(row["positionAmt"])}

    async def spot(self, asset: str) -> Decimal:
        """A spot balance, free and locked."""
        body = await self._ok("spot", "GET", "/api/v3/account")
        row = next(row for row in body["balances"] if row["asset"] == asset)
        return Decimal(row["free"]) + Decimal(row["locked"])

    async def _ok(self, market: str, method: str, path: str, **params: str) -> Any:
        base = self.venue["spot_rest" if market == "spot" else "usdm_rest"]
        async with aiohttp.ClientSession() as http:
            return await box_process.Rest(http, base, self.signer).ok(method, path, **params)
