"""The verb `tickwright capture`: records a venue's public market data byte for byte, replayable by `tickwright book`.

catalogue: M12. One socket with the depth, best-price and trade streams of every symbol, and a REST snapshot for each
symbol after each connection, asked for when its first delta has come, so that the snapshot is not older than it
("How to manage a local order book correctly", step 3). No key is used and nothing but public data is asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from feeds.backoff import Backoff
from feeds.bars_live import LiveBars, Source
from feeds.binance import Market, venue_of
from feeds.binance_instruments import instrument_steps
from feeds.lake import Lake
from feeds.ports import Clock, Results
from feeds.recorder import Recorder, What
from feeds.socket import Socket
from native._core import InputError

log = logging.getLogger(__name__)

#: How often what was received is put on disk, s: a crash loses no more than this.
FLUSH_S = 1.0
#: A depth stream sends every 100 ms where anything changes; after this silence the socket is made again, ms.
_STALE_MS = 30_000
_INTERRUPTED = 130


def register(parser: argparse.ArgumentParser) -> None:
    """Describes the verb's arguments."""
    parser.description = (
        "Records public market data byte for byte with receive times: depth, best prices, trades and REST snapshots.\n"
        "Without --base the venue's own public addresses are read; --base takes the box on loopback or a test network."
    )
    parser.epilog = (
        "example:\n  tickwright capture --venue binance-spot --symbols BTCUSDT,ETHUSDT"
        " --base http://127.0.0.1:9000 -o btc.zst"
    )
    parser.add_argument("--venue", required=True, help="binance-spot, binance-usdm or binance-coinm")
    parser.add_argument("--symbols", required=True, help="symbols as the venue writes them, separated by commas")
    parser.add_argument(
        "-o", "--output", dest="file", required=True, type=Path, help="a new file; .gz and .zst are packed"
    )
    parser.add_argument("--base", help="http(s) address of REST; sockets are taken from the same host")
    parser.add_argument("--ws-base", help="ws(s) address of the sockets, where it is another host or port")
    parser.add_argument("--bars", help="build and store these bars live: 1s,1m,5m,15m,1h,1d,tick:N,volume:N,dollar:N")
    parser.add_argument("--lake", default="lake", metavar="PLACE", help="where --bars are stored (lake)")
    parser.add_argument("--seconds", type=float, help="stop after this time; without it, at SIGINT or SIGTERM")


def run(args: argparse.Namespace) -> int:
    """Records until the time is over or a signal comes; 130 after SIGINT, with everything received kept."""
    market = venue_of(args.venue)
    symbols = [symbol.strip().upper() for symbol in args.symbols.split(",") if symbol.strip()]
    if not symbols:
        raise InputError(f"--symbols must name a symbol, was {args.symbols!r}")
    if args.seconds is not None and not 0 < args.seconds < 1e9:
        raise InputError(f"--seconds must be above zero, was {args.seconds}")
    rest, ws = bases(market, args.base, args.ws_base)
    bars: LiveBars | None = None
    about: dict[str, Any] = {
        "venue": market.venue,
        "symbols": symbols,
        "rest": rest,
        "ws": ws,
        "began_ns": args.clock.utc_ns(),
    }
    if args.bars is not None:
        about["instruments"] = asyncio.run(instrument_steps(rest + market.instruments_request, symbols))
        source = Source(market.venue, market.market, about["instruments"])
        bars = LiveBars(Lake(args.lake), source, args.bars.split(","), about["began_ns"])
    recorder = Recorder(args.file, about)
    said = f"recording {market.venue} {','.join(symbols)} from {ws} to {args.file}"
    capture = Capture(market, symbols, (rest, ws), recorder, args.clock)
    capture.bars = bars
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            code = runner.run(capture.run(args.seconds, lambda: args.output.say(said)))
    finally:
        recorder.close()
        capture.end_bars()
    return _end(capture, args.file, args.output, code)


def _end(capture: Capture, file: Path, output: Results, code: int) -> int:
    output.summary(
        {
            "file": str(file),
            "venue": capture.market.venue,
            "messages": capture.messages,
            "snapshots": capture.snapshots,
            "payload_bytes": capture.recorder.payload_bytes,
            "connections": capture.connections,
            **({} if capture.bars is None else {"bars": capture.bars.stored}),
        }
    )
    return code or (0 if capture.messages else 1)


def bases(market: Market, base: str | None, ws_base: str | None) -> tuple[str, str]:
    """REST and WebSocket base addresses; InputError where one has not the scheme it needs."""
    rest = (base or market.rest).rstrip("/")
    if not rest.startswith(("http://", "https://")):
        raise InputError(f"--base must begin with http:// or https://, was {base}")
    same_host = "ws" + rest.removeprefix("http")
    ws = (ws_base or (same_host if base else market.ws)).rstrip("/")
    if not ws.startswith(("ws://", "wss://")):
        raise InputError(f"--ws-base must begin with ws:// or wss://, was {ws_base}")
    return rest, ws


