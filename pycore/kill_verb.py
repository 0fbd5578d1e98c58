"""The verb `tickwright kill`: stops all strategies, cancels all orders, flattens all positions, on its own.

catalogue: R5. It has its own API key (section `[kill]`), needs nothing of the engine, and works while that hangs. Each
part can be left out; whatever fails is named by symbol, and the rest goes on until it is done or the budget is spent.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import aiohttp

from feeds.ports import Clock
from oms.binance_kill import LinearDesk, SpotDesk
from oms.binance_rest import Rest, VenueError
from oms.signing import Signer
from pycore import config_load, credentials, logs
from pycore.config import Config, Instrument
from pycore.config_verb import add_overrides
from pycore.engine_stop import Stopped, stop_engine
from pycore.errors import DONE, UNEQUAL, ConfigError, InputError
from risk.kill import Clearing, Desk, Parts, Row
from risk.marker import EVERYTHING, Target

#: One request's patience, s: a slow one is asked again while the budget lasts.
_REQUEST_S = 1.5
#: How long the engine is left alone, s, until the account was looked at: what it cancels itself is counted then.
_LOOK_S = 0.25
#: What `--venue` may say besides the configured venue's name, as `tickwright capture` names the markets.
_MARKETS = {"spot": "spot", "usdm": "linear"}


def register(parser: argparse.ArgumentParser) -> None:
    """Adds CONFIG, the narrowing, and a switch for each part."""
    parser.description = (
        "Stops all strategies and cancels all orders; with --flatten it flattens all positions too. A process of\n"
        "its own with its own API key, so it works while the engine hangs. CONFIG is taken from TICKWRIGHT_CONFIG\n"
        "where it is not given. A killed engine trades again only after `tickwright run CONFIG --resume`."
    )
    parser.epilog = "example:\n  tickwright kill deploy/config/paper.toml --flatten --json"
    parser.add_argument("config", metavar="CONFIG", nargs="?", help="the engine's TOML file")
    parser.add_argument("--venue", help="only this venue (binance), or one of its markets (binance-spot, binance-usdm)")
    parser.add_argument("--strategy", help="only this strategy, with everything on the instrument that it trades")
    parser.add_argument("--flatten", action=argparse.BooleanOptionalAction, help="flatten; default: kill.flatten")
    parser.add_argument("--no-cancel", action="store_false", dest="cancel", help="leave the orders as they are")
    parser.add_argument(
        "--no-stop", action="store_false", dest="stop", help="leave the engine and its strategies alone"
    )
    parser.add_argument("--live", action="store_true", help="needed, besides mode live, to reach a real venue")
    add_overrides(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 where everything asked for is done and seen to be; 1 where something is left, named by symbol."""
    began = args.clock.mono_ns()
    path = args.config or os.environ.get("TICKWRIGHT_CONFIG")
    if not path:
        raise ConfigError("kill", [("CONFIG", "is missing (TICKWRIGHT_CONFIG names one too)")])
    config = config_load.load(path, os.environ, args.overrides)
    config_load.check_live(config, args.live)
    chosen = chosen_instruments(config, args.venue, args.strategy)
    secrets = credentials.read(config.kill, os.environ, "kill")
    flatten = config.kill.flatten if args.flatten is None else args.flatten
    wide = args.venue is None and args.strategy is None
    killing = Killing(config, Signer(secrets), args.clock)
    if args.cancel or flatten:
        for market, items in by_market(chosen).items():
            killing.parts[market] = Parts([item.symbol for item in items], wide, args.cancel, flatten)
    targets = targets_of(config, chosen, args.strategy) if args.stop else []
    # The log file is the engine's, which may be running.
    with logs.written(config.log.model_copy(update={"file": None}), secrets):
        asyncio.run(killing.run(targets))
    for row in killing.rows():
        args.output.row(told(row))
    left = killing.left()
    for fault in left:
        args.output.say(f"kill: {fault}")
    args.output.summary(
        {
            "cancelled": sum(row.cancelled for row in killing.rows()),
            "flattened": sum(row.flattened for row in killing.rows()),
            "seconds": round((args.clock.mono_ns() - began) / 1e9, 3),
            "engine": killing.stopped.how,
            "left": left,
        }
    )
    return UNEQUAL if left else DONE


