"""Metrics and health: of a running engine, scraped and read by the library's own parser, and of states made by hand."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pycore import config_load
from pycore.config import Metrics
from pycore.health import health
from pycore.metrics import exposition
from pycore.telemetry import command
from pycore.terminal import Subscriber
from sim.demo_config import write_config
from sim.process import Process

ROOT = Path(__file__).resolve().parents[1]
WATCHING = (ROOT / "docs" / "watching.md").read_text()
CONFIG = config_load.load(str(ROOT / "deploy" / "config" / "paper.toml"), {})


#: Samples that say that an engine trades on both markets.
TRADING = (
    "tickwright_requests_sent_total[]",
    "tickwright_latency_seconds_count['total']",
    *(f"tickwright_book_in_sync['{market}:BTCUSDT']" for market in ("spot", "linear")),
)


@asynccontextmanager
async def running(tmp_path: Path, *sets: str, ed25519: bool = False) -> AsyncIterator[tuple[Any, Any, Process]]:
    """A box and an engine that makes markets on it: the box's first row, the engine's, and the engine's process."""
    async with Process("box", ["box", "--port", "0", "--seed", "5"], tmp_path / "box.log") as box:
        venue = await box.first_row()
        config = await write_config(venue, tmp_path)
        trader = venue["accounts"][0]
        keys = {
            "TICKWRIGHT_API_KEY": trader["ed25519_key" if ed25519 else "key"],
            "TICKWRIGHT_API_SECRET": trader["ed25519_pem" if ed25519 else "secret"],
        }
        words = ["run", str(config), "--json", "--set", 'metrics.listen="127.0.0.1:0"']
        words += [word for item in sets for word in ("--set", item)]
        async with Process("engine", words, tmp_path / "engine.log", keys) as engine:
            yield venue, await engine.first_row(), engine


