"""The box under load: 2,000 order requests a second beside 50 stream clients, the box on one core of its own.

catalogue: S1. Three runs on a fresh box each: streams alone, then with orders over REST, then with orders over the
WebSocket API. Orders are placed far from the market and cancelled, signed beforehand, and sent when they are due
whether or not the answers come (open loop). Prints what was reached, how late answers and stream messages were, how
late a probe on a connection of its own was answered (the event loop's lag), and the CPU seconds of the box's process.
The requests' CPU is what the streams alone did not need. Exit 0 where the box kept up, else 1.

example: python -m bench.box_load --seconds 20 --market spot
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import uvloop

from bench.box_wire import Asker, Listener, masked, upgrade

ROOT = Path(__file__).resolve().parents[1]
STREAMS = "btcusdt@depth@100ms/btcusdt@trade/btcusdt@bookTicker/ethusdt@depth@100ms/ethusdt@bookTicker"
TURN_S = 0.005
PROBE_S = 0.02
DRAIN_S = 5.0
STOP_S = 120.0
CONNECTIONS = 8
RATE_REACHED = 0.995
LAG_P99_MS = 50.0
PATHS = {"spot": "/api/v3/order", "usdm": "/fapi/v1/order"}
PINGS = {"spot": "/api/v3/ping", "usdm": "/fapi/v1/ping"}


@dataclass
class Row:
    """What one run showed; times in ms, CPU of the box's process alone."""

    transport: str
    asked: int
    answered: int
    refused: int
    answers_per_s: float
    answer_ms_p50: float
    answer_ms_p99: float
    answer_ms_max: float
    loop_ms_p50: float
    loop_ms_p99: float
    loop_ms_max: float
    stream_messages_per_s: float
    stream_ms_p50: float
    stream_ms_p99: float
    stream_ms_max: float
    clients_lost: int
    cpu_s: float
    cpu_share: float
    cpu_us_per_request: float = 0.0

    def kept_up(self, rate: int) -> bool:
        """Everything answered at the rate asked for, nobody cut off, and nothing late."""
        orders = self.transport == "none" or self.answers_per_s >= rate * RATE_REACHED
        punctual = max(self.loop_ms_p99, self.stream_ms_p99, self.answer_ms_p99) <= LAG_P99_MS
        return orders and punctual and not self.refused and not self.clients_lost and self.asked == self.answered


