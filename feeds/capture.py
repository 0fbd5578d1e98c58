"""The verb `tickwright capture`: records a venue's public market data byte for byte, replayable by `tickwright book`.

catalogue: M12. Every symbol's depth, best prices and trades, as the venue's session subscribes them; a whole book after
each connection, and again after each gap that the venue's ids tell. Where REST has the whole book it is asked for when
the first change has come, so that it is not older than that. Frames that a venue packs (HTX: gzip) are kept unpacked.
No key is used and nothing but public data is asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from feeds import bars_live
from feeds.bars_live import LiveBars
from feeds.binance_instruments import instrument_steps
from feeds.lake import Lake
from feeds.live import LiveFeed, until_ended
from feeds.ports import Clock, Results
from feeds.recorder import Recorder, What
from feeds.session import Listener
from feeds.source import Source, add_source, source
from feeds.venue.binance import Binance
from native._core import InputError

log = logging.getLogger(__name__)

#: How often what was received is put on disk, s: a crash loses no more than this.
FLUSH_S = 1.0


def register(parser: argparse.ArgumentParser) -> None:
    """Describes the verb's arguments."""
    parser.description = (
        "Records public market data byte for byte with receive times: depth, best prices, trades and whole books.\n"
        "Without --base the venue's own public addresses are read; --base takes the box on loopback or another host.\n"
        "A venue that only its document proves is experimental, and refused without --base (exit 3)."
    )
    parser.epilog = (
        "example:\n  tickwright capture --venue binance-spot --symbols BTCUSDT,ETHUSDT"
        " --base http://127.0.0.1:9000 -o btc.zst"
    )
    add_source(parser)
    parser.add_argument("--bars", help="build and store these bars live: 1s,1m,5m,15m,1h,1d,tick:N,volume:N,dollar:N")
    parser.add_argument("--lake", default="lake", metavar="PLACE", help="where --bars are stored (lake)")
    parser.add_argument(
        "-o", "--output", dest="file", required=True, type=Path, help="a new file; .gz and .zst are packed"
    )


def run(args: argparse.Namespace) -> int:
    """Records until the time is over or a signal comes; 130 after SIGINT, with everything received kept."""
    wanted = source(args)
    feed, at = wanted.venue.feed, wanted.at
    about: dict[str, Any] = {
        "venue": feed,
        "symbols": wanted.symbols,
        "rest": at.rest,
        "ws": at.ws,
        "began_ns": args.clock.utc_ns(),
    }
    bars = _bars(wanted, args, about) if args.bars is not None else None
    recorder = Recorder(args.file, about)
    said = f"recording {feed} {','.join(wanted.symbols)} from {at.ws} to {args.file}"
    capture = Capture(wanted, recorder, args.clock)
    capture.bars = bars
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            code = runner.run(capture.run(args.seconds, lambda: args.output.say(said)))
    finally:
        recorder.close()
        capture.end_bars()
    return _end(capture, args.file, args.output, code)


def _bars(wanted: Source, args: argparse.Namespace, about: dict[str, Any]) -> LiveBars:
    """The builder of live bars; `about` gets the venue's own steps of tick and lot, which bars need."""
    if not isinstance(wanted.venue, Binance):
        raise InputError(f"--bars must be built of a market of Binance, whose steps are known, was {wanted.venue.feed}")
    market = wanted.venue.market
    about["instruments"] = asyncio.run(instrument_steps(wanted.at.rest + market.instruments_request, wanted.symbols))
    origin = bars_live.Source(market.venue, market.market, about["instruments"])
    return LiveBars(Lake(args.lake), origin, args.bars.split(","), about["began_ns"])


def _end(capture: Capture, file: Path, output: Results, code: int) -> int:
    output.summary(
        {
            "file": str(file),
            "venue": capture.venue.feed,
            "messages": capture.messages,
            "snapshots": capture.snapshots,
            "payload_bytes": capture.recorder.payload_bytes,
            "connections": capture.connections,
            **({} if capture.bars is None else {"bars": capture.bars.stored}),
        }
    )
    return code or (0 if capture.messages else 1)


class _Recording(Listener):
    """Writes what a session hears."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def message(self, payload: bytes) -> None:
        self._capture.message(payload)

    def rest(self, symbol: str, request: str, body: bytes) -> None:
        self._capture.snapshots += 1
        self._capture.record(What.REST, body, self._capture.rest_source(request))


class Capture:
    """One running capture: what the sockets and REST bring goes into the recorder as it is."""

    def __init__(self, source: Source, recorder: Recorder, clock: Clock) -> None:
        """Connects nothing."""
        self.venue = source.venue
        self.recorder = recorder
        self.messages = 0
        self.snapshots = 0
        self.connections = 0
        self.bars: LiveBars | None = None
        self._source = source
        self._clock = clock

    async def run(self, seconds: float | None, on_ready: Callable[[], None]) -> int:
        """Records for `seconds` or until a signal; 0, or 130 after SIGINT. From `on_ready` on, signals are heard."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
            feed = LiveFeed(
                self.venue,
                self._source.at,
                self._source.symbols,
                self._source.recorder_books,
                lambda _: _Recording(self),
                clock=self._clock,
                http=http,
                jitter=random.Random(1),
                on_link=self._link,
            )
            ending = asyncio.create_task(until_ended(seconds, feed, asyncio.create_task(self._flush())))
            await asyncio.sleep(0)
            on_ready()
            return await ending

    def message(self, payload: bytes) -> None:
        """A message came: it is recorded, and part of the bars that are built."""
        ts_ns = self._clock.utc_ns()
        self.recorder.record(What.MESSAGE, ts_ns, self._clock.mono_ns(), payload, self.venue.source)
        self.messages += 1
        if self.bars is not None:
            self.bars.take(payload, ts_ns)

    def record(self, what: What, payload: bytes = b"", origin: str = "") -> None:
        """Adds one record with the present times."""
        self.recorder.record(what, self._clock.utc_ns(), self._clock.mono_ns(), payload, origin)

    def rest_source(self, request: str) -> str:
        """How a request is written down: under the production address, by which a reader knows the venue again."""
        return request if isinstance(self.venue, Binance) else self.venue.production.rest + request

    def _link(self, _line: int, up: bool, address: str) -> None:
        if not up:
            self.record(What.DOWN)
            return
        self.connections += 1
        # A token is not for the record.
        self.record(What.UP, origin=address.partition("?")[0] if self.venue.token_request() else address)

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