class Capture:
    """One running capture: what the socket and REST bring goes into the recorder as it is."""

    def __init__(
        self, market: Market, symbols: list[str], addresses: tuple[str, str], recorder: Recorder, clock: Clock
    ) -> None:
        """Connects nothing; `addresses` are the REST and the WebSocket base."""
        self.market = market
        self.recorder = recorder
        self.messages = 0
        self.snapshots = 0
        self.connections = 0
        self.bars: LiveBars | None = None
        self._rest, ws = addresses
        self._clock = clock
        self._address = market.socket_address(ws, symbols)
        # A combined message begins with its stream's name: a symbol's first delta is told by it, undecoded.
        self._first_deltas = {f'{{"stream":"{market.streams(symbol)[0]}"'.encode(): symbol for symbol in symbols}
        self._awaited: dict[bytes, str] = {}
        self._fetching: set[asyncio.Task[None]] = set()
        self._http: aiohttp.ClientSession | None = None
        self._jitter = random.Random(1)

    async def run(self, seconds: float | None, on_ready: Callable[[], None]) -> int:
        """Records for `seconds` or until a signal; 0, or 130 after SIGINT. From `on_ready` on, signals are heard."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        code = 0

        def end(status: int) -> None:
            nonlocal code
            code = status
            ended.set()

        loop.add_signal_handler(signal.SIGINT, end, _INTERRUPTED)
        loop.add_signal_handler(signal.SIGTERM, end, 0)
        on_ready()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as self._http:
            socket = self._socket()
            tasks = [asyncio.create_task(socket.run()), asyncio.create_task(self._flush())]
            waiting = asyncio.create_task(ended.wait())
            done, _ = await asyncio.wait([*tasks, waiting], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            socket.close()
            for task in [*tasks, waiting, *self._fetching]:
                task.cancel()
            await asyncio.gather(*tasks, waiting, *self._fetching, return_exceptions=True)
            for task in done & set(tasks):
                task.result()
        return code

    def _socket(self) -> Socket:
        async def address() -> str:
            return self._address

        return Socket(
            self.market.venue,
            address,
            self._message,
            clock=self._clock,
            backoff=Backoff(self._jitter),
            on_up=self._up,
            on_down=lambda: self._record(What.DOWN),
            stale_ms=_STALE_MS,
        )

    def _record(self, what: What, payload: bytes = b"", source: str = "") -> None:
        self.recorder.record(what, self._clock.utc_ns(), self._clock.mono_ns(), payload, source)

    def _up(self) -> None:
        self.connections += 1
        self._awaited = dict(self._first_deltas)
        self._record(What.UP, source=self._address)

    def _message(self, payload: bytes) -> None:
        ts_ns = self._clock.utc_ns()
        self.recorder.record(What.MESSAGE, ts_ns, self._clock.mono_ns(), payload)
        self.messages += 1
        if self.bars is not None:
            self.bars.take(payload, ts_ns)
        if self._awaited and (symbol := self._awaited.pop(payload[: payload.find(b",")], None)):
            task = asyncio.get_running_loop().create_task(self._snapshot(symbol), name=f"snapshot {symbol}")
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)

    async def _snapshot(self, symbol: str) -> None:
        """Asks for a symbol's snapshot until an answer comes, slower after each failure."""
        backoff, request = Backoff(self._jitter, first_s=0.5), self.market.snapshot_request(symbol)
        while self._http is not None:
            try:
                async with self._http.get(self._rest + request) as answer:
                    body = await answer.read()
                    if answer.status == 200:
                        self._record(What.REST, body, request)
                        self.snapshots += 1
                        return
                    log.warning("%s: snapshot refused, status %d", symbol, answer.status)
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("%s: snapshot failed: %s", symbol, error)
            await asyncio.sleep(backoff.delay_s())

    def _build(self) -> None:
        """Builds the bars that what was received completes; where they cannot go on, the recording does."""
        try:
            if self.bars is not None:
                self.bars.flush(self._clock.utc_ns())
        except InputError as why:
            log.error("bars end here: %s", why)
            self.bars = None

    def end_bars(self) -> None:
        """Stores the bars that were completed last."""
        self._build()
        if self.bars is not None:
            self.bars.store(self._clock.utc_ns())

    async def _flush(self) -> None:
        """Puts what was received on disk, once a second."""
        while True:
            await asyncio.sleep(FLUSH_S)
            self.recorder.flush()
            self._build()
            await asyncio.to_thread(self.recorder.sync)
