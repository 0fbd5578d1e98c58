"""catalogue: S1. The box's options: scripted faults, accounts files, and files that mean nothing."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from native._core import InputError
from sim.box import verb
from sim.box.clock import Skew
from sim.box.faults import KINDS, Fault, Faults, Script
from sim.box.faults_file import load_script
from tests.box_process import ROOT, Rest, Signer, ask, now_ms, running_box, until

FAR: dict[str, Any] = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "48000",
}  # fmt: skip


def script(folder: Path, *faults: str, head: str = "") -> tuple[str, str]:
    """A faults file and the arguments that name it."""
    path = folder / "faults.toml"
    path.write_text(head + "".join(f"\n[[fault]]\n{fault}\n" for fault in faults))
    return "--faults", str(path)


async def open_ids(client: Rest) -> list[str]:
    return [order["clientOrderId"] for order in await client.ok("GET", "/api/v3/openOrders", symbol="BTCUSDT")]


async def test_rest_faults_happen_as_written(tmp_path: Path) -> None:
    order = 'where = "rest"\nmatch = "POST /api/v3/order"\ntimes = 1'
    kinds = ('kind = "error"', 'kind = "error"\naccepted = false', 'kind = "rate_limit"', 'kind = "drop"')
    faults = [f"{kind}\n{order}" for kind in kinds]
    faults.append('kind = "delay"\ndelay_ms = 300\nwhere = "rest"\nmatch = "GET /api/v3/time"\ntimes = 1')
    with running_box(*script(tmp_path, *faults)) as first:
        async with aiohttp.ClientSession() as web:
            client = Rest(web, first["spot_rest"], Signer(first["accounts"][0]))

            async def place(name: str) -> tuple[int, Any]:
                return await client.signed("POST", "/api/v3/order", **FAR, newClientOrderId=name)

            status, body = await place("lost-answer")
            assert (status, body["code"]) == (503, -1007)
            status, body = await place("never-there")
            assert (status, body["code"]) == (503, -1001)
            status, body = await place("too-often")
            assert (status, body["code"]) == (429, -1003)
            with pytest.raises(aiohttp.ClientError):
                await place("dropped-answer")
            assert (await place("fine"))[0] == 200
            assert await open_ids(client) == ["lost-answer", "dropped-answer", "fine"]
            began = time.monotonic()
            await client.get("/api/v3/time")
            assert time.monotonic() - began >= 0.3


async def test_websocket_faults_happen_as_written(tmp_path: Path) -> None:
    faults = [
        'kind = "drop"\nwhere = "ws_api"\nmatch = "order.place"\ntimes = 1',
        'kind = "error"\nwhere = "ws_api"\nmatch = "order.place"\ntimes = 1',
        'kind = "duplicate"\nwhere = "user"\nmatch = "CANCELED"\ntimes = 1',
        'kind = "disconnect"\nwhere = "stream"\nmatch = "depthUpdate"\ntimes = 1',
        'kind = "silence"\nwhere = "stream"\nmatch = "ETHUSDT"\nmarket = "usdm"',
    ]
    with running_box(*script(tmp_path, *faults)) as first:
        signer = Signer(first["accounts"][0])
        async with aiohttp.ClientSession() as web, web.ws_connect(first["spot_ws_api"]) as ws:
            mute = {"id": 1, "method": "order.place", "params": signer.ws(**FAR, newClientOrderId="mute")}
            await ws.send_json(mute)
            await ws.send_json({"id": 2, "method": "ping", "params": {}})
            # Answers come in the order of the requests: before the second's there was the first's, or it is lost.
            assert (await ws.receive_json(timeout=30))["id"] == 2
        async with aiohttp.ClientSession() as web, web.ws_connect(first["spot_ws_api"]) as ws:
            await ask(ws, "userDataStream.subscribe.signature", signer.ws())
            answer = await ask(ws, "order.place", signer.ws(**FAR, newClientOrderId="unsure"), 3)
            assert (answer["status"], answer["error"]["code"]) == (503, -1007)
            await ws.send_json(
                {"id": 4, "method": "order.cancel", "params": signer.ws(symbol="BTCUSDT", origClientOrderId="mute")}
            )
            reports = [await until(ws, "executionReport") for _ in range(2)]
            assert [report["x"] for report in reports] == ["CANCELED", "CANCELED"]
            assert reports[0] == reports[1]

            async with web.ws_connect(first["spot_ws"] + "/ws/btcusdt@depth@100ms") as stream:
                message = await stream.receive(timeout=30)
                assert message.type is aiohttp.WSMsgType.CLOSE
            url = first["usdm_ws"] + "/stream?streams=ethusdt@bookTicker/btcusdt@bookTicker"
            async with web.ws_connect(url) as stream:
                with contextlib.suppress(asyncio.TimeoutError):
                    # Only what was sent before the first ETHUSDT message arrives, if that was not the first of all.
                    while True:
                        assert (await stream.receive_json(timeout=1.5))["stream"] == "btcusdt@bookTicker"
                assert not stream.closed


async def test_a_limit_bans_who_goes_on_and_a_connection_can_fall_silent(tmp_path: Path) -> None:
    faults = [
        'kind = "rate_limit"\nwhere = "rest"\nmatch = "/ping"\nban_after = 2\nretry_after_s = 7',
        'kind = "silence"\nwhere = "ws_api"\nmatch = "ping"\nfor_s = 1.0\ntimes = 1',
    ]
    with running_box(*script(tmp_path, *faults)) as first:
        async with aiohttp.ClientSession() as web:
            client = Rest(web, first["spot_rest"], Signer(first["accounts"][0]))
            answers = [await client.raw("GET", "/api/v3/ping") for _ in range(3)]
            assert [(status, body["code"]) for status, body, _ in answers] == [(429, -1003), (429, -1003), (418, -1003)]
            assert {headers["Retry-After"] for _, _, headers in answers} == {"7"}
            async with web.ws_connect(first["spot_ws_api"]) as ws:
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(ask(ws, "ping", {}), 0.3)
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(ask(ws, "time", {}, 2), 0.3)
                await asyncio.sleep(0.6)
                assert (await ask(ws, "time", {}, 3))["status"] == 200


def test_a_window_opens_again_and_again() -> None:
    fault = Fault("drop", after_s=10, for_s=2, every_s=5)
    open_at = [second for second in range(30) if fault.is_on(second)]
    assert open_at == [10, 11, 15, 16, 20, 21, 25, 26]
    skew = Skew(5, after_ns=10, for_ns=2, every_ns=5)
    assert [at for at in range(30) if skew.at(at)] == open_at


def test_the_same_seed_and_traffic_give_the_same_faults() -> None:
    def struck(seed: int) -> list[bool]:
        script = Script(seed, faults=(Fault("drop", probability=0.3),))
        faults = Faults(script, script.clock())
        return [faults.strike("rest", "spot", "GET /x") is not None for _ in range(200)]

    assert struck(1) == struck(1) != struck(2)
    assert 30 < sum(struck(1)) < 90


def test_a_clock_put_back_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    start_ns = time.time_ns()
    real_s = 0
    monkeypatch.setattr("sim.box.clock.time.time_ns", lambda: start_ns + real_s * 1_000_000_000)
    clock = Script(1, faults=(Fault("clock_skew", skew_ms=2_000, after_s=1, for_s=1),)).clock()
    shown_s = []
    for second in range(6):
        real_s = second
        shown_s.append((clock.now_ns() - start_ns) // 1_000_000_000)
    assert shown_s == [0, 3, 3, 3, 4, 5]


def test_the_example_in_the_docs_is_a_script(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "box.md").read_text()
    path = tmp_path / "faults.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0])
    assert {fault.kind for fault in load_script(path, 1).faults} == set(KINDS)


async def test_the_venues_clock_can_be_wrong(tmp_path: Path) -> None:
    with running_box(*script(tmp_path, head="clock_skew_ms = -7000\n")) as first:
        async with aiohttp.ClientSession() as web:
            client = Rest(web, first["spot_rest"], Signer(first["accounts"][0]))
            served = (await client.get("/api/v3/time"))["serverTime"]
            assert now_ms() - served >= 7_000
            _, answer = await client.signed("GET", "/api/v3/account")
            assert (answer["code"], answer["msg"]) == (
                -1021, "Timestamp for this request was 1000ms ahead of the server's time.",
            )  # fmt: skip


async def test_accounts_come_from_a_file_in_the_printed_form(tmp_path: Path) -> None:
    with running_box("--seed", "9") as first:
        accounts = first["accounts"]
    accounts[0]["balances"] = {"spot": {"BTC": "0.5"}, "usdm": {"USDT": "7.25"}}
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps({"accounts": accounts[:1]}))
    with running_box("--accounts", str(path)) as first:
        assert first["accounts"] == accounts[:1]
        async with aiohttp.ClientSession() as web:
            signer = Signer(accounts[0], ed25519=True)
            account = await Rest(web, first["spot_rest"], signer).ok("GET", "/api/v3/account", omitZeroBalances="true")
            assert account["balances"] == [{"asset": "BTC", "free": "0.50000000", "locked": "0.00000000"}]
            wallet = await Rest(web, first["usdm_rest"], signer).ok("GET", "/fapi/v2/balance")
            assert wallet[0]["balance"] == "7.25000000"


async def test_the_same_seed_gives_the_same_keys_and_another_seed_others() -> None:
    keys = []
    for seed in ("4", "4", "5"):
        with running_box("--seed", seed) as first:
            keys.append([(row["key"], row["secret"], row["ed25519_pem"]) for row in first["accounts"]])
    assert keys[0] == keys[1]
    assert not set(keys[0]) & set(keys[2])


STAMP = 1_723_161_253_937_085_768
BAD_FILES = [
    ("--faults", "f.toml", '[[fault]]\nkind = "flood"', "kind must be one of"),
    ("--faults", "f.toml", '[[fault]]\nkind = "drop"\nprobability = 2.0', "probability must lie in 0..1, was 2.0"),
    ("--faults", "f.toml", '[[fault]]\nkind = "drop"\nwhom = 1', "times, was 'whom'"),
    ("--faults", "f.toml", '[[fault]]\nkind = "drop"\n[[fault]]\nwhere = "rest"', "fault 1: kind must be one of"),
    ("--faults", "f.toml", '[[fault]]\nkind = "drop"\ndelay_ms = 5', "a field of drop must be one of"),
    ("--faults", "f.toml", '[[fault]]\nkind = "clock_skew"\nmatch = "x"', "a field of clock_skew must be one of"),
    ("--faults", "f.toml", '[[fault]]\nkind = "drop"\nafter_s = nan', "after_s must be a number, was nan"),
    ("--faults", "f.toml", '[[fault]]\nkind = "delay"\ndelay_ms = inf', "delay_ms must lie in 0..3.6e+06, was inf"),
    ("--faults", "f.toml", '[[fault]]\nkind = "drop"\ntimes = 1.5', "times must be a whole number, was 1.5"),
    ("--faults", "f.toml", '[[fault]]\nkind = "error"\ncode = -2010', "code must be one of -1000, -1001"),
    ("--faults", "f.toml", '[[fault]]\nkind = "error"\naccepted = 1', "accepted must be true or false, was 1"),
    ("--faults", "f.toml", '[[fault]]\nkind = "drop"\nmatch = 1', "match must be a text, was 1"),
    ("--faults", "f.toml", "fault = 3", "fault must be a list of tables, was 3"),
    ("--faults", "f.toml", "fault = [3]", "fault 0: must be a table, was 3"),
    ("--faults", "f.toml", "seed = 1.5", "seed must be a whole number, was 1.5"),
    ("--faults", "f.toml", "clock_skew_ms = 1e9", "clock_skew_ms must lie in"),
    ("--faults", "f.toml", "[[fault", "f.toml"),
    ("--faults", "f.toml", 'seeds = 1', "field must be one of seed, clock_skew_ms, listen_key_s, fault, was 'seeds'"),
    ("--accounts", "a.toml", "[[accounts]]\nkey = 'k'\ned25519_pem = 'nonsense'", "ed25519_pem"),
    ("--accounts", "a.toml", "accounts = 1", "accounts must be a list of tables"),
    ("--accounts", "a.json", '{"accounts": [{"balances": {"spot": {"BTC": "-1"}}}]}', "balances.spot.BTC"),
    ("--accounts", "a.json", '{"accounts": [{"balances": {"moon": {}}}]}', "balances.moon"),
    ("--accounts", "a.json", '{"accounts": [{"key": "k"}, {"key": "k"}]}', "every key must be different"),
    ("--accounts", "a.json", '{"accounts": [{"balances": {"spot": {"DOGE": "1"}}}]}', "DOGE"),
    ("--market", "m", "nothing that anybody recorded", "must be a recording"),
    ("--market", "m", f'{STAMP} {{"e":"trade","s":"BTCUSDT"}}\n', "no depth update"),
    ("--market", "m", f'{STAMP} [[[\n', "record 1 is not a venue's JSON"),
    ("--market", "m", f'{STAMP} {{"e":"depthUpdate","s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]}}\n', "no snapshot"),
    ("--market", "m", f'{STAMP} {{"e":"depthUpdate","s":"XUSDT","U":1,"u":2,"b":[],"a":[]}}\n', "XUSDT"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_FILES, ids=[f"{row[0]}-{i}" for i, row in enumerate(BAD_FILES)])
def test_a_file_that_means_nothing_is_refused_by_name(tmp_path: Path, bad: tuple[str, str, str, str]) -> None:
    option, name, text, wanted = bad
    path = tmp_path / name
    path.write_text(text)
    refused([option, str(path)], wanted)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--port", "70000"], "--port must lie in 0..65534, was 70000"),
        (["--speed", "0"], "--speed must be positive"),
        (["--market", "nowhere.gz"], "nowhere.gz"),
        (["--accounts", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_an_argument_that_means_nothing_is_refused_by_name(arguments: list[str], wanted: str) -> None:
    refused(arguments, wanted)


def refused(arguments: list[str], wanted: str) -> None:
    """The verb raises what the command line turns into exit code 2 and one sentence."""
    parser = argparse.ArgumentParser()
    verb.register(parser)
    with pytest.raises(InputError, match=re.escape(wanted)):
        verb.run(parser.parse_args(arguments))
