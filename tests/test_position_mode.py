"""catalogue: O2, K5, R5. The engine starts on no account that is in hedge mode, and the kill empties one all the same.

The engine keeps one position an instrument; the kill is for whatever the account holds.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sim.demo_config import write_config
from tests.box_process import Rest, Signer, running_box
from tests.engine_process import benched, kill

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def hedged() -> Iterator[dict[str, Any]]:
    """A box whose first account is in hedge mode on USD-M."""

    async def change(venue: dict[str, Any]) -> None:
        async with aiohttp.ClientSession() as http:
            rest = Rest(http, venue["usdm_rest"], Signer(venue["accounts"][0]))
            await rest.ok("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")

    with running_box("--seed", "3") as venue:
        asyncio.run(change(venue))
        yield venue


def tickwright(venue: dict[str, Any], verb: str, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    trader = venue["accounts"][0]
    return subprocess.run(
        [sys.executable, "-m", "pycore.cli", verb, str(asyncio.run(write_config(venue, tmp_path))), *words],
        cwd=ROOT,
        env={**os.environ, "TICKWRIGHT_API_KEY": trader["key"], "TICKWRIGHT_API_SECRET": trader["secret"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


async def orders(venue: dict[str, Any]) -> list[Any]:
    """Every order that the account ever sent, on USD-M."""
    async with aiohttp.ClientSession() as http:
        rest = Rest(http, venue["usdm_rest"], Signer(venue["accounts"][0]))
        rows: list[Any] = await rest.ok("GET", "/fapi/v1/allOrders", symbol="BTCUSDT")
        return rows


def test_a_run_is_refused_as_a_fault_of_the_configuration(hedged: dict[str, Any], tmp_path: Path) -> None:
    done = tickwright(hedged, "run", tmp_path)
    assert done.returncode == 2, done.stderr
    assert "account must be in one-way position mode on linear" in done.stderr
    assert "in hedge mode" in done.stderr
    assert "Traceback" not in done.stderr
    assert asyncio.run(orders(hedged)) == []


def test_the_connectivity_check_finds_it_before_any_order(hedged: dict[str, Any], tmp_path: Path) -> None:
    done = tickwright(hedged, "check-connectivity", tmp_path, "--json", "--seconds", "1")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])["faults"]
    assert told == ["linear: check: the account must be in one-way position mode, was in hedge mode"]
    assert asyncio.run(orders(hedged)) == []


def test_the_kill_closes_both_positions(hedged: dict[str, Any], tmp_path: Path) -> None:
    async def asked() -> list[Any]:
        async with aiohttp.ClientSession() as http:
            rest = Rest(http, hedged["usdm_rest"], Signer(hedged["accounts"][0]))
            order = {"symbol": "BTCUSDT", "type": "MARKET", "quantity": "0.010"}
            if not await orders(hedged):
                await rest.ok("POST", "/fapi/v1/order", **order, side="BUY", positionSide="LONG")
                await rest.ok("POST", "/fapi/v1/order", **order, side="SELL", positionSide="SHORT")
                far = {**order, "type": "LIMIT", "timeInForce": "GTC", "price": "20000"}
                await rest.ok("POST", "/fapi/v1/order", **far, side="BUY", positionSide="LONG")
            held = await rest.ok("GET", "/fapi/v3/positionRisk")
            left = await rest.ok("GET", "/fapi/v1/openOrders")
            return [(row["positionSide"], row.get("positionAmt")) for row in (*held, *left)]

    assert asyncio.run(asked()) == [("LONG", "0.010"), ("SHORT", "-0.010"), ("LONG", None)]
    for bench in benched(hedged, tmp_path):
        code, rows, told = kill(bench, "--flatten")
        # It counts symbols.
        assert (code, rows[-1]["cancelled"], rows[-1]["flattened"]) == (0, 1, 1), told
    assert asyncio.run(asked()) == []
