"""The typed configuration of an engine: every section, its fields, their units and bounds.

catalogue: K8. This file only says what a configuration is; `config_load` reads it from a file, the environment and
the command line, `credentials` reads the secrets, which are never part of it. The digest of the canonical form is
written at the head of every journal segment.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from feeds.store.address import REDIS, hidden

#: Limits of the gate, as `native/core/src/gate/limits.rs` names them.
LimitKind = Literal[
    "allow_symbol",
    "forbid_symbol",
    "max_order_qty",
    "max_order_notional",
    "max_position",
    "max_total_notional",
    "max_open_orders",
    "max_leverage",
    "price_collar",
    "order_rate",
    "max_loss_per_trade",
    "max_daily_loss",
    "max_drawdown",
    "self_trade",
]
SYMBOL_KINDS = frozenset({"allow_symbol", "forbid_symbol"})
QTY_KINDS = frozenset({"max_order_qty", "max_position"})
MONEY_KINDS = frozenset({"max_order_notional", "max_total_notional", "max_loss_per_trade", "max_daily_loss"})

Mode = Literal["paper", "testnet", "live"]
Market = Literal["spot", "linear"]

#: Hosts of Binance's public test networks (Binance API documentation, "Test Network").
TESTNET_HOSTS = frozenset(
    {
        "testnet.binance.vision",
        "stream.testnet.binance.vision",
        "ws-api.testnet.binance.vision",
        "demo-fapi.binance.com",
        "testnet.binancefuture.com",
        "fstream.binancefuture.com",
        "stream.binancefuture.com",
    }
)


def _positive_decimal(text: str) -> str:
    """A decimal text above zero, kept as text because money never passes through a float."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("must be a decimal number") from None
    if not value.is_finite() or value <= 0:
        raise ValueError("must be a finite number above zero")
    return text


def _amount(text: str) -> str:
    """A decimal text of zero or more."""
    return text if re.fullmatch(r"0+(\.0*)?", text) else _positive_decimal(text)


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", text):
        raise ValueError("must be 1 to 31 of a-z, 0-9 and _, beginning with a letter")
    return text


#: What the name of an environment variable looks like.
_VARIABLE = r"^[A-Z][A-Z0-9_]*$"
DecimalText = Annotated[str, AfterValidator(_positive_decimal)]
Name = Annotated[str, AfterValidator(_name)]
Asset = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,16}$")]