@contextlib.contextmanager
def one_core_box(speed: float) -> Iterator[tuple[dict[str, Any], psutil.Process]]:
    """A box on the last core, where there are two."""
    command = [sys.executable, "-m", "pycore.cli", "box", "--port", "0", "--seed", "7", "--limits", "1000000"]
    process = subprocess.Popen([*command, "--speed", str(speed)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    cores = sorted(os.sched_getaffinity(0))
    try:
        os.sched_setaffinity(process.pid, {cores[-1]})
        if len(cores) > 1:
            os.sched_setaffinity(0, set(cores[:-1]))
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), psutil.Process(process.pid)
    finally:
        os.sched_setaffinity(0, set(cores))
        process.terminate()
        process.wait(STOP_S)


class Orders:
    """Signed requests: an order far from the market, then its cancel, then the next one."""

    def __init__(self, account: dict[str, Any], market: str) -> None:
        """Orders of `account`."""
        self._key, self._secret, self._market = account["key"], account["secret"].encode(), market

    def _sign(self, payload: str) -> str:
        return hmac.new(self._secret, payload.encode(), hashlib.sha256).hexdigest()

    def _params(self, serial: int) -> tuple[str, dict[str, str]]:
        """POST or DELETE, and what it carries: a cancel names the order before it."""
        common = {"symbol": "BTCUSDT", "recvWindow": "60000", "timestamp": str(time.time_ns() // 1_000_000)}
        if serial % 2:
            return "DELETE", {**common, "origClientOrderId": f"load-{serial - 1}"}
        order = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "48000"}
        return "POST", {**common, **order, "newClientOrderId": f"load-{serial}"}

    def rest(self, serial: int) -> bytes:
        """The request's bytes over REST, parameters in the query."""
        verb, params = self._params(serial)
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return (
            f"{verb} {PATHS[self._market]}?{query}&signature={self._sign(query)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"X-MBX-APIKEY: {self._key}\r\nAccept: */*\r\nUser-Agent: load\r\n"
            f"Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"
        ).encode()

    def ws(self, serial: int) -> bytes:
        """The request's frame over the WebSocket API."""
        verb, params = self._params(serial)
        params["apiKey"] = self._key
        payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
        params["signature"] = self._sign(payload)
        method = "order.place" if verb == "POST" else "order.cancel"
        return masked(json.dumps({"id": serial, "method": method, "params": params}).encode())


async def connect(url: str, protocol: Any) -> Any:
    """A protocol on a new connection to the host of `url`."""
    where = urlsplit(url)
    return (await asyncio.get_running_loop().create_connection(lambda: protocol, where.hostname, where.port))[1]


async def askers(first: dict[str, Any], market: str, transport: str) -> list[Asker]:
    """Connections for orders."""
    made = []
    for _ in range(CONNECTIONS):
        if transport == "rest":
            made.append(await connect(first[f"{market}_rest"], Asker()))
            continue
        asker = await connect(first[f"{market}_ws_api"], Asker())
        asker.ask(upgrade(urlsplit(first[f"{market}_ws_api"]).path), time.monotonic())
        while asker.waiting:
            await asyncio.sleep(0.01)
        asker.upgrade()
        made.append(asker)
    return made


async def probe(asker: Asker, market: str) -> None:
    """Asks a small thing often, on a connection of its own."""
    ping = f"GET {PINGS[market]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    while True:
        if not asker.waiting:
            asker.ask(ping, time.monotonic())
        await asyncio.sleep(PROBE_S)


async def pace(connections: list[Asker], requests: list[bytes], rate: int) -> float:
    """Sends each request when it is due, an order and its cancel on one connection; the seconds until all is done."""
    start, sent = time.monotonic(), 0
    while sent < len(requests):
        due = min(len(requests), int((time.monotonic() - start) * rate) + 1)
        while sent < due:
            connections[sent // 2 % len(connections)].ask(requests[sent], start + sent / rate)
            sent += 1
        await asyncio.sleep(TURN_S)
    end = time.monotonic() + DRAIN_S
    while any(asker.waiting for asker in connections) and time.monotonic() < end:
        await asyncio.sleep(0.001)
    return time.monotonic() - start


async def load(first: dict[str, Any], box: psutil.Process, args: argparse.Namespace, transport: str) -> Row:
    """One run."""
    market, count = args.market, int(args.rate * args.seconds)
    path = f"/stream?streams={STREAMS}&timeUnit=MICROSECOND"
    listeners = [await connect(first["spot_ws"], Listener(path)) for _ in range(args.clients)]
    prober = await connect(first[f"{market}_rest"], Asker())
    connections = await askers(first, market, transport) if transport != "none" else []
    for asker in connections:
        asker.lags_s.clear()
        asker.refused.clear()
    orders = Orders(first["accounts"][0], market)
    make = orders.rest if transport == "rest" else orders.ws
    requests = [make(serial) for serial in range(count)] if connections else []
    await asyncio.sleep(1.0)
    for listener in listeners:
        listener.messages = 0
        listener.lags_s.clear()
    probing = asyncio.create_task(probe(prober, market))
    before = box.cpu_times()
    began = time.monotonic()
    if connections:
        took = await pace(connections, requests, args.rate)
    else:
        await asyncio.sleep(args.seconds)
        took = time.monotonic() - began
    after = box.cpu_times()
    probing.cancel()
    row = summed(transport, took, connections, listeners, prober)
    row.asked = len(requests)
    row.cpu_s = round(after.user + after.system - before.user - before.system, 2)
    row.cpu_share = round(row.cpu_s / took, 3)
    for asker in connections:
        for message in asker.refused[:1]:
            print(f"refused: {message[-200:]!r}", file=sys.stderr)
    for connection in [*listeners, prober, *connections]:
        connection.close()
    return row


def summed(transport: str, took: float, connections: list[Asker], listeners: list[Listener], prober: Asker) -> Row:
    """The figures of a run."""
    answers = sorted(lag for asker in connections for lag in asker.lags_s)
    streams = sorted(lag for listener in listeners for lag in listener.lags_s)
    loop = sorted(prober.lags_s)
    return Row(
        transport, 0, len(answers), sum(len(asker.refused) for asker in connections),
        round(len(answers) / took, 1), *tail(answers), *tail(loop),
        round(sum(listener.messages for listener in listeners) / took, 1), *tail(streams),
        sum(listener.lost for listener in listeners), 0.0, 0.0,
    )  # fmt: skip


def tail(lags_s: list[float]) -> tuple[float, float, float]:
    """p50, p99 and the largest, in ms."""
    if not lags_s:
        return 0.0, 0.0, 0.0
    last = len(lags_s) - 1
    return tuple(round(lags_s[int(last * q)] * 1e3, 2) for q in (0.5, 0.99, 1.0))  # type: ignore[return-value]  # three


def main(words: list[str]) -> int:
    """Runs all three and prints a JSON line each; returns 0 where the box kept up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=int, default=2_000, help="order requests a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each run")
    parser.add_argument("--clients", type=int, default=50, help="stream clients on spot")
    parser.add_argument("--market", choices=sorted(PATHS), default="spot", help="where the orders go")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the box's market runs")
    parser.add_argument("--transports", default="none,rest,ws_api", help="which runs, comma-separated")
    args = parser.parse_args(words)
    kept, alone = True, 0.0
    for transport in args.transports.split(","):
        with one_core_box(args.speed) as (first, box), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            row = runner.run(load(first, box, args, transport))
        if transport == "none":
            alone = row.cpu_share
        elif row.answered:
            seconds = row.cpu_s / row.cpu_share if row.cpu_share else args.seconds
            row.cpu_us_per_request = round((row.cpu_share - alone) * seconds / row.answered * 1e6, 1)
        print(json.dumps(asdict(row)), flush=True)
        kept = row.kept_up(args.rate) and kept
    print("the box kept up" if kept else "the box FELL BEHIND", file=sys.stderr)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
