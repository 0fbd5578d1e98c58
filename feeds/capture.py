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
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from feeds import bars_live
from feeds.bars_live import LiveBars
from feeds.binance_instruments import instrument_steps
from feeds.lake import Lake
from feeds.line_pair import MARK_B
from feeds.live import until_ended
from feeds.market_feed import Market
from feeds.ports import Clock, Results
from feeds.recorder import Recorder, What
from feeds.source import Source, add_source, source
from feeds.venue.binance import Binance
from native._core import InputError

log = logging.getLogger(__name__)

#: How often what was received is put on disk, s: a crash loses no more than this.
FLUSH_S = 1.0
_STEP = re.compile(r"[1-9]\d*|\d+\.\d*[1-9]\d*")


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
    parser.add_argument(
        "--steps", action="append", default=[], metavar="SYMBOL=TICK/LOT", help="for --bars beside Binance"
    )
    parser.add_argument("--lake", default="lake", metavar="PLACE", help="where --bars are stored (lake)")
    parser.add_argument(
        "-o", "--output", dest="file", required=True, type=Path, help="a new file; .gz and .zst are packed"
    )


def run(args: argparse.Namespace) -> int:
    """Records until the time is over or a signal comes; 130 after SIGINT, with everything received kept."""
    wanted = source(args)
    origin = wanted.about()
    about: dict[str, Any] = {
        "venue": wanted.name,
        "symbols": wanted.symbols,
        **origin,
        "began_ns": args.clock.utc_ns(),
    }
    bars = _bars(wanted, args, about) if args.bars is not None else None
    recorder = Recorder(args.file, about)
    place = origin.get("ws") or origin.get("lines")
    said = f"recording {wanted.name} {','.join(wanted.symbols)} from {place} to {args.file}"
    capture = Capture(wanted, recorder, args.clock)
    capture.bars = bars
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            code = runner.run(capture.run(args.seconds, lambda: args.output.say(said)))
    finally:
        recorder.close()
        capture.end_bars()
    return _end(capture, args.file, args.output, code)


def _bars(wanted: Market, args: argparse.Namespace, about: dict[str, Any]) -> LiveBars:
    """The builder of live bars; `about` gets each symbol's steps of tick and lot, which bars need."""
    if not isinstance(wanted, Source) or wanted.adapter is not None or wanted.venue.orders:
        raise InputError(f"--bars must be built of a venue's trades of our own sessions, was {wanted.name}")
    venue = wanted.venue
    if isinstance(venue, Binance) and not args.steps:
        request = wanted.at.rest + venue.market.instruments_request
        about["instruments"] = asyncio.run(instrument_steps(request, wanted.symbols))
    else:
        about["instruments"] = _steps(args.steps, wanted.symbols)
    name = venue.market.venue if isinstance(venue, Binance) else venue.feed
    origin = bars_live.Source(name, venue.books, about["instruments"])
    return LiveBars(Lake(args.lake), origin, args.bars.split(","), about["began_ns"])


def _steps(given: list[str], symbols: list[str]) -> dict[str, tuple[str, str]]:
    """What `--steps` says. InputError for a symbol that is missing, or not asked for, or no step."""
    steps = {}
    for text in given:
        symbol, _, both = text.rpartition("=")
        tick, _, lot = both.partition("/")
        if symbol not in symbols or not all(_STEP.fullmatch(step) for step in (tick, lot)):
            raise InputError(f"--steps must be SYMBOL=TICK/LOT of one of {', '.join(symbols)}, was {text}")
        steps[symbol] = (tick, lot)
    if missing := [symbol for symbol in symbols if symbol not in steps]:
        raise InputError(
            f"--steps must be given for every symbol where the venue is not asked, was without {missing[0]}"
        )
    return steps


def _end(capture: Capture, file: Path, output: Results, code: int) -> int:
    output.summary(
        {
            "file": str(file),
            "venue": capture.market.name,
            "messages": capture.messages,
            "snapshots": capture.snapshots,
            "payload_bytes": capture.recorder.payload_bytes,
            "connections": capture.connections,
            **({} if capture.bars is None else {"bars": capture.bars.stored}),
        }
    )
    return code or (0 if capture.messages else 1)


class Capture:
    """One running capture: what comes goes into the recorder as it is. A `feeds.market_feed.Tape`."""

    def __init__(self, market: Market, recorder: Recorder, clock: Clock) -> None:
        """Connects nothing."""
        self.market = market
        self.recorder = recorder
        self.messages = 0
        self.snapshots = 0
        self.connections = 0
        self.bars: LiveBars | None = None
        self._clock = clock

    async def run(self, seconds: float | None, on_ready: Callable[[], None]) -> int:
        """Records for `seconds` or until a signal; 0, or 130 after SIGINT. From `on_ready` on, signals are heard."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
            feed = self.market.record(self, self._clock, http)
            ending = asyncio.create_task(until_ended(seconds, feed, asyncio.create_task(self._flush())))
            await asyncio.sleep(0)
            on_ready()
            return await ending

    def message(self, payload: bytes, source: str) -> None:
        """A message came: it is recorded, and part of the bars that are built."""
        ts_ns = self._clock.utc_ns()
        self.recorder.record(What.MESSAGE, ts_ns, self._clock.mono_ns(), payload, source)
        self.messages += 1
        # Line B says the same once more.
        if self.bars is not None and not source.endswith(MARK_B):
            self.bars.take(payload, ts_ns)

    def rest(self, body: bytes, source: str) -> None:
        """The answer to a request came."""
        self.snapshots += 1
        self._record(What.REST, body, source)

    def link(self, up: bool, source: str) -> None:
        """A connection was made or lost."""
        self.connections += up
        self._record(What.UP if up else What.DOWN, source=source)

    def _record(self, what: What, payload: bytes = b"", source: str = "") -> None:
        self.recorder.record(what, self._clock.utc_ns(), self._clock.mono_ns(), payload, source)

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