class Section(BaseModel):
    """A part of the configuration: unknown keys are faults, values cannot change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Journal(Section):
    """Where events are kept and how."""

    directory: str = Field(min_length=1)
    segment_mib: int = Field(default=64, ge=2, le=4096, description="one must hold the largest message of the ring")
    snapshot_every: int = Field(default=0, ge=0, description="events between snapshots; 0: only at a clean stop")
    realtime: bool = Field(default=False, description="ask for SCHED_FIFO on the writer thread")


class Endpoint(Section):
    """Base addresses of one market, without a trailing slash."""

    rest: str
    ws: str
    ws_api: str
    ws_second: str = Field(
        default="", description="market data of line B, where venue.lines is 2; empty: the same as ws"
    )

    @model_validator(mode="after")
    def _schemes(self) -> Self:
        for field in self._addresses():
            schemes = ("http", "https") if field == "rest" else ("ws", "wss")
            address = getattr(self, field)
            parts = urlsplit(address)
            if parts.scheme not in schemes or not parts.hostname:
                raise ValueError(f"{field} must be an address of scheme {' or '.join(schemes)}, was {address}")
        return self

    def hosts(self) -> dict[str, str]:
        """The host name behind each address."""
        return {field: urlsplit(getattr(self, field)).hostname or "" for field in self._addresses()}

    def _addresses(self) -> list[str]:
        """The fields that hold an address; line B may have none of its own."""
        return ["rest", "ws", "ws_api", *(["ws_second"] if self.ws_second else [])]


class Venue(Section):
    """The venue: one endpoint a market, and what its protocol lets us choose."""

    name: Literal["binance"] = "binance"
    spot: Endpoint | None = None
    linear: Endpoint | None = None
    lines: int = Field(default=1, ge=1, le=2, description="connections that carry the same market data, A and B")
    recv_window_ms: int = Field(default=5_000, ge=1, le=60_000)
    answer_deadline_ms: int = Field(default=2_000, ge=10, le=60_000)
    dead_man_ms: int = Field(
        default=120_000,
        ge=0,
        le=86_400_000,
        description="USD-M cancels our symbols' orders when it has not heard of us for this long; 0: never",
    )

    protective_stop_bp: int = Field(
        default=0,
        ge=0,
        le=5_000,
        description="USD-M closes a position itself when the mark is this many basis points beyond its entry; 0: never",
    )

    def endpoint(self, market: str) -> Endpoint | None:
        """The endpoint of a market, or None where it is not configured."""
        return {"spot": self.spot, "linear": self.linear}.get(market)


class Secrets(Section):
    """Where an API key and its secret come from (never the secrets themselves): two variables, or a file."""

    key_env: str = Field(default="TICKWRIGHT_API_KEY", pattern=_VARIABLE)
    secret_env: str = Field(default="TICKWRIGHT_API_SECRET", pattern=_VARIABLE)
    secrets_file: str | None = None


class Account(Secrets):
    """Whose orders these are."""

    name: Name = "main"


class Kill(Secrets):
    """The key and the bounds of `tickwright kill`, which is a process of its own with a key of its own."""

    key_env: str = Field(default="TICKWRIGHT_KILL_API_KEY", pattern=_VARIABLE)
    secret_env: str = Field(default="TICKWRIGHT_KILL_API_SECRET", pattern=_VARIABLE)
    flatten: bool = Field(default=False, description="flatten positions too where the command line does not say")
    budget_ms: int = Field(default=5_000, ge=500, le=60_000, description="after this it tells what is left and ends")
    answer_ms: int = Field(default=500, ge=10, le=500, description="how long a running engine may take to obey")
    spot_keep: dict[Asset, Annotated[str, AfterValidator(_amount)]] = Field(
        default_factory=dict,
        description="how much of a spot asset a flattening leaves; an asset that is not named is not sold",
    )


class Instrument(Section):
    """One tradable symbol; tick and lot are compared with the venue's exchangeInfo before anything starts."""

    market: Market
    symbol: str = Field(pattern=r"^[A-Z0-9_]{2,39}$")
    base: Asset
    quote: Asset
    settle: Asset
    tick: DecimalText
    lot: DecimalText

    @property
    def key(self) -> str:
        """`market:symbol`, the name by which other sections mean this instrument."""
        return f"{self.market}:{self.symbol}"


class Bound(Section):
    """One limit of the gate. A whole number is taken as it is, in the unit of the kind; a text is in natural units.

    Text for sizes (`max_order_qty`, `max_position`): the base asset, for a symbol's scope only. Text for money: the
    settlement asset. `allow_symbol` and `forbid_symbol` take a market:symbol. `order_rate` takes the burst as value
    and the refill per second as extra. Units of whole numbers: native/core/src/gate/limits.rs.
    """

    scope: Literal["all", "account", "strategy", "symbol", "venue"]
    subject: str = Field(default="", description="account, strategy or venue name, or market:symbol; empty for all")
    kind: LimitKind
    value: Annotated[int, Field(ge=0)] | str
    extra: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _value_fits_kind(self) -> Self:
        if self.kind in SYMBOL_KINDS:
            if isinstance(self.value, int):
                raise ValueError(f"value must be a market:symbol for {self.kind}, was {self.value}")
        elif isinstance(self.value, str):
            if self.kind not in QTY_KINDS | MONEY_KINDS:
                raise ValueError(f"value must be a whole number for {self.kind}, was {self.value!r}")
            if self.kind in QTY_KINDS and self.scope != "symbol":
                raise ValueError(f"value in natural units needs scope symbol for {self.kind}, was {self.scope}")
            try:
                _positive_decimal(self.value)
            except ValueError as error:
                raise ValueError(f"value {error}, was {self.value!r}") from None
        return self


class StrategyRun(Section):
    """One running strategy: which class, on which instrument, with which parameters."""

    name: Name
    kind: str = Field(min_length=1, description="a registered name (glft) or module:Class")
    instrument: str = Field(description="market:symbol")
    params: dict[str, int | float | str | bool] = Field(default_factory=dict)


