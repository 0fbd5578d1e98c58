"""The named phases of a run, in order: validate, recover, define, connect, reconcile, run, stop.

catalogue: K5. Each is one function that takes the session one step further or raises; `engine` walks the list.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from native._core import Engine
from oms import account
from oms.binance_rest import Rest, VenueError
from oms.ports import Outbound
from oms.release import DurableRelease
from pycore import (
    dead_man,
    definitions,
    exchange_info,
    fill_recovery,
    flatten,
    kill,
    protective_stops,
    reconcile,
    start_policy,
    trading_day,
)
from pycore.connections import SKEW_NS_MAX, close_sockets, connect, endpoint_of, raise_failed
from pycore.errors import ConfigError, EngineError
from pycore.link_watch import LinkWatch
from pycore.notes import Answer, Event
from pycore.port import Port
from pycore.runner import Runner
from pycore.session import Session
from pycore.watch import HostWatch
from pycore.what_if import STARTED, STOPPED

log = logging.getLogger(__name__)

Phase = Callable[[Session], Awaitable[None]]

_WATCH_EVERY_S = 1.0
#: The venue's codes for a wrong signature, a malformed key and an unknown key (binance.md section 4).
_KEY_REFUSED = frozenset({-1022, -2014, -2015})
#: The order table's alarm that more is filled than was reported (native/core/src/order/effects.rs).
_FILLS_MISSING = "FillsMissing"
#: Notes that an operator should read in the log.
_TOLD = frozenset({"alarm", "difference", "diverged", "crossed", "gap", "line"})


async def validate(session: Session) -> None:
    """The configuration against the venue: instruments, strategies, clocks. Nothing is written yet."""
    faults = definitions.check_strategies(session.config)
    for market in session.config.markets():
        rest = Rest(
            market,
            endpoint_of(session, market).rest,
            session.signer,
            session.clock,
            session.http,
            session.config.venue.recv_window_ms,
        )
        session.rests[market] = rest
        offset_ns = await rest.measure_clock()
        if abs(offset_ns) > SKEW_NS_MAX:
            raise EngineError(
                "validate: clocks differ", f"venue clock must be within 1 s, was {offset_ns / 1e9:.3f} s off"
            )
        faults += exchange_info.faults(session.config, market, await rest.call("GET", "exchange_info", signed=False))
        faults += await _account_faults(session, rest)
    if faults:
        raise ConfigError("configuration", faults)


async def _account_faults(session: Session, rest: Rest) -> list[tuple[str, str]]:
    """Whether the venue takes the account's key and signature, and keeps one position an instrument for it.

    The key itself is not told.
    """
    name = session.config.account.name
    try:
        await rest.call("GET", "account")
        hedged = await account.is_hedged(rest)
    except VenueError as error:
        if error.code not in _KEY_REFUSED:
            raise
        return [("account", f"is refused by the venue on {rest.market}, was {name}: {error}")]
    if hedged:
        return [("account", f"must be in one-way position mode on {rest.market}, was {name} in hedge mode")]
    return []


async def recover(session: Session) -> None:
    """Opens the journal: an existing one is replayed and continued in a new segment."""
    journal = session.config.journal
    Path(journal.directory).mkdir(parents=True, exist_ok=True)
    HostWatch(session.config.watch, journal.directory).check()
    session.reserve.take()
    config_beside(journal.directory).write_bytes(session.config.canonical())
    session.core = Engine(
        journal.directory,
        build=build_name(),
        config_digest=session.config.digest(),
        salt=session.jitter.getrandbits(64),
        segment_bytes=journal.segment_mib * 1024 * 1024,
        realtime=journal.realtime,
        now=session.clock.utc_ns(),
    )
    session.port = Port(session.core, session.clock)
    session.recovered_seq, session.recovered_hash = session.core.last_seq, session.core.state_hash()
    log.info("journal %s: %d events recovered", journal.directory, session.core.recovered)


async def define(session: Session) -> None:
    """Gives every configured name its number, and wires the port to strategies and gateways."""
    definitions.define(session)
    session.seats = definitions.seats(session)
    session.runner = Runner(session.seats, session.core, session.port.propose)
    session.release = DurableRelease(
        session.core.durable, lambda request: _send(session, request), session.clock, session.latency
    )
    session.port.runner = session.runner
    session.port.on_requests = session.release.add
    session.port.on_event = lambda event: _on_event(session, event)
    session.port.on_resync = lambda instrument: _on_resync(session, instrument)


async def reconcile_account(session: Session) -> None:
    """Closes what a crash left open, settles what is foreign, compares holdings; only then may anything quote."""
    if session.stop_asked.is_set():
        return
    await reconcile.settle_orders(session, session.config.timers.stop_deadline_ms / 1e3)
    await start_policy.settle_foreign_orders(session)
    start_policy.settle_positions(session, await reconcile.compare(session))


async def run(session: Session) -> None:
    """Strategies run until a stop is asked for; the timer drives deadlines, queries and the watch."""
    if session.stop_asked.is_set():
        return
    watch = HostWatch(session.config.watch, session.config.journal.directory)
    links = LinkWatch()
    await dead_man.arm(session)
    await protective_stops.begin(session)
    if session.resume:
        kill.resume(session)
    kill.obey_marker(session)
    trading_day.begin(session)
    _mark(session, STARTED)
    if session.port.halted:
        log.warning("the journal was killed or halted: only cancels pass until it is resumed (run --resume)")
    session.runner.start()
    for seat in session.seats:
        if seat.compiled:
            session.core.attach_kernel(seat.account, seat.strategy, seat.instrument, seat.rule.kernel())
    stop_asked = asyncio.ensure_future(session.stop_asked.wait())
    tick_s = session.config.timers.tick_ms / 1e3
    since_watch_s = 0.0
    snapshot_at = _next_snapshot(session)
    while not session.stop_asked.is_set():
        kill.obey_marker(session)
        trading_day.roll(session)
        flatten.step(session)
        session.port.timer()
        for gateway in session.gateways.values():
            gateway.expire()
        since_watch_s += tick_s
        if since_watch_s >= _WATCH_EVERY_S:
            watch.check()
            since_watch_s = 0.0
        if session.core.last_seq >= snapshot_at:
            session.core.snapshot_state()
            snapshot_at = _next_snapshot(session)
        raise_failed(session)
        links.check(session)
        await asyncio.wait([stop_asked], timeout=tick_s)


def _next_snapshot(session: Session) -> float:
    """The event at which the next snapshot is due; never where they are only wanted at a clean stop."""
    every = session.config.journal.snapshot_every
    return session.core.last_seq + every if every else math.inf


async def stop(session: Session) -> None:
    """Strategies stop, what is open is cancelled and confirmed, the journal is sealed."""
    if session.runner.running:
        for seat in session.seats:
            session.core.detach_kernels(seat.strategy)
        session.runner.stop()
        _mark(session, STOPPED)
    if session.core.orders(open_only=True):
        session.port.command("cancel_all")
    if not await reconcile.none_open(session, session.config.timers.stop_deadline_ms / 1e3):
        left = [order["order"] for order in session.core.orders(open_only=True)]
        raise EngineError("stopped: orders left open", f"orders must be closed at the stop, was open {left}")
    if session.rests:
        session.difference = await reconcile.difference(session)
    await dead_man.disarm(session)
    session.port.command("stop")
    await close_sockets(session)
    asyncio.get_running_loop().remove_reader(session.core.durable_fd())
    session.port.closed = True


PHASES: tuple[tuple[str, Phase], ...] = (
    ("validate", validate),
    ("recover", recover),
    ("define", define),
    ("connect", connect),
    ("reconcile", reconcile_account),
    ("run", run),
    ("stop", stop),
)


def config_beside(journal: str) -> Path:
    """Where a run leaves its configuration (without secrets) for replays and reports: beside the journal."""
    path = Path(journal)
    return path.with_name(f"{path.name}.config.json")


def build_name() -> str:
    """The build that stands at the head of each journal segment."""
    try:
        return f"tickwright {version('tickwright')}"
    except PackageNotFoundError:
        return "tickwright (not installed)"


def _mark(session: Session, cause: int) -> None:
    """Marks in the journal that strategies start or stop, so that a replay runs them over the same events."""
    for seat in session.seats:
        session.port.command(
            "parameter", scope="strategy", subject=seat.strategy, instrument=seat.instrument, cause=cause
        )


def _send(session: Session, request: Outbound) -> None:
    session.orders_sent += 1
    session.gateways[request.market].send(request)


def _on_event(session: Session, event: Event) -> None:
    """What the session itself follows: answers end deadlines, fills are counted, alarms are told."""
    kind = event[1]
    if kind == "answer":
        answer = Answer._make(event)
        for gateway in session.gateways.values():
            gateway.answered(answer.order, answer.request)
    elif kind == "fill":
        session.fills += 1
    elif kind in _TOLD:
        log.warning("%s: %s", kind, event[2:])
        if kind == "alarm" and event[4] == _FILLS_MISSING:
            fill_recovery.begin(session, event[3])
        elif kind == "difference":
            fill_recovery.ask_all(session)


def _on_resync(session: Session, instrument: int) -> None:
    for feed in session.feeds.values():
        feed.resync(instrument)