def samples(text: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def until(http: aiohttp.ClientSession, base: str, *wanted: str) -> dict[str, float]:
    """Scrapes until all of these samples are above zero."""
    async with asyncio.timeout(60):
        while True:
            async with http.get(f"{base}/metrics") as answer:
                assert answer.status == 200
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                found = samples(await answer.text())
            if all(found.get(name, 0) > 0 for name in wanted):
                return found
            await asyncio.sleep(0.1)


async def healthy(http: aiohttp.ClientSession, base: str, status: int) -> dict[str, Any]:
    """Asks for `/health` until it answers with this status; the body."""
    async with asyncio.timeout(60):
        while True:
            async with http.get(f"{base}/health") as answer:
                body: dict[str, Any] = await answer.json()
                if answer.status == status:
                    return body
            await asyncio.sleep(0.1)


async def test_a_running_engine_is_scraped_and_parsed(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, first, engine), aiohttp.ClientSession() as http:
        found = await until(http, first["metrics"], *TRADING, "tickwright_up[]")
        subscriber = Subscriber(first["publish"])
        state = await subscriber.receive()
        subscriber.close()
        body = await healthy(http, first["metrics"], 200)
        assert (body["status"], body["phase"]) == ("ok", "run")
        assert set(state["streams"]) == {part.removeprefix("stream ") for part in body["parts"] if "stream " in part}
        async with http.post(f"{first['metrics']}/health") as refused:
            assert refused.status == 405
        assert (await command(first["control"], "halt"))["ok"]
        assert (await until(http, first["metrics"], "tickwright_halted[]"))["tickwright_up[]"] == 0
        assert (await healthy(http, first["metrics"], 503))["parts"]["trading"]["state"] == "halted"
        await engine.stop(30)
    assert found["tickwright_up[]"] == 1
    assert found["tickwright_events_total[]"] <= state["seq"]
    assert found["tickwright_memory_bytes[]"] > 1e6
    assert found["tickwright_disk_free_bytes[]"] > 0
    assert found["tickwright_latency_seconds_count['total']"] > 0
    assert 0 < found["tickwright_latency_seconds['0.5', 'total']"] <= found["tickwright_latency_seconds['1', 'total']"]
    assert found["tickwright_loop_lag_seconds_count['engine']"] > 0
    for market in ("spot", "linear"):
        assert found[f"tickwright_book_in_sync['{market}:BTCUSDT']"] == 1
        assert f"tickwright_profit['USDT', '{market}:BTCUSDT']" in found
        assert found[f"tickwright_stream_up['{market}/orders']"] == 1


@pytest.mark.parametrize("ed25519", [False, True], ids=["hmac", "ed25519"])
async def test_no_secret_is_in_anything_that_a_session_writes(tmp_path: Path, ed25519: bool) -> None:
    log = tmp_path / "log" / "engine.jsonl"
    sets = ('log.level="debug"', f'log.file="{log}"')
    async with running(tmp_path, *sets, ed25519=ed25519) as (venue, first, engine), aiohttp.ClientSession() as http:
        trader = venue["accounts"][0]
        name = "ed25519_key" if ed25519 else "key"
        await until(http, first["metrics"], *TRADING)
        async with http.post(f"{venue['usdm_rest']}/fapi/v1/listenKey", headers={"X-MBX-APIKEY": trader[name]}) as key:
            listen_key = (await key.json())["listenKey"]
        subscriber = Subscriber(first["publish"])
        shown = [json.dumps(first), json.dumps(await subscriber.receive())]
        subscriber.close()
        for page in ("metrics", "health"):
            async with http.get(f"{first['metrics']}/{page}") as answer:
                shown.append(await answer.text())
        shown.append(json.dumps(await engine.stop(30), default=str))
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "box.log"]
    assert {"engine.log", "engine.jsonl", "journal.config.json"} <= {path.name for path in written}
    everything = "\n".join([*shown, *(path.read_bytes().decode("latin-1") for path in written)])
    pem_lines = [line for line in trader["ed25519_pem"].splitlines() if "-----" not in line]
    for secret in (trader["key"], trader["secret"], trader["ed25519_key"], *pem_lines, listen_key):
        assert secret not in everything
    assert not re.search(r"signature[\"'=:% ]+[0-9A-Za-z+/%]{40}", everything)
    # Requests, order frames and the address with the listen key were logged, masked: the filter had something to do.
    signed = r"session\.logon" if ed25519 else r"order\.place"
    for text in (log.read_text(), (tmp_path / "engine.log").read_text()):
        assert "listenKey=***" in text
        assert "&signature=***" in text
        assert re.search(rf"{signed}.*signature\\*\":\s*\\*\"\*\*\*", text)
    assert {row["phase"] for row in map(json.loads, log.read_text().splitlines())} >= {"validate", "connect", "run"}


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    async def attempt() -> str:
        async with running(tmp_path) as (_, first, engine):
            taken = first["metrics"].removeprefix("http://")
            words = [sys.executable, "-m", "pycore.cli", "run", str(tmp_path / "config.toml")]
            words += ["--set", f'metrics.listen="{taken}"', "--set", f'journal.directory="{tmp_path / "other"}"']
            environ = {"TICKWRIGHT_API_KEY": "k", "TICKWRIGHT_API_SECRET": "s", "PATH": ""}
            done = await asyncio.to_thread(
                subprocess.run, words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 2
            await engine.stop(30)
            assert f"was {taken}" in done.stderr
            return done.stderr

    assert "metrics.listen cannot be taken" in asyncio.run(attempt())


@pytest.mark.parametrize("listen", ["9464", "localhost:9464", "127.0.0.1", "127.0.0.1:99999", ":9464", "1.2.3:80"])
def test_a_bad_address_is_refused(listen: str) -> None:
    with pytest.raises(ValueError, match="listen must be an IP address and a port"):
        Metrics(listen=listen)


def test_addresses_are_read() -> None:
    assert Metrics(listen="127.0.0.1:0").address() == ("127.0.0.1", 0)
    assert Metrics(listen="[::1]:9464").address() == ("::1", 9464)


def state(**changes: Any) -> dict[str, Any]:
    """A state in which all is well, with some parts changed."""
    figures = {"count": 2, "sum_ns": 3_000_000, "p50_ns": 1_000_000, "p90_ns": 2_000_000, "p99_ns": 2_000_000}
    figures["max_ns"] = 2_000_000
    position = {
        "qty": "-3",
        "realised": "100000000",
        "unrealised": "0",
        "fees": "200",
        "fees_base_value": "50",
        "funding": "0",
    }
    whole: dict[str, Any] = {
        "seq": 90,
        "journal": {"lag": 4, "standing_ms": 0},
        "halted": False,
        "instruments": {
            "linear:BTCUSDT": {
                "lot": "0.001",
                "settle": "USDT",
                "scale": 8,
                "top": [1, 1, 2, 1],
                "orders": [{}, {}],
                "positions": [position],
            }
        },
        "open_orders": 2,
        "latency": {"total": figures},
        "loop_lag": {**figures, "last_ns": 1_000_000},
        "refusals": {"price_collar": 7},
        "fills": 5,
        "sent": 11,
        "awaiting": 1,
        "waiting_for_disk": 2,
        "streams": {"linear/public": {"up": True, "silent_ms": 20, "stale_ms": 5000, "reconnects": 1}},
        "sources": source(),
        "unreadable": {},
        "host": {"disk_free_mib": 10_000, "memory_mib": 200},
        "log_dropped": 0,
    }
    return whole | changes


def test_every_figure_comes_out_in_base_units() -> None:
    found = samples(exposition(state(), up=True).decode())
    assert found["tickwright_position['linear:BTCUSDT']"] == -0.003
    assert found["tickwright_profit['USDT', 'linear:BTCUSDT']"] == 0.9999975
    assert found["tickwright_refusals_total['price_collar']"] == 7
    assert found["tickwright_open_orders[]"] == 2
    assert found["tickwright_journal_lag_events[]"] == 4
    assert found["tickwright_requests_awaiting_disk[]"] == 2
    assert found["tickwright_stream_silent_seconds['linear/public']"] == 0.02
    assert found["tickwright_stream_reconnects_total['linear/public']"] == 1
    assert found["tickwright_latency_seconds['0.99', 'total']"] == 0.002
    assert found["tickwright_latency_seconds_sum['total']"] == 0.003
    assert found["tickwright_memory_bytes[]"] == 200 * 1024 * 1024


def source(**changes: Any) -> dict[str, Any]:
    """One source with its two lines."""
    counts = dict.fromkeys(("received", "first", "duplicate", "late", "lost"), 3)
    line = counts | {"lag_ns": 2_000_000, "up": True}
    found = {"primary": 1, "stale": False, "switches": 1, "gaps": 2, "filled": 4}
    return {"linear/public": found | {"lines": {"linear/public": line, "linear/public#B": line}} | changes}


def test_lines_come_out_by_source_and_line() -> None:
    found = samples(exposition(state(), up=True).decode())
    assert found["tickwright_source_filled_total['linear/public']"] == 4
    assert found["tickwright_line_lag_seconds['linear/public', 'linear/public#B']"] == 0.002
    lines = ("linear/public", "linear/public#B")
    assert [found[f"tickwright_line_primary['linear/public', '{line}']"] for line in lines] == [0, 1]


def test_the_page_lists_every_metric_and_no_other() -> None:
    names = {
        sample.name.removesuffix("_count").removesuffix("_sum")
        for family in text_string_to_metric_families(exposition(state(unreadable={"answer": 1}), up=True).decode())
        for sample in family.samples
    }
    assert set(re.findall(r"^\| `(tickwright_\w+)`", WATCHING, re.MULTILINE)) == names


def test_the_page_lists_every_part_of_health_and_its_states() -> None:
    rows = dict(re.findall(r"^\| ([a-z_]+)(?: [A-Z]+)? \| ([a-z].*) \|$", WATCHING.split("## Health")[1], re.MULTILINE))
    _, body = health("run", state(), CONFIG)
    assert set(rows) - {"part"} == {name.split(" ")[0] for name in body["parts"]}
    for changes, part, named in NOT_WELL:
        assert named in rows[part.split(" ")[0]], changes


def test_an_engine_that_is_not_there_yet_has_one_sample() -> None:
    assert samples(exposition({}, up=False).decode()) == {"tickwright_up[]": 0}


def stream(**changes: Any) -> dict[str, Any]:
    """The streams of a state with one that is changed."""
    return {"linear/public": {"up": True, "silent_ms": 20, "stale_ms": 5000, "reconnects": 1} | changes}


NOT_WELL: list[tuple[dict[str, Any], str, str]] = [
    ({"halted": True}, "trading", "halted"),
    ({"journal": {"lag": 9, "standing_ms": 2_001}}, "journal", "standing"),
    ({"loop_lag": {"last_ns": 1_500_000_000}}, "event_loop", "late"),
    ({"host": {"disk_free_mib": 511, "memory_mib": 200}}, "disk", "low"),
    ({"host": {"disk_free_mib": 10_000, "memory_mib": 4_097}}, "memory", "high"),
    ({"streams": stream(up=False)}, "stream linear/public", "down"),
    ({"streams": stream(silent_ms=5001)}, "stream linear/public", "stale"),
    ({"sources": source(stale=True)}, "source linear/public", "stale"),
    ({"instruments": {"linear:BTCUSDT": {"top": None}}}, "book linear:BTCUSDT", "not in sync"),
]


@pytest.mark.parametrize(("changes", "part", "named"), NOT_WELL)
def test_each_part_that_is_not_well_is_named(changes: dict[str, Any], part: str, named: str) -> None:
    well, body = health("run", state(**changes), CONFIG)
    assert not well
    assert {name: found["state"] for name, found in body["parts"].items() if found["state"] != "ok"} == {part: named}
    assert body["parts"][part]["why"]


@pytest.mark.parametrize(
    ("phase", "named"),
    [
        ("new", "starting"),
        ("recover", "starting"),
        ("stop", "stopping"),
        ("killing", "killing"),
        ("stopped", "stopped"),
    ],
)
def test_an_engine_outside_its_run_is_not_well(phase: str, named: str) -> None:
    well, body = health(phase, {}, CONFIG)
    assert (well, body["parts"]["engine"]["state"]) == (False, named)


def test_silence_of_a_stream_that_may_be_silent_is_well() -> None:
    assert health("run", state(streams=stream(silent_ms=10**7, stale_ms=0)), CONFIG)[0]