class Killing:
    """One kill: the engine stopped first, then every market at once, all within the budget."""

    def __init__(self, config: Config, signer: Signer, clock: Clock) -> None:
        """`parts` by market is filled by the caller."""
        self.config = config
        self.signer = signer
        self.clock = clock
        self.parts: dict[str, Parts] = {}
        self.clearings: dict[str, Clearing] = {}
        self.stopped = Stopped("left alone")
        self.faults: list[str] = []
        self.halted = asyncio.Event()

    async def run(self, targets: list[Target]) -> None:
        """Does all of it; never raises for a venue or an engine that fails: that stands in `left`."""
        timeout = aiohttp.ClientTimeout(total=_REQUEST_S)
        try:
            async with (
                asyncio.timeout(self.config.kill.budget_ms / 1e3),
                aiohttp.ClientSession(timeout=timeout) as http,
            ):
                rests = {market: self._rest(http, market) for market in self.parts}
                self.clearings = {
                    market: Clearing(self._desk(rest), self.parts[market]) for market, rest in rests.items()
                }
                await asyncio.gather(self._stop(targets), *map(self._clear, rests.values()))
        except TimeoutError:
            self.faults.append(f"kill must be done within {self.config.kill.budget_ms} ms, was not")

    async def _stop(self, targets: list[Target]) -> None:
        """Stops the engine once every market was looked at, or after a moment: an answer is not worth a delay."""
        if targets:
            looks = [asyncio.create_task(clearing.looked.wait()) for clearing in self.clearings.values()]
            if looks:
                await asyncio.wait(looks, timeout=_LOOK_S)
            journal, answer_s = self.config.journal.directory, self.config.kill.answer_ms / 1e3
            self.stopped = await stop_engine(journal, targets, self.clock.utc_ns(), answer_s)
            self.faults += self.stopped.faults
        self.halted.set()

    def _rest(self, http: aiohttp.ClientSession, market: str) -> Rest:
        endpoint = self.config.venue.endpoint(market)
        assert endpoint is not None, "Config.faults refuses an instrument without one"
        return Rest(market, endpoint.rest, self.signer, self.clock, http, self.config.venue.recv_window_ms)

    async def _clear(self, rest: Rest) -> None:
        try:
            await rest.measure_clock()
        except VenueError as error:
            self.faults.append(f"{rest.market}: {error}")
        try:
            await self.clearings[rest.market].run(self.halted)
        except (LookupError, TypeError, ValueError) as error:
            # An answer in a shape that the venue never documented ends this market, and no other.
            told = f"{type(error).__name__}: {error}"
            self.faults.append(f"{rest.market}: the venue's answer must be readable, was {told}")

    def _desk(self, rest: Rest) -> Desk:
        if rest.market != "spot":
            return LinearDesk(rest)
        wanted = set(self.parts["spot"].symbols)
        items = [item for item in self.config.instruments if item.market == "spot" and item.symbol in wanted]
        keep = {asset: Decimal(amount) for asset, amount in self.config.kill.spot_keep.items()}
        return SpotDesk(rest, {item.base: item.symbol for item in reversed(items)}, keep)

    def rows(self) -> list[Row]:
        """Every symbol of every market."""
        return [row for clearing in self.clearings.values() for row in clearing.rows.values()]

    def left(self) -> list[str]:
        """One sentence for each thing that is not done, or not seen to be; empty where all is well."""
        return [*self.faults, *(text for clearing in self.clearings.values() for text in _left(clearing))]


def _left(clearing: Clearing) -> Iterator[str]:
    if clearing.verified:
        return
    market = clearing.desk.market
    yield f"{market}: nothing open and nothing held must be seen twice, was not; {clearing.fault}".removesuffix("; ")
    for row in clearing.rows.values():
        if not row.done or row.fault:
            held = ", ".join(f"{size:f}" for size in row.held.values()) or "0"
            fault = f"; {row.fault}" if row.fault else ""
            yield f"{market} {row.symbol}: must be clear, was {len(row.open)} open orders, {held} held{fault}"


def chosen_instruments(config: Config, venue: str | None, strategy: str | None) -> list[Instrument]:
    """The instruments that `--venue` and `--strategy` leave. Raises `InputError` for a name that is not configured."""
    chosen = list(config.instruments)
    if venue is not None and venue != config.venue.name:
        name, _, part = venue.partition("-")
        market = _MARKETS.get(part)
        if name != config.venue.name or market not in config.markets():
            markets = [f"{config.venue.name}-{part}" for part, market in _MARKETS.items() if market in config.markets()]
            raise InputError(f"--venue must be one of {', '.join([config.venue.name, *markets])}, was {venue}")
        chosen = [item for item in chosen if item.market == market]
    if strategy is not None:
        runs = {item.name: item for item in config.strategies}
        if strategy not in runs:
            raise InputError(f"--strategy must be one of {', '.join(runs)}, was {strategy}")
        chosen = [item for item in chosen if item.key == runs[strategy].instrument]
        if not chosen:
            raise InputError(f"--strategy must trade on --venue {venue}, was {strategy} on {runs[strategy].instrument}")
    return chosen


def by_market(items: list[Instrument]) -> Mapping[str, list[Instrument]]:
    """The instruments of each market."""
    return {market: [item for item in items if item.market == market] for market in {item.market for item in items}}


def targets_of(config: Config, chosen: list[Instrument], strategy: str | None) -> list[Target]:
    """Who is to stop: everything, one strategy, or the instruments of one market."""
    if strategy is not None:
        return [Target("strategy", strategy)]
    if len(chosen) == len(config.instruments):
        return [EVERYTHING]
    return [Target("symbol", item.key) for item in chosen]


def told(row: Row) -> dict[str, Any]:
    """One symbol's row of the result."""
    return {
        "market": row.market,
        "symbol": row.symbol,
        "cancelled": row.cancelled,
        "open": len(row.open),
        "flattened": [f"{size:f}" for side, size in row.first.items() if side not in row.held],
        "held": [f"{size:f}" for size in row.held.values()],
        "fault": row.fault,
    }
