"""From the configuration to the engine: assets, names, instruments, limits, streams and strategies get their numbers.

catalogue: K5, K8, R1. Every definition is an event; on a recovered journal the same name gives the same number.
"""

from __future__ import annotations

from decimal import Decimal

from feeds.binance_live import categories
from oms.account import to_units
from pycore.config import MONEY_KINDS, QTY_KINDS, SYMBOL_KINDS, Bound, Config, Instrument, StrategyRun
from pycore.errors import InputError
from pycore.runner import Seat
from pycore.session import Session
from pycore.strategy import Contract, Strategy
from pycore.strategy_load import find


def define(session: Session) -> None:
    """Defines everything that the configuration names; idempotent over a recovered journal."""
    core, config, numbers = session.core, session.config, session.numbers
    for name, scale in config.assets.items():
        numbers.assets[name] = core.asset(name, scale)
    numbers.account = core.account(config.account.name)
    for item in config.instruments:
        numbers.instruments[item.key] = core.instrument(
            config.venue.name, item.market, item.symbol, item.base, item.quote, item.settle, item.tick, item.lot
        )
    for run in config.strategies:
        numbers.strategies[run.name] = core.strategy(run.name)
    for bound in config.limits:
        core.limit(bound.scope, subject_of(session, bound), bound.kind, value_of(session, bound), bound.extra)
    for name in stream_names(config):
        numbers.streams[name] = core.stream(name)
    _define_lines(session)
    for market in config.markets():
        secrets = session.credentials
        core.credentials(
            numbers.account,
            market,
            secrets.api_key,
            secret=secrets.secret,
            ed25519_pem=secrets.ed25519_pem,
            recv_window_ms=config.venue.recv_window_ms,
        )


def seats(session: Session) -> list[Seat]:
    """The configured strategies, made and seated."""
    return [_seat(session, run) for run in session.config.strategies]


def _seat(session: Session, run: StrategyRun) -> Seat:
    rule = find(run.kind)(contract(session, run.instrument), run.params)
    return Seat(
        run.name,
        session.numbers.account,
        session.numbers.strategies[run.name],
        session.numbers.instruments[run.instrument],
        rule,
        compiled=rule.kernel() is not None,
    )


def check_strategies(config: Config) -> list[tuple[str, str]]:
    """Faults of the configured strategies' kinds and parameters, before anything starts."""
    faults: list[tuple[str, str]] = []
    by_key = {item.key: item for item in config.instruments}
    for at, run in enumerate(config.strategies):
        try:
            kind: type[Strategy] = find(run.kind)
            kind(_contract(0, by_key[run.instrument]), run.params).kernel()
        except InputError as error:
            told = getattr(error, "faults", [("kind", str(error))])
            faults += [(f"strategies.{at}.{field}", why) for field, why in told]
    return faults


def contract(session: Session, key: str) -> Contract:
    """What a strategy is told of the instrument `market:symbol`."""
    return _contract(session.numbers.instruments[key], session.instrument(key))


def _contract(number: int, item: Instrument) -> Contract:
    return Contract(number, item.market, item.symbol, Decimal(item.tick), Decimal(item.lot))


def stream_names(config: Config) -> list[str]:
    """The engine's streams: one for each market-data socket, the orders and the user data of each market."""
    names = []
    for market in config.markets():
        for category in categories(market):
            names += line_names(config, f"{market}{category}")
        names += [f"{market}/orders", f"{market}/user"]
    return names


def line_names(config: Config, source: str) -> list[str]:
    """The streams of one source of market data: line A, and line B where two are configured."""
    return [source, f"{source}#B"][: config.venue.lines]


def _define_lines(session: Session) -> None:
    """Tells the engine which streams are lines of one source, where there are two or their silence is bounded."""
    config, numbers = session.config, session.numbers
    if config.venue.lines == 1 and not config.timers.silent_ms:
        return
    for market in config.markets():
        for category in categories(market):
            source = f"{market}{category}"
            numbers.sources[source] = len(numbers.sources) + 1
            for line, name in enumerate(line_names(config, source)):
                session.core.line(
                    numbers.streams[name],
                    numbers.sources[source],
                    line,
                    silent_ns=config.timers.silent_ms * 1_000_000,
                    hold_ns=config.timers.hold_ms * 1_000_000,
                    ts=session.clock.utc_ns(),
                    mono=session.clock.mono_ns(),
                )


def subject_of(session: Session, bound: Bound) -> int:
    """The number behind a limit's subject; 0 for all."""
    tables: dict[str, dict[str, int]] = {
        "account": {session.config.account.name: session.numbers.account},
        "strategy": session.numbers.strategies,
        "symbol": session.numbers.instruments,
        "venue": {session.config.venue.name: 1},
        "all": {"": 0},
    }
    return tables[bound.scope][bound.subject]


def value_of(session: Session, bound: Bound) -> int:
    """A limit's value in the unit that its kind names; texts in natural units come out even or are refused."""
    if isinstance(bound.value, int):
        return bound.value
    if bound.kind in SYMBOL_KINDS:
        return session.numbers.instruments[bound.value]
    if bound.kind in QTY_KINDS:
        lots = Decimal(bound.value) / Decimal(session.instrument(bound.subject).lot)
        return to_units(f"limits {bound.kind} of {bound.subject} in lots", lots, 0)
    assert bound.kind in MONEY_KINDS, "config.Bound lets text through for no other kind"
    return to_units(f"limits {bound.kind}", bound.value, session.config.assets[_settle(session, bound)])


def _settle(session: Session, bound: Bound) -> str:
    """The settlement asset that a money limit counts in: the symbol's, or the one that all instruments share."""
    if bound.scope == "symbol":
        return session.instrument(bound.subject).settle
    shared = {item.settle for item in session.config.instruments}
    if len(shared) != 1:
        raise InputError(f"limits {bound.kind} of scope {bound.scope} needs one settlement asset, was {sorted(shared)}")
    return shared.pop()
