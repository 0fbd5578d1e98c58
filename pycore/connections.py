"""The connections of a run: feeds, gateways and user data of each market, wired to the port, and the journal's signal.

catalogue: K5, M1, O2.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

from feeds.binance_live import MarketFeed, categories
from oms.binance_gateway import OrderGateway
from oms.binance_rest import Rest, VenueError
from oms.binance_user import UserStream
from pycore.config import Endpoint
from pycore.definitions import line_names
from pycore.errors import ConfigError, EngineError
from pycore.session import Session

log = logging.getLogger(__name__)

#: How long the connections may take to come up, s, before the start is given up.
CONNECT_S = 30.0
#: The most by which the venue's clock may differ, ns: beyond it signed requests would be refused (binance.md 4).
SKEW_NS_MAX = 1_000_000_000
#: How soon, s, a clock is measured again that was found too far off.
_SUSPECT_S = 5.0


class Part(Protocol):
    """An adapter that keeps its connection up."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    @property
    def up(self) -> bool:
        """Whether it works now."""

    async def run(self) -> None:
        """Keeps it up until `close`."""

    async def connected(self) -> None:
        """Returns when it is up."""

    def close(self) -> None:
        """Ends it for good."""


async def connect(session: Session) -> None:
    """Opens every socket and waits until all are up."""
    _watch_journal(session)
    for market in session.config.markets():
        _build_market(session, market)
        _tell_clock(session, market)
    clocks = asyncio.create_task(_keep_clocks(session), name="clocks")
    session.background.append(clocks)
    session.tasks.append(clocks)
    session.tasks += [asyncio.create_task(part.run()) for part in parts(session)]
    ready = asyncio.gather(*(part.connected() for part in parts(session)))
    await _first(session, ready, CONNECT_S)


async def close_sockets(session: Session) -> None:
    """Ends every socket's task; the link events of the close are journalled like any other."""
    for recovering in list(session.recovering.values()):
        recovering.cancel()
    for part in parts(session):
        part.close()
    for task in session.background:
        task.cancel()
        if task in session.tasks:
            session.tasks.remove(task)
    if session.tasks:
        ended, hanging = await asyncio.wait(session.tasks, timeout=2.0)
        for task in hanging:
            task.cancel()
        for task in ended:
            # A second fault beside the one that ended the session is looked at, or asyncio would print it.
            if not task.cancelled() and task.exception() is not None:
                log.error("connection %(task)s: %(why)s", {"task": task.get_name(), "why": task.exception()})


def raise_failed(session: Session) -> None:
    """Raises what a socket's task died of; a task that merely ended is a fault of its own."""
    for task in session.tasks:
        if task.done():
            task.result()
            raise EngineError("killed: a connection's task ended", f"task must run until the stop, was done: {task}")


def endpoint_of(session: Session, market: str) -> Endpoint:
    """The endpoint of a market; raises `ConfigError` where it is not configured."""
    endpoint = session.config.venue.endpoint(market)
    if endpoint is None:
        raise ConfigError("configuration", [(f"venue.{market}", "is missing")])
    return endpoint


def _build_market(session: Session, market: str) -> None:
    """The adapters of one market, wired to the port."""
    endpoint, config, numbers = endpoint_of(session, market), session.config, session.numbers
    second = {
        category: numbers.streams[name]
        for category in categories(market)
        for name in line_names(config, f"{market}{category}")[1:]
    }
    session.feeds[market] = MarketFeed(
        market=market,
        ws=endpoint.ws,
        rest=endpoint.rest,
        symbols=session.symbols(market),
        streams={category: numbers.streams[f"{market}{category}"] for category in categories(market)},
        second=second,
        ws_second=endpoint.ws_second,
        inputs=session.port,
        clock=session.clock,
        http=session.http,
        jitter=session.jitter,
        stale_ms=config.timers.stale_ms,
    )
    session.gateways[market] = OrderGateway(
        market=market,
        account=numbers.account,
        ws_api=endpoint.ws_api,
        orders_stream=numbers.streams[f"{market}/orders"],
        user_stream=numbers.streams[f"{market}/user"],
        inputs=session.port,
        signer=session.signer,
        clock=session.clock,
        latency=session.latency,
        jitter=session.jitter,
        deadline_ms=config.venue.answer_deadline_ms,
        recv_window_ms=config.venue.recv_window_ms,
    )
    if market == "linear":
        session.users[market] = UserStream(
            account=numbers.account,
            ws=endpoint.ws,
            stream=numbers.streams[f"{market}/user"],
            rest=session.rests[market],
            inputs=session.port,
            clock=session.clock,
            jitter=session.jitter,
        )


