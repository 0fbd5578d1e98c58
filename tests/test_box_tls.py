"""catalogue: S1. Clients that refuse plain sockets trust the box's certificate and trade as over others."""

from __future__ import annotations

import argparse
import ssl
import stat
from pathlib import Path

import aiohttp
import pytest

from native._core import InputError
from sim.box import verb
from tests.box_process import Rest, Signer, ask, running_box

FAR = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "48000"}


async def test_requests_and_streams_go_over_tls(tmp_path: Path) -> None:
    with running_box("--tls", str(tmp_path / "tls")) as first:
        assert first["ca"] == str(tmp_path / "tls" / "ca.pem")
        assert stat.S_IMODE((tmp_path / "tls" / "server.pem").stat().st_mode) == 0o600
        trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=first["ca"]))
        signer = Signer(first["accounts"][0])
        async with aiohttp.ClientSession(connector=trusted) as web:
            for market, path in (("spot", "/api/v3/order"), ("usdm", "/fapi/v1/order")):
                assert first[f"{market}_rest"].startswith("https://")
                assert (await Rest(web, first[f"{market}_rest"], signer).ok("POST", path, **FAR))["orderId"] > 0
            async with web.ws_connect(first["spot_ws_api"]) as ws:
                assert (await ask(ws, "openOrders.status", signer.ws(symbol="BTCUSDT")))["status"] == 200
            async with web.ws_connect(first["usdm_ws"] + "/stream?streams=btcusdt@bookTicker") as ws:
                assert (await ws.receive_json(timeout=30))["stream"] == "btcusdt@bookTicker"
        async with aiohttp.ClientSession() as web:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await web.get(first["spot_rest"] + "/api/v3/ping")


def test_a_directory_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    parser = argparse.ArgumentParser()
    verb.register(parser)
    with pytest.raises(InputError, match=r"--tls must be a directory that can be written, was .*file"):
        verb.run(parser.parse_args(["--tls", str(taken)]))