class Timers(Section):
    """Intervals of the engine's clocks."""

    tick_ms: int = Field(default=100, ge=1, le=60_000)
    stale_ms: int = Field(default=5_000, ge=100, le=600_000, description="silence after which a stream is reconnected")
    silent_ms: int = Field(
        default=0,
        ge=0,
        le=600_000,
        description="market data silent on all lines for this long is not quoted on; 0: learned where there are two",
    )
    hold_ms: int = Field(default=250, ge=0, le=60_000, description="how long a hole of one line waits for the other")
    stop_deadline_ms: int = Field(default=5_000, ge=100, le=600_000, description="how long a stop waits for cancels")
    clock_ms: int = Field(default=60_000, ge=100, description="between two measurements of the venue's clock")
    lost_ms: int = Field(default=30_000, ge=100, description="a connection down for this long ends the run")
    last_resort_ms: int = Field(default=600_000, ge=1_000, description="how long the last resort tries to cancel")


class Start(Section):
    """What a start does with what the journal does not explain; nothing quotes before it is settled.

    `foreign_orders`: open orders on our instruments that are not ours. `adopt` leaves them where they are and takes
    what they could fill off the symbol's largest position; `cancel` cancels them; `halt` ends with exit 3.
    `position`: positions and wallets that differ from the journal's. `adopt` takes the venue's over, as events, so
    that ledger and venue agree from here on; `halt` ends with exit 3.
    """

    foreign_orders: Literal["adopt", "cancel", "halt"] = "halt"
    position: Literal["adopt", "halt"] = "halt"


class TradingDay(Section):
    """When the trading day rolls: daily losses begin again at this time of UTC, peak and deepest fall stay."""

    roll_utc: str = Field(default="00:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")


class Watch(Section):
    """What the supervisor guards besides the engine: the disk and the memory."""

    disk_free_mib: int = Field(default=512, ge=1, description="below it the engine stops quoting, cancels and ends")
    reserve_mib: int = Field(default=64, ge=1, le=4096, description="kept for those cancels and the reports")
    memory_mib: int = Field(default=4_096, ge=64)


class Telemetry(Section):
    """Where the engine publishes its state and takes commands; port 0 takes a free one."""

    publish: str = Field(default="tcp://127.0.0.1:0", pattern=r"^(tcp|ipc)://")
    control: str = Field(default="tcp://127.0.0.1:0", pattern=r"^(tcp|ipc)://")
    every_ms: int = Field(default=200, ge=20, le=60_000)


class Metrics(Section):
    """Where `/metrics` and `/health` are served over HTTP; nowhere while `listen` is empty."""

    listen: str = Field(default="", description="address:port, as 127.0.0.1:9464; port 0 takes a free one")

    @model_validator(mode="after")
    def _address(self) -> Self:
        if self.listen:
            host, _, port = self.listen.rpartition(":")
            try:
                ipaddress.ip_address(host.strip("[]"))
            except ValueError:
                host = ""
            if not host or not port.isdecimal() or int(port) > 65_535:
                raise ValueError(f"listen must be an IP address and a port, as 127.0.0.1:9464, was {self.listen!r}")
        return self

    def address(self) -> tuple[str, int]:
        """The address and port to listen on."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Cache(Section):
    """Where the market of now is kept for other programs, as `md:*` keys (docs/data.md); nowhere without `redis`."""

    redis: str = Field(default="", description="redis://user@host:6379/0; no password in it")
    password_env: str = Field(default="TICKWRIGHT_REDIS_PASSWORD", pattern=_VARIABLE)
    every_ms: int = Field(default=100, ge=10, le=60_000, description="between two looks at the books")
    levels: int = Field(default=10, ge=1, le=1_000, description="of a book, a side")
    ttl_s: int = Field(default=300, ge=1, le=86_400, description="how long a value lives that is not written again")
    keys_max: int = Field(default=10_000, ge=1, le=1_000_000, description="kept in memory while Redis fails")

    @model_validator(mode="after")
    def _address(self) -> Self:
        # A configuration is journalled and shown: it holds no secret.
        parts = urlsplit(self.redis)
        if self.redis and (parts.scheme not in REDIS or parts.password):
            shown = hidden(self.redis)
            raise ValueError(f"redis must be redis://, rediss:// or unix:// without a password, was {shown}")
        return self


class Log(Section):
    """What is logged: lines for people on stderr, and JSON lines in `file`, where one is named."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: str | None = Field(default=None, min_length=1)
    rotate_mib: int = Field(default=64, ge=1, le=4096, description="a new file is begun at this size")
    keep: int = Field(default=5, ge=1, le=1000, description="how many full files are kept besides the one in use")