def _tell_clock(session: Session, market: str) -> None:
    """The venue's clock, as last measured, for the timestamps of orders and of our own requests."""
    offset_ns = session.rests[market].offset_ns
    session.core.venue_clock(market, offset_ns)
    session.gateways[market].venue_offset_ns = offset_ns


async def _keep_clocks(session: Session) -> None:
    """Measures the venue's clocks again and again, because ours drifts; a failure keeps the last measurement.

    Raises `EngineError` `stopped: clocks differ` where one is too far off twice in a row: a clock that jumps for a
    moment is lived with, because requests are signed with the difference that was measured.
    """
    suspects: set[str] = set()
    every_s = session.config.timers.clock_ms / 1e3
    while True:
        await asyncio.sleep(min(every_s, _SUSPECT_S) if suspects else every_s)
        for market, rest in session.rests.items():
            try:
                await rest.measure_clock()
            except VenueError as error:
                told = {"market": market, "why": error}
                log.warning("%(market)s: the venue's clock could not be measured: %(why)s", told)
            else:
                # Told first: what is cancelled now must be signed with the venue's time, however far off that is.
                _tell_clock(session, market)
                judge_clock(rest, suspects)


def judge_clock(rest: Rest, suspects: set[str]) -> None:
    """Keeps in `suspects` whose measured clock is certainly beyond `SKEW_NS_MAX`; raises where it was in it already."""
    if abs(rest.offset_ns) - rest.round_trip_ns // 2 <= SKEW_NS_MAX:
        suspects.discard(rest.market)
        return
    told = f"{rest.market} clock must be within 1 s, was {rest.offset_ns / 1e9:.3f} s off"
    if rest.market in suspects:
        raise EngineError("stopped: clocks differ", told)
    suspects.add(rest.market)
    log.warning("%(told)s; it is measured again before anything is done about it", {"told": told})


def _watch_journal(session: Session) -> None:
    """Lets requests go when the journal's eventfd says that more is durable."""
    fd = session.core.durable_fd()
    loop = asyncio.get_running_loop()
    moved = asyncio.Event()

    def on_readable() -> None:
        session.core.clear_durable_fd()
        moved.set()

    async def release() -> None:
        while True:
            await moved.wait()
            moved.clear()
            session.release.flush()

    loop.add_reader(fd, on_readable)
    # It is among the tasks too: a fault in it ends the session.
    session.background.append(asyncio.create_task(release(), name="release"))
    session.tasks.append(session.background[-1])


async def _first(session: Session, ready: asyncio.Future[list[None]], timeout_s: float) -> None:
    """Waits for `ready` or a stop; a task that dies meanwhile, or the timeout, ends the wait with an error."""
    stop_asked = asyncio.ensure_future(session.stop_asked.wait())
    waited: list[asyncio.Future[Any]] = [ready, stop_asked, *session.tasks]
    done, _ = await asyncio.wait(waited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    stop_asked.cancel()
    if ready in done:
        return
    ready.cancel()
    raise_failed(session)
    if session.stop_asked.is_set():
        return
    down = [part.name for part in parts(session) if not part.up]
    raise EngineError("connect: timed out", f"connections must be up within {timeout_s} s, was down: {', '.join(down)}")


def parts(session: Session) -> list[Part]:
    """Every adapter of the session."""
    return [*session.feeds.values(), *session.gateways.values(), *session.users.values()]
