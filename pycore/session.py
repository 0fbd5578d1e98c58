"""One run of the engine: every part of it in one place, filled phase by phase.

catalogue: K5. `phases` writes it, `engine` drives it, `supervisor` takes it down, `telemetry` reads it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from feeds.binance_live import MarketFeed
from native._core import Engine
from oms.binance_gateway import OrderGateway
from oms.binance_rest import Rest
from oms.binance_user import UserStream
from oms.release import DurableRelease
from oms.signing import Signer
from pycore.clock import Clock
from pycore.config import Config, Instrument
from pycore.credentials import Credentials
from pycore.latency import LatencyTracker
from pycore.port import Port
from pycore.reserve import Reserve
from pycore.runner import Runner, Seat
from risk.marker import Marker


@dataclass
class Numbers:
    """The engine's numbers behind the configuration's names."""

    account: int = 0
    assets: dict[str, int] = field(default_factory=dict)
    instruments: dict[str, int] = field(default_factory=dict)
    strategies: dict[str, int] = field(default_factory=dict)
    streams: dict[str, int] = field(default_factory=dict)
    #: Sources of market data whose lines the engine watches.
    sources: dict[str, int] = field(default_factory=dict)


@dataclass
class Session:
    """A run: what it was given, and what the phases have made of it so far."""

    config: Config
    credentials: Credentials
    clock: Clock
    http: aiohttp.ClientSession
    jitter: random.Random
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: bool = False
    resume: bool = False
    phase: str = "new"
    final_state: str = ""
    latency: LatencyTracker = field(default_factory=LatencyTracker)
    numbers: Numbers = field(default_factory=Numbers)
    rests: dict[str, Rest] = field(default_factory=dict)
    feeds: dict[str, MarketFeed] = field(default_factory=dict)
    gateways: dict[str, OrderGateway] = field(default_factory=dict)
    users: dict[str, UserStream] = field(default_factory=dict)
    seats: list[Seat] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    recovering: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    background: list[asyncio.Task[None]] = field(default_factory=list)
    day: int = 0
    #: Instruments that are being flattened, each with the strategy in whose name.
    flattening: dict[int, str] = field(default_factory=dict)
    recovered_seq: int = 0
    recovered_hash: str = ""
    difference: str = ""
    fills: int = 0
    orders_sent: int = 0
    signer: Signer = field(init=False)
    core: Engine = field(init=False)
    port: Port = field(init=False)
    runner: Runner = field(init=False)
    release: DurableRelease = field(init=False)

    marker: Marker = field(init=False)
    reserve: Reserve = field(init=False)

    def __post_init__(self) -> None:
        """Makes the signer; a bad key is told before anything starts."""
        self.signer = Signer(self.credentials)
        self.marker = Marker(self.config.journal.directory)
        self.reserve = Reserve(self.config.journal.directory, self.config.watch.reserve_mib)

    def instrument(self, key: str) -> Instrument:
        """The configured instrument `market:symbol`."""
        return next(item for item in self.config.instruments if item.key == key)

    def symbols(self, market: str) -> dict[str, int]:
        """Symbol to number for one market."""
        return {
            item.symbol: self.numbers.instruments[item.key] for item in self.config.instruments if item.market == market
        }

    def keys_by_number(self) -> Mapping[int, str]:
        """Number to `market:symbol`."""
        return {number: key for key, number in self.numbers.instruments.items()}
