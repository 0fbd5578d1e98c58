"""The engine process: walks the phases, and whatever goes wrong ends with every order cancelled and a named state.

catalogue: K5. The main loop is `drive`; `pycore.supervisor` takes a faulty session down.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from pycore import connections, engine_file, market_cache, phases, profit, supervisor
from pycore.clock import Clock
from pycore.config import Config
from pycore.credentials import Credentials
from pycore.errors import InputError, SafetyError
from pycore.figures import Figures
from pycore.logs import Logs
from pycore.metrics_server import served
from pycore.session import Session
from pycore.telemetry import Telemetry

log = logging.getLogger(__name__)

_HTTP_TIMEOUT_S = 10.0
_SUCCESS = "stopped"


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the named final state, and the figures that `run` and `demo` print."""

    state: str
    clean: bool
    figures: dict[str, Any]
    refused: bool = False


async def drive(session: Session) -> None:
    """Walks the phases in order; returns after a clean stop, raises what ended it otherwise."""
    for name, phase in phases.PHASES:
        session.phase = name
        log.info("phase %(name)s", {"name": name})
        await phase(session)
    session.phase = _SUCCESS


async def run_engine(
    config: Config,
    credentials: Credentials,
    on_ready: Callable[[Telemetry, str], None],
    *,
    resume: bool = False,
    logs: Logs | None = None,
) -> Outcome:
    """Runs one session from start to stop. Raises `ConfigError` where nothing was started yet.

    `on_ready` is called once with the telemetry, when its sockets are bound, and the base address of `/metrics` and
    `/health`, empty where they are off. `resume` is the operator's word that lifts an earlier session's kill or halt,
    once the account is reconciled. `logs` is the running log, which is told the phase.
    """
    timeout = aiohttp.ClientTimeout(total=_HTTP_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        clock = Clock()
        session = Session(config, credentials, clock, http, random.Random(clock.utc_ns()), resume=resume)
        _obey_signals(session)
        if logs is not None:
            logs.phase = lambda: session.phase
        figures = Figures(session, logs)
        async with served(session, figures) as pages:
            try:
                with contextlib.ExitStack() as stack:
                    await _supervised(session, figures, stack, lambda telemetry: on_ready(telemetry, pages))
            except BaseException as error:
                return await _failed(session, supervisor.first_of(error))
            return _seal(session, _SUCCESS, clean=True)


async def _supervised(
    session: Session,
    figures: Figures,
    stack: contextlib.ExitStack,
    on_ready: Callable[[Telemetry], None],
) -> None:
    """Runs the phases beside the telemetry; the telemetry's own faults end the session too."""
    driving = asyncio.create_task(drive(session), name="phases")
    while not driving.done() and not figures.there:
        await asyncio.wait([driving], timeout=0.01)
    if driving.done():
        return driving.result()
    telemetry = Telemetry(session, figures)
    stack.callback(telemetry.close)
    engine_file.write(session.config.journal.directory, telemetry.control_at)
    stack.callback(engine_file.remove, session.config.journal.directory)
    on_ready(telemetry)
    beside = [asyncio.create_task(work) for work in (telemetry.run(), telemetry.obey(), figures.lag.run())]
    beside += stack.enter_context(market_cache.kept(session))
    try:
        await asyncio.wait([driving, *beside], return_when=asyncio.FIRST_COMPLETED)
        for task in beside:
            if task.done():
                task.result()
        await driving
    finally:
        driving.cancel()
        for task in beside:
            task.cancel()
        await asyncio.gather(driving, *beside, return_exceptions=True)
        if not driving.cancelled() and driving.exception() is None:
            await telemetry.publish()
    return None


async def _failed(session: Session, error: BaseException) -> Outcome:
    """A fault: before anything was opened it is the caller's, afterwards the session is taken down."""
    if not hasattr(session, "core") or (isinstance(error, InputError) and not session.tasks):
        raise error
    state = await supervisor.take_down(session, error)
    await connections.close_sockets(session)
    outcome = _seal(session, state, clean=False, why=str(error))
    return replace(outcome, refused=isinstance(error, SafetyError))


def _seal(session: Session, state: str, *, clean: bool, why: str = "") -> Outcome:
    """The final figures, and the journal closed; a core that cannot even do that is named in the state."""
    session.final_state = state
    session.reserve.release()
    figures: dict[str, Any] = {
        "state": state,
        "why": why,
        "interrupted": session.interrupted,
        "fills": session.fills,
        "orders": session.orders_sent,
    }
    try:
        core = session.core
        figures |= {
            "refusals": core.refusals(),
            "positions": core.positions(),
            "pnl": _pnl(session),
            "difference": session.difference,
            "balances": core.balances(),
            "latency": session.latency.figures(),
            "state_hash": core.state_hash(),
        }
        if clean:
            core.snapshot_state()
        core.close()
        figures["events"] = core.last_seq
    except BaseException as error:  # the core may have panicked: what can still be told is told
        log.error("the journal could not be closed: %s", error)
        return Outcome(f"{state}; journal not sealed", False, figures)
    return Outcome(state, clean, figures)


def _pnl(session: Session) -> dict[str, str]:
    """The result of this journal in each settlement asset, as decimal texts."""
    rows = session.core.positions()
    names = {number: name for name, number in session.numbers.assets.items()}
    settled = {names[row["settle"]] for row in rows}
    return {
        name: str(profit.decimal(profit.total(row for row in rows if names[row["settle"]] == name), scale))
        for name, scale in session.config.assets.items()
        if name in settled
    }


def _obey_signals(session: Session) -> None:
    """SIGTERM and SIGINT ask for a clean stop; a second one does not hurry it."""

    def interrupt() -> None:
        session.interrupted = True
        session.stop_asked.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, session.stop_asked.set)
    loop.add_signal_handler(signal.SIGINT, interrupt)