class Config(Section):
    """A whole configuration. Cross-section faults are found by `faults`, so that all of them are told at once."""

    mode: Mode
    journal: Journal
    venue: Venue
    account: Account = Account()
    kill: Kill = Kill()
    assets: dict[Asset, Annotated[int, Field(ge=0, le=18)]] = Field(
        default_factory=lambda: {"BTC": 8, "ETH": 8, "USDT": 8, "BNB": 8},
        description="decimals of each asset's smallest unit",
    )
    instruments: list[Instrument] = Field(min_length=1, max_length=256)
    limits: list[Bound] = Field(default_factory=list, max_length=4096)
    strategies: list[StrategyRun] = Field(default_factory=list, max_length=64)
    timers: Timers = Timers()
    start: Start = Start()
    trading_day: TradingDay = TradingDay()
    watch: Watch = Watch()
    telemetry: Telemetry = Telemetry()
    metrics: Metrics = Metrics()
    cache: Cache = Cache()
    log: Log = Log()

    def markets(self) -> list[str]:
        """The markets that instruments trade on, spot first."""
        return sorted({instrument.market for instrument in self.instruments}, reverse=True)

    def faults(self) -> list[tuple[str, str]]:
        """Faults that need more than one field to be seen, as (field path, what is wrong)."""
        return [*self._instrument_faults(), *self._reference_faults(), *self._kill_faults(), *self._host_faults()]

    def canonical(self) -> bytes:
        """The configuration in one byte-exact form: JSON with sorted keys. It holds no secret."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode()

    def digest(self) -> bytes:
        """SHA-256 of the canonical form."""
        return hashlib.sha256(self.canonical()).digest()

    def _instrument_faults(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        seen: set[str] = set()
        for at, item in enumerate(self.instruments):
            path = f"instruments.{at}"
            if item.key in seen:
                found.append((f"{path}.symbol", f"is listed twice, was {item.key}"))
            seen.add(item.key)
            if self.venue.endpoint(item.market) is None:
                found.append((f"{path}.market", f"has no endpoint under venue, was {item.market}"))
            for field in ("base", "quote", "settle"):
                if getattr(item, field) not in self.assets:
                    found.append((f"{path}.{field}", f"is not among assets, was {getattr(item, field)}"))
        return found

    def _reference_faults(self) -> list[tuple[str, str]]:
        known: dict[str, set[str]] = {
            "account": {self.account.name},
            "venue": {self.venue.name},
            "symbol": {item.key for item in self.instruments},
            "strategy": {item.name for item in self.strategies},
            "all": {""},
        }
        found = [
            (f"limits.{at}.subject", f"is not a known {bound.scope}, was {bound.subject}")
            for at, bound in enumerate(self.limits)
            if bound.subject not in known[bound.scope]
        ]
        found += [
            (f"limits.{at}.value", f"is not among instruments, was {bound.value}")
            for at, bound in enumerate(self.limits)
            if bound.kind in SYMBOL_KINDS and bound.value not in known["symbol"]
        ]
        names: set[str] = set()
        for at, run in enumerate(self.strategies):
            if run.name in names:
                found.append((f"strategies.{at}.name", f"is used twice, was {run.name}"))
            names.add(run.name)
            if run.instrument not in known["symbol"]:
                found.append((f"strategies.{at}.instrument", f"is not among instruments, was {run.instrument}"))
        return found

    def _kill_faults(self) -> list[tuple[str, str]]:
        """The kill's key is its own: one key for both would be rate-limited, or revoked, with the engine's."""
        found = []
        for field in ("key_env", "secrets_file"):
            ours, theirs = getattr(self.kill, field), getattr(self.account, field)
            if ours is not None and ours == theirs:
                found.append((f"kill.{field}", f"must differ from account.{field}, was {ours}"))
        bases = {item.base for item in self.instruments if item.market == "spot"}
        found += [
            (f"kill.spot_keep.{asset}", f"is the base of no spot instrument, was {amount}")
            for asset, amount in self.kill.spot_keep.items()
            if asset not in bases
        ]
        return found

    def _host_faults(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for market in ("spot", "linear"):
            endpoint = self.venue.endpoint(market)
            for field, host in (endpoint.hosts() if endpoint else {}).items():
                if not host_allowed(self.mode, host):
                    found.append((f"venue.{market}.{field}", f"is not allowed in mode {self.mode}, was host {host}"))
        return found


def host_allowed(mode: str, host: str) -> bool:
    """Whether a mode may speak to a host: paper to loopback only, testnet to loopback and the test networks."""
    if mode == "live":
        return True
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return loopback or (mode == "testnet" and host in TESTNET_HOSTS)
